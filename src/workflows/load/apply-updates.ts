/** Documents that Odoo has already: guarded by the values the plan was made on, written where they differ, read back. */
import type { JournalEntry } from '../../domain/journal.ts';
import type { PlanAction } from '../../domain/plan.ts';
import { type WireValue, writeValue } from '../plan/wire-value.ts';
import { areKept, guardRecord, LOOKS, movedSince, overtakenIn, wholeWrite } from './guard.ts';
import { sendIsolating } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';
import type { Merged } from './merge-fields.ts';
import {
  blocked,
  comesOrGoes,
  conflict,
  deadLetter,
  notAgreed,
  noteAltered,
  type OpenDocument,
  ofLink,
  partialConflict,
  pick,
  watchedFields,
} from './open-document.ts';
import { changedId, resolveReferences, testedValues, unresolved, writtenValues } from './references.ts';
import { Stage } from './stages.ts';

interface Change {
  readonly document: OpenDocument;
  /** Values that the whole write replaces and gives, also what an earlier part of the run had sent of it. */
  readonly before: Values;
  readonly sent: Values;
  readonly toWrite: Values;
  /** What Odoo must still have of these fields when they are written. */
  readonly expected: Values;
}

/** What a change came to. `overtaken`: a user was quicker; what was there instead, and nothing was written. */
interface Written {
  readonly change: Change;
  readonly overtaken: Values | null;
}

/** `before`: by-products that were there before, per action; they go into the intent. */
export async function updateDocuments(
  run: LoadRun,
  actions: readonly PlanAction[],
  before: ReadonlyMap<number, readonly { readonly model: string; readonly ids: readonly number[] }[]>,
): Promise<OpenDocument[]> {
  const found = await resolveReferences(
    run,
    actions.flatMap((action) => [action, ...action.lines]),
  );
  const opened: OpenDocument[] = [];
  let waiting = actions;
  for (let look = 1; waiting.length > 0; look += 1) {
    const { documents, overtaken } = await updateOnce(run, waiting, found, before);
    opened.push(...documents);
    if (look === LOOKS) {
      await run.state.journal(overtaken.map((one) => neverStill(run, one)));
      break;
    }
    waiting = overtaken.map(({ change }) => change.document.action);
  }
  return opened;
}

/** One look and one write. Those that a user changed between the two are to be looked at again, as if the look had come later. */
async function updateOnce(
  run: LoadRun,
  actions: readonly PlanAction[],
  found: ReadonlyMap<string, number>,
  before: ReadonlyMap<number, readonly { readonly model: string; readonly ids: readonly number[] }[]>,
): Promise<{ readonly documents: readonly OpenDocument[]; readonly overtaken: readonly Written[] }> {
  const { model } = run.entity((actions[0] as PlanAction).entity);
  const { changes, told } = await guardDocuments(run, actions, found);
  const guard = await run.guards();
  await run.state.journal(
    changes.map(({ document: { action, id }, before: values, sent, toWrite }) =>
      run.entry('intent', action, Stage.record, id, {
        ...ofLink(action),
        action: action.action,
        before: values,
        sent,
        ...(Object.keys(toWrite).length > 0 ? { guard } : {}),
        byproducts: before.get(action.seq) ?? [],
      }),
    ),
  );
  const outcomes = await sendIsolating<Change, Written>(changes, {
    backOff: run.backOff,
    send: (items) => writeDocuments(run, model, items),
    settle: async (items, error) => {
      run.tally.unknown(1);
      await run.state.journal(
        items.map(({ document: { action, id } }) =>
          run.entry('unknown', action, Stage.record, id, { refusal: { name: error.failure, message: error.message } }),
        ),
      );
      const records = await run.read(
        model,
        items.map(({ document }) => document.id),
        [...new Set(items.flatMap((change) => Object.keys(change.toWrite)))],
      );
      run.tally.unknown(-1);
      return items.map((change) => (areKept(run, model, change.toWrite, records.get(change.document.id)) ? { change, overtaken: null } : null));
    },
  });
  await run.state.journal(
    outcomes.flatMap((outcome) => {
      if (!('refusal' in outcome)) return [];
      const { action, id } = outcome.item.document;
      return [deadLetter(run, action, Stage.record, id, outcome.refusal)];
    }),
  );
  const written = outcomes.flatMap((outcome) => ('answer' in outcome ? [outcome.answer] : []));
  const overtaken = written.filter((one) => one.overtaken !== null);
  const again = new Set(overtaken.map(({ change }) => change.document.action.seq));
  for (const entry of told) if (entry.action !== null && again.has(entry.action)) run.settlement.tell(entry.action, entry);
  const through = written.filter((one) => one.overtaken === null).map(({ change }) => change);
  return { documents: await confirmUpdated(run, through), overtaken };
}

