/** Control totals against an independent sum of the same rows, and their bridge in worlds of every kind. */
import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ControlTotal } from '../../domain/difference.ts';
import { literal } from '../../domain/sql.ts';
import { linkItems, pullState, type RandomState, randomLinks, randomState, randomWorld } from './random-world.fixture.ts';
import { Laboratory, type ReconcileWorld } from './reconcile-world.fixture.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

const Exact = Decimal.clone({ precision: 60 });
const sum = (amounts: readonly Decimal[]): Decimal => amounts.reduce((total, one) => total.plus(one), new Exact(0));
const of = (amount: string | null): Decimal => new Exact(amount ?? 0);

interface Line {
  readonly kind: string | null;
  readonly amount: string | null;
}

/** Legacy rows that were mapped, Odoo records that take part, and which of them are one: from the raw rows and the classes of the records. */
async function partiesOf(world: ReconcileWorld, state: RandomState): Promise<{ legacy: Line[]; odoo: Line[]; pairs: [Line, Line][] }> {
  const comparison = await world.compare();
  const { records } = comparison.entities.find((one) => one.entity === 'item') as { records: string };
  const rows = await world.rows<{ _system: string; _key: string; _odoo_id: number; _class: string }>(`FROM read_parquet(${literal(records)})`);
  const legacy = state.items.filter((one) => one.no !== null && one.kind !== 'other');
  const outside = new Set(rows.flatMap((row) => (row._class === 'outside-scope' ? [row._odoo_id] : [])));
  const odoo = state.odooItems.filter((one) => !outside.has(one.id));
  const line = (one: { kind: string | null; price: string | null }): Line => ({ kind: one.kind, amount: one.price });
  const pairs = rows.flatMap((row): [Line, Line][] => {
    const left = legacy.find((one) => one.system === row._system && one.no === row._key);
    const right = odoo.find((one) => one.id === row._odoo_id);
    return row._class === 'linked' && left !== undefined && right !== undefined ? [[line(left), line(right)]] : [];
  });
  return { legacy: legacy.map(line), odoo: odoo.map(line), pairs };
}

const amounts = (total: ControlTotal): Record<'legacy' | 'odoo' | 'difference' | 'residual' | 'explained', string> => ({
  legacy: of(total.legacy).toFixed(),
  odoo: of(total.odoo).toFixed(),
  difference: of(total.difference).toFixed(),
  residual: of(total.residual).toFixed(),
  explained: sum(Object.values(total.classes).map(of)).toFixed(),
});

test('legacy − Odoo is the sum of the classes, nothing is left over, and the totals are those of the rows', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(randomState, randomLinks, async (state, links) => {
      const world = await randomWorld(laboratory);
      await linkItems(world, links);
      await pullState(world, state);
      const { controls } = await world.reconcile();
      for (const total of controls) {
        const { difference, residual, explained, legacy, odoo } = amounts(total);
        expect({ ...total.dimension, name: total.name, residual, explained }).toEqual({
          ...total.dimension,
          name: total.name,
          residual: '0',
          explained: difference,
        });
        expect(of(legacy).minus(odoo).toFixed()).toBe(difference);
        expect(of(total.gross).gte(of(difference).abs())).toBe(true);
      }
      const parties = await partiesOf(world, state);
      const price = (kind?: string | null): ControlTotal | undefined =>
        controls.find(
          (one) =>
            one.name === 'price' && (kind === undefined ? Object.keys(one.dimension).length === 0 : 'kind' in one.dimension && one.dimension.kind === kind),
        );
      const total = (rows: readonly Line[]): string => sum(rows.map((row) => of(row.amount))).toFixed();
      expect(amounts(price() as ControlTotal)).toMatchObject({ legacy: total(parties.legacy), odoo: total(parties.odoo) });
      for (const kind of ['drug', 'device', null]) {
        const [left, right] = [parties.legacy.filter((row) => row.kind === kind), parties.odoo.filter((row) => row.kind === kind)];
        if (left.length + right.length > 0) expect(amounts(price(kind) as ControlTotal)).toMatchObject({ legacy: total(left), odoo: total(right) });
      }
      // several legacy records that are one record of Odoo have no difference of their own each
      const shared = new Set(parties.pairs.map(([, right]) => right)).size < parties.pairs.length || new Set(links.map((one) => one.id)).size < links.length;
      if (shared) return;
      const together = sum(parties.pairs.map(([left, right]) => of(left.amount).minus(of(right.amount)).abs()));
      const all = sum([...parties.legacy, ...parties.odoo].map((row) => of(row.amount).abs()));
      const joined = sum(parties.pairs.flat().map((row) => of(row.amount).abs()));
      expect(of((price() as ControlTotal).gross).toFixed()).toBe(all.minus(joined).plus(together).toFixed());
    }),
    { numRuns: 6, endOnFailure: true },
  );
});
