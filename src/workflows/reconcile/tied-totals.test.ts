/** Totals that must end at nothing: control accounts less what is open on them, statements less the ledger; against sums of our own over the same rows. */
import { readFileSync } from 'node:fs';
import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import type { EntityContract } from '../../domain/contract.ts';
import type { ControlTotal } from '../../domain/difference.ts';
import type { ReconcileReport } from '../../domain/report.ts';
import { settlementTables } from '../../domain/settlement-tables.ts';
import { Laboratory, type ReconcileWorld, type Row } from './reconcile-world.fixture.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

const Exact = Decimal.clone({ precision: 60, rounding: Decimal.ROUND_HALF_UP });
const total = (amounts: readonly Decimal[]) => amounts.reduce((sum, one) => sum.plus(one), new Exact(0));
/** As a ledger books it: the amount at its rate, to the cent, half away from zero. */
const booked = (amount: string, rate: string) => new Exact(amount).div(rate).toDecimalPlaces(2);

const document = (entity: string): z.input<typeof EntityContract> => ({
  ...{ entity, version: 1, key: ['number'] },
  fields: {
    number: { type: 'text', required: true },
    account: { type: 'text' },
    rate: { type: 'decimal', digits: 10 },
    open_amount: { type: 'money', digits: 2 },
  },
  owner: { fields: { open_amount: 'odoo' } },
  odoo: {
    model: `account.${entity}`,
    scope: [['id', '>', 0]],
    fields: { number: 'ref', rate: 'invoice_currency_rate', open_amount: { field: 'amount_residual', send: false } },
  },
});

const account: z.input<typeof EntityContract> = {
  ...{ entity: 'account', version: 1, key: ['code'] },
  fields: { code: { type: 'text', required: true }, kind: { type: 'text' }, balance: { type: 'money', digits: 2 } },
  odoo: { model: 'account.account', scope: [['id', '>', 0]], fields: { code: 'code', kind: 'kind', balance: { field: 'current_balance', send: false } } },
  controls: [
    {
      ...{ name: 'open-items', measure: 'balance', where: "kind = 'control'", by: { account: 'code' } },
      less: {
        bill: { measure: '-open_amount', at: 'rate', by: { account: 'account' } },
        credit: { measure: 'open_amount', at: 'rate', by: { account: 'account' } },
      },
      explained: [
        { class: 'exchange-rounding', of: { line: { measure: 'balance', where: "kind = 'rounding'", by: { account: 'account' } } }, reason: 'Rates.' },
      ],
    },
  ],
};

const line: z.input<typeof EntityContract> = {
  ...{ entity: 'line', version: 1, key: ['number'] },
  fields: { number: { type: 'text', required: true }, kind: { type: 'text' }, account: { type: 'text' }, balance: { type: 'money', digits: 2 } },
};

const bank: z.input<typeof EntityContract> = {
  ...{ entity: 'bank', version: 1, key: ['code'] },
  fields: { code: { type: 'text', required: true }, account: { type: 'text' }, statement: { type: 'money', digits: 2 } },
  controls: [
    {
      ...{ name: 'statements', measure: 'statement', by: { account: 'account' } },
      less: { account: { measure: 'balance', where: "kind = 'bank'", by: { account: 'code' } } },
      explained: [
        { class: 'no-statement', alone: true, reason: 'Cash in hand.' },
        { class: 'bank-rounding', at_most: '0.02', reason: 'The bank rounds.' },
      ],
    },
  ],
};

const source = (entity: string, fields: readonly string[]) => {
  return { system: 'meditrack', entity, from: entity, fields: Object.fromEntries(fields.map((name) => [name, name])) };
};

const columns = {
  account: ['code', 'kind', 'balance'],
  bill: ['number', 'account', 'rate', 'open_amount'],
  credit: ['number', 'account', 'rate', 'open_amount'],
  line: ['number', 'kind', 'account', 'balance'],
  bank: ['code', 'account', 'statement'],
};
const residual = { ref: 'char', invoice_currency_rate: 'float', amount_residual: 'monetary' };

interface Books {
  readonly accounts: readonly Row[];
  readonly bills: readonly Row[];
  readonly credits: readonly Row[];
  readonly lines: readonly Row[];
  readonly banks: readonly Row[];
}

async function books(): Promise<ReconcileWorld> {
  return await laboratory.world({
    entities: [
      { contract: account, sources: [source('account', columns.account)] },
      { contract: document('bill'), sources: [source('bill', columns.bill)] },
      { contract: document('credit'), sources: [source('credit', columns.credit)] },
      { contract: line, sources: [source('line', columns.line)] },
      { contract: bank, sources: [source('bank', columns.bank)] },
    ],
    fields: {
      'account.account': { code: 'char', kind: 'char', current_balance: 'monetary' },
      'account.bill': residual,
      'account.credit': residual,
    },
  });
}

