import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import knexModule from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlSource } from '../../src/adapters/sql/sql-source.ts';
import { startPostgres } from './postgres-server.ts';
import { describeSqlSource, type LegacyDatabase, legacySchema } from './sql-source-suite.ts';

const server = await startPostgres();

describe.skipIf(server === null)('a PostgreSQL server as a source', () => {
  const url = server?.url ?? '';
  const knex = knexModule({ client: 'pg', connection: url, pool: { min: 0, max: 2 } });
  const database: LegacyDatabase = {
    config: { client: 'pg', url },
    async execute(sql) {
      await knex.raw(sql);
    },
  };
  beforeAll(() => database.execute(legacySchema));
  afterAll(async () => {
    await knex.destroy();
    await server?.stop();
  });

  describeSqlSource(() => database);

  it('leaves no transaction open behind it', async () => {
    const cut = await sqlSource('meditrack', database.config).open();
    await cut.tables();
    const open = () =>
      knex.raw("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'cutover' AND state LIKE 'idle in%' AND datname = current_database()");
    const before = (await open()).rows[0].n;
    await cut.close();
    expect((await open()).rows[0].n).toBe(before - 1);
  });

  it('a pull that is killed leaves no transaction open either', async () => {
    const open = async (): Promise<number> =>
      (await knex.raw("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'cutover' AND datname = current_database()")).rows[0].n;
    const before = await open();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'open-cut.ts'), url], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(await open()).toBe(before + 1);
    child.kill('SIGKILL');
    const deadline = Date.now() + 20_000;
    while ((await open()) > before && Date.now() < deadline) await sleep(50);
    expect(await open()).toBe(before);
  });

  it('a refused login is E_SOURCE_UNREACHABLE, without the password', async () => {
    const wrong = new URL(url);
    wrong.username = 'nobody-of-that-name';
    wrong.password = 's3cr3t';
    const failure = await sqlSource('meditrack', { client: 'pg', url: wrong.href })
      .open()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'E_SOURCE_UNREACHABLE' });
    expect((failure as Error).message + (failure as Error).stack).not.toContain('s3cr3t');
  });
});
