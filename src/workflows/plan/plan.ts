/** plan: the exact writes that would bring Odoo to what the legacy systems say, as a file. Asks Odoo nothing: a pure function of the comparison. */
import { keyIsPii } from '../../domain/canonical.ts';
import type { OdooBinding } from '../../domain/contract.ts';
import { PLAN_FORMAT, PLAN_VERSION, type PlanAction, type PlanManifest, type PlannedEntity } from '../../domain/plan.ts';
import type { DataPlane, DataRow, Ports, StateStore } from '../../domain/ports.ts';
import type { PlanResult } from '../../domain/results.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import type { ResolvedField } from '../pull/pull-odoo-binding.ts';
import { compareCapability } from '../reconcile/compare.ts';
import type { Comparison, EntityComparison } from '../reconcile/comparison.ts';
import { judgeBreaks } from '../reconcile/judge.ts';
import { type Hindrances, hindrancesOf } from './hindrances.ts';
import { blockingOf, conflictsOf, requireMatch } from './match-at-hand.ts';
import { planDocument, refuseOrphanLine } from './plan-document.ts';
import { writePlan } from './plan-file.ts';
import { isLeftOut, whyRuledOut } from './plan-record.ts';
import { PlanSummary } from './plan-summary.ts';
import { companionsOf, type EntityToPlan, type RecordToPlan } from './planning-record.ts';
import { blockedTableSql, documentsSql, leftAloneCountsSql, orphanLinesSql, refusedTableSql } from './planning-sql.ts';
import { placesOf, refusedByChecks } from './refused-by-check.ts';
import { Removals } from './removals.ts';

export interface PlanRequest {
  readonly workspace: Workspace;
  readonly capability: Capability;
  readonly asOf: string;
  readonly runId: string;
  readonly nonce: string;
  /** Where the plan goes. */
  readonly file: string;
  /** It is encrypted to these; left out: as the workspace has it. */
  readonly recipients?: readonly string[];
}

type PlannedDocument = Omit<PlanAction, 'seq'>;

/** E_MATCH_STALE, E_PLAN_REMOVES, and what `compareCapability` and `judgeBreaks` raise. */
export async function planCapability(request: PlanRequest, ports: Ports): Promise<PlanResult> {
  const comparison = await judgeBreaks(await compareCapability(request, ports), request, ports);
  requireMatch(comparison, request.capability.hash, ports);
  const state = await ports.state();
  const manifest = manifestOf(request, comparison);
  const summary = new PlanSummary(manifest.entities);
  const removals = new Removals();
  const refused = await refusedByChecks(request, comparison, ports);
  const plane = await ports.openPlane();
  try {
    ports.progress({ kind: 'step', step: 'Planning' });
    for (const entity of comparison.entities) {
      await plane.run(blockedTableSql(entity, conflictsOf(entity, comparison), blockingOf(entity)));
      await plane.run(refusedTableSql(entity, refused.get(entity.entity)));
    }
    const planning = new Planning(request, comparison, plane, await hindrancesOf(comparison.entities, ports));
    async function* counted(): AsyncIterable<PlannedDocument> {
      for await (const action of planning.documents()) {
        ports.signal.throwIfAborted();
        summary.add(action);
        removals.add(action);
        yield action;
      }
      removals.refuseTooMany(comparison.entities, request.workspace.file.policies);
    }
    const sha256 = await writePlan(ports.runs, request.file, manifest, counted(), request.recipients);
    const { nonce, capability, runId, file } = request;
    await state.registerPlan({ nonce, kind: 'load', capability: capability.name, runId, sha256, file });
    ports.progress({ kind: 'done', step: 'Planning' });
    const leftAlone = await plane.rows<LeftAloneRow>(leftAloneCountsSql(comparison.entities));
    return summary.result(file, nonce, await secondsPerWrite(state, capability.name), leftAlone);
  } finally {
    await plane.close();
  }
}

