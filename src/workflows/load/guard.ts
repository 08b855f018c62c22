/** The guard before a write: what the plan was made on must still hold, field by field. */
import type { PlannedRecord } from '../../domain/plan.ts';
import { isKeptValue, isSameValue } from '../plan/wire-value.ts';
import type { LoadRun, Values } from './load-run.ts';
import { type FieldConflict, type Merged, mergeFields } from './merge-fields.ts';
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
  { toWrite }: Pick<Merged, 'toWrite'>,
  now: Values,
  begun: Begun | null,
): { readonly before: Values; readonly sent: Values } {
  const fresh = { before: pick(now, Object.keys(toWrite)), sent: toWrite };
  if (begun === null) return fresh;
  const reached = Object.keys(begun.sent).filter((field) => field in toWrite || areKept(run, model, pick(begun.sent, [field]), now));
  return { before: { ...fresh.before, ...pick(begun.before, reached) }, sent: { ...pick(begun.sent, reached), ...toWrite } };
}

/** So often a record is looked at again that users change between the look and the write. */
export const LOOKS = 5;

/** Records that were not written because they no longer held what was expected, with what they hold, in wire form. */
export function overtakenIn(run: LoadRun, model: string, answers: Awaited<ReturnType<LoadRun['odoo']['saveGuarded']>>): ReadonlyMap<number, Values> {
  return new Map(answers.flatMap(({ id, found }) => (found === null ? [] : [[id, run.wire(model, { ...found, id }, Object.keys(found))]])));
}

/** What a user changed of the values that were expected. */
export function movedSince(run: LoadRun, model: string, expected: Values, found: Values): readonly FieldConflict[] {
  const fields = Object.keys(expected).map((field) => ({ field, expected: expected[field] ?? null, found: found[field] ?? null }));
  const moved = fields.filter((one) => !isSameValue(one.expected, one.found, run.typeOf(model, one.field)));
  return moved.length > 0 ? moved : fields;
}

export function areKept(run: LoadRun, model: string, written: Values, found: Values | undefined): boolean {
  return found !== undefined && Object.entries(written).every(([field, value]) => isKeptValue(value, found[field] ?? null, run.typeOf(model, field)));
}
