/** Deleting what a load made (rollback): guarded, led out of its state, its by-products and lines first, then the record. */
import type { PlanAction } from '../../domain/plan.ts';
import { takeSteps } from './apply-steps.ts';
import { type Byproducts, ownByproducts, unlinkByproducts, unlinkExisting } from './byproducts.ts';
import { guardRecord } from './guard.ts';
import { sendIsolating } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';
import { conflict, deadLetter, journalLine, type OpenDocument, pick } from './open-document.ts';
import { testedValues } from './references.ts';
import { Stage } from './stages.ts';

export async function deleteDocuments(run: LoadRun, actions: readonly PlanAction[]): Promise<void> {
  const guarded = await guardDeletes(run, actions);
  const documents = await guardReferrers(run, guarded);
  await run.state.journal(
    documents.map((document) => run.entry('intent', document.action, 'delete', document.id, { action: 'delete', before: document.state ?? {} })),
  );
  await takeSteps(run, documents, new Map());
  const left = documents.filter((document) => !document.ended && !run.settlement.isAnswered(document.action.seq, Stage.byproducts));
  await deleteByproducts(run, left, await ownByproducts(run, left));
  await deleteLines(
    run,
    documents.filter((document) => !document.ended),
  );
  await deleteRecords(
    run,
    documents.filter((document) => !document.ended),
  );
}

/** A record that is gone is what the rollback wants; one that a user changed stays. One whose deletion was begun was ours already. */
async function guardDeletes(run: LoadRun, actions: readonly PlanAction[]): Promise<OpenDocument[]> {
  const { model, stateFields } = run.entity((actions[0] as PlanAction).entity);
  const fields = [...new Set([...actions.flatMap((action) => Object.keys(testedValues(action))), ...stateFields])];
  const records = await run.read(
    model,
    actions.map((action) => action.odooId as number),
    fields,
  );
  const lines = await readTested(run, actions);
  const entries = [];
  const gone: PlanAction[] = [];
  const open: OpenDocument[] = [];
  for (const action of actions) {
    const id = action.odooId as number;
    const now = records.get(id);
    if (now === undefined) {
      entries.push(run.entry('resolved', action, Stage.record, id, { action: 'delete', before: null, after: null }));
      gone.push(action);
      continue;
    }
    const begun = run.settlement.begun(action.seq, 'delete') !== null;
    const verdict = guardRecord(run, action.seq, action, {}, now);
    const bad = action.lines.map((line) => ({
      line,
      verdict: guardRecord(run, action.seq, line, {}, lines.get(line.externalId)),
    }));
    const badLine = bad.find((one) => one.verdict.conflicts.length > 0);
    if (!begun && verdict.conflicts.length > 0) entries.push(conflict(run, action, Stage.record, id, verdict.conflicts));
    else if (!begun && badLine !== undefined) entries.push(conflict(run, action, Stage.record, id, badLine.verdict.conflicts, badLine.line));
    else open.push({ action, id, state: pick(now, stateFields), wrote: true, ended: false });
  }
  await run.state.journal(entries);
  await run.unlink(gone.flatMap((action) => [action, ...action.lines]));
  for (const action of gone) run.tally.end(action, run.settlement.begun(action.seq, 'delete') === null ? 'noop' : 'applied');
  return open;
}

async function readTested(run: LoadRun, actions: readonly PlanAction[]): Promise<ReadonlyMap<string, Values>> {
  const result = new Map<string, Values>();
  const lines = actions.flatMap((action) => action.lines);
  for (const [name, group] of Map.groupBy(lines, (line) => line.entity)) {
    const fields = [...new Set(group.flatMap((line) => Object.keys(testedValues(line))))];
    const records = await run.read(
      run.entity(name).model,
      group.map((line) => line.odooId as number),
      fields,
    );
    for (const line of group) {
      const record = records.get(line.odooId as number);
      if (record !== undefined) result.set(line.externalId, record);
    }
  }
  return result;
}

/** Odoo deletes some dependants silently with their parent (child categories, prices, bank accounts). Whatever still refers to a record was made or
 *  kept by somebody else: the record stays. */
