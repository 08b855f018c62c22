/** account.move.reversal: an entry of the opposite amounts, posted at once; of a bill a credit note in draft. */
import type { Environment } from '../environment.ts';
import type { Behaviour, MethodCall } from '../model.ts';
import { existingRows } from '../reading.ts';
import { asId, asIds, asNumber, asText, type Json, type Row } from '../values.ts';
import { createRecords, patchRow } from '../writing.ts';
import { matchReversal, postingMethods } from './account-posting.ts';
import { isInvoice, linesOf } from './account-sync.ts';

const opposite = new Map([
  ['entry', 'entry'],
  ['in_invoice', 'in_refund'],
  ['out_invoice', 'out_refund'],
  ['in_refund', 'in_invoice'],
  ['out_refund', 'out_invoice'],
]);

const copied = (line: Row, names: readonly string[]): { [name: string]: Json } =>
  Object.fromEntries(names.map((name) => [name, (line[name] ?? false) as Json]));

function linesFor(environment: Environment, move: Row): Json {
  const lines = linesOf(environment, move.id);
  if (isInvoice(move)) {
    const products = lines.filter((line) => line.display_type === 'product');
    const values = products.map((line) => ({ ...copied(line, ['account_id', 'name', 'quantity', 'price_unit', 'discount']), tax_ids: [[6, 0, []]] }));
    return values.map((line) => [0, 0, line] as Json);
  }
  return lines.map((line) => [
    0,
    0,
    {
      ...copied(line, ['account_id', 'partner_id', 'name', 'currency_id', 'analytic_distribution']),
      balance: -asNumber(line.balance) || 0,
      amount_currency: -asNumber(line.amount_currency) || 0,
    },
  ]);
}

function reverseOne(environment: Environment, wizard: Row, move: Row): number {
  const date = asText(wizard.date);
  const reason = asText(wizard.reason);
  const values = {
    move_type: opposite.get(asText(move.move_type)) ?? 'entry',
    journal_id: asId(wizard.journal_id) ?? asId(move.journal_id) ?? false,
    partner_id: asId(move.partner_id) ?? false,
    currency_id: asId(move.currency_id) ?? false,
    date,
    ref: `Reversal of: ${asText(move.name)}${reason === '' ? '' : `, ${reason}`}`,
    reversed_entry_id: move.id,
    ...(isInvoice(move) ? { invoice_date: date, invoice_date_due: date, invoice_payment_term_id: false } : {}),
    [isInvoice(move) ? 'invoice_line_ids' : 'line_ids']: linesFor(environment, move),
  };
  const [id = 0] = createRecords(environment, environment.model('account.move'), [values]);
  if (!isInvoice(move)) {
    postingMethods.action_post?.call({ environment, model: environment.model('account.move'), ids: [id], arguments: {} });
    matchReversal(environment, move.id, id);
  }
  return id;
}

function refundMoves({ environment, model, ids }: MethodCall): Json {
  const [wizard] = existingRows(environment, model, ids);
  if (!wizard) return false;
  const moves = existingRows(environment, environment.model('account.move'), asIds(wizard.move_ids));
  const made = moves.map((move) => reverseOne(environment, wizard, move));
  patchRow(environment, model, wizard.id, { new_move_ids: made });
  const action = { name: 'Reverse Moves', type: 'ir.actions.act_window', res_model: 'account.move' };
  const type = asText(environment.row('account.move', made[0] ?? 0)?.move_type);
  if (made.length === 1) return { ...action, view_mode: 'form', res_id: made[0] ?? false, context: { default_move_type: type } };
  return { ...action, view_mode: 'list,form', domain: [['id', 'in', made]] };
}

export const moveReversal: Behaviour = {
  prepareCreate: (environment, values) => {
    const active = environment.context.active_ids;
    values.move_ids ??= [[6, 0, Array.isArray(active) ? active : []]];
  },
  methods: { refund_moves: { parameters: [], call: refundMoves } },
};
