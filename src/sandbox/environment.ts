/** What one call sees: the database, the context it came with, and the moment its transaction began. */
import type { Database } from './database.ts';
import { compileDomain } from './domain-filter.ts';
import { valueError } from './errors.ts';
import { emptyValue, type Field, type Model } from './model.ts';
import { type Comparison, orderingOf } from './ordering.ts';
import { visibleRows } from './record-rules.ts';
import { nowText } from './time.ts';
import { isList, isTruthy, type Json, type JsonObject, type Row, represent, type Value } from './values.ts';

export interface SearchOptions {
  readonly offset?: number;
  readonly limit?: number | null;
  readonly order?: string | null;
  readonly activeTest?: boolean;
}

export class Environment {
  readonly database: Database;
  readonly context: JsonObject;
  readonly userId: number;
  readonly now: string;
  readonly #orderings = new Map<Model, Comparison>();

  constructor(database: Database, context: JsonObject, userId: number, now: string = nowText()) {
    this.database = database;
    this.context = context;
    this.userId = userId;
    this.now = now;
  }

  withContext(changes: JsonObject): Environment {
    return new Environment(this.database, { ...this.context, ...changes }, this.userId, this.now);
  }

  model(name: string): Model {
    return this.database.model(name);
  }

  row(model: string, id: number): Row | undefined {
    return this.model(model).table.get(id);
  }

  /** A field of a row, computed or stored, as `read` with `load: null` would answer it. */
  value(model: Model, row: Row, field: Field): Value {
    const compute = model.behaviour.computes?.[field.name];
    if (compute) return compute(this, row);
    if (field.related) return this.followPath(model, row, field, field.related);
    if (field.type === 'one2many') return this.children(field, row.id);
    if (field.name === 'display_name') return this.displayName(model, row);
    return row[field.name] ?? emptyValue(field);
  }

  /** The same by names, for the models' own use. Throws on an unknown field. */
  get(model: string, id: number, name: string): Value {
    const definition = this.model(model);
    const field = definition.fields.get(name);
    const row = definition.table.get(id);
    if (!field) throw valueError(`Invalid field ${represent(name)} on ${represent(model)}`);
    return row ? this.value(definition, row, field) : emptyValue(field);
  }

  private followPath(model: Model, row: Row, field: Field, path: string): Value {
    let [current, at]: [Model, Row | undefined] = [model, row];
    const names = path.split('.');
    for (const [index, name] of names.entries()) {
      const step = current.fields.get(name);
      if (!step || !at) return emptyValue(field);
      const value = this.value(current, at, step);
      if (index === names.length - 1) return value;
      const id = typeof value === 'object' ? value[0] : value;
      current = this.model(step.relation ?? '');
      at = typeof id === 'number' ? current.table.get(id) : undefined;
    }
    return emptyValue(field);
  }

  /** Ids of a one2many, archived ones too, in no particular order. */
  childIds(field: Field, id: number): number[] {
    return [...this.model(field.relation ?? '').table.find(field.relation_field ?? '', id)];
  }

  private children(field: Field, id: number): readonly number[] {
    return this.visible(this.model(field.relation ?? ''), this.childIds(field, id));
  }

  /** Records as an x2many shows them: in their model's order, archived ones only when the context asks for them. */
  visible(model: Model, ids: readonly number[]): number[] {
    const rows = ids.map((id) => model.table.get(id)).filter((row) => row !== undefined);
    const shown = model.fields.has('active') && this.context.active_test !== false ? rows.filter((row) => row.active === true) : rows;
    if (shown.length > 1) shown.sort(this.ordering(model));
    return shown.map((row) => row.id);
  }

  private ordering(model: Model): Comparison {
    let ordering = this.#orderings.get(model);
    if (!ordering) {
      ordering = withIdLast(orderingOf(this, model, model.order));
      this.#orderings.set(model, ordering);
    }
    return ordering;
  }

  displayName(model: Model, row: Row): string {
    const compute = model.behaviour.computes?.display_name;
    if (compute) return String(compute(this, row));
    const field = model.fields.get(model.behaviour.recordName ?? 'name');
    if (!field) return `${model.name},${row.id}`;
    const value = this.value(model, row, field);
    if (field.type === 'many2one' && typeof value === 'number') return this.nameOf(field.relation ?? '', value);
    return value === false ? '' : String(value);
  }

  nameOf(model: string, id: number): string {
    const definition = this.model(model);
    const row = definition.table.get(id);
    return row ? this.displayName(definition, row) : '';
  }

  searchIds(modelName: string, domain: Json, options: SearchOptions = {}): number[] {
    const model = this.model(modelName);
    const filter = compileDomain(this, model, domain);
    const activeTest = (options.activeTest ?? this.context.active_test !== false) && model.fields.has('active') && !mentions(domain, 'active');
    const found: Row[] = [];
    const isVisible = visibleRows(this, model);
    const candidates = filter.candidates ? rowsOf(model, filter.candidates) : model.table.rows();
    for (const row of candidates) if ((!activeTest || row.active === true) && filter.test(row) && (isVisible?.(row) ?? true)) found.push(row);
    const order = options.order;
    if (order === 'id') found.sort((left, right) => left.id - right.id);
    else if (order) found.sort(withIdLast(orderingOf(this, model, order)));
    else if (found.length > 1) found.sort(this.ordering(model));
    const start = options.offset ?? 0;
    const end = options.limit ? start + options.limit : undefined;
    return found.slice(start, end).map((row) => row.id);
  }

  /** `name_search`: on the fields that stand for a record's name. With `=`, an exact match in any of them. */
  nameSearch(modelName: string, name: string, operator: string, limit: number | null = null): number[] {
    const model = this.model(modelName);
    const names = model.behaviour.searchNames ?? [model.behaviour.recordName ?? 'name'];
    const domain: Json[] = [...Array.from({ length: names.length - 1 }, () => '|'), ...names.map((field) => [field, operator, name])];
    return this.searchIds(modelName, domain, { limit });
  }
}

function* rowsOf(model: Model, ids: ReadonlySet<number>): Generator<Row> {
  for (const id of ids) {
    const row = model.table.get(id);
    if (row) yield row;
  }
}

function withIdLast(comparison: Comparison): Comparison {
  return (left, right) => comparison(left, right) || left.id - right.id;
}

function mentions(domain: Json, field: string): boolean {
  return isList(domain) && domain.some((item) => isList(item) && item[0] === field);
}

/** Text of the context, or the default. */
export function contextText(environment: Environment, key: string, otherwise: string): string {
  const value = environment.context[key];
  return typeof value === 'string' && isTruthy(value) ? value : otherwise;
}
