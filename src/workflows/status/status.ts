/** Where everything stands: last runs, what was left open, crosswalk, snapshots. Reads only. */

import { join } from 'node:path';
import type { Verdict } from '../../domain/difference.ts';
import { CutoverError } from '../../domain/errors.ts';
import { PAUSE_MARK } from '../../domain/pace.ts';
import { OdooError, type Ports, type RunRecord, type StateStore } from '../../domain/ports.ts';
import type { RehearsalResult } from '../../domain/rehearsal-results.ts';
import type { StatusResult } from '../../domain/results.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { deadLettersOf } from '../load/dead-letters.ts';
import { loadRunOf, rehearsalOf } from '../rehearse/run-names.ts';

/** Further back nobody looks; the state keeps all. */
const RUNS_READ = 1000;

export async function statusOf(request: { readonly workspace: Workspace }, ports: Ports): Promise<StatusResult> {
  const { workspace } = request;
  const state = await ports.state();
  const runs = await state.runs({ limit: RUNS_READ });
  const began = await thoseThatBegan(
    runs.filter((run) => isWriting(run.command)),
    state,
  );
  return {
    environment: environmentOf(workspace),
    capabilities: [...workspace.capabilities.values()].map(({ name, file }) => ({
      name,
      phase: file.phase,
      verdict: lastVerdict(runs, began, name),
      runs: lastRuns(runs, name),
    })),
    open: await withPauses(await stillOpen(await resumable(openRuns(runs), state), runs, state), ports),
    deadLetters: await openLetters(state),
    rehearsal: lastRehearsal(runs),
    snapshots: await latestSnapshots(ports),
    crosswalk: await crosswalkCounts(workspace, state, ports),
  };
}

function environmentOf({ environment, file }: Workspace): StatusResult['environment'] {
  if (environment === undefined) return null;
  const { name, production, odoo } = environment;
  return { name, production, odoo, state: file.state === 'embedded' ? 'embedded' : 'postgres', store: file.store };
}

/** A run without a capability was for all of them. */
function concerns(run: RunRecord, capability: string): boolean {
  return run.capability === capability || run.capability === null;
}

