/** Who depends on the records a rollback would delete: looked up in Odoo for many of them at once, before anything is done. */
import type { Holder, PlanAction } from '../../domain/plan.ts';
import { ownByproducts } from '../load/byproducts.ts';
import { referredIds } from '../load/guard-dependants.ts';
import type { LoadRun, Values } from '../load/load-run.ts';
import { Catalog, type Pointer } from '../match/merge-impact-catalog.ts';
import { delegatesOf } from './delegates.ts';

type Document = { readonly action: PlanAction; readonly id: number };

/** Chatter, presence and technical rows go with their record; they depend on nothing. */
const companions = /^(mail|bus|ir|base_import|web_tour|iap|sms|snailmail|rating|discuss)\./;

export class Dependants {
  readonly #run: LoadRun;
  readonly #catalog: Catalog;
  /** Model → records that will be gone: those the rollback deletes, children first, and what Odoo made for them. */
  readonly #going = new Map<string, Set<number>>();
  readonly #parts = new Map<string, Promise<readonly { readonly field: string; readonly model: string }[]>>();
  readonly #delegated = new Map<string, Promise<readonly string[]>>();
  readonly #bound: ReadonlySet<string>;

  constructor(run: LoadRun) {
    this.#run = run;
    this.#catalog = new Catalog(run.odoo);
    this.#bound = new Set(Object.values(run.manifest.entities).map(({ model }) => model));
  }

