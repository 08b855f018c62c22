/** A legacy database as it was handed over: a gzipped pg_dump, restored by psql into a database of its own. */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type PostgresServer, startPostgres } from '../sources/postgres-server.ts';

export async function restoreDump(dump: string): Promise<PostgresServer> {
  const server = await startPostgres();
  if (server === null) throw new Error('PostgreSQL is needed: set POSTGRES_URL, or install it (Debian: apt-get install postgresql)');
  try {
    const psql = spawn('psql', ['--quiet', '--no-psqlrc', '--set', 'ON_ERROR_STOP=1', '--output', '/dev/null', server.url], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let complaint = '';
    psql.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      complaint = (complaint + chunk).slice(-2000);
    });
    const ended = new Promise<number | null>((resolve, reject) => psql.on('error', reject).on('close', resolve));
    await pipeline(createReadStream(dump), createGunzip(), psql.stdin);
    if ((await ended) !== 0) throw new Error(`psql could not restore the dump: ${complaint}`);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}
