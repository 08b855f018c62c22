/** load: applies a plan file, load or rollback. Everything it does is in the journal before it is done. */
import { CutoverError, type ErrorCode } from '../../domain/errors.ts';
import type { JournalEntry, JournalKind } from '../../domain/journal.ts';
import { sealOf } from '../../domain/journal-chain.ts';
import type { PlanAction, PlanManifest } from '../../domain/plan.ts';
import { isQuiet } from '../../domain/plan.ts';
import { OdooError, type Ports, type StateStore } from '../../domain/ports.ts';
import type { LoadRunResult } from '../../domain/results.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { readActions, verifyPlan } from '../plan/plan-file.ts';
import { loadLock } from '../sides/load-lock.ts';
import { applyBatch } from './apply-batch.ts';
import { refersToItself } from './apply-deletes.ts';
import { writeBaseline } from './baseline-of-run.ts';
import { Batcher } from './batcher.ts';
import { sweepExternalIds } from './dangling-external-ids.ts';
import { openPlaces } from './dead-letters.ts';
import { Lanes } from './lanes.ts';
import { LoadRun } from './load-run.ts';
import { replayCrosswalk } from './replay-crosswalk.ts';
import { settlementOf } from './settlement.ts';
import { stagesOf } from './stages.ts';
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
    if (settlement.segments > 0) await replayCrosswalk(run);
    else await state.journal([{ ...runEntry(run, 'intent'), step: 'plan', payload: { plan: manifest, conditions } }]);
    const started = Date.parse(ports.clock.now());
    const stop = await applyAll(run, request, file, plan.actions);
    await finish(run, request, stop);
    const seal = sealOf(await state.journalHeads(runId));
    const result = { ...tally.result(runId, (Date.parse(ports.clock.now()) - started) / 1000, seal), conditions };
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

/** Why the run stopped before the end of its plan. */
type Stop = { readonly reason: 'interrupted' } | { readonly reason: 'limit' } | { readonly reason: 'odoo'; readonly error: OdooError };

/** Null: the plan was gone through to its end. */
async function applyAll(run: LoadRun, request: LoadRequest, file: string, total: number): Promise<Exclude<Stop, { reason: 'limit' }> | null> {
  const { ports, tally } = run;
  const step = run.manifest.kind === 'rollback' ? 'Rolling back' : 'Loading';
  ports.progress({ kind: 'step', step, total });
  const lanes = new Lanes(concurrencyOf(request.workspace));
  const batcher = new Batcher(run.manifest, {
    start: (batch) =>
      lanes.start(async () => {
        await applyBatch(run, batch);
        const { conflict, deadLettered } = tally.counts();
        const note = conflict + deadLettered === 0 ? {} : { note: `${conflict} conflicts, ${deadLettered} dead letters` };
        ports.progress({ kind: 'advance', step, by: batch.length, ...note });
      }),
    drain: () => lanes.drain(),
    refersToItself: (entity) => refersToItself(run, entity),
  });
  let stop: Stop | null = null;
  let taken = 0;
  try {
    for await (const action of readActions(ports.runs, file)) {
      if (action.action === 'refuse') continue;
      tally.plan();
      if (stop !== null || endedBefore(run, action)) continue;
      if (isQuiet(action)) tally.end(action, 'noop');
      else if (request.limit !== null && taken >= request.limit) stop = { reason: 'limit' };
      else if (ports.signal.aborted) stop = { reason: 'interrupted' };
      else {
        taken += 1;
        await batcher.add(action).catch((error: unknown) => {
          stop = stopOf(error, ports.signal);
        });
      }
    }
    if (stop === null || (stop as Stop).reason === 'limit') await batcher.flush();
  } catch (error) {
    stop = stopOf(error, ports.signal);
  } finally {
    // Whatever is still under way lands before the journal is sealed or the state is closed.
    await lanes.ended();
  }
  // After Ctrl-C nothing was waiting for the last batches; a failure of theirs is still a failure.
  if (stop !== null) {
    try {
      await lanes.drain();
    } catch (error) {
      const late = stopOf(error, ports.signal);
      if ((stop as Stop).reason !== 'odoo') stop = late;
    }
  }
  ports.progress({ kind: 'done', step });
  const end = stop as Stop | null;
  return end === null || end.reason === 'limit' ? null : end;
}

