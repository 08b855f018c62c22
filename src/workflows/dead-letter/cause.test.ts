import { expect, test } from 'vitest';
import type { PlanManifest, PlannedEntity } from '../../domain/plan.ts';
import { causeOf, type Refused } from './cause.ts';

const field = (name: string, pii = false): PlannedEntity['fields'][string] => ({ field: name, type: 'char', pii });
const entityOf = (model: string, fields: PlannedEntity['fields'], more: Partial<PlannedEntity> = {}): PlannedEntity => ({
  ...{ model, batch: 250, context: {}, in: null, parentField: null, byproducts: [], stateFields: [], keyIsPii: false, fields },
  ...more,
});
const manifest = {
  entities: {
    unit: entityOf('uom.uom', { name: field('name'), relative_factor: field('factor') }),
    product: entityOf('product.product', { default_code: field('product_no'), barcode: field('gtin'), uom_id: field('unit') }),
    account: entityOf('res.partner.bank', { acc_number: field('account_number', true), partner_id: field('supplier') }, { keyIsPii: true }),
    order: entityOf('purchase.order', { name: field('order_no'), partner_id: field('supplier') }),
    line: entityOf('purchase.order.line', { product_id: field('product'), product_qty: field('quantity') }, { in: 'order_line', parentField: 'order_id' }),
  },
} as unknown as PlanManifest;
const refused = (entity: string, message: string, values: Refused['values'], more: Partial<Refused> & { readonly column?: string } = {}): Refused => {
  const { column, ...rest } = more;
  return { entity, line: null, step: 'record', refusal: { name: 'load', message, ...(column === undefined ? {} : { field: column }) }, values, ...rest };
};

/** Words of Odoo 14 and 19. */
const told: readonly (readonly [string, Refused, object])[] = [
  [
    'a required field, by its name',
    refused(
      'unit',
      "Missing required value for the field 'Name' (name).\nModel: 'Product Unit of Measure' (uom.uom)\n- create/update: a mandatory field is not set",
      {},
    ),
    { entity: 'unit', field: 'name', rule: 'required', told: 'named' },
  ],
  [
    'a column of load',
    refused('product', "No matching record found for database id '77' in field 'Unit'", { uom_id: 77 }, { column: 'uom_id/.id' }),
    { field: 'unit', odooField: 'uom_id', rule: 'reference-missing', told: 'named' },
  ],
  [
    'the one value that stands in the words',
    refused('product', 'Barcode(s) already assigned:\n\n- Barcode "4006381333931" already assigned to product(s): Gloves', {
      default_code: 'P-1',
      barcode: '4006381333931',
    }),
    { field: 'gtin', rule: 'not-unique', told: 'value' },
  ],
  [
    'the one field that is 0',
    refused('unit', 'The conversion ratio for a unit of measure cannot be 0!', { name: 'Box', relative_factor: '0' }),
    { field: 'factor', rule: 'out-of-range', told: 'value' },
  ],
  [
    'nothing, where two fields are 0',
    refused('unit', 'It cannot be 0!', { name: '0', relative_factor: '0' }),
    { field: null, rule: 'out-of-range', told: null },
  ],
  [
    'a line of an order',
    refused('order', "No matching record found for database id '9' in field 'Order Lines/Product'", { name: 'PO-1' }, { column: 'order_line' }),
    { entity: 'line', field: null, rule: 'reference-missing' },
  ],
  [
    'the state that made a step be taken',
    refused('order', 'Some receipt is done already.', { name: 'PO-1' }, { step: 'confirm' }),
    { entity: 'order', field: 'state', rule: 'step', told: 'state' },
  ],
];

test.each(told)('tells %s', (_, one, expected) => {
  expect(causeOf(one, manifest, 'state')).toMatchObject(expected);
});

test('contents of pii fields are in neither the words nor the reason, and neither is what Odoo quotes of another record', () => {
  const message =
    'A bank account with Account Number "DE89 3704 0044 0532 0130 00" already exists for Partner \'Jane Doe\' (jane@example.org), but DE02120300000000202051 is archived.';
  const { words, reason, field: name } = causeOf(refused('account', message, { acc_number: 'DE02120300000000202051', partner_id: 12 }), manifest, null);
  for (const text of [words, reason])
    for (const content of ['DE89', '0532', 'Jane', 'example.org', '202051']) expect([text, text.includes(content)]).toEqual([text, false]);
  expect(words).toContain('A bank account with Account Number');
  expect(reason).toContain('‹account_number›');
  expect(name).toBe('account_number');
});

test('records refused for one reason have one reason', () => {
  const reasons = ['P-100', 'P-2'].map(
    (code) => causeOf(refused('product', `Product ${code} is blocked since 2024`, { default_code: code }), manifest, null).reason,
  );
  expect(new Set(reasons)).toEqual(new Set(['Product ‹product_no› is blocked since #']));
});
