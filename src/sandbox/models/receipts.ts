/** What a confirmed order makes in the warehouse, and how it is taken back: stock.picking, stock.move and their lines. */
import type { Environment } from '../environment.ts';
import { userError } from '../errors.ts';
import { roundTo } from '../fields.ts';
import { existingRows } from '../reading.ts';
import { asId, asIds, asNumber, asText, type Row, type Value } from '../values.ts';
import { createRecords, patchRow, writeRecords } from '../writing.ts';
import { convertPrice, convertQuantity } from './unit.ts';

const pickingModel = 'stock.picking';
const moveModel = 'stock.move';

function isOpen(row: Row): boolean {
  return row.state !== 'done' && row.state !== 'cancel';
}

export function movesOfPicking(environment: Environment, picking: number): Row[] {
  const moves = environment.model(moveModel).table;
  return [...moves.find('picking_id', picking)].map((id) => moves.get(id)).filter((row) => row !== undefined);
}

function movesOfLine(environment: Environment, line: number): Row[] {
  const moves = environment.model(moveModel).table;
  return [...moves.find('purchase_line_id', line)].map((id) => moves.get(id)).filter((row) => row !== undefined);
}

function linesOf(environment: Environment, order: number): Row[] {
  const lines = environment.model('purchase.order.line').table;
  return [...lines.find('order_id', order)].map((id) => lines.get(id)).filter((row) => row !== undefined);
}

function isGoods(environment: Environment, line: Row): boolean {
  const product = asId(line.product_id);
  return product !== null && environment.get('product.product', product, 'type') === 'consu';
}

function typeWithCode(environment: Environment, code: string): number {
  return environment.searchIds('stock.picking.type', [['code', '=', code]], { order: 'id', limit: 1 })[0] ?? 0;
}

function usage(environment: Environment, location: Value | undefined): Value {
  return environment.get('stock.location', asId(location) ?? 0, 'usage');
}

function referenceOf(environment: Environment, order: Row): number {
  const known = asIds(order.reference_ids)[0];
  if (known !== undefined) return known;
  const [made = 0] = createRecords(environment, environment.model('stock.reference'), [{ name: asText(order.name) }]);
  const current = environment.row('purchase.order', order.id) ?? order;
  environment.model('purchase.order').table.put({ ...current, reference_ids: [made] });
  return made;
}

function createPicking(environment: Environment, order: Row, returning: boolean): Row {
  const type = returning ? typeWithCode(environment, 'outgoing') : (asId(order.picking_type_id) ?? 0);
  const supplier = asId(environment.get('res.partner', asId(order.partner_id) ?? 0, 'property_stock_supplier')) ?? 0;
  const stock = asId(environment.get('stock.picking.type', asId(order.picking_type_id) ?? 0, 'default_location_dest_id')) ?? 0;
  const prefix = `${String(environment.get('stock.warehouse', 1, 'code'))}/${String(environment.get('stock.picking.type', type, 'sequence_code'))}/`;
  const picking = environment.model(pickingModel);
  const [id = 0] = createRecords(environment, picking, [
    {
      name: environment.database.nextNumber(prefix, prefix, 5),
      picking_type_id: type,
      partner_id: asId(order.partner_id) ?? false,
      user_id: false,
      origin: asText(order.name),
      location_id: returning ? stock : supplier,
      location_dest_id: returning ? supplier : stock,
      move_type: 'direct',
    },
  ]);
  const row = picking.table.get(id);
  if (!row) throw userError('The transfer could not be made.');
  return row;
}

interface MoveRequest {
  readonly order: Row;
  readonly line: Row;
  readonly picking: Row;
  /** In the line's unit. */
  readonly quantity: number;
  readonly priceUnit: number;
}

function createMove(environment: Environment, { order, line, picking, quantity, priceUnit }: MoveRequest): number {
  const unit = asId(line.product_uom_id) ?? 0;
  const stocked = asId(environment.get('product.product', asId(line.product_id) ?? 0, 'uom_id')) ?? unit;
  const date = asText(line.date_planned) || asText(environment.get('purchase.order', order.id, 'date_planned')) || false;
  const [id = 0] = createRecords(environment, environment.model(moveModel), [
    {
      product_id: asId(line.product_id) ?? false,
      date,
      date_deadline: date,
      location_id: asId(picking.location_id) ?? false,
      location_dest_id: asId(picking.location_dest_id) ?? false,
      location_final_id: asId(picking.location_dest_id) ?? false,
      picking_id: picking.id,
      partner_id: false,
      purchase_line_id: line.id,
      company_id: asId(order.company_id) ?? 1,
      price_unit: priceUnit,
      picking_type_id: asId(picking.picking_type_id) ?? false,
      reference_ids: [[6, 0, [referenceOf(environment, environment.row('purchase.order', order.id) ?? order)]]],
      origin: asText(order.name),
      propagate_cancel: line.propagate_cancel === true,
      warehouse_id: 1,
      product_uom_qty: convertQuantity(environment, quantity, unit, stocked),
      product_uom: stocked,
      sequence: asNumber(line.sequence),
      state: 'assigned',
    },
  ]);
  const move = environment.row(moveModel, id);
  if (move) setQuantity(environment, move, asNumber(move.product_uom_qty));
  return id;
}

/** The demand of an open move, reserved in full: goods from a supplier are always there. */
function setQuantity(environment: Environment, move: Row, quantity: number): void {
  patchRow(environment, environment.model(moveModel), move.id, { product_uom_qty: quantity, quantity });
  const lines = environment.model('stock.move.line');
  const [line] = lines.table.find('move_id', move.id);
  if (line !== undefined) {
    patchRow(environment, lines, line, { quantity });
    return;
  }
  createRecords(environment, lines, [
    {
      move_id: move.id,
      picking_id: asId(move.picking_id) ?? false,
      product_id: asId(move.product_id) ?? false,
      quantity,
      date: environment.now,
      company_id: 1,
    },
  ]);
}

