/** account.move: journal entries, bills and invoices. Its states and numbers are in account-posting.ts, its lines in account-sync.ts. */
import type { Decimal } from 'decimal.js';
import { unlinkRecords } from '../deleting.ts';
import type { Environment } from '../environment.ts';
import { userError } from '../errors.ts';
import type { Behaviour } from '../model.ts';
import { asId, asNumber, asText, isTruthy, type Json, type Row, type Values } from '../values.ts';
import { applyCommands, patchRow } from '../writing.ts';
import { cannotDelete } from './account-lines.ts';
import { paymentState, residualOf } from './account-matching.ts';
import { companyCurrency, rateOn, sumOf } from './account-money.ts';
import { nameBefore, takeApart } from './account-numbers.ts';
import { lockOf, postingMethods } from './account-posting.ts';
import { instalments, monthEnd } from './account-settings.ts';
import { directionOf, insideMove, isInvoice, linesOf, syncMoves } from './account-sync.ts';

const model = 'account.move';
const bookedOnce = ['invoice_line_ids', 'line_ids', 'invoice_date', 'date', 'partner_id', 'invoice_payment_term_id', 'currency_id'];
const hashed = new Map([
  ['name', 'Number'],
  ['date', 'Date'],
  ['journal_id', 'Journal'],
]);

function journalFor(environment: Environment, type: string): number | false {
  const wanted = type === 'entry' ? 'general' : type.startsWith('in_') ? 'purchase' : 'sale';
  return environment.searchIds('account.journal', [['type', '=', wanted]], { limit: 1 })[0] ?? false;
}

/** Without a date of its own: a bill of a past month is booked at its end, in a journal that numbers by month. */
function accountingDate(environment: Environment, values: Values): string {
  const today = environment.now.slice(0, 10);
  const day = typeof values.invoice_date === 'string' ? values.invoice_date : '';
  if (values.move_type === 'entry' || day === '') return today;
  if (!String(values.move_type).startsWith('in_')) return day;
  const { table } = environment.model(model);
  const named = [...table.find('journal_id', Number(values.journal_id))].map((id) => asText(table.get(id)?.name)).filter((name) => name !== '');
  const { reset } = takeApart(named.at(-1) ?? 'X/2000/01/1');
  if (reset === 'never') return day;
  if (reset === 'year') return today.slice(0, 4) > day.slice(0, 4) ? `${day.slice(0, 4)}-12-31` : today;
  return today.slice(0, 7) > day.slice(0, 7) ? monthEnd(day) : today > day ? today : day;
}

function invoiceDefaults(environment: Environment, values: Values): void {
  const partner = environment.row('res.partner', Number(values.partner_id || 0));
  const property = String(values.move_type).startsWith('in_') ? 'property_supplier_payment_term_id' : 'property_payment_term_id';
  if (!('invoice_payment_term_id' in values)) values.invoice_payment_term_id = asId(partner?.[property]) ?? false;
  const term = asId(Number(values.invoice_payment_term_id || 0));
  const from = String(values.invoice_date || values.date);
  const due = term === null ? null : instalments(environment, term, from).at(-1)?.due;
  if (!isTruthy(values.invoice_date_due)) values.invoice_date_due = due ?? environment.now.slice(0, 10);
  const rate = rateOn(environment, Number(values.currency_id), Number(values.company_id), from);
  if (!isTruthy(values.invoice_currency_rate)) values.invoice_currency_rate = rate.toNumber();
}

function prepareCreate(environment: Environment, values: Values): void {
  values.move_type ??= 'entry';
  // A value that JSON leaves out is one that was not sent.
  if (!isTruthy(values.journal_id)) values.journal_id = journalFor(environment, String(values.move_type));
  const journal = environment.row('account.journal', Number(values.journal_id));
  values.company_id = asId(journal?.company_id) ?? 1;
  if (!isTruthy(values.currency_id)) values.currency_id = asId(journal?.currency_id) ?? companyCurrency(environment, Number(values.company_id));
  if (!isTruthy(values.date)) values.date = accountingDate(environment, values);
  if (values.name === '/' || values.name === '') values.name = false;
  if (values.move_type !== 'entry') invoiceDefaults(environment, values);
}

function prepareWrite(_environment: Environment, rows: readonly Row[], values: Values): void {
  for (const row of rows) {
    const locked = [...hashed].filter(([name]) => name in values && values[name] !== row[name]).map(([, label]) => label);
    if (asText(row.inalterable_hash) !== '' && locked.length > 0)
      throw userError(`This document is protected by a hash. Therefore, you cannot edit the following fields: ${locked.join(', ')}.`);
    if (
      'journal_id' in values &&
      values.journal_id !== row.journal_id &&
      row.posted_before === true &&
      asText(row.name) !== '' &&
      values.name !== false &&
      values.name !== '/'
    ) {
      throw userError(
        'You cannot edit the journal of an account move if it has been posted once, unless the name is removed or set to "/". This might create a gap in the sequence.',
      );
    }
    const refused = Object.keys(values).filter((name) => bookedOnce.includes(name));
    if (row.state === 'posted' && refused.length > 0)
      throw userError(`You cannot modify the following readonly fields on a posted move: ${refused.join(', ')}`);
  }
  if (values.name === '/' || values.name === '') values.name = false;
}

