/** stock.picking and stock.move: states, validation with its wizard, and what may be deleted. */

import { unlinkRecords } from '../deleting.ts';
import type { Environment } from '../environment.ts';
import { userError } from '../errors.ts';
import type { Behaviour, MethodCall } from '../model.ts';
import { existingRows } from '../reading.ts';
import { asId, asNumber, asText, isTruthy, type Json, type Row, type Value } from '../values.ts';
import { patchRow } from '../writing.ts';
import { pathName } from './hierarchy.ts';
import { cancelMoves, cancelPickings, movesOfPicking } from './receipts.ts';

function pickingState(environment: Environment, row: Row): Value {
  const states = movesOfPicking(environment, row.id).map((move) => move.state);
  if (states.length === 0) return row.state ?? 'draft';
  if (states.every((state) => state === 'cancel')) return 'cancel';
  if (states.every((state) => state === 'cancel' || state === 'done')) return 'done';
  return states.includes('draft') ? 'draft' : 'assigned';
}

function earliest(environment: Environment, row: Row, field: string): Value {
  const dates = movesOfPicking(environment, row.id).map((move) => asText(move[field]));
  return dates.filter((date) => date !== '').sort()[0] ?? false;
}

interface Validation {
  readonly move: Row;
  readonly done: number;
  readonly left: number;
}

/** What is marked as picked; nothing marked means everything that is reserved. */
function validations(environment: Environment, picking: number): Validation[] {
  const open = movesOfPicking(environment, picking).filter((move) => move.state !== 'cancel' && move.state !== 'done');
  const marked = open.some((move) => move.picked === true);
  return open.map((move) => {
    const done = !marked || move.picked === true ? asNumber(move.quantity) : 0;
    return { move, done, left: Math.max(0, asNumber(move.product_uom_qty) - done) };
  });
}

function validatePickings({ environment, ids }: MethodCall): Json {
  const rows = existingRows(environment, environment.model('stock.picking'), ids);
  const short = rows.filter((row) => validations(environment, row.id).some(({ left }) => left > 0));
  if (short.length > 0 && !isTruthy(environment.context.skip_backorder)) return backorderWizard(ids, short);
  for (const row of rows) if (!['done', 'cancel'].includes(String(pickingState(environment, row)))) finishPicking(environment, row);
  return true;
}

function backorderWizard(ids: readonly number[], short: readonly Row[]): Json {
  return {
    name: 'Create Backorder?',
    type: 'ir.actions.act_window',
    view_mode: 'form',
    res_model: 'stock.backorder.confirmation',
    views: [[905, 'form']],
    view_id: 905,
    target: 'new',
    context: { button_validate_picking_ids: ids, default_show_transfers: false, default_pick_ids: short.map((row) => [4, row.id]) },
  };
}

function finishPicking(environment: Environment, picking: Row): void {
  const moves = environment.model('stock.move');
  const remaining: Validation[] = [];
  for (const validation of validations(environment, picking.id)) {
    const { move, done, left } = validation;
    if (left > 0) remaining.push(validation);
    if (done > 0) patchRow(environment, moves, move.id, { state: 'done', product_uom_qty: done, quantity: done, picked: true, date: environment.now });
  }
  if (remaining.length > 0) makeBackorder(environment, picking, remaining);
  patchRow(environment, environment.model('stock.picking'), picking.id, { date_done: environment.now });
}

function makeBackorder(environment: Environment, picking: Row, remaining: readonly Validation[]): void {
  const pickings = environment.model('stock.picking');
  const prefix = asText(picking.name).replace(/\d+$/, '');
  const id = pickings.table.newId();
  pickings.table.put({
    ...picking,
    id,
    name: environment.database.nextNumber(prefix, prefix, 5),
    backorder_id: picking.id,
    date_done: false,
    create_date: environment.now,
    write_date: environment.now,
  });
  const moves = environment.model('stock.move');
  for (const { move, done, left } of remaining) {
    const rest = { picking_id: id, product_uom_qty: left, quantity: left, picked: false, state: 'assigned' };
    if (done === 0) patchRow(environment, moves, move.id, rest);
    else moves.table.put({ ...move, ...rest, id: moves.table.newId(), create_date: environment.now, write_date: environment.now });
  }
}

