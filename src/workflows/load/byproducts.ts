/** Records that Odoo makes by itself when a document is loaded (receipts, price list entries): found, journaled, and taken back by a rollback. */

import type { PlanAction, PlannedEntity } from '../../domain/plan.ts';
import { OdooError } from '../../domain/ports.ts';
import { fieldOf } from '../plan/plan-record.ts';
import type { LoadRun, Values } from './load-run.ts';
import type { OpenDocument } from './open-document.ts';
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
  const entity = run.entity(first.entity);
  const subjects = await subjectsOf(
    run,
    actions.map((action) => ({ action, id: action.odooId })),
    found,
  );
  return findAll(run, entity, subjects, entity.byproducts);
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
  const entity = run.entity(first.action.entity);
  const subjects = await subjectsOf(run, documents, found);
  const now = await findAll(run, entity, subjects, entity.byproducts);
  return new Map([...now].map(([seq, list]) => [seq, without(list, before.get(seq) ?? [])]));
}

/** What a document refers to stands in its action when that writes it, and in Odoo otherwise. */
async function subjectsOf(
  run: LoadRun,
  documents: readonly { readonly action: PlanAction; readonly id: number | null }[],
  found: ReadonlyMap<string, number>,
): Promise<readonly Subject[]> {
  const entity = run.entity((documents[0]?.action ?? { entity: '' }).entity);
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

/** By-products a rollback deletes: those the rules find from the record itself. */
export async function ownByproducts(
  run: LoadRun,
  documents: readonly { readonly action: PlanAction; readonly id: number }[],
): Promise<ReadonlyMap<number, readonly Byproducts[]>> {
  const [first] = documents;
  if (first === undefined) return new Map();
  const entity = run.entity(first.action.entity);
  const rules = entity.byproducts.filter((rule) => rule.rollback === 'unlink' && (rule.through !== null || mentions(rule, '$id')));
  return findAll(
    run,
    entity,
    documents.map(({ action, id }) => ({ seq: action.seq, id, references: new Map() })),
    rules,
  );
}

/** Deletes by-products; what the user has no right to delete stays and is told. */
export async function unlinkByproducts(run: LoadRun, list: readonly Byproducts[]): Promise<void> {
  for (const [model, group] of Map.groupBy(list, (one) => one.model)) {
    const there = await run.read(
      model,
      group.flatMap((one) => one.ids),
      ['id'],
    );
    if (there.size === 0) continue;
    try {
      await run.odoo.unlink(model, [...there.keys()]);
    } catch (error) {
      if (!(error instanceof OdooError && error.failure === 'access')) throw error;
      run.ports.progress({ kind: 'warning', text: `${there.size} ${model} records made by Odoo stay: this user may not delete them` });
    }
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
