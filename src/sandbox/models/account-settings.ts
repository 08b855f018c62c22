/** What entries are made with: accounts, journals and payment terms. */
import { unlinkRecords } from '../deleting.ts';
import type { Environment } from '../environment.ts';
import { userError, validationError } from '../errors.ts';
import type { Behaviour } from '../model.ts';
import { asId, asIds, asNumber, asText, type Json, type Row, type Values } from '../values.ts';
import { createRecords, patchRow, writeRecords } from '../writing.ts';
import { sumOf } from './account-money.ts';

const partnerTypes: ReadonlySet<unknown> = new Set(['asset_receivable', 'liability_payable']);

const codeOf = (row: Row): string => asText(row.code_store);

/** Odoo guesses a type from the account that stands before it in the chart. */
function typeOfNeighbour(environment: Environment, code: string): Json {
  const before = [...environment.model('account.account').table.rows()]
    .filter((row) => codeOf(row) < code)
    .sort((left, right) => (codeOf(left) < codeOf(right) ? -1 : 1));
  return before.at(-1)?.account_type ?? 'asset_current';
}

function refuseTakenCodes(environment: Environment, rows: readonly Row[]): void {
  const { table } = environment.model('account.account');
  const companies = (row: Row): readonly number[] => asIds(row.company_ids);
  const taken = rows.filter((row) =>
    [...table.find('code_store', codeOf(row))]
      .map((id) => table.get(id))
      .some((other) => other !== undefined && other.id !== row.id && companies(other).some((company) => companies(row).includes(company))),
  );
  if (taken.length === 0) return;
  throw validationError(`Account codes must be unique. You can't create accounts with these duplicate codes: ${taken.map(codeOf).join(', ')}`);
}

function postedBalance(environment: Environment, account: number): number {
  const lines = [...environment.model('account.move.line').table.find('account_id', account)];
  const posted = lines.filter((id) => environment.get('account.move.line', id, 'parent_state') === 'posted');
  return sumOf(posted.map((id) => asNumber(environment.row('account.move.line', id)?.balance))).toNumber();
}

export const account: Behaviour = {
  searchNames: ['name', 'code'],
  indexes: ['code_store'],
  computes: {
    code: (_environment, row) => codeOf(row) || false,
    placeholder_code: (_environment, row) => codeOf(row) || false,
    current_balance: (environment, row) => postedBalance(environment, row.id),
    internal_group: (_environment, row) => asText(row.account_type).split('_')[0] ?? false,
  },
  inverses: {
    code: (environment, row, value) =>
      patchRow(environment, environment.model('account.account'), row.id, { code_store: typeof value === 'string' ? value : false }),
  },
  prepareCreate: (environment, values) => {
    values.code_store = values.code ?? values.code_store ?? false;
    delete values.code;
    values.account_type ??= typeOfNeighbour(environment, String(values.code_store));
    values.reconcile ??= partnerTypes.has(values.account_type);
  },
  prepareWrite: (_environment, _rows, values) => {
    if (partnerTypes.has(values.account_type)) values.reconcile ??= true;
  },
  validate: (environment, rows) => {
    if (rows.some((row) => !/^[A-Za-z0-9.]+$/.test(codeOf(row)))) throw validationError('The account code can only contain alphanumeric characters and dots.');
    refuseTakenCodes(environment, rows);
    const unreconciled = rows.find((row) => partnerTypes.has(row.account_type) && row.reconcile !== true);
    if (unreconciled) {
      throw validationError(`You cannot have a receivable/payable account that is not reconcilable. (account code: ${codeOf(unreconciled)})`);
    }
  },
  beforeUnlink: (environment, rows) => {
    const items = environment.model('account.move.line').table;
    if (rows.some((row) => items.find('account_id', row.id).size > 0))
      throw userError('You cannot perform this action on an account that contains journal items.');
  },
};

function refuseUnhashing(environment: Environment, rows: readonly Row[], values: Values): void {
  if (!('restrict_mode_hash_table' in values)) return;
  const moves = environment.model('account.move').table;
  const isHashed = (journal: Row): boolean => [...moves.find('journal_id', journal.id)].some((id) => asText(moves.get(id)?.inalterable_hash) !== '');
  if (rows.some((row) => row.restrict_mode_hash_table === true && values.restrict_mode_hash_table !== true && isHashed(row))) {
    throw userError('You cannot modify the field Secure Posted Entries with Hash of a journal that already has accounting entries.');
  }
}

