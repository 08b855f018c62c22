/** rollback: the journal of a load becomes a plan that takes it back. Applied by the same machinery as any plan. */
import { CutoverError } from '../../domain/errors.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { PlanAction, PlanManifest, PlannedEntity } from '../../domain/plan.ts';
import type { DataPlane, Ports, StateStore } from '../../domain/ports.ts';
import type { RollbackPlanResult } from '../../domain/rollback-results.ts';
import { type Capability, entityOf, type Workspace } from '../../domain/workspace.ts';
import { writePlan } from '../plan/plan-file.ts';
import { PlanSummary } from '../plan/plan-summary.ts';
import { withoutBarred } from './barred.ts';
import { type EntityToInvert, invertAction } from './invert.ts';
import { lookingRun } from './looking-run.ts';
import { missingByproducts } from './missing-byproducts.ts';
import { Outlook } from './outlook.ts';
import { OpenCalls } from './settle-open.ts';

export interface RollbackRequest {
  readonly workspace: Workspace;
  /** Run that is taken back, all its parts. */
  readonly of: string;
  readonly runId: string;
  readonly asOf: string;
  readonly nonce: string;
  readonly file: string;
}

/** E_RUN_UNKNOWN, E_USAGE (a rollback is not rolled back). Looks at Odoo as it is now, so that what stays is known beforehand. */
export async function planRollback(request: RollbackRequest, ports: Ports): Promise<RollbackPlanResult> {
  const state = await ports.state();
  const loaded = await loadedPlan(state, request.of);
  const capability = request.workspace.capabilities.get(loaded.capability);
  if (capability === undefined) {
    throw new CutoverError('E_CONFIG', `run ${request.of} loaded the capability ${loaded.capability}, which cutover.yaml does not name`, {
      hint: 'cutover doctor',
    });
  }
  const manifest: PlanManifest = {
    ...loaded,
    kind: 'rollback',
    runId: request.runId,
    nonce: request.nonce,
    asOf: request.asOf,
    reverses: request.of,
    order: loaded.order.toReversed(),
  };
  const summary = new PlanSummary(manifest.entities);
  const plane = await ports.openPlane();
  try {
    ports.progress({ kind: 'step', step: 'Planning the rollback' });
    await stageJournal(plane, state, request.of);
    const looking = await lookingRun(manifest, request.runId, ports);
    const outlook = new Outlook(looking, archivedWith(manifest, capability));
    const bindings = new Map(capability.entities.flatMap(({ contract }) => (contract.odoo === undefined ? [] : [[contract.entity, contract.odoo] as const])));
    async function* actions(): AsyncIterable<Omit<PlanAction, 'seq'>> {
      for await (const action of outlook.look(withoutBarred(looking, bindings, inverted(plane, ports, manifest, capability as Capability)))) {
        summary.add(action);
        yield action;
      }
    }
    const sha256 = await writePlan(ports.runs, request.file, manifest, actions());
    const { nonce, runId, file } = request;
    await state.registerPlan({ nonce, kind: 'rollback', capability: manifest.capability, runId, sha256, file });
    ports.progress({ kind: 'done', step: 'Planning the rollback' });
    return { ...summary.result(file, nonce, null), outlook: outlook.result() };
  } finally {
    await plane.close();
  }
}

/** What the plan of a load said of itself. E_RUN_UNKNOWN, E_USAGE (a rollback is not rolled back). */
export async function loadedPlan(state: StateStore, runId: string): Promise<PlanManifest> {
  for await (const page of state.journalOf(runId)) {
    const plan = page.find((entry) => entry.payload.plan !== undefined)?.payload.plan;
    if (plan === undefined) break;
    if (plan.kind === 'rollback') {
      throw new CutoverError('E_USAGE', `run ${runId} is a rollback itself`, { hint: `cutover plan ${plan.capability} --out FILE, then load it` });
    }
    return plan;
  }
  throw new CutoverError('E_RUN_UNKNOWN', `run ${runId} has written nothing`, { hint: 'cutover status' });
}

const TABLE = 'journaled';

