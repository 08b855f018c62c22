/** The payment wizard, as a user pays a bill by hand: a payment with its entry, matched with what was open. */
import { unlinkRecords } from '../deleting.ts';
import type { Environment } from '../environment.ts';
import { userError } from '../errors.ts';
import type { Behaviour, MethodCall } from '../model.ts';
import { existingRows } from '../reading.ts';
import { asId, asIds, asNumber, asText, isList, type Json, type Row, type Value, type Values } from '../values.ts';
import { createRecords, patchRow } from '../writing.ts';
import { counterparts, matchLines, residualOf } from './account-matching.ts';
import { sumOf } from './account-money.ts';
import { postingMethods } from './account-posting.ts';
import { linesOf } from './account-sync.ts';

const model = 'account.payment';
/** Of the chart a fresh Odoo has. */
const outstanding = { inbound: '101403', outbound: '101404' } as const;

function openLinesOf(environment: Environment, moves: readonly number[]): Row[] {
  return moves
    .flatMap((move) => linesOf(environment, move))
    .filter((line) => line.display_type === 'payment_term' && environment.get('account.move.line', line.id, 'reconciled') !== true);
}

/** The wizard is opened on documents; what is open of them is what it pays. */
function prepareWizard(environment: Environment, values: Values): void {
  const active = environment.context.active_ids;
  const moves = isList(active) && environment.context.active_model === 'account.move' ? active.map(Number) : [];
  const lines = openLinesOf(environment, moves);
  const [line] = lines;
  if (!line) {
    throw userError(
      "There's nothing left to pay for the selected journal items, so no payment registration is necessary. You've got your finances under control like a boss!",
    );
  }
  if (new Set(lines.map((one) => one.move_id)).size > 1) throw userError('the sandbox pays one document at a time');
  const move = environment.row('account.move', asId(line.move_id) ?? 0) ?? { id: 0 };
  const residual = sumOf(lines.map((one) => residualOf(environment, one).own));
  values.line_ids = [[6, 0, lines.map((one) => one.id)]];
  values.amount ??= residual.abs().toNumber();
  values.payment_date ??= environment.now.slice(0, 10);
  values.journal_id ??= environment.searchIds('account.journal', [['type', '=', 'bank']], { limit: 1 })[0] ?? false;
  values.communication ??= asText(move.payment_reference) || asText(move.ref) || asText(move.name);
  values.payment_type = residual.isNegative() ? 'outbound' : 'inbound';
  values.partner_type = asText(move.move_type).startsWith('in_') ? 'supplier' : 'customer';
  values.partner_id = asId(line.partner_id) ?? false;
  values.currency_id = asId(line.currency_id) ?? false;
}

function pay(environment: Environment, wizard: Row): number {
  const lines = asIds(wizard.line_ids)
    .map((id) => environment.row('account.move.line', id))
    .filter((row) => row !== undefined);
  const type = wizard.payment_type === 'inbound' ? 'inbound' : 'outbound';
  const amount = asNumber(wizard.amount) * (type === 'inbound' ? 1 : -1);
  const [holding = 0] = environment.searchIds('account.account', [['code', '=', outstanding[type]]]);
  const owed = asId(lines[0]?.account_id) ?? 0;
  const line = (account: number, foreign: number): Json => [
    0,
    0,
    {
      account_id: account,
      partner_id: asId(wizard.partner_id) ?? false,
      name: `Manual Payment: ${asText(wizard.communication)}`,
      currency_id: asId(wizard.currency_id) ?? false,
      amount_currency: foreign,
      date_maturity: wizard.payment_date ?? false,
    },
  ];
  const common = { journal_id: asId(wizard.journal_id) ?? false, partner_id: asId(wizard.partner_id) ?? false, date: wizard.payment_date ?? false };
  const [payment = 0] = createRecords(environment, environment.model(model), [
    {
      ...common,
      amount: asNumber(wizard.amount),
      memo: wizard.communication ?? false,
      payment_type: type,
      partner_type: wizard.partner_type ?? false,
      currency_id: asId(wizard.currency_id) ?? false,
      company_id: asId(environment.get('account.journal', asId(wizard.journal_id) ?? 0, 'company_id')) ?? false,
      outstanding_account_id: holding,
      destination_account_id: owed,
      state: 'in_process',
    },
  ]);
  const moves = environment.model('account.move');
  const [entry = 0] = createRecords(environment, moves, [
    { ...common, move_type: 'entry', ref: wizard.communication ?? false, origin_payment_id: payment, line_ids: [line(holding, amount), line(owed, -amount)] },
  ]);
  postingMethods.action_post?.call({ environment, model: moves, ids: [entry], arguments: {} });
  patchRow(environment, environment.model(model), payment, { move_id: entry, name: environment.get('account.move', entry, 'name') });
  matchLines(environment, [...lines, ...linesOf(environment, entry).filter((one) => one.account_id === owed)]);
  return payment;
}

export const paymentWizard: Behaviour = {
  prepareCreate: prepareWizard,
  methods: {
    action_create_payments: {
      parameters: [],
      call: ({ environment, model: wizards, ids }: MethodCall) => {
        const [wizard] = existingRows(environment, wizards, ids);
        const action = { name: 'Payments', type: 'ir.actions.act_window', res_model: model, context: { create: false }, view_mode: 'form' };
        return wizard ? { ...action, res_id: pay(environment, wizard) } : false;
      },
    },
  },
};

/** Documents that a payment's entry is matched with, of one side. */
const paid =
  (side: 'in_' | 'out_') =>
  (environment: Environment, row: Row): Value => {
    const lines = linesOf(environment, asId(row.move_id) ?? 0);
    const moves = new Set(counterparts(environment, lines).map((line) => asId(line.move_id) ?? 0));
    return [...moves].filter((move) => asText(environment.row('account.move', move)?.move_type).startsWith(side)).sort((left, right) => left - right);
  };

export const payment: Behaviour = {
  computes: {
    reconciled_bill_ids: paid('in_'),
    reconciled_invoice_ids: paid('out_'),
    is_reconciled: (environment, row) => counterparts(environment, linesOf(environment, asId(row.move_id) ?? 0)).length > 0,
  },
  // Its entry goes with it, posted as it is.
  unlinked: (environment, rows) => {
    const entries = rows.map((row) => asId(row.move_id)).filter((id) => id !== null);
    unlinkRecords(environment.withContext({ force_delete: true }), environment.model('account.move'), entries);
  },
};
