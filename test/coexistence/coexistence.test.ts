import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReconcileResult } from '../../src/domain/results.ts';
import { Laboratory, type ReconcileWorld, type Row } from '../../src/workflows/reconcile/reconcile-world.fixture.ts';
import { bill, odooBill, paid, paymentsWorld } from './payments-world.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
}, 60_000);
afterAll(async () => {
  await laboratory.close();
});

interface Night {
  readonly bills?: readonly string[];
  readonly credits?: readonly string[];
  readonly payments?: readonly Row[];
  readonly odooBills?: readonly Row[];
  readonly odooPayments?: readonly Row[];
}

const columns = {
  document: ['number', 'partner', 'open_amount', 'date', 'due_on', 'currency'],
  payment: ['number', 'partner', 'amount', 'kind', 'date', 'currency', 'reference'],
};

/** Bills are in Odoo as the legacy system has them unless a night says otherwise. */
async function night(world: ReconcileWorld, { bills = [], credits = [], payments = [], odooBills, odooPayments = [] }: Night): Promise<ReconcileResult> {
  await world.legacy('meditrack', 'vendor_bill', bills.map(bill), columns.document);
  await world.legacy('meditrack', 'vendor_credit', credits.map(bill), columns.document);
  await world.legacy('meditrack', 'payment', payments, columns.payment);
  await world.odoo('vendor_bill', odooBills ?? bills.map((text, index) => odooBill(10 + index, text)));
  await world.odoo(
    'vendor_credit',
    credits.map((text, index) => odooBill(50 + index, text)),
  );
  await world.odoo('payment', odooPayments);
  const ids = (texts: readonly string[], first: number) => Object.fromEntries(texts.map((text, index) => [bill(text).number as string, first + index]));
  await world.link('vendor_bill', 'meditrack', ids(bills, 10));
  await world.link('vendor_credit', 'meditrack', ids(credits, 50));
  return await world.reconcile();
}

