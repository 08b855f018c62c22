/** The crosswalk again from Odoo alone, on the sandbox and on a real Odoo alike. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withContext } from '../../src/context.ts';
import type { CrosswalkInterval, CrosswalkLink } from '../../src/domain/crosswalk.ts';
import type { Ports } from '../../src/domain/ports.ts';
import type { RebuildResult } from '../../src/domain/results.ts';
import { rebuildCrosswalk } from '../../src/workflows/rebuild/rebuild.ts';
import { smallHospital, type World } from '../load/world.ts';
import { mergePartners } from '../merge/merging.ts';

async function inContext<Data>(
  { directory }: World,
  work: (ports: Ports, runId: string, rebuild: () => Promise<RebuildResult>) => Promise<Data>,
): Promise<Data> {
  const invocation = { ...{ command: 'state rebuild', workspace: directory, asOf: null }, progress: () => undefined, signal: new AbortController().signal };
  const { data } = await withContext({ ...invocation, onRun: () => undefined }, async ({ workspace, runId, ports }) => {
    const capability = workspace.capabilities.get('procurement');
    if (capability === undefined) throw new Error('the world has no capability procurement');
    const rebuild = () => rebuildCrosswalk({ workspace, capability, runId }, ports);
    return { status: 'ok' as const, text: () => '', data: await work(ports, runId, rebuild) };
  });
  return data;
}

const rebuild = (world: World): Promise<RebuildResult> => inContext(world, (_ports, _runId, work) => work());

export function linksOf(world: World): Promise<Map<string, CrosswalkLink>> {
  return inContext(world, async (ports) => {
    const [state, { uuid }] = [await ports.state(), await (await ports.odoo()).identity()];
    const links = new Map<string, CrosswalkLink>();
    for await (const page of state.links(uuid, 'procurement', null)) for (const link of page) links.set(`${link.entity}/${link.key}`, link);
    return links;
  });
}

function historyOf(world: World, entity: string, key: string): Promise<readonly CrosswalkInterval[]> {
  return inContext(world, async (ports) => (await ports.state()).history((await (await ports.odoo()).identity()).uuid, entity, 'legacy', key));
}

const where = (links: ReadonlyMap<string, CrosswalkLink>) =>
  Object.fromEntries([...links].map(([name, { model, odooId, externalId }]) => [name, [model, odooId, externalId]]));
const totals = ({ entities }: RebuildResult) => {
  const sum = (name: 'linked' | 'added' | 'repointed' | 'withoutExternalId' | 'decidedOtherwise' | 'unknown') =>
    entities.reduce((total, entity) => total + entity[name], 0);
  return {
    linked: sum('linked'),
    added: sum('added'),
    repointed: sum('repointed'),
    without: sum('withoutExternalId'),
    otherwise: sum('decidedOtherwise'),
    unknown: sum('unknown'),
  };
};

/** A key that does not fit into a name, and some that a careless way back would change. */
const long = `${'A long number / of a supplier, '.repeat(4)}é`;