/** Counts what an earlier part of the run has already brought to its end. */
function endedBefore(run: LoadRun, action: PlanAction): boolean {
  const final = run.settlement.final(action.seq);
  if (final !== null) {
    run.tally.end(action, final);
    return true;
  }
  const { settlement } = run;
  const entity = run.entity(action.entity);
  if (!stagesOf(action, entity, settlement.isMoved(action, entity)).every((stage) => settlement.isAnswered(action.seq, stage)) || isQuiet(action)) return false;
  run.tally.end(action, settlement.hasConflict(action.seq) ? 'conflict' : 'applied');
  return true;
}

/** What stops a run and leaves the rest of the plan for later; anything else is a mistake of ours and is thrown. */
function stopOf(error: unknown, signal: AbortSignal): Stop {
  if (error instanceof OdooError) return signal.aborted ? { reason: 'interrupted' } : { reason: 'odoo', error };
  if (error instanceof CutoverError && error.code === 'E_INTERRUPTED') return { reason: 'interrupted' };
  throw error;
}

async function finish(run: LoadRun, request: LoadRequest, stop: Stop | null): Promise<void> {
  const counts = run.tally.counts();
  if (stop === null && run.manifest.kind === 'rollback') await sweepExternalIds(run);
  // After Ctrl-C the data engine takes no more work; the run that resumes this one writes the baseline of all its parts.
  if (stop?.reason !== 'interrupted') await writeBaseline(run, request.workspace);
  for (const [field, count] of run.tally.altered)
    run.ports.progress({ kind: 'warning', text: `Odoo keeps another value than was sent: ${field}, ${count} times` });
  const heads = (await run.state.journalHeads(run.runId)).filter(({ segment }) => segment !== run.segment);
  await run.state.journal([
    ...run.tally.settled.map(({ action, ends }) => ({ ...runEntry(run, 'settled'), ...nameOf(action), payload: { ends } })),
    { ...runEntry(run, 'seal'), payload: { counts: { ...counts }, heads } },
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

function stopped(stop: Exclude<Stop, { reason: 'limit' }>, result: LoadRunResult, manifest: PlanManifest): CutoverError {
  const details = [
    `${result.applied} applied, ${result.noop} were so already, ${result.conflict} conflicts, ${result.deadLettered} dead letters, ${result.remaining} remaining`,
  ];
  const hint = `cutover load --resume ${result.runId}`;
  const verb = manifest.kind === 'rollback' ? 'rollback' : 'load';
  if (stop.reason === 'interrupted') return new CutoverError('E_INTERRUPTED', `the ${verb} was stopped after the batch under way`, { hint, details });
  return new CutoverError(codeOf(stop.error), `the ${verb} stopped: ${stop.error.message}`, { hint, details, cause: stop.error });
}

function codeOf(error: OdooError): ErrorCode {
  switch (error.failure) {
    case 'authentication':
      return 'E_ODOO_AUTHENTICATION';
    case 'access':
      return 'E_ODOO_ACCESS';
    case 'missing-model':
    case 'missing-field':
      return 'E_ODOO_METADATA';
    case 'unavailable':
    case 'unknown':
      return 'E_ODOO_UNREACHABLE';
    default:
      return 'E_ODOO_REFUSED';
  }
}

function concurrencyOf(workspace: Workspace): number {
  const system = workspace.file.systems[workspace.file.odoo];
  return system?.connector === 'odoo' ? system.concurrency : 2;
}
