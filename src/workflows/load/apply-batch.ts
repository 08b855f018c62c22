/** One batch of documents of one entity, from its guards to its last step. */
import type { PlanAction } from '../../domain/plan.ts';
import { createDocuments } from './apply-creates.ts';
import { deleteByproducts, deleteDocuments } from './apply-deletes.ts';
import { applyLinesOf } from './apply-lines-together.ts';
import { takeSteps } from './apply-steps.ts';
import { updateDocuments } from './apply-updates.ts';
import { type Byproducts, byproductsAfter, byproductsBefore } from './byproducts.ts';
import { guardUsed } from './guard-dependants.ts';
import type { LoadRun } from './load-run.ts';
import type { OpenDocument } from './open-document.ts';
import { referenceName, resolveReferences } from './references.ts';
import { Stage } from './stages.ts';

/** All actions are of one entity and one kind (creates, changes, or deletes). */
export async function applyBatch(run: LoadRun, actions: readonly PlanAction[]): Promise<void> {
  const [first] = actions;
  if (first === undefined) return;
  await run.metadata(run.entity(first.entity).model);
  for (const line of new Set(actions.flatMap((action) => action.lines.map((record) => record.entity)))) await run.metadata(run.entity(line).model);
  if (first.action === 'delete') {
    await deleteDocuments(run, actions);
    return;
  }
  const found = await resolveReferences(
    run,
    actions.flatMap((action) => [action, ...action.lines]),
  );
  const begun = actions.filter((action) => run.settlement.isAnswered(action.seq, Stage.record));
  const fresh = actions.filter((action) => !begun.includes(action));
  const isWithout = run.manifest.kind === 'rollback' || run.entity(first.entity).byproducts.length === 0;
  const before = isWithout ? new Map<number, readonly Byproducts[]>() : await beforeOf(run, actions, found);
  const opened = await openBegun(run, begun);
  if (fresh.length > 0) opened.push(...(await (first.action === 'create' ? createDocuments : updateDocuments)(run, fresh, before)));
  const unmoved = opened.filter((document) => document.isMoved !== true);
  if (run.manifest.kind === 'rollback') {
    await guardUsed(run, unmoved);
    // Back to its state first: lines of a confirmed order can neither be deleted nor made again as they were.
    await takeSteps(run, unmoved, found);
    await applyLinesOf(run, opened, found);
    await takeBackByproducts(run, unmoved);
  } else {
    await applyLinesOf(run, opened, found);
    await takeSteps(run, unmoved, found);
    await noteByproducts(run, opened, found, before);
  }
  for (const { action, ended, hasConflict, wrote } of opened) if (!ended) run.tally.end(action, hasConflict === true ? 'conflict' : wrote ? 'applied' : 'noop');
}

/** What the intent of an interrupted run says was there before it counts; what is there now may be its own work. */
async function beforeOf(run: LoadRun, actions: readonly PlanAction[], found: ReadonlyMap<string, number>): Promise<ReadonlyMap<number, readonly Byproducts[]>> {
  const now = new Map(await byproductsBefore(run, actions, found));
  for (const action of actions) {
    const journaled = run.settlement.before(action.seq);
    if (journaled !== null) now.set(action.seq, journaled);
  }
  return now;
}

/** Documents whose record was answered before this process began; their ids are in the crosswalk, or in the plan. */
async function openBegun(run: LoadRun, actions: readonly PlanAction[]): Promise<OpenDocument[]> {
  const ids = new Map<string, number>();
  for (const group of Map.groupBy(actions, (action) => JSON.stringify([action.entity, action.system])).values()) {
    const { entity, system } = group[0] as PlanAction;
    const links = await run.state.linksOf(
      run.manifest.odoo.uuid,
      entity,
      system,
      group.map((action) => action.key),
    );
    for (const link of links.values()) ids.set(referenceName(link), link.odooId);
  }
  return actions.map((action) => {
    const id = action.odooId ?? run.settlement.odooId(action.seq) ?? ids.get(referenceName(action));
    if (id === undefined || id === null) throw new Error(`action ${action.seq} was answered, and its record is not known`);
    const [hasConflict, isMoved] = [run.settlement.hasConflict(action.seq), run.settlement.isMoved(action, run.entity(action.entity))];
    return { action, id, state: null, wrote: true, ended: false, hasConflict, isMoved };
  });
}

/** What Odoo made while the load changed a record that was there before. */
async function takeBackByproducts(run: LoadRun, documents: readonly OpenDocument[]): Promise<void> {
  const due = documents.filter((document) => !document.ended && !run.settlement.isAnswered(document.action.seq, Stage.byproducts));
  const [first] = due;
  if (first === undefined || run.entity(first.action.entity).byproducts.length === 0) return;
  const some = due.filter(({ action }) => action.steps.some((step) => step.byproducts !== undefined));
  await deleteByproducts(run, some, new Map());
  const none = due.filter((document) => !some.includes(document));
  await run.state.journal(none.map((document) => run.entry('answer', document.action, Stage.byproducts, document.id, { byproducts: [] })));
}

async function noteByproducts(
  run: LoadRun,
  documents: readonly OpenDocument[],
  found: ReadonlyMap<string, number>,
  before: ReadonlyMap<number, readonly Byproducts[]>,
): Promise<void> {
  // Also of documents that ended early: a refused step may come after one that made something.
  const due = documents.filter((document) => document.wrote && !run.settlement.isAnswered(document.action.seq, Stage.byproducts));
  const [first] = due;
  if (first === undefined || run.entity(first.action.entity).byproducts.length === 0) return;
  const made = await byproductsAfter(run, due, found, before);
  await run.state.journal(
    due.map((document) => run.entry('answer', document.action, Stage.byproducts, document.id, { byproducts: made.get(document.action.seq) ?? [] })),
  );
}
