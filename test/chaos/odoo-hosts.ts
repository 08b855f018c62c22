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
