/** The exports of a ledger in USD that has everything the finance pack knows: rates, cost centres, a bank, fixed assets, history, open documents in two
 *  currencies, credits and unapplied payments. */
export interface WholeLedger {
  readonly state: 'draft' | 'posted';
  /** What Odoo does not let go back to draft is reversed by a rollback. */
  readonly isReversed?: boolean;
  /** Cells that are others than in the sound ledger: file → row → column → cell. */
  readonly faults?: Readonly<Record<string, Readonly<Record<number, Readonly<Record<string, string>>>>>>;
}

interface Sheet {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const sheet = (columns: string, ...rows: string[]): Sheet => ({ columns: columns.split(' '), rows: rows.map((row) => row.split(' ')) });
const opening = '2025-12-31';

/** A space parts the cells; none of them holds one. */
const sheets: Readonly<Record<string, Sheet>> = {
  rates: sheet('CURRENCY DAY RATE', 'EUR 2025-11-01 0.8', 'EUR 2025-12-31 0.9'),
  accounts: sheet(
    'CODE NAME KIND BALANCE CLEARING',
    '1010 House-bank bank 4800.00 false',
    '1999 Clearing clearing 0 true',
    '2100 Vendors payable -540.60 false',
    '1200 Customers receivable 44.50 false',
    '1500 Machines fixed-asset 12000.00 false',
    '1509 Machines-depreciation fixed-asset -3000.00 false',
    '3000 Capital equity -13504.00 false',
    '6000 Purchases expense 200.10 false',
  ),
  centres: sheet('CODE NAME', 'W1 Ward-one', 'L1 Laboratory'),
  terms: sheet('CODE NAME DAYS', 'N30 Net-30-of-the-ledger 30'),
  partners: sheet('NO NAME', 'V1 Vendor-One', 'C1 Customer-One'),
  banks: sheet('CODE NAME NUMBER ACCOUNT STATEMENT', 'HB1 House-bank ES9121000418450200051332 1010 4800.00'),
  entries: sheet('NO DAY', `OPENING ${opening}`),
  lines: sheet(
    'ENTRY NO ACCOUNT KIND AMOUNT',
    'OPENING 1010 1010 balance 5000.10',
    'OPENING 1500 1500 balance 12000.00',
    'OPENING 1509 1509 balance -3000.00',
    'OPENING 2100-open 1999 clearing -540.60',
    'OPENING 1200-open 1999 clearing 44.50',
    'OPENING 3000 3000 balance -13504.00',
  ),
  assets: sheet('NO LINE KIND VALUE', 'A1 OPENING/1500 cost 7000.00', 'A1 OPENING/1509 depreciation -3000.00', 'A2 OPENING/1500 cost 5000.00'),
  periods: sheet('NO PERIOD DAY', 'H-2025-11 2025-11 2025-11-30'),
  movements: sheet('ENTRY NO ACCOUNT CENTRE AMOUNT', 'H-2025-11 1 6000 W1 120.00', 'H-2025-11 2 6000 L1 80.10', 'H-2025-11 3 1010  -200.10'),
  bills: sheet('NO DAY CURRENCY RATE OPEN BOOKED', '501 2025-11-28 USD 1 500.00 500.00', '502 2025-12-03 EUR 0.8 100.00 125.00'),
  papers: sheet('DOCUMENT NAME REFERENCE', 'V1/501 501.pdf https://archive.example/501', 'V1/501 delivery ARCHIVE-2025-0007'),
  invoiced: sheet('DOCUMENT NAME REFERENCE', 'C1/701 701.pdf scans/2025/701.pdf'),
  credits: sheet('NO DAY CURRENCY RATE OPEN BOOKED', '601 2025-12-05 EUR 1.25 55.50 -44.40'),
  invoices: sheet('NO DAY CURRENCY RATE OPEN BOOKED', '701 2025-12-20 USD 1 100.00 -100.00'),
  refunds: sheet('NO DAY CURRENCY RATE OPEN BOOKED', '801 2025-12-21 USD 1 30.00 30.00'),
  payments: sheet('NO PARTNER DIRECTION DAY CURRENCY OPEN', '901 V1 out 2025-12-10 EUR 32.00', '902 C1 in 2025-12-11 USD 25.50'),
  paid: sheet(
    'PARTNER NO LINE ACCOUNT CURRENCY AMOUNT BOOKED',
    'V1 901 1 2100 EUR 32.00 40.00',
    'V1 901 2 1999 EUR -32.00 -40.00',
    'C1 902 1 1200 USD -25.50 -25.50',
    'C1 902 2 1999 USD 25.50 25.50',
  ),
};

const item = (partner: string, journal: string): [string, string] => [
  `{partner: "'${partner}'", number: NO, date: DAY, due_on: DAY, posted_on: "'${opening}'", journal: "'${journal}'", currency: CURRENCY, rate: RATE, open_amount: OPEN, state: STATE}`,
  `{document: "'${partner}/' || NO", line_no: "1", account: "'1999'", label: NO, amount: OPEN, balance: BOOKED}`,
];

/** Entity → file and fields. */
const sources: Readonly<Record<string, readonly [string, string]>> = {
  currency_rate: ['rates', '{currency: CURRENCY, date: DAY, rate: RATE}'],
  account: ['accounts', `{code: CODE, name: NAME, kind: KIND, company: "'Hospital'", currency: "'USD'", balance: BALANCE, clearing: CLEARING}`],
  cost_centre: ['centres', `{code: CODE, name: NAME, plan: "'cost-centres'", active: "true"}`],
  payment_term: ['terms', '{code: CODE, name: NAME}'],
  payment_term_line: ['terms', `{term: CODE, line_no: "1", percent: "100", days: DAYS, due: "'days'", day_of_month: "'10'"}`],
  partner: ['partners', `{partner_no: NO, name: NAME, active: "true", payable_account: "'2100'", receivable_account: "'1200'"}`],
  bank_account: ['banks', '{code: CODE, name: NAME, number: NUMBER, account: ACCOUNT, statement_balance: STATEMENT}'],
  opening_entry: ['entries', `{entry_no: NO, date: DAY, journal: "'opening'", currency: "'USD'", state: STATE}`],
  opening_line: ['lines', `{entry: ENTRY, line_no: NO, account: ACCOUNT, label: NO, kind: KIND, currency: "'USD'", balance: AMOUNT}`],
  fixed_asset: ['assets', '{asset_no: NO, line: LINE, kind: KIND, value: VALUE}'],
  history_entry: ['periods', `{entry_no: NO, period: PERIOD, date: DAY, journal: "'history'", currency: "'USD'", state: STATE}`],
  history_line: ['movements', '{entry: ENTRY, line_no: NO, account: ACCOUNT, cost_centre: CENTRE, label: NO, balance: AMOUNT}'],
  vendor_bill: ['bills', item('V1', 'bills')[0]],
  vendor_bill_line: ['bills', item('V1', 'bills')[1]],
  vendor_bill_attachment: ['papers', '{document: DOCUMENT, name: NAME, reference: REFERENCE}'],
  customer_invoice_attachment: ['invoiced', '{document: DOCUMENT, name: NAME, reference: REFERENCE}'],
  vendor_credit: ['credits', item('V1', 'bills')[0]],
  vendor_credit_line: ['credits', item('V1', 'bills')[1]],
  customer_invoice: ['invoices', item('C1', 'invoices')[0]],
  customer_invoice_line: ['invoices', item('C1', 'invoices')[1]],
  customer_credit: ['refunds', item('C1', 'invoices')[0]],
  customer_credit_line: ['refunds', item('C1', 'invoices')[1]],
  unapplied_payment: [
    'payments',
    `{partner: PARTNER, number: NO, date: DAY, posted_on: "'${opening}'", direction: DIRECTION, journal: "'payments'", currency: CURRENCY, open_amount: OPEN, state: STATE}`,
  ],
  unapplied_payment_line: [
    'paid',
    `{payment: "PARTNER || '/' || NO", line_no: LINE, account: ACCOUNT, partner: "case LINE when '1' then PARTNER end", label: NO, date: "case LINE when '1' then '${opening}' end", currency: CURRENCY, amount: AMOUNT, balance: BOOKED, open_amount: "case LINE when '1' then AMOUNT else '0' end"}`,
  ],
};

/** The policy of a workspace, for entries (posted and reconciled at once) and for documents. */
const reversing = (entity: string, leave: string): [string, string] => [
  `mappings/finance/${entity}.yaml`,
  `entity: ${entity.replaceAll('-', '_')}\nodoo:\n  states:\n    values:\n      posted:\n        barred:\n          - {is: {reversal_move_ids: [true]}, why: it has been reversed}\n          - {is: {inalterable_hash: [true]}, why: it is secured by a hash, leave: [${leave}]}\n          - {locked: true, why: it is reversed, leave: [${leave}]}\n`,
];
const policies = Object.fromEntries([
  ...['opening-entry', 'history-entry', 'unapplied-payment'].map((entity) => reversing(entity, 'reverse')),
  ...['vendor-bill', 'vendor-credit', 'customer-invoice', 'customer-credit'].map((entity) => reversing(entity, 'reverse, keep_rate, post_reversal')),
]);

export function wholeLedgerFiles({ state, isReversed = false, faults = {} }: WholeLedger): Record<string, string> {
  const csv = (name: string, { columns, rows }: Sheet): string => {
    const faulty = faults[name] ?? {};
    const lines = rows.map((row, index) => columns.map((column, cell) => faulty[index]?.[column] ?? row[cell] ?? ''));
    return [[...columns, 'STATE'], ...lines.map((line) => [...line, state])].map((line) => line.join(',')).join('\n');
  };
  return {
    'cutover.yaml':
      'version: 1\nnamespace: wholeledger\nsystems:\n  ledger: {connector: files, directory: ledger}\n  odoo: {connector: odoo, url: "${ODOO_URL}", database: "${ODOO_DB}", login: "${ODOO_LOGIN}", api_key: "${ODOO_API_KEY}"}\ncapabilities: [finance]\npolicies: {shrink_percent: 100}\n',
    'mappings/finance/capability.yaml': 'capability: finance\nextends: finance@1\n',
    ...(isReversed ? policies : {}),
    ...Object.fromEntries(
      Object.entries(sources).map(([entity, [file, fields]]) => [
        `mappings/finance/sources/ledger/${entity.replaceAll('_', '-')}.yaml`,
        `system: ledger\nentity: ${entity}\nfrom: ${file}.csv\nfields: ${fields}\n`,
      ]),
    ),
    ...Object.fromEntries(Object.entries(sheets).map(([name, one]) => [`ledger/${name}.csv`, csv(name, one)])),
  };
}
