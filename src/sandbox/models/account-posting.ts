/** The states of a move: posted with a number, back to draft, cancelled; and what locks and hashes forbid. */
import { createHash } from 'node:crypto';
import type { Environment } from '../environment.ts';
import { userError, validationError } from '../errors.ts';
import type { Method, MethodCall } from '../model.ts';
import { existingRows } from '../reading.ts';
import { asId, asNumber, asText, type Row } from '../values.ts';
import { patchRow } from '../writing.ts';
import { bookAnalytic, forgetAnalytic } from './account-analytic.ts';
import { matchLines } from './account-matching.ts';
import { sumOf } from './account-money.ts';
import { agreesWithDate, nextName } from './account-numbers.ts';
import { instalments, monthEnd } from './account-settings.ts';
import { isInvoice, isPurchase, linesOf, syncMoves } from './account-sync.ts';

const model = 'account.move';

const locks = [
  ['fiscalyear_lock_date', 'Global Lock Date', () => true],
  ['sale_lock_date', 'Sales Lock Date', (type: string) => type === 'sale'],
  ['purchase_lock_date', 'Purchase Lock date', (type: string) => type === 'purchase'],
  ['hard_lock_date', 'Hard Lock Date', () => true],
] as const;

const americanDate = (date: string): string => `${date.slice(5, 7)}/${date.slice(8, 10)}/${date.slice(0, 4)}`;

/** The latest lock that a day falls under, in a move's journal. */
function violatedLock(environment: Environment, move: Row, date: string): { readonly name: string; readonly until: string } | null {
  const type = asText(environment.get('account.journal', asId(move.journal_id) ?? 0, 'type'));
  const company = environment.row('res.company', asId(move.company_id) ?? 1);
  const violated = locks
    .filter(([field, , concerns]) => concerns(type) && asText(company?.[field]) >= date && asText(company?.[field]) !== '')
    .map(([field, name]) => ({ name, until: asText(company?.[field]) }))
    .sort((left, right) => (left.until < right.until ? -1 : 1));
  return violated.at(-1) ?? null;
}

/** Odoo's refusal to touch what is booked in a locked period. */
export function lockOf(environment: Environment, move: Row, date: string): void {
  const lock = violatedLock(environment, move, date);
  if (lock) throw userError(`You cannot add/modify entries prior to and inclusive of: ${lock.name} (${americanDate(lock.until)}).`);
}

/** Posting in a locked period moves the entry to the end of the first open month, without a word. */
function openDate(environment: Environment, move: Row): string {
  const date = asText(move.date);
  const lock = violatedLock(environment, move, date);
  if (!lock) return date;
  const today = environment.now.slice(0, 10);
  const first = new Date(`${lock.until}T00:00:00Z`);
  first.setUTCDate(first.getUTCDate() + 1);
  const end = monthEnd(first.toISOString().slice(0, 10));
  return end < today ? end : today;
}

function problemsOf(environment: Environment, move: Row, lines: readonly Row[]): string[] {
  const problems: string[] = [];
  if (isInvoice(move)) {
    if (asNumber(environment.get(model, move.id, 'amount_total')) < 0) {
      problems.push(
        'You cannot validate an invoice with a negative total amount. You should create a credit note instead. Use the action menu to transform it into a credit note or refund.',
      );
    }
    if (asId(move.partner_id) === null) {
      problems.push(
        isPurchase(move)
          ? "The field 'Vendor' is required, please complete it to validate the Vendor Bill."
          : "The 'Customer' field is required to validate the invoice.\nYou probably don't want to explain to your auditor that you invoiced an invisible man :)",
      );
    }
    if (isPurchase(move) && asText(move.invoice_date) === '') problems.push('The Bill/Refund date is required to validate this document.');
  }
  if (move.state !== 'draft') problems.push(`The entry ${asText(move.name)} (id ${move.id}) must be in draft.`);
  if (lines.length === 0) problems.push("Even magicians can't post nothing!");
  return problems;
}

function refuseArchivedAccounts(environment: Environment, lines: readonly Row[]): void {
  for (const line of lines) {
    const account = environment.row('account.account', asId(line.account_id) ?? 0);
    if (account?.active === false) throw userError(`The account ${asText(account.name)} (${asText(account.code_store)}) is archived.`);
  }
}

const isRefund = (move: Row | undefined): boolean => asText(move?.move_type).endsWith('_refund');
const isPayment = (move: Row | undefined): boolean => asId(move?.origin_payment_id) !== null;

function numberFor(environment: Environment, move: Row, date: string): string {
  const journal = environment.row('account.journal', asId(move.journal_id) ?? 0);
  const { table } = environment.model(model);
  const countsApart = journal?.refund_sequence === true;
  const others = [...table.find('journal_id', asId(move.journal_id) ?? 0)].flatMap((id) => {
    const row = table.get(id);
    const isApart = (countsApart && isRefund(row) !== isRefund(move)) || isPayment(row) !== isPayment(move);
    const isOther = id !== move.id && asText(row?.name) !== '' && !isApart;
    return isOther ? [{ id, name: asText(row?.name), date: asText(row?.date) }] : [];
  });
  const isYearly = ['sale', 'bank', 'cash', 'credit'].includes(asText(journal?.type));
  const code = `${countsApart && isRefund(move) ? 'R' : ''}${isPayment(move) ? 'P' : ''}${asText(journal?.code)}`;
  return nextName(others, date, isYearly ? `${code}/2000/00000` : `${code}/2000/01/0000`);
}

