/** Deleting what a load made (rollback): guarded, led out of its state, its by-products and lines first, then the record. */
import type { PlanAction } from '../../domain/plan.ts';
import { takeSteps } from './apply-steps.ts';
import { type Byproducts, ownByproducts, unlinkByproducts, unlinkExisting } from './byproducts.ts';
import { guardRecord } from './guard.ts';
import { guardReferrers, guardUsed, isTouched, touchOf, WRITERS } from './guard-dependants.ts';
import { sendIsolating } from './isolate.ts';
import type { LoadRun, Values } from './load-run.ts';
import { conflict, deadLetter, journalLine, type OpenDocument, pick } from './open-document.ts';
import { testedValues } from './references.ts';
import { Stage } from './stages.ts';

export async function deleteDocuments(run: LoadRun, actions: readonly PlanAction[]): Promise<void> {
  const guarded = await guardDeletes(run, actions);
  const documents = await guardReferrers(run, await guardUsed(run, guarded));
  await run.state.journal(
    documents.map((document) => run.entry('intent', document.action, 'delete', document.id, { action: 'delete', before: document.state ?? {} })),
  );
  await takeSteps(run, documents, new Map());
  const left = documents.filter((document) => !document.ended && !run.settlement.isAnswered(document.action.seq, Stage.byproducts));
  await deleteByproducts(run, left, await ownByproducts(run, left, ['unlink']));
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
  const fields = [...new Set([...actions.flatMap((action) => Object.keys(testedValues(action))), ...stateFields, ...WRITERS])];
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
    const touchedLine = begun ? undefined : action.lines.find((line) => isTouched(lines.get(line.externalId) ?? {}));
    const badLine = bad.find((one) => one.verdict.conflicts.length > 0);
    if (!begun && verdict.conflicts.length > 0) entries.push(conflict(run, action, Stage.record, id, verdict.conflicts));
    else if (!begun && isTouched(now)) entries.push(conflict(run, action, Stage.record, id, [touchOf(now)]));
    else if (!begun && badLine !== undefined) entries.push(conflict(run, action, Stage.record, id, badLine.verdict.conflicts, badLine.line));
    else if (touchedLine !== undefined) entries.push(conflict(run, action, Stage.record, id, [touchOf(lines.get(touchedLine.externalId) ?? {})], touchedLine));
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
    const fields = [...new Set([...group.flatMap((line) => Object.keys(testedValues(line))), ...WRITERS])];
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
