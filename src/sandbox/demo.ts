/** What a database holds that has been in use: suppliers, products with prices, orders in several states. Made through the same calls as a user's. */
import type { Environment } from './environment.ts';
import type { Json, JsonObject } from './values.ts';
import { createRecords } from './writing.ts';

const suppliers: readonly JsonObject[] = [
  {
    name: 'Northfield Surgical',
    ref: 'V-1001',
    vat: 'US841234561',
    city: 'Denver',
    street: '12 Mill Street',
    zip: '80202',
    country_id: 233,
    email: 'orders@northfield.example',
  },
  { name: 'Alder Labs', ref: 'V-1002', city: 'Portland', street: '400 Dock Road', zip: '97201', country_id: 233, email: 'sales@alder.example' },
  { name: 'Kestrel Pharma', ref: 'V-1003', city: 'Boston', zip: '02108', country_id: 233 },
  { name: 'Harbor Linen Service', city: 'Oakland', country_id: 233 },
];

const products: readonly JsonObject[] = [
  { name: 'Nitrile gloves, M', default_code: 'GLV-M', type: 'consu', standard_price: 4.2, list_price: 6, barcode: '4006381333931' },
  { name: 'Gauze 10 x 10', default_code: 'GAU-10', type: 'consu', standard_price: 0.35, list_price: 0.6 },
  { name: 'Saline 0.9 %, 500 ml', default_code: 'SAL-500', type: 'consu', standard_price: 1.1, list_price: 2 },
  { name: 'Calibration visit', default_code: 'SRV-CAL', type: 'service', standard_price: 180, list_price: 220 },
];

export function seedDemo(environment: Environment): void {
  const create = (model: string, values: readonly Json[]): number[] => createRecords(environment, environment.model(model), values);
  const partners = create(
    'res.partner',
    suppliers.map((values) => ({ is_company: true, supplier_rank: 1, ...values })),
  );
  create('res.partner', [{ name: 'Jo Meyer', parent_id: partners[0] ?? false, email: 'jo@northfield.example', type: 'contact' }]);
  const [category = 0] = create('product.category', [{ name: 'Medical supplies' }]);
  const items = create(
    'product.product',
    products.map((values) => ({ categ_id: category, ...values })),
  );
  create('product.supplierinfo', [
    { partner_id: partners[0] ?? false, product_id: items[0] ?? false, min_qty: 10, price: 3.95, delay: 3 },
    { partner_id: partners[1] ?? false, product_id: items[2] ?? false, min_qty: 1, price: 1.05, delay: 7 },
  ]);
  const line = (item: number, quantity: number, price: number): Json => [
    0,
    0,
    { product_id: items[item] ?? false, product_qty: quantity, price_unit: price, tax_ids: [[6, 0, []]] },
  ];
  const orders = create('purchase.order', [
    { partner_id: partners[0] ?? false, partner_ref: 'NF-778', order_line: [line(0, 100, 3.95), line(1, 500, 0.33)] },
    { partner_id: partners[1] ?? false, order_line: [line(2, 48, 1.05)] },
    { partner_id: partners[2] ?? false, order_line: [line(3, 1, 180)] },
  ]);
  environment
    .model('purchase.order')
    .methods.get('button_confirm')
    ?.call({ environment, model: environment.model('purchase.order'), ids: orders.slice(0, 1), arguments: {} });
}