export const journal: Behaviour = {
  searchNames: ['name', 'code'],
  indexes: ['code', 'type'],
  unique: [{ fields: ['company_id', 'code'], message: 'Journal codes must be unique per company.' }],
  inverses: { bank_acc_number: giveNumber },
  prepareCreate: (_environment, values) => {
    values.refund_sequence ??= values.type === 'sale' || values.type === 'purchase';
  },
  prepareWrite: refuseUnhashing,
  created: (environment, rows) => {
    // By hand, in and out.
    const methods = rows.filter((row) => row.type === 'bank' || row.type === 'cash').flatMap((row) => [row.id, row.id]);
    createRecords(
      environment,
      environment.model('account.payment.method.line'),
      methods.map((journal) => ({ name: 'Manual Payment', journal_id: journal })),
    );
  },
  beforeUnlink: (environment, rows) => {
    const { table } = environment.model('account.payment.method.line');
    const methods = rows.flatMap((row) => [...table.find('journal_id', row.id)]);
    unlinkRecords(environment, environment.model('account.payment.method.line'), methods);
  },
  // What has been a number of the company stays one, archived.
  unlinked: (environment, rows) =>
    unlinkRecords(
      environment,
      environment.model('res.partner.bank'),
      rows.flatMap((row) => asId(row.bank_account_id) ?? []),
    ),
};

/** The number of a bank journal is a bank account of the company. */
function giveNumber(environment: Environment, row: Row, value: Json): void {
  const banks = environment.model('res.partner.bank');
  const known = asId(environment.row('account.journal', row.id)?.bank_account_id);
  if (known !== null) writeRecords(environment, banks, [known], { acc_number: value });
  else if (typeof value === 'string' && value !== '') {
    const [made] = createRecords(environment, banks, [{ acc_number: value, partner_id: asId(environment.get('res.company', 1, 'partner_id')) ?? false }]);
    if (made !== undefined) patchRow(environment, environment.model('account.journal'), row.id, { bank_account_id: made });
  }
}

const termLine = 'account.payment.term.line';

function linesOfTerm(environment: Environment, term: number): Row[] {
  return [...environment.model(termLine).table.find('payment_id', term)].map((id) => environment.row(termLine, id)).filter((row) => row !== undefined);
}

export const paymentTerm: Behaviour = {
  indexes: ['name'],
  created: (environment, rows) => {
    for (const row of rows) {
      if (linesOfTerm(environment, row.id).length > 0) continue;
      createRecords(environment, environment.model(termLine), [{ payment_id: row.id, value: 'percent', value_amount: 100, nb_days: 0 }]);
    }
  },
  validate: (environment, rows) => {
    for (const row of rows) {
      const percents = linesOfTerm(environment, row.id).filter((line) => line.value === 'percent');
      if (percents.length > 0 && sumOf(percents.map((line) => asNumber(line.value_amount))).eq(100)) continue;
      throw validationError('The Payment Term must have at least one percent line and the sum of the percent must be 100%.');
    }
  },
  beforeUnlink: (environment, rows) => {
    const moves = environment.model('account.move').table;
    if (!rows.some((row) => moves.find('invoice_payment_term_id', row.id).size > 0)) return;
    throw userError(
      "Uh-oh! Those payment terms are quite popular and can't be deleted since there are still some records referencing them. How about archiving them instead?",
    );
  },
};

const dayAfter = (date: string, days: number): string => {
  const moment = new Date(`${date}T00:00:00Z`);
  moment.setUTCDate(moment.getUTCDate() + days);
  return moment.toISOString().slice(0, 10);
};

export function monthEnd(date: string, months = 0): string {
  return new Date(Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)) + months, 0)).toISOString().slice(0, 10);
}

/** What falls due when, in percent; a fixed amount is none of the sandbox's. */
export function instalments(environment: Environment, term: number, from: string): { readonly percent: number; readonly due: string }[] {
  return linesOfTerm(environment, term).map((line) => {
    const days = asNumber(line.nb_days);
    const starts: Record<string, string> = {
      days_after: dayAfter(from, days),
      days_after_end_of_month: dayAfter(monthEnd(from), days),
      days_after_end_of_next_month: dayAfter(monthEnd(from, 1), days),
    };
    const due = starts[asText(line.delay_type) || 'days_after'];
    if (due === undefined || line.value !== 'percent')
      throw userError(`the sandbox does not compute payment terms by ${asText(line.value)} ${asText(line.delay_type)}`);
    return { percent: asNumber(line.value_amount), due };
  });
}

/** A partner whose documents these are stays; one of mere lines is kept by the database. */
export function refuseUsedInAccounting(environment: Environment, rows: readonly Row[]): void {
  const moves = environment.model('account.move').table;
  const isUsed = (partner: number): boolean => [...moves.find('partner_id', partner)].some((id) => moves.get(id)?.state !== 'cancel');
  if (rows.some((row) => isUsed(row.id))) throw userError('The partner cannot be deleted because it is used in Accounting');
}