export function describeRebuild(world: () => World): void {
  test('after a load the state can be lost: rebuilt from Odoo, the links are the same and a plan has nothing to do', async () => {
    const { verbs, directory } = world();
    const legacy = smallHospital();
    const [first = {}] = legacy.suppliers;
    legacy.suppliers = [...legacy.suppliers, { ...first, NO: long, NAME: 'Long' }];
    await world().pull(legacy);
    await verbs.plan('first.plan');
    expect((await verbs.load('first.plan', null)).data).toMatchObject({ remaining: 0, deadLettered: 0, blocked: 0 });
    const before = await linksOf(world());
    const unchanged = await rebuild(world());
    expect(totals(unchanged)).toEqual({ linked: before.size - 1, added: 0, repointed: 0, without: 1, otherwise: 0, unknown: 0 });
    expect(unchanged.findings).toEqual([expect.objectContaining({ found: 'without-external-id', entity: 'unit', key: 'EA', reason: 'linked by decision' })]);

    await rm(join(directory, '.cutover', 'state'), { recursive: true });
    expect((await linksOf(world())).size).toBe(0);
    const rebuilt = await rebuild(world());
    expect(totals(rebuilt)).toEqual({ linked: 0, added: before.size - 1, repointed: 0, without: 0, otherwise: 0, unknown: 0 });
    expect(rebuilt).toMatchObject({ unknown: 0, notChecked: [], findings: [] });
    const after = await linksOf(world());
    const decided = before.get('unit/EA') as CrosswalkLink;
    expect({ ...where(after), 'unit/EA': [decided.model, decided.odooId, decided.externalId] }).toEqual(where(before));
    expect(after.get(`supplier/${long}`)?.provenance).toBe('external-id');
    const [file = ''] = rebuilt.files;
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(before.size - 1);

    await world().pull(legacy);
    const plan = await verbs.plan('second.plan');
    // the link that a decision makes is no External ID's to give back
    expect(plan.data.actions).toMatchObject({ create: 0, update: 0, link: 1, refuse: 0 });
    expect(plan.data.lines).toMatchObject({ create: 0, update: 0, link: 0 });
    expect(totals(await rebuild(world()))).toMatchObject({ linked: before.size - 1, added: 0 });
  }, 300_000);

  test('after a merge in Odoo through its own wizard: re-pointed, and nothing is created twice', async () => {
    const { verbs } = world();
    const before = await linksOf(world());
    const [goes, stays] = ['V1', long].map((key) => before.get(`supplier/${key}`) as CrosswalkLink) as [CrosswalkLink, CrosswalkLink];
    const order = before.get('purchase_order/PO-4') as CrosswalkLink;
    await verbs.odoo((odoo) => mergePartners(odoo, [goes.odooId, stays.odooId], stays.odooId));
    const result = await rebuild(world());
    expect(totals(result)).toMatchObject({ added: 0, repointed: 1, unknown: 0 });
    expect(result.findings.filter(({ found }) => found === 'repointed')).toEqual([
      expect.objectContaining({ entity: 'supplier', key: 'V1', was: goes.odooId, is: stays.odooId }),
    ]);
    expect((await historyOf(world(), 'supplier', 'V1')).map(({ odooId, validTo }) => [odooId, validTo === null])).toEqual([
      [goes.odooId, false],
      [stays.odooId, true],
    ]);
    expect(await verbs.odoo(async (odoo) => (await odoo.read('purchase.order', [order.odooId], ['partner_id']))[0]?.partner_id)).toBe(stays.odooId);
    await verbs.pull(['odoo']);
    const plan = await verbs.plan('merged.plan');
    expect(plan.data.byEntity.find(({ entity }) => entity === 'purchase_order')?.actions).toMatchObject({ create: 0, update: 0, noop: 6 });
    expect(plan.data.actions).toMatchObject({ create: 0 });
    expect(plan.data.lines).toMatchObject({ create: 0 });
    expect(totals(await rebuild(world()))).toMatchObject({ repointed: 0, added: 0 });
  }, 300_000);

  test('follows an External ID that Odoo gave to another record, with its history, and leaves alone what was decided', async () => {
    const { verbs } = world();
    const before = await linksOf(world());
    const [gone, stays] = ['A_B', 'A B'].map((key) => before.get(`supplier/${key}`) as CrosswalkLink) as [CrosswalkLink, CrosswalkLink];
    const decided = before.get('supplier/A,B') as CrosswalkLink;
    await verbs.odoo(async (odoo) => {
      const data = async (name: string) =>
        odoo.searchIds('ir.model.data', [
          ['module', '=', 'loadtest'],
          ['name', '=', name.slice('loadtest.'.length)],
        ]);
      await odoo.call('ir.model.data', 'write', { ids: await data(gone.externalId ?? ''), vals: { res_id: stays.odooId } });
      const stray = [
        { module: 'loadtest', name: 'by_hand', model: 'res.partner', res_id: stays.odooId },
        { module: 'loadtest', name: 'supplier__legacy__x_y', model: 'res.partner', res_id: stays.odooId },
        { module: 'loadtest', name: 'supplier__elsewhere__1', model: 'res.partner', res_id: stays.odooId },
        { module: 'loadtest', name: 'supplier__legacy__2', model: 'res.country', res_id: 1 },
        { module: 'loadtest', name: `supplier__legacy__${'q'.repeat(60)}_z0123456789abcdef`, model: 'res.partner', res_id: stays.odooId },
      ];
      await odoo.call('ir.model.data', 'create', { vals_list: stray });
    });
    await inContext(world(), async (ports, runId) => {
      const { uuid: odooUuid } = await (await ports.odoo()).identity();
      await (await ports.state()).link([
        { ...decided, odooUuid, odooId: stays.odooId, externalId: null, provenance: 'decision', runId, validFrom: ports.clock.now() },
      ]);
    });
    const result = await rebuild(world());
    expect(result.entities.find(({ entity }) => entity === 'supplier')).toMatchObject({ repointed: 1, decidedOtherwise: 1, added: 0, unknown: 4 });
    expect(result.unknown).toBe(1);
    expect(result.findings.map(({ found, key, was, is, reason }) => [found, key, was, is, reason])).toEqual([
      ['repointed', 'A_B', gone.odooId, stays.odooId, null],
      ['decided-otherwise', 'A,B', stays.odooId, decided.odooId, null],
      ['unknown', null, null, stays.odooId, expect.stringContaining('digest')],
      ['unknown', null, null, stays.odooId, 'it names the system elsewhere, which this workspace does not have'],
      ['unknown', null, null, 1, 'it is on res.country, and supplier is res.partner'],
      ['unknown', null, null, stays.odooId, 'it was not written by cutover'],
      ['unknown', null, null, stays.odooId, 'it names no entity of this workspace'],
    ]);
    const history = await historyOf(world(), 'supplier', 'A_B');
    expect(history.map(({ odooId, provenance, closedBy }) => [odooId, provenance, closedBy])).toEqual([
      [gone.odooId, 'external-id', history[1]?.runId],
      [stays.odooId, 'external-id', null],
    ]);
    expect((await linksOf(world())).get('supplier/A,B')).toMatchObject({ odooId: stays.odooId, provenance: 'decision' });
  }, 300_000);

  test('waits for no load: it is turned away while one is under way', async () => {
    const refusal = await inContext(world(), async (ports, _runId, work) => {
      const [state, { uuid }] = [await ports.state(), await (await ports.odoo()).identity()];
      return state.withLock(`load into ${uuid}`, 'load r1', () => work().catch((error: unknown) => error));
    });
    expect(refusal).toMatchObject({ code: 'E_LOCKED' });
  });
}
