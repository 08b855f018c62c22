/** From what the journal says was done to one document to the action that takes it back. Pure. */
import type { Operation } from 'fast-json-patch';
import type { OdooBinding } from '../../domain/contract.ts';
import type { JournalEntry, JournalLine } from '../../domain/journal.ts';
import type { PlanAction, PlannedEntity, PlannedRecord, PlannedStep } from '../../domain/plan.ts';
import { pointer } from '../plan/plan-record.ts';
import { isSameValue, type WireValue } from '../plan/wire-value.ts';

type Values = Readonly<Record<string, WireValue>>;

/** What a rollback needs to know of an entity: how the plan wrote it, and the binding's policies. */
export interface EntityToInvert {
  readonly planned: PlannedEntity;
  readonly binding: OdooBinding;
  /** The field of the document that holds its lines, when it has lines. */
  readonly holder: string | null;
}

/** Answers (and what was found out for calls that were never answered) of one action, in the order they were written. Null: nothing to take back. */
export function invertAction(entries: readonly JournalEntry[], entity: EntityToInvert): Omit<PlanAction, 'seq'> | null {
  const record = entries.find((entry) => entry.step === 'record');
  if (record === undefined || record.entity === null || record.system === null || record.key === null || record.odooId === null) return null;
  const identity = {
    entity: record.entity,
    system: record.system,
    key: record.key,
    externalId: record.externalId ?? '',
    odooId: record.odooId,
  };
  const lines = mergedLines(entries);
  switch (record.payload.action) {
    case 'create':
      return invertCreate(identity, entries, lines, entity);
    case 'link':
      return { ...restored('detach', identity, record, lines, entity), reason: 'ends the link' };
    case 'update':
    case 'archive': {
      const action = restored('update', identity, record, lines, entity);
      const calls = entries.flatMap((entry) => (isStep(entry) && entity.binding.states?.steps[entry.step ?? '']?.call !== undefined ? [entry.step] : []));
      const reason = calls.length > 0 ? `${calls.join(', ')} cannot be taken back and stays` : null;
      return action.patch.length === 0 && action.lines.length === 0 && reason === null
        ? null
        : { ...action, reason, rollback: { ...action.rollback, cannot: reason } };
    }
    default:
      return null;
  }
}

type Identity = Omit<PlannedRecord, 'action' | 'reason' | 'patch'>;

function invertCreate(identity: Identity, entries: readonly JournalEntry[], lines: readonly JournalLine[], entity: EntityToInvert): Omit<PlanAction, 'seq'> {
  const { binding, holder } = entity;
  const after = mergedAfter(entries);
  if (binding.rollback === 'keep') {
    return {
      ...identity,
      action: 'refuse',
      reason: 'its binding keeps what a load created',
      patch: [],
      lines: [],
      steps: [],
      rollback: { will: 'nothing', cannot: null },
    };
  }
  if (binding.rollback === 'archive') {
    const patch: Operation[] = [
      { op: 'test', path: '/active', value: true },
      { op: 'replace', path: '/active', value: false },
    ];
    return { ...identity, action: 'archive', reason: 'its binding archives', patch, lines: [], steps: [], rollback: { will: 'nothing', cannot: 'delete it' } };
  }
  // Lines that came or went after the document was read back are not in the list it was read with.
  const linesMoved = entries.some((entry) => entry.step === 'lines-create' || entry.step === 'lines-delete');
  const tested = Object.entries(after).filter(([field]) => !(linesMoved && field === holder));
  const byproducts = entries.flatMap((entry) => (entry.step === 'byproducts' ? (entry.payload.byproducts ?? []) : []));
  const steps = leaveSteps(binding, after);
  if (byproducts.length > 0) steps.push({ ...step('byproducts'), byproducts });
  return {
    ...identity,
    action: 'delete',
    reason: null,
    patch: tests(Object.fromEntries(tested)),
    lines: lines
      .filter((line) => line.action === 'create' && line.odooId !== null)
      .map((line) => ({ ...lineIdentity(line), action: 'delete', reason: null, patch: tests((line.after ?? {}) as Values) })),
    steps,
    rollback: { will: 'nothing', cannot: 'make it again: load a new plan' },
  };
}

