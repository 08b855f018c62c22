/** account.move.line: one amount in the company's currency and in its own, which agree. */
import type { Environment } from '../environment.ts';
import { IntegrityError, userError } from '../errors.ts';
import type { Behaviour } from '../model.ts';
import { asId, asNumber, asText, isTruthy, type Json, type Row, type Value, type Values } from '../values.ts';
import { residualOf, unlinkPartials } from './account-matching.ts';
import { companyCurrency, inCurrency, rateOn } from './account-money.ts';
import { insideMove, syncMoves } from './account-sync.ts';

const model = 'account.move.line';
const amounts: ReadonlySet<string> = new Set(['balance', 'debit', 'credit', 'amount_currency', 'currency_id']);

export const cannotDelete =
  "You can't delete a posted journal item. Don’t play games with your accounting records; reset the journal entry to draft before deleting it.";

const signsDiffer =
  'The amount expressed in the secondary currency must be positive when account is debited and negative when account is credited. If the currency is the same as the one from the company, this amount must strictly be equal to the balance.';

interface Known {
  readonly balance: number;
  readonly debit: number;
  readonly credit: number;
}

function sentBalance(values: Values, before: Known | null): number | null {
  if ('balance' in values) return Number(values.balance || 0);
  if (!('debit' in values) && !('credit' in values)) return null;
  const side = (name: 'debit' | 'credit'): number => Number((name in values ? values[name] : before?.[name]) || 0);
  return side('debit') - side('credit');
}

/** Fills in what of balance, debit, credit and amount_currency was not sent, from what was. */
function settle(environment: Environment, move: Row, values: Values, before: Row | null): void {
  const company = asId(move.company_id) ?? 1;
  const own = companyCurrency(environment, company);
  if (!isTruthy(values.currency_id)) values.currency_id = asId(before?.currency_id) ?? asId(move.currency_id) ?? own;
  const currency = Number(values.currency_id);
  const known = before && { balance: asNumber(before.balance), debit: asNumber(before.debit), credit: asNumber(before.credit) };
  const rate = rateOn(environment, currency, company, asText(move.invoice_date) || asText(move.date));
  const foreign = 'amount_currency' in values ? inCurrency(environment, currency, Number(values.amount_currency || 0)) : null;
  const sent = sentBalance(values, known);
  const derived = foreign === null ? (known?.balance ?? 0) : rate.isZero() ? foreign : rate.pow(-1).times(foreign).toNumber();
  const balance = inCurrency(environment, own, sent ?? derived);
  const kept = sent === null && before ? asNumber(before.amount_currency) : rate.times(balance).toNumber();
  const inOwn = currency === own ? balance : (foreign ?? inCurrency(environment, currency, kept));
  if (balance * inOwn < 0 || (currency === own && foreign !== null && foreign !== balance)) throw new IntegrityError('check', model, null, signsDiffer);
  Object.assign(values, { balance, debit: Math.max(balance, 0), credit: Math.max(-balance, 0), amount_currency: inOwn });
}

function moveOf(environment: Environment, id: Json | undefined): Row {
  return environment.row('account.move', Number(id)) ?? { id: 0 };
}

function prepareCreate(environment: Environment, values: Values): void {
  const move = moveOf(environment, values.move_id);
  const isEntry = move.move_type === 'entry';
  values.display_type ??= 'product';
  values.sequence ??= values.display_type === 'payment_term' ? 12_000 : 100;
  if (!isEntry) values.partner_id = asId(environment.get('account.move', move.id, 'commercial_partner_id')) ?? false;
  if (values.display_type === 'product') {
    values.quantity ??= 1;
    if (!isEntry && !isTruthy(values.account_id))
      values.account_id = asId(environment.get('account.journal', asId(move.journal_id) ?? 0, 'default_account_id')) ?? false;
  }
  settle(environment, move, values, null);
}

function refuseWithoutAccount(rows: readonly Row[]): void {
  if (rows.some((row) => asId(row.account_id) === null && row.display_type === 'product')) {
    throw new IntegrityError('check', model, null, 'Missing required account on accountable line.');
  }
}

const isSyncing = (environment: Environment): boolean => environment.context[insideMove] === true;

export const moveLine: Behaviour = {
  computes: {
    currency_rate: (environment, row) => {
      const move = moveOf(environment, asId(row.move_id) ?? 0);
      return rateOn(environment, asId(row.currency_id) ?? 0, asId(move.company_id) ?? 1, asText(move.invoice_date) || asText(move.date)).toNumber();
    },
    amount_residual: (environment, row) => residualOf(environment, row).company,
    amount_residual_currency: (environment, row) => residualOf(environment, row).own,
    reconciled: (environment, row): Value => {
      const residual = residualOf(environment, row);
      return residual.isMatched && residual.company === 0 && residual.own === 0;
    },
    is_refund: (environment, row) => ['in_refund', 'out_refund'].includes(asText(moveOf(environment, asId(row.move_id) ?? 0).move_type)),
  },
  indexes: ['matching_number'],
  prepareCreate,
  prepareWrite: (environment, rows, values) => {
    if (!Object.keys(values).some((name) => amounts.has(name))) return;
    const [row] = rows;
    if (row && rows.length === 1) settle(environment, moveOf(environment, asId(row.move_id) ?? 0), values, row);
    else if (rows.length > 1) throw userError('the sandbox writes amounts to one line at a time');
  },
  validate: (environment, rows) => {
    refuseWithoutAccount(rows);
    if (!isSyncing(environment)) syncMoves(environment, new Set(rows.map((row) => asId(row.move_id) ?? 0)));
  },
  beforeUnlink: (environment, rows) => {
    const moves = rows.map((row) => moveOf(environment, asId(row.move_id) ?? 0));
    if (!isSyncing(environment)) {
      if (moves.some((move) => asText(move.inalterable_hash) !== '')) throw userError('You cannot delete journal items belonging to a locked journal entry.');
      if (moves.some((move) => move.state === 'posted')) throw userError(cannotDelete);
    }
    unlinkPartials(environment, rows);
  },
  unlinked: (environment, rows) => {
    if (!isSyncing(environment)) syncMoves(environment, new Set(rows.map((row) => asId(row.move_id) ?? 0)));
  },
};