/** The journal is grouped by action and read backwards where there is room for it, which is not here. */
async function stageJournal(plane: DataPlane, state: StateStore, runId: string): Promise<void> {
  await plane.run(`CREATE TABLE ${TABLE} (_action VARCHAR, _ordinal VARCHAR, _entry VARCHAR)`);
  let ordinal = 0;
  async function* rows(): AsyncIterable<readonly (readonly [string, string, string])[]> {
    for await (const page of state.journalOf(runId)) {
      yield page.flatMap((entry) => {
        ordinal += 1;
        return entry.action === null ? [] : [[String(entry.action), String(ordinal), JSON.stringify(entry)] as const];
      });
    }
  }
  await plane.append(TABLE, rows());
}

/** Newest action first: children before their parents. */
function actionsSql(): string {
  return `SELECT list(_entry ORDER BY CAST(_ordinal AS BIGINT)) AS entries FROM ${TABLE} GROUP BY _action ORDER BY CAST(_action AS BIGINT) DESC`;
}

async function* inverted(plane: DataPlane, ports: Ports, manifest: PlanManifest, capability: Capability): AsyncIterable<Omit<PlanAction, 'seq'>> {
  const entities = new Map(manifest.order.map((name) => [name, entityToInvert(manifest, capability, name)]));
  for await (const rows of plane.stream(actionsSql())) {
    ports.signal.throwIfAborted();
    for (const row of rows) {
      const entries = (row['entries'] as readonly string[]).map((text) => JSON.parse(text) as JournalEntry);
      const entity = entities.get(entries[0]?.entity ?? '');
      if (entity === undefined) continue;
      const answers = await answersOf(entries, entity, manifest, ports);
      const action = invertAction(answers, entity);
      if (action !== null) yield action;
    }
  }
}

/** What is known to have happened, in order; calls without an answer are asked about. */
async function answersOf(entries: readonly JournalEntry[], entity: EntityToInvert, manifest: PlanManifest, ports: Ports): Promise<readonly JournalEntry[]> {
  const answers = entries.filter((entry) => entry.kind === 'answer' || entry.kind === 'resolved');
  const settled = new Set(answers.map((entry) => entry.step));
  const isRefusal = ({ kind, payload }: JournalEntry): boolean => kind === 'dead-letter' || (kind === 'conflict' && payload.partial !== true);
  const refused = new Set(entries.flatMap((entry) => (isRefusal(entry) ? [entry.step] : [])));
  const open = entries.filter((entry) => entry.kind === 'intent' && !settled.has(entry.step) && !refused.has(entry.step));
  for (const intent of open) {
    const found = await new OpenCalls(await ports.odoo(), manifest).answerOf(intent);
    if (found !== null && !settled.has(found.step)) {
      answers.push(found);
      settled.add(found.step);
    }
  }
  if (entity.planned.byproducts.length > 0 && answers.length > 0 && !settled.has('byproducts')) {
    const missing = await missingByproducts(entries, answers, manifest, ports);
    if (missing !== null) answers.push(missing);
  }
  return answers;
}

function entityToInvert(manifest: PlanManifest, capability: Capability, name: string): EntityToInvert {
  const planned = manifest.entities[name];
  const { contract, ...definition } = entityOf(capability, name);
  if (planned === undefined || contract.odoo === undefined) throw new Error(`${name} is not bound to Odoo`);
  const holder = definition.lines.map((line) => manifest.entities[line]?.in).find((field) => typeof field === 'string') ?? null;
  const lines = Object.fromEntries(
    definition.lines.flatMap((line) => {
      const plannedLine = manifest.entities[line];
      return plannedLine === undefined ? [] : [[line, { planned: plannedLine, quantity: quantityOf(capability, line, plannedLine) }] as const];
    }),
  );
  return { planned, binding: contract.odoo, holder, lines };
}

/** Entity → Odoo field that names the record with which its records go for good. */
function archivedWith(manifest: PlanManifest, capability: Capability): ReadonlyMap<string, string> {
  return new Map(
    manifest.order.flatMap((name) => {
      const owner = entityOf(capability, name).contract.odoo?.archived_by_unlink;
      const field = Object.entries(manifest.entities[name]?.fields ?? {}).find(([, one]) => owner !== undefined && one.field === owner)?.[0];
      return field === undefined ? [] : [[name, field] as const];
    }),
  );
}

/** The Odoo field of the first quantity that is sent. */
function quantityOf(capability: Capability, line: string, planned: PlannedEntity): string | null {
  const { contract } = entityOf(capability, line);
  const found = Object.entries(planned.fields).find(
    ([, { field, computed }]) => field !== null && computed !== true && contract.fields[field]?.type === 'quantity',
  );
  return found?.[0] ?? null;
}
