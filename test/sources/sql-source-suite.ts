/** What an SQL source must do, the same on PostgreSQL and on PGlite. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { sqlSource } from '../../src/adapters/sql/sql-source.ts';
import type { DataPlane, ExtractRequest, SourceCut } from '../../src/domain/ports.ts';

export interface LegacyDatabase {
  readonly config: { readonly client: 'pg' | 'pglite'; readonly url: string };
  /** Runs statements as the legacy system's own user. */
  execute(sql: string): Promise<void>;
}

export const legacySchema = `
  CREATE SCHEMA mm;
  CREATE DOMAIN mm.flag AS boolean NOT NULL;
  CREATE TABLE mm."Vendor" (id integer PRIMARY KEY, name varchar(40) NOT NULL, code char(6), credit numeric(19,4), exact numeric, ratio double precision,
    active mm.flag, since date, changed timestamp(3) without time zone, seen timestamptz, note text, tags text[], huge numeric(45,2));
  INSERT INTO mm."Vendor" VALUES
    (3, 'Third, "quoted"', 'EA', 0.1000, 1.10, 0.1, true, '2014-02-28', '2014-02-28 10:00:01.5', '2014-02-28 10:00:00+02', '', '{a,b}', 12345678901234567890.12),
    (1, 'Ä first', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL),
    (2, 'NA', 'BOX   ', 12345678901.2345, 100000000000000000000.5, 1e300, true, '1999-12-31', '2020-01-01', '2020-01-01 00:00:00Z', 'x', '{}', 1);
  CREATE VIEW mm.active_vendor AS SELECT id, name FROM mm."Vendor" WHERE active;
  CREATE TABLE lots (id bigint PRIMARY KEY, text text);
  INSERT INTO lots SELECT n, md5(n::text) FROM generate_series(1, 9500) AS n;
  CREATE TABLE odd (id integer, amount numeric(10,2), day date);
  INSERT INTO odd VALUES (1, 1.50, '2020-01-01'), (2, 'NaN', '2020-01-01'), (3, 2, 'infinity'), (4, 3, '0044-03-15 BC');
  CREATE TABLE "Two" ("Name" text, name text);
`;