type LeftAloneRow = PlanResult['leftAlone'][number] & DataRow;

class Planning {
  readonly #comparison: Comparison;
  readonly #plane: DataPlane;
  readonly #entities: ReadonlyMap<string, EntityToPlan>;
  /** Refused so far, so that what refers to them is refused as well. Refusals are few or the load is not ready. */
  readonly #refused = new Set<string>();
  /** Those of them with which something is wrong, and not only undecided. */
  readonly #ruledOut = new Set<string>();

  constructor(request: PlanRequest, comparison: Comparison, plane: DataPlane, hindrances: ReadonlyMap<string, Hindrances>) {
    this.#comparison = comparison;
    this.#plane = plane;
    const isRefused = (entity: string, system: string, key: string): boolean => this.#refused.has(JSON.stringify([entity, system, key]));
    const isRuledOut = (entity: string, system: string, key: string): boolean => this.#ruledOut.has(JSON.stringify([entity, system, key]));
    const { namespace } = request.workspace.file;
    this.#entities = new Map(
      comparison.entities.flatMap((entity) => {
        const hindered = hindrances.get(entity.entity);
        const own = { namespace, isRefused, isRuledOut, ...(hindered === undefined ? {} : { hindrances: hindered }) };
        return entityToPlan(entity, comparison.world.lockDates, own);
      }),
    );
  }

  async *documents(): AsyncIterable<PlannedDocument> {
    const records = new Map(this.#comparison.entities.map((entity) => [entity.entity, entity.records]));
    for (const document of this.#comparison.entities) {
      const entity = this.#entities.get(document.entity);
      if (entity === undefined || entity.contract.parent !== undefined) continue;
      const lines = document.definition.lines.flatMap((name) => {
        const found = this.#comparison.entities.find((candidate) => candidate.entity === name);
        return found === undefined || !this.#entities.has(name) ? [] : [found];
      });
      for await (const rows of this.#plane.stream(documentsSql(document, lines, records))) {
        for (const row of rows) yield this.#remember(this.#plan(row, entity, lines));
      }
      for (const line of lines) {
        for await (const rows of this.#plane.stream(orphanLinesSql(document, line, records))) {
          for (const row of rows) yield this.#remember(refuseOrphanLine(decode(row['record']), this.#known(line.entity)));
        }
      }
    }
  }

  #plan(row: DataRow, entity: EntityToPlan, lines: readonly EntityComparison[]): PlannedDocument {
    const record = decode(row['record']);
    const planned = lines.map((line, index) => ({
      entity: this.#known(line.entity),
      records: ((row[`lines_${index}`] ?? []) as readonly string[]).map(decode),
    }));
    const action = planDocument(record, entity, planned);
    if (action.action === 'refuse' && whyRuledOut(record, entity) !== null) this.#ruledOut.add(JSON.stringify([action.entity, action.system, action.key]));
    return action;
  }

  #remember(action: PlannedDocument): PlannedDocument {
    for (const record of [action, ...action.lines]) {
      if (record.action === 'refuse' || isLeftOut(record)) this.#refused.add(JSON.stringify([record.entity, record.system, record.key]));
    }
    return action;
  }

  #known(entity: string): EntityToPlan {
    const found = this.#entities.get(entity);
    if (found === undefined) throw new Error(`${entity} is not bound to Odoo`);
    return found;
  }
}

function decode(text: unknown): RecordToPlan {
  const record = JSON.parse(String(text)) as RecordToPlan;
  return { ...record, differing: record.differing ?? {} };
}

function entityToPlan(
  entity: EntityComparison,
  lockDates: EntityToPlan['lockDates'],
  own: Pick<EntityToPlan, 'namespace' | 'isRefused' | 'isRuledOut' | 'hindrances'>,
): readonly (readonly [string, EntityToPlan])[] {
  const { contract } = entity.definition;
  if (entity.binding === null || contract.odoo === undefined) return [];
  const { binding: resolved, mapped, rejectedWithoutKey } = entity;
  const places = placesOf(entity.definition);
  const locked = lockDates === undefined ? {} : { lockDates };
  return [[entity.entity, { contract, binding: contract.odoo, resolved, mapped, rejectedWithoutKey, places, ...locked, ...own }]];
}

