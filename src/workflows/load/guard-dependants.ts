/** Before a record is deleted: does anybody depend on it? Then it is kept, and listed. */
import type { Holder, PlanAction } from '../../domain/plan.ts';
import { ownByproducts, usedByproducts } from './byproducts.ts';
import type { LoadRun, Values } from './load-run.ts';
import { deadLetter, type OpenDocument } from './open-document.ts';
import { Stage } from './stages.ts';

export const WRITERS = ['create_uid', 'write_uid'] as const;
/** Odoo's own user, who computes and schedules. */
const ROOT = 1;

/** Has somebody else than who made it written to a record, be it to a field that the load knows nothing of? */
export function isTouched({ create_uid: maker, write_uid: writer }: Values): boolean {
  return typeof writer === 'number' && writer !== maker && writer !== ROOT;
}

/** That as a conflict. */
export function touchOf(record: Values): { readonly field: string; readonly expected: unknown; readonly found: unknown } {
  return { field: 'write_uid', expected: record['create_uid'] ?? null, found: record['write_uid'] ?? null };
}

/** Somebody has worked with what Odoo made for a document, as goods that were received: taking back the document would leave that behind. */
export async function guardUsed(run: LoadRun, documents: readonly OpenDocument[]): Promise<OpenDocument[]> {
  // One whose deletion was begun was found unused then.
  const fresh = documents.filter(
    ({ action }) => run.settlement.begun(action.seq, 'delete') === null && !run.settlement.isAnswered(action.seq, Stage.byproducts),
  );
  const used = await usedByproducts(run, fresh);
  const entries = documents.flatMap((document) => {
    const by = used.get(document.action.seq);
    if (by === undefined) return [];
    document.ended = true;
    return [deadLetter(run, document.action, Stage.record, document.id, { name: 'used', message: usedWords(by) })];
  });
  await run.state.journal(entries);
  return documents.filter((document) => !document.ended);
}

/** Why a document is kept whose by-products were worked with. */
export function usedWords(by: readonly { readonly model: string }[]): string {
  return `kept: somebody has worked with its ${[...new Set(by.map(({ model }) => model))].join(', ')}`;
}

/** Odoo deletes some dependants silently with their parent (child categories, prices, bank accounts). Whatever still refers to a record was made or
 *  kept by somebody else: the record stays. */
export async function guardReferrers(run: LoadRun, documents: readonly OpenDocument[]): Promise<OpenDocument[]> {
  const [first] = documents;
  if (first === undefined) return [];
  const { model } = run.entity(first.action.entity);
  const ids = documents.map((document) => document.id);
  const held = new Map<number, string>();
  const children: { readonly child: number; readonly parent: number }[] = [];
  const made = [...(await ownByproducts(run, documents, ['unlink', 'with'])).values()].flat();
  const searched = (await referringFields(run, model)).map(async (one) => ({
    ...one,
    ids: await run.odoo.searchIds(one.entity.model, [[one.field, 'in', ids]]),
  }));
  for (const { name, entity, field, ids: all } of await Promise.all(searched)) {
    const leftovers = run.leftovers.get(entity.model) ?? new Set();
    const referrers = all.filter((id) => !leftovers.has(id));
    // What goes together with its document does not hold it, nor what Odoo made for it.
    const lines = documents.flatMap((document) => document.action.lines.filter((line) => run.entity(line.entity).model === entity.model));
    const byproducts = made.flatMap((one) => (one.model === entity.model ? one.ids : []));
    const own = new Set([...(entity.model === model ? ids : lines.map((line) => line.odooId)), ...byproducts]);
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
  for (const [id, by] of await stillHeld(run, documents)) held.set(id, by);
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

/** What the plan found to depend on these records, looked at again; document id → model. Bound fields are asked about above, whatever the plan found. */
async function stillHeld(run: LoadRun, documents: readonly OpenDocument[]): Promise<ReadonlyMap<number, string>> {
  const held = new Map<number, string>();
  const bound = new Set(Object.values(run.manifest.entities).flatMap(({ model, fields }) => Object.keys(fields).map((field) => `${model} ${field}`)));
  const holders = documents.flatMap((document) => (document.action.heldBy ?? []).map((holder) => ({ document, holder })));
  const groups = Map.groupBy(
    holders.filter(({ holder }) => !bound.has(`${holder.model} ${holder.field}`)),
    ({ holder: { model, field, of } }) => JSON.stringify([model, field, of]),
  );
  for (const group of groups.values()) {
    const [{ holder }] = group as [(typeof group)[number]];
    const owners = await referredIds(
      run,
      holder,
      group.map(({ document }) => document),
    );
    const ids = await run.odoo.searchIds(holder.model, [[holder.field, 'in', [...owners.keys()]]]);
    for (const record of (await run.read(holder.model, ids, [holder.field])).values()) {
      const owner = owners.get(Number(record[holder.field]));
      if (owner !== undefined) held.set(owner, holder.model);
    }
  }
  return held;
}

/** Id of the record that others refer to (the document itself, a line of it, or the record it is a part of) → id of the document. */
export async function referredIds(
  run: LoadRun,
  { of }: Pick<Holder, 'of'>,
  documents: readonly { readonly action: PlanAction; readonly id: number }[],
): Promise<ReadonlyMap<number, number>> {
  const [first] = documents;
  if (first === undefined) return new Map();
  const { model } = run.entity(first.action.entity);
  if (of === model) return new Map(documents.map(({ id }) => [id, id]));
  const lines = documents.flatMap(({ action, id }) =>
    action.lines.flatMap((line) => (run.entity(line.entity).model === of && line.odooId !== null ? [[line.odooId, id] as const] : [])),
  );
  if (lines.length > 0) return new Map(lines);
  const through = [...(await run.metadata(model)).values()].find((field) => field.type === 'many2one' && field.required && field.relation === of);
  if (through === undefined) return new Map();
  const records = await run.read(
    model,
    documents.map(({ id }) => id),
    [through.name],
  );
  return new Map([...records].flatMap(([id, record]) => (typeof record[through.name] === 'number' ? [[record[through.name] as number, id]] : [])));
}
