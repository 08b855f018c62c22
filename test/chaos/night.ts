/** A night from beginning to end: the load, perhaps the next one, perhaps the way back; and what is seen after each. */
import { join } from 'node:path';
import type { StateStore } from '../../src/domain/ports.ts';
import type { LoadRunResult, PlanResult } from '../../src/domain/results.ts';
import type { Legacy } from '../load/world.ts';
import { type Disturbance, type Script, toldOf } from './disturbances.ts';
import { disturbed } from './disturbed.ts';
import { type Dump, differences, dumpOf, type Naming, namingOf, type Raw, readRaw } from './dump.ts';
import { cutover, type Place } from './loader.ts';
import { type HostedOdoo, type OdooHost, openOdoo } from './odoo-hosts.ts';
import type { PrivatePostgres } from './private-postgres.ts';
import { startProxy } from './proxy.ts';
import { smallDisk } from './small-disk.ts';
import { copyOf, NAMESPACE, type Prepared, type RoundWorkspace, type StateKind, writeLegacy } from './workspaces.ts';

export type Phase = 'load' | 'second' | 'rollback';

/** What there is after a phase, and what its load said. */
export interface Seen {
  readonly dump: Dump;
  readonly result: Readonly<Record<string, unknown>>;
  /** Record of the legacy system → the record of Odoo it is linked to. */
  readonly links: ReadonlyMap<string, string>;
  readonly planned: Readonly<Record<string, unknown>>;
  /** Chains that do not hold, runs that are not at their end. */
  readonly faults: readonly string[];
  readonly seconds: number;
  readonly writes: number;
  readonly tries: number;
}

export interface Stage {
  readonly host: OdooHost;
  readonly kinds: readonly StateKind[];
  /** The workspace with a state of this kind; made when it is first asked for. */
  readonly prepared: (kind: StateKind) => Promise<Prepared>;
  readonly postgres: PrivatePostgres | null;
  readonly nextNight: Legacy;
  readonly timeoutMilliseconds: number;
  /** Of an undisturbed load; a guess until there was one. */
  seconds: number;
}

export type Night = ReadonlyMap<Phase, Seen>;

export async function night(stage: Stage, script: Script, note: (text: string) => void): Promise<Night> {
  const closing: (() => Promise<unknown>)[] = [];
  const seen = new Map<Phase, Seen>();
  try {
    const odoo = await stage.host.fresh();
    closing.push(() => odoo.close());
    const wantsDisk = script.load.some(({ kind }) => kind === 'disk');
    const disk = wantsDisk ? await smallDisk() : null;
    if (disk !== null) closing.push(() => disk.close());
    const prepared = await stage.prepared(script.state);
    const workspace = await copyOf(prepared, stage.postgres, disk?.directory ?? null);
    closing.push(() => workspace.remove());
    const proxy = await startProxy(odoo.url);
    closing.push(() => proxy.close());
    const before = await withOdoo(odoo, (connection) => readRaw(connection, NAMESPACE));
    const own = { ODOO_DB: odoo.database, ODOO_LOGIN: odoo.login, ODOO_API_KEY: odoo.apiKey, CHAOS_STATE: workspace.state };
    const place: Place = { workspace: workspace.directory, environment: { ...own, ODOO_URL: proxy.url } };
    const setting = { place, proxy, odoo, postgres: stage.postgres, disk: disk?.directory ?? null, timeoutMilliseconds: stage.timeoutMilliseconds, note };
    let loadRun = '';
    const phase = async (name: Phase, args: readonly string[], disturbances: readonly Disturbance[], planned: Seen['planned']): Promise<void> => {
      note(`${name}: ${disturbances.map(toldOf).join('; ') || 'undisturbed'}`);
      const began = performance.now();
      const outcome = await disturbed({ ...setting, seconds: stage.seconds }, args, disturbances);
      const seconds = (performance.now() - began) / 1000;
      if (name === 'load') loadRun = outcome.runId;
      seen.set(name, await look(odoo, workspace, before, { ...outcome, seconds, planned }));
    };
    await phase('load', ['load', join(prepared.directory, 'chaos.plan')], script.load, {});
    if (script.second !== null) {
      await writeLegacy(workspace.directory, stage.nextNight);
      const plan = join(workspace.directory, 'second.plan');
      const direct = { ...place, environment: { ...place.environment, ODOO_URL: odoo.url } };
      for (const args of [['pull'], ['plan', 'procurement', '--out', plan]]) {
        const ending = await cutover<PlanResult>(direct, args).ending;
        if (ending.data === null) throw new Error(`${args[0]} of the second night: ${ending.error}`);
        if (args[0] === 'plan') await phase('second', ['load', plan], script.second, { actions: ending.data.actions, lines: ending.data.lines });
      }
    }
    if (script.rollback !== null) await phase('rollback', ['rollback', loadRun], script.rollback, {});
    return seen;
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function withOdoo<Result>(odoo: HostedOdoo, work: (connection: Awaited<ReturnType<typeof openOdoo>>) => Promise<Result>): Promise<Result> {
  return work(await openOdoo(odoo));
}

async function look(
  odoo: HostedOdoo,
  workspace: RoundWorkspace,
  before: Raw,
  outcome: { readonly data: LoadRunResult; readonly seconds: number; readonly writes: number; readonly tries: number; readonly planned: Seen['planned'] },
): Promise<Seen> {
  const connection = await openOdoo(odoo);
  const raw = await readRaw(connection, NAMESPACE);
  const { uuid } = await connection.identity();
  const { planned, applied, noop, conflict, deadLettered, blocked, remaining, unknown, records, conflicts, refusals } = outcome.data;
  const result = { planned, applied, noop, conflict, deadLettered, blocked, remaining, unknown, records, conflicts, refusals };
  const { links, faults } = await workspace.looking(async (state) => ({
    links: await linksOf(state, uuid, namingOf(raw, before)),
    faults: [...(await faultsOf(state)), ...faultsOfResult(outcome.data)],
  }));
  return { ...outcome, dump: dumpOf(raw, before), result, links, faults };
}

async function linksOf(state: StateStore, uuid: string, naming: Naming): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const page of state.links(uuid, 'procurement', null)) {
    for (const { entity, system, key, model, odooId, provenance } of page) found.set(`${entity} ${system} ${key}`, `${naming(model, odooId)} by ${provenance}`);
  }
  return found;
}

