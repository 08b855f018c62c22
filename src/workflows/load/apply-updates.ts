/** Documents that Odoo has already: guarded by the values the plan was made on, written where they differ, read back. */
import type { PlanAction } from '../../domain/plan.ts';
import { type WireValue, writeValue } from '../plan/wire-value.ts';
import { areKept, type Verdict, verdictOf } from './guard.ts';
import { sendIsolating } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';
import { blocked, conflict, deadLetter, notAgreed, noteAltered, type OpenDocument, ofLink, pick, watchedFields } from './open-document.ts';
import { changedId, resolveReferences, testedValues, unresolved, writtenValues } from './references.ts';
import { Stage } from './stages.ts';

interface Change {
  readonly action: PlanAction;
  readonly id: number;
  readonly before: Values;
  readonly toWrite: Values;
  readonly state: Values;
}

/** `before`: by-products that were there before, per action; they go into the intent. */
export async function updateDocuments(
  run: LoadRun,
  actions: readonly PlanAction[],
  before: ReadonlyMap<number, readonly { readonly model: string; readonly ids: readonly number[] }[]>,
): Promise<OpenDocument[]> {
  const { entity: name } = actions[0] as PlanAction;
  const { model, context } = run.entity(name);
  const found = await resolveReferences(
    run,
    actions.flatMap((action) => [action, ...action.lines]),
  );
  const changes = await guardDocuments(run, actions, found);
  await run.state.journal(
    changes.map(({ action, id, before: values, toWrite }) =>
      run.entry('intent', action, Stage.record, id, {
        ...ofLink(action),
        action: action.action,
        before: values,
        sent: toWrite,
        byproducts: before.get(action.seq) ?? [],
      }),
    ),
  );
  const sent = await sendIsolating<Change, Change>(changes, {
    backOff: run.backOff,
    send: async (items) => {
      const writes = items.filter((change) => Object.keys(change.toWrite).length > 0);
      if (writes.length > 0)
        await run.odoo.save(
          model,
          writes.map((change) => ({ id: change.id, values: forWrite(run, model, change.toWrite) })),
          context,
        );
      return items;
    },
    settle: async (items, error) => {
      run.tally.unknown(1);
      await run.state.journal(
        items.map((change) => run.entry('unknown', change.action, Stage.record, change.id, { refusal: { name: error.failure, message: error.message } })),
      );
      const records = await run.read(
        model,
        items.map((change) => change.id),
        [...new Set(items.flatMap((change) => Object.keys(change.toWrite)))],
      );
      run.tally.unknown(-1);
      return items.map((change) => (areKept(run, model, change.toWrite, records.get(change.id)) ? change : null));
    },
  });
  await run.state.journal(
    sent.flatMap((outcome) => ('refusal' in outcome ? [deadLetter(run, outcome.item.action, Stage.record, outcome.item.id, outcome.refusal)] : [])),
  );
  return confirmUpdated(
    run,
    sent.flatMap((outcome) => ('answer' in outcome ? [outcome.item] : [])),
  );
}

async function guardDocuments(run: LoadRun, actions: readonly PlanAction[], found: ReadonlyMap<string, number>): Promise<Change[]> {
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
  const lineVerdicts = await guardLines(run, ready, found);
  const changes: Change[] = [];
  for (const action of ready) {
    const id = changedId(action, found);
    const now = records.get(id);
    const written = writtenValues(action, found);
    const verdict = verdictOf(run, action.entity, testedValues(action), written, now);
    const [badLine, lineVerdict] = lineVerdicts.get(action.seq) ?? [null, null];
    if (verdict.conflicts.length > 0) entries.push(conflict(run, action, Stage.record, id, verdict.conflicts));
    else if (badLine !== null && lineVerdict !== null) entries.push(conflict(run, action, Stage.record, id, lineVerdict.conflicts, badLine));
    else {
      // Begun before and written before the answer came: the values it replaced are those of the intent.
      const begun = run.settlement.begun(action.seq, Stage.record);
      const watched = watchedFields(run, action);
      const before =
        (begun?.before as Values | undefined) ?? pick(now, [...Object.keys(verdict.toWrite), ...watched, ...(watched.length > 0 ? stateFields : [])]);
      changes.push({ action, id, before, toWrite: verdict.toWrite, state: pick(now, stateFields) });
    }
  }
  await run.state.journal(entries);
  return changes;
}

/** Per action, the first line that a user changed. */
async function guardLines(
  run: LoadRun,
  actions: readonly PlanAction[],
  found: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<number, readonly [PlanAction['lines'][number], Verdict]>> {
  const bad = new Map<number, readonly [PlanAction['lines'][number], Verdict]>();
  const lines = actions.flatMap((action) => action.lines.filter((line) => line.odooId !== null && line.patch.length > 0).map((line) => ({ action, line })));
  for (const [name, group] of Map.groupBy(lines, ({ line }) => line.entity)) {
    const { model } = run.entity(name);
    const fields = [...new Set(group.flatMap(({ line }) => [...Object.keys(testedValues(line)), ...Object.keys(writtenValues(line, found))]))];
    const records = await run.read(
      model,
      group.map(({ line }) => line.odooId as number),
      fields,
    );
    for (const { action, line } of group) {
      const now = records.get(line.odooId as number);
      if (now === undefined && line.action === 'delete') continue;
      const verdict = verdictOf(run, name, testedValues(line), writtenValues(line, found), now);
      if (verdict.conflicts.length > 0 && !bad.has(action.seq)) bad.set(action.seq, [line, verdict]);
    }
  }
  return bad;
}

async function confirmUpdated(run: LoadRun, changes: readonly Change[]): Promise<OpenDocument[]> {
  const [first] = changes;
  if (first === undefined) return [];
  const { model } = run.entity(first.action.entity);
  const written = changes.filter((change) => Object.keys(change.before).length > 0);
  const records = await run.read(
    model,
    written.map((change) => change.id),
    [...new Set(written.flatMap((change) => Object.keys(change.before)))],
  );
  await run.state.journal(
    changes.map(({ action, id, before, toWrite }) => {
      const after = pick(records.get(id), Object.keys(before));
      const altered = [...noteAltered(run, action.entity, model, toWrite, after), ...notAgreed(run, model, toWrite, before)];
      return run.entry('answer', action, Stage.record, id, { ...ofLink(action), action: action.action, before, after, altered, lines: [] });
    }),
  );
  await run.link(changes.filter(({ action }) => action.action === 'link').map(({ action, id }) => ({ record: action, odooId: id, created: false })));
  const detached = await run.unlink(changes.flatMap(({ action }) => (action.action === 'detach' ? [action] : [])));
  return changes.map(({ action, id, toWrite, state }) => {
    const wrote = Object.keys(toWrite).length > 0 || action.action === 'link' || detached.has(action);
    return { action, id, state, wrote, ended: false };
  });
}

export function forWrite(run: LoadRun, model: string, values: Values): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).map(([field, value]: [string, WireValue]) => [field, writeValue(value, run.typeOf(model, field))]));
}
