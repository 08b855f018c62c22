/** Records that are alike and are not one thing: where nothing stands there twice, nothing may be found. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { FieldContract } from '../../domain/contract.ts';
import { explainPair } from './explain-pair.ts';
import { type MatchOutcome, matchRecords } from './match-records.ts';

const directory = mkdtempSync(join(tmpdir(), 'match-alike-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const text = FieldContract.parse({ type: 'text' });
const money = FieldContract.parse({ type: 'money', digits: 2 });
const code = FieldContract.parse({ type: 'identifier', scheme: 'code' });

type Look<Result> = (
  outcome: MatchOutcome,
  rows: (sql: string) => Promise<readonly Record<string, unknown>[]>,
  explain: (left: string, right: string) => Promise<unknown>,
) => Promise<Result>;

async function matched<Result>(sql: string, fields: Readonly<Record<string, FieldContract>>, look: Look<Result>): Promise<Result> {
  const plane = await openDataPlane({ memory: '512MB', threads: 2, spillDirectory: join(directory, 'spill') });
  try {
    await plane.run(`CREATE TABLE things AS ${sql}`);
    const outcome = await matchRecords({
      plane,
      entity: 'thing',
      sources: [{ name: 'ledger', rows: 'things' }],
      fields: { no: code, ...fields },
      key: ['no'],
      mode: 'dedupe',
    });
    return await look(
      outcome,
      (query) => plane.rows(query),
      (left, right) =>
        explainPair(plane, outcome, [
          { system: 'ledger', key: left },
          { system: 'ledger', key: right },
        ]),
    );
  } finally {
    await plane.close();
  }
}

const worthALook = 'SELECT count(*)::INTEGER AS n FROM match_pairs WHERE w >= -2000';

describe('records that are alike', () => {
  it('are no duplicates when they are sizes and colours of one product', async () => {
    const products = `SELECT f || '-' || c || '-' || s AS _key, _key AS no, 'Road Frame ' || f || ' - ' || c || ', ' || s AS name, 300 + 10 * length(f) AS list_price, 200 + 10 * length(f) AS cost
      FROM unnest(['Alloy', 'Carbon', 'Steel', 'Titanium']) AS a(f), unnest(['Black', 'Red', 'Yellow', 'Silver']) AS b(c), unnest(['38', '42', '44', '48', '52', '58', '62']) AS d(s)`;
    await matched(products, { name: text, list_price: money, cost: money }, async (_, rows, explain) => {
      expect(await rows(worthALook)).toEqual([{ n: 0 }]);
      expect(await explain('Steel-Red-58', 'Steel-Red-62')).toMatchObject({
        verdict: 'distinct',
        evidence: [{ comparison: 'name', level: 'a variant', weight: -8 }, {}, {}, {}],
      });
    });
  });

  it('are no duplicates when they only stand in the same town', async () => {
    const words = `['Northwind', 'Contoso', 'Fabrikam', 'Litware', 'Proseware', 'Adatum', 'Tailspin', 'Wingtip', 'Lucerne', 'Margie', 'Trey', 'Humongous']`;
    const shops = `SELECT 'S' || i AS _key, _key AS no, ${words}[1 + i % 12] || ' ' || ['Traders', 'Cycles', 'Optics', 'Linen', 'Foods'][1 + i // 12 % 5] || ' ' || chr((65 + i % 26)::INT) || chr((65 + i * 7 % 26)::INT) AS name,
      (10 + i * 37 % 900) || ' ' || ['Mill', 'High', 'Church', 'Station', 'Park', 'Queen', 'King'][1 + i * 5 % 7] || chr((97 + i * 11 % 26)::INT) || ' Street' AS street,
      'Town ' || chr((65 + i // 3 % 26)::INT) || chr((65 + i // 3 // 26)::INT) AS city, printf('%05d', 10000 + 113 * (i // 3)) AS zip, ['WA', 'OR', 'CA'][1 + i // 3 % 3] AS state FROM range(110) AS t(i)`;
    await matched(shops, { name: text, street: text, city: text, zip: text, state: text }, async (_, rows) => {
      expect(await rows(worthALook)).toEqual([{ n: 0 }]);
    });
  });

  it('are one thing when the name only these two have is all there is, and nothing speaks against it', async () => {
    const suppliers = `SELECT 'S' || i AS _key, _key AS no, upper(left(md5(i::VARCHAR), 4)) || md5((i + 500)::VARCHAR)[:5] || ' Supplies' AS name, '+1 555 ' || (1000000 + i * 7919) AS phone FROM range(120) AS t(i)
      UNION ALL SELECT 'T1', 'T1', upper(left(md5('17'), 4)) || md5('517')[:5] || ' Supplies', NULL`;
    await matched(suppliers, { name: text, phone: text }, async (_, rows) => {
      expect(
        await rows(
          'SELECT a.key AS left, b.key AS right FROM match_pairs JOIN match_records AS a ON a.rid = l JOIN match_records AS b ON b.rid = r WHERE w >= -2000',
        ),
      ).toEqual([{ left: 'S17', right: 'T1' }]);
    });
  });
});
