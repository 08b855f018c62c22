import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlSource } from '../../src/adapters/sql/sql-source.ts';
import { describeSqlSource, type LegacyDatabase, legacySchema } from './sql-source-suite.ts';

describe('an embedded PostgreSQL as a source', () => {
  let directory: string;
  let database: LegacyDatabase;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cutover-legacy-'));
    const execute = async (sql: string): Promise<void> => {
      const pglite = await PGlite.create(join(directory, 'legacy'));
      await pglite.exec(sql);
      await pglite.close();
    };
    await execute(legacySchema);
    database = { config: { client: 'pglite', url: join(directory, 'legacy') }, execute };
  }, 60_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  describeSqlSource(() => database);

  it('is never written to: its directory stays as it was, byte by byte', async () => {
    const before = await hashOf(database.config.url);
    const cut = await sqlSource('meditrack', database.config).open();
    await cut.tables();
    await cut.close();
    expect(await hashOf(database.config.url)).toBe(before);
  });

  it('must be there', async () => {
    await expect(sqlSource('meditrack', { client: 'pglite', url: join(directory, 'nowhere') }).open()).rejects.toMatchObject({ code: 'E_SOURCE_UNREACHABLE' });
    expect(await readdir(directory)).toEqual(['legacy']);
  });
});

describe('a PostgreSQL that is not there', () => {
  it('is E_SOURCE_UNREACHABLE, without the password', async () => {
    const failure = await sqlSource('meditrack', { client: 'pg', url: 'postgres://clerk:s3cr3t@127.0.0.1:1/mm' })
      .open()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'E_SOURCE_UNREACHABLE', hint: expect.stringContaining('systems.meditrack.url') });
    expect((failure as Error).message).toContain('127.0.0.1:1/mm');
    expect(JSON.stringify(failure) + (failure as Error).message + (failure as Error).stack).not.toContain('s3cr3t');
  });
});

async function hashOf(directory: string): Promise<string> {
  const hash = createHash('sha256');
  for (const entry of (await readdir(directory, { recursive: true, withFileTypes: true })).sort((a, b) =>
    join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
  )) {
    hash.update(join(entry.parentPath, entry.name));
    if (entry.isFile()) hash.update(await readFile(join(entry.parentPath, entry.name)));
  }
  return hash.digest('hex');
}
