import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunStore, SnapshotStore } from '../../domain/ports.ts';
import { sweepSpill } from './durable-files.ts';
import { directoryRunStore } from './run-store.ts';
import { directorySnapshotStore } from './snapshot-store.ts';

const clock = { now: () => new Date().toISOString() };
const facts = { asOf: '2026-01-02T03:04:05.678Z', rows: 1, quarantined: 0, columns: [{ name: 'A', type: 'VARCHAR' }], requestHash: 'r' };

let directory: string;
let snapshots: SnapshotStore;
let runs: RunStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-store-'));
  snapshots = directorySnapshotStore(directory, clock);
  runs = directoryRunStore(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function commit(content: string, asOf = facts.asOf, entity = 'supplier') {
  const staged = await snapshots.stage('meditrack', entity);
  await writeFile(join(staged.directory, 'data.parquet'), content);
  return await staged.commit({ ...facts, asOf });
}

describe('snapshots', () => {
  it('are invisible until committed, then complete and private', async () => {
    const staged = await snapshots.stage('meditrack', 'supplier');
    await writeFile(join(staged.directory, 'data.parquet'), 'data');
    await writeFile(join(staged.directory, 'quarantine.parquet'), 'bad');
    expect(await snapshots.list()).toEqual([]);
    const snapshot = await staged.commit({ ...facts, quarantined: 1 });

    expect(snapshot.manifest.id).toBe('20260102T030405678Z-3a6eb079');
    expect(await snapshots.latest('meditrack', 'supplier')).toEqual(snapshot);
    expect(await snapshots.get('meditrack', 'supplier', snapshot.manifest.id)).toEqual(snapshot);
    expect(snapshot.quarantine).toBe(join(dirname(snapshot.data), 'quarantine.parquet'));
    for (const name of await readdir(dirname(snapshot.data))) {
      expect((await stat(join(dirname(snapshot.data), name))).mode & 0o777, name).toBe(0o600);
    }
    expect((await stat(dirname(snapshot.data))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(directory, 'snapshots/meditrack/supplier'))).toEqual([snapshot.manifest.id]);
  });

  it('are listed newest first, over systems and entities', async () => {
    const first = await commit('one', '2026-01-01T00:00:00.000Z');
    const third = await commit('three', '2026-01-03T00:00:00.000Z');
    const second = await commit('two', '2026-01-02T00:00:00.000Z', 'product');
    expect(await snapshots.list()).toEqual([third, second, first]);
    expect(await snapshots.list('meditrack', 'supplier')).toEqual([third, first]);
    expect(await snapshots.latest('meditrack', 'unit')).toBeNull();
  });

  it('of one moment: the one made last is the latest', async () => {
    const one = await commit('one');
    await utimes(join(dirname(one.data), 'manifest.json'), 1, 1);
    const two = await commit('two');
    expect(await snapshots.latest('meditrack', 'supplier')).toEqual(two);
  });

  it('the same moment and content again replace each other', async () => {
    const one = await commit('one');
    const again = await commit('one');
    expect(again).toEqual(one);
    expect(await snapshots.list()).toHaveLength(1);
  });

  it('an abandoned or killed staging leaves nothing; old ones are swept', async () => {
    const staged = await snapshots.stage('meditrack', 'supplier');
    await staged.abandon();
    const killed = await snapshots.stage('meditrack', 'supplier');
    await utimes(killed.directory, 1, 1);
    const recent = await snapshots.stage('meditrack', 'supplier');
    expect(await snapshots.list()).toEqual([]);
    const names = await readdir(join(directory, 'snapshots/meditrack/supplier'));
    expect(names).toEqual([recent.directory.split('/').at(-1)]);
  });

  it('a commit without data leaves no snapshot', async () => {
    const staged = await snapshots.stage('meditrack', 'supplier');
    await expect(staged.commit(facts)).rejects.toThrow('ENOENT');
    expect(await snapshots.list()).toEqual([]);
  });

  it('altered data is found by its hash', async () => {
    const snapshot = await commit('data');
    await snapshots.verify(snapshot);
    await chmod(snapshot.data, 0o600);
    await appendFile(snapshot.data, 'x');
    await expect(snapshots.verify(snapshot)).rejects.toMatchObject({ code: 'E_SNAPSHOT_CORRUPT', hint: 'cutover pull meditrack --entity supplier --full' });
    await rm(snapshot.data);
    await expect(snapshots.verify(snapshot)).rejects.toMatchObject({ code: 'E_SNAPSHOT_CORRUPT' });
  });

  it('a manifest that cannot be read is told, with its path', async () => {
    const snapshot = await commit('data');
    const manifest = join(dirname(snapshot.data), 'manifest.json');
    await writeFile(manifest, '{"format": 2}');
    await expect(snapshots.list()).rejects.toMatchObject({ code: 'E_SNAPSHOT_CORRUPT', details: [manifest] });
  });

  it('can be removed', async () => {
    const snapshot = await commit('data');
    await snapshots.remove(snapshot);
    await snapshots.remove(snapshot);
    expect(await snapshots.list()).toEqual([]);
    expect(await readdir(join(directory, 'snapshots/meditrack/supplier'))).toEqual([]);
  });

  it('refuse a name that would leave the store', async () => {
    await expect(snapshots.stage('..', 'supplier')).rejects.toThrow('not a name');
    await expect(snapshots.get('meditrack', 'supplier', '../x')).rejects.toThrow('not a name');
  });
});

describe('canonical datasets', () => {
  const counts = { input: 3, mapped: 1, rejected: 1, filtered: 1, duplicates: 0 };

  it('are found by their inputs hash once kept', async () => {
    const staged = await runs.stageCanonical('supplier', 'meditrack', 'abc');
    await writeFile(join(staged.directory, 'rows.parquet'), '1');
    await writeFile(join(staged.directory, 'rejects.parquet'), '2');
    expect(await runs.canonical('supplier', 'meditrack', 'abc')).toBeNull();
    const kept = await staged.keep({ counts, snapshotId: 's1', definitionHash: 'd', base: null });
    expect(kept).toMatchObject({ entity: 'supplier', system: 'meditrack', inputsHash: 'abc', snapshotId: 's1', counts });
    expect(await runs.canonical('supplier', 'meditrack', 'abc')).toEqual(kept);
    expect(await readFile(kept.rejects, 'utf8')).toBe('2');
  });

  it('made twice at once are one', async () => {
    const one = await runs.stageCanonical('supplier', 'meditrack', 'abc');
    const two = await runs.stageCanonical('supplier', 'meditrack', 'abc');
    for (const staged of [one, two]) {
      await writeFile(join(staged.directory, 'rows.parquet'), '1');
      await writeFile(join(staged.directory, 'rejects.parquet'), '2');
    }
    expect(await two.keep({ counts, snapshotId: 's1', definitionHash: 'd', base: null })).toEqual(
      await one.keep({ counts, snapshotId: 's1', definitionHash: 'd', base: null }),
    );
    expect(await readdir(join(directory, 'canonical/supplier/meditrack'))).toEqual(['abc']);
  });
});

describe('files of a run', () => {
  it('are written whole and private; a failing writer leaves the old content', async () => {
    const path = join(await runs.runDirectory('20260102T030405-plan-abcd'), 'plan.ndjson');
    await runs.writeFile(path, 'old\n');
    await expect(
      runs.writeFile(
        path,
        (async function* () {
          yield 'half';
          throw new Error('stopped');
        })(),
      ),
    ).rejects.toThrow('stopped');
    expect(await runs.readFile(path)).toBe('old\n');
    expect(await readdir(dirname(path))).toEqual(['plan.ndjson']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await runs.exists(path)).toBe(true);
    expect(await runs.exists(`${path}.not`)).toBe(false);
  });

  it('are read line by line; only a line feed ends a line', async () => {
    const path = join(directory, 'lines');
    const long = 'ä'.repeat(300_000);
    await runs.writeFile(path, `a\u2028b\n\n${long}\nlast`);
    const lines: string[] = [];
    for await (const line of runs.readLines(path)) lines.push(line);
    expect(lines).toEqual(['a\u2028b', '', long, 'last']);
  });

  it('baseline directories are private', async () => {
    const path = await runs.baselineDirectory('a-b-c', 'procurement', 'supplier');
    expect(path).toBe(join(directory, 'baseline/a-b-c/procurement/supplier'));
    await mkdir(path, { recursive: true });
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });
});

describe('spill files', () => {
  it('of killed runs go after a day', async () => {
    const [old, young] = [join(directory, 'spill/old'), join(directory, 'spill/young')];
    await mkdir(old, { recursive: true });
    await mkdir(young);
    await utimes(old, 1, 1);
    await sweepSpill(join(directory, 'spill'), new Date().toISOString());
    expect(await readdir(join(directory, 'spill'))).toEqual(['young']);
    await sweepSpill(join(directory, 'nowhere'), new Date().toISOString());
  });
});
