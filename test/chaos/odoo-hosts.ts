/** Where a round's Odoo comes from: a sandbox in a process of its own, or a real Odoo 19 whose server is ours to kill. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connectOdoo } from '../../src/adapters/odoo/connection.ts';
import type { OdooConnection } from '../../src/domain/ports.ts';
import type { Target } from '../load/world.ts';

export interface OdooHost {
  readonly name: string;
  /** Its server is ours to kill, and its database stays. */
  readonly killable: boolean;
  /** There is one database and no other: every round takes back what it loaded. */
  readonly isOne: boolean;
  /** An Odoo with nothing loaded; every one passes for the same database. */
  fresh(): Promise<HostedOdoo>;
  close(): Promise<void>;
}

export interface HostedOdoo extends Target {
  /** Kills what serves the calls under way; null where the database would go with it. Resolves when it serves again. */
  readonly killWorkers: ((how: 'worker' | 'server') => Promise<void>) | null;
  close(): Promise<void>;
}

export function openOdoo(target: Target): Promise<OdooConnection> {
  return connectOdoo({ url: target.url, database: target.database, login: target.login, apiKey: target.apiKey, concurrency: 2, timeoutSeconds: 120 });
}

const UUID = '00000000-0000-4000-8000-00000000c4a0';

export function sandboxHost(): OdooHost {
  const running = new Set<ChildProcess>();
  return {
    name: 'sandbox',
    killable: false,
    isOne: false,
    async fresh() {
      const child = fork(fileURLToPath(new URL('./sandbox.fixture.ts', import.meta.url)), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      running.add(child);
      child.once('exit', () => running.delete(child));
      const target = await new Promise<Target>((resolve, reject) => {
        child.once('message', (message) => resolve(message as Target));
        child.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)));
      });
      await passForTheSame(target);
      return { ...target, killWorkers: null, close: () => ended(child) };
    },
    close: async () => void (await Promise.all([...running].map((child) => ended(child)))),
  };
}

/** An Odoo of somebody's own, for tests: named by a URL, with ODOO_DB, ODOO_LOGIN and ODOO_API_KEY in the environment. */
export function givenHost(url: string): OdooHost {
  const { ODOO_DB: database = '', ODOO_LOGIN: login = '', ODOO_API_KEY: apiKey = '' } = process.env;
  if (database === '' || apiKey === '') throw new Error(`--odoo ${url} also needs ODOO_DB and ODOO_API_KEY (and ODOO_LOGIN before Odoo 19)`);
  const fresh = async (): Promise<HostedOdoo> => ({ url, database, login, apiKey, killWorkers: null, close: async () => undefined });
  return { name: url, killable: false, isOne: true, fresh, close: async () => undefined };
}

async function passForTheSame(target: Target): Promise<void> {
  const odoo = await openOdoo(target);
  const ids = await odoo.searchIds('ir.config_parameter', [['key', '=', 'database.uuid']]);
  await odoo.save(
    'ir.config_parameter',
    ids.map((id) => ({ id, values: { value: UUID } })),
    {},
  );
}

export function ended(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
