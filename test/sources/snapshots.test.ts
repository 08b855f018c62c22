import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ports, StateStore } from '../../src/domain/ports.ts';
import { pruneSnapshots } from '../../src/workflows/snapshot/prune.ts';
import { listSnapshots, quarantinedRows, showSnapshot } from '../../src/workflows/snapshot/snapshot.ts';
import { type LegacyWorkspace, legacyWorkspace } from './legacy-workspace.ts';

let workspace: LegacyWorkspace;
beforeEach(async () => {
  workspace = await legacyWorkspace({ systems: { wards: { connector: 'files', directory: 'exports' } } });
  await writeFile(join(workspace.directory, 'exports', 'V.csv'), 'A,B\n1,x\n');
});
afterEach(() => workspace.remove());

const pullOnce = async (entity = 'supplier'): Promise<string> => {
  const { snapshots } = await workspace.pull({ [entity]: { wards: { from: 'V.csv', fields: { a: 'A' } } } });
  return snapshots[0]?.id ?? '';
};

/** A state that knows one plan. */
const withPlan = (file: string | null): Ports => ({
  ...workspace.ports,
  state: async () =>
    ({
      runs: async () => (file === null ? [] : [{ id: 'r1' }]),
      planOf: async () => (file === null ? null : { nonce: 'n', file, sha256: '' }),
    }) as unknown as StateStore,
});

const dataset = async (snapshotId: string): Promise<void> => {
  const staged = await workspace.ports.runs.stageCanonical('supplier', 'wards', `inputs-of-${snapshotId}`);
  await writeFile(join(staged.directory, 'rows.parquet'), '');
  await writeFile(join(staged.directory, 'rejects.parquet'), '');
  await staged.keep({ counts: { input: 1, mapped: 1, rejected: 0, filtered: 0, duplicates: 0 }, snapshotId, definitionHash: 'd', base: null });
};

describe('snapshots', () => {
  it('are listed newest first and shown verified', async () => {
    const first = await pullOnce();
    const second = await pullOnce();
    expect((await listSnapshots({ system: 'wards', entity: null }, workspace.ports)).map(({ id }) => id)).toEqual([second, first]);
    expect((await showSnapshot({ system: 'wards', entity: 'supplier', id: null }, workspace.ports)).manifest.id).toBe(second);
    await expect(showSnapshot({ system: 'wards', entity: 'supplier', id: 'none' }, workspace.ports)).rejects.toMatchObject({ code: 'E_NO_SNAPSHOT' });
    const { data } = await showSnapshot({ system: 'wards', entity: 'supplier', id: first }, workspace.ports);
    await writeFile(data, 'something else');
    await expect(showSnapshot({ system: 'wards', entity: 'supplier', id: first }, workspace.ports)).rejects.toMatchObject({ code: 'E_SNAPSHOT_CORRUPT' });
  });

  it('tell which rows could not be read and why, without their text', async () => {
    await writeFile(join(workspace.directory, 'exports', 'V.csv'), 'A,B\n1,x\nsecret\n2,y\n');
    await pullOnce();
    const shown = await showSnapshot({ system: 'wards', entity: 'supplier', id: null }, workspace.ports);
    const rows = await quarantinedRows(shown, workspace.ports);
    expect(rows).toEqual([{ row: 3, reason: expect.any(String) }]);
    expect(JSON.stringify(rows)).not.toContain('secret');
  });

  it('pruning keeps the newest of every entity and those a plan names, and takes the datasets of the others along', async () => {
    const ids = [await pullOnce(), await pullOnce(), await pullOnce(), await pullOnce()];
    const unit = await pullOnce('unit');
    for (const id of ids) await dataset(id);
    const plan = join(workspace.directory, 'plan.ndjson');
    await writeFile(plan, `${JSON.stringify({ snapshots: [{ system: 'wards', entity: 'supplier', id: ids[0] }] })}\n{}\n`);

    const asked = await pruneSnapshots({ keep: 2, system: null, dryRun: true }, withPlan(plan));
    expect(asked).toMatchObject({ removed: [{ id: ids[1] }], kept: 4, keptForPlans: 1, canonicalDatasets: 0 });
    expect(await workspace.ports.snapshots.list()).toHaveLength(5);

    expect(await pruneSnapshots({ keep: 2, system: null, dryRun: false }, withPlan(plan))).toMatchObject({ removed: [{ id: ids[1] }], canonicalDatasets: 1 });
    expect((await workspace.ports.snapshots.list()).map(({ manifest }) => manifest.id)).toEqual([unit, ids[3], ids[2], ids[0]]);
    expect((await readdir(join(workspace.directory, 'store/canonical/supplier/wards'))).sort()).toEqual(
      [ids[0], ids[2], ids[3]].map((id) => `inputs-of-${id}`),
    );
    expect(await pruneSnapshots({ keep: 0, system: 'wards', dryRun: false }, withPlan(null))).toMatchObject({ kept: 2 });
  });
});