async function writeDocuments(run: LoadRun, model: string, changes: readonly Change[]): Promise<readonly Written[]> {
  const [first] = changes;
  if (first === undefined) return [];
  const writes = changes.flatMap(({ document, toWrite, expected }) =>
    Object.keys(toWrite).length === 0 ? [] : [{ id: document.id, expected, values: forWrite(run, model, toWrite) }],
  );
  const overtaken = overtakenIn(run, model, await run.odoo.saveGuarded(model, writes, run.entity(first.document.action.entity).context));
  return changes.map((change) => ({ change, overtaken: overtaken.get(change.document.id) ?? null }));
}

/** It had another value at every look. */
function neverStill(run: LoadRun, { change: { document, expected }, overtaken }: Written): Omit<JournalEntry, 'sequence'> {
  const { model } = run.entity(document.action.entity);
  return conflict(run, document.action, Stage.record, document.id, movedSince(run, model, expected, overtaken ?? {}));
}

/** What there is to write of each document. Fields that users changed since are conflicts; where nothing is left to do but those, the document has ended. */
async function guardDocuments(
  run: LoadRun,
  actions: readonly PlanAction[],
  found: ReadonlyMap<string, number>,
): Promise<{ readonly changes: readonly Change[]; readonly told: readonly Omit<JournalEntry, 'sequence'>[] }> {
  const { model, stateFields } = run.entity((actions[0] as PlanAction).entity);
  const entries = [];
  const ready: PlanAction[] = [];
  for (const action of actions) {
    const missing = [action, ...action.lines].map((record) => unresolved(record, found)).find((reference) => reference !== null);
    if (missing === undefined) ready.push(action);
    else entries.push(blocked(run, action, `the ${missing.entity} it refers to was not loaded`));
  }
  const fields = [
    ...new Set([
      ...ready.flatMap((action) => [...Object.keys(testedValues(action)), ...Object.keys(writtenValues(action, found)), ...watchedFields(run, action)]),
      ...stateFields,
    ]),
  ];
  const records = await run.read(
    model,
    ready.map((action) => changedId(action, found)),
    fields,
  );
  const changes: Change[] = [];
  const told = [];
  for (const action of ready) {
    const id = changedId(action, found);
    const now = records.get(id);
    const written = writtenValues(action, found);
    const merged = guardRecord(run, action.seq, action, written, now);
    const isMoved = isLedElsewhere(run, action, merged);
    if (now === undefined || !goesOn(action, written, merged, isMoved, stateFields)) {
      if (merged.conflicts.length > 0) {
        entries.push(conflict(run, action, Stage.record, id, merged.conflicts));
        continue;
      }
    } else if (merged.conflicts.length > 0) told.push(...partialConflicts(run, { action, id }, merged, stateFields));
    changes.push(changeOf(run, action, id, now ?? {}, merged, isMoved));
  }
  await run.state.journal([...entries, ...told]);
  return { changes, told };
}

/** Of the document; and where its state has moved, of the lines that can neither come nor go in another one. */
function partialConflicts(run: LoadRun, document: Pick<OpenDocument, 'action' | 'id'>, merged: Merged, stateFields: readonly string[]) {
  const states = merged.conflicts.filter(({ field }) => stateFields.includes(field));
  const steps = states.length === 0 ? [] : document.action.steps.map((step) => step.name);
  const lines = states.length === 0 ? [] : document.action.lines.filter(comesOrGoes);
  return [
    partialConflict(run, document, Stage.record, { conflicts: merged.conflicts, held: [...merged.held, ...steps] }),
    ...lines.map((line) => partialConflict(run, document, Stage.record, { conflicts: states, held: [] }, line)),
  ];
}

