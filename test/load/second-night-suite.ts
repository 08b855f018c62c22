/** The night after: the legacy system has moved on. Each change is written, read back, and taken back to what was there before that night. */
import { beforeAll, expect, test } from 'vitest';
import type { ReconcileResult } from '../../src/domain/results.ts';
import { expectSame } from './load-suite.ts';
import type { Dump, Legacy, Rows, World } from './world.ts';
import { smallHospital } from './world.ts';

const MINUTES = 60_000;

type Found = { readonly [field: string]: unknown };

/** On the sandbox and on a real Odoo alike. */
export function describeSecondNight(given: () => World): void {
  let world: World;
  /** What stood after the first night, and what reconcile then said. */
  let loaded: Dump;
  let standing: Standing;
  beforeAll(async () => {
    world = given();
    await world.pull(hospital());
    await world.verbs.plan('first.plan');
    const { data } = await world.verbs.load('first.plan', null);
    expect(data).toMatchObject({ planned: 26, applied: 26 });
    loaded = await world.dump();
    await world.pull(hospital());
    standing = standingOf((await world.verbs.reconcile()).data);
    expect(standing.breaks).toEqual({});
  }, 3 * MINUTES);
  /** Loads the changed legacy system, looks, has nothing left to do, and takes it back. `anew`: models whose cancelled records Odoo makes again. */
  async function night(name: string, legacy: Legacy, look: () => Promise<void>, anew: readonly string[] = []): Promise<void> {
    const { verbs } = world;
    await world.pull(legacy);
    const plan = await verbs.plan(`${name}.plan`);
    expect(plan.data.refusals).toEqual([]);
    const load = await verbs.load(`${name}.plan`, null);
    expect(load.data).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
    expect(load.data.applied).toBeGreaterThan(0);
    await look();
    await verbs.pull(['legacy', 'odoo']);
    const again = await verbs.plan(`${name}-again.plan`);
    expect(again.data.samples.map((sample) => [sample.entity, sample.key, sample.action, sample.reason, sample.fields])).toEqual([]);
    const back = await verbs.rollback(load.runId, `${name}-back.plan`);
    expect(back.plan.outlook).toMatchObject({ stays: [], gone: 0 });
    expect(back.data).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
    const after = await world.dump();
    expectSame(without(after, anew), without(loaded, anew));
    expect(expected(after)).toEqual(expected(loaded));
    loaded = after;
    await world.pull(hospital());
    expect(standingOf((await verbs.reconcile()).data)).toEqual(standing);
  }

  const find = (model: string, domain: readonly unknown[], fields: readonly string[]): Promise<Found[]> =>
    world.verbs.odoo(async (odoo) => odoo.read(model, await odoo.searchIds(model, domain), fields));
  const lineOf = async (order: string, quantity: number): Promise<Found | undefined> =>
    (
      await find(
        'purchase.order.line',
        [
          ['order_id.name', '=', order],
          ['product_qty', '=', quantity],
        ],
        ['product_qty', 'price_unit', 'date_planned', 'name'],
      )
    )[0];
  const orderOf = async (name: string): Promise<Found | undefined> =>
    (await find('purchase.order', [['name', '=', name]], ['state', 'locked', 'date_order', 'date_approve', 'order_line']))[0];

  test(
    'changed, vanished: what changed is written and nothing else, also where Odoo would take a price of its own',
    () => {
      const legacy = hospital();
      const lines = legacy.lines.flatMap((row) => {
        const name = `${row.PO} ${row.LINE}`;
        if (name === 'PO-5 2') return [];
        if (name === 'PO-1 1' || name === 'PO-2 1') return [{ ...row, QTY: '9' }];
        return [name === 'PO-2 2' ? { ...row, PRICE: '40.1' } : row];
      });
      const suppliers = legacy.suppliers.flatMap((row) => {
        if (row.NO === 'V3') return [];
        return [row.NO === 'V1' ? { ...row, CITY: 'Shelbyville', EMAIL: '' } : row];
      });
      return night(
        'changed',
        { ...legacy, suppliers, lines },
        async () => {
          expect(await find('res.partner', [['ref', '=', 'V1']], ['city', 'email', 'name'])).toMatchObject([
            { city: 'Shelbyville', email: false, name: 'Supplier V1' },
          ]);
          expect(await find('res.partner', [['ref', '=', 'V3']], ['active', 'name'])).toMatchObject([{ active: false, name: 'Supplier V3' }]);
          // Odoo has a price of its own for these products since the orders were confirmed.
          const agreed = { price_unit: 47.4705, date_planned: '2025-11-01 08:00:00', name: 'as agreed' };
          expect(await lineOf('PO-1', 9)).toMatchObject(agreed);
          expect(await lineOf('PO-2', 9)).toMatchObject(agreed);
          expect(await lineOf('PO-2', 14)).toMatchObject({ price_unit: 40.1 });
          expect(await lineOf('PO-5', 0)).toMatchObject({ price_unit: 47.4705 });
        },
        ['stock.move', 'stock.move.line'],
      );
    },
    3 * MINUTES,
  );

  test(
    'drafts that were confirmed, closed or cancelled are drafts again',
    () => {
      const legacy = hospital();
      const moved: Readonly<Record<string, Readonly<Record<string, string>>>> = {
        'PO-1': { STATE: 'confirmed', APPROVED: '2025-01-09 09:00:00' },
        // Without an approval date in the legacy system there is none in Odoo.
        'PO-7': { STATE: 'closed' },
        'PO-8': { STATE: 'cancelled' },
      };
      return night('states', { ...legacy, orders: legacy.orders.map((row) => ({ ...row, ...moved[row.NO ?? ''] })) }, async () => {
        expect(await orderOf('PO-1')).toMatchObject({
          ...{ state: 'purchase', locked: false, date_approve: '2025-01-09 09:00:00', date_order: '2025-01-02 03:04:05' },
        });
        expect(await orderOf('PO-7')).toMatchObject({ state: 'purchase', locked: true, date_approve: false, date_order: '2025-07-02 03:04:05' });
        expect(await orderOf('PO-8')).toMatchObject({ state: 'cancel' });
      });
    },
    3 * MINUTES,
  );

  test(
    'a line added to a draft order, and one taken away, which comes back without taxes',
    async () => {
      const legacy = hospital();
      const added = { PO: 'PO-1', LINE: '3', PRODUCT: 'P1', TEXT: 'more', QTY: '3', UNIT: 'EA', PRICE: '2', DUE: '2025-12-24 08:00:00' };
      const lines = [...legacy.lines.filter((row) => !(row.PO === 'PO-1' && row.LINE === '2')), added];
      const { verbs } = world;
      await world.pull({ ...legacy, lines });
      await verbs.plan('lines.plan');
      const load = await verbs.load('lines.plan', null);
      expect(load.data).toMatchObject({ applied: 1, records: { created: 1, deleted: 1 } });
      expect(await lineOf('PO-1', 3)).toMatchObject({ price_unit: 2, name: 'more' });
      expect(await lineOf('PO-1', 14)).toBeUndefined();
      await verbs.pull(['legacy', 'odoo']);
      expect((await verbs.plan('lines-again.plan')).data.actions).toMatchObject({ update: 0, noop: 26 });
      expect((await verbs.rollback(load.runId, 'lines-back.plan')).data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0 });
      await world.pull(legacy);
      expect(standingOf((await verbs.reconcile()).data).breaks).toEqual({});
      const [line] = await find(
        'purchase.order.line',
        [
          ['order_id.name', '=', 'PO-1'],
          ['product_qty', '=', 14],
        ],
        ['tax_ids', 'price_unit'],
      );
      expect(line).toMatchObject({ tax_ids: [], price_unit: 47.4705 });
      // It is another record than before, with the same content.
      loaded = await world.dump();
    },
    2 * MINUTES,
  );

  test(
    'an order that goes from confirmed to closed stays closed, and the rollback says so',
    async () => {
      const { verbs } = world;
      await world.pull(changed('orders', (row) => row.NO === 'PO-2', { STATE: 'closed' }));
      const plan = await verbs.plan('later.plan');
      expect(plan.data.actions).toMatchObject({ update: 1 });
      expect(plan.data.limits).toContainEqual({ entity: 'purchase_order', cannot: 'undo cancel_receipts, lock', count: 1 });
      const load = await verbs.load('later.plan', null);
      expect(await orderOf('PO-2')).toMatchObject({ state: 'purchase', locked: true, date_approve: '2025-02-05 10:00:00' });
      const back = await verbs.rollback(load.runId, 'later-back.plan');
      expect(back.plan.limits).toContainEqual({ entity: 'purchase_order', cannot: 'cancel_receipts, lock cannot be taken back and stays', count: 1 });
      expect(back.data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0 });
    },
    2 * MINUTES,
  );
}

