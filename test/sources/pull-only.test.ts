import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OnlyRecords } from '../../src/workflows/pull/only-records.ts';
import { type LegacyWorkspace, legacyWorkspace } from './legacy-workspace.ts';

let workspace: LegacyWorkspace;
afterEach(() => workspace.remove());

const only = (system: string, ids: readonly string[] | null): { only: OnlyRecords } => ({
  only: new Map([['supplier', { odooIds: [], legacyIds: new Map([[system, ids]]) }]]),
});

describe('a second look at rows of a database', () => {
  let execute: (sql: string) => Promise<void>;
  beforeEach(async () => {
    workspace = await legacyWorkspace({ systems: { meditrack: { connector: 'sql', client: 'pglite', url: 'legacy' } }, policies: { overlap_minutes: 10 } });
    execute = async (sql) => {
      const pglite = await PGlite.create(join(workspace.directory, 'legacy'));
      await pglite.exec(sql);
      await pglite.close();
    };
    await execute(`CREATE TABLE vendor (id integer PRIMARY KEY, name text, changed timestamp);
      INSERT INTO vendor SELECT n, 'vendor ' || n, timestamp '2026-01-01' + n * interval '1 minute' FROM generate_series(1, 60) AS n`);
  });
  const byId = { supplier: { meditrack: { from: 'vendor', id: 'id', fields: { supplier_no: 'id::VARCHAR', name: 'name' } } } };
  const byWatermark = { supplier: { meditrack: { ...byId.supplier.meditrack, watermark: 'changed' } } };
  const latest = () => workspace.ports.snapshots.latest('meditrack', 'supplier');
  const names = async () => new Map((await workspace.rowsOf(await latest())).map((row) => [row.id, row.name]));

  it('reads them by their ids, lays them over the last snapshot, and leaves the others as they were', async () => {
    await workspace.pull(byId);
    const first = await latest();
    await execute(`UPDATE vendor SET name = 'changed' WHERE id IN (7, 8); DELETE FROM vendor WHERE id IN (9, 10)`);
    expect((await workspace.pull(byId, only('meditrack', ['7', '9', '11', '404']))).snapshots).toMatchObject([{ rows: 59, mode: 'incremental' }]);
    expect((await latest())?.manifest).toMatchObject({ incremental: { base: first?.manifest.id, changed: 2, deleted: 1 } });
    const now = await names();
    expect([7, 8, 9, 10].map((id) => now.get(id))).toEqual(['changed', 'vendor 8', undefined, 'vendor 10']);
    expect((await workspace.rowsOf(await latest())).find(({ id }) => id === 7)).toMatchObject({ _row: 7 });
    expect((await workspace.pull(byId)).snapshots).toMatchObject([{ rows: 58, mode: 'full' }]);
  });

  it('makes no snapshot where they are as they were', async () => {
    await workspace.pull(byId);
    await execute("UPDATE vendor SET name = 'changed' WHERE id = 8");
    expect((await workspace.pull(byId, only('meditrack', ['7']))).snapshots).toEqual([]);
    expect((await workspace.pull(byId, only('other', ['8']))).snapshots).toEqual([]);
    expect(await workspace.ports.snapshots.list('meditrack', 'supplier')).toHaveLength(1);
    expect((await workspace.pull(byId, only('meditrack', null))).snapshots).toMatchObject([{ mode: 'full' }]);
  });

  it('goes by the watermark where there is one', async () => {
    await workspace.pull(byWatermark);
    expect((await workspace.pull(byWatermark, only('meditrack', ['7']))).snapshots).toEqual([]);
    await execute(`UPDATE vendor SET name = 'changed', changed = '2026-01-02' WHERE id = 8`);
    expect((await workspace.pull(byWatermark, only('meditrack', ['7']))).snapshots).toMatchObject([{ rows: 60, mode: 'incremental' }]);
    expect((await names()).get(8)).toBe('changed');
    expect((await workspace.pull(byWatermark)).snapshots).toMatchObject([{ rows: 60, mode: 'incremental' }]);
  });
});

describe('a second look at a file', () => {
  const supplier = { supplier: { wards: { from: 'VENDOR.csv', fields: { supplier_no: 'NO', name: 'NAME' } } } };
  const put = (text: string) => writeFile(join(workspace.directory, 'exports/VENDOR.csv'), text);

  it('reads it again, and makes a snapshot only where its rows are others', async () => {
    workspace = await legacyWorkspace({ systems: { wards: { connector: 'files', directory: 'exports' } } });
    await put('NO,NAME\n007,Bond\n008,Bill\n');
    await workspace.pull(supplier);
    await put('NO,NAME\n007,Bond\n008,Bill\n');
    expect((await workspace.pull(supplier, only('wards', null))).snapshots).toEqual([]);
    await put('NO,NAME\n007,Bond\n008,William\n');
    expect((await workspace.pull(supplier, only('wards', null))).snapshots).toMatchObject([{ rows: 2, mode: 'full' }]);
  });
});
