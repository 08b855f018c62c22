/** A document on its way through the stages of its action, after the record itself is known to Odoo. */
import type { JournalEntry, JournalLine, JournalPayload } from '../../domain/journal.ts';
import type { PlanAction, PlannedRecord } from '../../domain/plan.ts';
import { fieldOf } from '../plan/plan-record.ts';
import { isKeptValue, isSameValue } from '../plan/wire-value.ts';
import type { Refusal } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';
import type { FieldConflict, Merged } from './merge-fields.ts';
import { shownWords } from './odoo-words.ts';

export interface OpenDocument {
  readonly action: PlanAction;
  readonly id: number;
  /** State fields as last read; null: not read in this process. */
  state: Values | null;
  /** Something was written for it in this run. */
  wrote: boolean;
  /** It has ended (dead letter, conflict) and takes no further stage. */
  ended: boolean;
  /** A user has changed some of it: that is left alone, the rest goes on, and it ends as a conflict. */
  hasConflict?: boolean;
  /** A user has led it into another state: it takes no steps, and no lines come or go. */
  isMoved?: boolean;
}

/** Fields a method may change besides the state: read around the steps of a record that was there before, so that a rollback can restore them. */
export function watchedFields(run: LoadRun, action: PlanAction): readonly string[] {
  if (action.action === 'create' || action.action === 'delete' || action.steps.length === 0) return [];
  return Object.entries(run.entity(action.entity).fields).flatMap(([field, { computed }]) => (computed === true ? [] : [field]));
}

/** A line that is made or deleted: right only in the state that the plan was made on. */
export function comesOrGoes(line: PlannedRecord): boolean {
  return line.action === 'create' || line.action === 'delete';
}

export function pick(values: Values | undefined, fields: readonly string[]): Values {
  return Object.fromEntries(fields.flatMap((field) => (values !== undefined && field in values ? [[field, values[field] ?? null]] : [])));
}

export function journalLine(
  line: PlannedRecord,
  odooId: number | null,
  before: Values | null,
  after: Values | null,
  altered: readonly string[] = [],
): JournalLine {
  const { entity, system, key, externalId, action } = line;
  return { entity, system, key, externalId, action, odooId, before, after, ...(altered.length > 0 ? { altered } : {}), ...ofLink(line) };
}

/** What the journal keeps of a link besides its ends: the crosswalk is made from it again when a run is taken up. */
export function ofLink({ action, provenance }: PlannedRecord): Pick<JournalPayload, 'provenance'> {
  return action === 'link' && provenance !== undefined ? { provenance } : {};
}

/** Fields of which Odoo keeps another value than was sent, beyond its rounding; counted. */
export function noteAltered(run: LoadRun, entity: string, model: string, sent: Values, after: Values): readonly string[] {
  const altered = Object.entries(sent).flatMap(([field, value]) =>
    field in after && !isKeptValue(value, after[field] ?? null, run.typeOf(model, field)) ? [field] : [],
  );
  for (const field of altered) run.tally.alter(entity, field);
  return altered;
}

/** Fields whose value after a write says nothing of what the legacy system holds: only watched, or sent along as they were. */
export function notAgreed(run: LoadRun, model: string, sent: Values, before: Values): readonly string[] {
  return Object.keys(before).filter((field) => !(field in sent) || isSameValue(sent[field] ?? null, before[field] ?? null, run.typeOf(model, field)));
}

/** Odoo refused the document (or one of its lines or steps). */
export function deadLetter(
  run: LoadRun,
  action: PlanAction,
  step: string,
  odooId: number | null,
  refusal: Refusal,
  record: PlannedRecord = action,
): Omit<JournalEntry, 'sequence'> {
  run.tally.end(action, 'deadLettered');
  const values = Object.fromEntries(record.patch.flatMap((operation) => ('value' in operation ? [[fieldOf(operation.path), operation.value]] : [])));
  const words = shownWords(refusal.message, run.manifest.entities[record.entity], values);
  run.tally.refuse(record, refusal.field === undefined ? words : `${refusal.field}: ${words}`);
  // What was sent of a line stands in the intent.
  return run.entry('dead-letter', action, step, odooId, { action: action.action, refusal, ...lineOf(action, record) });
}

/** A user changed what the plan was made on: nothing of the document is written. */
export function conflict(
  run: LoadRun,
  action: PlanAction,
  step: string,
  odooId: number | null,
  fields: readonly FieldConflict[],
  record: PlannedRecord = action,
): Omit<JournalEntry, 'sequence'> {
  run.tally.end(action, 'conflict');
  run.tally.conflict(record, { fields: names(fields), held: [] });
  return run.entry('conflict', action, step, odooId, { action: action.action, conflict: fields, ...lineOf(action, record) });
}

/** A user changed some of the fields of a document, or of a line of it: those, and what belongs together with them, stay as they are. The rest goes on. */
export function partialConflict(
  run: LoadRun,
  document: Pick<OpenDocument, 'action' | 'id'>,
  step: string,
  { conflicts, held }: Pick<Merged, 'conflicts' | 'held'>,
  record: PlannedRecord = document.action,
): Omit<JournalEntry, 'sequence'> {
  const { action, id } = document;
  run.tally.conflict(record, { fields: names(conflicts), held });
  return run.entry('conflict', action, step, id, { action: action.action, conflict: conflicts, held, partial: true, ...lineOf(action, record) });
}

function names(fields: readonly FieldConflict[]): readonly string[] {
  return [...new Set(fields.map(({ field }) => field))];
}

/** Which line it is about. */
function lineOf(action: PlanAction, record: PlannedRecord): Pick<JournalPayload, 'lines'> {
  return record === action ? {} : { lines: [journalLine(record, record.odooId, null, null)] };
}

export function blocked(run: LoadRun, action: PlanAction, message: string): Omit<JournalEntry, 'sequence'> {
  run.tally.end(action, 'blocked');
  run.tally.refuse(action, message);
  return run.entry('blocked', action, 'record', null, { action: action.action, refusal: { name: 'blocked', message } });
}
