/** What a plan says of each action's way back, before anything is written. Pure. */
import type { OdooStates } from '../../domain/odoo-states.ts';
import type { PlanAction, PlannedRecord, PlannedStep } from '../../domain/plan.ts';
import { pointer } from './plan-record.ts';
import type { EntityToPlan, RecordToPlan } from './planning-record.ts';
import { isUntouchedState, policyIn } from './state-path.ts';

/** Reason of a line that cannot be deleted any more. */
export const ZEROED = 'the line is gone from the legacy document: its quantity becomes 0';

export function rollbackOf(
  planned: PlannedRecord,
  steps: readonly PlannedStep[],
  lines: readonly PlannedRecord[],
  record: RecordToPlan,
  entity: EntityToPlan,
): PlanAction['rollback'] {
  switch (planned.action) {
    case 'create':
      return rollbackOfCreate(planned, steps, record, entity, lines.length > 0);
    case 'link':
    case 'update':
    case 'archive':
      return rollbackOfChange(planned, steps, lines, record, entity);
    default:
      return { will: 'nothing', cannot: null };
  }
}

function rollbackOfCreate(
  planned: PlannedRecord,
  steps: readonly PlannedStep[],
  record: RecordToPlan,
  entity: EntityToPlan,
  hasLines: boolean,
): PlanAction['rollback'] {
  const { binding } = entity;
  const value = binding.states === undefined ? null : record.values?.[binding.states.field];
  const state = typeof value === 'string' ? value : null;
  const leave = state === null ? [] : (binding.states?.values[state]?.leave ?? []);
  const policy = policyIn(binding, state);
  if (policy === 'keep' && leave.length === 0) return { will: 'nothing', cannot: 'take the record back: the binding keeps it' };
  if (policy === 'keep') return { will: leave.join(', then '), cannot: `delete it: it stays, after ${leave.join(', ')}` };
  if (policy === 'archive') return { will: [...leave, 'archive it'].join(', then '), cannot: 'delete it: the binding archives' };
  const parts = [...leave, hasLines ? 'delete it with its lines' : 'delete it'];
  const made = byproductsOf(steps, entity);
  if (made.taken.length > 0) parts.push(`delete its ${made.taken.join(', ')}`);
  return { will: parts.join(', then '), cannot: joined([leftArchived(planned, entity), kept(made.kept), ...barred(binding.states, state)]) };
}

/** A record that was there before. */
function rollbackOfChange(
  planned: PlannedRecord,
  steps: readonly PlannedStep[],
  lines: readonly PlannedRecord[],
  record: RecordToPlan,
  entity: EntityToPlan,
): PlanAction['rollback'] {
  const { states } = entity.binding;
  const wanted = states === undefined ? null : record.values?.[states.field];
  const back = steps.length === 0 || record.odooState === null ? undefined : states?.values[String(wanted)]?.back?.[record.odooState];
  const calls = steps.filter((step) => step.call !== null).map((step) => step.name);
  const isLocked = !isUntouchedState(states, back === undefined && steps.length > 0 ? String(wanted) : record.odooState);
  const will = [
    ...(back ?? []),
    planned.action === 'link' ? 'end the link' : null,
    planned.action === 'link' && planned.patch.length === 0 ? null : 'restore the values',
  ];
  const cannot = [
    calls.length > 0 && back === undefined ? `undo ${calls.join(', ')}` : null,
    isLocked && lines.some((line) => line.action === 'create') ? 'delete the lines it adds: their quantity becomes 0' : null,
    lines.some((line) => line.reason === ZEROED) ? 'bring back the receipt of the lines it sets to 0: Odoo makes a new one' : null,
    back === undefined ? null : kept(byproductsOf(steps, entity).kept),
    ...(back === undefined ? [] : barred(states, String(wanted))),
  ];
  return { will: will.filter((part) => part !== null).join(', then '), cannot: joined(cannot) };
}

/** What Odoo may not allow any more when the time comes. */
function barred(states: OdooStates | undefined, state: string | null): readonly string[] {
  return (states?.values[state ?? '']?.barred ?? []).map(({ why, leave }) =>
    leave === undefined ? `take it back where ${why}` : `reset it where ${why}: there it stays, after ${leave.join(', ')}`,
  );
}

/** Models of what Odoo makes by itself on these steps: what a rollback deletes, and what nobody can delete. */
function byproductsOf(steps: readonly PlannedStep[], entity: EntityToPlan): { readonly taken: readonly string[]; readonly kept: readonly string[] } {
  const made = entity.binding.byproducts.filter(({ step }) => step === undefined || steps.some(({ name }) => name === step));
  const models = (rollback: string): readonly string[] => made.filter((rule) => rule.rollback === rollback).map((rule) => rule.model);
  return { taken: models('unlink'), kept: models('keep') };
}

function kept(models: readonly string[]): string | null {
  return models.length > 0 ? `delete its ${models.join(', ')}: Odoo lets nobody` : null;
}

/** Of a record that Odoo's delete only archives: it goes with the record it belongs to, when this plan makes that one as well. */
function leftArchived(planned: PlannedRecord, entity: EntityToPlan): string | null {
  const owner = entity.resolved.fields.find((field) => field.field === entity.binding.archived_by_unlink);
  const value = owner === undefined ? undefined : planned.patch.find((operation) => operation.path === pointer(owner.odoo));
  if (owner === undefined || value === undefined || !('value' in value) || typeof value.value !== 'number') return null;
  return `delete it: Odoo archives it, since its ${owner.field} was there before`;
}

function joined(parts: readonly (string | null)[]): string | null {
  const said = parts.filter((part) => part !== null);
  return said.length > 0 ? said.join('; ') : null;
}
