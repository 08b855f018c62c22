/** The guard before a write: what the plan was made on must still hold, field by field. */
import type { PlannedRecord } from '../../domain/plan.ts';
import { isKeptValue } from '../plan/wire-value.ts';
import type { LoadRun, Values } from './load-run.ts';
import { type Merged, mergeFields } from './merge-fields.ts';
import { pick } from './open-document.ts';
import { testedValues } from './references.ts';

/** `written`: what the plan writes, references resolved; `found`: what Odoo has now. A line goes or stays as a whole. */
export function guardRecord(run: LoadRun, seq: number, record: PlannedRecord, written: Values, found: Values | undefined): Merged {
  const { model, fields, in: holder } = run.entity(record.entity);
  return mergeFields({
    base: testedValues(record),
    ours: written,
    theirs: found,
    typeOf: (field) => run.typeOf(model, field),
    along: (field) => fields[field]?.along ?? [],
    isWhole: holder !== null,
    told: run.settlement.told(seq, record.externalId),
  });
}

/** What an earlier part of the run had begun to write: the values it replaced, and those it sent. */
export interface Begun {
  readonly before: Values;
  readonly sent: Values;
}

/** The whole of a write, though part of it may have reached Odoo before: values it replaces, and values it gives. A field that somebody has changed since it was
 *  sent is none of ours any more. */
export function wholeWrite(
  run: LoadRun,
  model: string,
  { toWrite }: Merged,
  now: Values,
  begun: Begun | null,
): { readonly before: Values; readonly sent: Values } {
  const fresh = { before: pick(now, Object.keys(toWrite)), sent: toWrite };
  if (begun === null) return fresh;
  const reached = Object.keys(begun.sent).filter((field) => field in toWrite || areKept(run, model, pick(begun.sent, [field]), now));
  return { before: { ...fresh.before, ...pick(begun.before, reached) }, sent: { ...pick(begun.sent, reached), ...toWrite } };
}

export function areKept(run: LoadRun, model: string, written: Values, found: Values | undefined): boolean {
  return found !== undefined && Object.entries(written).every(([field, value]) => isKeptValue(value, found[field] ?? null, run.typeOf(model, field)));
}