async function guardReferrers(run: LoadRun, documents: readonly OpenDocument[]): Promise<OpenDocument[]> {
  const [first] = documents;
  if (first === undefined) return [];
  const { model } = run.entity(first.action.entity);
  const ids = documents.map((document) => document.id);
  const held = new Map<number, string>();
  const children: { readonly child: number; readonly parent: number }[] = [];
  const searched = (await referringFields(run, model)).map(async (one) => ({
    ...one,
    ids: await run.odoo.searchIds(one.entity.model, [[one.field, 'in', ids]]),
  }));
  for (const { name, entity, field, ids: all } of await Promise.all(searched)) {
    const leftovers = run.leftovers.get(entity.model) ?? new Set();
    const referrers = all.filter((id) => !leftovers.has(id));
    // What goes together with its document does not hold it.
    const lines = documents.flatMap((document) => document.action.lines.filter((line) => run.entity(line.entity).model === entity.model));
    const own = new Set(entity.model === model ? ids : lines.map((line) => line.odooId));
    const others = referrers.filter((id) => !own.has(id));
    const earlier = await leftoversOfEarlierRollbacks(run, name, others);
    const records = await run.read(
      entity.model,
      others.filter((id) => !earlier.has(id)),
      [field],
    );
    for (const record of records.values()) if (typeof record[field] === 'number') held.set(record[field], entity.model);
    if (entity.model === model)
      for (const [child, record] of await run.read(model, referrers, [field])) children.push({ child, parent: Number(record[field]) });
  }
  holdParents(held, children, model);
  const entries = documents.flatMap((document) => {
    const by = held.get(document.id);
    if (by === undefined) return [];
    document.ended = true;
    return [deadLetter(run, document.action, Stage.record, document.id, { name: 'referred-to', message: `kept: records of ${by} refer to it` })];
  });
  await run.state.journal(entries);
  return documents.filter((document) => !document.ended);
}

/** Fields of the plan's entities that refer to records of a model. */
async function referringFields(run: LoadRun, model: string) {
  const found = [];
  for (const [name, entity] of Object.entries(run.manifest.entities)) {
    const metadata = await run.metadata(entity.model);
    for (const field of Object.keys(entity.fields)) {
      if (metadata.get(field)?.type === 'many2one' && metadata.get(field)?.relation === model) found.push({ name, entity, field });
    }
  }
  return found;
}

/** Do records of the entity refer to others of it? Then those that are referred to go last. */
export async function refersToItself(run: LoadRun, name: string): Promise<boolean> {
  const { model } = run.entity(name);
  return (await referringFields(run, model)).some(({ entity }) => entity.model === model);
}

/** A child that stays keeps its parent, and that one its own: Odoo would delete the child with it. */
function holdParents(held: Map<number, string>, children: readonly { readonly child: number; readonly parent: number }[], model: string): void {
  let grown = true;
  while (grown) {
    const next = children.filter(({ child, parent }) => held.has(child) && !held.has(parent));
    for (const { parent } of next) held.set(parent, model);
    grown = next.length > 0;
  }
}

/** Records that we made and took back before, and that Odoo only archived: they bear our External ID, and no link leads to them any more. */
async function leftoversOfEarlierRollbacks(run: LoadRun, name: string, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const { model } = run.entity(name);
  const archived = [...(await run.read(model, ids, ['active']))].filter(([, record]) => record['active'] === false).map(([id]) => id);
  if (archived.length === 0) return new Set();
  const ours = await run.odoo.externalIds(model, archived, run.manifest.namespace);
  const left = new Map(ours);
  for await (const links of run.state.links(run.manifest.odoo.uuid, run.manifest.capability, name)) for (const link of links) left.delete(link.odooId);
  // They go with the record, by a cascade that leaves their External IDs behind.
  run.deletedExternalIds.push(...left.values());
  return new Set(left.keys());
}

