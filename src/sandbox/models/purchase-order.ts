/** purchase.order: its amounts, its states and the buttons between them. */
import type { Environment } from '../environment.ts';
import { userError, valueError } from '../errors.ts';
import type { Behaviour, MethodCall } from '../model.ts';
import { existingRows } from '../reading.ts';
import { asId, asIds, asNumber, asText, isTruthy, type JsonObject, type Row, type Value } from '../values.ts';
import { createRecords, writeRecords } from '../writing.ts';
import { cancelMoves, cancelPickings, receiveOrder } from './receipts.ts';
import { orderAmounts } from './taxes.ts';
import { convertPrice } from './unit.ts';

const model = 'purchase.order';

export function linesOf(environment: Environment, order: number): Row[] {
  return [...environment.model('purchase.order.line').table.find('order_id', order)]
    .map((id) => environment.row('purchase.order.line', id))
    .filter((row) => row !== undefined)
    .sort((left, right) => asNumber(left.sequence) - asNumber(right.sequence) || left.id - right.id);
}

export function movesOfLines(environment: Environment, lines: readonly Row[]): Row[] {
  const moves = environment.model('stock.move').table;
  return lines.flatMap((line) => [...moves.find('purchase_line_id', line.id)].map((id) => moves.get(id))).filter((row) => row !== undefined);
}

export function pickingIdsOf(environment: Environment, order: number): number[] {
  const ids = new Set(
    movesOfLines(environment, linesOf(environment, order))
      .map((move) => asId(move.picking_id))
      .filter((id) => id !== null),
  );
  return environment.visible(environment.model('stock.picking'), [...ids]);
}

function pickingStates(environment: Environment, order: Row): Value[] {
  return pickingIdsOf(environment, order.id).map((id) => environment.get('stock.picking', id, 'state'));
}

function receiptStatus(environment: Environment, order: Row): Value {
  const states = pickingStates(environment, order);
  if (states.every((state) => state === 'cancel')) return false;
  if (states.every((state) => state === 'done' || state === 'cancel')) return 'full';
  return states.includes('done') ? 'partial' : 'pending';
}

function effectiveDate(environment: Environment, order: Row): Value {
  const done = pickingIdsOf(environment, order.id)
    .filter((id) => environment.get('stock.picking', id, 'state') === 'done')
    .filter((id) => environment.get('stock.picking', id, 'picking_type_code') === 'incoming')
    .map((id) => asText(environment.get('stock.picking', id, 'date_done')))
    .filter((date) => date !== '');
  return done.sort()[0] ?? false;
}

function plannedDate(environment: Environment, order: Row): Value {
  const dates = linesOf(environment, order.id).map((line) => asText(line.date_planned));
  return dates.filter((date) => date !== '').sort()[0] ?? false;
}

function invoiceStatus(environment: Environment, order: Row): Value {
  if (order.state !== 'purchase') return 'no';
  const open = linesOf(environment, order.id).some((line) => asNumber(environment.get('purchase.order.line', line.id, 'qty_to_invoice')) !== 0);
  return open ? 'to invoice' : 'no';
}

/** A confirmed order makes its supplier one of the product's, unless it has more than ten already. */
function addSuppliersToProducts(environment: Environment, order: Row): void {
  const partner = asId(order.partner_id) ?? 0;
  const supplier = asId(environment.get('res.partner', partner, 'parent_id')) ?? partner;
  for (const line of linesOf(environment, order.id)) {
    const product = asId(line.product_id);
    if (product === null) continue;
    const template = asId(environment.get('product.product', product, 'product_tmpl_id')) ?? 0;
    const sellers = asIds(environment.get('product.template', template, 'seller_ids')).map((id) => environment.row('product.supplierinfo', id));
    if (sellers.length > 10 || sellers.some((seller) => seller?.partner_id === supplier || seller?.partner_id === partner)) continue;
    const unit = asId(environment.get('product.template', template, 'uom_id')) ?? 0;
    createRecords(environment, environment.model('product.supplierinfo'), [
      {
        partner_id: supplier,
        product_tmpl_id: template,
        sequence: sellers.length > 0 ? Math.max(...sellers.map((seller) => asNumber(seller?.sequence))) + 1 : 1,
        min_qty: 1,
        price: convertPrice(environment, asNumber(line.price_unit), asId(line.product_uom_id) ?? unit, unit),
        currency_id: asId(order.currency_id) ?? false,
        discount: asNumber(line.discount),
        delay: 0,
      },
    ]);
  }
}

function confirm({ environment, ids }: MethodCall): true {
  const orders = environment.model(model);
  for (const order of existingRows(environment, orders, ids)) {
    if (order.state !== 'draft' && order.state !== 'sent') continue;
    if (linesOf(environment, order.id).some((line) => !line.display_type && !line.is_downpayment && asId(line.product_id) === null)) {
      throw userError('Some order lines are missing a product, you need to correct them before going further.');
    }
    addSuppliersToProducts(environment, order);
    writeRecords(environment, orders, [order.id], { state: 'purchase', date_approve: environment.now });
    if (environment.get(model, order.id, 'lock_confirmed_po') === 'lock') writeRecords(environment, orders, [order.id], { locked: true });
    receiveOrder(environment, order.id);
  }
  return true;
}

