/** From a compared document and its lines to one action of the plan. Pure. */
import type { Operation } from 'fast-json-patch';
import type { PlanAction, PlannedRecord, PlannedStep, PlannedValue } from '../../domain/plan.ts';
import { alongPatch, isLeftOut, leave, plannedValue, planRecord, pointer, Refusal, refuse, withSourceRow } from './plan-record.ts';
import { plannedStep } from './planned-step.ts';
import { type EntityToPlan, isFed, type RecordToPlan } from './planning-record.ts';
import { rollbackOf, ZEROED } from './rollback-of.ts';
import { isUntouchedState, stepsBetween, stepsToReach } from './state-path.ts';

export interface LinesToPlan {
  readonly entity: EntityToPlan;
  readonly records: readonly RecordToPlan[];
}

export function planDocument(record: RecordToPlan, entity: EntityToPlan, lines: readonly LinesToPlan[]): Omit<PlanAction, 'seq'> {
  const planned = planRecord(record, entity);
  if (planned.action === 'refuse') return refused(planned, lines);
  if (record.leftAlone !== null || isLeftOut(planned)) return left(planned, lines);
  const steps = planSteps(record, entity, planned);
  if (typeof steps === 'string') return refused(refuse(record, entity, steps), lines);
  // A step would make an order of what is short of a line.
  const unread = steps.length === 0 ? undefined : unreadLine(lines);
  if (unread !== undefined) return refused(refuse(record, entity, unread), lines);
  const plannedLines = lines.flatMap((kind) => kind.records.map((line) => planLine(line, kind.entity, record, entity)));
  if (planned.action === 'create') {
    // A document loads whole or not at all: with a line less it would be another order.
    const bad = plannedLines.find((line) => line.action !== 'create' && line.action !== 'noop');
    if (bad !== undefined) return refused(refuse(record, entity, Refusal.lineRefused(bad.reason ?? 'it belongs to another document')), lines);
    const without = plannedLines.find(isLeftOut);
    if (without !== undefined) return left(leave(record, entity, `a line of it is left alone: ${without.reason}`), lines);
  }
  const changes = steps.length > 0 || plannedLines.some((line) => line.action !== 'noop' && line.action !== 'refuse');
  const guarded = { ...planned, patch: [...planned.patch, ...stateTests(record, entity, steps, plannedLines)] };
  const action = planned.action === 'noop' && changes ? { ...guarded, action: 'update' as const } : guarded;
  return { ...action, lines: plannedLines, steps, rollback: rollbackOf(action, steps, plannedLines, record, entity) };
}

/** Why there is a line that could not be read, or not told from another. */
function unreadLine(lines: readonly LinesToPlan[]): string | undefined {
  for (const { entity, records } of lines) {
    const line = records.find((one) => one.odooId === null && (one.class === 'rejected' || one.class === 'duplicate-key'));
    if (line === undefined) continue;
    const reason = line.class === 'rejected' ? Refusal.rejected(line.faults) : Refusal.duplicateKey;
    return Refusal.lineRefused(withSourceRow(reason, line, entity));
  }
  return undefined;
}

/** Steps lead on from the state the record has now, and lines come and go as that state lets them: the plan holds only while it stays in it. */
function stateTests(record: RecordToPlan, { resolved }: EntityToPlan, steps: readonly PlannedStep[], lines: readonly PlannedRecord[]): Operation[] {
  if (record.odooId === null || !(steps.length > 0 || lines.some((line) => line.action === 'create' || line.action === 'delete'))) return [];
  return resolved.stateColumns.flatMap((column) => {
    const value = record.odoo?.[column];
    return value === undefined ? [] : [{ op: 'test' as const, path: pointer(column), value }];
  });
}

/** A line whose document is nowhere to be found stands alone. */
export function refuseOrphanLine(line: RecordToPlan, entity: EntityToPlan): Omit<PlanAction, 'seq'> {
  return refused(refuse(line, entity, Refusal.lineOfNoDocument), []);
}

function refused(planned: PlannedRecord, lines: readonly LinesToPlan[]): Omit<PlanAction, 'seq'> {
  const reason = planned.reason ?? '';
  return {
    ...planned,
    lines: lines.flatMap((kind) => kind.records.map((line) => refuse(line, kind.entity, `its document is refused: ${reason}`))),
    steps: [],
    rollback: { will: 'nothing', cannot: null },
  };
}