/** With one supplier more, whom nothing refers to, and two more drafts. */
function hospital(): Legacy {
  const legacy = smallHospital();
  const [first = {}] = legacy.suppliers;
  const drafts = ['PO-7', 'PO-8'];
  return {
    ...legacy,
    suppliers: [...legacy.suppliers, { ...first, NO: 'V3', NAME: 'Supplier V3' }],
    orders: [
      ...legacy.orders,
      ...drafts.map((no, index) => ({ NO: no, SUPPLIER: 'V1', REF: '', ORDERED: `2025-0${index + 7}-02 03:04:05`, APPROVED: '', STATE: 'draft' })),
    ],
    lines: [
      ...legacy.lines,
      ...drafts.map((no) => ({ PO: no, LINE: '1', PRODUCT: 'P3', TEXT: '', QTY: '5', UNIT: 'EA', PRICE: '1.5', DUE: '2025-11-01 08:00:00' })),
    ],
  };
}

interface Standing {
  readonly verdict: string;
  readonly breaks: Readonly<Record<string, unknown>>;
}

function standingOf(data: ReconcileResult): Standing {
  const breaks = Object.fromEntries(data.entities.flatMap((entity) => (Object.keys(entity.breaks).length > 0 ? [[entity.entity, entity.breaks]] : [])));
  return { verdict: data.verdict, breaks };
}

function changed(table: keyof Legacy, which: (row: Rows[number]) => boolean, values: Readonly<Record<string, string>>): Legacy {
  const legacy = hospital();
  return { ...legacy, [table]: legacy[table].map((row) => (which(row) ? { ...row, ...values } : row)) };
}

function without(dump: Dump, models: readonly string[]): Dump {
  return Object.fromEntries(Object.entries(dump).filter(([model]) => !models.includes(model)));
}

/** Order line → quantity on its way. */
function expected(dump: Dump): Readonly<Record<string, number>> {
  const result: Record<string, number> = {};
  for (const move of Object.values(dump['stock.move'] ?? {})) {
    const line = String(move.purchase_line_id);
    if (move.state !== 'cancel') result[line] = (result[line] ?? 0) + Number(move.product_uom_qty);
  }
  return result;
}
