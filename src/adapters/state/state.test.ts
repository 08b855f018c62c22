import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chainHash } from '../../domain/journal-chain.ts';
import type { StateStore } from '../../domain/ports.ts';
import { migrate, openEmbedded } from './database.ts';
import { MIGRATIONS } from './migrations.ts';
import { clock, journalEntry } from './state-entries.fixture.ts';
import { openState } from './state-store.ts';
import { codeOf, collect, describeState } from './state-suite.ts';

let directory: string;
const open = (holder = 'cutover test', at = directory): Promise<StateStore> => openState({ url: 'embedded', directory: at, clock, holder });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-state-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('an embedded state', () => {
  let state: StateStore;
  beforeAll(async () => {
    state = await open();
  });
  afterAll(() => state.close());
  describeState(() => state);

  test('writes 250 journal entries in a few milliseconds', async () => {
    const drafts = Array.from({ length: 250 }, (_, index) => journalEntry('speed', `k${index}`));
    const times: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const start = performance.now();
      await state.journal(drafts);
      times.push(performance.now() - start);
    }
    expect(Math.min(...times)).toBeLessThan(50);
  });

  test('turns a second process away and names the first', async () => {
    const refusal = await open('cutover status').catch((error: unknown) => error);
    expect(codeOf(refusal)).toBe('E_LOCKED');
    expect(String(refusal)).toMatch(/cutover test.*pid \d+/);
  });
});

describe('the files of an embedded state', () => {
  test('the lock of a process that is gone is taken over, that of another host is not', async () => {
    const lock = join(directory, 'state.lock');
    await writeFile(lock, JSON.stringify({ command: 'cutover load', pid: 2 ** 22 + 1, host: hostname(), since: 'then', started: '1' }));
    await (await open()).close();
    await writeFile(lock, JSON.stringify({ command: 'cutover load', pid: 1, host: 'elsewhere', since: 'then', started: null }));
    expect(await open().catch(codeOf)).toBe('E_LOCKED');
    await rm(lock);
  });

  test('a journal that was changed, cut, lengthened or reordered behind our back is found out, by entry', async () => {
    const state = await open();
    await state.journal(['a', 'b', 'c', 'd'].map((key) => journalEntry('chain', key)));
    await state.journal([journalEntry('gone', 'a')]);
    await state.close();
    const foundAfter = async (...statements: string[]): Promise<readonly string[]> => {
      const database = await openEmbedded(directory, clock, 'alter');
      for (const sql of statements) await database.knex.raw(sql);
      await database.close();
      const again = await open();
      const verdicts = [await again.verifyJournal('chain'), await again.verifyJournal('gone')];
      expect(await again.journaledRuns()).toEqual(expect.arrayContaining(['chain', 'gone']));
      await again.close();
      return verdicts.flatMap(({ findings }) => findings.map(({ sequence, problem }) => `${sequence} ${problem}`));
    };
    const of = (sequence: number): string => `run_id = 'chain' and sequence = ${sequence}`;
    const other = 'is not what was written there, or does not follow the entry before it';
    expect(await foundAfter('select 1')).toEqual([]);
    expect(await foundAfter(`update cutover.journal set key = 'x' where ${of(2)}`)).toEqual([`2 ${other}`]);
    expect(await foundAfter(`update cutover.journal set key = 'b' where ${of(2)}`)).toEqual([]);
    expect(await foundAfter(`update cutover.journal set chain = 1 where ${of(3)}`)).toEqual([`3 ${other}`]);
    const swap = (from: number, to: number): string => `update cutover.journal set sequence = ${to} where ${of(from)}`;
    expect(await foundAfter(`update cutover.journal set chain = 2 where ${of(3)}`, swap(2, 20), swap(3, 2), swap(20, 3))).toEqual([
      `2 ${other}`,
      `3 ${other}`,
      `4 ${other}`,
    ]);
    expect(await foundAfter(swap(2, 20), swap(3, 2), swap(20, 3))).toEqual([]);
    expect(await foundAfter(`delete from cutover.journal where ${of(4)}`)).toEqual(['4 is cut off at the end, up to 4']);
    expect(await foundAfter(`delete from cutover.journal where ${of(2)}`)).toEqual(['2 is missing', '4 is cut off at the end, up to 4']);
    expect(await foundAfter(`delete from cutover.journal where run_id = 'gone'`)).toContain('1 is missing, and so is the whole segment');
  });

  test('a state written by a newer version is refused, and both versions are named', async () => {
    const newer = await mkdtemp(join(tmpdir(), 'cutover-state-newer-'));
    const database = await openEmbedded(newer, clock, 'newer');
    await migrate(database.knex, clock.now(), [...MIGRATIONS, { version: 99, name: 'tomorrow', statements: [] }]);
    await database.close();
    const refusal = await open('cutover test', newer).catch((error: unknown) => error);
    expect(codeOf(refusal)).toBe('E_STATE_NEWER');
    expect(String(refusal)).toContain('99');
    await rm(newer, { recursive: true, force: true });
  });

  test('a journal of an earlier version is verified by the formula it was chained with', async () => {
    const older = await mkdtemp(join(tmpdir(), 'cutover-state-older-'));
    const database = await openEmbedded(older, clock, 'older');
    await migrate(database.knex, clock.now(), MIGRATIONS.slice(0, 2));
    const entry = { ...journalEntry('old', 'a'), sequence: 1 };
    await database.knex.raw(
      `insert into cutover.journal (run_id, segment, sequence, kind, action, step, entity, system, key, external_id, model, odoo_id, at, payload, hash)
       values (?, 1, 1, ?, 1, ?, ?, ?, ?, ?, ?, null, ?, (?::text)::json, ?)`,
      [
        entry.runId,
        entry.kind,
        entry.step,
        entry.entity,
        entry.system,
        entry.key,
        entry.externalId,
        entry.model,
        entry.at,
        JSON.stringify(entry.payload),
      ].concat(chainHash('', entry, 1)),
    );
    await database.close();
    const state = await open('cutover test', older);
    await state.journal([journalEntry('old', 'b', { kind: 'seal' })]);
    expect(await state.verifyJournal('old')).toMatchObject({ entries: 2, sealed: true, findings: [] });
    await state.close();
    await rm(older, { recursive: true, force: true });
  });

  test('what was journaled is there after kill -9', async () => {
    const killed = await mkdtemp(join(tmpdir(), 'cutover-state-killed-'));
    const child = fork(fileURLToPath(new URL('./state-victim.fixture.ts', import.meta.url)), [killed], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const journaled = await new Promise<number>((resolve, reject) => {
      let last = 0;
      child.on('message', (count) => {
        last = Number(count);
        if (last === 40) child.kill('SIGKILL');
      });
      child.on('exit', () => (last >= 40 ? resolve(last) : reject(new Error(`the child ended after ${last}`))));
    });
    const state = await open('cutover test', killed);
    const entries = await collect(state.journalOf('victim'));
    expect(entries.length).toBeGreaterThanOrEqual(journaled * 25);
    expect(entries.length % 25).toBe(0);
    expect(await state.verifyJournal('victim')).toMatchObject({ entries: entries.length, findings: [] });
    await state.close();
    expect(await readFile(join(killed, 'state.lock'), 'utf8').catch(() => 'gone')).toBe('gone');
    await rm(killed, { recursive: true, force: true });
  });
});
