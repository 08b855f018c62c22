/** Workspaces of the rounds: prepared once (pulled and planned), then copied, so that every round loads the very same plan. */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openState } from '../../src/adapters/state/state-store.ts';
import { systemClock } from '../../src/context.ts';
import type { StateStore } from '../../src/domain/ports.ts';
import { type Legacy, makeWorld, type Target } from '../load/world.ts';
import type { PrivatePostgres } from './private-postgres.ts';
import { removeTemporary, temporaryDirectory } from './temporary.ts';

export const NAMESPACE = 'loadtest';
export type StateKind = 'embedded' | 'postgres';

export interface Prepared {
  readonly directory: string;
  readonly state: StateKind;
}

const CONFIG = `version: 1
namespace: ${NAMESPACE}
systems:
  legacy: {connector: files, directory: legacy}
  odoo: {connector: odoo, url: "\${ODOO_URL}", database: "\${ODOO_DB}", login: "\${ODOO_LOGIN}", api_key: "\${ODOO_API_KEY}", timeout_seconds: TIMEOUT}
capabilities: [procurement]
state: "\${CHAOS_STATE}"
policies: {shrink_percent: 100}
`;

export interface RoundWorkspace {
  readonly directory: string;
  /** Address of the state, for the environment of the commands. */
  readonly state: string;
  /** The state, while no command is using it. */
  looking<Result>(work: (state: StateStore) => Promise<Result>): Promise<Result>;
  remove(): Promise<void>;
}

/** Writes the exports of a legacy system into a workspace. */
export async function writeLegacy(directory: string, legacy: Legacy): Promise<void> {
  await mkdir(join(directory, 'legacy'), { recursive: true });
  const quoted = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  for (const [name, rows] of Object.entries(legacy)) {
    const columns = Object.keys(rows[0] ?? {});
    const lines = rows.map((row: Readonly<Record<string, string>>) => columns.map((column) => quoted(row[column] ?? '')).join(','));
    await writeFile(join(directory, 'legacy', `${name}.csv`), `${[columns.join(','), ...lines].join('\n')}\n`);
  }
}

/** `postgres`: its database `prepared` becomes the template of the rounds. */
export async function prepare(target: Target, legacy: Legacy, kind: StateKind, postgres: PrivatePostgres | null, timeoutSeconds: number): Promise<Prepared> {
  const state = kind === 'postgres' && postgres !== null ? postgres.url('prepared') : 'embedded';
  if (kind === 'postgres' && postgres !== null) await postgres.sql('CREATE DATABASE prepared');
  process.env['CHAOS_STATE'] = state;
  const world = await makeWorld(target);
  await world.write('cutover.yaml', CONFIG.replace('TIMEOUT', String(timeoutSeconds)));
  await world.pull(legacy);
  const { data } = await world.verbs.plan('chaos.plan');
  if (data.actions.refuse > 0) throw new Error(`the plan of the chaos refuses ${data.actions.refuse} documents: ${JSON.stringify(data.refusals)}`);
  return { directory: world.directory, state: kind };
}

let copies = 0;

/** `within`: a directory to copy into, a small disk of its own; a new one by default. */
export async function copyOf(prepared: Prepared, postgres: PrivatePostgres | null, within: string | null): Promise<RoundWorkspace> {
  const parent = within ?? temporaryDirectory('round');
  const directory = join(parent, 'workspace');
  await cp(prepared.directory, directory, { recursive: true });
  copies += 1;
  const database = `round_${copies}`;
  const onServer = prepared.state === 'postgres' && postgres !== null;
  if (onServer) {
    await postgres.sql(`CREATE DATABASE ${database} TEMPLATE prepared`);
    // Without it PostgreSQL (15) forgets in a crash what the sequences of a copy have given out: they were logged for the template only.
    await postgres.sql('CHECKPOINT');
  }
  const url = onServer ? postgres.url(database) : 'embedded';
  return {
    directory,
    state: url,
    async looking(work) {
      const state = await openState({ url, directory: join(directory, '.cutover'), clock: systemClock, holder: 'chaos' });
      try {
        return await work(state);
      } finally {
        await state.close();
      }
    },
    async remove() {
      if (within === null) removeTemporary(parent);
      else await rm(directory, { recursive: true, force: true });
      if (onServer) await postgres.sql(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    },
  };
}
