/** One connection to PostgreSQL or to an embedded PGlite, in one read-only transaction that sees one moment. */
import { cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knexModule, { type Knex } from 'knex';
import { CutoverError } from '../../domain/errors.ts';

export interface SqlConfig {
  readonly client: 'pg' | 'pglite';
  /** Server URL, or the directory for pglite. Secrets are resolved. */
  readonly url: string;
}

export interface SqlResult {
  readonly names: readonly string[];
  /** Type OID and modifier of every column; the modifier is -1 where the driver does not tell. */
  readonly types: readonly { readonly oid: number; readonly modifier: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

export interface SqlSession {
  /** Exactly one statement; every column must be text (or its type's parser is the driver's). */
  query(sql: string): Promise<SqlResult>;
  close(): Promise<void>;
}

/** What both drivers answer to a query with rows as arrays. */
interface DriverResult {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number; readonly dataTypeModifier?: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}
interface PgConnection {
  query(query: { text: string; rowMode: 'array'; queryMode: 'extended' }): Promise<DriverResult>;
}
interface PGliteConnection {
  query(sql: string, values: readonly unknown[], options: { rowMode: 'array' }): Promise<DriverResult>;
}

/** knex prints what it cannot do on stdout, which belongs to `--json`; the error that is thrown says the same. */
const discard = (): void => undefined;
const silent = { warn: discard, error: discard, deprecate: discard, debug: discard };

const CONNECT_TIMEOUT_MS = 15_000;

/** Settings that make text exact and the same everywhere; a process that hangs must not hold back the server's vacuum for ever. */
const SETTINGS = [
  "SET LOCAL TimeZone = 'UTC'",
  "SET LOCAL DateStyle = 'ISO, YMD'",
  "SET LOCAL IntervalStyle = 'iso_8601'",
  'SET LOCAL extra_float_digits = 1',
  "SET LOCAL bytea_output = 'hex'",
  // all rows are wanted, not the first few soon
  'SET LOCAL cursor_tuple_fraction = 1.0',
  "SET LOCAL idle_in_transaction_session_timeout = '10min'",
];

/** Begins the transaction. E_SOURCE_UNREACHABLE when there is nobody there or the login is refused. */
export async function openSqlSession(name: string, config: SqlConfig): Promise<SqlSession> {
  const session = config.client === 'pg' ? await openPg(name, config.url) : await openPGlite(name, config.url);
  try {
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for (const setting of SETTINGS) await session.query(setting);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function openPg(name: string, url: string): Promise<SqlSession> {
  const knex = knexModule({
    client: 'pg',
    connection: { connectionString: url, application_name: 'cutover', connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true },
    pool: { min: 0, max: 1 },
    acquireConnectionTimeout: CONNECT_TIMEOUT_MS,
    log: silent,
  });
  const connection = await acquire<PgConnection>(knex, name, describeServer(url), url);
  return sessionOf(
    knex,
    connection,
    (text) => connection.query({ text, rowMode: 'array', queryMode: 'extended' }),
    async () => undefined,
  );
}

/** Opened from a private copy: PostgreSQL writes to its directory by being started, and a legacy system is never written to. */
async function openPGlite(name: string, directory: string): Promise<SqlSession> {
  const version = await stat(join(directory, 'PG_VERSION')).catch(() => null);
  if (version === null) {
    throw new CutoverError('E_SOURCE_UNREACHABLE', `system ${name}: there is no embedded PostgreSQL in ${directory}`, {
      hint: `set systems.${name}.url in cutover.yaml to its directory`,
    });
  }
  const copy = await mkdtemp(join(tmpdir(), 'cutover-pglite-'));
  const removeCopy = (): Promise<void> => rm(copy, { recursive: true, force: true });
  try {
    await cp(directory, copy, { recursive: true, preserveTimestamps: true });
    const [{ PGlite }, { default: dialect }] = await Promise.all([import('@electric-sql/pglite'), import('knex-pglite')]);
    const pglite = await PGlite.create({ dataDir: copy, startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=8MB'] });
    // the dialect takes the instance from a function; knex's types do not know it
    const connectionSource = (() => ({ pglite })) as unknown as Knex.StaticConnectionConfig;
    const knex = knexModule({ client: dialect, connection: connectionSource, log: silent });
    const connection = await acquire<PGliteConnection>(knex, name, directory, directory);
    return sessionOf(
      knex,
      connection,
      (text) => connection.query(text, [], { rowMode: 'array' }),
      async () => {
        if (!pglite.closed) await pglite.close();
        await removeCopy();
      },
    );
  } catch (error) {
    await removeCopy();
    if (error instanceof CutoverError) throw error;
    throw new CutoverError('E_SOURCE_UNREACHABLE', `system ${name}: the embedded PostgreSQL in ${directory} does not start`, {
      hint: 'was it written by another PostgreSQL version, or copied while in use?',
      cause: error,
    });
  }
}

async function acquire<Connection>(knex: Knex, name: string, place: string, url: string): Promise<Connection> {
  try {
    return (await knex.client.acquireConnection()) as Connection;
  } catch (error) {
    await knex.destroy();
    throw new CutoverError('E_SOURCE_UNREACHABLE', `system ${name}: ${place} did not answer or refused the login: ${withoutSecrets(error, url)}`, {
      hint: `check systems.${name}.url in cutover.yaml, then run \`cutover doctor\``,
    });
  }
}

function sessionOf(knex: Knex, connection: unknown, run: (sql: string) => Promise<DriverResult>, dispose: () => Promise<void>): SqlSession {
  let isOpen = true;
  return {
    async query(sql) {
      const result = await run(sql);
      return {
        names: result.fields.map((field) => field.name),
        types: result.fields.map((field) => ({ oid: field.dataTypeID, modifier: field.dataTypeModifier ?? -1 })),
        rows: result.rows,
      };
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      // a connection that is gone has taken the transaction with it: then there is nothing to roll back
      await Promise.allSettled([run('ROLLBACK')]);
      await knex.client.releaseConnection(connection);
      await knex.destroy();
      await dispose();
    },
  };
}

function describeServer(url: string): string {
  if (!URL.canParse(url)) return 'the server';
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

/** The driver's words, with whatever of the URL's password might stand in them taken out. */
function withoutSecrets(error: unknown, url: string): string {
  const own = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  const text = own instanceof Error ? own.message || String((own as { code?: unknown }).code ?? own.name) : 'no reason given';
  const password = URL.canParse(url) ? new URL(url).password : '';
  if (!URL.canParse(url) && text.includes(url)) return 'the URL cannot be read';
  return [password, decodeURIComponent(password)].reduce((clean, secret) => (secret === '' ? clean : clean.replaceAll(secret, '***')), text);
}
