/** From what the journal says was done to one document to the action that takes it back. Pure. */
import type { Operation } from 'fast-json-patch';
import type { OdooBinding } from '../../domain/contract.ts';
import type { JournalEntry, JournalLine } from '../../domain/journal.ts';
import type { PlanAction, PlannedEntity, PlannedRecord, PlannedStep } from '../../domain/plan.ts';
import { pointer } from '../plan/plan-record.ts';
import { plannedStep } from '../plan/planned-step.ts';
import { isUntouchedState, policyIn, stateIn } from '../plan/state-path.ts';
import { isSameValue, type WireValue } from '../plan/wire-value.ts';

type Values = Readonly<Record<string, WireValue>>;

/** What a rollback needs to know of an entity: how the plan wrote it, and the binding's policies. */
export interface EntityToInvert {
  readonly planned: PlannedEntity;
  readonly binding: OdooBinding;
  /** The field of the document that holds its lines, when it has lines. */
  readonly holder: string | null;
  /** Its lines by entity; `quantity`: the Odoo field that is set to 0 where a line cannot be deleted any more. */
  readonly lines: Readonly<Record<string, { readonly planned: PlannedEntity; readonly quantity: string | null }>>;
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
      return { ...invertChange('detach', identity, entries, lines, entity), reason: 'ends the link' };
    case 'update':
    case 'archive': {
      const action = invertChange('update', identity, entries, lines, entity);
      return action.patch.length === 0 && action.lines.length === 0 && action.steps.length === 0 && action.reason === null ? null : action;
    }
    default:
      return null;
  }
}

type Identity = Omit<PlannedRecord, 'action' | 'reason' | 'patch'>;

function invertCreate(identity: Identity, entries: readonly JournalEntry[], lines: readonly JournalLine[], entity: EntityToInvert): Omit<PlanAction, 'seq'> {
  const { binding, holder } = entity;
  const after = mergedAfter(entries);
  const steps = leaveSteps(binding, after);
  const policy = policyIn(binding, binding.states === undefined ? null : stateIn(binding.states, after, true));
  if (policy !== 'unlink') return keepCreated(identity, policy, steps, after);
  // Lines that came or went after the document was read back are not in the list it was read with.
  const linesMoved = entries.some((entry) => entry.step === 'lines-create' || entry.step === 'lines-delete');
  const tested = Object.entries(after).filter(([field]) => !(linesMoved && field === holder));
  const { byproducts, kept } = byproductsOf(entries, entity.planned);
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
    rollback: { will: 'nothing', cannot: kept ?? 'make it again: load a new plan' },
  };
}

/** A record that stays: led out of its state (cancelled, reset, reversed) where the binding names steps for it, archived where it says so. */
function keepCreated(identity: Identity, policy: 'archive' | 'keep', steps: readonly PlannedStep[], after: Values): Omit<PlanAction, 'seq'> {
  const common = { ...identity, lines: [], steps };
  if (policy === 'archive') {
    return { ...common, action: 'archive', reason: 'its binding archives', patch: archived, rollback: { will: 'nothing', cannot: 'delete it' } };
  }
  if (steps.length === 0) {
    return { ...common, action: 'refuse', reason: 'its binding keeps what a load created', patch: [], rollback: { will: 'nothing', cannot: null } };
  }
  const cannot = `delete it: it stays, after ${steps.map(({ name }) => name).join(', ')}`;
  return { ...common, action: 'update', reason: 'its binding does not delete it', patch: tests(after), rollback: { will: 'nothing', cannot } };
}

const archived: readonly Operation[] = [
  { op: 'test', path: '/active', value: true },
  { op: 'replace', path: '/active', value: false },
];

/** Records Odoo made by itself that go; and in words those that stay. */
function byproductsOf(entries: readonly JournalEntry[], planned: PlannedEntity) {
  const all = entries.flatMap((entry) => (entry.step === 'byproducts' ? (entry.payload.byproducts ?? []) : []));
  const keeps = new Set(planned.byproducts.flatMap((rule) => (rule.rollback === 'keep' ? [rule.model] : [])));
  const taken = new Set(entries.map((entry) => entry.step));
  const made = planned.byproducts.flatMap((rule) => (rule.rollback === 'keep' && typeof rule.step === 'string' && taken.has(rule.step) ? [rule.model] : []));
  const models = [...new Set([...made, ...all.flatMap((one) => (keeps.has(one.model) && one.ids.length > 0 ? [one.model] : []))])];
  return { byproducts: all.filter((one) => !keeps.has(one.model)), kept: models.length === 0 ? null : `delete its ${models.join(', ')}: Odoo lets nobody` };
}

/** Steps that lead the document out of the state the load left it in. */
function leaveSteps(binding: OdooBinding, after: Values): PlannedStep[] {
  const states = binding.states;
  if (states === undefined) return [];
  const state = stateIn(states, after, true);
  return state === null ? [] : bindingSteps(binding, states.values[state]?.leave ?? []);
}