/** Lines of allocations.csv as `status shape key = key`. */
function allocations({ files }: ReconcileResult): string[] {
  const file = files.find((name) => name.endsWith('allocations.csv')) as string;
  const [header = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  const rows = lines.map((line) => Object.fromEntries(header.split(',').map((name, index) => [name, line.split(',')[index] ?? ''])));
  const groups = Map.groupBy(rows, (row) => row.group || `${row.key}`);
  const keys = (list: readonly Record<string, string>[], role: string) => list.filter((row) => row.role === role).map((row) => row.key || `#${row.odoo_id}`);
  return [...groups.values()]
    .map(
      (list) =>
        `${list[0]?.status}${list[0]?.shape === '' ? '' : ` ${list[0]?.shape}`} ${keys(list, 'payment').join('+')} = ${keys(list, 'document').join('+')}`,
    )
    .sort();
}

describe('what payments pay', () => {
  test('by name, by the only sums that agree, and everything else as what it is', async () => {
    const world = await paymentsWorld(laboratory);
    const result = await night(world, {
      bills: ['B-100 V1 60', 'B-101 V1 40', 'B-200 V2 80', 'B-201 V2 33.33', 'B-300 V3 10', 'B-301 V3 10', 'B-302 V3 500'],
      credits: ['C-200 V2 5.55'],
      payments: [
        paid('P1 V1 100 - invoices B100/B-101 and B-100'),
        paid('P2 V2 74.45'),
        paid('P3 V3 10'),
        paid('P4 V3 120 - part of B-302'),
        paid('P5 V3 77.77'),
        paid('P6 V3 77.77'),
        paid('P7 - 3000 SAL'),
        paid('P8 - 12'),
      ],
    });
    expect(allocations(result)).toEqual([
      'ambiguous 1:1 P3 = B-300',
      'ambiguous 1:1 P3 = B-301',
      'confirmed 1:n P1 = B-100+B-101',
      'differs 1:1 P4 = B-302',
      'explained P7 = ',
      'not-searched P8 = ',
      'open  = B-201',
      'open P5 = ',
      'open P6 = ',
      'suggested 1:n P2 = B-200+C-200',
    ]);
    const [summary] = result.allocations;
    expect(summary).toMatchObject({ payments: 'payment', repeats: 1, credits: 1 });
    expect(summary?.groups).toEqual([
      { status: 'ambiguous', shape: '1:1', currency: 'USD', groups: 2, sum: '20' },
      { status: 'confirmed', shape: '1:n', currency: 'USD', groups: 1, sum: '100' },
      { status: 'differs', shape: '1:1', currency: 'USD', groups: 1, sum: '120' },
      { status: 'suggested', shape: '1:n', currency: 'USD', groups: 1, sum: '74.45' },
    ]);
    expect(summary?.looked).toEqual([
      { how: 'it has no partner', payments: 2 },
      { how: 'up to 6 documents to a payment, 6 payments to a document, and up to 5 records of several against several', payments: 6 },
    ]);
  }, 120_000);

  test('a payment made in Odoo pays the bill that legacy still has open, and is a break that returns to legacy', async () => {
    const world = await paymentsWorld(laboratory);
    const made = { id: 90, payment_reference: 'PBNK1/1', partner_id: 1, amount: '60', currency: 'USD', date: '2025-12-20', memo: 'B-100' };
    const result = await night(world, { bills: ['B-100 V1 60'], odooBills: [odooBill(10, 'B-100 V1 0')], odooPayments: [made] });
    expect(allocations(result)).toEqual(['confirmed 1:1 PBNK1/1 = B-100']);
    const breaks = readFileSync(result.files.find((name) => name.endsWith('breaks.ndjson')) as string, 'utf8')
      .trimEnd()
      .split('\n');
    expect(breaks.map((line) => JSON.parse(line)).filter(({ entity }) => entity === 'vendor_bill')).toMatchObject([
      { field: 'open_amount', legacy: '60', odoo: '0', direction: 'return-to-legacy' },
    ]);
  }, 120_000);

  test('payments in another currency do not pay, whatever they amount to', async () => {
    const world = await paymentsWorld(laboratory);
    const result = await night(world, { bills: ['B-100 V1 60'], payments: [{ ...paid('P1 V1 60 - B-100'), currency: 'EUR' }] });
    expect(allocations(result)).toEqual(['open  = B-100', 'open P1 = ']);
  }, 120_000);
});

describe('what the contract explains', () => {
  const payments = [paid('P1 - 3000 SAL'), paid('P2 - 250.50 PRIVATE'), paid('P3 V1 10')];

  test('is a class of its own in bridge and coverage, and no break', async () => {
    const world = await paymentsWorld(laboratory);
    const result = await night(world, { payments });
    expect(result.entities.find(({ entity }) => entity === 'payment')).toMatchObject({ breaks: { 'only-legacy': 1 }, explained: 2 });
    const paidTotal = result.controls.find(({ name, dimension }) => name === 'paid' && Object.keys(dimension).length === 0);
    expect(paidTotal?.classes).toEqual({ 'explained:redacted': '250.5', 'explained:salary': '3000', 'only-legacy': '10' });
    expect(paidTotal?.residual).toBe('0');
    expect(result.coverage.filter(({ reason }) => reason === 'explained')).toEqual([
      { entity: 'payment', field: null, reason: 'explained', explained: 'salary', rows: 1, sum: '3000' },
      { entity: 'payment', field: null, reason: 'explained', explained: 'redacted', rows: 1, sum: '250.5' },
    ]);
    // P1 is redacted as well: the first rule holds, and that is said; the last explains nothing, and is named
    expect(result.explained.filter(({ entity }) => entity === 'payment')).toMatchObject([
      { class: 'salary', rows: 1, overlapping: 1, payments: 1, legacy: '3000' },
      { class: 'redacted', rows: 1, overlapping: 0, payments: 1 },
      { class: 'transfer', rows: 0, payments: 0 },
    ]);
  }, 120_000);

  test('a difference of a field is explained by both its values; what is explained no longer is a new break', async () => {
    const world = await paymentsWorld(laboratory);
    const of = (rate: string) => ({
      bills: [`B-1 V1 ${rate} 2025-12-01 2025-12-31 EUR`],
      odooBills: [odooBill(10, 'B-1 V1 100.00 2025-12-01 2025-12-31 EUR')],
    });
    const first = await night(world, of('100.03'));
    expect(first.entities.find(({ entity }) => entity === 'vendor_bill')).toMatchObject({ breaks: {}, explained: 1 });
    expect(first.explained.find(({ entity }) => entity === 'vendor_bill')).toMatchObject({
      class: 'exchange-rounding',
      field: 'open_amount',
      rows: 1,
      legacy: '100.03',
      odoo: '100',
    });
    expect(
      first.controls.find(({ entity, name, dimension }) => entity === 'vendor_bill' && name === 'open' && Object.keys(dimension).length === 0)?.classes,
    ).toEqual({
      'explained:exchange-rounding': '0.03',
    });
    expect(first.verdict).toBe('RECONCILED');
    const second = await night(world, of('100.07'));
    expect(second.life).toMatchObject({ new: 1, persisting: 0, open: 1 });
    const third = await night(world, of('100.05'));
    expect(third.life).toMatchObject({ resolved: 1, open: 0 });
  }, 120_000);
});

test('ageing stands per partner and bucket by the day of the run, both at once', async () => {
  const world = await paymentsWorld(laboratory);
  const bills = ['B-1 V1 10 2025-10-01 2025-10-31', 'B-2 V1 20 2025-12-01 2025-12-31', 'B-3 V2 40 2025-12-01 2026-01-31'];
  const ageing = async (asOf: string) => {
    world.asOf = asOf;
    const { controls } = await night(world, { bills, odooBills: bills.map((text, index) => odooBill(10 + index, text)) });
    return controls.flatMap(({ entity, dimension, legacy, odoo, residual }) =>
      entity === 'vendor_bill' && 'bucket' in dimension ? [[dimension.partner, dimension.bucket, legacy, odoo, residual].join(' ')] : [],
    );
  };
  expect(await ageing('2026-01-02T03:04:05.000Z')).toEqual(['V1 1-30 20 20 0', 'V1 over 30 10 10 0', 'V2 not due 40 40 0']);
  expect(await ageing('2026-03-15T00:00:00.000Z')).toEqual(['V1 over 30 30 30 0', 'V2 over 30 40 40 0']);
}, 120_000);
