/** The exports of a small ledger in USD: a chart, an opening entry through a clearing account, open bills and an open invoice; and their mapping. */
export interface Ledger {
  readonly state: 'draft' | 'posted';
  /** Document, account, kind, amount. */
  readonly lines: readonly (readonly [string, string, string, string])[];
  /** Vendor, number, date, due date, total, sum of lines, open amount, rate, day it is posted on. */
  readonly bills: readonly (readonly string[])[];
  /** Vendor → what the ledger holds open for it, where that is not the sum of its bills. */
  readonly held?: Readonly<Record<string, string>>;
  /** More accounts: code, name, kind, balance. */
  readonly accounts?: readonly (readonly [string, string, string, string])[];
}

export const balanced: Ledger['lines'] = [
  ['OPENING', '1010', 'balance', '5000.10'],
  ['OPENING', '6000', 'balance', '1200.00'],
  ['OPENING', '3000', 'balance', '-5450.04'],
  ['OPENING', '1999', 'clearing', '-750.00'],
  ['OPENING', '2100', 'rounding', '-0.06'],
];

export const openBills: Ledger['bills'] = [
  ['V1', '10000010', '2025-11-28', '2026-02-05', '500.00', '500.00', '500.00', '1', '2025-12-31'],
  ['V1', '10000011', '2025-12-03', '2026-02-06', '350.25', '350.25', '350.00', '1', '2025-12-31'],
];

const accounts = [
  ['1010', 'Petty cash', 'bank', '5000.10'],
  ['1999', 'Opening balances, clearing', 'clearing', '0'],
  ['2100', 'Vendors', 'payable', '-850.06'],
  ['1200', 'Customers', 'receivable', '100.00'],
  ['3000', 'Capital', 'equity', '-5450.04'],
  ['6000', 'Purchases', 'expense', '1200.00'],
] as const;

const sources: Readonly<Record<string, string>> = {
  account: 'from: accounts.csv\nfields: {code: CODE, name: NAME, kind: KIND, company: "\'Hospital\'", currency: "\'USD\'", balance: BALANCE}',
  'payment-term': 'from: terms.csv\nfields: {code: CODE, name: NAME}',
  'payment-term-line': `from: terms.csv\nfields: {term: CODE, line_no: "1", percent: "100", days: DAYS, due: "'days'", day_of_month: "'10'"}`,
  partner:
    'from: partners.csv\nfields: {partner_no: NO, name: NAME, active: "true", payment_term: TERM, payable_account: "\'2100\'", receivable_account: "\'1200\'"}',
  'control-balance': `from: balances.csv\nrow: "ACCOUNT || ' of ' || PARTNER"\nfields: {balance_no: "ACCOUNT || ' ' || PARTNER", account: ACCOUNT, partner: PARTNER, balance: BALANCE}`,
  'opening-entry': `from: entries.csv\nfields: {entry_no: NO, date: DAY, journal: "'opening'", currency: "'USD'", state: STATE}`,
  'opening-line': `from: lines.csv\nrow: "'line ' || ACCOUNT"\nfields: {entry: ENTRY, line_no: ACCOUNT, account: ACCOUNT, label: ACCOUNT, kind: KIND, currency: "'USD'", balance: AMOUNT}`,
};

const item = (file: string, journal: string, account: string, sign: string): readonly [string, string] => [
  `from: ${file}.csv\nrow: "'bill ' || NO"\nfields: {partner: PARTNER, number: NO, date: DAY, due_on: DUE, posted_on: POSTED, journal: "'${journal}'", currency: "'USD'", rate: RATE, total: TOTAL, lines_total: LINES, open_amount: OPEN, state: STATE, tied_to: "'${account} ' || PARTNER", ledger_amount: "${sign}OPEN"}`,
  `from: ${file}.csv\nrow: "'bill ' || NO"\nfields: {document: "PARTNER || '/' || NO", line_no: "1", account: "'1999'", label: NO, amount: OPEN}`,
];

export function ledgerFiles({ state, lines, bills, held = {}, accounts: more = [] }: Ledger): Record<string, string> {
  const csv = (columns: string, rows: readonly (readonly string[])[]): string =>
    [columns, ...rows.map((row) => row.map((cell) => (cell.includes(',') ? `"${cell}"` : cell)).join(','))].join('\n');
  const itemColumns = 'PARTNER,NO,DAY,DUE,TOTAL,LINES,OPEN,RATE,POSTED,STATE';
  const vendors = [...new Set(bills.map(([vendor = '']) => vendor))];
  // a cent of them is what exchange rates left
  const openOf = (vendor: string) =>
    (-bills.filter(([one]) => one === vendor).reduce((sum, [, , , , , , open]) => sum + Math.round(Number(open) * 100), 1) / 100).toFixed(2);
  const invoice = ['C1', '7', '2025-12-20', '2026-01-19', '100.00', '100.00', '100.00', '1', '2025-12-31'];
  const mappings = {
    ...sources,
    'vendor-bill': item('bills', 'bills', '2100', "'-' || ")[0],
    'vendor-bill-line': item('bills', 'bills', '2100', "'-' || ")[1],
    'customer-invoice': item('invoices', 'invoices', '1200', '')[0],
    'customer-invoice-line': item('invoices', 'invoices', '1200', '')[1],
  };
  return {
    'cutover.yaml':
      'version: 1\nnamespace: financetest\nsystems:\n  ledger: {connector: files, directory: ledger}\n  odoo: {connector: odoo, url: "${ODOO_URL}", database: "${ODOO_DB}", login: "${ODOO_LOGIN}", api_key: "${ODOO_API_KEY}"}\ncapabilities: [finance]\npolicies: {shrink_percent: 100}\n',
    'mappings/finance/capability.yaml': 'capability: finance\nextends: finance@1\n',
    ...Object.fromEntries(
      Object.entries(mappings).map(([name, text]) => [
        `mappings/finance/sources/ledger/${name}.yaml`,
        `system: ledger\nentity: ${name.replaceAll('-', '_')}\n${text}\n`,
      ]),
    ),
    'ledger/accounts.csv': csv('CODE,NAME,KIND,BALANCE', [...accounts, ...more]),
    'ledger/terms.csv': csv('CODE,NAME,DAYS', [['N30', 'Net 30 of the ledger', '30']]),
    'ledger/partners.csv': csv('NO,NAME,TERM', [
      ['V1', 'Vendor One', 'N30'],
      ['V2', 'Vendor Two', 'N30'],
      ['C1', 'Customer One', 'N30'],
    ]),
    'ledger/balances.csv': csv('ACCOUNT,PARTNER,BALANCE', [
      ...vendors.map((vendor) => ['2100', vendor, held[vendor] ?? openOf(vendor)]),
      ['1200', 'C1', '100.00'],
    ]),
    'ledger/entries.csv': csv('NO,DAY,STATE', [['OPENING', '2025-12-31', state]]),
    'ledger/lines.csv': csv('ENTRY,ACCOUNT,KIND,AMOUNT', lines),
    'ledger/bills.csv': csv(
      itemColumns,
      bills.map((row) => [...row, state]),
    ),
    'ledger/invoices.csv': csv(itemColumns, [[...invoice, state]]),
  };
}
