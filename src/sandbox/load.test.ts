import { beforeEach, describe, expect, test } from 'vitest';
import { perform } from './calls.ts';
import type { Database } from './database.ts';
import { seededDatabase } from './seed.ts';
import type { Json, JsonObject } from './values.ts';

interface Loaded {
  readonly ids: readonly number[] | false;
  readonly messages: readonly JsonObject[];
}

describe('load', () => {
  let database: Database;

  beforeEach(() => {
    database = seededDatabase({ seed: 'bare', uuid: 'u', login: 'admin' });
  });

  function call(model: string, method: string, given: JsonObject, ids: number[] = [], context: JsonObject = { tz: 'UTC' }): Json | undefined {
    const definition = database.model(model);
    const found = definition.methods.get(method);
    if (!found) throw new Error(`no method ${method}`);
    return perform(database, { model: definition, method: found, name: method, ids, context, arguments: given }, 2, null);
  }
  const load = (model: string, fields: string[], data: Json[][], context?: JsonObject): Loaded =>
    call(model, 'load', { fields, data }, [], context) as unknown as Loaded;
  const read = (model: string, ids: readonly number[] | false, ...fields: string[]): Json =>
    call(model, 'read', { fields, load: null }, [...(ids || [])]) as Json;
  const count = (model: string): number => database.model(model).table.size;

  test('makes a record once for an External ID, also within one call, and the last row wins', () => {
    const { ids } = load(
      'res.partner',
      ['id', 'name'],
      [
        ['m.a', 'A'],
        ['m.a', 'A2'],
        ['b', 'B'],
      ],
    );
    expect(ids).toHaveLength(3);
    expect((ids as number[])[0]).toBe((ids as number[])[1]);
    expect(read('res.partner', (ids as number[]).slice(1), 'name')).toMatchObject([{ name: 'A2' }, { name: 'B' }]);
    expect(load('res.partner', ['id', 'name'], [['__import__.b', 'B2']]).ids).toEqual((ids as number[]).slice(2));
  });

  test('saves nothing when one row is bad, and says which', () => {
    const before = [count('res.partner'), count('ir.model.data')];
    const result = load(
      'res.partner',
      ['id', 'name', 'country_id/id', 'color'],
      [
        ['m.a', 'A', 'base.us', '1'],
        ['m.b', 'B', 'base.zz', '1'],
        ['m.c', 'C', '', '12,50'],
      ],
    );
    expect(result.ids).toBe(false);
    expect(result.messages).toMatchObject([
      {
        type: 'error',
        rows: { from: 1, to: 1 },
        record: 1,
        field: 'country_id',
        message: "No matching record found for external id 'base.zz' in field 'Country'",
      },
      { type: 'error', rows: { from: 2, to: 2 }, record: 2, field: 'color', message: "'12,50' does not seem to be an integer for field 'Color Index'" },
    ]);
    expect([count('res.partner'), count('ir.model.data')]).toEqual(before);
  });

  test('reports what the database refuses row by row, and gives up after ten', () => {
    const rows = Array.from({ length: 14 }, (_, index) => [`m.${index}`, '']);
    const { ids, messages } = load('res.partner', ['id', 'name'], rows);
    expect(ids).toBe(false);
    expect(messages).toHaveLength(11);
    expect(messages[0]).toMatchObject({ type: 'error', message: 'Contacts require a name', rows: { from: 0, to: 0 } });
    expect(messages[10]).toMatchObject({ type: 'warning' });
  });

  test('lets a row refer to an earlier one of the same call', () => {
    const { ids } = load(
      'product.category',
      ['id', 'name', 'parent_id/id'],
      [
        ['m.c1', 'Cat', ''],
        ['m.c2', 'Sub', 'm.c1'],
      ],
    );
    expect(read('product.category', ids, 'complete_name')).toMatchObject([{ complete_name: 'Cat' }, { complete_name: 'Cat / Sub' }]);
  });

  test('reads datetimes in the zone of the context', () => {
    const [vendor] = load('res.partner', ['id', 'name'], [['m.v', 'V']]).ids as number[];
    const fields = ['id', 'partner_id/.id', 'date_order'];
    const summer = load('purchase.order', fields, [['m.o', String(vendor), '2026-07-02 03:04:05']], { tz: 'Europe/Brussels' });
    expect(read('purchase.order', summer.ids, 'date_order')).toMatchObject([{ date_order: '2026-07-02 01:04:05' }]);
    load('purchase.order', fields, [['m.o', String(vendor), '2026-07-02 03:04:05']]);
    expect(read('purchase.order', summer.ids, 'date_order')).toMatchObject([{ date_order: '2026-07-02 03:04:05' }]);
    expect(load('purchase.order', fields, [['m.o', String(vendor), '2026-07-02T03:04:05Z']]).messages).toMatchObject([{ field: 'date_order', type: 'error' }]);
  });

  test('carries lines on continuation rows, updates those with External IDs and adds the others again', () => {
    load('res.partner', ['id', 'name'], [['m.v', 'V']]);
    load('product.product', ['id', 'name'], [['m.p', 'P']]);
    const fields = [
      'id',
      'partner_id/id',
      'order_line/id',
      'order_line/product_id/id',
      'order_line/product_qty',
      'order_line/price_unit',
      'order_line/tax_ids/id',
    ];
    const rows = [
      ['m.o', 'm.v', 'm.l1', 'm.p', '1.23456', '4.14159265', ''],
      ['', '', 'm.l2', 'm.p', '2', '5', ''],
    ];
    const { ids } = load('purchase.order', fields, rows);
    load('purchase.order', fields, rows);
    expect(read('purchase.order', ids, 'amount_untaxed', 'order_line')).toMatchObject([{ amount_untaxed: 15.09, order_line: [1, 2] }]);
    load('purchase.order', ['id', 'order_line/product_id/id', 'order_line/product_qty', 'order_line/tax_ids/id'], [['m.o', 'm.p', '1', '']]);
    expect(read('purchase.order', ids, 'order_line')).toMatchObject([{ order_line: [1, 2, 3] }]);
    expect(read('purchase.order.line', [1], 'product_qty', 'price_unit', 'price_subtotal')).toMatchObject([
      { product_qty: 1.23, price_unit: 4.14159265, price_subtotal: 5.09 },
    ]);
  });

  test('keeps a protected record as it is in update mode, and answers its id', () => {
    const { ids } = load('res.partner', ['id', 'name'], [['m.a', 'A']], { noupdate: true });
    expect(load('res.partner', ['id', 'name'], [['m.a', 'B']], { mode: 'update' }).ids).toEqual(ids);
    expect(read('res.partner', ids, 'name')).toMatchObject([{ name: 'A' }]);
  });

  test('makes a deleted record again and leaves an archived one archived', () => {
    const [id = 0] = load('res.partner', ['id', 'name'], [['m.a', 'A']]).ids as number[];
    call('res.partner', 'write', { vals: { active: false } }, [id]);
    expect(load('res.partner', ['id', 'name'], [['m.a', 'A']]).ids).toEqual([id]);
    expect(read('res.partner', [id], 'active')).toMatchObject([{ active: false }]);
    call('res.partner', 'unlink', {}, [id]);
    expect(load('res.partner', ['id', 'name'], [['m.a', 'A']]).ids).not.toEqual([id]);
  });

  test('gives a product two External IDs, its own and its template’s', () => {
    load('product.product', ['id', 'name', 'standard_price'], [['m.p', 'P', '2']]);
    expect(database.externalIds.find('m.p')).toMatchObject({ model: 'product.product' });
    expect(database.externalIds.find('m.p_product_template')).toMatchObject({ model: 'product.template' });
  });

  test('fails as a whole on an unknown column and on a JSON boolean', () => {
    expect(() => load('res.partner', ['id', 'nope'], [['m.a', 'x']])).toThrow("Invalid field name 'nope'");
    expect(() => load('res.partner', ['id', 'name', 'active'], [['m.a', 'x', true]])).toThrow("'bool' object has no attribute 'lower'");
  });
});