  /** What could not be looked at, in words. */
  get notChecked(): readonly string[] {
    return [...this.#catalog.notChecked].sort();
  }

  isGoing(model: string, id: number): boolean {
    return this.#going.get(model)?.has(id) ?? false;
  }

  /** These documents will be gone, with their lines. */
  goes(documents: readonly Document[]): void {
    for (const { action, id } of documents) {
      this.#go(this.#run.entity(action.entity).model, id);
      for (const line of action.lines) if (line.odooId !== null) this.#go(this.#run.entity(line.entity).model, line.odooId);
    }
  }

  /** Documents of one entity that are to be deleted → who holds them. What goes with them is told first, by `goes`; what is kept, by `stays`. */
  async holdersOf(documents: readonly Document[]): Promise<ReadonlyMap<number, readonly Holder[]>> {
    const [first] = documents;
    if (first === undefined) return new Map();
    const entity = this.#run.entity(first.action.entity);
    await this.#byproductsGo(documents);
    const lines = [...new Set(documents.flatMap(({ action }) => action.lines.map((line) => this.#run.entity(line.entity).model)))];
    const found = new Map<number, Holder[]>();
    for (const of of [entity.model, ...lines, ...(await this.#delegates(entity.model))]) {
      const owners = await referredIds(this.#run, { of }, documents);
      if (owners.size === 0) continue;
      const pointers = await this.#pointersTo(of, entity.model);
      // Side by side: there are dozens, and most of them name nothing.
      const counts = await Promise.all(pointers.map((pointer) => this.#held(pointer, of, owners)));
      for (const [index, { model, field }] of pointers.entries()) {
        for (const [id, count] of counts[index] ?? []) found.set(id, [...(found.get(id) ?? []), { model, field, of, count }]);
      }
    }
    return found;
  }

  /** They were taken to go, and stay. */
  stays(documents: readonly Document[]): void {
    for (const { action, id } of documents) {
      this.#going.get(this.#run.entity(action.entity).model)?.delete(id);
      for (const line of action.lines) if (line.odooId !== null) this.#going.get(this.#run.entity(line.entity).model)?.delete(line.odooId);
      for (const { model, ids } of action.steps.flatMap((step) => step.byproducts ?? [])) for (const one of ids) this.#going.get(model)?.delete(one);
    }
  }

  #go(model: string, id: number): void {
    const ids = this.#going.get(model) ?? new Set();
    this.#going.set(model, ids.add(id));
  }

  async #byproductsGo(documents: readonly Document[]): Promise<void> {
    const own = await ownByproducts(this.#run, documents, ['unlink', 'with']);
    for (const { action } of documents) {
      const made = [...action.steps.flatMap((step) => step.byproducts ?? []), ...(own.get(action.seq) ?? [])];
      for (const { model, ids } of made) for (const id of ids) this.#go(model, id);
    }
  }

  /** Models of which every record goes with one of this model, as a template with its last product. */
  #delegates(model: string): Promise<readonly string[]> {
    const known = this.#delegated.get(model) ?? this.#findDelegates(model);
    this.#delegated.set(model, known);
    return known;
  }

  async #findDelegates(model: string): Promise<readonly string[]> {
    return (await delegatesOf(this.#run.odoo, model)).flatMap((one) => (this.#bound.has(one.model) || companions.test(one.model) ? [] : [one.model]));
  }

  async #pointersTo(model: string, own: string): Promise<readonly Pointer[]> {
    const known = (await this.#catalog.pointersTo(model)).filter(({ kind, model: from }) => kind === 'many2one' && !companions.test(from));
    const bound = Object.values(this.#run.manifest.entities).flatMap((entity) => Object.keys(entity.fields).map((field) => ({ model: entity.model, field })));
    const missing: Pointer[] = [];
    for (const { model: from, field } of bound) {
      const described = (await this.#run.metadata(from)).get(field);
      if (described?.type !== 'many2one' || described.relation !== model || known.some((one) => one.model === from && one.field === field)) continue;
      missing.push({ model: from, field, kind: 'many2one', onDelete: 'set null', modelField: null, isOwn: false });
    }
    // Our own record is what makes a delegate ours.
    return model === own ? [...known, ...missing] : [...known, ...missing].filter(({ model: from }) => from !== own);
  }

  /** Document → how many records refer to it in this field and will not be gone. */
  async #held({ model, field }: Pointer, of: string, owners: ReadonlyMap<number, number>): Promise<ReadonlyMap<number, number>> {
    const counts = new Map<number, number>();
    const parts = await this.#partOf(model);
    const read = await this.#catalog.attempt(`${model}.${field}`, async () => {
      const ids = (await this.#run.odoo.searchIds(model, [[field, 'in', [...owners.keys()]]])).filter((id) => !this.isGoing(model, id));
      return ids.length === 0 ? new Map<number, Values>() : this.#run.read(model, ids, [field, ...parts.map((part) => part.field)]);
    });
    const others = [...(read ?? [])].filter(([id, record]) => {
      // A record may refer to itself, as a company that is its own commercial partner.
      if (model === of && record[field] === id) return false;
      return !parts.some((part) => this.isGoing(part.model, Number(record[part.field] ?? 0)));
    });
    const ours = await this.#goingWithOurs(
      model,
      others.map(([id]) => id),
    );
    for (const [id, record] of others) {
      const owner = owners.get(Number(record[field]));
      if (owner !== undefined && !ours.has(id)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    return counts;
  }

  /** Fields by which a record is part of something Odoo made for us, and goes with it, as a move with its receipt. */
  #partOf(model: string): Promise<readonly { readonly field: string; readonly model: string }[]> {
    const find = async (): Promise<readonly { readonly field: string; readonly model: string }[]> => {
      if (this.#bound.has(model)) return [];
      const made = new Set(Object.values(this.#run.manifest.entities).flatMap(({ byproducts }) => byproducts.map((rule) => rule.model)));
      const found = [];
      for (const field of (await this.#run.metadata(model)).values()) {
        if (field.type !== 'many2one' || field.relation === null || !field.store || !made.has(field.relation)) continue;
        const holder = await this.#run.odoo.fields(field.relation);
        if ([...holder.values()].some((one) => one.type === 'one2many' && one.relation === model)) found.push({ field: field.name, model: field.relation });
      }
      return found;
    };
    const known = this.#parts.get(model) ?? find();
    this.#parts.set(model, known);
    return known;
  }

  /** Records that are there for records of ours alone, all of which go, as the template of our product. */
  async #goingWithOurs(model: string, ids: readonly number[]): Promise<ReadonlySet<number>> {
    const going = new Set<number>();
    if (ids.length === 0 || this.#bound.has(model)) return going;
    for (const ours of this.#bound) {
      if (!(await this.#delegates(ours)).includes(model)) continue;
      const fields = await this.#run.metadata(ours);
      const through = [...fields.values()].find((field) => field.type === 'many2one' && field.required && field.relation === model);
      if (through === undefined) continue;
      const records = await this.#run.read(ours, await this.#run.odoo.searchIds(ours, [[through.name, 'in', ids]]), [through.name]);
      const held = new Set([...records].flatMap(([id, record]) => (this.isGoing(ours, id) ? [] : [Number(record[through.name])])));
      for (const record of records.values()) if (!held.has(Number(record[through.name]))) going.add(Number(record[through.name]));
    }
    return going;
  }
}
