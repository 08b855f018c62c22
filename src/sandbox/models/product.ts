/** product.template with its one variant, product.product, and what hangs on them. */

import { unlinkRecords } from '../deleting.ts';
import type { Environment } from '../environment.ts';
import { userError, validationError } from '../errors.ts';
import type { Behaviour, Compute } from '../model.ts';
import { asId, asIds, asNumber, asText, isTruthy, type Json, type Row, type Value, type Values } from '../values.ts';
import { createRecords, patchRow, writeRecords } from '../writing.ts';
import { formsRing, parentPath, pathName } from './hierarchy.ts';

const variantFields = ['default_code', 'barcode', 'standard_price', 'volume', 'weight'] as const;

function variantIds(environment: Environment, template: number): number[] {
  return [...environment.model('product.product').table.find('product_tmpl_id', template)];
}

/** A template shows the fields of its variant as long as it has one only. */
function ofOnlyVariant(name: string, otherwise: Value): Compute {
  return (environment, row) => {
    const [only, ...others] = variantIds(environment, row.id);
    return only === undefined || others.length > 0 ? otherwise : environment.get('product.product', only, name);
  };
}

function toOnlyVariant(name: string): (environment: Environment, row: Row, value: Json) => void {
  return (environment, row, value) => {
    const [only, ...others] = variantIds(environment, row.id);
    if (only !== undefined && others.length === 0) writeRecords(environment, environment.model('product.product'), [only], { [name]: value });
  };
}

function codeAndName(code: Value | undefined, name: Value | undefined): string {
  return asText(code) === '' ? asText(name) : `[${asText(code)}] ${asText(name)}`;
}

export const productTemplate: Behaviour = {
  searchNames: ['name', 'default_code', 'barcode'],
  indexes: ['name'],
  computes: {
    ...Object.fromEntries(variantFields.map((name) => [name, ofOnlyVariant(name, name === 'default_code' || name === 'barcode' ? false : 0)])),
    display_name: (environment, row) => codeAndName(ofOnlyVariant('default_code', false)(environment, row), row.name),
    currency_id: (environment) => environment.get('res.company', 1, 'currency_id'),
    cost_currency_id: (environment) => environment.get('res.company', 1, 'currency_id'),
    is_product_variant: () => false,
    product_variant_count: (environment, row) => asIds(environment.get('product.template', row.id, 'product_variant_ids')).length,
    product_variant_id: (environment, row) => asIds(environment.get('product.template', row.id, 'product_variant_ids'))[0] ?? false,
  },
  inverses: Object.fromEntries(variantFields.map((name) => [name, toOnlyVariant(name)])),
  prepareCreate: (environment, values) => {
    if (!('responsible_id' in values)) values.responsible_id = environment.userId;
    if (!('purchase_method' in values)) values.purchase_method = values.type === 'service' ? 'purchase' : 'receive';
    withoutStockForServices(values);
  },
  written: (environment, before, values) => {
    if (!('active' in values)) return;
    const variants = before.flatMap((row) => variantIds(environment, row.id));
    if (variants.length > 0) writeRecords(environment, environment.model('product.product'), variants, { active: values.active ?? false });
  },
  created: (environment, rows) => {
    if (environment.context.create_product_product === false) return;
    for (const row of rows) createRecords(environment, environment.model('product.product'), [{ product_tmpl_id: row.id, active: row.active === true }]);
  },
  beforeUnlink: (environment, rows) => {
    const variants = rows.flatMap((row) => variantIds(environment, row.id));
    if (variants.length > 0) unlinkRecords(environment.withContext({ keep_product_template: true }), environment.model('product.product'), variants);
  },
};

function withoutStockForServices(values: Values): void {
  if (values.type === 'service' && isTruthy(values.is_storable)) values.is_storable = false;
}

/** Odoo keeps a valuation record of every change of the standard price. */
function recordValue(environment: Environment, id: number, from: number, to: number): void {
  const price = (value: number): string => (Number.isInteger(value) && value !== 0 ? value.toFixed(1) : String(value));
  createRecords(environment, environment.model('product.value'), [
    {
      product_id: id,
      value: to,
      company_id: 1,
      user_id: environment.userId,
      date: environment.now,
      description: `Price update from ${price(from)} to ${price(to)} by ${environment.nameOf('res.users', environment.userId)}`,
    },
  ]);
}

function refuseSharedBarcodes(environment: Environment, rows: readonly Row[]): void {
  const table = environment.model('product.product').table;
  const lines: string[] = [];
  for (const barcode of new Set(rows.map((row) => asText(row.barcode)).filter((text) => text !== ''))) {
    const holders = [...table.find('barcode', barcode)].sort((left, right) => left - right);
    if (holders.length > 1) lines.push(`- Barcode "${barcode}" already assigned to product(s): ${namesOf(environment, holders)}`);
  }
  if (lines.length === 0) return;
  throw validationError(`Barcode(s) already assigned:\n\n${lines.join('\n')}\n\nNote: products that you don't have access to will not be shown above.`);
}