function manifestOf(request: PlanRequest, comparison: Comparison): PlanManifest {
  const { world } = comparison;
  return {
    format: PLAN_FORMAT,
    version: PLAN_VERSION,
    kind: 'load',
    capability: request.capability.name,
    runId: request.runId,
    nonce: request.nonce,
    asOf: request.asOf,
    environment: request.workspace.environment?.name ?? null,
    namespace: request.workspace.file.namespace,
    odoo: { uuid: world.uuid, database: world.database, version: world.version },
    snapshots: comparison.snapshots,
    mappingHash: request.capability.hash,
    reverses: null,
    entities: Object.fromEntries(comparison.entities.flatMap((entity) => plannedEntity(entity, comparison.entities))),
    order: comparison.entities.filter((entity) => entity.binding !== null).map((entity) => entity.entity),
  };
}

function plannedEntity(entity: EntityComparison, all: readonly EntityComparison[]): readonly (readonly [string, PlannedEntity])[] {
  const { contract } = entity.definition;
  const { binding } = entity;
  if (binding === null || contract.odoo === undefined) return [];
  const { odoo } = contract;
  const planned: PlannedEntity = {
    model: binding.model,
    batch: odoo.batch,
    context: odoo.context,
    in: odoo.in ?? null,
    parentField: binding.parentField,
    byproducts: odoo.byproducts.map(({ model, through, domain, step, rollback, used }) => ({
      ...{ model, through: through ?? null, domain: domain ?? null, step: step ?? null, rollback, ...(used === undefined ? {} : { used }) },
    })),
    stateFields: binding.stateColumns,
    keyIsPii: keyIsPii(contract),
    fields: Object.fromEntries(binding.fields.map((field) => [field.odoo, plannedField(field, entity)])),
    set: Object.keys(odoo.set),
    ...linesTogether(entity, all),
    ...(odoo.locks === undefined ? {} : { locks: lockedFields(odoo.locks, binding.fields) }),
  };
  return [[entity.entity, planned]];
}

/** The field that holds lines which change together. */
function linesTogether({ definition }: EntityComparison, all: readonly EntityComparison[]): Pick<PlannedEntity, 'linesTogether'> {
  const lines = all.filter(({ entity }) => definition.lines.includes(entity));
  const holder = lines.map((line) => line.definition.contract.odoo).find((line) => line?.together === true)?.in;
  return holder === undefined ? {} : { linesTogether: holder };
}

/** By the Odoo field that holds the date. */
function lockedFields(locks: NonNullable<OdooBinding['locks']>, fields: readonly ResolvedField[]): NonNullable<PlannedEntity['locks']> {
  return Object.fromEntries(fields.flatMap(({ field, odoo }) => (locks[field] === undefined ? [] : [[odoo, locks[field]]])));
}

function plannedField({ field, type, contract, send }: ResolvedField, entity: EntityComparison): PlannedEntity['fields'][string] {
  const companions = companionsOf(entity.definition.contract.odoo, entity.binding?.fields ?? [], field).map((companion) => companion.odoo);
  return { field, type, pii: contract.pii, ...(companions.length > 0 ? { along: companions } : {}), ...(send ? {} : { computed: true }) };
}

/** From the newest load that wrote something. */
async function secondsPerWrite(state: StateStore, capability: string): Promise<number | null> {
  for (const run of await state.runs({ command: 'load', capability, limit: 5 })) {
    const data = run.data as { seconds?: number; records?: Record<string, number> } | null;
    const written = (data?.records?.['created'] ?? 0) + (data?.records?.['updated'] ?? 0);
    if (data?.seconds !== undefined && written >= 100) return data.seconds / written;
  }
  return null;
}