/** Steps that lead the document out of the state the load left it in. */
function leaveSteps(binding: OdooBinding, after: Values): PlannedStep[] {
  const states = binding.states;
  if (states === undefined) return [];
  const found = Object.values(states.values).find(({ is }) =>
    Object.entries(is).every(([field, values]) => !(field in after) || values.includes(after[field] as string | boolean)),
  );
  return (found?.leave ?? []).map((name) => {
    const defined = states.steps[name];
    if (defined === undefined) throw new Error(`the binding has no step ${name}`);
    return {
      ...step(name),
      call: defined.call ?? null,
      on: defined.on ?? null,
      unless: defined.unless ?? null,
      context: defined.context,
      unlink: defined.unlink ?? null,
    };
  });
}

function step(name: string): PlannedStep {
  return { name, call: null, on: null, unless: null, context: {}, write: null, unlink: null };
}

function restored(
  action: 'update' | 'detach',
  identity: Identity,
  record: JournalEntry,
  lines: readonly JournalLine[],
  entity: EntityToInvert,
): Omit<PlanAction, 'seq'> {
  const types = (field: string): string => entity.planned.fields[field]?.type ?? 'char';
  return {
    ...identity,
    action,
    reason: null,
    patch: restore((record.payload.before ?? {}) as Values, (record.payload.after ?? {}) as Values, types),
    lines: lines.flatMap(invertLine),
    steps: [],
    rollback: { will: 'nothing', cannot: null },
  };
}

function invertLine(line: JournalLine): readonly PlannedRecord[] {
  const identity = lineIdentity(line);
  const before = (line.before ?? {}) as Values;
  const after = (line.after ?? {}) as Values;
  switch (line.action) {
    case 'create':
      return line.odooId === null ? [] : [{ ...identity, action: 'delete', reason: null, patch: tests(after) }];
    case 'delete': {
      const patch: Operation[] = Object.entries(before).flatMap(([field, value]) =>
        value === null ? [] : [{ op: 'add' as const, path: pointer(field), value }],
      );
      return [{ ...identity, odooId: null, action: 'create', reason: 'the load had deleted it', patch }];
    }
    case 'link':
      return [{ ...identity, action: 'detach', reason: null, patch: restore(before, after, () => 'char') }];
    default: {
      const patch = restore(before, after, () => 'char');
      return patch.length === 0 ? [] : [{ ...identity, action: 'update', reason: null, patch }];
    }
  }
}

function lineIdentity(line: JournalLine): Identity {
  return { entity: line.entity, system: line.system, key: line.key, externalId: line.externalId, odooId: line.odooId };
}

function tests(values: Values): Operation[] {
  return Object.entries(values).map(([field, value]) => ({ op: 'test', path: pointer(field), value }));
}

function restore(before: Values, after: Values, types: (field: string) => string): Operation[] {
  return Object.entries(before).flatMap(([field, value]) =>
    field in after && !isSameValue(value, after[field] ?? null, types(field))
      ? [
          { op: 'test' as const, path: pointer(field), value: after[field] ?? null },
          { op: 'replace' as const, path: pointer(field), value },
        ]
      : [],
  );
}

/** Last values read back: a step overwrites what the create had read. */
function mergedAfter(entries: readonly JournalEntry[]): Values {
  const merged: Record<string, WireValue> = {};
  for (const entry of entries) if (entry.step === 'record' || isStep(entry)) Object.assign(merged, entry.payload.after ?? {});
  return merged;
}

function isStep(entry: JournalEntry): boolean {
  return entry.step !== null && entry.step !== 'record' && entry.step !== 'byproducts' && !entry.step.startsWith('lines-');
}

/** Lines by External ID: the first `before` and the last `after` of each. */
function mergedLines(entries: readonly JournalEntry[]): readonly JournalLine[] {
  const merged = new Map<string, JournalLine>();
  for (const line of entries.flatMap((entry) => entry.payload.lines ?? [])) {
    const earlier = merged.get(line.externalId);
    merged.set(line.externalId, earlier === undefined ? line : { ...line, before: earlier.before, after: { ...earlier.after, ...line.after } });
  }
  return [...merged.values()];
}