function cancel({ environment, ids }: MethodCall): undefined {
  const orders = existingRows(environment, environment.model(model), ids);
  for (const order of orders) {
    const moves = movesOfLines(environment, linesOf(environment, order.id)).filter((move) => move.state !== 'done');
    const pickings = pickingIdsOf(environment, order.id).filter((id) => !['cancel', 'done'].includes(String(environment.get('stock.picking', id, 'state'))));
    cancelMoves(environment, moves);
    if (pickings.length > 0) cancelPickings(environment, pickings);
  }
  const locked = orders.filter((order) => order.locked === true);
  if (locked.length > 0) {
    const names = joinNames(locked.map((order) => environment.displayName(environment.model(model), order)));
    throw userError(`Unable to cancel purchase order(s): ${names}. You must first unlock them.`);
  }
  if (ids.length > 0) writeRecords(environment, environment.model(model), ids, { state: 'cancel', reference_ids: [[5, 0, 0]] });
}

function joinNames(names: readonly string[]): string {
  if (names.length <= 1) return names.join('');
  return names.length === 2 ? names.join(' and ') : `${names.slice(0, -1).join(', ')}, and ${names.at(-1)}`;
}

function setting(values: { readonly [field: string]: boolean | string }, answer?: JsonObject): (call: MethodCall) => JsonObject | undefined {
  return ({ environment, ids }) => {
    if (ids.length > 0) writeRecords(environment, environment.model(model), ids, values);
    return answer;
  };
}

export const purchaseOrder: Behaviour = {
  searchNames: ['name', 'partner_ref'],
  indexes: ['name'],
  computes: {
    display_name: (_environment, row) => (asText(row.partner_ref) === '' ? asText(row.name) : `${asText(row.name)} (${asText(row.partner_ref)})`),
    amount_untaxed: (environment, row) => orderAmounts(environment, row).untaxed,
    amount_tax: (environment, row) => orderAmounts(environment, row).tax,
    amount_total: (environment, row) => orderAmounts(environment, row).total,
    amount_total_cc: (environment, row) => orderAmounts(environment, row).total,
    currency_rate: () => 1,
    date_planned: plannedDate,
    date_calendar_start: (_environment, row) => (row.state === 'purchase' ? (row.date_approve ?? false) : (row.date_order ?? false)),
    picking_ids: (environment, row) => pickingIdsOf(environment, row.id),
    incoming_picking_count: (environment, row) => pickingIdsOf(environment, row.id).length,
    is_shipped: (environment, row) => {
      const states = pickingStates(environment, row);
      return states.length > 0 && states.every((state) => state === 'done' || state === 'cancel');
    },
    effective_date: effectiveDate,
    receipt_status: receiptStatus,
    invoice_count: () => 0,
    invoice_status: invoiceStatus,
  },
  prepareCreate: (environment, values) => {
    if ((values.name ?? 'New') === 'New') values.name = environment.database.nextNumber('purchase.order', 'P', 5);
    if (!('user_id' in values)) values.user_id = environment.userId;
    if (!isTruthy(values.currency_id)) {
      const own = environment.get('res.partner', Number(values.partner_id ?? 0), 'property_purchase_currency_id');
      values.currency_id = asId(own) ?? asId(environment.get('res.company', 1, 'currency_id')) ?? false;
    }
  },
  prepareWrite: (_environment, rows, values) => {
    if (isTruthy(values.order_line) && rows.length > 1) throw valueError(`Expected singleton: purchase.order(${rows.map((row) => row.id).join(', ')})`);
  },
  beforeUnlink: (_environment, rows) => {
    if (rows.some((row) => row.state !== 'cancel')) throw userError('In order to delete a purchase order, you must cancel it first.');
  },
  methods: {
    button_confirm: { parameters: [], call: confirm },
    button_cancel: { parameters: [], call: cancel },
    button_draft: { parameters: [], call: setting({ state: 'draft' }, {}) },
    button_lock: { parameters: [], call: setting({ locked: true }) },
    button_unlock: { parameters: [], call: setting({ locked: false }) },
    button_approve: {
      parameters: ['force?'],
      call: ({ environment, ids }) => {
        writeRecords(environment, environment.model(model), ids, { state: 'purchase', date_approve: environment.now });
        for (const id of ids) receiveOrder(environment, id);
        return {};
      },
    },
  },
};

export function touchOrder(environment: Environment, order: Value | undefined): void {
  const id = asId(order);
  const row = id === null ? undefined : environment.row(model, id);
  // A stored amount was computed anew, and that is a write.
  if (row) environment.model(model).table.put({ ...row, write_uid: environment.userId, write_date: environment.now });
}
