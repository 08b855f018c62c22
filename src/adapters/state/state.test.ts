import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

  test('a journal that was changed, cut or reordered behind our back is found out', async () => {
    const state = await open();
    await state.journal(['a', 'b', 'c'].map((key) => journalEntry('chain', key)));
    await state.close();
    const alter = async (sql: string): Promise<unknown> => {
      const database = await openEmbedded(directory, clock, 'alter');
      await database.knex.raw(sql);
      await database.close();
      const again = await open();
      const problem = await again.verifyJournal('chain');
      await again.close();
      return problem;
    };
    expect(await alter('select 1')).toBeNull();
    expect(await alter(`update cutover.journal set key = 'x' where run_id = 'chain' and sequence = 2`)).toMatchObject({ sequence: 2 });
    expect(await alter(`update cutover.journal set key = 'b' where run_id = 'chain' and sequence = 2`)).toBeNull();
    expect(await alter(`delete from cutover.journal where run_id = 'chain' and sequence = 2`)).toMatchObject({ sequence: 2 });
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
    expect(await state.verifyJournal('victim')).toBeNull();
    await state.close();
    expect(await readFile(join(killed, 'state.lock'), 'utf8').catch(() => 'gone')).toBe('gone');
    await rm(killed, { recursive: true, force: true });
  });
});