function checkName(environment: Environment, move: Row, name: string, date: string): void {
  if (!agreesWithDate(name, date)) {
    throw validationError(
      `The Date (${americanDate(date)}) you've entered isn't aligned with the existing sequence number (${name}). Clear the sequence number to proceed.\n` +
        'To maintain date-based sequences, select entries and use the resequence option from the actions menu, available in developer mode.',
    );
  }
  const { table } = environment.model(model);
  const isTaken = [...table.find('name', name)]
    .map((id) => table.get(id))
    .some((row) => row !== undefined && row.id !== move.id && row.journal_id === move.journal_id && row.state === 'posted');
  if (isTaken) throw validationError('The operation cannot be completed: Another entry with the same name already exists.');
}

/** Chained in Odoo; here a digest of what may not change any more. */
function hashOf(environment: Environment, move: Row, name: string): string {
  const lines = linesOf(environment, move.id).map((line) => [line.account_id, line.partner_id, line.debit, line.credit, line.name]);
  return `$4$${createHash('sha256')
    .update(JSON.stringify([name, move.journal_id, lines]))
    .digest('hex')}`;
}

function post({ environment, ids }: MethodCall): false {
  const moves = existingRows(environment, environment.model(model), ids);
  const problems = new Set(moves.flatMap((move) => problemsOf(environment, move, linesOf(environment, move.id))));
  if (problems.size > 0) throw userError([...problems].join('\n'));
  for (const move of moves) refuseArchivedAccounts(environment, linesOf(environment, move.id));
  for (const move of moves) postOne(environment, move);
  return false;
}

function postOne(environment: Environment, move: Row): void {
  const date = openDate(environment, move);
  const name = asText(move.name) || numberFor(environment, move, date);
  checkName(environment, move, name, date);
  const isHashed = environment.get('account.journal', asId(move.journal_id) ?? 0, 'restrict_mode_hash_table') === true;
  const invoiceDate = asText(move.invoice_date) || (isInvoice(move) ? environment.now.slice(0, 10) : '');
  const term = asId(move.invoice_payment_term_id);
  const due = term === null ? null : instalments(environment, term, invoiceDate).at(-1)?.due;
  patchRow(environment, environment.model(model), move.id, {
    date,
    name,
    ...(isInvoice(move) ? { invoice_date: invoiceDate, ...(due ? { invoice_date_due: due } : {}) } : {}),
    ...(asText(move.move_type).startsWith('out_') && asText(move.payment_reference) === '' ? { payment_reference: name } : {}),
  });
  if (isInvoice(move)) syncMoves(environment, new Set([move.id]));
  patchRow(environment, environment.model(model), move.id, {
    state: 'posted',
    posted_before: true,
    ...(isHashed ? { inalterable_hash: hashOf(environment, move, name) } : {}),
  });
  bookAnalytic(environment, { ...move, date }, linesOf(environment, move.id));
  touchLines(environment, move.id);
  const reversed = environment.row(model, asId(move.reversed_entry_id) ?? 0);
  if (isInvoice(move) && reversed?.state === 'posted') matchReversal(environment, reversed.id, move.id);
}

function touchLines(environment: Environment, move: number): void {
  const { table } = environment.model('account.move.line');
  for (const line of linesOf(environment, move)) table.put({ ...line, write_uid: environment.userId, write_date: environment.now });
}

/** What is still open of both, account by account. */
export function matchReversal(environment: Environment, original: number, reversal: number): void {
  const lines = [...linesOf(environment, original), ...linesOf(environment, reversal)].filter(
    (line) =>
      environment.get('account.account', asId(line.account_id) ?? 0, 'reconcile') === true &&
      environment.get('account.move.line', line.id, 'reconciled') !== true,
  );
  for (const account of new Set(lines.map((line) => line.account_id))) {
    const same = lines.filter((line) => line.account_id === account);
    if (sumOf(same.map((line) => asNumber(line.balance))).isZero()) matchLines(environment, same);
  }
}

function draft({ environment, ids }: MethodCall): undefined {
  for (const move of existingRows(environment, environment.model(model), ids)) {
    if (move.state !== 'posted' && move.state !== 'cancel') throw userError('Only posted/cancelled journal entries can be reset to draft.');
    if (asText(move.inalterable_hash) !== '') throw userError('You cannot reset to draft a locked journal entry.');
    if (move.state === 'posted') lockOf(environment, move, asText(move.date));
    patchRow(environment, environment.model(model), move.id, { state: 'draft' });
    forgetAnalytic(environment, linesOf(environment, move.id));
    touchLines(environment, move.id);
  }
}

function cancel({ environment, ids }: MethodCall): undefined {
  const posted = existingRows(environment, environment.model(model), ids).filter((move) => move.state === 'posted');
  draft({ environment, model: environment.model(model), ids: posted.map((move) => move.id), arguments: {} });
  for (const id of ids) {
    patchRow(environment, environment.model(model), id, { state: 'cancel' });
    touchLines(environment, id);
  }
}

export const postingMethods: Readonly<Record<string, Method>> = {
  action_post: { parameters: [], call: post },
  button_draft: { parameters: [], call: draft },
  button_cancel: { parameters: [], call: cancel },
};
