/** A move and its lines kept in agreement: amounts of bill lines, what is owed and when, and the balance. */
import { Decimal } from 'decimal.js';
import { unlinkRecords } from '../deleting.ts';
import type { Environment } from '../environment.ts';
import { userError } from '../errors.ts';
import { asId, asIds, asNumber, asText, type Row } from '../values.ts';
import { createRecords, patchRow, writeRecords } from '../writing.ts';
import { companyCurrency, inCurrency, sumOf } from './account-money.ts';
import { instalments } from './account-settings.ts';

/** In the context of what a move does to its own lines: they do not turn back to it. */
export const insideMove = '_sandbox_inside_move';

const lineModel = 'account.move.line';

export function linesOf(environment: Environment, move: number): Row[] {
  return [...environment.model(lineModel).table.find('move_id', move)]
    .sort((left, right) => left - right)
    .map((id) => environment.row(lineModel, id))
    .filter((row) => row !== undefined);
}

export const isInvoice = (move: Row): boolean => asText(move.move_type) !== 'entry';
export const isPurchase = (move: Row): boolean => asText(move.move_type).startsWith('in_');

/** Of a line that is bought, or credited to a customer, the account is debited. */
export const directionOf = (move: Row): 1 | -1 => (move.move_type === 'in_invoice' || move.move_type === 'out_refund' ? 1 : -1);

export function syncMoves(environment: Environment, moves: ReadonlySet<number>): void {
  for (const id of moves) {
    const move = environment.row('account.move', id);
    if (!move) continue;
    if (isInvoice(move)) syncInvoice(environment, move);
    const lines = linesOf(environment, id);
    if (!sumOf(lines.map((line) => asNumber(line.balance))).isZero()) throw userError('The entry is not balanced.');
  }
}

function syncInvoice(environment: Environment, move: Row): void {
  const company = companyCurrency(environment, asId(move.company_id) ?? 1);
  const currency = asId(move.currency_id) ?? company;
  const rate = new Decimal(asNumber(move.invoice_currency_rate) || 1);
  const products = linesOf(environment, move.id).filter((line) => line.display_type === 'product');
  for (const line of products) {
    if (asIds(line.tax_ids).length > 0) throw userError('the sandbox computes no taxes of bills: send tax_ids empty');
    const price = new Decimal(asNumber(line.price_unit))
      .times(asNumber(line.quantity))
      .times(new Decimal(100).minus(asNumber(line.discount)))
      .div(100);
    const subtotal = inCurrency(environment, currency, price);
    const amount = inCurrency(environment, currency, subtotal * directionOf(move));
    patchRow(environment, environment.model(lineModel), line.id, {
      price_subtotal: subtotal,
      price_total: subtotal,
      ...amountValues(environment, currency, company, amount, rate),
      partner_id: asId(environment.get('account.move', move.id, 'commercial_partner_id')) ?? false,
    });
  }
  syncOpenLines(environment, move, rate);
}

function amountValues(environment: Environment, currency: number, company: number, amount: number, rate: Decimal) {
  const balance = currency === company ? amount : inCurrency(environment, company, new Decimal(amount).div(rate));
  return { currency_id: currency, amount_currency: amount, balance, debit: Math.max(balance, 0), credit: Math.max(-balance, 0) };
}

/** What the partner owes or is owed: a line for each day something falls due. */
function syncOpenLines(environment: Environment, move: Row, rate: Decimal): void {
  const company = companyCurrency(environment, asId(move.company_id) ?? 1);
  const currency = asId(move.currency_id) ?? company;
  const lines = linesOf(environment, move.id);
  const products = lines.filter((line) => line.display_type === 'product');
  const open = lines.filter((line) => line.display_type === 'payment_term');
  const inside = environment.withContext({ [insideMove]: true });
  const total = sumOf(products.map((line) => asNumber(line.amount_currency))).negated();
  const balance = sumOf(products.map((line) => asNumber(line.balance))).negated();
  const parts = products.length === 0 ? [] : dueParts(environment, move);
  const rest = { total, balance };
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const amount = isLast ? rest.total.toNumber() : inCurrency(environment, currency, total.times(part.percent).div(100));
    const inCompany = isLast ? rest.balance.toNumber() : inCurrency(environment, company, new Decimal(amount).div(rate));
    rest.total = rest.total.minus(amount);
    rest.balance = rest.balance.minus(inCompany);
    const values = {
      account_id: openAccount(environment, move),
      partner_id: asId(environment.get('account.move', move.id, 'commercial_partner_id')) ?? false,
      name: asText(move.payment_reference) || (isPurchase(move) ? asText(move.ref) : '') || false,
      date_maturity: part.due,
      currency_id: currency,
      amount_currency: amount,
      balance: inCompany,
    };
    const existing = open[index];
    if (!existing) createRecords(inside, environment.model(lineModel), [{ ...values, move_id: move.id, display_type: 'payment_term', quantity: 0 }]);
    else if (Object.entries(values).some(([name, value]) => existing[name] !== value)) {
      // A line that changes is not matched any more.
      if (existing.balance !== inCompany) unlinkPartialsOf(environment, existing.id);
      writeRecords(inside, environment.model(lineModel), [existing.id], values);
    }
  }
  unlinkRecords(
    inside,
    environment.model(lineModel),
    open.slice(parts.length).map((line) => line.id),
  );
}

function unlinkPartialsOf(environment: Environment, line: number): void {
  const partials = environment.model('account.partial.reconcile');
  for (const side of ['debit_move_id', 'credit_move_id']) unlinkRecords(environment, partials, [...partials.table.find(side, line)]);
}

function dueParts(environment: Environment, move: Row): { readonly percent: number; readonly due: string | false }[] {
  const term = asId(move.invoice_payment_term_id);
  const due = asText(move.invoice_date_due);
  const parts = term === null ? [] : instalments(environment, term, asText(move.invoice_date) || asText(move.date));
  return parts.length > 1 ? parts : [{ percent: 100, due: due || parts[0]?.due || false }];
}

/** The partner's own account, or the chart's. */
function openAccount(environment: Environment, move: Row): number | false {
  const property = isPurchase(move) ? 'property_account_payable_id' : 'property_account_receivable_id';
  const partner = environment.row('res.partner', asId(environment.get('account.move', move.id, 'commercial_partner_id')) ?? 0);
  return asId(partner?.[property]) ?? Number(environment.model('res.partner').defaults[property] ?? 0);
}
