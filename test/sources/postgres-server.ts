/** A PostgreSQL for tests: the one POSTGRES_URL names, else a private server on a free loopback port, stopped and deleted afterwards. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface PostgresServer {
  /** URL of a database of its own, made for the caller. */
  readonly url: string;
  /** Another empty database on the same server. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Null, with the reason on stderr, where there is neither POSTGRES_URL nor a PostgreSQL installed (Debian: `apt-get install postgresql`). */
export async function startPostgres(): Promise<PostgresServer | null> {
  const given = process.env.POSTGRES_URL;
  if (given !== undefined && given !== '') return await serverAt(given, async () => undefined);
  const programs = findPrograms();
  if (programs === null) {
    console.error('PostgreSQL tests are skipped: set POSTGRES_URL, or install it (Debian: apt-get install postgresql)');
    return null;
  }
  return await startPrivate(programs);
}

function findPrograms(): string | null {
  const places = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin'];
  const debian = '/usr/lib/postgresql';
  if (existsSync(debian)) places.unshift(...readdirSync(debian).map((version) => join(debian, version, 'bin')));
  const found = places.find((place) => existsSync(join(place, 'postgres')) && existsSync(join(place, 'initdb')));
  // initdb looks for its sister beside the real file
  return found === undefined ? null : dirname(realpathSync(join(found, 'initdb')));
}

async function startPrivate(programs: string): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'cutover-postgres-'));
  // PostgreSQL refuses to run as root
  const user = process.getuid?.() === 0 ? { uid: Number(execFileSync('id', ['-u', 'nobody'])), gid: Number(execFileSync('id', ['-g', 'nobody'])) } : {};
  if (user.uid !== undefined) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const initdb = spawnSync(join(programs, 'initdb'), ['-D', data, '-U', 'cutover', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...user,
    cwd: directory,
  });
  if (initdb.status !== 0) throw new Error(`initdb failed: ${initdb.stderr.toString()}`);
  const port = await freePort();
  const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', directory, '-c', 'fsync=off', '-c', 'shared_buffers=64MB'];
  const server = spawn(join(programs, 'postgres'), options, { ...user, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async (): Promise<void> => {
    await stopServer(server);
    rmSync(directory, { recursive: true, force: true });
  };
  // a test run that is killed must not leave a server behind
  process.once('exit', () => server.kill('SIGQUIT'));
  try {
    return await serverAt(`postgres://cutover@127.0.0.1:${port}/postgres`, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exited = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  await exited;
}

async function serverAt(url: string, stop: () => Promise<void>): Promise<PostgresServer> {
  const made: string[] = [];
  const admin = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const createDatabase = async (): Promise<string> => {
    const name = `cutover_test_${randomBytes(6).toString('hex')}`;
    await admin(`CREATE DATABASE ${name}`);
    made.push(name);
    const own = new URL(url);
    own.pathname = `/${name}`;
    return own.href;
  };
  const first = await eventually(createDatabase);
  return {
    url: first,
    createDatabase,
    async stop() {
      for (const name of made) await admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await stop();
    },
  };
}

/** A server that has just been started needs a moment. */
async function eventually<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + 30_000;
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
