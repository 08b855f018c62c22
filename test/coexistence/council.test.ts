/** Real payments of a council (Open Government Licence), where they are at hand: no invoice numbers, suppliers in several spellings, payees that are not told. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { csvLine } from '../../src/domain/csv.ts';
import { literal } from '../../src/domain/sql.ts';
import { Laboratory, type Row } from '../../src/workflows/reconcile/reconcile-world.fixture.ts';
import { paymentsWorld } from './payments-world.ts';

const file = new URL('../../../shared/data/supplier_payments/babergh_council.csv.gz', import.meta.url);

/** Days from the spreadsheet's day 0 to 1970-01-01. */
const SPREADSHEET_EPOCH = 25_569;

test.skipIf(!existsSync(file))(
  'published payments: redacted payees are explained, repeats flagged, and the total is the published one',
  async () => {
    const laboratory = await Laboratory.open();
    try {
      const world = await paymentsWorld(laboratory);
      const rows: string[][] = parse(gunzipSync(readFileSync(file)), { from_line: 2 });
      const payments = rows.map(([, day = '', supplier = '', amount = ''], index) => {
        const name = supplier.replaceAll(/\s+/g, ' ').trim().toUpperCase();
        // who lets a flat is not published; Redactive Events Ltd is a supplier like any other
        const isPrivate = name === 'PRIVATE LANDLORD';
        const date = new Date((Number(day) - SPREADSHEET_EPOCH) * 86_400_000).toISOString().slice(0, 10);
        const payee = isPrivate ? { kind: 'PRIVATE', partner: null } : { kind: null, partner: name };
        return { number: `L${String(index + 1).padStart(5, '0')}`, ...payee, amount: amount.replace(',', '.'), date, currency: 'GBP', reference: null };
      });
      const names = [...new Set(payments.flatMap(({ partner }) => (partner === null ? [] : [partner])))].sort();
      // as a file: thousands of rows make no literal
      const stage = async (entity: string, rows: readonly Row[]) => {
        const columns = Object.keys(rows[0] ?? {});
        const csv = join(laboratory.directory, `${entity}.csv`);
        const cells = [columns, ...rows.map((row) => columns.map((name) => row[name] ?? null))];
        writeFileSync(csv, cells.map((line) => csvLine(line.map((cell) => (cell === null ? null : String(cell))))).join(''));
        const query = `SELECT CAST(row_number() OVER () AS BIGINT) AS _row, * FROM read_csv(${literal(csv)}, header = true, all_varchar = true)`;
        await world.legacySql('meditrack', entity, query, columns);
      };
      await stage(
        'partner',
        names.map((code) => ({ code, name: code })),
      );
      await world.odoo('partner', []);
      const noDocuments = ['number', 'partner', 'open_amount', 'date', 'due_on', 'currency'];
      for (const entity of ['vendor_bill', 'vendor_credit']) {
        await world.legacy('meditrack', entity, [], noDocuments);
        await world.odoo(entity, []);
      }
      await stage('payment', payments);
      await world.odoo('payment', []);
      const { allocations, explained, controls } = await world.reconcile();
      const redacted = 1319;
      expect(explained.find((one) => one.class === 'redacted')).toMatchObject({ rows: redacted, payments: redacted });
      const [summary] = allocations;
      expect(summary?.records.reduce((sum, one) => sum + one.records, 0)).toBe(payments.length);
      expect(summary?.repeats).toBeGreaterThan(100);
      expect(controls.find(({ name, dimension }) => name === 'paid' && Object.keys(dimension).length === 0)).toMatchObject({
        legacy: '105068114.37',
        residual: '0',
      });
    } finally {
      await laboratory.close();
    }
  },
  300_000,
);
