import { spawn } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LegacyWorkspace, legacyWorkspace } from './legacy-workspace.ts';

let workspace: LegacyWorkspace;
afterEach(() => workspace.remove());

const snapshotDirectories = async (): Promise<string[]> =>
  (await readdir(join(workspace.directory, 'store', 'snapshots'), { recursive: true }).catch(() => [])).filter((name) => name.endsWith('.parquet'));

describe('a pull from files', () => {
  beforeEach(async () => {
    workspace = await legacyWorkspace({ systems: { wards: { connector: 'files', directory: 'exports' } }, policies: { allow_empty: ['wards/unit'] } });
  });
  const put = (name: string, content: string): Promise<void> => writeFile(join(workspace.directory, 'exports', name), content);
  const supplier = {
    supplier: { wards: { from: 'VENDOR.csv', filter: "STATUS <> 'X'", fields: { supplier_no: "lpad(VEND_NO, 6, '0')", name: 'trim(VEND_NAME)' } } },
  };

  it('keeps the columns the mapping uses, bad rows aside, and says so', async () => {
    await put('VENDOR.csv', 'VEND_NO,VEND_NAME,STATUS,SECRET\n007, Acme ,A,s\n008,short\n009,NA,X,s\n');
    const { snapshots } = await workspace.pull(supplier);
    expect(snapshots).toEqual([{ system: 'wards', entity: 'supplier', id: expect.any(String), rows: 2, quarantined: 1, mode: 'full' }]);
    const snapshot = await workspace.ports.snapshots.latest('wards', 'supplier');
    expect(await workspace.rowsOf(snapshot)).toEqual([
      { _row: 2, VEND_NO: '007', VEND_NAME: ' Acme ', STATUS: 'A' },
      { _row: 4, VEND_NO: '009', VEND_NAME: 'NA', STATUS: 'X' },
    ]);
    expect(snapshot?.manifest).toMatchObject({
      rows: 2,
      quarantined: 1,
      asOf: '2026-01-01T00:01:00.000Z',
      columns: [{ name: 'VEND_NO', type: 'VARCHAR' }, { name: 'VEND_NAME' }, { name: 'STATUS' }],
    });
    await workspace.ports.snapshots.verify(snapshot as NonNullable<typeof snapshot>);
    expect(workspace.events.at(0)).toEqual({ kind: 'step', step: 'wards/supplier' });
    expect(workspace.events.at(-1)).toEqual({ kind: 'done', step: 'wards/supplier', note: '2 rows' });
  });

  it('finds the columns of code(), lambdas, quoted and nested names', async () => {
    await put('VENDOR.csv', 'A,B,C,"D d",E,F\n1,2,3,4,5,6\n');
    const fields = { one: "code('unit', upper(A))", two: `coalesce("D d", nullif(b, ''))`, three: "list_transform(split(E, ';'), lambda x: x || C)[1]" };
    await workspace.pull({ supplier: { wards: { from: 'VENDOR.csv', fields } } });
    const snapshot = await workspace.ports.snapshots.latest('wards', 'supplier');
    expect(snapshot?.manifest.columns.map(({ name }) => name)).toEqual(['A', 'B', 'C', 'D d', 'E']);
  });

  it('names all wrong columns of all mappings at once, with place and suggestion', async () => {
    await put('VENDOR.csv', 'VEND_NO,VEND_NAME\n1,a\n');
    await put('UNIT.csv', 'CODE\nEA\n');
    const wrong = {
      supplier: { wards: { from: 'VENDOR.csv', fields: { supplier_no: 'VENDNO', name: 'trim(VEND_NAM)' } } },
      unit: { wards: { from: 'UNIT.csv', fields: { code: "'ä' || KODE" } } },
    };
    await expect(workspace.pull(wrong)).rejects.toMatchObject({
      code: 'E_CONFIG',
      details: [
        "sources/wards/supplier.yaml:7:1  no column 'VENDNO'; did you mean 'VEND_NO'?",
        "sources/wards/supplier.yaml:8:6  no column 'VEND_NAM'; did you mean 'VEND_NAME'?",
        "sources/wards/unit.yaml:7:8  no column 'KODE'; did you mean 'CODE'?",
      ],
    });
    expect(await snapshotDirectories()).toEqual([]);
  });

  it('reads no row for a mapping that could not be mapped, and says what is wrong with it', async () => {
    await put('VENDOR.csv', 'VEND_NO,VEND_NAME\n1,a\n');
    const fields = { supplier_no: 'VEND_NO', name: "(select text from read_text('/etc/passwd'))", since: 'current_date' };
    await expect(workspace.pull({ supplier: { wards: { from: 'VENDOR.csv', fields } } })).rejects.toMatchObject({
      code: 'E_CONFIG',
      details: [
        expect.stringMatching(/^sources\/wards\/supplier\.yaml:8:\d+ {2}a subquery cannot stand here$/),
        'sources/wards/supplier.yaml:9:1  current_date is not data: the same snapshot must give the same rows',
      ],
    });
    expect(await snapshotDirectories()).toEqual([]);
  });

  it('refuses a source that lost a column, with the lines that use it', async () => {
    await put('VENDOR.csv', 'VEND_NO,VEND_NAME,STATUS\n1,a,A\n');
    await workspace.pull(supplier);
    await put('VENDOR.csv', 'VEND_NO,VENDOR_NAME,STATUS\n1,a,A\n');
    await expect(workspace.pull(supplier, { full: true })).rejects.toMatchObject({
      code: 'E_SOURCE_DRIFT',
      details: ["sources/wards/supplier.yaml:8:6  column 'VEND_NAME' is gone; did you mean 'VENDOR_NAME'?"],
    });
  });

  it('refuses a source that shrank or answers empty; nothing of the system is kept', async () => {
    const rows = (count: number): string => `VEND_NO,VEND_NAME,STATUS\n${Array.from({ length: count }, (_, index) => `${index},n,A\n`).join('')}`;
    await put('VENDOR.csv', rows(0));
    await expect(workspace.pull(supplier)).rejects.toMatchObject({ code: 'E_SOURCE_SHRANK', hint: expect.stringContaining('policies.allow_empty') });
    await put('VENDOR.csv', rows(10));
    await workspace.pull(supplier);
    await put('VENDOR.csv', rows(8));
    await workspace.pull(supplier);
    await put('VENDOR.csv', rows(6));
    await expect(workspace.pull(supplier)).rejects.toMatchObject({
      code: 'E_SOURCE_SHRANK',
      message: expect.stringContaining('has 6 rows, 8 at the last pull'),
    });
    expect(await workspace.ports.snapshots.list()).toHaveLength(2);
    expect(await snapshotDirectories()).toHaveLength(2);
    await put('UNIT.csv', 'CODE\n');
    expect((await workspace.pull({ unit: { wards: { from: 'UNIT.csv', fields: { code: 'CODE' } } } })).snapshots).toMatchObject([{ rows: 0 }]);
  });
});

