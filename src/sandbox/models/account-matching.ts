/** Items matched with each other: what of them is still open, and what that makes of the bills they belong to. */
import { Decimal } from 'decimal.js';
import { unlinkRecords } from '../deleting.ts';
import type { Environment } from '../environment.ts';
import { userError } from '../errors.ts';
import type { MethodCall } from '../model.ts';
import { existingRows } from '../reading.ts';
import { asId, asIds, asNumber, asText, type Row, type Value } from '../values.ts';
import { createRecords, patchRow } from '../writing.ts';
import { companyCurrency, inCurrency, sumOf } from './account-money.ts';

const partialModel = 'account.partial.reconcile';
const lineModel = 'account.move.line';

function partialsOf(environment: Environment, line: number): Row[] {
  const { table } = environment.model(partialModel);
  return [...table.find('debit_move_id', line), ...table.find('credit_move_id', line)].map((id) => table.get(id)).filter((row) => row !== undefined);
}

export interface Residual {
  readonly company: number;
  readonly own: number;
  /** Does its account take part in matching at all? */
  readonly isMatched: boolean;
}

export function residualOf(environment: Environment, line: Row): Residual {
  if (environment.row('account.account', asId(line.account_id) ?? 0)?.reconcile !== true) return { company: 0, own: 0, isMatched: false };
  const partials = partialsOf(environment, line.id);
  const sign = asNumber(line.balance) < 0 || asNumber(line.amount_currency) < 0 ? -1 : 1;
  const matched = sumOf(partials.map((partial) => asNumber(partial.amount)));
  const own = sumOf(partials.map((partial) => asNumber(partial.debit_move_id === line.id ? partial.debit_amount_currency : partial.credit_amount_currency)));
  return {
    company: new Decimal(asNumber(line.balance)).minus(matched.times(sign)).toNumber(),
    own: new Decimal(asNumber(line.amount_currency)).minus(own.times(sign)).toNumber(),
    isMatched: true,
  };
}

function reconcile({ environment, ids }: MethodCall): undefined {
  const lines = existingRows(environment, environment.model(lineModel), ids);
  const accounts = [...new Set(lines.map((line) => asId(line.account_id) ?? 0))];
  if (lines.some((line) => environment.get(lineModel, line.id, 'reconciled') === true))
    throw userError('You are trying to reconcile some entries that are already reconciled.');
  if (accounts.length > 1) {
    const names = accounts.map((id) => environment.nameOf('account.account', id)).sort();
    throw userError(`Entries are not from the same account: ${names.join(', ')}`);
  }
  matchLines(environment, lines);
}

/** Oldest first, debits with credits, until one side is used up. */
export function matchLines(environment: Environment, lines: readonly Row[]): void {
  const byDue = [...lines].sort((left, right) => dueOf(environment, left).localeCompare(dueOf(environment, right)) || left.id - right.id);
  const debits = byDue.filter((line) => asNumber(line.balance) > 0);
  const credits = byDue.filter((line) => asNumber(line.balance) < 0);
  for (const debit of debits) for (const credit of credits) matchPair(environment, debit, credit);
  const touched = new Set(lines.map((line) => line.id));
  for (const partial of lines.flatMap((line) => partialsOf(environment, line.id)))
    for (const side of [partial.debit_move_id, partial.credit_move_id]) touched.add(asId(side) ?? 0);
  numberMatches(environment, [...touched]);
  settlePayments(environment, [...touched]);
}

/** A customer's payment is done when all it is matched with is paid; one to a vendor waits for the bank. */
function settlePayments(environment: Environment, lines: readonly number[]): void {
  for (const entry of new Set(lines.map((line) => asId(environment.row(lineModel, line)?.move_id) ?? 0))) {
    const payment = environment.row('account.payment', asId(environment.row('account.move', entry)?.origin_payment_id) ?? 0);
    if (payment?.state !== 'in_process') continue;
    const invoices = environment.get('account.payment', payment.id, 'reconciled_invoice_ids');
    const isPaid = (id: number): boolean => environment.get('account.move', id, 'payment_state') === 'paid';
    if (asIds(invoices).length > 0 && asIds(invoices).every(isPaid)) patchRow(environment, environment.model('account.payment'), payment.id, { state: 'paid' });
  }
}

const dueOf = (environment: Environment, line: Row): string => asText(line.date_maturity) || asText(environment.get(lineModel, line.id, 'date'));