export const picking: Behaviour = {
  unique: [{ fields: ['name', 'company_id'], message: 'Reference must be unique per company!' }],
  indexes: ['name'],
  computes: {
    state: pickingState,
    scheduled_date: (environment, row) => earliest(environment, row, 'date') || (row.scheduled_date ?? false),
    date_deadline: (environment, row) => earliest(environment, row, 'date_deadline'),
  },
  beforeUnlink: (environment, rows) => {
    const moves = rows.flatMap((row) => movesOfPicking(environment, row.id));
    cancelMoves(environment, moves);
    if (moves.length === 0) return;
    unlinkRecords(
      environment,
      environment.model('stock.move'),
      moves.map((move) => move.id),
    );
  },
  methods: {
    action_cancel: {
      parameters: [],
      call: ({ environment, ids }) => {
        cancelPickings(environment, ids);
        return true;
      },
    },
    button_validate: { parameters: [], call: validatePickings },
  },
};

const doneMoves =
  'Deleting product moves after the transfer is done?\n\nThat would be like going back in time to revert all operations triggered after this move. ' +
  "Who knows what the end result would be, So let's not do it.\n\nTry changing the “done” quantity to 0 instead.";

export const move: Behaviour = {
  recordName: 'reference',
  computes: {
    display_name: (environment, row) => {
      const code = asText(environment.get('product.product', asId(row.product_id) ?? 0, 'default_code'));
      const name = (location: Value | undefined): string => asText(environment.get('stock.location', asId(location) ?? 0, 'name'));
      const origin = asText(row.origin);
      return `${origin === '' ? '' : `${origin}/`}${code === '' ? '' : `${code}: `}${name(row.location_id)}>${name(row.location_dest_id)}`;
    },
    reference: (environment, row) => environment.get('stock.picking', asId(row.picking_id) ?? 0, 'name'),
    product_qty: (_environment, row) => asNumber(row.product_uom_qty),
    description_picking: (environment, row) =>
      asText(environment.get('purchase.order.line', asId(row.purchase_line_id) ?? 0, 'name')) ||
      environment.nameOf('product.product', asId(row.product_id) ?? 0),
  },
  beforeUnlink: (environment, rows) => {
    if (rows.some((row) => row.state === 'done')) throw userError(doneMoves);
    const lines = environment.model('stock.move.line').table;
    for (const row of rows) for (const line of [...lines.find('move_id', row.id)]) lines.remove(line);
  },
};

export const moveLine: Behaviour = {
  computes: {
    display_name: (_environment, row) => `stock.move.line,${row.id}`,
    state: (environment, row) => environment.get('stock.move', asId(row.move_id) ?? 0, 'state'),
    picked: (environment, row) => environment.get('stock.move', asId(row.move_id) ?? 0, 'picked'),
    location_id: (environment, row) => environment.get('stock.move', asId(row.move_id) ?? 0, 'location_id'),
    location_dest_id: (environment, row) => environment.get('stock.move', asId(row.move_id) ?? 0, 'location_dest_id'),
    product_uom_id: (environment, row) => environment.get('stock.move', asId(row.move_id) ?? 0, 'product_uom'),
    reference: (environment, row) => environment.get('stock.move', asId(row.move_id) ?? 0, 'reference'),
  },
};

function referring(environment: Environment, model: string, row: Row): number[] {
  return environment.visible(environment.model(model), [...environment.model(model).table.find('reference_ids', row.id)]);
}

export const reference: Behaviour = {
  undeletable: true,
  computes: {
    move_ids: (environment, row) => referring(environment, 'stock.move', row),
    purchase_ids: (environment, row) => referring(environment, 'purchase.order', row),
  },
};

export const location: Behaviour = {
  recordName: 'complete_name',
  searchNames: ['complete_name', 'barcode'],
  parent: 'location_id',
  computes: { complete_name: (environment, row) => pathName(environment, 'stock.location', 'location_id', row).replaceAll(' / ', '/') },
};

export const pickingType: Behaviour = {
  computes: { display_name: (environment, row) => `${environment.nameOf('stock.warehouse', asId(row.warehouse_id) ?? 0)}: ${asText(row.name)}` },
};
