/** Purchase orders: loading, the way through their states, and the whole way back (Odoo 19). */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OdooConnection } from '../../src/domain/ports.ts';
import { type Bench, benchOn, connectTo, existing, type GiveTarget, refusal, unlinkOrders } from './target.ts';

const silent = { tracking_disable: true };
const orderColumns = ['id', 'name', 'partner_id/.id', 'partner_ref', 'date_order'];
const lineColumns = ['id', 'product_id/.id', 'name', 'product_qty', 'price_unit', 'date_planned', 'tax_ids/.id'].map((column) => `order_line/${column}`);
const columns = [...orderColumns, ...lineColumns];
const noHeader = [null, null, null, null, null];

export function describePurchase(target: GiveTarget): void {
  describe('purchase orders', () => {
    let odoo: OdooConnection;
    let bench: Bench;
    let vendor: number;
    let goods: number;
    let service: number;
    beforeAll(async () => {
      odoo = await connectTo(target());
    });
    beforeEach(async () => {
      bench = benchOn(odoo);
      [vendor] = (await bench.create('res.partner', { name: `${bench.tag} vendor` })) as [number];
      const products = ['goods', 'service'].map((key) => [bench.externalId(key), `${bench.tag} ${key}`, key === 'goods' ? 'consu' : 'service']);
      [goods, service] = (await bench.loaded('product.product', ['id', 'name', 'type'], products, silent)) as [number, number];
    });
    afterEach(() => bench.clean());

    const header = (key: string) => [bench.externalId(key), `${bench.tag}-${key}`, vendor, `ref ${key}`, '2020-01-02 03:04:05'];
    const line = (key: string, product: number, quantity: string, price: string, taxes: string | null = null) => {
      return [bench.externalId(key), product, `text ${key}`, quantity, price, '2020-02-03 10:00:00', taxes];
    };
    async function order(key = 'po', product = goods): Promise<number> {
      const [id] = await bench.loaded('purchase.order', columns, [[...header(key), ...line(`${key}_1`, product, '7', '47.4705')]], silent);
      return id!;
    }
    const step = (method: string, id: number) => odoo.call('purchase.order', method, { ids: [id], context: silent });

    describe('loading', () => {
      test('continuation rows carry further lines; each amount is rounded half up', async () => {
        const ids = await bench.loaded(
          'purchase.order',
          columns,
          [
            [...header('a'), ...line('a1', goods, '7', '47.4705')],
            [...noHeader, ...line('a2', goods, '1.23456', '5.12345678')],
            [...noHeader, ...line('a3', service, '2', '0.005')],
            [...header('b'), ...line('b1', goods, '1', '10')],
          ],
          silent,
        );
        expect(ids).toHaveLength(2);
        expect(await odoo.read('purchase.order', ids, ['name', 'partner_id', 'date_order', 'state', 'amount_untaxed', 'amount_tax', 'partner_ref'])).toEqual([
          {
            id: ids[0],
            name: `${bench.tag}-a`,
            partner_id: vendor,
            date_order: '2020-01-02 03:04:05',
            state: 'draft',
            amount_untaxed: 338.61,
            amount_tax: 0,
            partner_ref: 'ref a',
          },
          {
            id: ids[1],
            name: `${bench.tag}-b`,
            partner_id: vendor,
            date_order: '2020-01-02 03:04:05',
            state: 'draft',
            amount_untaxed: 10,
            amount_tax: 0,
            partner_ref: 'ref b',
          },
        ]);
        const found = await odoo.resolveExternalIds(['a1', 'a2', 'a3'].map(bench.externalId));
        const lines = ['a1', 'a2', 'a3'].map((key) => found.get(bench.externalId(key))!.id);
        expect(await odoo.read('purchase.order.line', lines, ['product_qty', 'price_unit', 'price_subtotal', 'tax_ids', 'name', 'date_planned'])).toEqual([
          { id: lines[0], product_qty: 7, price_unit: 47.4705, price_subtotal: 332.29, tax_ids: [], name: 'text a1', date_planned: '2020-02-03 10:00:00' },
          {
            id: lines[1],
            product_qty: 1.23,
            price_unit: 5.12345678,
            price_subtotal: 6.3,
            tax_ids: [],
            name: 'text a2',
            date_planned: '2020-02-03 10:00:00',
          },
          { id: lines[2], product_qty: 2, price_unit: 0.005, price_subtotal: 0.01, tax_ids: [], name: 'text a3', date_planned: '2020-02-03 10:00:00' },
        ]);
      });

      test('lines with External IDs are updated; lines left out stay; lines without one are added again', async () => {
        const [id] = (await bench.loaded(
          'purchase.order',
          columns,
          [
            [...header('a'), ...line('a1', goods, '1', '10')],
            [...noHeader, ...line('a2', goods, '2', '10')],
          ],
          silent,
        )) as [number];
        const before = (await bench.first('purchase.order', id, 'order_line')).order_line as number[];
        await bench.loaded('purchase.order', columns, [[...header('a'), ...line('a1', goods, '5', '10')]], silent);
        const after = await bench.first('purchase.order', id, 'order_line', 'amount_untaxed');
        expect(after).toEqual({ id, order_line: before, amount_untaxed: 70 });
        const bare = ['id', 'order_line/product_id/.id', 'order_line/product_qty', 'order_line/price_unit', 'order_line/tax_ids/.id'];
        for (const lines of [3, 4]) {
          await bench.loaded('purchase.order', bare, [[bench.externalId('a'), goods, '1', '1', null]], silent);
          expect((await bench.first('purchase.order', id, 'order_line')).order_line).toHaveLength(lines);
        }
      });

      test('the order’s amount is the sum of unrounded or of rounded lines, as its company says', async () => {
        // 1.005 lies below the half in binary, and is rounded up all the same.
        const rows = [
          [...header('a'), ...line('a1', goods, '1', '0.125')],
          [...noHeader, ...line('a2', goods, '1', '1.005')],
        ];
        const [user] = await odoo.read('res.users', [(await odoo.identity()).userId], ['company_id']);
        const company = user?.company_id as number;
        const { tax_calculation_rounding_method: usual } = await bench.first('res.company', company, 'tax_calculation_rounding_method');
        const amounts: unknown[] = [];
        try {
          for (const method of ['round_globally', 'round_per_line']) {
            await odoo.save('res.company', [{ id: company, values: { tax_calculation_rounding_method: method } }], {});
            const [id] = (await bench.loaded('purchase.order', columns, rows, silent)) as [number];
            const record = await bench.first('purchase.order', id, 'amount_untaxed', 'order_line');
            const lines = await odoo.read('purchase.order.line', record.order_line as number[], ['price_subtotal']);
            amounts.push([record.amount_untaxed, ...lines.map((one) => one.price_subtotal)]);
            await unlinkOrders(odoo, [id]);
          }
        } finally {
          await odoo.save('res.company', [{ id: company, values: { tax_calculation_rounding_method: usual } }], {});
        }
        expect(amounts).toEqual([
          [1.13, 0.13, 1.01],
          [1.14, 0.13, 1.01],
        ]);
      });

      test('without the tax column a line gets the default taxes of its product', async () => {
        const taxes = (await bench.first('product.product', goods, 'supplier_taxes_id')).supplier_taxes_id as number[];
        expect(taxes).not.toHaveLength(0);
        const [id] = (await bench.loaded('purchase.order', columns.slice(0, -1), [[...header('a'), ...line('a1', goods, '1', '10').slice(0, -1)]], silent)) as [
          number,
        ];
        const [lineId] = (await bench.first('purchase.order', id, 'order_line')).order_line as [number];
        expect(await bench.first('purchase.order.line', lineId, 'tax_ids')).toMatchObject({ tax_ids: taxes });
        await odoo.save('purchase.order.line', [{ id: lineId, values: { tax_ids: [[6, 0, []]] } }], silent);
        expect(await bench.first('purchase.order.line', lineId, 'tax_ids')).toMatchObject({ tax_ids: [] });
      });

      test('an empty cell is no default: no description is refused, no quantity and price are 0, no day and unit are none', async () => {
        const nameless = await odoo.load(
          'purchase.order',
          columns,
          [[...header('a'), bench.externalId('a1'), goods, null, '1', '2', '2020-02-03 10:00:00', null]],
          silent,
        );
        expect(nameless).toMatchObject({ ids: null, messages: [{ message: expect.stringContaining('Missing required value for the field') }] });
        const cells = [bench.externalId('a1'), goods, 'text', null, null, null, null, null];
        const [id] = (await bench.loaded('purchase.order', [...columns, 'order_line/product_uom_id/.id'], [[...header('a'), ...cells]], silent)) as [number];
        const [lineId] = (await bench.first('purchase.order', id, 'order_line')).order_line as [number];
        expect(await bench.first('purchase.order.line', lineId, 'product_qty', 'price_unit', 'date_planned', 'product_uom_id')).toEqual({
          id: lineId,
          product_qty: 0,
          price_unit: 0,
          date_planned: false,
          product_uom_id: false,
        });
      });

      test('archived vendors and products may be used, and confirmed', async () => {
        await odoo.call('res.partner', 'write', { ids: [vendor], vals: { active: false } });
        await odoo.call('product.product', 'write', { ids: [goods], vals: { active: false } });
        const id = await order();
        expect(await step('button_confirm', id)).toBe(true);
        expect(await bench.first('purchase.order', id, 'state')).toMatchObject({ state: 'purchase' });
      });
    });

    describe('states', () => {
      test('confirming makes the receipt and the vendor price, and sets the day of approval', async () => {
        const id = await order();
        expect(await step('button_confirm', id)).toBe(true);
        const record = await bench.first('purchase.order', id, 'state', 'locked', 'date_order', 'date_approve', 'picking_ids', 'order_line');
        expect(record).toMatchObject({ state: 'purchase', locked: false, date_order: '2020-01-02 03:04:05', date_approve: expect.any(String) });
        const [picking] = record.picking_ids as [number];
        const receipt = await bench.first('stock.picking', picking, 'state', 'origin', 'move_ids');
        expect(receipt).toMatchObject({ state: 'assigned', origin: `${bench.tag}-po` });
        const [move] = receipt.move_ids as [number];
        expect(await bench.first('stock.move', move, 'product_id', 'product_uom_qty', 'state')).toMatchObject({
          product_id: goods,
          product_uom_qty: 7,
          state: 'assigned',
        });
        const prices = await odoo.searchIds('product.supplierinfo', [['partner_id', '=', vendor]]);
        expect(await odoo.read('product.supplierinfo', prices, ['product_id', 'min_qty', 'price', 'delay', 'sequence'])).toEqual([
          { id: prices[0], product_id: goods, min_qty: 1, price: 47.4705, delay: 0, sequence: 1 },
        ]);
        expect(await odoo.externalIds('product.supplierinfo', prices)).toEqual(new Map());
        expect(await step('button_confirm', id)).toBe(true);
      });

      test('a vendor price that is there already is not made again', async () => {
        await bench.create('product.supplierinfo', { partner_id: vendor, product_id: goods, min_qty: 5, price: 1 });
        await step('button_confirm', await order());
        expect(await odoo.searchIds('product.supplierinfo', [['partner_id', '=', vendor]])).toHaveLength(1);
      });

      test('an order of services has no receipt', async () => {
        const id = await order('po', service);
        await step('button_confirm', id);
        expect(await bench.first('purchase.order', id, 'picking_ids', 'state')).toMatchObject({ picking_ids: [], state: 'purchase' });
      });

      test('the history of a closed order: confirm, cancel the receipt, write the dates, lock', async () => {
        const id = await order();
        await step('button_confirm', id);
        const pickings = (await bench.first('purchase.order', id, 'picking_ids')).picking_ids as number[];
        expect(await odoo.call('stock.picking', 'action_cancel', { ids: pickings, context: silent })).toBe(true);
        await odoo.save('purchase.order', [{ id, values: { date_approve: '2020-01-03 00:00:00', date_order: '2020-01-02 03:04:05' } }], silent);
        expect(await step('button_lock', id)).toBeNull();
        expect(await bench.first('purchase.order', id, 'state', 'locked', 'date_order', 'date_approve', 'amount_untaxed', 'date_planned')).toEqual({
          id,
          state: 'purchase',
          locked: true,
          date_order: '2020-01-02 03:04:05',
          date_approve: '2020-01-03 00:00:00',
          amount_untaxed: 332.29,
          date_planned: '2020-02-03 10:00:00',
        });
        expect(await odoo.read('stock.picking', pickings, ['state'])).toEqual([{ id: pickings[0], state: 'cancel' }]);
        const error = await refusal(step('button_cancel', id));
        expect(error).toMatchObject({ failure: 'validation', exception: 'odoo.exceptions.UserError' });
        expect(error.message).toMatch(/^Unable to cancel purchase order\(s\): .*You must first unlock them\.$/);
      });

      test('cancelling a draft keeps its dates', async () => {
        const id = await order();
        expect(await step('button_cancel', id)).toBeNull();
        expect(await bench.first('purchase.order', id, 'state', 'date_order', 'date_approve', 'date_planned')).toEqual({
          id,
          state: 'cancel',
          date_order: '2020-01-02 03:04:05',
          date_approve: false,
          date_planned: '2020-02-03 10:00:00',
        });
        expect(await step('button_draft', id)).toBeDefined();
        expect(await bench.first('purchase.order', id, 'state')).toMatchObject({ state: 'draft' });
      });

      test('cancelling a confirmed order cancels its receipt', async () => {
        const id = await order();
        await step('button_confirm', id);
        const pickings = (await bench.first('purchase.order', id, 'picking_ids')).picking_ids as number[];
        await step('button_cancel', id);
        expect(await odoo.read('stock.picking', pickings, ['state'])).toEqual([{ id: pickings[0], state: 'cancel' }]);
      });

      test('one order that cannot be confirmed keeps all of the call as they were', async () => {
        const good = await order('good');
        const [bad] = (await bench.create('purchase.order', {
          partner_id: vendor,
          order_line: [[0, 0, { name: 'no product', product_qty: 1, price_unit: 1, date_planned: '2020-02-03 10:00:00', tax_ids: [[6, 0, []]] }]],
        })) as [number];
        const error = await refusal(odoo.call('purchase.order', 'button_confirm', { ids: [good, bad], context: silent }));
        expect(error).toMatchObject({ failure: 'validation', exception: 'odoo.exceptions.UserError' });
        expect(await odoo.read('purchase.order', [good, bad], ['state'])).toEqual([
          { id: good, state: 'draft' },
          { id: bad, state: 'draft' },
        ]);
      });
    });

    describe('changing lines', () => {
      const price = { price_unit: 47.4705 };
      async function confirmed(): Promise<[order: number, line: number]> {
        const id = await order();
        await step('button_confirm', id);
        const { order_line } = await bench.first('purchase.order', id, 'order_line');
        return [id, (order_line as [number])[0]];
      }
      const receiptOf = async (id: number) => {
        const { picking_ids } = await bench.first('purchase.order', id, 'picking_ids');
        const pickings = await odoo.read('stock.picking', picking_ids as number[], ['state', 'move_ids']);
        const moves = await odoo.read(
          'stock.move',
          pickings.flatMap((picking) => picking.move_ids as number[]),
          ['product_uom_qty'],
        );
        return { states: pickings.map((picking) => picking.state), quantity: moves.reduce((sum, move) => sum + (move.product_uom_qty as number), 0) };
      };

      test('a quantity written alone takes price and day from the vendor price; with its price it keeps them', async () => {
        await bench.create('product.supplierinfo', { partner_id: vendor, product_id: goods, min_qty: 0, price: 10, delay: 3 });
        const id = await order();
        const [lineId] = (await bench.first('purchase.order', id, 'order_line')).order_line as [number];
        await odoo.save('purchase.order.line', [{ id: lineId, values: { product_qty: 4, ...price } }], silent);
        const kept = { id: lineId, product_qty: 4, price_unit: 47.4705, date_planned: '2020-02-03 10:00:00', name: 'text po_1' };
        expect(await bench.first('purchase.order.line', lineId, 'product_qty', 'price_unit', 'date_planned', 'name')).toEqual(kept);
        await odoo.save('purchase.order.line', [{ id: lineId, values: { product_qty: 5 } }], silent);
        expect(await bench.first('purchase.order.line', lineId, 'product_qty', 'price_unit', 'date_planned')).toEqual({
          id: lineId,
          product_qty: 5,
          price_unit: 10,
          date_planned: '2020-01-05 03:04:05',
        });
      });

      test('less on a confirmed order shrinks its receipt, more grows it', async () => {
        const [id, lineId] = await confirmed();
        for (const product_qty of [4, 9]) {
          await odoo.save('purchase.order.line', [{ id: lineId, values: { product_qty, ...price } }], silent);
          expect(await receiptOf(id)).toEqual({ states: ['assigned'], quantity: product_qty });
        }
      });

      test('nothing on a confirmed order cancels its receipt and keeps the price', async () => {
        const [id, lineId] = await confirmed();
        await odoo.save('purchase.order.line', [{ id: lineId, values: { product_qty: 0, ...price } }], silent);
        expect(await receiptOf(id)).toEqual({ states: ['cancel'], quantity: 0 });
        expect(await bench.first('purchase.order', id, 'state', 'amount_untaxed')).toEqual({ id, state: 'purchase', amount_untaxed: 0 });
        expect(await bench.first('purchase.order.line', lineId, 'price_unit', 'date_planned')).toMatchObject({
          price_unit: 47.4705,
          date_planned: '2020-02-03 10:00:00',
        });
      });

      test('a confirmed order takes further lines, and may not lose one', async () => {
        const [id, lineId] = await confirmed();
        const columns = ['id', 'order_id/.id', 'product_id/.id', 'name', 'product_qty', 'price_unit', 'date_planned', 'tax_ids/.id'];
        const [added] =
          (await odoo.load('purchase.order.line', columns, [[bench.externalId('more'), id, goods, 'more', '2', '3', '2020-02-03 10:00:00', null]], silent))
            .ids ?? [];
        expect(await bench.first('purchase.order', id, 'order_line', 'amount_untaxed')).toEqual({ id, order_line: [lineId, added], amount_untaxed: 338.29 });
        expect((await receiptOf(id)).quantity).toBe(9);
        expect(await refusal(odoo.unlink('purchase.order.line', [lineId]))).toMatchObject({ failure: 'validation', exception: 'odoo.exceptions.UserError' });
      });
    });

    describe('the way back', () => {
      test('deleting is refused, in Odoo’s words, until the order is cancelled', async () => {
        const id = await order();
        const words = 'In order to delete a purchase order, you must cancel it first.';
        expect(await refusal(odoo.unlink('purchase.order', [id]))).toMatchObject({ failure: 'validation', message: words });
        await step('button_confirm', id);
        expect(await refusal(odoo.unlink('purchase.order', [id]))).toMatchObject({ failure: 'validation', message: words });
      });

      test('a vendor or product in use cannot be deleted', async () => {
        const id = await order();
        const partner = await refusal(odoo.unlink('res.partner', [vendor]));
        expect(partner).toMatchObject({ failure: 'validation', exception: 'odoo.exceptions.ValidationError' });
        expect(partner.message).toContain("The troublemaker is: 'Purchase Order' (purchase.order)");
        await step('button_confirm', id);
        expect((await refusal(odoo.unlink('product.product', [goods]))).message).toContain("The troublemaker is: 'Stock Move' (stock.move)");
      });

      test('deleting only the order leaves the names of its lines behind', async () => {
        const id = await order();
        await step('button_cancel', id);
        await odoo.unlink('purchase.order', [id]);
        const left = await odoo.searchIds('ir.model.data', [
          ['module', '=', bench.tag],
          ['model', '=', 'purchase.order.line'],
        ]);
        expect(left).toHaveLength(1);
        expect(await odoo.resolveExternalIds([bench.externalId('po_1')])).toEqual(new Map());
        const again = await order();
        expect(again).not.toBe(id);
        expect((await odoo.resolveExternalIds([bench.externalId('po_1')])).size).toBe(1);
      });

      test('unlock, cancel, lines, order, receipt, price, product, vendor: nothing is left but a reference no one may delete', async () => {
        const id = await order();
        await step('button_confirm', id);
        const record = await bench.first('purchase.order', id, 'picking_ids', 'order_line', 'reference_ids');
        await step('button_lock', id);
        await unlinkOrders(odoo, [id]);
        expect(await existing(odoo, 'purchase.order', [id])).toEqual([]);
        expect(await existing(odoo, 'purchase.order.line', record.order_line as number[])).toEqual([]);
        expect(await existing(odoo, 'stock.picking', record.picking_ids as number[])).toEqual([]);
        expect(await odoo.searchIds('stock.move', [['product_id', '=', goods]])).toEqual([]);
        const prices = await odoo.searchIds('product.supplierinfo', [['partner_id', '=', vendor]]);
        await odoo.unlink('product.supplierinfo', prices);
        await odoo.unlink('product.product', [goods, service]);
        await odoo.unlink('res.partner', [vendor]);
        expect(await odoo.searchIds('ir.model.data', [['module', '=', bench.tag]])).toEqual([]);
        const references = record.reference_ids as number[];
        expect(references).toHaveLength(1);
        expect(await refusal(odoo.unlink('stock.reference', references))).toMatchObject({ failure: 'access' });
      });

      test('a cancelled receipt does not hold the vendor', async () => {
        const id = await order();
        await step('button_confirm', id);
        await step('button_cancel', id);
        const pickings = (await bench.first('purchase.order', id, 'picking_ids')).picking_ids as number[];
        await odoo.unlink('purchase.order', [id], silent);
        await odoo.unlink('res.partner', [vendor]);
        await odoo.unlink('stock.picking', pickings, silent);
        expect(await odoo.searchIds('stock.move', [['product_id', '=', goods]])).toEqual([]);
      });
    });
  });
}