function movePrice(environment: Environment, line: Row): number {
  const unit = asId(line.product_uom_id) ?? 0;
  const stocked = asId(environment.get('product.product', asId(line.product_id) ?? 0, 'uom_id')) ?? unit;
  return roundTo(convertPrice(environment, asNumber(environment.get('purchase.order.line', line.id, 'price_unit_discounted')), unit, stocked), 2);
}

/** After confirmation: one receipt, one move per line of goods, in the order of their dates. */
export function receiveOrder(environment: Environment, id: number): void {
  const order = environment.row('purchase.order', id);
  if (!order) return;
  const lines = linesOf(environment, id).filter((line) => isGoods(environment, line) && !line.display_type);
  if (lines.length === 0) return;
  const pickingOfOrder = openPickings(environment, lines)[0] ?? createPicking(environment, order, false);
  const moves = lines
    .map((line) => ({ line, quantity: asNumber(line.product_qty) - procured(environment, line) }))
    .filter(({ quantity }) => quantity !== 0)
    .map(({ line, quantity }) => createMove(environment, { order, line, picking: pickingOfOrder, quantity, priceUnit: movePrice(environment, line) }));
  const made = moves.map((move) => environment.row(moveModel, move)).filter((row) => row !== undefined);
  made.sort((left, right) => asText(left.date).localeCompare(asText(right.date)) || left.id - right.id);
  for (const [index, move] of made.entries()) patchRow(environment, environment.model(moveModel), move.id, { sequence: (index + 1) * 5 });
}

function openPickings(environment: Environment, lines: readonly Row[]): Row[] {
  const ids = new Set(lines.flatMap((line) => movesOfLine(environment, line.id)).map((move) => asId(move.picking_id) ?? 0));
  return [...ids]
    .map((id) => environment.row(pickingModel, id))
    .filter((row) => row !== undefined)
    .filter(
      (row) => !['done', 'cancel'].includes(String(environment.get(pickingModel, row.id, 'state'))) && usage(environment, row.location_dest_id) !== 'supplier',
    );
}

/** What is on its way or here, in the line's unit. */
function procured(environment: Environment, line: Row): number {
  const unit = asId(line.product_uom_id) ?? 0;
  return movesOfLine(environment, line.id)
    .filter((move) => move.state !== 'cancel')
    .reduce((sum, move) => {
      const counted = asNumber(move.state === 'done' ? move.quantity : move.product_uom_qty);
      const quantity = convertQuantity(environment, counted, asId(move.product_uom) ?? unit, unit);
      return usage(environment, move.location_dest_id) === 'supplier' ? sum - quantity : sum + quantity;
    }, 0);
}

/** A confirmed line that changed: an open move of the same price takes the difference up, and is cancelled when nothing is left of it.
 *  Of another price it stays, and the difference becomes a move of its own: a return when it is less. */
export function adaptMoves(environment: Environment, line: Row): void {
  const order = environment.row('purchase.order', asId(line.order_id) ?? 0);
  if (!order || line.display_type || !isGoods(environment, line)) return;
  const change = roundTo(asNumber(line.product_qty) - procured(environment, line), 2);
  if (change === 0) return;
  const unit = asId(line.product_uom_id) ?? 0;
  const priceUnit = movePrice(environment, line);
  const isCandidate = (move: Row): boolean =>
    isOpen(move) && usage(environment, move.location_dest_id) !== 'supplier' && asNumber(move.price_unit) === priceUnit;
  const open = movesOfLine(environment, line.id).find(isCandidate);
  const target = open ? roundTo(asNumber(open.product_uom_qty) + convertQuantity(environment, change, unit, asId(open.product_uom) ?? unit), 2) : -1;
  if (open && target >= 0) {
    setQuantity(environment, open, target);
    if (target === 0) {
      patchRow(environment, environment.model(moveModel), open.id, { price_unit: 0 });
      cancelMoves(environment, [environment.row(moveModel, open.id) ?? open]);
    }
    return;
  }
  const returning = change < 0;
  const existing = returning ? undefined : openPickings(environment, linesOf(environment, order.id))[0];
  const picking = existing ?? createPicking(environment, order, returning);
  createMove(environment, { order, line, picking, quantity: Math.abs(change), priceUnit });
}

export function cancelMoves(environment: Environment, moves: readonly Row[]): void {
  if (moves.some((move) => move.state === 'done')) {
    throw userError("You cannot cancel a stock move that has been set to 'Done'. Create a return in order to reverse the moves which took place.");
  }
  for (const move of moves) {
    if (move.state === 'cancel') continue;
    patchRow(environment, environment.model(moveModel), move.id, { state: 'cancel', quantity: 0, picked: false });
    const lines = environment.model('stock.move.line').table;
    for (const line of [...lines.find('move_id', move.id)]) lines.remove(line);
  }
}

export function cancelPickings(environment: Environment, ids: readonly number[]): void {
  const pickings = environment.model(pickingModel);
  const rows = existingRows(environment, pickings, ids);
  cancelMoves(
    environment,
    rows.flatMap((row) => movesOfPicking(environment, row.id)),
  );
  if (ids.length > 0) writeRecords(environment, pickings, ids, { is_locked: true });
  for (const row of rows) if (movesOfPicking(environment, row.id).length === 0) patchRow(environment, pickings, row.id, { state: 'cancel' });
}
