/** Records that are one thing: proposed by match, decided by a person, or merged by a user in Odoo. */
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { MatchManifest } from '../../src/domain/matching.ts';
import { literal } from '../../src/domain/sql.ts';
import { expectSame } from './load-suite.ts';
import { type Legacy, smallHospital, type World } from './world.ts';

const MINUTES = 60_000;

/** On the sandbox and on a real Odoo alike; every test in an Odoo of its own. */
export function describeMatched(given: () => World): void {
  let world: World;
  beforeEach(() => {
    world = given();
  });

  const partners = (field: string, value: string) =>
    world.verbs.odoo(async (odoo) => odoo.read('res.partner', await odoo.searchIds('res.partner', [[field, '=', value]]), ['name', 'ref', 'city', 'active']));
  const ordersOf = async (partner: number) =>
    world.verbs.odoo(async (odoo) => {
      const orders = await odoo.read('purchase.order', await odoo.searchIds('purchase.order', [['partner_id', '=', partner]]), ['name']);
      return orders.map((order) => order.name);
    });
  const linkOf = (key: string) =>
    world.inside(async ({ ports }) => {
      const { uuid } = await (await ports.odoo()).identity();
      const links = await (await ports.state()).linksOf(uuid, 'supplier', 'legacy', [key]);
      const link = links.get(key);
      return link === undefined ? null : { id: link.odooId, provenance: link.provenance, externalId: link.externalId };
    });

  test(
    'a record that match finds in Odoo is linked and changed, its link says how it is known, and a rollback ends it and puts everything back',
    async () => {
      const [there] = await world.verbs.odoo((odoo) =>
        odoo.call<number[]>('res.partner', 'create', { vals_list: [{ name: 'Supplier V1', ref: 'old number', supplier_rank: 1 }] }),
      );
      const before = await world.dump();
      // Odoo deletes no bank account of a supplier that stays
      const legacy = { ...smallHospital(), banks: [] };
      await world.pull(legacy);
      await matched(world, [['V1', there as number]]);
      const plan = await world.verbs.plan('linked.plan');
      expect(plan.data).toMatchObject({ refusals: [], actions: { create: 20, link: 2, refuse: 0 } });
      expect(plan.data.samples.filter(({ action, entity }) => action === 'link' && entity === 'supplier')).toMatchObject([
        { key: 'V1', reason: 'is in Odoo already by identifier email, 24.0 bits' },
      ]);
      // up to the last supplier; a process killed before its link was kept leaves the journal alone
      const stopped = await world.verbs.load('linked.plan', 10);
      expect(stopped.data).toMatchObject({ applied: 10, records: { linked: 2 } });
      await forget(world, 'V1');
      expect(await world.resume(stopped.runId)).toMatchObject({ planned: 22, applied: 22, blocked: 0 });
      expect(await linkOf('V1')).toEqual({ id: there, provenance: 'identifier', externalId: null });
      expect(await partners('name', 'Supplier V1')).toMatchObject([{ id: there, ref: 'V1', city: 'Springfield' }]);
      expect(await ordersOf(there as number)).toEqual(['PO-4']);

      await world.pull(legacy);
      expect((await world.verbs.plan('again.plan')).data.actions).toMatchObject({ create: 0, update: 0, link: 0, noop: 22 });
      const back = await world.verbs.rollback(stopped.runId, 'back.plan');
      expect(back.data).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, records: { detached: 2 } });
      expect(await linkOf('V1')).toBeNull();
      expectSame(await world.dump(), before);
    },
    4 * MINUTES,
  );

  test(
    'of two legacy records that are one thing one is created and the other linked to it, also when the load stops between them; what refers to either goes there',
    async () => {
      await world.write('decisions/match.csv', 'entity,left,right,decision,by\nsupplier,legacy/V1,legacy/A B,same,steward\n');
      const before = await world.dump();
      await world.pull(smallHospital());
      const plan = await world.verbs.plan('joined.plan');
      expect(plan.data).toMatchObject({ refusals: [], actions: { create: 21, link: 2 } });
      // three units, two categories and the four suppliers that are created
      const stopped = await world.verbs.load('joined.plan', 9);
      expect(stopped.data).toMatchObject({ applied: 9, remaining: 14 });
      expect(await linkOf('V1')).toBeNull();
      const load = await world.resume(stopped.runId);
      expect(load).toMatchObject({ planned: 23, applied: 23, blocked: 0, remaining: 0 });
      const [one] = await partners('ref', 'A B');
      expect(await partners('ref', 'V1')).toEqual([]);
      expect(await linkOf('V1')).toMatchObject({ id: one?.id, provenance: 'decision', externalId: null });
      expect(await ordersOf(one?.id as number)).toEqual(expect.arrayContaining(['PO-1', 'PO-4', 'PO-5']));

      await world.pull(smallHospital());
      const reconciled = (await world.verbs.reconcile()).data;
      expect(reconciled.verdict).toBe('RECONCILED');
      expect(reconciled.controls.find((control) => control.name === 'suppliers')).toMatchObject({ difference: '1', classes: { joined: '1' }, residual: '0' });
      expect(reconciled.coverage).toContainEqual({ entity: 'supplier', field: null, reason: 'follows-another', rows: 1, sum: null });
      expect((await world.verbs.plan('again.plan')).data.actions).toMatchObject({ create: 0, update: 0, link: 0, noop: 23 });
      const back = await world.verbs.rollback(stopped.runId, 'back.plan');
      expect(back.data).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, records: { detached: 2 } });
      expect(await linkOf('V1')).toBeNull();
      expectSame(await world.dump(), before);
    },
    4 * MINUTES,
  );

  test(
    'two suppliers that a user merged in Odoo do not overwrite each other night after night, and the survivor stays while one of them is there',
    async () => {
      const night = async (name: string, legacy: Legacy) => {
        await world.pull(legacy);
        const plan = await world.verbs.plan(`${name}.plan`);
        expect(plan.data.refusals).toEqual([]);
        await world.verbs.load(`${name}.plan`, null);
        return plan.data.actions;
      };
      const legacy = withMore(smallHospital());
      expect(await night('first', legacy)).toMatchObject({ create: 23, link: 1 });
      const [survivor] = await partners('ref', 'V1');
      const [merged] = await partners('ref', 'V3');
      await merge(world, 'V3', merged?.id as number, survivor?.id as number);
      const found = { name: 'Supplier V1', ref: 'V1', city: 'Springfield', active: true };
      expect(await night('second', legacy)).toMatchObject({ create: 0, update: 0, archive: 0, noop: 24 });
      expect((await world.verbs.reconcile()).data.verdict).toBe('RECONCILED');
      expect(await night('third', changed(legacy, 'V3', 'Shelbyville'))).toMatchObject({ update: 0, noop: 24 });
      expect(await partners('ref', 'V1')).toMatchObject([found]);
      expect(await night('fourth', changed(legacy, 'V1', 'Ogdenville'))).toMatchObject({ update: 1, noop: 23 });
      expect(await partners('ref', 'V1')).toMatchObject([{ ...found, city: 'Ogdenville' }]);
      const without = { ...legacy, suppliers: legacy.suppliers.filter((row) => row.NO !== 'V3') };
      expect(await night('fifth', without)).toMatchObject({ update: 1, archive: 0, noop: 22 });
      expect(await partners('ref', 'V1')).toMatchObject([found]);
    },
    5 * MINUTES,
  );
}