export function describeSqlSource(database: () => LegacyDatabase): void {
  let directory: string;
  let plane: DataPlane;
  let cut: SourceCut;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cutover-sql-'));
    plane = await openDataPlane({ memory: '256MB', threads: 2, spillDirectory: directory });
    cut = await sqlSource('meditrack', database().config).open();
  });
  afterAll(async () => {
    await cut?.close();
    await plane?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const request = (asked: Partial<ExtractRequest>): ExtractRequest => ({ entity: 'supplier', from: null, query: null, columns: null, since: null, ...asked });
  const extract = async (asked: Partial<ExtractRequest>) => {
    const extracted = await cut.extract(request(asked), plane, () => undefined);
    const rows = await plane.rows(`SELECT * FROM ${extracted.table} ORDER BY _row`);
    expect(rows).toHaveLength(extracted.rows);
    return { extracted, rows };
  };

  it('types columns exactly: domains resolved, decimals kept, floats and unbounded numerics as their own text', async () => {
    const columns = await cut.columns('mm.Vendor', null);
    expect(Object.fromEntries(columns.map(({ name, type }) => [name, type]))).toEqual({
      id: 'BIGINT',
      name: 'VARCHAR',
      code: 'VARCHAR',
      credit: 'DECIMAL(19,4)',
      exact: 'VARCHAR',
      ratio: 'VARCHAR',
      active: 'BOOLEAN',
      since: 'DATE',
      changed: 'TIMESTAMP',
      seen: 'TIMESTAMP',
      note: 'VARCHAR',
      tags: 'VARCHAR',
      huge: 'VARCHAR',
    });
  });

  it('reads rows in the order of the primary key, every value as it is', async () => {
    const { rows } = await extract({ from: 'mm.Vendor' });
    expect(rows).toMatchObject([
      { _row: 1, id: 1, name: 'Ä first', code: null, credit: null, exact: null, active: false, since: null, note: null },
      {
        _row: 2,
        id: 2,
        name: 'NA',
        code: 'BOX',
        credit: '12345678901.2345',
        exact: '100000000000000000000.5',
        ratio: '1e+300',
        since: '1999-12-31',
        seen: '2020-01-01 00:00:00',
      },
      {
        _row: 3,
        id: 3,
        name: 'Third, "quoted"',
        credit: '0.1000',
        exact: '1.10',
        ratio: '0.1',
        changed: '2014-02-28 10:00:01.5',
        seen: '2014-02-28 08:00:00',
        note: '',
        tags: '{a,b}',
        huge: '12345678901234567890.12',
      },
    ]);
  });

  it('reads views and queries, and only the wanted columns', async () => {
    expect((await extract({ from: 'mm.active_vendor', columns: ['name'] })).extracted.columns).toEqual([{ name: 'name', type: 'VARCHAR' }]);
    const { extracted, rows } = await extract({ query: 'SELECT id, credit * 2 AS twice, active FROM mm."Vendor" -- all\nORDER BY id DESC;' });
    expect(extracted.columns.map(({ type }) => type)).toEqual(['BIGINT', 'VARCHAR', 'BOOLEAN']);
    expect(rows[0]).toEqual({ _row: 1, id: 3, twice: '0.2000', active: true });
  });

  it('reads many rows in batches, numbered without gaps', async () => {
    const { extracted } = await extract({ from: 'lots' });
    expect(await plane.rows(`SELECT count(*) AS n, max(_row) AS last, bool_and(_row = id) AS same FROM ${extracted.table}`)).toEqual([
      { n: 9500, last: 9500, same: true },
    ]);
  });

  it('since a watermark: rows from there on, and the ids of all', async () => {
    const { extracted, rows } = await extract({
      from: 'mm.Vendor',
      columns: ['id', 'changed'],
      since: { watermarkColumn: 'changed', idColumn: 'id', value: '2019-01-01 00:00:00' },
    });
    // the row without a watermark comes along
    expect(rows.map((row) => row.id)).toEqual([1, 2]);
    expect(await plane.rows(`SELECT id FROM ${extracted.ids} ORDER BY id`)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  it('rows that a type cannot hold go aside with the name of the column', async () => {
    const { extracted, rows } = await extract({ from: 'odd' });
    expect(rows.map((row) => row.id)).toEqual([1]);
    expect(extracted.quarantine?.rows).toBe(3);
    expect(await plane.rows(`SELECT _row, reason FROM ${extracted.quarantine?.table} ORDER BY _row`)).toEqual([
      { _row: 2, reason: 'amount does not fit DECIMAL(10,2)' },
      { _row: 3, reason: 'day does not fit DATE' },
      { _row: 4, reason: 'day does not fit DATE' },
    ]);
  });

  it('sees one moment, however long it takes', async () => {
    const other = await sqlSource('meditrack', database().config).open();
    try {
      const one = await other.extract(request({ from: 'lots', columns: ['id'] }), plane, () => undefined);
      await database().execute('INSERT INTO lots VALUES (100000, NULL)');
      const two = await other.extract(request({ from: 'lots', columns: ['id'] }), plane, () => undefined);
      expect(two.rows).toBe(one.rows);
    } finally {
      await other.close();
      await database().execute('DELETE FROM lots WHERE id = 100000');
    }
  });

  it('names tables, suggests one for a wrong name', async () => {
    expect(await cut.tables()).toEqual(['mm.Vendor', 'mm.active_vendor', 'public.Two', 'public.lots', 'public.odd']);
    await expect(cut.columns('mm.Vendors', null)).rejects.toMatchObject({
      code: 'E_SOURCE_UNREADABLE',
      message: expect.stringContaining("did you mean 'mm.Vendor'?"),
    });
    await expect(cut.columns('Two', null)).rejects.toMatchObject({ code: 'E_SOURCE_UNREADABLE', message: expect.stringContaining('two columns named name') });
  });

  it.each([
    ['a second statement', 'SELECT 1 AS a) AS q; DELETE FROM lots; SELECT (SELECT 1'],
    ['a statement that writes', 'WITH gone AS (DELETE FROM lots RETURNING id) SELECT * FROM gone'],
    ['a function that writes', "SELECT setval('mm.s', 1)"],
  ])('refuses %s', async (_, query) => {
    const own = await sqlSource('meditrack', database().config).open();
    await expect(own.extract(request({ query }), plane, () => undefined)).rejects.toMatchObject({ code: 'E_SOURCE_UNREADABLE' });
    await own.close();
    expect((await extract({ query: 'SELECT count(*)::integer AS n FROM lots' })).rows).toEqual([{ _row: 1, n: 9500 }]);
  });

  it('never shows a cell in an error', async () => {
    const own = await sqlSource('meditrack', database().config).open();
    await expect(own.extract(request({ query: 'SELECT name::integer AS n FROM mm."Vendor"' }), plane, () => undefined)).rejects.toMatchObject({
      message: expect.not.stringContaining('first'),
    });
    await own.close();
  });
}
