/** New documents: guarded by External ID, sent by `load`, read back, linked. */
import type { PlanAction, PlannedRecord } from '../../domain/plan.ts';
import { writeValue } from '../plan/wire-value.ts';
import { areKept } from './guard.ts';
import { sendIsolating } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';
import { loadTable, nestedLines } from './load-table.ts';
import { blocked, conflict, deadLetter, journalLine, noteAltered, type OpenDocument, pick } from './open-document.ts';
import { resolveReferences, unresolved, writtenValues } from './references.ts';
import { sendRows } from './send-rows.ts';
import { Stage } from './stages.ts';

interface Created {
  readonly action: PlanAction;
  readonly id: number;
  /** Found by reading back, not told by the call. */
  readonly resolved: boolean;
}

/** Somebody else made a record under its External ID, or that of one of its lines, after it was looked for. */
interface Taken {
  readonly action: PlanAction;
  readonly taken: ReadonlyMap<string, { readonly model: string; readonly id: number }>;
}

/** `before`: by-products that were there before, per action; they go into the intent. */
export async function createDocuments(
  run: LoadRun,
  actions: readonly PlanAction[],
  before: ReadonlyMap<number, readonly { readonly model: string; readonly ids: readonly number[] }[]>,
): Promise<OpenDocument[]> {
  // What somebody else makes meanwhile under our names must neither be made twice nor overwritten: `load` would do the latter without a word.
  const [found, existing] = await Promise.all([
    resolveReferences(
      run,
      actions.flatMap((action) => [action, ...action.lines]),
    ),
    run.odoo.resolveExternalIds(actions.map((action) => action.externalId)),
    // The first batches would ask it in front of their calls, one after the other.
    run.guards(),
  ]);
  const { ready, entries } = await prepare(run, actions, found);
  const present = ready.filter((action) => existing.has(action.externalId));
  const opened = await adoptPresent(run, present, existing, found);
  const fresh = ready.filter((action) => !existing.has(action.externalId));
  for (const action of fresh) {
    const lines = nestedLines(action).map((line) => journalLine(line, null, null, null));
    entries.push(
      run.entry('intent', action, Stage.record, null, {
        action: 'create',
        before: null,
        sent: writtenValues(action, found),
        lines,
        byproducts: before.get(action.seq) ?? [],
      }),
    );
  }
  await run.state.journal(entries);
  // What a call without an answer was to make, and is there later on, it has made.
  const uncertain = new Set<PlanAction>();
  const sent = await sendIsolating<PlanAction, Created | Taken>(fresh, {
    backOff: run.backOff,
    send: (items) => makeDocuments(run, items, found, uncertain),
    settle: async (items, error) => {
      for (const action of items) uncertain.add(action);
      run.tally.unknown(1);
      await run.state.journal(
        items.map((action) => run.entry('unknown', action, Stage.record, null, { refusal: { name: error.failure, message: error.message } })),
      );
      const there = await run.odoo.resolveExternalIds(items.map((action) => action.externalId));
      run.tally.unknown(-1);
      return items.map((action) => {
        const record = there.get(action.externalId);
        return record === undefined ? null : { action, id: record.id, resolved: true };
      });
    },
  });
  const refusals = sent.flatMap((outcome) => ('refusal' in outcome ? [deadLetter(run, outcome.item, Stage.record, null, outcome.refusal)] : []));
  await run.state.journal(refusals);
  const answers = sent.flatMap((outcome) => ('answer' in outcome ? [outcome.answer] : []));
  const created = answers.flatMap((answer) => ('id' in answer ? [answer] : []));
  const taken = answers.flatMap((answer) => ('taken' in answer ? [answer] : []));
  return [...opened, ...(await confirmCreated(run, created, found)), ...(await endTaken(run, taken, found))];
}

