import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../test/sources/postgres-server.ts';
import type { StateStore } from '../../domain/ports.ts';
import { clock, journalEntry } from './state-entries.fixture.ts';
import { openState } from './state-store.ts';
import { codeOf, describeState } from './state-suite.ts';

const server: PostgresServer | null = await startPostgres();

describe.skipIf(server === null)('a state on a PostgreSQL server', () => {
  const { url } = server as PostgresServer;
  let directory: string;
  let state: StateStore;
  const open = (holder: string): Promise<StateStore> => openState({ url, directory, clock, holder });
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cutover-state-'));
    // Twenty first starts at once make one schema.
    const stores = await Promise.all(Array.from({ length: 20 }, (_, index) => open(`start ${index}`)));
    state = stores[0] as StateStore;
    await Promise.all(stores.slice(1).map((store) => store.close()));
  });
  afterAll(async () => {
    await state.close();
    await rm(directory, { recursive: true, force: true });
    await server?.stop();
  });
  describeState(() => state);

  test('a lock held elsewhere names its holder, and is let go when that process closes', async () => {
    const other = await open('other');
    await other.withLock('load uuid-9', 'load of the other machine', async () => {
      const refusal = await state.withLock('load uuid-9', 'mine', async () => 'never').catch((error: unknown) => error);
      expect(codeOf(refusal)).toBe('E_LOCKED');
      expect(String(refusal)).toContain('load of the other machine');
    });
    expect(await state.withLock('load uuid-9', 'mine', async () => 'now')).toBe('now');
    await other.close();
  });

  test('what went wrong under a lock is told, and not that a dead server took no release', async () => {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const other = await open('cut off');
    const broken = other.withLock('load uuid-10', 'cut off', async () => {
      await client.query("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()");
      throw new Error('the work failed');
    });
    await expect(broken).rejects.toThrow('the work failed');
    await other.close();
    await client.end();
  });

  test('two writers of one segment cannot both have an entry', async () => {
    const other = await open('other');
    await state.journal([journalEntry('two-writers', 'a')]);
    await other.journal([journalEntry('two-writers', 'b')]);
    const second = await state.journal([journalEntry('two-writers', 'c')]).catch(() => 'refused');
    expect(second).toBe('refused');
    expect((await state.verifyJournal('two-writers')).findings).toEqual([]);
    await other.close();
  });

  test('of twenty that want a lock at once one gets it, and all others are told which', async () => {
    const stores = await Promise.all(Array.from({ length: 20 }, (_, index) => open(`machine ${index}`)));
    let letGo = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const attempts = stores.map((store, index) => store.withLock('load uuid-20', `load of machine ${index}`, () => done.then(() => index)));
    const refusals = await Promise.all(attempts.map((attempt) => Promise.race([attempt.catch((error: unknown) => String(error)), sleep(3_000, null)])));
    letGo();
    const winner = refusals.indexOf(null);
    expect(refusals.filter((refusal) => refusal === null)).toHaveLength(1);
    for (const refusal of refusals)
      if (refusal !== null) expect(refusal).toMatch(new RegExp(`locked by load of machine ${winner} \\(pid ${process.pid} on .*, since 20`));
    expect(await attempts[winner]).toBe(winner);
    await Promise.all(stores.map((store) => store.close()));
  });

  test('whoever lost its lock to another can append nothing any more, and does not take the lock away from it', async () => {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const [first, second] = [await open('first'), await open('second')];
    const cut = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()";
    const outcome = await Promise.allSettled([
      first.withLock('load uuid-11', 'load of the first', async () => {
        await first.journal([journalEntry('fenced', 'before')]);
        await client.query(cut);
        // Nobody else has come: the work is still its own.
        await first.journal([journalEntry('fenced', 'cut off')]);
        await second.withLock('load uuid-11', 'load of the second', async () => {
          await second.journal([{ ...journalEntry('fenced', 'taken over'), segment: 2 }]);
          const refusal = await first.journal([journalEntry('fenced', 'too late')]).catch((error: unknown) => error);
          expect(codeOf(refusal)).toBe('E_LOCKED');
          expect(String(refusal)).toContain('load of the second');
          await second.journal([{ ...journalEntry('fenced', 'goes on'), segment: 2 }]);
        });
        // And not once it is over either: what the second did is not known to the first.
        await first.journal([journalEntry('fenced', 'later')]);
      }),
    ]);
    expect(outcome[0]).toMatchObject({ status: 'rejected', reason: { code: 'E_LOCKED' } });
    expect((await first.journalHeads('fenced')).map(({ segment, entries }) => [segment, entries])).toEqual([
      [1, 2],
      [2, 2],
    ]);
    expect((await first.verifyJournal('fenced')).findings).toEqual([]);
    await first.close();
    await second.close();
    await client.end();
  });

  test('no connection stays open after the store is closed', async () => {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const opened = await open('leak');
    await opened.withLock('leak', 'leak', () => opened.journal([journalEntry('leak', 'a')]));
    const mine = async (): Promise<number> =>
      Number((await client.query("select count(*) as n from pg_stat_activity where application_name = 'cutover' and datname = current_database()")).rows[0].n);
    const during = await mine();
    await opened.close();
    await expect.poll(mine).toBeLessThan(during);
    await client.end();
  });

  test('an address where no server answers is told without its password', async () => {
    const refusal = await openState({ url: 'postgres://user:secret@127.0.0.1:1/none', directory, clock, holder: 'x' }).catch((error: unknown) => error);
    expect(codeOf(refusal)).toBe('E_STATE_UNREACHABLE');
    expect(String(refusal)).not.toContain('secret');
  });
});