/** Odoo has what the ledger has, but for `odoo`. */
async function night(world: ReconcileWorld, ledger: Books, odoo: Partial<Pick<Books, 'accounts' | 'bills'>> = {}) {
  for (const entity of ['account', 'bill', 'credit', 'line', 'bank'] as const) await world.legacy('meditrack', entity, ledger[`${entity}s`], columns[entity]);
  const accounts = (odoo.accounts ?? ledger.accounts).map((row, index) => ({
    id: index + 1,
    code: row.code ?? null,
    kind: row.kind ?? null,
    current_balance: row.balance ?? null,
  }));
  const documents = (rows: readonly Row[]) =>
    rows.map((row, index) => ({ id: index + 1, ref: row.number ?? null, invoice_currency_rate: row.rate ?? null, amount_residual: row.open_amount ?? null }));
  await world.odoo('account', accounts);
  await world.odoo('bill', documents(odoo.bills ?? ledger.bills));
  await world.odoo('credit', documents(ledger.credits));
  const links = (rows: readonly Row[], key: string) => Object.fromEntries(rows.map((row, index) => [String(row[key]), index + 1]));
  await world.link('account', 'meditrack', links(ledger.accounts, 'code'));
  await world.link('bill', 'meditrack', links(ledger.bills, 'number'));
  await world.link('credit', 'meditrack', links(ledger.credits, 'number'));
  return await world.reconcile();
}

const found = (controls: readonly ControlTotal[], name: string, of: string | null = null) =>
  controls.find((one) => one.name === name && (of === null ? Object.keys(one.dimension).length === 0 : one.dimension.account === of));

const bill = (number: string, open_amount: string, rate = '1', control = '2100'): Row => ({ number, account: control, rate, open_amount });
const small: Books = {
  accounts: [
    { code: '2100', kind: 'control', balance: '-624.96' },
    { code: '1010', kind: 'bank', balance: '4800.00' },
    { code: '1020', kind: 'bank', balance: '15.00' },
    { code: '1030', kind: 'bank', balance: '99.99' },
    { code: '6000', kind: 'expense', balance: '7.00' },
  ],
  // 500.00 and 100.00 EUR at 0.8, less 0.05 of a credit in EUR: 0.05 / 0.8 is 0.0625
  bills: [bill('B1', '500.00'), bill('B2', '100.00', '0.8')],
  credits: [bill('C1', '0.05', '0.8')],
  lines: [
    { number: '1', kind: 'rounding', account: '2100', balance: '-0.02' },
    { number: '2', kind: 'balance', account: '2100', balance: '17.00' },
  ],
  banks: [
    { code: 'B1', account: '1010', statement: '4800.00' },
    { code: 'B2', account: '1020', statement: '15.01' },
  ],
};

test('a control account ends at nothing once what is open is taken away, and exchange rounding is a class of the rest', async () => {
  const world = await books();
  const { controls, verdict, roundings } = await night(world, small);
  const tie = {
    parts: [
      { name: 'account.balance', legacy: '-624.96', odoo: '-624.96' },
      { name: 'bill.open_amount', legacy: '625', odoo: '625' },
      { name: 'credit.open_amount', legacy: '-0.06', odoo: '-0.06' },
    ],
    explained: { 'exchange-rounding': '-0.02' },
    left: '0',
  };
  expect(found(controls, 'open-items', '2100')).toMatchObject({ legacy: '-0.02', odoo: '-0.02', difference: '0', residual: '0', tie });
  expect(found(controls, 'open-items')).toMatchObject({ legacy: '-0.02', residual: '0', tie });
  expect(found(controls, 'open-items', '6000')).toBeUndefined();
  expect(found(controls, 'statements')).toMatchObject({ residual: '0', tie: { explained: { 'no-statement': '-99.99', 'bank-rounding': '0.01' } } });
  expect(found(controls, 'statements', '1010')?.tie?.parts).toEqual([
    { name: 'bank.statement', legacy: '4800', odoo: null },
    { name: 'account.balance', legacy: '-4800', odoo: '-4800' },
  ]);
  expect(verdict).toBe('RECONCILED');
  const exact = '2 decimals, as they stand';
  const atRate = `${exact}; at its rate half-up to 0.01 (currency of the company)`;
  expect(roundings.currencies).toEqual([{ currency: 'USD', unit: '0.01', mode: 'half-up', isCompany: true }]);
  expect(roundings.amounts.map(({ entity, field, rule, tolerance }) => [`${entity}.${field}`, rule, tolerance])).toEqual([
    ['account.balance', exact, null],
    ['bill.open_amount', atRate, null],
    ['credit.open_amount', atRate, null],
    ['line.balance', `${exact}, on the legacy side only`, null],
    ['bank.statement', `${exact}, on the legacy side only`, null],
  ]);
  // the words of every report
  const [table] = settlementTables({ controls });
  expect(table?.rows.map((row) => row.join('|'))).toContain('open-items|account 2100|explained: exchange-rounding|-0.02|');
}, 120_000);

