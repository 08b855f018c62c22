/** A PostgreSQL for the state that can be killed and comes back with its data; on the loopback, deleted afterwards. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { ended } from './odoo-hosts.ts';
import { removeTemporary, temporaryDirectory } from './temporary.ts';

export interface PrivatePostgres {
  readonly url: (database: string) => string;
  sql(text: string): Promise<void>;
  /** Dies like a machine's process does, and recovers. */
  crash(downMilliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** Null where no PostgreSQL is installed. */
export async function startPrivatePostgres(): Promise<PrivatePostgres | null> {
  const debian = '/usr/lib/postgresql';
  const programs = (existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : [])
    .concat('/usr/local/bin', '/usr/bin', '/opt/homebrew/bin')
    .find((place) => existsSync(join(place, 'initdb')) && existsSync(join(place, 'postgres')));
  if (programs === undefined) return null;
  const directory = temporaryDirectory('postgres');
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (user.uid !== undefined) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const made = spawnSync(join(programs, 'initdb'), ['-D', data, '-U', 'cutover', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...user,
    cwd: directory,
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr.toString()}`);
  const port = await freePort();
  const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', directory, '-c', 'shared_buffers=64MB'];
  const url = (database: string): string => `postgres://cutover@127.0.0.1:${port}/${database}`;
  const sql = async (text: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url('postgres') });
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  };
  const start = async (): Promise<ChildProcess> => {
    const server = spawn(join(programs, 'postgres'), options, { ...user, cwd: directory, stdio: 'ignore' });
    for (let attempt = 0; ; attempt += 1) {
      try {
        await sql('select 1');
        return server;
      } catch (error) {
        if (attempt > 150) throw error;
        await sleep(200);
      }
    }
  };
  let server = await start();
  process.once('exit', () => server.kill('SIGQUIT'));
  return {
    url,
    sql,
    async crash(down) {
      // Immediate shutdown: no checkpoint, every session cut, recovery from the log at the next start.
      await ended(server, 'SIGQUIT');
      await sleep(down);
      server = await start();
    },
    async stop() {
      await ended(server, 'SIGINT');
      removeTemporary(directory);
    },
  };
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'nobody']));
}