/** Has a user led the document into another state than the plan was made on? */
function isLedElsewhere(run: LoadRun, action: PlanAction, { conflicts }: Merged): boolean {
  const entity = run.entity(action.entity);
  return run.settlement.isMoved(action, entity) || conflicts.some(({ field }) => entity.stateFields.includes(field));
}

/** Is anything left to do for a document of which users have changed some? A value that is only tested guards the document as a whole; its state guards its
 *  steps, and the coming and going of its lines. */
function goesOn(action: PlanAction, written: Values, { conflicts, toWrite }: Merged, isMoved: boolean, stateFields: readonly string[]): boolean {
  if (conflicts.some(({ field }) => !(field in written) && !stateFields.includes(field))) return false;
  if (Object.keys(toWrite).length > 0 || action.action === 'link' || action.action === 'detach') return true;
  if (action.steps.length > 0 && !isMoved) return true;
  return action.lines.some((line) => line.action !== 'noop' && line.action !== 'refuse' && !(isMoved && comesOrGoes(line)));
}

function changeOf(run: LoadRun, action: PlanAction, id: number, now: Values, merged: Merged, isMoved: boolean): Change {
  const { model, stateFields } = run.entity(action.entity);
  const begun = run.settlement.begun(action.seq, Stage.record);
  const whole = wholeWrite(run, model, merged, now, begun === null ? null : { before: (begun.before ?? {}) as Values, sent: (begun.sent ?? {}) as Values });
  const watched = watchedFields(run, action);
  const hasConflict = merged.conflicts.length > 0 || run.settlement.hasConflict(action.seq);
  const wrote = Object.keys(whole.sent).length > 0;
  return {
    document: { action, id, state: pick(now, stateFields), wrote, ended: false, hasConflict, isMoved },
    before: { ...pick(now, [...watched, ...(watched.length > 0 ? stateFields : [])]), ...whole.before },
    sent: whole.sent,
    toWrite: merged.toWrite,
    expected: pick(now, [...Object.keys(merged.toWrite), ...stillAsPlanned(run, action, merged)]),
  };
}

/** Values that the decision to write rests upon, besides those that are written. */
function stillAsPlanned(run: LoadRun, action: PlanAction, { conflicts }: Merged): readonly string[] {
  const moved = new Set([...conflicts.map(({ field }) => field), ...run.settlement.told(action.seq, action.externalId)]);
  return Object.keys(testedValues(action)).filter((field) => !moved.has(field));
}

async function confirmUpdated(run: LoadRun, changes: readonly Change[]): Promise<OpenDocument[]> {
  const [first] = changes;
  if (first === undefined) return [];
  const { model } = run.entity(first.document.action.entity);
  const written = changes.filter((change) => Object.keys(change.before).length > 0);
  const records = await run.read(
    model,
    written.map(({ document }) => document.id),
    [...new Set(written.flatMap((change) => Object.keys(change.before)))],
  );
  await run.state.journal(
    changes.map(({ document: { action, id }, before, sent }) => {
      const after = pick(records.get(id), Object.keys(before));
      const altered = [...noteAltered(run, action.entity, model, sent, after), ...notAgreed(run, model, sent, before)];
      return run.entry('answer', action, Stage.record, id, { ...ofLink(action), action: action.action, before, after, altered, lines: [] });
    }),
  );
  const documents = changes.map(({ document }) => document);
  await run.link(documents.filter(({ action }) => action.action === 'link').map(({ action, id }) => ({ record: action, odooId: id, created: false })));
  const detached = await run.unlink(documents.flatMap(({ action }) => (action.action === 'detach' ? [action] : [])));
  for (const document of documents) if (document.action.action === 'link' || detached.has(document.action)) document.wrote = true;
  return documents;
}

export function forWrite(run: LoadRun, model: string, values: Values): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).map(([field, value]: [string, WireValue]) => [field, writeValue(value, run.typeOf(model, field))]));
}
