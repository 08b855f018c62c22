/** The two places a state can live in, behind one knex. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { CutoverError } from '../../domain/errors.ts';
import type { Clock } from '../../domain/ports.ts';
import { openCluster } from './embedded-cluster.ts';
import { lockFile } from './lock-file.ts';
import { MIGRATIONS, type Migration, STATE_SCHEMA } from './migrations.ts';

export interface StateDatabase {
  readonly knex: Knex;
  readonly embedded: boolean;
  close(): Promise<void>;
}

/** Advisory lock under which a schema is made or raised; any number will do as long as it stays the same. */
const MIGRATION_LOCK = 7_305_261_901;

/** PGlite in `<directory>/state`.
 *
 *  What survives: every write is handed to the operating system before a commit answers, so `kill -9` of this process, or its crash, loses
 *  nothing that was journaled (tested). What may not survive: PGlite 0.5 runs with `fsync = off` and its file system for Node has no fsync,
 *  so on power loss or a crash of the operating system the last seconds can be lost or the state damaged. Loads into production belong on a
 *  PostgreSQL server. What a load wrote is found again by its External IDs, which are in Odoo. */
export async function openEmbedded(directory: string, clock: Clock, holder: string): Promise<StateDatabase> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const release = await lockFile(join(directory, 'state.lock'), holder, clock.now());
  try {
    const [{ default: createKnex }, { default: PgliteClient }] = await Promise.all([import('knex'), import('knex-pglite')]);
    const pglite = await openCluster(join(directory, 'state'));
    // The dialect accepts a ready database this way; its type declarations do not say so.
    const connection = (() => ({ pglite })) as unknown as Knex.StaticConnectionConfig;
    const knex = createKnex({ client: PgliteClient, dialect: 'postgres', connection } as Knex.Config);
    return {
      knex,
      embedded: true,
      close: async () => {
        // A cluster that has broken down cannot be closed either; what went wrong was told where it went wrong.
        await Promise.allSettled([knex.destroy().then(() => (pglite.closed ? undefined : pglite.close()))]);
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

export async function openPostgres(url: string): Promise<StateDatabase> {
  const { default: createKnex } = await import('knex');
  const knex = createKnex({ client: 'pg', connection: { connectionString: url, application_name: 'cutover' }, pool: { min: 0, max: 6 }, log: quiet });
  try {
    await knex.raw('select 1');
  } catch (error) {
    await knex.destroy();
    throw unreachable(url, error);
  }
  return { knex, embedded: false, close: () => knex.destroy() };
}

/** Knex writes failures to the console besides throwing them; whoever catches them says it better. */
const quiet = { warn: () => undefined, error: () => undefined, deprecate: () => undefined, debug: () => undefined };

/** Makes or raises the schema, in one transaction and one process at a time. E_STATE_NEWER when a newer tool has been here. */
export async function migrate(knex: Knex, now: string, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  await knex.transaction(async (transaction) => {
    await transaction.raw('select pg_advisory_xact_lock(?::bigint)', [String(MIGRATION_LOCK)]);
    await transaction.raw(`create schema if not exists ${STATE_SCHEMA}`);
    await transaction.raw(
      `create table if not exists ${STATE_SCHEMA}.schema_version (version integer primary key, name text not null, applied_at timestamptz not null)`,
    );
    const { rows } = await transaction.raw<{ rows: { version: number }[] }>(`select coalesce(max(version), 0) as version from ${STATE_SCHEMA}.schema_version`);
    const current = rows[0]?.version ?? 0;
    const newest = migrations.at(-1)?.version ?? 0;
    if (current > newest) {
      throw new CutoverError('E_STATE_NEWER', `the state has schema ${current}; this version of cutover knows ${newest}`, {
        hint: 'npm install odoo-cutover@latest',
      });
    }
    for (const migration of migrations.filter((candidate) => candidate.version > current)) {
      for (const statement of migration.statements) await transaction.raw(statement);
      await transaction.raw(`insert into ${STATE_SCHEMA}.schema_version (version, name, applied_at) values (?, ?, ?)`, [
        migration.version,
        migration.name,
        now,
      ]);
    }
  });
}

/** The address without its password. */
function unreachable(url: string, cause: unknown): CutoverError {
  const shown = URL.canParse(url) ? `${new URL(url).host}${new URL(url).pathname}` : 'the given address';
  const reason = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new CutoverError('E_STATE_UNREACHABLE', `the state database at ${shown} did not answer${reason}`, { hint: 'cutover doctor', cause });
}
