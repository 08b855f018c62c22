import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { FieldContract } from '../../domain/contract.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { explainPair } from './explain-pair.ts';
import { type MatchRequest, matchRecords } from './match-records.ts';
import { modelText } from './model.ts';

const directory = mkdtempSync(join(tmpdir(), 'match-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const field = (type: unknown): FieldContract => FieldContract.parse(type);
const fields = {
  supplier_no: field({ type: 'identifier', scheme: 'code' }),
  name: field({ type: 'text' }),
  street: field({ type: 'text' }),
  city: field({ type: 'text' }),
  zip: field({ type: 'text' }),
  phone: field({ type: 'text' }),
  lei: field({ type: 'identifier', scheme: 'lei' }),
};

/** Suppliers made by arithmetic; every fourth stands there twice, with a swapped letter, another legal form and without phone. */
const suppliersSql = (rows: number): string => {
  const pick = (salt: string, words: string): string => {
    const list = words.split(' ');
    return `([${list.map((word) => `'${word}'`).join(', ')}])[1 + (md5_number_lower(i || '${salt}') % ${list.length})::INT]`;
  };
  const number = (salt: string, below: number): string => `(md5_number_lower(i || '${salt}') % ${below})`;
  const name = `${pick('a', 'Northern Vital Apex Orion Zenith Aurora Helix Granite Harbor Sterling Quanta Lumen')} || chr((97 + ${number('b', 26)})::INT) || chr((97 + ${number('c', 26)})::INT) || ' ' || ${pick('d', 'Medical Dental Surgical Imaging Linen Energy Pharma')} || ' ' || ${pick('e', 'Supplies Systems Devices Group Trading')}`;
  return `WITH base AS (SELECT i, ${name} AS name, (1 + ${number('f', 300)}) || ' ' || ${pick('g', 'High Mill Church Station Park Queen King')} || chr((97 + ${number('h', 26)})::INT) || ' Street' AS street,
      ${pick('j', 'Springfield Riverton Lakewood Ashford Oakdale Elmport Millburg')} AS city, printf('%05d', ${number('k', 900)}) AS zip, printf('0%09d', ${number('l', 1000000000)}) AS phone FROM range(${rows}) AS t(i))
    SELECT 'S' || printf('%05d', i) AS _key, i AS thing, name || ' Ltd.' AS name, street, city, zip, phone FROM base
    UNION ALL SELECT 'T' || printf('%05d', i), i, upper(left(name, 3) || substr(name, 5, 1) || substr(name, 4, 1) || substr(name, 6)) || ' LIMITED', replace(street, 'Street', 'St.'), city, zip, NULL FROM base WHERE i % 4 = 0`;
};

async function withPlane<Result>(threads: number, work: (plane: DataPlane) => Promise<Result>): Promise<Result> {
  const plane = await openDataPlane({ memory: '512MB', threads, spillDirectory: join(directory, 'spill') });
  try {
    return await work(plane);
  } finally {
    await plane.close();
  }
}

const request = (plane: DataPlane, changes: Partial<MatchRequest>): MatchRequest => ({
  plane,
  entity: 'supplier',
  sources: [{ name: 'ledger', rows: 'suppliers' }],
  fields,
  key: ['supplier_no'],
  mode: 'dedupe',
  ...changes,
});

const makeSuppliers = (plane: DataPlane, rows = 2000): Promise<void> =>
  plane.run(`CREATE TABLE suppliers AS SELECT _key AS supplier_no, *, NULL::VARCHAR AS lei FROM (${suppliersSql(rows)})`);

async function digest(plane: DataPlane, table: string, order: string): Promise<string> {
  const [row] = await plane.rows<{ d: string }>(`SELECT md5(string_agg(t::VARCHAR, '\n' ORDER BY ${order})) AS d FROM ${table} AS t`);
  return row?.d ?? '';
}

describe('matching records', () => {
  it('finds suppliers that stand there twice, without labels or settings', { timeout: 120_000 }, async () => {
    await withPlane(2, async (plane) => {
      await makeSuppliers(plane);
      const outcome = await matchRecords(request(plane, {}));
      expect(outcome.model.fields.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
        'name name',
        'street address',
        'city place',
        'zip postcode',
        'phone phone',
        'lei identifier',
      ]);
      const [row] = await plane.rows<{
        twice: number;
        right: number;
        together: number;
      }>(`WITH c AS (SELECT cluster, thing FROM match_clusters JOIN match_records USING (rid) JOIN suppliers ON key = _key)
        SELECT (SELECT count(*) FROM suppliers WHERE _key LIKE 'T%') AS twice, (SELECT count(*) FROM (SELECT cluster, thing FROM c GROUP BY ALL HAVING count(*) = 2)) AS right,
        (SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT FROM (SELECT count(*) AS n FROM c GROUP BY cluster)) AS together`);
      expect(Number(row?.right)).toBeGreaterThanOrEqual(0.98 * Number(row?.twice));
      expect(Number(row?.right)).toBeGreaterThanOrEqual(0.98 * Number(row?.together));
    });
  });

  it('gives the same model, weights and clusters to the byte in every run and with one or two threads', { timeout: 180_000 }, async () => {
    const results: string[] = [];
    for (const threads of [1, 2, 2]) {
      await withPlane(threads, async (plane) => {
        await makeSuppliers(plane);
        const outcome = await matchRecords(request(plane, {}));
        results.push(`${modelText(outcome.model)} ${await digest(plane, 'match_pairs', 'l, r')} ${await digest(plane, 'match_clusters', 'rid')}`);
      });
    }
    expect(results[1]).toBe(results[0]);
    expect(results[2]).toBe(results[0]);
  });

  it('links the same pairs with one or two threads', { timeout: 120_000 }, async () => {
    const results: string[] = [];
    for (const threads of [1, 2]) {
      await withPlane(threads, async (plane) => {
        await makeSuppliers(plane);
        await plane.run("CREATE TABLE one AS SELECT * FROM suppliers WHERE _key LIKE 'S%'; CREATE TABLE two AS SELECT * FROM suppliers WHERE _key LIKE 'T%'");
        const sources = ['one', 'two'].map((rows) => ({ name: rows, rows }));
        const { model } = await matchRecords(request(plane, { mode: 'link', sources }));
        results.push(`${modelText(model)} ${await digest(plane, 'match_pairs', 'l, r')} ${await digest(plane, 'match_links', 'l, r')}`);
      });
    }
    expect(results[1]).toBe(results[0]);
  });

  it('scores with a model that was trained before, and gives the same as on the night it was trained', async () => {
    await withPlane(2, async (plane) => {
      await makeSuppliers(plane);
      const { model } = await matchRecords(request(plane, {}));
      const trained = await digest(plane, 'match_pairs', 'l, r');
      const again = await matchRecords(request(plane, { model: JSON.parse(modelText(model)) }));
      expect(modelText(again.model)).toBe(modelText(model));
      expect(await digest(plane, 'match_pairs', 'l, r')).toBe(trained);
    });
  });

  it('links two sources one to one, whichever rows come first', async () => {
    await withPlane(2, async (plane) => {
      await makeSuppliers(plane);
      await plane.run(
        "CREATE TABLE one AS SELECT * FROM suppliers WHERE _key LIKE 'S%' ORDER BY md5(_key); CREATE TABLE two AS SELECT * FROM suppliers WHERE _key LIKE 'T%'",
      );
      await matchRecords(
        request(plane, {
          mode: 'link',
          sources: [
            { name: 'ledger', rows: 'one' },
            { name: 'odoo', rows: 'two' },
          ],
        }),
      );
      const [row] = await plane.rows<{
        n: number;
        right: number;
        left: number;
      }>(`SELECT count(*) AS n, count(DISTINCT l) AS "left", count(*) FILTER (substr(a.key, 2) = substr(b.key, 2)) AS "right"
        FROM match_links JOIN match_records AS a ON a.rid = l JOIN match_records AS b ON b.rid = r`);
      expect(row?.left).toBe(row?.n);
      expect(Number(row?.right)).toBeGreaterThanOrEqual(490);
      expect(Number(row?.n) - Number(row?.right)).toBeLessThanOrEqual(5);
    });
  });

  it('never calls two suppliers one whose strong identifiers differ, however alike they are, and says so', async () => {
    await withPlane(2, async (plane) => {
      await makeSuppliers(plane);
      await plane.run(
        "UPDATE suppliers SET lei = '5493001KJTIIGC8Y1R12' WHERE _key = 'S00000'; UPDATE suppliers SET lei = '213800WSGIIZCXF1P572' WHERE _key = 'T00000'",
      );
      const outcome = await matchRecords(request(plane, {}));
      const explained = await explainPair(plane, outcome, [
        { system: 'ledger', key: 'T00000' },
        { system: 'ledger', key: 'S00000' },
      ]);
      expect(explained).toMatchObject({ excluded: true, verdict: 'review' });
      const [row] = await plane.rows<{ n: number }>(
        "SELECT count(DISTINCT cluster) AS n FROM match_clusters JOIN match_records USING (rid) WHERE key IN ('S00000', 'T00000')",
      );
      expect(row?.n).toBe(2);
    });
  });

  it('explains the weight of a pair by evidence that adds up to it', async () => {
    await withPlane(2, async (plane) => {
      await makeSuppliers(plane);
      const outcome = await matchRecords(request(plane, {}));
      const [scored] = await plane.rows<{ w: number }>(
        "SELECT w FROM match_pairs JOIN match_records AS a ON a.rid = l JOIN match_records AS b ON b.rid = r WHERE a.key = 'S00004' AND b.key = 'T00004'",
      );
      const explained = await explainPair(plane, outcome, [
        { system: 'ledger', key: 'S00004' },
        { system: 'ledger', key: 'T00004' },
      ]);
      expect(explained?.total).toBeCloseTo(Number(scored?.w) / 1000, 6);
      expect(explained?.evidence.find(({ comparison }) => comparison === 'phone')).toMatchObject({ level: 'missing', weight: 0 });
      expect(explained?.verdict).toBe('match');
      expect(
        await explainPair(plane, outcome, [
          { system: 'ledger', key: 'S00004' },
          { system: 'ledger', key: 'none' },
        ]),
      ).toBeNull();
    });
  });

  describe('with pairs that are known', () => {
    const clusterOf = async (plane: DataPlane, key: string): Promise<number> =>
      Number((await plane.rows<{ c: number }>(`SELECT cluster AS c FROM match_clusters JOIN match_records USING (rid) WHERE key = '${key}'`))[0]?.c);
    const pairOf = async (plane: DataPlane, left: string, right: string): Promise<unknown> =>
      (
        await plane.rows(
          `SELECT w, x FROM match_pairs JOIN match_records AS a ON a.rid = l JOIN match_records AS b ON b.rid = r WHERE a.key = '${left}' AND b.key = '${right}'`,
        )
      )[0];
    const know = async (plane: DataPlane, table: string, pairs: readonly (readonly [number, string, number, string])[]): Promise<void> => {
      await plane.run(`CREATE TABLE ${table} (l_source INTEGER, l_key VARCHAR, r_source INTEGER, r_key VARCHAR)`);
      for (const [left, leftKey, right, rightKey] of pairs) await plane.run(`INSERT INTO ${table} VALUES (${left}, '${leftKey}', ${right}, '${rightKey}')`);
    };
    const known = { same: 'same', apart: 'apart' };

    it('puts together what is known to be one thing, though no key finds it, and keeps apart what is known to be two', async () => {
      await withPlane(2, async (plane) => {
        await makeSuppliers(plane);
        await know(plane, 'same', [
          [0, 'S00100', 0, 'S00001'],
          [0, 'S00100', 0, 'S00007'],
          [0, 'S00009', 0, 'no such key'],
        ]);
        await know(plane, 'apart', [[0, 'T00004', 0, 'S00004']]);
        await matchRecords(request(plane, { known }));
        expect(await pairOf(plane, 'S00001', 'S00100')).toEqual({ w: 24000, x: false });
        expect(await clusterOf(plane, 'S00001')).toBe(await clusterOf(plane, 'S00100'));
        expect(await clusterOf(plane, 'S00007')).toBe(await clusterOf(plane, 'S00001'));
        expect(await clusterOf(plane, 'T00100')).toBe(await clusterOf(plane, 'S00001'));
        expect(await pairOf(plane, 'S00004', 'T00004')).toBeUndefined();
        expect(await clusterOf(plane, 'S00004')).not.toBe(await clusterOf(plane, 'T00004'));
        expect(await clusterOf(plane, 'S00008')).toBe(await clusterOf(plane, 'T00008'));
      });
    });

    it('joins known pairs whose strong identifiers differ', async () => {
      await withPlane(2, async (plane) => {
        await makeSuppliers(plane);
        await plane.run(
          "UPDATE suppliers SET lei = '5493001KJTIIGC8Y1R12' WHERE _key = 'S00000'; UPDATE suppliers SET lei = '213800WSGIIZCXF1P572' WHERE _key = 'T00000'",
        );
        await know(plane, 'same', [[0, 'S00000', 0, 'T00000']]);
        await know(plane, 'apart', []);
        await matchRecords(request(plane, { known }));
        expect(await pairOf(plane, 'S00000', 'T00000')).toEqual({ w: 24000, x: false });
        expect(await clusterOf(plane, 'S00000')).toBe(await clusterOf(plane, 'T00000'));
      });
    });

    it('holds apart what is apart when a chain of known pairs would join it', async () => {
      await withPlane(2, async (plane) => {
        await makeSuppliers(plane);
        await know(plane, 'same', [
          [0, 'S00001', 0, 'S00002'],
          [0, 'S00002', 0, 'S00003'],
          [0, 'S00005', 0, 'S00006'],
        ]);
        await know(plane, 'apart', [[0, 'S00001', 0, 'S00003']]);
        await matchRecords(request(plane, { known }));
        expect(await clusterOf(plane, 'S00001')).toBe(await clusterOf(plane, 'S00002'));
        expect(await clusterOf(plane, 'S00003')).not.toBe(await clusterOf(plane, 'S00001'));
        expect(await clusterOf(plane, 'S00005')).toBe(await clusterOf(plane, 'S00006'));
      });
    });

    it('links known pairs before all others, several to one where it is known so, and never those known to be two', async () => {
      await withPlane(2, async (plane) => {
        await makeSuppliers(plane);
        await plane.run("CREATE TABLE one AS SELECT * FROM suppliers WHERE _key LIKE 'S%'; CREATE TABLE two AS SELECT * FROM suppliers WHERE _key LIKE 'T%'");
        await know(plane, 'same', [
          [0, 'S00001', 1, 'T00004'],
          [1, 'T00004', 0, 'S00002'],
        ]);
        await know(plane, 'apart', [[1, 'T00008', 0, 'S00008']]);
        const sources = [
          { name: 'ledger', rows: 'one' },
          { name: 'odoo', rows: 'two' },
        ];
        await matchRecords(request(plane, { mode: 'link', sources, known }));
        const links = await plane.rows<{ a: string; b: string }>(
          "SELECT a.key AS a, b.key AS b FROM match_links JOIN match_records AS a ON a.rid = l JOIN match_records AS b ON b.rid = r WHERE b.key IN ('T00004', 'T00008', 'T00012') ORDER BY ALL",
        );
        expect(links.map(({ a, b }) => `${a} ${b}`)).toEqual(['S00001 T00004', 'S00002 T00004', 'S00012 T00012']);
      });
    });
  });

  it('takes a source of three records, of one and of none', async () => {
    for (const rows of [3, 1, 0]) {
      await withPlane(1, async (plane) => {
        await makeSuppliers(plane, rows);
        const { blocking } = await matchRecords(request(plane, {}));
        expect(blocking.candidates).toBeLessThanOrEqual(6);
      });
    }
  });
});
