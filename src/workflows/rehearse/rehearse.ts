/** rehearse: a load and its rollback on a copy of Odoo, with a proof that everything is as it was, and what it took. */
import { CutoverError } from '../../domain/errors.ts';
import { isQuiet, type PlanManifest } from '../../domain/plan.ts';
import type { Ports, RunStatus } from '../../domain/ports.ts';
import type { RehearsalPhase, RehearsalResult, RehearsedEntity } from '../../domain/rehearsal-results.ts';
import type { LoadRunResult } from '../../domain/results.ts';
import type { RollbackPlanResult } from '../../domain/rollback-results.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { loadPlan } from '../load/load.ts';
import { readActions, verifyPlan } from '../plan/plan-file.ts';
import { planRollback } from '../rollback/rollback.ts';
import { Census } from './census.ts';
import { countedModels } from './counted-models.ts';
import { comparisonOf, forecastOf } from './forecast.ts';
import { discardRehearsed } from './letters.ts';
import { paceOf } from './pace.ts';
import { backRunOf, loadRunOf } from './run-names.ts';

export interface RehearseRequest {
  readonly workspace: Workspace;
  readonly file: string;
  /** Documents to rehearse; all when null. */
  readonly limit: number | null;
  readonly runId: string;
  readonly asOf: string;
  readonly newNonce: () => string;
  /** Already spent on making the plan. */
  readonly planSeconds: number | null;
  /** Where the plan of the rollback is written. */
  readonly backFile: string;
  /** A command to paste, for this workspace and environment. */
  readonly command: (text: string) => string;
}

/** Older ones were of another machine, or another plan. */
const REHEARSALS_USED = 5;

/** The errors of load and rollback; their hint then is how what was loaded is taken back. */
export async function rehearse(request: RehearseRequest, ports: Ports): Promise<RehearsalResult> {
  const { workspace, runId, asOf, file } = request;
  const { manifest } = await verifyPlan(ports.runs, file);
  if (manifest.kind === 'rollback') throw new CutoverError('E_USAGE', `${file} is the plan of a rollback`, { hint: `cutover rehearse ${manifest.capability}` });
  const loadRunId = loadRunOf(runId);
  const rollbackRunId = backRunOf(runId);
  const undo = request.command(`rollback ${loadRunId}`);
  ports.progress({ kind: 'note', text: `The load of this rehearsal is run ${loadRunId}. Should it break off: ${undo}` });
  const timed = new Stopwatch(ports);
  if (request.planSeconds !== null) timed.add('plan', request.planSeconds);
  const plane = await ports.openPlane();
  try {
    const census = new Census(plane, ports, await countedModels(manifest, await ports.odoo()));
    await timed.phase('count before', () => census.take('before'));
    const load = await timed.phase('load', () =>
      asRun(
        { id: loadRunId, command: 'load', manifest, asOf, goOn: undo, otherwise: null },
        ports,
        () => loadPlan({ workspace, file, limit: request.limit, resume: null, runId: loadRunId, asOf }, ports),
        (result) => result,
      ),
    );
    const back = await timed.phase('rollback', () => takeBack(request, { manifest, loadRunId, rollbackRunId, undo }, ports));
    await timed.phase('count after', () => census.take('after'));
    const proof = await timed.phase('compare', () => census.compare());
    await discardRehearsed(loadRunId, runId, ports);
    return await answer(request, manifest, { load, back, proof, phases: timed.phases }, ports);
  } finally {
    await plane.close();
  }
}

async function takeBack(
  { workspace, asOf, newNonce, backFile: file, command }: RehearseRequest,
  { manifest, loadRunId, rollbackRunId: runId, undo }: { manifest: PlanManifest; loadRunId: string; rollbackRunId: string; undo: string },
  ports: Ports,
): Promise<Done['back']> {
  const own = { id: runId, command: 'rollback', manifest, asOf, goOn: command(`load --resume ${runId}`), otherwise: undo } as const;
  const work = async (): Promise<Done['back']> => {
    const planned = await planRollback({ workspace, of: loadRunId, runId, asOf, nonce: newNonce(), file }, ports);
    const done = await loadPlan({ workspace, file, limit: null, resume: null, runId, asOf }, ports);
    return { planned, done };
  };
  return asRun(own, ports, work, ({ done }) => done);
}

interface Done {
  readonly load: LoadRunResult;
  readonly back: { readonly planned: RollbackPlanResult; readonly done: LoadRunResult };
  readonly proof: RehearsalResult['proof'];
  readonly phases: RehearsalResult['phases'];
}

