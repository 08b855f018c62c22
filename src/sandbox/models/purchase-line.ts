/** purchase.order.line: what a line is filled in with, its amounts, and its part in the receipt. */
import { Decimal } from 'decimal.js';
import type { Environment } from '../environment.ts';
import { userError } from '../errors.ts';
import { roundTo } from '../fields.ts';
import type { Behaviour } from '../model.ts';
import { addDays } from '../time.ts';
import { asId, asIds, asNumber, asText, isTruthy, type Json, type Row, type Value, type Values } from '../values.ts';
import { patchRow } from '../writing.ts';
import { movesOfLines, touchOrder } from './purchase-order.ts';
import { adaptMoves, cancelMoves } from './receipts.ts';
import { lineAmounts } from './taxes.ts';
import { convertPrice, convertQuantity } from './unit.ts';

const model = 'purchase.order.line';

interface Sellers {
  /** Of this supplier, best first. */
  readonly own: readonly Row[];
  readonly chosen: Row | undefined;
}

/** As `_select_seller`: by sequence, then the largest minimum that the quantity reaches, then the price. */
function sellersOf(environment: Environment, product: number, partner: number, quantity: number): Sellers {
  const template = asId(environment.get('product.product', product, 'product_tmpl_id')) ?? 0;
  const own = asIds(environment.get('product.template', template, 'seller_ids'))
    .map((id) => environment.row('product.supplierinfo', id))
    .filter((row) => row !== undefined)
    .filter((row) => row.partner_id === partner && (asId(row.product_id) ?? product) === product);
  const byFit = (left: Row, right: Row): number =>
    asNumber(left.sequence) - asNumber(right.sequence) ||
    asNumber(right.min_qty) - asNumber(left.min_qty) ||
    asNumber(left.price) - asNumber(right.price) ||
    left.id - right.id;
  const sorted = [...own].sort(byFit);
  return { own: sorted, chosen: sorted.find((row) => asNumber(row.min_qty) <= quantity) };
}

/** Odoo's onchange fills in the fields that were not sent; a field sent empty stays empty. */
function fillIn(environment: Environment, values: Values): void {
  const order = environment.row('purchase.order', Number(values.order_id ?? 0));
  const product = environment.row('product.product', Number(values.product_id ?? 0));
  if (!order || !product || !isTruthy(values.product_id)) return;
  const get = (name: string): Json => environment.get('product.product', product.id, name) as Json;
  const partner = asId(order.partner_id) ?? 0;
  const own = sellersOf(environment, product.id, partner, Number.POSITIVE_INFINITY).own;
  // The onchange first suggests the smallest quantity this supplier delivers, and chooses the price by it, whatever quantity was sent.
  const suggested = own.length === 0 ? 1 : Math.min(...own.map((row) => asNumber(row.min_qty))) || 1;
  const { chosen } = sellersOf(environment, product.id, partner, suggested);
  if (!('product_qty' in values)) values.product_qty = suggested;
  if (!('product_uom_id' in values)) values.product_uom_id = asId(chosen?.product_uom_id) ?? get('uom_id');
  if (!('tax_ids' in values)) values.tax_ids = [[6, 0, asIds(environment.get('product.product', product.id, 'supplier_taxes_id'))]];
  if (!('date_planned' in values)) values.date_planned = addDays(asText(order.date_order), asNumber(chosen?.delay));
  if (!('price_unit' in values)) values.price_unit = defaultPrice(environment, product.id, chosen, Number(values.product_uom_id ?? 0));
  if (!('discount' in values)) values.discount = asNumber(chosen?.discount);
  if (!('name' in values)) values.name = purchaseDescription(environment, product, chosen ?? own[0]);
}

const filledIn = ['name', 'price_unit', 'date_planned', 'discount'] as const;

/** A quantity or unit written alone finds its price, day and discount anew, unless the price was set by hand.
 *  One of them written too keeps all of them as they are. */
function priceAnew(environment: Environment, line: Row, values: Readonly<Values>): void {
  const product = environment.row('product.product', asId(line.product_id) ?? 0);
  if (!product || filledIn.some((name) => name in values) || !('product_qty' in values || 'product_uom_id' in values)) return;
  if (asNumber(line.technical_price_unit) !== asNumber(line.price_unit)) return;
  const order = environment.row('purchase.order', asId(line.order_id) ?? 0);
  const { own, chosen } = sellersOf(environment, product.id, asId(order?.partner_id) ?? 0, asNumber(line.product_qty));
  const unit = asId(line.product_uom_id) ?? 0;
  const changes: { [name: string]: Value } = {};
  if (chosen || !line.date_planned) changes.date_planned = addDays(asText(order?.date_order), asNumber(chosen?.delay));
  if (chosen || own.length > 0 || asNumber(line.price_unit) === 0 || 'product_uom_id' in values) {
    changes.price_unit = defaultPrice(environment, product.id, chosen, unit);
    changes.technical_price_unit = changes.price_unit;
    changes.discount = asNumber(chosen?.discount);
    const usual = [undefined, ...own].map((seller) => purchaseDescription(environment, product, seller));
    if (!line.name || usual.includes(asText(line.name))) changes.name = purchaseDescription(environment, product, chosen);
  }
  patchRow(environment, environment.model(model), line.id, changes);
}

/** Prices of products and suppliers are rounded to "Product Price" when they become a line's default. */
function defaultPrice(environment: Environment, product: number, seller: Row | undefined, unit: number): number {
  const [price, from] = seller
    ? [asNumber(seller.price), asId(seller.product_uom_id) ?? 0]
    : [asNumber(environment.get('product.product', product, 'standard_price')), asId(environment.get('product.product', product, 'uom_id')) ?? 0];
  return seller ? convertPrice(environment, roundTo(price, 2), from, unit) : roundTo(convertPrice(environment, price, from, unit), 2);
}

