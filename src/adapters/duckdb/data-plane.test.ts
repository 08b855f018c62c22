import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DataPlane } from '../../domain/ports.ts';
import { copyToParquetSql, literal } from '../../domain/sql.ts';
import { openDataPlane } from './data-plane.ts';

let directory: string;
let plane: DataPlane;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-plane-'));
  plane = await openDataPlane({ memory: '256MB', threads: 2, spillDirectory: join(directory, 'spill') });
});
afterEach(async () => {
  await plane.close();
  await rm(directory, { recursive: true, force: true });
});

async function* batchesOf(...batches: (string | null)[][][]): AsyncIterable<(string | null)[][]> {
  for (const batch of batches) yield batch;
}

describe('values', () => {
  it('hands out decimals, dates, timestamps and big integers as text, small integers as numbers', async () => {
    const rows = await plane.rows(`SELECT 12.50::DECIMAL(18,4) AS price, DATE '2014-02-28' AS day, TIMESTAMP '2014-02-28 10:00:01' AS moment,
      9007199254740993::BIGINT AS big, 7::BIGINT AS small, NULL AS nothing, true AS yes, [1::BIGINT, NULL] AS list, {'a': 1.5::DECIMAL(3,1)} AS pair`);
    expect(rows).toEqual([
      {
        price: '12.5000',
        day: '2014-02-28',
        moment: '2014-02-28 10:00:01',
        big: '9007199254740993',
        small: 7,
        nothing: null,
        yes: true,
        list: [1, null],
        pair: { a: '1.5' },
      },
    ]);
  });

  it('streams in chunks, and other statements may run in between', async () => {
    await plane.run('CREATE TABLE numbers AS SELECT range AS n FROM range(10000)');
    let seen = 0;
    for await (const rows of plane.stream<{ n: number }>('SELECT n FROM numbers')) {
      expect(rows.length).toBeLessThanOrEqual(2048);
      seen += rows.length;
      expect(await plane.rows('SELECT count(*) AS n FROM numbers')).toEqual([{ n: 10000 }]);
    }
    expect(seen).toBe(10000);
  });

  it('a stream that is left early leaves nothing open', async () => {
    for await (const rows of plane.stream('SELECT * FROM range(1000000)')) {
      expect(rows.length).toBeGreaterThan(0);
      break;
    }
    expect(await plane.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('append', () => {
  it('appends texts and nulls, keeping empty text apart from null', async () => {
    await plane.run('CREATE TABLE texts (a VARCHAR, b VARCHAR)');
    const many = Array.from({ length: 70_000 }, (_, index) => [String(index), 'ä€𝄞']);
    expect(
      await plane.append(
        'texts',
        batchesOf(
          [
            ['', null],
            ['', 'a\0b'],
          ],
          many,
          [],
        ),
      ),
    ).toBe(70_002);
    expect(await plane.rows("SELECT count(*) AS n, count(*) FILTER (a = '') AS empty, count(b) AS b, max(length(b)) AS length FROM texts")).toEqual([
      { n: 70_002, empty: 2, b: 70_001, length: 3 },
    ]);
  });

  it('refuses a row of another width', async () => {
    await plane.run('CREATE TABLE texts (a VARCHAR, b VARCHAR)');
    await expect(plane.append('texts', batchesOf([['secret']]))).rejects.toThrow('a row of 1 values for 2 columns');
  });
});

describe('errors', () => {
  it('never carry a cell in the message; the cause holds the beginning of the statement', async () => {
    const failure = await plane.rows("SELECT v::INTEGER FROM (VALUES ('DE89370400440532013000')) AS t(v)").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).message).toBe('Conversion Error: a value did not fit (it is not shown here)');
    expect(String((failure as Error).cause)).toContain('in the statement: SELECT v::INTEGER');
  });

  it('name a missing column', async () => {
    await expect(plane.rows('SELECT nope FROM range(3)')).rejects.toThrow(/Binder Error: .*nope/);
  });
});

describe('interruption', () => {
  it('stops the running statement with E_INTERRUPTED', async () => {
    const stop = new AbortController();
    const other = await openDataPlane({ memory: '256MB', threads: 1, spillDirectory: join(directory, 'spill'), signal: stop.signal });
    setTimeout(() => stop.abort(), 100);
    await expect(other.rows('SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b')).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
    await other.close();
  });
});

describe('lock-down', () => {
  it('reads and writes allowed directories only, and cannot be undone', async () => {
    const allowed = join(directory, 'allowed');
    const sibling = join(directory, 'allowed-not');
    await mkdir(allowed);
    await mkdir(sibling);
    await writeFile(join(sibling, 'secret.csv'), 'a\n1\n');
    await plane.run(copyToParquetSql('SELECT 42 AS n', join(allowed, 'in.parquet')));
    await plane.run(`CREATE VIEW before_lock AS SELECT * FROM read_parquet(${literal(join(allowed, 'in.parquet'))})`);
    await plane.lockDown([allowed]);

    expect(await plane.rows('SELECT n FROM before_lock')).toEqual([{ n: 42 }]);
    await plane.run(copyToParquetSql('SELECT 43 AS n', join(allowed, 'out.parquet')));
    expect(await plane.rows(`SELECT n FROM read_parquet(${literal(join(allowed, 'out.parquet'))})`)).toEqual([{ n: 43 }]);

    for (const sql of [
      "SELECT * FROM read_text('/etc/passwd')",
      `SELECT * FROM read_csv(${literal(join(sibling, 'secret.csv'))})`,
      `SELECT * FROM read_csv(${literal(join(allowed, '../allowed-not/secret.csv'))})`,
      `COPY (SELECT 1) TO ${literal(join(sibling, 'x.csv'))}`,
      `ATTACH ${literal(join(sibling, 'x.duckdb'))}`,
      'INSTALL httpfs; LOAD httpfs',
      "SELECT * FROM read_csv('https://example.org/x.csv')",
      'SET enable_external_access = true',
      'SET lock_configuration = false',
      "SET allowed_directories = ['/']",
    ]) {
      await expect(plane.run(sql), sql).rejects.toThrow();
    }
    expect(existsSync(join(sibling, 'x.csv'))).toBe(false);
  });

  it('still spills to disk when memory is short', async () => {
    const small = await openDataPlane({ memory: '64MB', threads: 1, spillDirectory: join(directory, 'spill') });
    await small.lockDown([]);
    const [row] = await small.rows('SELECT count(*) AS n FROM (SELECT range, md5(range::VARCHAR) AS text FROM range(1500000) ORDER BY text)');
    expect(row).toEqual({ n: 1_500_000 });
    await small.run('CREATE TABLE big AS SELECT range AS n, md5(range::VARCHAR) || md5((range + 1)::VARCHAR) AS text FROM range(2000000)');
    expect(await small.rows('SELECT count(DISTINCT text) AS n FROM big')).toEqual([{ n: 2_000_000 }]);
    await small.close();
  });
});

describe('spill directory', () => {
  it('is private and gone after close', async () => {
    const spill = join(directory, 'spill');
    const [name] = await readdir(spill);
    expect((await stat(join(spill, name ?? ''))).mode & 0o777).toBe(0o700);
    await plane.close();
    expect(await readdir(spill)).toEqual([]);
  });
});