function namesOf(environment: Environment, ids: readonly number[]): string {
  const names = ids.map((id) => environment.nameOf('product.product', id));
  return names.length <= 1 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

export const productVariant: Behaviour = {
  inherits: { model: 'product.template', field: 'product_tmpl_id' },
  searchNames: ['default_code', 'barcode', 'name'],
  indexes: ['default_code', 'barcode'],
  computes: {
    display_name: (environment, row) => codeAndName(row.default_code, environment.get('product.template', asId(row.product_tmpl_id) ?? 0, 'name')),
    partner_ref: (environment, row) => environment.nameOf('product.product', row.id),
    code: (_environment, row) => row.default_code ?? false,
    is_product_variant: () => true,
    lst_price: (environment, row) => environment.get('product.template', asId(row.product_tmpl_id) ?? 0, 'list_price'),
  },
  inverses: {
    lst_price: (environment, row, value) =>
      writeRecords(environment, environment.model('product.template'), [asId(row.product_tmpl_id) ?? 0], { list_price: value }),
  },
  created: (environment, rows) => {
    for (const row of rows) if (asNumber(row.standard_price) !== 0) recordValue(environment, row.id, 0, asNumber(row.standard_price));
  },
  written: (environment, before, values) => {
    for (const row of before) {
      const price = asNumber(environment.get('product.product', row.id, 'standard_price'));
      if ('standard_price' in values && price !== asNumber(row.standard_price)) recordValue(environment, row.id, asNumber(row.standard_price), price);
      if (isTruthy(values.active)) patchRow(environment, environment.model('product.template'), asId(row.product_tmpl_id) ?? 0, { active: true });
    }
  },
  validate: (environment, rows, fields) => {
    if (fields.has('barcode')) refuseSharedBarcodes(environment, rows);
  },
  unlinked: (environment, rows) => {
    if (environment.context.keep_product_template === true) return;
    const orphans = new Set(rows.map((row) => asId(row.product_tmpl_id) ?? 0).filter((id) => variantIds(environment, id).length === 0));
    const templates = environment.model('product.template');
    for (const id of orphans) if (templates.table.has(id)) unlinkRecords(environment, templates, [id]);
  },
};

export const productCategory: Behaviour = {
  recordName: 'complete_name',
  searchNames: ['complete_name'],
  parent: 'parent_id',
  computes: {
    complete_name: (environment, row) => pathName(environment, 'product.category', 'parent_id', row),
    parent_path: (environment, row) => parentPath(environment, 'product.category', 'parent_id', row),
    product_count: (environment, row) => environment.searchIds('product.template', [['categ_id', 'child_of', row.id]]).length,
  },
  validate: (environment, rows, fields) => {
    if (fields.has('parent_id') && formsRing(environment, 'product.category', 'parent_id', rows)) throw userError('Recursion Detected.');
  },
};

export const supplierPrice: Behaviour = {
  recordName: 'partner_id',
  computes: {
    display_name: (environment, row) => {
      const currency = environment.row('res.currency', asId(row.currency_id) ?? 0);
      const quantity = asNumber(row.min_qty);
      const amount = `${asText(currency?.symbol)} ${asNumber(row.price).toFixed(2)}`;
      const count = Number.isInteger(quantity) ? quantity.toFixed(1) : String(quantity);
      return `${environment.nameOf('res.partner', asId(row.partner_id) ?? 0)} (${count} ${environment.nameOf('uom.uom', asId(row.product_uom_id) ?? 0)} - ${amount})`;
    },
    price_discounted: (_environment, row) => asNumber(row.price) * (1 - asNumber(row.discount) / 100),
  },
  prepareCreate: (environment, values) => completeSupplierPrice(environment, values),
  prepareWrite: (environment, _rows, values) => {
    if (isTruthy(values.product_id) && !('product_tmpl_id' in values)) {
      values.product_tmpl_id = environment.get('product.product', Number(values.product_id), 'product_tmpl_id') as Json;
    }
  },
};

/** The template follows from the variant, or the variant from a template that has one only; the unit is the product's. */
function completeSupplierPrice(environment: Environment, values: Values): void {
  if (isTruthy(values.product_id) && !isTruthy(values.product_tmpl_id)) {
    values.product_tmpl_id = environment.get('product.product', Number(values.product_id), 'product_tmpl_id') as Json;
  } else if (isTruthy(values.product_tmpl_id) && !('product_id' in values)) {
    values.product_id = environment.get('product.template', Number(values.product_tmpl_id), 'product_variant_id') as Json;
  }
  if (!isTruthy(values.product_uom_id) && isTruthy(values.product_tmpl_id)) {
    values.product_uom_id = environment.get('product.template', Number(values.product_tmpl_id), 'uom_id') as Json;
  }
}

export const productValue: Behaviour = {
  computes: { display_name: (_environment, row) => `product.value,${row.id}` },
};
