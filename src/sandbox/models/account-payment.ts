/** Payments, each with its entry once it is posted; and the wizard by which a user pays a document by hand, matched with what was open. */
import { unlinkRecords } from '../deleting.ts';
import type { Environment } from '../environment.ts';
import { userError, validationError } from '../errors.ts';
import type { Behaviour, MethodCall } from '../model.ts';
import { existingRows } from '../reading.ts';
import { asId, asIds, asNumber, asText, isList, isTruthy, type Json, type Row, type Value, type Values } from '../values.ts';
import { createRecords, patchRow } from '../writing.ts';
import { counterparts, matchLines, residualOf, unlinkPartials } from './account-matching.ts';
import { companyCurrency, sumOf } from './account-money.ts';
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
  const owed = asId(lines[0]?.account_id) ?? 0;
  const [id = 0] = createRecords(environment, environment.model(model), [
    {
      journal_id: asId(wizard.journal_id) ?? false,
      partner_id: asId(wizard.partner_id) ?? false,
      date: wizard.payment_date ?? false,
      amount: asNumber(wizard.amount),
      memo: wizard.communication ?? false,
      payment_type: wizard.payment_type ?? false,
      partner_type: wizard.partner_type ?? false,
      currency_id: asId(wizard.currency_id) ?? false,
      destination_account_id: owed,
    },
  ]);
  post({ environment, ids: [id] });
  const entry = asId(environment.row(model, id)?.move_id) ?? 0;
  matchLines(environment, [...lines, ...linesOf(environment, entry).filter((one) => one.account_id === owed)]);
  return id;
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

function prepareCreate(environment: Environment, values: Values): void {
  values.payment_type ??= 'inbound';
  values.partner_type ??= 'customer';
  if (!isTruthy(values.journal_id)) values.journal_id = environment.searchIds('account.journal', [['type', '=', 'bank']], { limit: 1 })[0] ?? false;
  const journal = environment.row('account.journal', Number(values.journal_id));
  if (!['bank', 'cash', 'credit'].includes(asText(journal?.type))) throw validationError('Please define a payment method line on your payment.');
  values.company_id = asId(journal?.company_id) ?? 1;
  if (!isTruthy(values.currency_id)) values.currency_id = asId(journal?.currency_id) ?? companyCurrency(environment, Number(values.company_id));
  const holding = outstanding[values.payment_type === 'inbound' ? 'inbound' : 'outbound'];
  values.outstanding_account_id ??= environment.searchIds('account.account', [['code', '=', holding]])[0] ?? false;
  const property = values.partner_type === 'supplier' ? 'property_account_payable_id' : 'property_account_receivable_id';
  if (!isTruthy(values.destination_account_id))
    values.destination_account_id = asId(environment.get('res.partner', Number(values.partner_id || 0), property)) ?? false;
}

/** What it holds against what it pays; made when it is first posted. */
function entryOf(environment: Environment, row: Row): number {
  const amount = asNumber(row.amount) * (row.payment_type === 'inbound' ? 1 : -1);
  const line = (account: Value | undefined, foreign: number): Json => [
    0,
    0,
    {
      account_id: asId(account) ?? false,
      partner_id: asId(row.partner_id) ?? false,
      name: `Manual Payment: ${asText(row.memo)}`,
      currency_id: asId(row.currency_id) ?? false,
      amount_currency: foreign,
      date_maturity: asText(row.date),
    },
  ];
  const [entry = 0] = createRecords(environment, environment.model('account.move'), [
    {
      ...{ move_type: 'entry', journal_id: asId(row.journal_id) ?? false, partner_id: asId(row.partner_id) ?? false, date: asText(row.date) },
      ...{ ref: asText(row.memo) || false, origin_payment_id: row.id },
      line_ids: [line(row.outstanding_account_id, amount), line(row.destination_account_id, -amount)],
    },
  ]);
  return entry;
}

/** Of the entry of a payment, where it has one. */
function stepOfEntry(environment: Environment, entry: number | null, method: 'action_post' | 'button_draft' | 'button_cancel'): void {
  if (entry !== null) postingMethods[method]?.call({ environment, model: environment.model('account.move'), ids: [entry], arguments: {} });
}

function post({ environment, ids }: Pick<MethodCall, 'environment' | 'ids'>): undefined {
  for (const row of existingRows(environment, environment.model(model), ids)) {
    if (row.state !== 'draft') continue;
    const entry = asId(row.move_id) ?? entryOf(environment, row);
    stepOfEntry(environment, entry, 'action_post');
    patchRow(environment, environment.model(model), row.id, { move_id: entry, name: environment.get('account.move', entry, 'name'), state: 'in_process' });
  }
}

/** What its entry is matched with stays so. */
function draft({ environment, ids }: MethodCall): undefined {
  for (const row of existingRows(environment, environment.model(model), ids)) {
    if (environment.row('account.move', asId(row.move_id) ?? 0)?.state !== 'draft') stepOfEntry(environment, asId(row.move_id), 'button_draft');
    patchRow(environment, environment.model(model), row.id, { state: 'draft' });
  }
}

function cancel({ environment, ids }: MethodCall): undefined {
  for (const row of existingRows(environment, environment.model(model), ids)) {
    const entry = asId(row.move_id);
    if (entry !== null) unlinkPartials(environment, linesOf(environment, entry));
    stepOfEntry(environment, entry, 'button_cancel');
    patchRow(environment, environment.model(model), row.id, { state: 'canceled' });
  }
}

function prepareWrite(_environment: Environment, rows: readonly Row[], values: Values): void {
  const isOfEntry = ['amount', 'date', 'partner_id', 'journal_id', 'currency_id', 'memo'].some((name) => name in values);
  if (isOfEntry && rows.some((row) => asId(row.move_id) !== null)) throw userError('the sandbox does not change a payment that has its entry');
}

export const payment: Behaviour = {
  prepareCreate,
  prepareWrite,
  check: (row) => (asNumber(row.amount) < 0 ? { message: 'The payment amount cannot be negative.', column: null } : null),
  methods: {
    action_post: { parameters: [], call: post },
    action_draft: { parameters: [], call: draft },
    action_cancel: { parameters: [], call: cancel },
  },
  computes: {
    reconciled_bill_ids: paid('in_'),
    reconciled_invoice_ids: paid('out_'),
    is_reconciled: (environment, row) => counterparts(environment, linesOf(environment, asId(row.move_id) ?? 0)).length > 0,
  },
  beforeUnlink: (_environment, rows) => {
    if (rows.some((row) => row.state === 'paid'))
      throw validationError('A payment with an outstanding account cannot be confirmed without having a journal entry.');
  },
  // Its entry goes with it, posted as it is.
  unlinked: (environment, rows) => {
    const entries = rows.map((row) => asId(row.move_id)).filter((id) => id !== null);
    unlinkRecords(environment.withContext({ force_delete: true }), environment.model('account.move'), entries);
  },
};
