import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