describe('an incremental pull', () => {
  let execute: (sql: string) => Promise<void>;
  beforeEach(async () => {
    workspace = await legacyWorkspace({ systems: { meditrack: { connector: 'sql', client: 'pglite', url: 'legacy' } }, policies: { overlap_minutes: 10 } });
    execute = async (sql) => {
      const pglite = await PGlite.create(join(workspace.directory, 'legacy'));
      await pglite.exec(sql);
      await pglite.close();
    };
    await execute(`CREATE TABLE vendor (id integer PRIMARY KEY, name text, changed timestamp, other text);
      INSERT INTO vendor SELECT n, 'vendor ' || n, timestamp '2026-01-01' + n * interval '1 minute', '' FROM generate_series(1, 100) AS n`);
  });
  const supplier = { supplier: { meditrack: { from: 'vendor', watermark: 'changed', id: 'id', fields: { supplier_no: 'id::VARCHAR', name: 'name' } } } };
  const latest = () => workspace.ports.snapshots.latest('meditrack', 'supplier');

  it('gives the same snapshot as a full one: changed, new and deleted rows, commits within the overlap', async () => {
    expect((await workspace.pull(supplier)).snapshots).toMatchObject([{ rows: 100, mode: 'full' }]);
    expect((await latest())?.manifest).toMatchObject({
      watermark: '2026-01-01 01:40:00',
      columns: [{ type: 'BIGINT' }, { type: 'VARCHAR' }, { type: 'TIMESTAMP' }],
    });
    await execute(`DELETE FROM vendor WHERE id IN (1, 50, 100); INSERT INTO vendor VALUES (101, 'new', '2026-01-02', ''), (102, 'committed late', '2026-01-01 01:33', ''), (103, 'never touched', NULL, '');
      UPDATE vendor SET name = 'changed', changed = '2026-01-02 00:01' WHERE id = 7`);
    expect((await workspace.pull(supplier)).snapshots).toMatchObject([{ rows: 100, mode: 'incremental' }]);
    const incremental = await latest();
    expect(incremental?.manifest.incremental).toMatchObject({ since: '2026-01-01 01:30:00', deleted: 3 });
    await workspace.pull(supplier, { full: true });
    const full = await latest();
    expect(full?.manifest.incremental).toBeUndefined();
    expect(await workspace.rowsOf(incremental)).toEqual(await workspace.rowsOf(full));
  });

  it('reads everything when a row came in with a watermark older than the overlap, and says so', async () => {
    await workspace.pull(supplier);
    await execute("INSERT INTO vendor VALUES (200, 'far too late', '2025-12-31', '')");
    expect((await workspace.pull(supplier)).snapshots).toMatchObject([{ rows: 101, mode: 'full' }]);
    expect(workspace.events).toContainEqual({
      kind: 'warning',
      text: 'meditrack/supplier: 1 rows came in with a watermark older than the overlap; it is read whole',
    });
  });

  it('reads everything when the mapping asks for another column', async () => {
    await workspace.pull(supplier);
    const wider = { supplier: { meditrack: { ...supplier.supplier.meditrack, fields: { supplier_no: 'id::VARCHAR', name: 'name || other' } } } };
    expect((await workspace.pull(wider)).snapshots).toMatchObject([{ mode: 'full' }]);
  });

  it('a column of another type is drift; a full pull accepts it', async () => {
    await workspace.pull(supplier);
    await execute('ALTER TABLE vendor ALTER COLUMN id TYPE text');
    await expect(workspace.pull(supplier)).rejects.toMatchObject({
      code: 'E_SOURCE_DRIFT',
      details: [
        "sources/meditrack/supplier.yaml:6:1  column 'id' was BIGINT and is VARCHAR now",
        "sources/meditrack/supplier.yaml:7:1  column 'id' was BIGINT and is VARCHAR now",
      ],
    });
    expect((await workspace.pull(supplier, { full: true })).snapshots).toMatchObject([{ rows: 100 }]);
  });

  it('another table under the same mapping is not a source that shrank', async () => {
    await workspace.pull(supplier);
    await execute('CREATE VIEW few AS SELECT * FROM vendor WHERE id < 5');
    expect((await workspace.pull({ supplier: { meditrack: { ...supplier.supplier.meditrack, from: 'few' } } })).snapshots).toMatchObject([
      { rows: 4, mode: 'full' },
    ]);
  });
});

