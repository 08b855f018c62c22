/** What people and imports do in Odoo, by the API. */
import { type BareOdoo, type BareRecord, call, readAll } from '../bare-client.ts';
import type { MadeInOdoo } from './expectation.ts';
import { amount } from './legacy-drift.ts';
import { CUT, type Drift, lineKey, orderNo } from './seed.ts';

type Changes = readonly (readonly [id: number, values: Record<string, unknown>])[];

export async function driftOdoo(odoo: BareOdoo, drift: Drift['odoo']): Promise<MadeInOdoo> {
  const orders = await byField(odoo, 'purchase.order', [['name', '=like', 'AW-%']], 'name', ['state', 'locked', 'partner_id']);
  const lines = await linesByKey(odoo);
  const of = <Key>(records: ReadonlyMap<Key, BareRecord>, key: Key): BareRecord => {
    const record = records.get(key);
    if (record === undefined) throw new Error(`${String(key)} is not in Odoo`);
    return record;
  };
  const line = (key: string): number => {
    const id = lines.get(key);
    if (id === undefined) throw new Error(`line ${key} is not in Odoo`);
    return id;
  };
  await write(odoo, 'purchase.order', [
    ...drift.withoutZeros.map((id) => [of(orders, orderNo(id)).id, { partner_ref: String(id) }] as const),
    ...drift.noReference.map((id) => [of(orders, orderNo(id)).id, { partner_ref: false }] as const),
  ]);
  await write(odoo, 'purchase.order.line', [...drift.cutDescription.map((one) => [line(lineKey(one)), { name: one.name.slice(0, CUT) }] as const)]);
  await write(odoo, 'purchase.order.line', [
    ...drift.price.map((one) => [line(lineKey(one)), { price_unit: Number(amount(one.price * 2n)) }] as const),
    // price_unit goes along, or Odoo takes it anew from the vendor's prices
    ...drift.quantity.map((one) => [line(lineKey(one)), { product_qty: one.quantity + 3, price_unit: Number(amount(one.price)) }] as const),
  ]);
  const suppliers = await byField(odoo, 'res.partner', [['ref', '!=', false]], 'ref', ['city']);
  await write(
    odoo,
    'res.partner',
    drift.cities.map((key) => [of(suppliers, key).id, { city: 'Moved Away' }]),
  );
  const products = await byField(odoo, 'product.product', [['default_code', '!=', false]], 'default_code', ['list_price']);
  await write(
    odoo,
    'product.product',
    drift.listPrices.map((key) => {
      const product = of(products, key);
      return [product.id, { list_price: Number(product.list_price) + 5 }];
    }),
  );
  for (const id of drift.removed) await removeOrder(odoo, of(orders, orderNo(id)));
  const [product] = [...products.values()];
  const make = async (name: string, partner: unknown): Promise<number> => {
    const order_line = [1, 2].map((quantity) => [
      0,
      0,
      { product_id: product?.id, name: 'by hand', product_qty: quantity, price_unit: 7.5, tax_ids: [[6, 0, []]] },
    ]);
    return (await call<number[]>(odoo, 'purchase.order', 'create', { vals_list: [{ name, partner_id: partner, order_line }] }))[0] as number;
  };
  const [vendor] = [...suppliers.values()];
  const made: number[] = [];
  for (let index = 0; index < drift.added; index += 1) made.push(await make(`AW-H${index + 1}`, vendor?.id));
  const repeated: number[] = [];
  for (const id of drift.repeated) repeated.push(await make(orderNo(id), of(orders, orderNo(id)).partner_id));
  const values = { name: 'A new supplier', ref: 'ANEWSUP0001', supplier_rank: 1, is_company: true };
  const newSuppliers = await call<number[]>(odoo, 'res.partner', 'create', { vals_list: [values] });
  const newLines = await call<number[]>(odoo, 'purchase.order.line', 'search', { domain: [['order_id', 'in', [...made, ...repeated]]], order: 'id' });
  return { orders: made, repeatedOrders: repeated, lines: newLines, suppliers: newSuppliers };
}

/** As somebody puts it right while the night runs. */
export async function putCitiesBack(odoo: BareOdoo, cities: ReadonlyMap<string, string>): Promise<void> {
  const suppliers = await byField(odoo, 'res.partner', [['ref', '!=', false]], 'ref', ['city']);
  await write(
    odoo,
    'res.partner',
    [...cities].map(([key, city]) => [suppliers.get(key)?.id as number, { city }]),
  );
}

async function byField(odoo: BareOdoo, model: string, domain: unknown[], key: string, fields: string[]): Promise<Map<string, BareRecord>> {
  return new Map((await readAll(odoo, model, domain, [key, ...fields])).map((record) => [String(record[key]), record]));
}

/** Lines have no number in Odoo: their External IDs have it. */
async function linesByKey(odoo: BareOdoo): Promise<Map<string, number>> {
  const domain = [
    ['module', '=', 'adventureworks'],
    ['model', '=', 'purchase.order.line'],
  ];
  const rows = await readAll(odoo, 'ir.model.data', domain, ['name', 'res_id']);
  return new Map(rows.map((row) => [(String(row.name).split('__')[2] as string).replaceAll('_2f', '/'), Number(row.res_id)]));
}

async function write(odoo: BareOdoo, model: string, changes: Changes): Promise<void> {
  for (let start = 0; start < changes.length; start += 100) {
    const some = changes.slice(start, start + 100);
    await call(odoo, model, 'web_save_multi', { ids: some.map(([id]) => id), vals_list: some.map(([, values]) => values), specification: {} });
  }
}

async function removeOrder(odoo: BareOdoo, order: BareRecord): Promise<void> {
  const ids = [order.id];
  if (order.locked === true) await call(odoo, 'purchase.order', 'button_unlock', { ids });
  if (order.state !== 'cancel') await call(odoo, 'purchase.order', 'button_cancel', { ids });
  const lines = await call<number[]>(odoo, 'purchase.order.line', 'search', { domain: [['order_id', 'in', ids]] });
  await call(odoo, 'purchase.order.line', 'unlink', { ids: lines });
  await call(odoo, 'purchase.order', 'unlink', { ids });
}