function bindingSteps(binding: OdooBinding, names: readonly string[]): PlannedStep[] {
  return names.map((name) => {
    const defined = binding.states?.steps[name];
    if (defined === undefined) throw new Error(`the binding has no step ${name}`);
    return plannedStep(name, defined, null);
  });
}

function step(name: string): PlannedStep {
  return { name, call: null, on: null, unless: null, context: {}, write: null, unlink: null };
}

/** A record that was there before: back to its state where the binding knows the way, back to its values. */
function invertChange(
  action: 'update' | 'detach',
  identity: Identity,
  entries: readonly JournalEntry[],
  lines: readonly JournalLine[],
  entity: EntityToInvert,
): Omit<PlanAction, 'seq'> {
  const { binding, planned } = entity;
  const { states } = binding;
  const before = (entries.find((entry) => entry.step === 'record')?.payload.before ?? {}) as Values;
  const after = mergedAfter(entries);
  const was = states === undefined ? null : stateIn(states, before, false);
  const now = states === undefined ? null : stateIn(states, after, false);
  const back = states === undefined || was === null || now === null || was === now ? null : (states.values[now]?.back?.[was] ?? null);
  const calls = entries.flatMap((entry) => (isStep(entry) && states?.steps[entry.step ?? '']?.call !== undefined ? [entry.step] : []));
  const { byproducts, kept } = byproductsOf(entries, planned);
  const steps = back === null ? [] : bindingSteps(binding, back);
  // Without a way back the record stays in its state, and what Odoo made on the way there stays with it.
  if (byproducts.length > 0 && (back !== null || calls.length === 0)) steps.push({ ...step('byproducts'), byproducts });
  const reached = back === null ? now : was;
  const untouched = isUntouchedState(states, reached);
  const inverted = lines.flatMap((line) => invertLine(line, untouched, entity));
  const cannot = [
    ...(calls.length > 0 && back === null ? [`${calls.join(', ')} cannot be taken back and stays`] : []),
    ...(inverted.some((line) => line.reason === lineStays) ? [lineStays] : []),
    ...(back !== null && kept !== null ? [kept] : []),
  ];
  const reason = cannot.length > 0 ? cannot.join('; ') : null;
  const own = Object.fromEntries(
    Object.entries(before).filter(([field]) => (field in planned.fields ? planned.fields[field]?.computed !== true : !planned.stateFields.includes(field))),
  );
  const state = steps.length === 0 ? {} : Object.fromEntries(planned.stateFields.flatMap((field) => (field in after ? [[field, after[field] ?? null]] : [])));
  const patch = [...restore(own, after, planned), ...tests(state)];
  return { ...identity, action, reason, patch, lines: inverted, steps, rollback: { will: 'nothing', cannot: reason } };
}

const lineStays = 'a line of an order in this state cannot be deleted: its quantity becomes 0';

function invertLine(line: JournalLine, untouched: boolean, entity: EntityToInvert): readonly PlannedRecord[] {
  const identity = lineIdentity(line);
  const before = (line.before ?? {}) as Values;
  const after = (line.after ?? {}) as Values;
  const kind = entity.lines[line.entity];
  switch (line.action) {
    case 'create': {
      if (line.odooId === null) return [];
      const quantity = kind?.quantity ?? null;
      if (untouched || kind === undefined || quantity === null) return [{ ...identity, action: 'delete', reason: null, patch: tests(after) }];
      const along = (kind.planned.fields[quantity]?.along ?? []).filter((field) => field in after);
      const zero = Object.fromEntries([[quantity, '0' as WireValue], ...along.map((field) => [field, after[field] ?? null] as const)]);
      const patch = Object.entries(zero).flatMap(([field, value]) => replaced(field, after[field] ?? null, value));
      return [{ ...identity, action: 'update', reason: lineStays, patch }];
    }
    case 'delete': {
      const patch: Operation[] = Object.entries(before).flatMap(([field, value]) =>
        value === null ? [] : [{ op: 'add' as const, path: pointer(field), value }],
      );
      return [{ ...identity, odooId: null, action: 'create', reason: 'the load had deleted it', patch }];
    }
    case 'link':
      return [{ ...identity, action: 'detach', reason: null, patch: restore(before, after, kind?.planned) }];
    default: {
      const patch = restore(before, after, kind?.planned);
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

/** What changed gets its value back; what Odoo would compute anew from it goes along. */
function restore(before: Values, after: Values, planned: PlannedEntity | undefined): Operation[] {
  const known = Object.keys(before).filter((field) => field in after);
  const changed = known.filter((field) => !isSameValue(before[field] ?? null, after[field] ?? null, planned?.fields[field]?.type ?? 'char'));
  const along = new Set(changed.flatMap((field) => planned?.fields[field]?.along ?? []));
  return known.filter((field) => changed.includes(field) || along.has(field)).flatMap((field) => replaced(field, after[field] ?? null, before[field] ?? null));
}

function replaced(field: string, now: WireValue, value: WireValue): Operation[] {
  return [
    { op: 'test', path: pointer(field), value: now },
    { op: 'replace', path: pointer(field), value },
  ];
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
