/** What users change between the plan and the load: every field of theirs stays, what they left alone is written, and a rollback takes back only that. */
import { beforeAll, expect, test } from 'vitest';
import type { LoadRunResult } from '../../src/domain/results.ts';
import { type Chance, chanceOf } from '../match-faults/chance.ts';
import { expectSame } from './load-suite.ts';
import { type Legacy, manySuppliers, smallHospital, type World } from './world.ts';

const MINUTES = 60_000;
const SUPPLIERS = 60;
/** Legacy column → Odoo field. */
const FIELDS = { NAME: 'name', STREET: 'street', CITY: 'city', EMAIL: 'email' } as const;
type Column = keyof typeof FIELDS;
const columns = Object.keys(FIELDS) as Column[];

/** On the sandbox and on a real Odoo alike. */
export function describeEdits(given: () => World): void {
  let world: World;
  let legacy: Legacy;
  beforeAll(async () => {
    world = given();
    const { orders, lines, products, prices, categories, units, suppliers, banks } = smallHospital();
    const draft = { ...orders[0], STATE: 'draft', APPROVED: '' };
    const more = ['PO-7', 'PO-8', 'PO-9'].map((no) => ({ ...draft, NO: no }));
    const extra = more.flatMap(({ NO }) => lines.filter((row) => row.PO === 'PO-1').map((row) => ({ ...row, PO: NO })));
    legacy = {
      ...{ units, categories, banks, products, prices },
      suppliers: [...suppliers, ...manySuppliers(SUPPLIERS).suppliers],
      orders: [...orders, ...more],
      lines: [...lines, ...extra],
    };
    await world.pull(legacy);
    await world.verbs.plan('first.plan');
    expect((await world.verbs.load('first.plan', null)).data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0 });
  }, 5 * MINUTES);

  const idOf = (model: string, domain: readonly unknown[]): Promise<number> =>
    world.verbs.odoo(async (odoo) => {
      const [id] = await odoo.searchIds(model, domain);
      if (id === undefined) throw new Error(`no ${model} ${JSON.stringify(domain)}`);
      return id;
    });
  const save = (model: string, id: number, values: Readonly<Record<string, unknown>>) => world.verbs.odoo((odoo) => odoo.save(model, [{ id, values }], {}));
  const orderOf = (name: string) => idOf('purchase.order', [['name', '=', name]]);
  const lineOf = (order: string, quantity: number) =>
    idOf('purchase.order.line', [
      ['order_id.name', '=', order],
      ['product_qty', '=', quantity],
    ]);
  const read = (model: string, id: number, fields: readonly string[]) => world.verbs.odoo(async (odoo) => (await odoo.read(model, [id], fields))[0]);

  /** Every conflict is a document's, and no document is anywhere else. */
  const accounted = ({ planned, applied, noop, conflict, deadLettered, blocked, remaining, unknown }: LoadRunResult): boolean =>
    planned === applied + noop + conflict + deadLettered + blocked + remaining && unknown + deadLettered + blocked + remaining === 0;

  test(
    'in random worlds exactly the fields that nobody touched are written, and a rollback takes back those and no others',
    async () => {
      const chance = chanceOf('edits by users');
      const worlds = legacy.suppliers.filter((row) => row['NO']?.startsWith('S')).map((row) => ({ row, fields: drawn(chance, row) }));
      const ours = new Map(worlds.map(({ row, fields }) => [row['NO'], Object.fromEntries(columns.map((column) => [column, fields[column].ours]))]));
      await world.pull({ ...legacy, suppliers: legacy.suppliers.map((row) => ({ ...row, ...ours.get(row['NO'] ?? '') })) });
      await world.verbs.plan('edits.plan');
      const ids = new Map<string, number>();
      for (const { row, fields } of worlds) {
        const id = await idOf('res.partner', [['ref', '=', row['NO']]]);
        ids.set(row['NO'] ?? '', id);
        const theirs = columns.filter((column) => fields[column].theirs !== fields[column].base);
        if (theirs.length > 0) await save('res.partner', id, Object.fromEntries(theirs.map((column) => [FIELDS[column], fields[column].theirs])));
      }
      const before = await world.dump();
      const load = await world.verbs.load('edits.plan', null);
      expect(accounted(load.data)).toBe(true);
      const conflicts: Record<string, string[]> = {};
      for (const { row, fields } of worlds) {
        const now = await read('res.partner', ids.get(row['NO'] ?? '') ?? 0, Object.values(FIELDS));
        for (const column of columns) {
          const { base, ours: wanted, theirs } = fields[column];
          const isConflict = wanted !== base && theirs !== base && theirs !== wanted;
          if (isConflict) conflicts[row['NO'] ?? ''] = [...(conflicts[row['NO'] ?? ''] ?? []), FIELDS[column]];
          expect([row['NO'], column, now?.[FIELDS[column]]]).toEqual([row['NO'], column, wanted !== base && theirs === base ? wanted : theirs]);
        }
      }
      expect(Object.fromEntries(load.data.conflicts.map(({ key, fields }) => [key, [...fields].sort()]))).toEqual(
        Object.fromEntries(Object.entries(conflicts).map(([key, fields]) => [key, fields.sort()])),
      );
      expect(load.data.conflict).toBe(Object.keys(conflicts).length);
      const back = await world.verbs.rollback(load.runId, 'edits-back.plan');
      expect(back.data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0, unknown: 0 });
      expectSame(await world.dump(), before);
    },
    5 * MINUTES,
  );

  test(
    'a line goes or stays as a whole, a state that a user moved on takes no steps, and the rest of the order is written',
    async () => {
      const moved: Readonly<Record<string, Readonly<Record<string, string>>>> = {
        'PO-1': { REF: 'another reference' },
        'PO-7': { REF: 'seven', STATE: 'confirmed', APPROVED: '2025-01-09 09:00:00' },
        'PO-8': { STATE: 'confirmed', APPROVED: '2025-01-09 09:00:00' },
        'PO-9': { REF: 'nine' },
      };
      const lines = legacy.lines.flatMap((row) => {
        const name = `${row['PO']} ${row['LINE']}`;
        if (name === 'PO-9 2') return [];
        if (name === 'PO-1 1') return [{ ...row, QTY: '9', DUE: '2025-12-24 08:00:00' }];
        return [name === 'PO-1 2' || name === 'PO-7 1' ? { ...row, PRICE: '40.1' } : row];
      });
      await world.pull({ ...legacy, lines, orders: legacy.orders.map((row) => ({ ...row, ...moved[row['NO'] ?? ''] })) });
      expect((await world.verbs.plan('lines.plan')).data.refusals).toEqual([]);
      const first = await lineOf('PO-1', 7);
      const second = await lineOf('PO-1', 14);
      const seventh = await lineOf('PO-7', 7);
      const ninth = await lineOf('PO-9', 14);
      // a price that was bargained for, an order that was called off, one that was sent, a line that was wanted after all
      await save('purchase.order.line', first, { price_unit: 45 });
      await world.verbs.odoo(async (odoo) => odoo.call('purchase.order', 'button_cancel', { ids: [await orderOf('PO-7')] }));
      await save('purchase.order.line', ninth, { name: 'wanted after all' });
      const before = await world.dump();

      const load = await world.verbs.load('lines.plan', null);
      expect(accounted(load.data)).toBe(true);
      expect(load.data.conflict).toBe(3);
      const listed = load.data.conflicts.map(({ entity, key, fields, held }) => [entity, key, fields, held]);
      expect(listed).toHaveLength(3);
      expect(listed).toEqual(
        expect.arrayContaining([
          ['purchase_order', 'PO-7', ['state'], expect.arrayContaining(['confirm'])],
          ['purchase_order_line', 'PO-1/1', ['price_unit'], expect.arrayContaining(['product_qty', 'date_planned'])],
          ['purchase_order_line', 'PO-9/2', ['name'], []],
        ]),
      );
      expect(await read('purchase.order.line', first, ['product_qty', 'price_unit', 'date_planned'])).toMatchObject({
        ...{ product_qty: 7, price_unit: 45, date_planned: '2025-11-01 08:00:00' },
      });
      expect(await read('purchase.order.line', second, ['price_unit'])).toMatchObject({ price_unit: 40.1 });
      expect(await read('purchase.order.line', seventh, ['price_unit'])).toMatchObject({ price_unit: 40.1 });
      expect(await read('purchase.order.line', ninth, ['name'])).toMatchObject({ name: 'wanted after all' });
      const fields = ['state', 'partner_ref'];
      expect(await read('purchase.order', await orderOf('PO-1'), fields)).toMatchObject({ state: 'draft', partner_ref: 'another reference' });
      expect(await read('purchase.order', await orderOf('PO-7'), fields)).toMatchObject({ state: 'cancel', partner_ref: 'seven' });
      expect(await read('purchase.order', await orderOf('PO-8'), fields)).toMatchObject({ state: 'purchase' });
      expect(await read('purchase.order', await orderOf('PO-9'), fields)).toMatchObject({ state: 'draft', partner_ref: 'nine' });

      const back = await world.verbs.rollback(load.runId, 'lines-back.plan');
      expect(back.data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0, unknown: 0 });
      expectSame(await world.dump(), before);
    },
    5 * MINUTES,
  );
}

interface Three {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

/** Each field left alone, changed by the legacy system, by a user, by both, or by both to the same. */
function drawn(chance: Chance, row: Readonly<Record<string, string>>): Readonly<Record<Column, Three>> {
  const one = (column: Column): Three => {
    const base = row[column] ?? '';
    const ours = chance.happens(0.5) ? `ours ${chance.letters(4)}` : base;
    const theirs = chance.happens(0.4) ? (chance.happens(0.2) ? ours : `theirs ${chance.letters(4)}`) : base;
    return { base, ours, theirs };
  };
  return { NAME: one('NAME'), STREET: one('STREET'), CITY: one('CITY'), EMAIL: one('EMAIL') };
}
