/** A real Odoo 19 for chaos: a template database of its own, a copy a round, and a server of its own whose processes may be killed.
 *  It runs beside the server of test/real-odoo, in its chroot and on its PostgreSQL, and shows nothing but its own databases. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Coordinates, startRealOdoo } from '../real-odoo/harness.ts';
import { freePort } from './free-port.ts';
import { type OdooHost, openOdoo } from './odoo-hosts.ts';

const bringUp = fileURLToPath(new URL('../real-odoo/bring-up.sh', import.meta.url));
const home = process.env.CUTOVER_TEST_HOME || '/var/tmp/cutover-real-odoo';
const chroot = join(home, 'odoo-19');
const files = '/var/lib/cutover-test/files';
/** As bring-up.sh counts them. */
const postgresPort = Number(process.env.CUTOVER_TEST_PORT_BASE || 18_000) + 192;

export async function realHost(): Promise<OdooHost> {
  const name = `chaos_${process.pid}`;
  const template = await startRealOdoo({ version: 19, database: name });
  // Nobody may be connected to what is copied.
  sql('postgres', `ALTER DATABASE ${name} ALLOW_CONNECTIONS false; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
  const port = await freePort();
  const server = new Server(port, name);
  await server.start();
  let made = 0;
  // The template goes with the copies, should this process end before its time.
  const databases = new Set([name]);
  const drop = (database: string): void => {
    sql('postgres', `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    rmSync(join(chroot, files, 'data', 'filestore', database), { recursive: true, force: true });
    databases.delete(database);
  };
  process.once('exit', () => [...databases].forEach(drop));
  return {
    name: 'Odoo 19',
    killable: true,
    isOne: false,
    async fresh() {
      made += 1;
      const database = `${name}_${made}`;
      sql('postgres', `CREATE DATABASE ${database} TEMPLATE ${name}`);
      databases.add(database);
      const { login, apiKey } = template as Required<Coordinates>;
      const target = { url: `http://127.0.0.1:${port}`, database, login, apiKey };
      // A worker that meets a database for the first time needs seconds.
      await Promise.all([openOdoo(target), openOdoo(target)]);
      return { ...target, killWorkers: (how) => server.kill(how), close: async () => drop(database) };
    },
    async close() {
      await server.stop();
      for (const database of databases) if (database !== name) drop(database);
      await template.stop();
      databases.clear();
    },
  };
}

function sql(database: string, text: string): void {
  for (const statement of text.split(';')) execFileSync('bash', [bringUp, '19', 'psql', database, '-c', statement], { stdio: ['ignore', 'ignore', 'inherit'] });
}

class Server {
  readonly #port: number;
  readonly #databases: string;
  #process: ChildProcess | null = null;

  constructor(port: number, databases: string) {
    this.#port = port;
    this.#databases = databases;
  }

  async start(): Promise<void> {
    const options = ['-c', '/dev/null', '--db_host=127.0.0.1', `--db_port=${postgresPort}`, '--db_user=odoo', `--data-dir=${files}/data`];
    const serving = ['--http-interface=127.0.0.1', `--http-port=${this.#port}`, `--gevent-port=${this.#port + 1}`, '--workers=2', '--max-cron-threads=0'];
    const child = spawn('chroot', ['--userspec=odoo:odoo', chroot, 'odoo', ...options, ...serving, '--no-database-list', `--db-filter=^${this.#databases}_`], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', TZ: 'UTC', HOME: files },
      stdio: 'ignore',
      // A group of its own, so that its workers go with it.
      detached: true,
    });
    this.#process = child;
    process.once('exit', () => this.#signal('SIGKILL'));
    for (let attempt = 0; attempt < 300; attempt += 1) {
      if (await answers(this.#port)) return;
      await sleep(200);
    }
    throw new Error(`Odoo does not answer at port ${this.#port}`);
  }

  /** One worker: its parent starts another. The server: all of it, and again. */
  async kill(how: 'worker' | 'server'): Promise<void> {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    if (how === 'worker') {
      for (const worker of childrenOf(pid)) process.kill(worker, 'SIGKILL');
      return;
    }
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    this.#signal('SIGKILL');
    await gone;
  }

  #signal(signal: NodeJS.Signals): void {
    const child = this.#process;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, signal);
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch (error) {
        // It has ended meanwhile.
        if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return false;
        throw error;
      }
    });
}

async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/web/version`);
    return response.ok;
  } catch {
    // Not yet.
    return false;
  }
}