/** With one supplier that nothing refers to. */
function withMore(legacy: Legacy): Legacy {
  const [first = {}] = legacy.suppliers;
  return { ...legacy, suppliers: [...legacy.suppliers, { ...first, NO: 'V3', NAME: 'Supplier V3', EMAIL: 'other@example.org' }] };
}

function changed(legacy: Legacy, no: string, city: string): Legacy {
  return { ...legacy, suppliers: legacy.suppliers.map((row) => (row.NO === no ? { ...row, CITY: city } : row)) };
}

/** As Odoo's wizard leaves it once match has seen it: the record is gone, and its link leads to the survivor. */
async function merge(world: World, key: string, gone: number, survivor: number): Promise<void> {
  await world.inside(async ({ ports, runId }) => {
    const odoo = await ports.odoo();
    const { uuid } = await odoo.identity();
    await odoo.unlink('res.partner', [gone]);
    const state = await ports.state();
    const link = (await state.linksOf(uuid, 'supplier', 'legacy', [key])).get(key);
    if (link === undefined) throw new Error(`${key} is not linked`);
    await state.link([{ ...link, odooId: survivor, provenance: 'external-id', runId, validFrom: ports.clock.now() }]);
  });
}

/** As if the link had never been kept. */
async function forget(world: World, key: string): Promise<void> {
  await world.inside(async ({ ports, runId }) => {
    const { uuid } = await (await ports.odoo()).identity();
    await (await ports.state()).unlink(uuid, 'supplier', 'legacy', [key], ports.clock.now(), runId);
  });
}

/** What a match of the snapshots there are now leaves behind: suppliers with the same e-mail address. */
async function matched(world: World, links: readonly (readonly [key: string, odooId: number])[]): Promise<void> {
  await world.inside(async ({ ports, runId, asOf, workspace }) => {
    const capability = workspace.capabilities.get('procurement');
    if (capability === undefined) throw new Error('no capability procurement');
    const { uuid } = await (await ports.odoo()).identity();
    const rows = links.map(
      ([key, id]) =>
        `SELECT 'legacy' AS _system, ${literal(key)} AS _key, ${id}::BIGINT AS odoo_id, 'identifier' AS provenance, 'identifier email, 24.0 bits' AS evidence, 24000 AS weight`,
    );
    const plane = await ports.openPlane();
    try {
      const file = join(await ports.runs.runDirectory(runId), 'supplier.links.parquet');
      await plane.run(`COPY (${rows.join(' UNION ALL ')}) TO ${literal(file)} (FORMAT parquet)`);
    } finally {
      await plane.close();
    }
    const snapshots = (await ports.snapshots.list()).map(({ manifest: { system, entity, id } }) => ({ system, entity, id }));
    const manifest: MatchManifest = {
      ...{ format: 'cutover-match/1', runId, asOf, capability: 'procurement', odooUuid: uuid, mappingHash: capability.hash, snapshots },
      entities: { supplier: { links: 'supplier.links.parquet', conflicts: null } },
      stale: [],
    };
    const pointer = join(await ports.runs.matchDirectory(uuid, 'procurement'), 'latest.json');
    await ports.runs.writeFile(pointer, JSON.stringify(manifest));
  });
}
