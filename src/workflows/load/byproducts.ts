/** Records that Odoo makes by itself when a document is loaded (receipts, price list entries): found, journaled, and taken back by a rollback. */

import type { PlanAction, PlannedEntity } from '../../domain/plan.ts';
import { OdooError } from '../../domain/ports.ts';
import { fieldOf } from '../plan/plan-record.ts';
import type { LoadRun, Values } from './load-run.ts';
import type { OpenDocument } from './open-document.ts';
import { readsAs } from './reads-as.ts';
import { isReference, referenceName } from './references.ts';

export interface Byproducts {
  readonly model: string;
  readonly ids: readonly number[];
}

type Rule = PlannedEntity['byproducts'][number];
/** A document as by-products see it: its id (null before it is made) and Odoo id by canonical reference field. */
interface Subject {
  readonly seq: number;
  readonly id: number | null;
  readonly references: ReadonlyMap<string, number>;
}

/** What is there before the documents are made: only rules that look at records they refer to can find anything. */
export async function byproductsBefore(
  run: LoadRun,
  actions: readonly PlanAction[],
  found: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<number, readonly Byproducts[]>> {
  const [first] = actions;
  if (first === undefined) return new Map();
  const due = actions.filter((action) => rulesFor(run, action).length > 0);
  const subjects = await subjectsOf(
    run,
    due.map((action) => ({ action, id: action.odooId })),
    found,
  );
  return findAll(run, run.entity(first.entity), subjects, rulesFor(run, due[0] ?? first));
}

/** Everything found now that was not there before, per document; journaled by the caller. */
export async function byproductsAfter(
  run: LoadRun,
  documents: readonly OpenDocument[],
  found: ReadonlyMap<string, number>,
  before: ReadonlyMap<number, readonly Byproducts[]>,
): Promise<ReadonlyMap<number, readonly Byproducts[]>> {
  const [first] = documents;
  if (first === undefined) return new Map();
  const due = documents.filter(({ action }) => rulesFor(run, action).length > 0);
  const subjects = await subjectsOf(run, due, found);
  const now = await findAll(run, run.entity(first.action.entity), subjects, rulesFor(run, (due[0] ?? first).action));
  return new Map([...now].map(([seq, list]) => [seq, without(list, before.get(seq) ?? [])]));
}

/** What a document refers to stands in its action when that writes it, and in Odoo otherwise. */
async function subjectsOf(
  run: LoadRun,
  documents: readonly { readonly action: PlanAction; readonly id: number | null }[],
  found: ReadonlyMap<string, number>,
): Promise<readonly Subject[]> {
  const [first] = documents;
  if (first === undefined) return [];
  const entity = run.entity(first.action.entity);
  const wanted = Object.entries(entity.fields).flatMap(([odoo, { field }]) =>
    field !== null && entity.byproducts.some((rule) => mentions(rule, `$${field}`)) ? [{ odoo, field }] : [],
  );
  const subjects = documents.map(({ action, id }) => ({ seq: action.seq, id, references: new Map(referencesOf(entity, action, found)) }));
  const incomplete = subjects.filter(({ id, references }) => id !== null && wanted.some(({ field }) => !references.has(field)));
  const records = await run.read(
    entity.model,
    incomplete.map(({ id }) => id as number),
    wanted.map(({ odoo }) => odoo),
  );
  for (const { id, references } of incomplete) {
    for (const { odoo, field } of wanted) {
      const value = records.get(id as number)?.[odoo];
      if (!references.has(field) && typeof value === 'number') references.set(field, value);
    }
  }
  return subjects;
}

/** What has to be noted. A new record's own by-products are found through it when it is taken back, and none are made without the step that makes
 *  them. Documents of a batch are all new or all there before; those that are new and take other steps than the first find nothing. */
function rulesFor(run: LoadRun, action: PlanAction): readonly Rule[] {
  const { byproducts } = run.entity(action.entity);
  if (action.action !== 'create') return byproducts;
  return byproducts.filter((rule) => !isOwn(rule) && (typeof rule.step !== 'string' || action.steps.some(({ name }) => name === rule.step)));
}

/** Can it be found from the record itself? */
function isOwn(rule: Rule): boolean {
  return rule.through !== null || mentions(rule, '$id');
}

/** By-products that go when a rollback deletes the record, of those the rules find from the record itself: what it deletes (`unlink`), and what Odoo deletes
 *  together with the record (`with`). */
export async function ownByproducts(
  run: LoadRun,
  documents: readonly { readonly action: PlanAction; readonly id: number }[],
  going: readonly Rule['rollback'][],
): Promise<ReadonlyMap<number, readonly Byproducts[]>> {
  const [first] = documents;
  if (first === undefined) return new Map();
  const entity = run.entity(first.action.entity);
  const rules = entity.byproducts.filter((rule) => going.includes(rule.rollback) && isOwn(rule));
  return findAll(
    run,
    entity,
    documents.map(({ action, id }) => ({ seq: action.seq, id, references: new Map() })),
    rules,
  );
}

/** By-products that somebody has worked with, as goods that were received: the document they belong to is kept. Of a record that was there before, only
 *  those that the load is known to have made. */
export async function usedByproducts(
  run: LoadRun,
  documents: readonly { readonly action: PlanAction; readonly id: number }[],
): Promise<ReadonlyMap<number, readonly Byproducts[]>> {
  const [first] = documents;
  const rules = first === undefined ? [] : run.entity(first.action.entity).byproducts.filter((rule) => isSet(rule.used) && rule.rollback === 'unlink');
  if (first === undefined || rules.length === 0) return new Map();
  const created = documents.filter(({ action }) => action.action === 'delete');
  const own = await findAll(
    run,
    run.entity(first.action.entity),
    created.map(({ action, id }) => ({ seq: action.seq, id, references: new Map() })),
    rules.filter(isOwn),
  );
  const made = documents.map(({ action }) => ({
    seq: action.seq,
    list: [...action.steps.flatMap((step) => step.byproducts ?? []), ...(own.get(action.seq) ?? [])],
  }));
  const used = new Map<number, Byproducts[]>();
  for (const { model, used: reading } of rules) {
    const ids = made.flatMap(({ list }) => list.flatMap((one) => (one.model === model ? one.ids : [])));
    const records = await run.read(model, ids, Object.keys(reading ?? {}));
    for (const { seq, list } of made) {
      const touched = new Set(list.flatMap((one) => (one.model === model ? one.ids : [])).filter((id) => readsAs(records.get(id) ?? {}, reading ?? {})));
      if (touched.size > 0) used.set(seq, [...(used.get(seq) ?? []), { model, ids: [...touched] }]);
    }
  }
  return used;
}

function isSet<Thing>(thing: Thing | null | undefined): thing is Thing {
  return thing !== null && thing !== undefined;
}

/** Deletes by-products; what the user has no right to delete stays and is told. */
export async function unlinkByproducts(run: LoadRun, list: readonly Byproducts[]): Promise<void> {
  for (const [model, group] of Map.groupBy(list, (one) => one.model)) {
    const ids = [...new Set(group.flatMap((one) => one.ids))];
    try {
      await unlinkExisting(run, model, ids, {});
    } catch (error) {
      if (!(error instanceof OdooError && error.failure === 'access')) throw error;
      run.ports.progress({ kind: 'warning', text: `${ids.length} ${model} records made by Odoo stay: this user may not delete them` });
    }
  }
}

/** Odoo refuses the whole call when one of the records is gone already; only then is it asked which are left. */
export async function unlinkExisting(run: LoadRun, model: string, ids: readonly number[], context: Readonly<Record<string, unknown>>): Promise<void> {
  if (ids.length === 0) return;
  try {
    await run.odoo.unlink(model, ids, context);
  } catch (error) {
    if (!(error instanceof OdooError && error.failure === 'missing-record')) throw error;
    const left = [...(await run.read(model, ids, ['id'])).keys()];
    if (left.length > 0) await run.odoo.unlink(model, left, context);
  }
}

async function findAll(
  run: LoadRun,
  entity: PlannedEntity,
  subjects: readonly Subject[],
  rules: readonly Rule[],
): Promise<ReadonlyMap<number, readonly Byproducts[]>> {
  const result = new Map<number, Byproducts[]>(subjects.map((subject) => [subject.seq, []]));
  const known = await throughFields(run, entity.model, rules, subjects);
  for (const rule of rules) {
    const found = rule.through === null ? await byDomain(run, rule, subjects) : byField(known, rule.through, subjects);
    for (const [seq, ids] of found) if (ids.length > 0) result.get(seq)?.push({ model: rule.model, ids });
  }
  return result;
}

/** The relational fields that name by-products, of all documents in one read. */
async function throughFields(run: LoadRun, model: string, rules: readonly Rule[], subjects: readonly Subject[]): Promise<ReadonlyMap<number, Values>> {
  const metadata = await run.metadata(model);
  const fields = rules.flatMap(({ through }) => (through !== null && metadata.has(through) ? [through] : []));
  const ids = subjects.flatMap(({ id }) => (id === null ? [] : [id]));
  return fields.length === 0 ? new Map() : run.read(model, ids, fields);
}

function byField(records: ReadonlyMap<number, Values>, field: string, subjects: readonly Subject[]): ReadonlyMap<number, readonly number[]> {
  return new Map(
    subjects.flatMap(({ seq, id }) => {
      const value = id === null ? null : (records.get(id)?.[field] ?? null);
      const ids = Array.isArray(value) ? (value as readonly number[]) : typeof value === 'number' ? [value] : [];
      return ids.length === 0 ? [] : [[seq, ids] as const];
    }),
  );
}

/** One search for all documents: each placeholder becomes the list of all their values; what is found is then given to the document it fits. */
async function byDomain(run: LoadRun, rule: Rule, subjects: readonly Subject[]): Promise<ReadonlyMap<number, readonly number[]>> {
  const leaves = (rule.domain ?? []) as readonly (readonly [string, string, unknown])[];
  const bound = leaves.filter(([, , value]) => typeof value === 'string' && value.startsWith('$') && value !== '$user');
  const fitting = subjects.filter((subject) => bound.every(([, , value]) => subjectValue(String(value), subject) !== null));
  if (fitting.length === 0 || bound.length === 0) return new Map();
  const domain = leaves.map((leaf) => {
    const [field, operator, value] = leaf;
    if (value === '$user') return [field, operator, run.userId];
    return bound.includes(leaf) ? [field, 'in', [...new Set(fitting.map((subject) => subjectValue(String(value), subject)))]] : leaf;
  });
  if (!(await hasModel(run, rule.model))) return new Map();
  const ids = await run.odoo.searchIds(rule.model, domain);
  const records = await run.read(
    rule.model,
    ids,
    bound.map(([field]) => field),
  );
  return new Map(
    fitting.map((subject) => [
      subject.seq,
      ids.filter((id) => bound.every(([field, , value]) => records.get(id)?.[field] === subjectValue(String(value), subject))),
    ]),
  );
}

/** A binding may name by-products of apps that this Odoo does not have. */
async function hasModel(run: LoadRun, model: string): Promise<boolean> {
  try {
    await run.metadata(model);
    return true;
  } catch (error) {
    if (error instanceof OdooError && (error.failure === 'missing-model' || error.failure === 'access')) return false;
    throw error;
  }
}

function subjectValue(placeholder: string, subject: Subject): number | null {
  return placeholder === '$id' ? subject.id : (subject.references.get(placeholder.slice(1)) ?? null);
}

function mentions(rule: Rule, placeholder: string): boolean {
  return JSON.stringify(rule.domain ?? []).includes(JSON.stringify(placeholder));
}

/** Canonical reference field → Odoo id, from the values the action writes. */
function referencesOf(entity: PlannedEntity, action: PlanAction, found: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const result = new Map<string, number>();
  for (const operation of action.patch) {
    if (operation.op !== 'add' && operation.op !== 'replace') continue;
    const name = entity.fields[fieldOf(operation.path)]?.field;
    const value: unknown = isReference(operation.value) ? found.get(referenceName(operation.value.$ref)) : operation.value;
    if (name !== null && name !== undefined && typeof value === 'number') result.set(name, value);
  }
  return result;
}

function without(list: readonly Byproducts[], before: readonly Byproducts[]): readonly Byproducts[] {
  const known = new Set(before.flatMap(({ model, ids }) => ids.map((id) => `${model} ${id}`)));
  return list.map(({ model, ids }) => ({ model, ids: ids.filter((id) => !known.has(`${model} ${id}`)) })).filter(({ ids }) => ids.length > 0);
}