describe('a pull that is killed', () => {
  it('leaves no half snapshot, and the next one is as if it had not been', async () => {
    workspace = await legacyWorkspace({ systems: { wards: { connector: 'files', directory: 'exports' } } });
    const lines = Array.from({ length: 400_000 }, (_, index) => `${index},name of supplier ${(index * 7919) % 100_003},A\n`);
    await writeFile(join(workspace.directory, 'exports', 'VENDOR.csv'), `VEND_NO,VEND_NAME,STATUS\n${lines.join('')}`);
    const child = spawn(process.execPath, [join(import.meta.dirname, 'pull-once.ts'), workspace.directory], { stdio: 'ignore' });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    // killed while it writes its staging: then there is something to be half
    const staging = async (): Promise<boolean> => (await snapshotDirectories()).length > 0;
    while (!(await staging()) && child.exitCode === null) await sleep(5);
    child.kill('SIGKILL');
    await exited;
    expect(child.signalCode).toBe('SIGKILL');
    expect(await workspace.ports.snapshots.list()).toEqual([]);
    const { snapshots } = await workspace.pull({ supplier: { wards: { from: 'VENDOR.csv', fields: { supplier_no: 'VEND_NO', name: 'VEND_NAME' } } } });
    expect(snapshots).toMatchObject([{ rows: 400_000 }]);
  }, 60_000);
});