/** What Odoo computes anew unless it was sent along. */
function recompute(environment: Environment, before: Row, values: Readonly<Values>): void {
  const now = environment.row(model, before.id);
  if (!now || !isInvoice(now)) return;
  const changes: { [name: string]: string | number } = {};
  const isOfAnotherDay = asText(now.invoice_date) !== asText(before.invoice_date);
  if (isOfAnotherDay && !('date' in values)) changes.date = accountingDate(environment, { ...now } as Values);
  if ((now.currency_id !== before.currency_id || isOfAnotherDay) && !('invoice_currency_rate' in values)) {
    const day = asText(now.invoice_date) || asText(now.date);
    changes.invoice_currency_rate = rateOn(environment, asId(now.currency_id) ?? 0, asId(now.company_id) ?? 1, day).toNumber();
  }
  patchRow(environment, environment.model(model), before.id, changes);
}

const commandsOnLines = (environment: Environment, row: Row, value: Json): void => {
  const definition = environment.model(model);
  const field = definition.fields.get('line_ids');
  if (field) applyCommands(environment.withContext({ [insideMove]: true }), definition, row.id, field, value);
};

const productTotal = (environment: Environment, row: Row, field: 'price_subtotal' | 'balance'): Decimal =>
  sumOf(
    linesOf(environment, row.id)
      .filter((line) => line.display_type === 'product')
      .map((line) => asNumber(line[field])),
  );

/** Of an entry: what is debited, in its one foreign currency if it has one. */
function entryTotal(environment: Environment, row: Row, field: 'balance' | 'amount_currency'): number {
  return sumOf(linesOf(environment, row.id).map((line) => Math.max(asNumber(line[field]), 0))).toNumber();
}

function total(environment: Environment, row: Row): number {
  if (isInvoice(row)) return productTotal(environment, row, 'price_subtotal').toNumber();
  const currencies = new Set(linesOf(environment, row.id).map((line) => line.currency_id));
  return entryTotal(environment, row, currencies.size === 1 ? 'amount_currency' : 'balance');
}

const signedTotal = (environment: Environment, row: Row): number =>
  isInvoice(row) ? productTotal(environment, row, 'balance').negated().toNumber() || 0 : entryTotal(environment, row, 'balance');

const openLines = (environment: Environment, row: Row): Row[] => linesOf(environment, row.id).filter((line) => line.display_type === 'payment_term');

const kinds = new Map([
  ['entry', 'Entry'],
  ['in_invoice', 'Bill'],
  ['in_refund', 'Vendor Credit Note'],
  ['out_invoice', 'Invoice'],
  ['out_refund', 'Credit Note'],
]);

function displayName(row: Row): string {
  const words = [row.state === 'draft' ? `Draft ${kinds.get(asText(row.move_type)) ?? ''}` : '', asText(row.name), asText(row.ref) && `(${asText(row.ref)})`];
  return words.filter((word) => word !== '').join(' ');
}

function isAfterGap(environment: Environment, row: Row): boolean {
  const before = nameBefore(asText(row.name));
  const { table } = environment.model(model);
  return before !== null && ![...table.find('name', before)].some((id) => table.get(id)?.journal_id === row.journal_id);
}

function beforeUnlink(environment: Environment, rows: readonly Row[]): void {
  for (const row of rows) {
    if (asText(row.inalterable_hash) !== '') throw userError('You cannot delete journal items belonging to a locked journal entry.');
    if (row.state === 'posted' && environment.context.force_delete !== true) throw userError(cannotDelete);
    if (row.state === 'posted') lockOf(environment, row, asText(row.date));
  }
  const lines = rows.flatMap((row) => linesOf(environment, row.id).map((line) => line.id));
  unlinkRecords(environment.withContext({ [insideMove]: true }), environment.model('account.move.line'), lines);
}

export const move: Behaviour = {
  searchNames: ['name', 'ref'],
  indexes: ['name', 'ref'],
  computes: {
    display_name: (_environment, row) => displayName(row),
    invoice_line_ids: (environment, row) =>
      isInvoice(row)
        ? linesOf(environment, row.id)
            .filter((line) => line.display_type === 'product')
            .map((line) => line.id)
        : [],
    line_ids: (environment, row) => linesOf(environment, row.id).map((line) => line.id),
    commercial_partner_id: (environment, row) => {
      const partner = asId(row.partner_id);
      return partner === null ? false : environment.get('res.partner', partner, 'commercial_partner_id');
    },
    sequence_prefix: (_environment, row) => takeApart(asText(row.name)).prefix,
    sequence_number: (_environment, row) => takeApart(asText(row.name)).number,
    made_sequence_gap: isAfterGap,
    amount_untaxed: (environment, row) => (isInvoice(row) ? total(environment, row) : 0),
    amount_untaxed_signed: (environment, row) => (isInvoice(row) ? signedTotal(environment, row) : 0),
    amount_tax: () => 0,
    amount_tax_signed: () => 0,
    amount_total: total,
    amount_total_signed: signedTotal,
    amount_residual: (environment, row) => {
      const open = sumOf(openLines(environment, row).map((line) => residualOf(environment, line).own));
      return open.times(-directionOf(row)).toNumber() || 0;
    },
    amount_residual_signed: (environment, row) => sumOf(openLines(environment, row).map((line) => residualOf(environment, line).company)).toNumber() || 0,
    payment_state: (environment, row) => paymentState(environment, row, openLines(environment, row)),
  },
  inverses: { line_ids: commandsOnLines, invoice_line_ids: commandsOnLines },
  prepareCreate,
  prepareWrite,
  written: (environment, before, values) => {
    for (const row of before) recompute(environment, row, values);
  },
  validate: (environment, rows) => syncMoves(environment, new Set(rows.map((row) => row.id))),
  beforeUnlink,
  methods: postingMethods,
};