/** One call, unless some are taken: those are left out, and the others sent again. */
async function makeDocuments(
  run: LoadRun,
  actions: readonly PlanAction[],
  found: ReadonlyMap<string, number>,
  uncertain: ReadonlySet<PlanAction>,
): Promise<readonly (Created | Taken)[]> {
  const [first] = actions;
  if (first === undefined) return [];
  const { model, context } = run.entity(first.entity);
  const documents = actions.map((action) => ({
    externalId: action.externalId,
    values: writtenValues(action, found),
    lines: nestedLines(action).map((line) => ({ externalId: line.externalId, values: writtenValues(line, found) })),
  }));
  const table = loadTable(documents, (field) => run.typeOf(model, field), nestedIn(run, actions));
  const externalIds = documents.flatMap(({ externalId, lines }) => [externalId, ...lines.map((line) => line.externalId)]);
  const result = await sendRows(run.odoo, model, table, externalIds, context);
  if ('ids' in result) return actions.map((action, index) => ({ action, id: result.ids[index] as number, resolved: false }));
  const { taken } = result;
  const isTaken = (action: PlanAction): boolean => [action, ...nestedLines(action)].some(({ externalId }) => taken.has(externalId));
  const made = await makeDocuments(
    run,
    actions.filter((action) => !isTaken(action)),
    found,
    uncertain,
  );
  const ours = new Map(made.map((one) => [one.action, one]));
  return actions.map((action) => {
    const own = taken.get(action.externalId);
    if (own !== undefined && uncertain.has(action) && own.model === model) return { action, id: own.id, resolved: true };
    return ours.get(action) ?? { action, taken };
  });
}

/** As what was there at the look; a line that is somebody else's keeps its document from being made. */
async function endTaken(run: LoadRun, all: readonly Taken[], found: ReadonlyMap<string, number>): Promise<OpenDocument[]> {
  const [themselves, byLine] = [
    all.filter(({ action, taken }) => taken.has(action.externalId)),
    all.filter(({ action, taken }) => !taken.has(action.externalId)),
  ];
  await run.state.journal(
    byLine.map(({ action, taken }) => {
      const line = nestedLines(action).find(({ externalId }) => taken.has(externalId));
      return conflict(run, action, Stage.record, null, [{ field: 'id', expected: null, found: taken.get(line?.externalId ?? '')?.id ?? null }], line);
    }),
  );
  const existing = new Map(themselves.flatMap(({ taken }) => [...taken]));
  return adoptPresent(
    run,
    themselves.map(({ action }) => action),
    existing,
    found,
  );
}

/** Actions whose references resolve; the others are blocked, since what they refer to failed. */
async function prepare(run: LoadRun, actions: readonly PlanAction[], found: ReadonlyMap<string, number>) {
  const [first] = actions;
  if (first !== undefined) await run.metadata(run.entity(first.entity).model);
  for (const entity of new Set(actions.flatMap((action) => action.lines.map((line) => line.entity)))) await run.metadata(run.entity(entity).model);
  const entries = [];
  const ready: PlanAction[] = [];
  for (const action of actions) {
    const missing = [action, ...action.lines].map((record) => unresolved(record, found)).find((reference) => reference !== null);
    if (missing === undefined) ready.push(action);
    else entries.push(blocked(run, action, `the ${missing.entity} it refers to was not loaded`));
  }
  return { ready, entries };
}

function nestedIn(run: LoadRun, actions: readonly PlanAction[]) {
  const line = actions.flatMap(nestedLines)[0];
  if (line === undefined) return null;
  const { in: field, model } = run.entity(line.entity);
  if (field === null) throw new Error(`${line.entity} is a line, and its binding names no field of the document that holds it`);
  return { field, types: (name: string): string => run.typeOf(model, name) };
}

/** The External ID is there already. This run made it (it was killed before the answer): settled. Another run made it: adopted when it holds what
 *  the plan wants, a conflict otherwise. */