function matchPair(environment: Environment, debit: Row, credit: Row): void {
  const [owed, owing] = [residualOf(environment, debit), residualOf(environment, credit)];
  if (owed.company <= 0 || owing.company >= 0) return;
  const own = companyCurrency(environment, asId(environment.get(lineModel, debit.id, 'company_id')) ?? 1);
  const currency = asId(debit.currency_id) ?? own;
  if (currency !== credit.currency_id) throw userError('the sandbox matches items of one currency only');
  const foreign = Math.min(owed.own, -owing.own);
  const share = (residual: Residual): number =>
    Math.abs(residual.own) === foreign
      ? Math.abs(residual.company)
      : inCurrency(environment, own, new Decimal(Math.abs(residual.company)).times(foreign).div(Math.abs(residual.own)));
  if (share(owed) !== share(owing)) throw userError('the sandbox books no exchange differences');
  createRecords(environment, environment.model(partialModel), [
    {
      debit_move_id: debit.id,
      credit_move_id: credit.id,
      amount: share(owed),
      debit_amount_currency: foreign,
      credit_amount_currency: foreign,
      company_id: asId(environment.get(lineModel, debit.id, 'company_id')) ?? false,
    },
  ]);
}

/** All that hang together have one number: that of the full reconciliation, or P and that of the first partial one. */
function numberMatches(environment: Environment, ids: readonly number[]): void {
  const lines = ids.map((id) => environment.row(lineModel, id)).filter((line) => line !== undefined);
  const partials = [...new Map(lines.flatMap((line) => partialsOf(environment, line.id)).map((partial) => [partial.id, partial])).values()];
  if (partials.length === 0) return;
  const isFull = lines.every((line) => environment.get(lineModel, line.id, 'reconciled') === true);
  const [full] = isFull ? createRecords(environment, environment.model('account.full.reconcile'), [{}]) : [];
  for (const partial of partials) if (full !== undefined) patchRow(environment, environment.model(partialModel), partial.id, { full_reconcile_id: full });
  for (const line of lines) {
    const number = full === undefined ? `P${Math.min(...partials.map((partial) => partial.id))}` : String(full);
    patchRow(environment, environment.model(lineModel), line.id, { matching_number: number, full_reconcile_id: full ?? false });
  }
  touchBills(environment, lines);
}

/** What is open of a bill is stored with it: the bill and all of its lines are written. Of an entry only what was matched is. */
function touchBills(environment: Environment, lines: readonly Row[]): void {
  const trail = { write_uid: environment.userId, write_date: environment.now };
  for (const id of new Set(lines.map((line) => asId(line.move_id) ?? 0))) {
    const move = environment.row('account.move', id);
    if (!move || move.move_type === 'entry') continue;
    environment.model('account.move').table.put({ ...move, ...trail });
    for (const line of environment.model(lineModel).table.find('move_id', id)) {
      const row = environment.row(lineModel, line);
      if (row) environment.model(lineModel).table.put({ ...row, ...trail });
    }
  }
}

export function unlinkPartials(environment: Environment, lines: readonly Row[]): void {
  const partials = lines.flatMap((line) => partialsOf(environment, line.id));
  if (partials.length === 0) return;
  const others = partials.flatMap((partial) => [asId(partial.debit_move_id) ?? 0, asId(partial.credit_move_id) ?? 0]);
  const full = partials.map((partial) => asId(partial.full_reconcile_id)).filter((id) => id !== null);
  unlinkRecords(environment, environment.model(partialModel), [...new Set(partials.map((partial) => partial.id))]);
  unlinkRecords(environment, environment.model('account.full.reconcile'), [...new Set(full)]);
  const touched = [...new Set(others)].map((id) => environment.row(lineModel, id)).filter((row) => row !== undefined);
  for (const line of touched) patchRow(environment, environment.model(lineModel), line.id, { matching_number: false, full_reconcile_id: false });
  touchBills(environment, touched);
  for (const line of touched) numberMatches(environment, [line.id]);
}

export const matchingMethods = {
  reconcile: { parameters: [], call: reconcile },
  remove_move_reconcile: {
    parameters: [],
    call: ({ environment, ids }: MethodCall): undefined => {
      unlinkPartials(environment, existingRows(environment, environment.model(lineModel), ids));
    },
  },
} as const;

/** Lines with which those of a move are matched. */
export function counterparts(environment: Environment, lines: readonly Row[]): Row[] {
  return lines
    .flatMap((line) =>
      partialsOf(environment, line.id).map((partial) => asId(partial.debit_move_id === line.id ? partial.credit_move_id : partial.debit_move_id) ?? 0),
    )
    .map((id) => environment.row(lineModel, id))
    .filter((row) => row !== undefined);
}

export function paymentState(environment: Environment, move: Row, open: readonly Row[]): Value {
  if (asText(move.move_type) === 'entry') return 'not_paid';
  const residual = sumOf(open.map((line) => residualOf(environment, line).own));
  const matched = counterparts(environment, open);
  if (!residual.isZero()) return matched.length > 0 ? 'partial' : 'not_paid';
  if (matched.length === 0) return move.state === 'posted' ? 'paid' : 'not_paid';
  const reversing = asText(move.move_type).replace('invoice', 'refund');
  const isReversed = matched.every((line) => environment.get('account.move', asId(line.move_id) ?? 0, 'move_type') === reversing);
  return isReversed && reversing !== move.move_type ? 'reversed' : 'paid';
}