function purchaseDescription(environment: Environment, product: Row, seller: Row | undefined): string {
  const code = asText(seller?.product_code) || asText(product.default_code);
  const name = asText(seller?.product_name) || asText(environment.get('product.product', product.id, 'name'));
  const description = asText(environment.get('product.product', product.id, 'description_purchase'));
  return `${code === '' ? name : `[${code}] ${name}`}${description === '' ? '' : `\n${description}`}`;
}

function productType(environment: Environment, row: Row): string {
  const product = asId(row.product_id);
  return product === null ? '' : asText(environment.get('product.product', product, 'type'));
}

function receivedQuantity(environment: Environment, row: Row): number {
  if (productType(environment, row) !== 'consu') return asNumber(row.qty_received_manual);
  const unit = asId(row.product_uom_id) ?? 0;
  const done = movesOfLines(environment, [row]).filter((move) => move.state === 'done');
  return done.reduce((sum, move) => {
    const quantity = convertQuantity(environment, asNumber(move.quantity), asId(move.product_uom) ?? unit, unit);
    return environment.get('stock.location', asId(move.location_dest_id) ?? 0, 'usage') === 'supplier' ? sum - quantity : sum + quantity;
  }, 0);
}

function quantityToInvoice(environment: Environment, row: Row): number {
  if (environment.get('purchase.order', asId(row.order_id) ?? 0, 'state') !== 'purchase') return 0;
  const product = asId(row.product_id) ?? 0;
  return environment.get('product.product', product, 'purchase_method') === 'purchase' ? asNumber(row.product_qty) : receivedQuantity(environment, row);
}

function isConfirmed(environment: Environment, line: Row): boolean {
  return environment.get('purchase.order', asId(line.order_id) ?? 0, 'state') === 'purchase';
}

export const purchaseLine: Behaviour = {
  computes: {
    product_uom_qty: (environment, row) => {
      const unit = asId(row.product_uom_id) ?? 0;
      const stocked = asId(environment.get('product.product', asId(row.product_id) ?? 0, 'uom_id')) ?? unit;
      return convertQuantity(environment, asNumber(row.product_qty), unit, stocked);
    },
    price_subtotal: (environment, row) => lineAmounts(environment, row).untaxed,
    price_total: (environment, row) => lineAmounts(environment, row).total,
    // A difference of floats in Odoo too, unrounded.
    price_tax: (environment, row) => {
      const { total, untaxed } = lineAmounts(environment, row);
      return total - untaxed;
    },
    price_unit_discounted: (_environment, row) =>
      new Decimal(asNumber(row.price_unit))
        .times(new Decimal(100).minus(asNumber(row.discount)))
        .div(100)
        .toNumber(),
    price_unit_product_uom: (environment, row) => {
      const unit = asId(row.product_uom_id) ?? 0;
      return convertPrice(environment, asNumber(row.price_unit), unit, asId(environment.get('product.product', asId(row.product_id) ?? 0, 'uom_id')) ?? unit);
    },
    qty_received_method: (environment, row) =>
      productType(environment, row) === 'consu' ? 'stock_moves' : productType(environment, row) === 'service' ? 'manual' : false,
    qty_received: receivedQuantity,
    qty_invoiced: () => 0,
    qty_to_invoice: quantityToInvoice,
  },
  inverses: {
    // Of a stocked product the receipts decide, whatever is written.
    qty_received: (environment, row, value) => patchRow(environment, environment.model(model), row.id, { qty_received_manual: Number(value ?? 0) }),
  },
  prepareCreate: (environment, values) => {
    if (isTruthy(values.display_type)) Object.assign(values, { product_id: false, price_unit: 0, product_uom_id: false, date_planned: false });
    else fillIn(environment, values);
    if (isTruthy(values.price_unit) && !isTruthy(values.technical_price_unit)) values.technical_price_unit = values.price_unit ?? 0;
  },
  created: (environment, rows) => {
    for (const row of rows) {
      touchOrder(environment, row.order_id);
      if (isConfirmed(environment, row)) adaptMoves(environment, row);
    }
  },
  prepareWrite: (_environment, rows, values) => {
    if ('display_type' in values && rows.some((row) => (row.display_type ?? false) !== (values.display_type ?? false))) {
      throw userError(
        'You cannot change the type of a purchase order line. Instead you should delete the current line and create a new line of the proper type.',
      );
    }
  },
  written: (environment, before, values) => {
    for (const old of before) {
      const written = environment.row(model, old.id);
      if (!written) continue;
      priceAnew(environment, written, values);
      const line = environment.row(model, old.id) ?? written;
      touchOrder(environment, line.order_id);
      const open = movesOfLines(environment, [line]).filter((move) => move.state !== 'done' && move.state !== 'cancel');
      const moves = environment.model('stock.move');
      if (isTruthy(values.date_planned)) for (const move of open) patchRow(environment, moves, move.id, { date_deadline: line.date_planned ?? false });
      if (!isConfirmed(environment, line)) continue;
      if ('price_unit' in values)
        for (const move of open)
          patchRow(environment, moves, move.id, { price_unit: roundTo(asNumber(environment.get(model, line.id, 'price_unit_product_uom')), 2) });
      if ('product_qty' in values && line.product_qty !== old.product_qty) adaptMoves(environment, line);
    }
  },
  beforeUnlink: (environment, rows) => {
    for (const row of rows) {
      if (isConfirmed(environment, row) && !row.display_type) throw userError('Cannot delete a purchase order line which is in state “Purchase Order”.');
    }
    cancelMoves(environment, movesOfLines(environment, rows));
  },
  unlinked: (environment, rows) => {
    for (const row of rows) touchOrder(environment, row.order_id);
  },
};