function lastRuns(runs: readonly RunRecord[], capability: string): StatusResult['capabilities'][number]['runs'] {
  const last = new Map<string, RunRecord>();
  for (const run of runs) if (concerns(run, capability) && !isShownOnly(run) && !last.has(run.command)) last.set(run.command, run);
  return [...last.values()].map((run) => ({
    command: run.command,
    runId: run.id,
    status: run.status,
    startedAt: run.startedAt,
    seconds: run.endedAt === null ? null : (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000,
  }));
}

/** A rollback whose plan was only shown (--dry-run) took nothing back. */
function isShownOnly(run: RunRecord): boolean {
  return run.command === 'rollback' && (run.data as { nonce?: string } | null)?.nonce !== undefined;
}

/** `writers`: loads and rollbacks that had taken their plan. */
export function lastVerdict(runs: readonly RunRecord[], writers: readonly RunRecord[], capability: string): StatusResult['capabilities'][number]['verdict'] {
  for (const [index, run] of runs.entries()) {
    const verdict =
      concerns(run, capability) && (run.command === 'reconcile' || run.command === 'run') ? (run.data as { verdict?: Verdict } | null)?.verdict : undefined;
    if (verdict === undefined) continue;
    const since = lookedAt(run, runs.slice(index + 1), capability);
    const [last] = writers
      .filter((writer) => concerns(writer, capability) && mayHaveWritten(writer) && lastMoment(writer) > since)
      .toSorted((left, right) => lastMoment(right).localeCompare(lastMoment(left)));
    const overtakenBy = last === undefined ? null : { command: last.command, runId: last.id, at: lastMoment(last) };
    return { verdict, runId: run.id, at: run.asOf, overtakenBy };
  }
  return null;
}

/** When the two sides were last read before this verdict: `run` pulls for itself, reconcile takes what was pulled. */
function lookedAt(run: RunRecord, earlier: readonly RunRecord[], capability: string): string {
  if (run.command === 'run') return run.startedAt;
  return earlier.find((other) => concerns(other, capability) && (other.command === 'pull' || other.command === 'run'))?.startedAt ?? run.startedAt;
}

/** A run that is resumed goes on under its own id, so that its end may be long after its beginning. */
function lastMoment(run: RunRecord): string {
  return run.endedAt ?? run.startedAt;
}

/** A load without an answer broke off, or runs; a rollback that was only shown answers with its plan. */
function mayHaveWritten(run: RunRecord): boolean {
  if (run.data === null) return run.status !== 'refused';
  return ((run.data as { applied?: number }).applied ?? 0) > 0;
}

/** Loads and rollbacks with something left, whenever they were; of the others only the last, if nothing has gone through since. */
export function openRuns(runs: readonly RunRecord[]): StatusResult['open'] {
  const newer = new Set<string>();
  const open: StatusResult['open'][number][] = [];
  for (const run of runs) {
    const writes = isWriting(run.command);
    const subject = `${run.command} ${run.capability ?? ''}`;
    const brokeOff = run.status === 'running' || run.status === 'interrupted';
    const unfinished = brokeOff || (writes && (remaining(run) > 0 || run.status === 'failed'));
    if (unfinished && (writes || !newer.has(subject))) open.push(asOpen(run, writes));
    newer.add(subject);
  }
  return open;
}

/** What a rehearsal broke off is taken back, never gone on with; and what was taken back since is no longer open. */
async function stillOpen(open: StatusResult['open'], runs: readonly RunRecord[], state: StateStore): Promise<StatusResult['open']> {
  const back = open.length === 0 ? new Set<string>() : await takenBack(runs, state);
  const rehearsed = open.flatMap((run) => {
    const own = run.command === 'rehearse' ? run.runId : rehearsalOf(run.runId);
    if (own === null) return [run];
    return run.command === 'rollback' ? [run] : [{ ...run, goOn: `cutover rollback ${loadRunOf(own)}` }];
  });
  const named = new Set(rehearsed.flatMap(({ runId, command }) => (command === 'rehearse' ? [] : [rehearsalOf(runId)])));
  const kept: StatusResult['open'][number][] = [];
  for (const run of rehearsed) {
    const load = run.command === 'rehearse' ? loadRunOf(run.runId) : run.runId;
    if (back.has(load) || (run.command === 'rehearse' && (named.has(run.runId) || (await state.planOf(load)) === null))) continue;
    kept.push(run);
  }
  return kept;
}

/** Only the machine whose store it is knows of a pause. */
async function withPauses(open: StatusResult['open'], { runs }: Ports): Promise<StatusResult['open']> {
  return Promise.all(
    open.map(async (run) => {
      if (run.status !== 'running' || !isWriting(run.command)) return run;
      const directory = await runs.runDirectory(run.runId);
      const mark = join(directory, PAUSE_MARK);
      if (!(await runs.exists(mark))) return run;
      return { ...run, paused: { since: (await runs.readFile(mark)).trim(), resume: `echo resume > ${join(directory, 'control')}` } };
    }),
  );
}

/** Loads that a rollback has gone through to its end since. */
async function takenBack(runs: readonly RunRecord[], state: StateStore): Promise<ReadonlySet<string>> {
  const back = new Set<string>();
  for (const run of runs) {
    const isThrough = (run.status === 'ok' || run.status === 'incomplete') && remaining(run) === 0;
    if (run.command !== 'rollback' || !isThrough || isShownOnly(run)) continue;
    for await (const page of state.journalOf(run.id)) {
      const reverses = page.find(({ payload }) => payload.plan !== undefined)?.payload.plan?.reverses;
      if (typeof reverses === 'string') back.add(reverses);
      break;
    }
  }
  return back;
}

async function openLetters(state: StateStore): Promise<StatusResult['deadLetters']> {
  const open = (await deadLettersOf(state, 'skip')).filter(({ status }) => status === 'open');
  const groups = Map.groupBy(open, ({ manifest: { capability, kind } }) => `${capability} ${kind}`);
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ capability: first.manifest.capability, direction: first.manifest.kind, open: others.length + 1 }],
  );
}