async function answer(request: RehearseRequest, manifest: PlanManifest, { load, back, proof, phases }: Done, ports: Ports): Promise<RehearsalResult> {
  const state = await ports.state();
  const [loaded, reversed] = [await paceOf(state, load.runId), await paceOf(state, back.done.runId)];
  const nothing = { documents: 0, records: 0, seconds: 0, low: 0, high: 0 };
  const entities: RehearsedEntity[] = manifest.order.flatMap((entity) =>
    loaded.has(entity) || reversed.has(entity) ? [{ entity, load: loaded.get(entity) ?? nothing, rollback: reversed.get(entity) ?? nothing }] : [],
  );
  const now = { entities, load, rollback: back.done };
  const runs = await state.runs({ command: 'rehearse', capability: manifest.capability, limit: 4 * REHEARSALS_USED });
  const earlier = runs.flatMap((run) => {
    const data = run.data as RehearsalResult | null;
    return run.id === request.runId || data?.entities === undefined || data.database !== manifest.odoo.database
      ? []
      : [{ ...data, runId: run.id, at: run.startedAt }];
  });
  const [last] = earlier;
  return {
    capability: manifest.capability,
    database: manifest.odoo.database,
    loadRunId: load.runId,
    rollbackRunId: back.done.runId,
    ...now,
    outlook: back.planned.outlook,
    ...{ proof, phases },
    comparison: last === undefined ? null : comparisonOf(now, last),
    forecast: forecastOf(await plannedDocuments(request.file, ports), [now, ...earlier.slice(0, REHEARSALS_USED - 1)]),
  };
}

/** Entity → documents the whole plan writes. */
async function plannedDocuments(file: string, ports: Ports): Promise<ReadonlyMap<string, number>> {
  const planned = new Map<string, number>();
  for await (const action of readActions(ports.runs, file)) {
    if (action.action !== 'refuse' && !isQuiet(action)) planned.set(action.entity, (planned.get(action.entity) ?? 0) + 1);
  }
  return planned;
}

interface OwnRun {
  readonly id: string;
  readonly command: 'load' | 'rollback';
  readonly manifest: PlanManifest;
  readonly asOf: string;
  /** What takes back what is in Odoo when it breaks off; `otherwise`: before it had begun. */
  readonly goOn: string;
  readonly otherwise: string | null;
}

/** As a run of its own, that `status`, `load --resume` and `rollback` know. */
async function asRun<Answer>(own: OwnRun, ports: Ports, work: () => Promise<Answer>, resultOf: (answered: Answer) => LoadRunResult): Promise<Answer> {
  const { id, command, manifest, asOf } = own;
  const state = await ports.state();
  await state.startRun({ id, command, capability: manifest.capability, startedAt: ports.clock.now(), asOf });
  try {
    const answered = await work();
    const result = resultOf(answered);
    await state.endRun(id, isThrough(result) ? 'ok' : 'incomplete', ports.clock.now(), result);
    return answered;
  } catch (error) {
    await state.endRun(id, statusAfter(error), ports.clock.now(), null);
    throw brokenOff(error, own, (await state.planOf(id)) !== null);
  }
}

export function isThrough({ conflict, deadLettered, blocked, remaining, unknown }: LoadRunResult): boolean {
  return conflict + deadLettered + blocked + remaining + unknown === 0;
}

/** What is in Odoo by now has to be taken back: the hint says how. */
function brokenOff(error: unknown, { goOn, otherwise }: OwnRun, hadBegun: boolean): unknown {
  const hint = hadBegun ? goOn : otherwise;
  if (!(error instanceof CutoverError) || hint === null) return error;
  const details = [...error.details, 'what the rehearsal has loaded is still in Odoo'];
  return new CutoverError(error.code, `the rehearsal broke off: ${error.message}`, { hint, details, cause: error });
}

function statusAfter(error: unknown): Exclude<RunStatus, 'running'> {
  if (!(error instanceof CutoverError)) return 'failed';
  if (error.code === 'E_INTERRUPTED') return 'interrupted';
  return error.code === 'E_LOCKED' || error.code.startsWith('E_PLAN_') ? 'refused' : 'failed';
}

class Stopwatch {
  readonly #ports: Ports;
  readonly #phases: { phase: RehearsalPhase; seconds: number }[] = [];

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  get phases(): RehearsalResult['phases'] {
    return this.#phases;
  }

  add(phase: RehearsalPhase, seconds: number): void {
    this.#phases.push({ phase, seconds });
  }

  async phase<Result>(phase: RehearsalPhase, work: () => Promise<Result>): Promise<Result> {
    const began = Date.parse(this.#ports.clock.now());
    const result = await work();
    this.add(phase, (Date.parse(this.#ports.clock.now()) - began) / 1000);
    return result;
  }
}