async function adoptPresent(
  run: LoadRun,
  actions: readonly PlanAction[],
  existing: ReadonlyMap<string, { readonly model: string; readonly id: number }>,
  found: ReadonlyMap<string, number>,
): Promise<OpenDocument[]> {
  const [first] = actions;
  if (first === undefined) return [];
  const { model, context } = run.entity(first.entity);
  const target = (action: PlanAction) => existing.get(action.externalId) as { readonly model: string; readonly id: number };
  const ours = actions.filter((action) => run.settlement.begun(action.seq, Stage.record) !== null && target(action).model === model);
  const opened = await confirmCreated(
    run,
    ours.map((action) => ({ action, id: target(action).id, resolved: true })),
    found,
  );
  const others = actions.filter((action) => !ours.includes(action));
  const fields = [...new Set(others.flatMap((action) => Object.keys(writtenValues(action, found))))];
  const records = await run.read(
    model,
    others.filter((action) => target(action).model === model).map((action) => target(action).id),
    [...fields, 'active'],
  );
  for (const action of others) {
    const { id } = target(action);
    const values = records.get(id);
    const wanted = writtenValues(action, found);
    if (values === undefined || !areKept(run, model, wanted, values)) {
      const differing = Object.keys(wanted).filter((field) => !areKept(run, model, pick(wanted, [field]), values));
      const reason = differing.map((field) => ({ field, expected: wanted[field], found: values?.[field] ?? null }));
      await run.state.journal([conflict(run, action, Stage.record, id, reason)]);
      continue;
    }
    // What `unlink` only archives (bank accounts) comes back by being shown again; it cannot be created a second time.
    const revives = values['active'] === false && !('active' in wanted);
    if (revives) await run.odoo.save(model, [{ id, values: { active: writeValue(true, 'boolean') } }], context);
    await run.state.journal([
      run.entry('resolved', action, Stage.record, id, {
        action: 'link',
        before: revives ? { active: false } : {},
        after: revives ? { active: true } : {},
        lines: [],
      }),
    ]);
    await run.link([{ record: action, odooId: id, created: true }]);
    opened.push({ action, id, state: null, wrote: true, ended: false });
  }
  return opened;
}

/** Reads back what was made, writes the answers, and only then the crosswalk: a link without an answer could not be rolled back. */
async function confirmCreated(run: LoadRun, created: readonly Created[], found: ReadonlyMap<string, number>): Promise<OpenDocument[]> {
  const [first] = created;
  if (first === undefined) return [];
  const { model, stateFields } = run.entity(first.action.entity);
  const written = new Map(created.map(({ action }) => [action.seq, writtenValues(action, found)]));
  const nested = created.flatMap(({ action }) => nestedLines(action));
  const holder = nested[0] === undefined ? null : run.entity(nested[0].entity).in;
  const fields = [...new Set([...[...written.values()].flatMap(Object.keys), ...stateFields, ...(holder === null ? [] : [holder])])];
  const ids = created.map(({ id }) => id);
  const [records, lines] = await Promise.all([run.read(model, ids, fields), readLines(run, nested, found)]);
  const links: { record: PlannedRecord; odooId: number; created: boolean }[] = [];
  const entries = created.map(({ action, id, resolved }) => {
    const values = written.get(action.seq) ?? {};
    const after = pick(records.get(id), [...Object.keys(values), ...stateFields, ...(holder === null ? [] : [holder])]);
    const altered = noteAltered(run, action.entity, model, values, after);
    links.push({ record: action, odooId: id, created: true });
    const journaled = nestedLines(action).map((line) => {
      const there = lines.get(line.externalId);
      if (there !== undefined) links.push({ record: line, odooId: there.id, created: true });
      return journalLine(line, there?.id ?? null, null, there?.after ?? null, there?.altered);
    });
    return run.entry(resolved ? 'resolved' : 'answer', action, Stage.record, id, { action: 'create', before: null, after, altered, lines: journaled });
  });
  await run.state.journal(entries);
  await run.link(links);
  return created.map(({ action, id }) => ({ action, id, state: pick(records.get(id), stateFields), wrote: true, ended: false }));
}

/** The lines just made, by External ID. */
export async function readLines(
  run: LoadRun,
  lines: readonly PlannedRecord[],
  found: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, { readonly id: number; readonly after: Values; readonly altered: readonly string[] }>> {
  const result = new Map<string, { readonly id: number; readonly after: Values; readonly altered: readonly string[] }>();
  for (const [name, group] of Map.groupBy(lines, (line) => line.entity)) {
    const { model } = run.entity(name);
    const ids = await run.odoo.resolveExternalIds(group.map((line) => line.externalId));
    const written = new Map(group.map((line) => [line.externalId, writtenValues(line, found)]));
    const fields = [...new Set([...written.values()].flatMap(Object.keys))];
    const records = await run.read(
      model,
      [...ids.values()].map((record) => record.id),
      fields,
    );
    for (const line of group) {
      const record = ids.get(line.externalId);
      if (record === undefined) continue;
      const values = written.get(line.externalId) ?? {};
      const after = pick(records.get(record.id), Object.keys(values));
      result.set(line.externalId, { id: record.id, after, altered: noteAltered(run, name, model, values, after) });
    }
  }
  return result;
}