function lastRehearsal(runs: readonly RunRecord[]): StatusResult['rehearsal'] {
  const run = runs.find(({ command, data }) => command === 'rehearse' && data !== null);
  if (run === undefined) return null;
  const { capability, database, proof, load, rollback, forecast } = run.data as RehearsalResult;
  return {
    ...{ runId: run.id, at: run.startedAt, capability, database, equal: proof.equal, deadLettered: load.deadLettered + rollback.deadLettered },
    ...{ loadSeconds: load.seconds, rollbackSeconds: rollback.seconds, forecast: forecast.load },
  };
}

/** A load that ended before it had taken its plan has nothing to go on with. */
async function resumable(open: StatusResult['open'], state: StateStore): Promise<StatusResult['open']> {
  const kept = await Promise.all(open.map(async (run) => !isWriting(run.command) || (await state.planOf(run.runId)) !== null));
  return open.filter((_, index) => kept[index]);
}

/** Those that answered, and those that had taken their plan when they broke off. */
async function thoseThatBegan(writers: readonly RunRecord[], state: StateStore): Promise<readonly RunRecord[]> {
  const kept = await Promise.all(writers.map(async (run) => run.data !== null || (await state.planOf(run.id)) !== null));
  return writers.filter((_, index) => kept[index]);
}

function isWriting(command: string): boolean {
  return command === 'load' || command === 'rollback';
}

function asOpen(run: RunRecord, writes: boolean): StatusResult['open'][number] {
  const again = [
    run.command,
    ...(run.capability !== null && ['map', 'match', 'reconcile', 'run', 'plan', 'state rebuild'].includes(run.command) ? [run.capability] : []),
  ].join(' ');
  const goOn = writes ? `cutover load --resume ${run.id}` : `cutover ${again}`;
  return { runId: run.id, command: run.command, capability: run.capability, status: run.status, startedAt: run.startedAt, paused: null, goOn };
}

function remaining(run: RunRecord): number {
  return (run.data as { remaining?: number } | null)?.remaining ?? 0;
}

async function latestSnapshots(ports: Ports): Promise<StatusResult['snapshots']> {
  const latest = new Map<string, StatusResult['snapshots'][number]>();
  for (const { manifest } of await ports.snapshots.list()) {
    const name = `${manifest.system}/${manifest.entity}`;
    const { system, entity, id, asOf, rows } = manifest;
    if (!latest.has(name)) latest.set(name, { system, entity, id, asOf, rows });
  }
  return [...latest.values()].sort((left, right) => left.system.localeCompare(right.system) || left.entity.localeCompare(right.entity));
}

async function crosswalkCounts(workspace: Workspace, state: StateStore, ports: Ports): Promise<StatusResult['crosswalk']> {
  const uuid = await odooUuid(ports);
  if (uuid === null) return null;
  const counts = new Map<string, StatusResult['crosswalk'] extends readonly (infer Count)[] | null ? Count : never>();
  for (const capability of workspace.capabilities.keys()) {
    for await (const batch of state.links(uuid, capability, null)) {
      for (const { entity, system } of batch) {
        const name = `${capability}/${entity}/${system}`;
        counts.set(name, { capability, entity, system, links: (counts.get(name)?.links ?? 0) + 1 });
      }
    }
  }
  return [...counts.values()];
}

/** Status is asked for when something is wrong, so an Odoo that does not answer is an answer too. */
async function odooUuid(ports: Ports): Promise<string | null> {
  try {
    return (await (await ports.odoo()).identity()).uuid;
  } catch (error) {
    if (!(error instanceof OdooError) && !(error instanceof CutoverError)) throw error;
    ports.progress({
      kind: 'warning',
      text: `the crosswalk was not counted: ${error instanceof OdooError ? `Odoo did not say which it is (${error.failure})` : error.message}`,
    });
    return null;
  }
}