/** `own`: by-products found from the records themselves, besides those the journal of the load names. */
export async function deleteByproducts(run: LoadRun, due: readonly OpenDocument[], own: ReadonlyMap<number, readonly Byproducts[]>): Promise<void> {
  const all = (document: OpenDocument): readonly Byproducts[] => [
    ...document.action.steps.flatMap((step) => step.byproducts ?? []),
    ...(own.get(document.action.seq) ?? []),
  ];
  const withSome = due.filter((document) => all(document).length > 0);
  if (withSome.length === 0) return;
  await run.state.journal(withSome.map((document) => run.entry('intent', document.action, Stage.byproducts, document.id, { byproducts: all(document) })));
  const sent = await sendIsolating<OpenDocument, OpenDocument>(withSome, {
    backOff: run.backOff,
    send: async (items) => {
      await unlinkByproducts(run, items.flatMap(all));
      return items;
    },
    settle: async (items) => items.map(() => null),
  });
  await end(run, sent, Stage.byproducts);
  await run.state.journal(
    withSome
      .filter((document) => !document.ended)
      .map((document) => run.entry('answer', document.action, Stage.byproducts, document.id, { byproducts: all(document) })),
  );
}

/** Lines go by themselves: deleting their document would take them along but leave their External IDs behind. */
async function deleteLines(run: LoadRun, documents: readonly OpenDocument[]): Promise<void> {
  const due = documents.filter((document) => document.action.lines.length > 0 && !run.settlement.isAnswered(document.action.seq, Stage.linesDelete));
  for (const name of new Set(due.flatMap((document) => document.action.lines.map((line) => line.entity)))) {
    const { model, context } = run.entity(name);
    const idsOf = (document: OpenDocument): number[] =>
      document.action.lines.flatMap((line) => (line.entity === name && line.odooId !== null ? [line.odooId] : []));
    const sent = await sendIsolating<OpenDocument, OpenDocument>(
      due.filter((document) => !document.ended),
      {
        backOff: run.backOff,
        send: async (items) => {
          await unlinkExisting(run, model, items.flatMap(idsOf), context);
          return items;
        },
        settle: async (items) => items.map(() => null),
      },
    );
    await end(run, sent, Stage.linesDelete);
  }
  const done = due.filter((document) => !document.ended);
  await run.state.journal(
    done.map((document) =>
      run.entry('answer', document.action, Stage.linesDelete, document.id, {
        lines: document.action.lines.map((line) => journalLine(line, line.odooId, testedValues(line), null)),
      }),
    ),
  );
  await run.unlink(done.flatMap((document) => document.action.lines));
}

async function deleteRecords(run: LoadRun, documents: readonly OpenDocument[]): Promise<void> {
  const [first] = documents;
  if (first === undefined) return;
  const { model, context } = run.entity(first.action.entity);
  await run.state.journal(
    documents.map((document) => run.entry('intent', document.action, Stage.record, document.id, { action: 'delete', before: testedValues(document.action) })),
  );
  const sent = await sendIsolating<OpenDocument, OpenDocument>(documents, {
    backOff: run.backOff,
    send: async (items) => {
      await unlinkExisting(
        run,
        model,
        items.map((item) => item.id),
        context,
      );
      return items;
    },
    settle: async (items) => {
      const left = await run.read(
        model,
        items.map((item) => item.id),
        ['id'],
      );
      return items.map((item) => (left.has(item.id) ? null : item));
    },
  });
  await end(run, sent, Stage.record);
  const done = documents.filter((document) => !document.ended);
  const left = await run.read(
    model,
    done.map((document) => document.id),
    ['id'],
  );
  if (left.size > 0) run.leftovers.set(model, new Set([...(run.leftovers.get(model) ?? []), ...left.keys()]));
  await run.state.journal(
    done.map((document) =>
      run.entry('answer', document.action, Stage.record, document.id, {
        action: 'delete',
        before: testedValues(document.action),
        after: left.has(document.id) ? { active: false } : null,
      }),
    ),
  );
  await run.unlink(done.map((document) => document.action));
  run.deletedExternalIds.push(...done.flatMap(({ action }) => [action.externalId, ...action.lines.map((line) => line.externalId)]));
  for (const document of done) run.tally.end(document.action, 'applied');
}

async function end(run: LoadRun, sent: Awaited<ReturnType<typeof sendIsolating<OpenDocument, OpenDocument>>>, stage: string): Promise<void> {
  for (const outcome of sent) {
    if (!('refusal' in outcome) || outcome.item.ended) continue;
    outcome.item.ended = true;
    await run.state.journal([deadLetter(run, outcome.item.action, stage, outcome.item.id, outcome.refusal)]);
  }
}