/** With its lines: a document is one thing. */
function left(planned: PlannedRecord, lines: readonly LinesToPlan[]): Omit<PlanAction, 'seq'> {
  return {
    ...planned,
    lines: lines.flatMap((kind) => kind.records.map((line) => leave(line, kind.entity, `its document is left alone: ${planned.reason}`))),
    steps: [],
    rollback: { will: 'nothing', cannot: null },
  };
}

function planLine(line: RecordToPlan, entity: EntityToPlan, document: RecordToPlan, documentEntity: EntityToPlan): PlannedRecord {
  if (line.class === 'only-legacy' && document.leader !== null) return refuse(line, entity, Refusal.lineOfFollower);
  const isDecided = line.leftAlone !== null || line.direction === 'return-to-legacy' || line.conflicts !== null;
  if (line.class !== 'missing-in-legacy' || isDecided) return planRecord(line, entity);
  const planned = planRecord({ ...line, class: 'linked', differing: {}, toLink: false }, entity);
  const { states } = documentEntity.binding;
  const reason = 'the line is gone from the legacy document';
  if (entity.rejectedWithoutKey > 0) return { ...planned, action: 'refuse', reason: Refusal.goneUncertain, patch: [] };
  if (isUntouchedState(states, document.odooState)) {
    const patch: Operation[] = entity.resolved.fields
      .filter((field) => field.send && field.odoo !== entity.resolved.parentField && line.odoo?.[field.odoo] !== undefined)
      .map((field) => ({ op: 'test', path: pointer(field.odoo), value: line.odoo?.[field.odoo] ?? null }));
    return { ...planned, action: 'delete', reason, patch };
  }
  const quantity = entity.resolved.fields.find((field) => field.contract.type === 'quantity' && field.send);
  if (quantity === undefined) return { ...planned, action: 'refuse', reason: `${reason}, and lines of this state cannot be deleted`, patch: [] };
  if (line.odoo?.[quantity.odoo] === '0') return planned;
  const patch: Operation[] = [
    { op: 'test', path: pointer(quantity.odoo), value: line.odoo?.[quantity.odoo] ?? null },
    { op: 'replace', path: pointer(quantity.odoo), value: '0' },
  ];
  patch.push(...alongPatch(patch, line, entity));
  return { ...planned, action: 'update', reason: ZEROED, patch };
}

/** The steps a record takes after it has been written, or the reason why there is no way. */
function planSteps(record: RecordToPlan, entity: EntityToPlan, planned: PlannedRecord): readonly PlannedStep[] | string {
  const { states } = entity.binding;
  const wanted = states === undefined ? null : (record.values?.[states.field] ?? null);
  if (states === undefined || typeof wanted !== 'string') return [];
  if (planned.action === 'create') return resolveSteps(stepsToReach(states, wanted), record, entity);
  if (record.differing[states.field] !== 'update-odoo' || record.odooState === null) return [];
  const path = stepsBetween(states, record.odooState, wanted);
  return path === null ? Refusal.noPath(record.odooState, wanted) : resolveSteps(path, record, entity);
}

function resolveSteps(names: readonly string[], record: RecordToPlan, entity: EntityToPlan): readonly PlannedStep[] {
  return names.flatMap((name) => {
    const step = entity.binding.states?.steps[name];
    if (step === undefined) throw new Error(`${entity.contract.entity} has no step ${name}`);
    const write = step.write === undefined ? null : writtenBy(step.write, record, entity);
    if (step.write !== undefined && write === null) return [];
    return [plannedStep(name, step, write)];
  });
}

/** Odoo field → value of the fields a step writes; null when none of them has a value. */
function writtenBy(names: readonly string[], record: RecordToPlan, entity: EntityToPlan): Record<string, PlannedValue> | null {
  const values: Record<string, PlannedValue> = {};
  for (const name of names) {
    const field = entity.resolved.fields.find((candidate) => candidate.field === name && candidate.send && isFed(entity, name, record.system));
    if (field === undefined) continue;
    const value = plannedValue(record, field, entity);
    // A method may have given a value where the legacy system has none.
    if (typeof value !== 'string' && (value.planned !== null || field.nullable)) values[field.odoo] = value.planned;
  }
  return Object.keys(values).length > 0 ? values : null;
}
