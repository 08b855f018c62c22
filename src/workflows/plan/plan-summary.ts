/** What a person sees of a plan: counts, a few actions field by field, refusals by reason. Values of `pii` fields never come here. */
import type { PlanAction, PlanActionKind, PlannedEntity, PlannedRecord } from '../../domain/plan.ts';
import type { PlanResult } from '../../domain/results.ts';
import { fieldOf, refusalGroup, sourceRowOf } from './plan-record.ts';

const SAMPLES = 3;
export const MASK = '•••';
const kinds: readonly PlanActionKind[] = ['create', 'update', 'link', 'archive', 'noop', 'refuse', 'delete', 'detach'];

type Counts = Record<PlanActionKind, number>;

export class PlanSummary {
  readonly #entities: Readonly<Record<string, PlannedEntity>>;
  readonly #actions = noCounts();
  readonly #lines = noCounts();
  readonly #byEntity = new Map<string, Counts>();
  readonly #samples: PlanResult['samples'][number][] = [];
  readonly #sampled = new Map<string, number>();
  readonly #refusals = new Map<string, { entity: string; reason: string; count: number; rows: string[] }>();
  readonly #limits = new Map<string, PlanResult['limits'][number] & { count: number }>();
  #writes = 0;
  #calls = 0;

  constructor(entities: Readonly<Record<string, PlannedEntity>>) {
    this.#entities = entities;
  }

  add(action: Omit<PlanAction, 'seq'>): void {
    this.#actions[action.action] += 1;
    const counts = this.#byEntity.get(action.entity) ?? noCounts();
    counts[action.action] += 1;
    this.#byEntity.set(action.entity, counts);
    this.#sample(action);
    if (action.action === 'refuse') this.#refuse(action);
    for (const line of action.lines) {
      this.#lines[line.action] += 1;
      if (line.action === 'refuse' && action.action !== 'refuse') this.#refuse(line);
      if (line.action !== 'noop' && line.action !== 'create') this.#sample(line);
    }
    if (action.action === 'refuse') return;
    this.#limit(action);
    this.#writes += [action, ...action.lines].filter((record) => record.action !== 'noop' && record.action !== 'refuse').length;
    this.#calls += action.steps.length;
  }

  /** `secondsPerWrite`: from earlier loads, or null. */
  result(file: string, nonce: string, secondsPerWrite: number | null, leftAlone: PlanResult['leftAlone'] = []): PlanResult {
    const work = this.#writes + this.#calls;
    return {
      file,
      nonce,
      actions: this.#actions,
      lines: this.#lines,
      byEntity: [...this.#byEntity].map(([entity, actions]) => ({ entity, actions })),
      samples: this.#samples,
      limits: [...this.#limits.values()].sort((left, right) => right.count - left.count),
      refusals: [...this.#refusals.values()].sort((left, right) => right.count - left.count),
      leftAlone,
      expectedSeconds: work === 0 ? null : Math.max(1, Math.round(work * (secondsPerWrite ?? DEFAULT_SECONDS_PER_WRITE))),
    };
  }

  #limit(action: Omit<PlanAction, 'seq'>): void {
    const { cannot } = action.rollback;
    if (cannot === null) return;
    const group = JSON.stringify([action.entity, cannot]);
    const found = this.#limits.get(group) ?? { entity: action.entity, cannot, count: 0 };
    found.count += 1;
    this.#limits.set(group, found);
  }

  #refuse(record: PlannedRecord): void {
    const reason = refusalGroup(record.reason ?? 'no reason');
    const group = JSON.stringify([record.entity, reason]);
    const found = this.#refusals.get(group) ?? { entity: record.entity, reason, count: 0, rows: [] };
    found.count += 1;
    const row = sourceRowOf(record.reason ?? '');
    if (row !== null && found.rows.length < SAMPLES) found.rows.push(row);
    this.#refusals.set(group, found);
  }

  #sample(record: PlannedRecord): void {
    if (record.action === 'noop') return;
    const group = `${record.entity} ${record.action}`;
    const taken = this.#sampled.get(group) ?? 0;
    if (taken >= SAMPLES) return;
    this.#sampled.set(group, taken + 1);
    this.#samples.push(sampleOf(record, this.#entities[record.entity]));
  }
}

/** Between a supplier (2 ms with two workers) and an order line with its confirmation (20 ms), as measured on Odoo 19. */
const DEFAULT_SECONDS_PER_WRITE = 0.008;

function sampleOf(record: PlannedRecord, entity: PlannedEntity | undefined): PlanResult['samples'][number] {
  const { before, after } = patchedFields(record);
  const fields = [...after].map(([field, value]) => {
    const known = entity?.fields[field];
    const isMasked = known?.pii === true;
    return { field: known?.field ?? field, before: shownValue(before.get(field), isMasked), after: shownValue(value, isMasked) };
  });
  return { entity: record.entity, key: entity?.keyIsPii === true ? MASK : record.key, action: record.action, reason: record.reason, fields };
}

/** Odoo field → the value the record was planned on, and the one it is to have. */
export function patchedFields(record: PlannedRecord): { readonly before: ReadonlyMap<string, unknown>; readonly after: ReadonlyMap<string, unknown> } {
  const before = new Map<string, unknown>();
  const after = new Map<string, unknown>();
  for (const operation of record.patch) {
    if (operation.op === 'test') before.set(fieldOf(operation.path), operation.value);
    else if (operation.op === 'add' || operation.op === 'replace') after.set(fieldOf(operation.path), operation.value);
  }
  return { before, after };
}

/** Null: no value. A reference by the name of what it refers to. */
export function shownValue(value: unknown, isMasked: boolean): string | null {
  if (value === null || value === undefined) return null;
  if (isMasked) return MASK;
  if (typeof value === 'object' && '$ref' in value) {
    const { $ref } = value as { $ref: { entity: string; key: string } };
    return `${$ref.entity} ${$ref.key}`;
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function noCounts(): Counts {
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as Counts;
}