async function faultsOf(state: StateStore): Promise<string[]> {
  const faults: string[] = [];
  for (const command of ['load', 'rollback']) {
    for (const run of await state.runs({ command })) {
      const { findings, sealed, entries } = await state.verifyJournal(run.id);
      for (const finding of findings) faults.push(`journal of ${run.id}: ${JSON.stringify(finding)}`);
      // A run that did not reach Odoo has none.
      if (!sealed && entries > 0) faults.push(`the journal of ${run.id} does not end with its seal`);
    }
  }
  return faults;
}

function faultsOfResult(data: LoadRunResult): string[] {
  const { planned, applied, noop, conflict, deadLettered, blocked, remaining, unknown } = data;
  const faults: string[] = [];
  if (planned !== applied + noop + conflict + deadLettered + blocked + remaining) faults.push(`conservation: ${JSON.stringify(data)}`);
  if (unknown !== 0) faults.push(`${unknown} unknown`);
  return faults;
}

/** In what a night is otherwise than the undisturbed one; empty when it is not. */
export function problemsOf(now: Night, quiet: Night): string[] {
  const problems: string[] = [];
  for (const [phase, seen] of now) {
    const wanted = quiet.get(phase);
    if (wanted === undefined) continue;
    const tell = (text: string): void => void problems.push(`after ${phase}: ${text}`);
    for (const fault of seen.faults) tell(fault);
    for (const what of ['result', 'planned'] as const) {
      for (const key of Object.keys({ ...wanted[what], ...seen[what] })) {
        const [one, other] = [JSON.stringify(seen[what][key]), JSON.stringify(wanted[what][key])];
        if (one !== other) tell(`${what}.${key} is ${one}, undisturbed ${other}`);
      }
    }
    for (const text of differences(seen.dump, wanted.dump)) tell(text);
    for (const key of new Set([...wanted.links.keys(), ...seen.links.keys()])) {
      if (wanted.links.get(key) !== seen.links.get(key))
        tell(`${key} is linked to ${seen.links.get(key) ?? 'nothing'}, undisturbed to ${wanted.links.get(key) ?? 'nothing'}`);
    }
  }
  return problems;
}
