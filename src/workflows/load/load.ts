/** load: applies a plan file, load or rollback. Everything it does is in the journal before it is done. */
import { CutoverError } from '../../domain/errors.ts';
import type { JournalEntry, JournalKind } from '../../domain/journal.ts';
import { sealOf } from '../../domain/journal-chain.ts';
import type { PaceReport } from '../../domain/pace.ts';
import type { PlanAction } from '../../domain/plan.ts';
import type { Ports, StateStore } from '../../domain/ports.ts';
import type { LoadRunResult } from '../../domain/results.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { verifyPlan } from '../plan/plan-file.ts';
import { loadLock } from '../sides/load-lock.ts';
import { applyAll } from './apply-all.ts';
import { writeBaseline } from './baseline-of-run.ts';
import { writeConflicts } from './conflicts-file.ts';
import { sweepExternalIds } from './dangling-external-ids.ts';
import { openPlaces } from './dead-letters.ts';
import { LoadRun } from './load-run.ts';
import { replayCrosswalk } from './replay-crosswalk.ts';
import { settlementOf } from './settlement.ts';
import { listEarlierConflicts, standingOf, tellStanding } from './standing.ts';
import { steer } from './steering.ts';
import { type Stop, stopped, withoutState } from './stop.ts';
import { Tally } from './tally.ts';
import { checkWorld } from './world-check.ts';

export interface LoadRequest {
  readonly workspace: Workspace;
  /** The plan; may be left out when a run is resumed. */
  readonly file: string | null;
  /** Documents to write in this run; the rest can be loaded by resuming it. */
  readonly limit: number | null;
  /** Run to take up again; its journal is continued. */
  readonly resume: string | null;
  readonly runId: string;
  readonly asOf: string;
}

/** What `checkWorld` raises, E_PLAN_USED, E_LOCKED, E_RUN_UNKNOWN; E_INTERRUPTED and the Odoo codes when it stopped on the way: what
 *  was done is in the journal, and the run can be resumed. */
export async function loadPlan(request: LoadRequest, ports: Ports): Promise<LoadRunResult> {
  const state = await ports.state();
  const file = await planFile(request, state);
  const plan = await verifyPlan(ports.runs, file);
  const { manifest } = plan;
  const conditions = await checkWorld({ plan, file, workspace: request.workspace, resuming: request.resume !== null }, ports);
  const holder = `${manifest.kind} ${request.runId}`;
  return state.withLock(loadLock(manifest.odoo.uuid), holder, async () => {
    const runId = request.resume ?? request.runId;
    await state.consumePlan(manifest.nonce, runId);
    const settlement = await settlementOf(state.journalOf(runId));
    const odoo = await ports.odoo();
    const { userId } = await odoo.identity();
    const tally = new Tally(manifest, await openPlaces(state, manifest));
    const run = new LoadRun({ ports, state, odoo, manifest, runId, segment: settlement.segments + 1, settlement, tally, userId });
    const resumed = settlement.segments > 0 ? await standingOf(run, file) : null;
    if (resumed !== null) {
      tellStanding(run, resumed);
      await listEarlierConflicts(run);
      await replayCrosswalk(run);
    } else await state.journal([{ ...runEntry(run, 'intent'), step: 'plan', payload: { plan: manifest, conditions } }]);
    const started = Date.parse(ports.clock.now());
    const steering = await steer(run, request.workspace);
    const stop = await applyAll(run, steering, { file, total: plan.actions, limit: request.limit }).catch((error: unknown) => {
      throw withoutState(error, run);
    });
    const pace = steering.report();
    await finish(run, request, { stop, pace });
    const seal = sealOf(await state.journalHeads(runId));
    const seconds = (Date.parse(ports.clock.now()) - started) / 1000;
    const result = {
      ...tally.result(runId, seconds, seal),
      ...(resumed === null ? {} : { resumed }),
      conditions,
      guards: await run.guards(),
      pace,
    };
    assertConservation(result);
    if (stop !== null) throw stopped(stop, result, manifest);
    return result;
  });
}

async function planFile(request: LoadRequest, state: StateStore): Promise<string> {
  if (request.resume === null) {
    if (request.file === null) throw new CutoverError('E_USAGE', 'which plan? Name its file, or a run to resume', { hint: 'cutover load FILE' });
    return request.file;
  }
  const plan = await state.planOf(request.resume);
  if (plan === null) throw new CutoverError('E_RUN_UNKNOWN', `run ${request.resume} loaded no plan`, { hint: 'cutover status' });
  return request.file ?? plan.file;
}

async function finish(run: LoadRun, request: LoadRequest, { stop, pace }: { readonly stop: Stop | null; readonly pace: PaceReport }): Promise<void> {
  const counts = run.tally.counts();
  if (stop === null && run.manifest.kind === 'rollback') await sweepExternalIds(run);
  // After Ctrl-C the data engine takes no more work; the run that resumes this one writes the baseline of all its parts.
  if (stop?.reason !== 'interrupted') {
    await writeBaseline(run, request.workspace);
    if (counts.conflict + counts.deadLettered > 0) run.tally.conflictsFile = await writeConflicts(run, request.workspace, request.asOf);
  }
  for (const [field, count] of run.tally.altered)
    run.ports.progress({ kind: 'warning', text: `Odoo keeps another value than was sent: ${field}, ${count} times` });
  const heads = (await run.state.journalHeads(run.runId)).filter(({ segment }) => segment !== run.segment);
  await run.state.journal([
    ...run.tally.settled.map(({ action, ends }) => ({ ...runEntry(run, 'settled'), ...nameOf(action), payload: { ends } })),
    { ...runEntry(run, 'seal'), payload: { counts: { ...counts }, heads, pace } },
  ]);
}

/** An entry about the run as a whole. */
function runEntry(run: LoadRun, kind: JournalKind): Omit<JournalEntry, 'sequence'> {
  const nothing = { action: null, step: null, entity: null, system: null, key: null, externalId: null, model: null, odooId: null };
  return { runId: run.runId, segment: run.segment, kind, ...nothing, at: run.ports.clock.now(), payload: {} };
}

function nameOf({ entity, system, key, externalId }: PlanAction): Pick<JournalEntry, 'entity' | 'system' | 'key' | 'externalId'> {
  return { entity, system, key, externalId };
}

/** Every document is somewhere, and nothing is left unknown. */
function assertConservation(result: LoadRunResult): void {
  const { planned, applied, noop, conflict, deadLettered, blocked, remaining } = result;
  if (planned === applied + noop + conflict + deadLettered + blocked + remaining && remaining >= 0) return;
  throw new CutoverError('E_CONSERVATION', `of ${planned} planned documents ${applied + noop + conflict + deadLettered + blocked} are accounted for`, {
    hint: 'cutover status',
  });
}