test('an item that the ledger does not know, and a bank that says something else, are left over and nothing is reconciled', async () => {
  const world = await books();
  const { controls, verdict } = await night(world, {
    ...small,
    bills: [...small.bills, bill('B3', '8.10', '1', '2199')],
    banks: [{ code: 'B1', account: '1010', statement: '4799.97' }, ...small.banks.slice(1)],
  });
  expect(found(controls, 'open-items', '2199')).toMatchObject({ legacy: '8.1', residual: '8.1', tie: { left: '8.1' } });
  expect(found(controls, 'open-items')).toMatchObject({ residual: '8.1' });
  expect(found(controls, 'statements', '1010')).toMatchObject({ residual: '-0.03', tie: { explained: {} } });
  expect(verdict).toBe('INCOMPLETE');
}, 120_000);

test('what differs in Odoo explains what is left there: a bill that was paid there, balances that are not posted', async () => {
  const world = await books();
  const unposted = small.accounts.map((row) => ({ ...row, balance: '0.00' }));
  const { controls, verdict } = await night(world, small, { accounts: unposted, bills: [bill('B1', '0.00'), bill('B2', '100.00', '0.8')] });
  expect(found(controls, 'open-items', '2100')).toMatchObject({
    ...{ legacy: '-0.02', odoo: '124.94', difference: '-124.96', residual: '0', gross: '1124.96' },
    classes: { value: '-124.96' },
    tie: { left: '0' },
  });
  expect(verdict).toBe('BREAKS');
}, 120_000);

test('amounts at their rates are divided exactly, whatever they are', async () => {
  const world = await books();
  const cents = fc.integer({ min: -9_999_999_999, max: 9_999_999_999 }).map((amount) => new Decimal(amount).div(100).toFixed(2));
  const rate = fc.integer({ min: 1_000_000, max: 99_999_999_999 }).map((digits) => new Decimal(digits).div('1e10').toFixed(10));
  // ties of a half: 0.01 at 2, 0.03 at 0.4, 0.05 at 2 either way
  const halves: [string, string][] = [
    ['0.01', '2'],
    ['-0.01', '2'],
    ['0.05', '2'],
    ['-0.05', '2'],
    ['0.03', '0.4'],
    ['12345678.01', '8'],
  ];
  const random = fc.sample(fc.tuple(cents, rate), { numRuns: 400, seed: 7 });
  const amounts = [...halves, ...random].map(([amount, at], index) => ({ number: `B${index}`, account: `A${index}`, rate: at, open_amount: amount }));
  const bills = amounts.filter(({ rate: at }) => new Decimal(at).gt(0));
  const accounts = bills.map((one) => ({ code: one.account, kind: 'control', balance: booked(one.open_amount, one.rate).neg().toFixed(2) }));
  const { controls } = await night(world, { ...small, accounts, bills, credits: [], lines: [], banks: [] });
  const open = controls.filter(({ name }) => name === 'open-items');
  expect(open.length).toBe(bills.length + 1);
  expect(open.filter(({ residual: left }) => !new Decimal(left).isZero())).toEqual([]);
  const sums = found(controls, 'open-items')?.tie?.parts.map(({ legacy, odoo }) => [legacy, odoo]);
  const wanted = total(bills.map((one) => booked(one.open_amount, one.rate))).toFixed();
  expect(sums?.[1]).toEqual([wanted, wanted]);
}, 120_000);

test('a total whose sums nobody yields is not made, and the reason is told', async () => {
  const world = await laboratory.world({
    entities: [
      { contract: account, sources: [source('account', columns.account)] },
      { contract: document('bill'), sources: [source('bill', ['number', 'rate', 'open_amount'])] },
    ],
    fields: { 'account.account': { code: 'char', kind: 'char', current_balance: 'monetary' }, 'account.bill': residual },
  });
  await world.legacy('meditrack', 'account', small.accounts);
  await world.legacy('meditrack', 'bill', [], ['number', 'rate', 'open_amount']);
  await world.odoo('account', []);
  await world.odoo('bill', []);
  const { files, controls } = await world.reconcile();
  expect(controls).toEqual([]);
  const { rules } = JSON.parse(readFileSync(files.find((file) => file.endsWith('report.json')) ?? '', 'utf8')) as ReconcileReport;
  expect(rules.find(({ rule }) => rule === 'open-items')?.notChecked).toBe('no source yields bill.account');
}, 120_000);
