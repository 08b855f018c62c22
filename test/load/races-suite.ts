/** A user who writes between the look and the write of a load: with the helper in Odoo a conflict, without it the window that is documented. */
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { OdooConnection, Ports } from '../../src/domain/ports.ts';
import type { LoadRunResult } from '../../src/domain/results.ts';
import { loadPlan } from '../../src/workflows/load/load.ts';
import { defaultGroup, installHelper, removeHelper } from '../../src/workflows/odoo-helper/install-helper.ts';
import { expectSame } from './load-suite.ts';
import { type Legacy, manySuppliers, smallHospital, type World } from './world.ts';

const MINUTES = 60_000;
type Edit = (odoo: OdooConnection, externalIds: readonly string[]) => Promise<unknown>;
/** Right before the first write to a model, or around each of them; `+model`: before records of it are made, under these External IDs. */
type Edits = Readonly<Record<string, Edit | { readonly before: Edit; readonly after: Edit }>>;

/** On the sandbox and on a real Odoo alike. */
export function describeRaces(given: () => World): void {
  let world: World;
  let legacy: Legacy;
  beforeAll(async () => {
    world = given();
    const { orders, lines, ...rest } = smallHospital();
    const isFirst = (row: Readonly<Record<string, string>>): boolean => row['NO'] === 'PO-1' || row['PO'] === 'PO-1';
    legacy = { ...rest, suppliers: [...rest.suppliers, ...manySuppliers(4).suppliers], orders: orders.filter(isFirst), lines: lines.filter(isFirst) };
    await world.pull(legacy);
    await world.verbs.plan('first.plan');
    expect((await world.verbs.load('first.plan', null)).data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0 });
  }, 5 * MINUTES);

  const idOf = (ref: string): Promise<number> => world.verbs.odoo(async (odoo) => (await odoo.searchIds('res.partner', [['ref', '=', ref]]))[0] as number);
  const read = (model: string, id: number, fields: readonly string[]) => world.verbs.odoo(async (odoo) => (await odoo.read(model, [id], fields))[0]);
  const lineOf = (quantity: number): Promise<number> =>
    world.verbs.odoo(
      async (odoo) => (await odoo.searchIds('purchase.order.line', [['order_id.name', '=', 'PO-1'], ['product_qty', '=', quantity]]))[0] as number, // biome-ignore format: one domain
    );

  /** Plans the rows and loads them, with a user in between. */
  async function raced(rows: Legacy, file: string, edits: Edits): Promise<LoadRunResult> {
    await world.pull(rows);
    await world.verbs.plan(file);
    return world.inside(async ({ workspace, runId, asOf, ports, recorded }) => {
      const { data } = await recorded('procurement', async () => ({
        ...{ status: 'ok' as const, text: () => '' },
        data: await loadPlan({ workspace, file: join(world.directory, file), limit: null, resume: null, runId, asOf }, withUser(ports, edits)),
      }));
      return data;
    });
  }

  const changed = (values: Readonly<Record<string, string>>, price: string): Legacy => ({
    ...legacy,
    suppliers: legacy.suppliers.map((row) => (row['NO']?.startsWith('S') ? { ...row, ...values } : row)),
    lines: legacy.lines.map((row) => ({ ...row, PRICE: price })),
  });

  const withNew = (rows: Legacy): Legacy => ({ ...rows, suppliers: [...rows.suppliers, ...manySuppliers(1).suppliers.map((row) => ({ ...row, NO: 'N1' }))] });

  test(
    'without the helper it is overwritten, nobody is told, and the journal says that there was a window',
    async () => {
      const id = await idOf('S000001');
      const result = await raced(changed({ CITY: 'Ghent', STREET: 'New St' }, '41.5'), 'window.plan', {
        'res.partner': (odoo) => odoo.save('res.partner', [{ id, values: { street: 'as a user moved' } }], {}),
      });
      expect(result).toMatchObject({ guards: 'window', conflict: 0, deadLettered: 0 });
      expect(await read('res.partner', id, ['street', 'city'])).toMatchObject({ street: 'New St', city: 'Ghent' });
      expect(await guardsOf(world, result.runId)).toEqual(['window']);
    },
    5 * MINUTES,
  );

  test(
    'with it the field is a conflict and stays, the others are written, and a rollback takes back those and no others',
    async () => {
      await world.verbs.odoo((odoo) => installHelper(odoo, { group: defaultGroup, replaceEdited: false }));
      try {
        const [id, gone, line] = [await idOf('S000001'), await idOf('S000003'), await lineOf(7)];
        const before = await world.dump();
        const result = await raced(withNew(changed({ CITY: 'Aalst', STREET: 'Newer St' }, '42.25')), 'atomic.plan', {
          'res.partner': async (odoo) => {
            await odoo.save('res.partner', [{ id, values: { street: 'as a user moved' } }], {});
            await odoo.unlink('res.partner', [gone]);
          },
          '+res.partner': (odoo, [name = '']) => odoo.load('res.partner', ['id', 'name'], [[name, 'made by another tool']], {}),
          'purchase.order.line': (odoo) => odoo.save('purchase.order.line', [{ id: line, values: { price_unit: 40, product_qty: 7 } }], {}),
        });
        expect(result).toMatchObject({ guards: 'atomic', conflict: 4, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
        const listed = result.conflicts.map(({ entity, key, fields }) => [entity, key, fields]);
        expect(listed).toEqual(
          expect.arrayContaining([
            ['supplier', 'S000001', ['street']],
            ['supplier', 'S000003', ['id']],
            ['purchase_order_line', 'PO-1/1', ['price_unit']],
            ['supplier', 'N1', expect.arrayContaining(['name'])],
          ]),
        );
        expect(listed).toHaveLength(4);
        const made = await world.verbs.odoo((odoo) => odoo.searchIds('res.partner', [['name', '=', 'made by another tool']]));
        expect(made).toHaveLength(1);
        expect(await read('res.partner', id, ['street', 'city'])).toMatchObject({ street: 'as a user moved', city: 'Aalst' });
        expect(await read('purchase.order.line', line, ['price_unit'])).toMatchObject({ price_unit: 40 });
        expect(await read('purchase.order.line', await lineOf(14), ['price_unit'])).toMatchObject({ price_unit: 42.25 });
        expect(await guardsOf(world, result.runId)).toEqual(['atomic']);

        expect((await world.verbs.rollback(result.runId, 'atomic-back.plan')).data).toMatchObject({ guards: 'atomic', conflict: 0, deadLettered: 0 });
        const after = await world.dump();
        expect(after['res.partner']?.[String(id)]).toEqual({ ...before['res.partner']?.[String(id)], street: 'as a user moved' });
        const others = (dump: typeof after) => ({
          'res.partner': without(dump['res.partner'], id, gone, ...made),
          'product.product': dump['product.product'] ?? {},
        });
        expectSame(others(after), others(before));
      } finally {
        await world.verbs.odoo(removeHelper);
      }
    },
    5 * MINUTES,
  );

  test(
    'a record that is never still is a conflict in the end, and the load goes on',
    async () => {
      await world.verbs.odoo((odoo) => installHelper(odoo, { group: defaultGroup, replaceEdited: false }));
      try {
        const [id, line] = [await idOf('S000002'), await lineOf(14)];
        const was = { ...(await read('res.partner', id, ['city'])), ...(await read('purchase.order.line', line, ['price_unit'])) };
        const save =
          (model: string, record: number, values: Readonly<Record<string, unknown>>): Edit =>
          (odoo) =>
            odoo.save(model, [{ id: record, values }], {});
        const result = await raced(changed({ CITY: 'Ypres' }, '43'), 'restless.plan', {
          'res.partner': { before: save('res.partner', id, { city: 'on the road' }), after: save('res.partner', id, { city: was['city'] }) },
          'purchase.order.line': {
            before: save('purchase.order.line', line, { price_unit: 1 }),
            after: save('purchase.order.line', line, { price_unit: was['price_unit'] }),
          },
        });
        expect(result).toMatchObject({ conflict: 2, deadLettered: 0, remaining: 0, unknown: 0 });
        expect(result.conflicts).toEqual(
          expect.arrayContaining([
            expect.objectContaining({ entity: 'supplier', key: 'S000002', fields: ['city'] }),
            expect.objectContaining({ entity: 'purchase_order_line', key: 'PO-1/2', fields: ['price_unit'] }),
          ]),
        );
        expect(await read('res.partner', await idOf('S000000'), ['city'])).toMatchObject({ city: 'Ypres' });
        expect(await read('res.partner', id, ['city'])).toMatchObject({ city: was['city'] });
      } finally {
        await world.verbs.odoo(removeHelper);
      }
    },
    5 * MINUTES,
  );
}

function withUser(ports: Ports, edits: Edits): Ports {
  const done = new Set<string>();
  return {
    ...ports,
    odoo: async () => {
      const odoo = await ports.odoo();
      return {
        ...odoo,
        async saveGuarded(model, changes, context) {
          const edit = edits[model];
          if (typeof edit === 'function' && !done.has(model)) await edit(odoo, []);
          done.add(model);
          if (typeof edit === 'object') await edit.before(odoo, []);
          const answers = await odoo.saveGuarded(model, changes, context);
          if (typeof edit === 'object') await edit.after(odoo, []);
          return answers;
        },
        async loadNew(model, fields, rows, externalIds, context) {
          const edit = edits[`+${model}`];
          if (typeof edit === 'function' && !done.has(`+${model}`)) await edit(odoo, externalIds);
          done.add(`+${model}`);
          return odoo.loadNew(model, fields, rows, externalIds, context);
        },
      };
    },
  };
}

/** What the intents of the run say of how it was guarded. */
async function guardsOf(world: World, runId: string): Promise<readonly string[]> {
  return world.inside(async ({ ports }) => {
    const state = await ports.state();
    const found = new Set<string>();
    for await (const page of state.journalOf(runId)) for (const { payload } of page) if (payload.guard !== undefined) found.add(payload.guard);
    return [...found];
  });
}

function without(records: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined, ...ids: readonly number[]) {
  return Object.fromEntries(Object.entries(records ?? {}).filter(([id]) => !ids.includes(Number(id))));
}
