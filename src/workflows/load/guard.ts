/** The guard before a write: what the plan was made on must still hold. */
import type { JournalPayload } from '../../domain/journal.ts';
import { isKeptValue, isSameValue } from '../plan/wire-value.ts';
import type { LoadRun, Values } from './load-run.ts';

export interface Verdict {
  /** Fields a user changed since the plan was made. */
  readonly conflicts: NonNullable<JournalPayload['conflict']>;
  /** What is left to write: fields that do not have their new value yet. */
  readonly toWrite: Values;
}

/** A field that already has its new value is neither a conflict nor written again: a write would only move `write_date`. */
export function verdictOf(run: LoadRun, entity: string, tested: Values, written: Values, found: Values | undefined): Verdict {
  const { model, fields } = run.entity(entity);
  if (found === undefined) return { conflicts: [{ field: 'id', expected: 'a record', found: null }], toWrite: {} };
  const conflicts: { field: string; expected: unknown; found: unknown }[] = [];
  const toWrite: Record<string, Values[string]> = {};
  for (const field of new Set([...Object.keys(tested), ...Object.keys(written)])) {
    const type = run.typeOf(model, field);
    const now = found[field] ?? null;
    const isNew = field in written && isKeptValue(written[field] ?? null, now, type);
    if (isNew) continue;
    if (field in tested && !isSameValue(tested[field] ?? null, now, type)) conflicts.push({ field, expected: tested[field], found: now });
    else if (field in written) toWrite[field] = written[field] ?? null;
  }
  // What Odoo would compute anew goes along, also where it has its value already.
  for (const companion of Object.keys(toWrite).flatMap((field) => fields[field]?.along ?? [])) {
    const value = written[companion] ?? found[companion];
    if (!(companion in toWrite) && value !== undefined) toWrite[companion] = value;
  }
  return { conflicts, toWrite };
}

export function areKept(run: LoadRun, model: string, written: Values, found: Values | undefined): boolean {
  return found !== undefined && Object.entries(written).every(([field, value]) => isKeptValue(value, found[field] ?? null, run.typeOf(model, field)));
}
