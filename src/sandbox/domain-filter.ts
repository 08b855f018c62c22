/** Odoo's search domains: parsed, then tested on rows, with the help of indexes where a condition allows it. */
import type { Environment } from './environment.ts';
import { typeError, valueError } from './errors.ts';
import { type Field, isNumeric, isToMany, type Model } from './model.ts';
import { isList, type Json, type Row, represent, representTuple, type Value } from './values.ts';

export interface Filter {
  readonly test: (row: Row) => boolean;
  /** Ids outside which nothing passes, where an index knew. */
  readonly candidates?: ReadonlySet<number>;
}

const everything: Filter = { test: () => true };

function either(filters: readonly Filter[]): Filter {
  const tests = filters.map((filter) => filter.test);
  const test = (row: Row): boolean => tests.some((passes) => passes(row));
  if (filters.some((filter) => !filter.candidates)) return { test };
  return { test, candidates: new Set(filters.flatMap((filter) => [...(filter.candidates ?? [])])) };
}

function both(filters: readonly Filter[]): Filter {
  const tests = filters.map((filter) => filter.test);
  const test = (row: Row): boolean => tests.every((passes) => passes(row));
  const narrowed = filters.map((filter) => filter.candidates).filter((ids) => ids !== undefined);
  const smallest = narrowed.sort((left, right) => left.size - right.size)[0];
  return smallest ? { test, candidates: smallest } : { test };
}

/** Reads prefix notation from the right: an operator takes the filters before it. Conditions left over are joined by "and". */
export function compileDomain(environment: Environment, model: Model, domain: Json): Filter {
  if (!isList(domain)) throw typeError(`Domain() invalid argument type for domain: ${represent(domain)}`);
  const stack: Filter[] = [];
  const malformed = (): Error => valueError(`Domain() malformed domain ${represent(domain)}`);
  for (const item of [...domain].reverse()) {
    if (item === '!') {
      const filter = stack.pop();
      if (!filter) throw malformed();
      stack.push({ test: (row) => !filter.test(row) });
    } else if (item === '&' || item === '|') {
      const [left, right] = [stack.pop(), stack.pop()];
      if (!left || !right) throw malformed();
      stack.push(item === '&' ? both([left, right]) : either([left, right]));
    } else if (isList(item) && item.length === 3) {
      stack.push(compileCondition(environment, model, item));
    } else {
      throw valueError(`Domain() invalid item in domain: ${represent(item)}`);
    }
  }
  return stack.length === 0 ? everything : both(stack.reverse());
}

const operators: ReadonlySet<string> = new Set([
  ...['=', '!=', '<>', '==', '<', '>', '<=', '>=', 'in', 'not in', 'child_of', 'parent_of', 'any', 'not any', '=?'],
  ...['like', 'not like', 'ilike', 'not ilike', '=like', 'not =like', '=ilike', 'not =ilike'],
]);

function compileCondition(environment: Environment, model: Model, condition: readonly Json[]): Filter {
  const [path, rawOperator, value] = condition as [Json, Json, Json];
  if (typeof path === 'number' && typeof value === 'number') return { test: () => (rawOperator === '=') === (path === value) };
  const words = (problem: string): Error => valueError(`${problem} in condition ${representTuple([path, rawOperator, value])}`);
  if (typeof path !== 'string' || typeof rawOperator !== 'string') throw words('Invalid item');
  const operator = rawOperator.toLowerCase();
  if (!operators.has(operator)) throw words('Invalid operator');
  const [name = '', ...rest] = path.split('.');
  const field = model.fields.get(name);
  if (!field) throw words(`Invalid field ${model.name}.${name}`);
  if (rest.length > 0 && field.relation) return compilePath(environment, model, field, [[rest.join('.'), operator, value]]);
  if ((operator === 'any' || operator === 'not any') && field.relation) {
    const filter = compilePath(environment, model, field, value);
    return operator === 'any' ? filter : { test: (row) => !filter.test(row) };
  }
  if (operator === '=?') return value === false || value === null ? everything : compareField(environment, model, field, '=', value);
  return compareField(environment, model, field, operator === '<>' ? '!=' : operator === '==' ? '=' : operator, value);
}

/** Records of the other model, archived ones too, that pass; then those that point at them. A negation inside a path stays inside it. */
function compilePath(environment: Environment, model: Model, field: Field, domain: Json): Filter {
  const related = environment.searchIds(field.relation ?? '', domain, { activeTest: false });
  return compareField(environment, model, field, 'in', related);
}

function compareField(environment: Environment, model: Model, field: Field, operator: string, value: Json): Filter {
  if (operator === 'child_of' || operator === 'parent_of') return hierarchy(environment, model, field, operator, value);
  if (field.name === 'id' || field.type === 'many2one' || isToMany(field)) return compareReference(environment, model, field, operator, value);
  return compareScalar(environment, model, field, operator, value);
}

/** Ids a condition on a relation means; texts are names to be searched for. */
function referencedIds(environment: Environment, field: Field, value: Json): { ids: Set<number>; empty: boolean } {
  const ids = new Set<number>();
  let empty = false;
  for (const item of isList(value) ? value : [value]) {
    if (item === false || item === null) empty = true;
    else if (typeof item === 'number') ids.add(item);
    else if (typeof item === 'string' && field.name === 'id') ids.add(Number(item));
    else if (typeof item === 'string' && field.relation) for (const id of environment.nameSearch(field.relation, item, '=')) ids.add(id);
  }
  return { ids, empty };
}

function compareReference(environment: Environment, model: Model, field: Field, operator: string, value: Json): Filter {
  const of = (row: Row): readonly number[] => asIds(field.name === 'id' ? row.id : environment.value(model, row, field));
  if (operator.endsWith('like')) {
    const positive = operator.startsWith('not ') ? operator.slice(4) : operator;
    const ids = new Set(environment.nameSearch(field.relation ?? model.name, String(value), positive));
    const test = (row: Row): boolean => of(row).some((id) => ids.has(id));
    return positive === operator ? { test } : { test: (row) => !test(row) };
  }
  if (['<', '>', '<=', '>='].includes(operator)) {
    const bound = Number(value);
    return { test: (row) => of(row).some((id) => compare(operator, id, bound)) };
  }
  const { ids, empty } = referencedIds(environment, field, value);
  const matches = (row: Row): boolean => {
    const own = of(row);
    return own.length === 0 ? empty : own.some((id) => ids.has(id));
  };
  if (operator === '!=' || operator === 'not in') return { test: (row) => !matches(row) };
  if (field.name === 'id') return { test: matches, candidates: ids };
  if (empty || !model.table.hasIndex(field.name)) return { test: matches };
  return { test: matches, candidates: fromIndex(model, field.name, ids) };
}

function fromIndex(model: Model, index: string, keys: Iterable<number | string>): ReadonlySet<number> {
  const found = new Set<number>();
  for (const key of keys) for (const id of model.table.find(index, key)) found.add(id);
  return found;
}

function asIds(value: Value): readonly number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' ? value : [];
}

function hierarchy(environment: Environment, model: Model, field: Field, operator: string, value: Json): Filter {
  const target = field.name === 'id' ? model : environment.model(field.relation ?? '');
  const { ids } = referencedIds(environment, field, value);
  const parent = target.fields.get(target.behaviour.parent ?? 'parent_id');
  if (!parent) throw valueError(`'${operator}' needs a parent field on ${target.name}`);
  const family = operator === 'child_of' ? descendants(target, parent.name, ids) : ancestors(target, parent.name, ids);
  // Of a record's own parent field Odoo asks whether the record itself is in the family.
  const asked = target === model && field.name === parent.name ? model.fields.get('id') : field;
  return compareReference(environment, model, asked ?? field, 'in', [...family]);
}

function descendants(model: Model, parent: string, ids: ReadonlySet<number>): Set<number> {
  const family = new Set(ids);
  let generation: Iterable<number> = ids;
  for (;;) {
    const next = [...generation].flatMap((id) => [...model.table.find(parent, id)]).filter((id) => !family.has(id));
    if (next.length === 0) return family;
    for (const id of next) family.add(id);
    generation = next;
  }
}

function ancestors(model: Model, parent: string, ids: ReadonlySet<number>): Set<number> {
  const family = new Set(ids);
  for (const id of ids) {
    let above = model.table.get(id)?.[parent];
    while (typeof above === 'number' && !family.has(above)) {
      family.add(above);
      above = model.table.get(above)?.[parent];
    }
  }
  return family;
}

function compare(operator: string, left: number | string, right: number | string): boolean {
  if (operator === '<') return left < right;
  if (operator === '>') return left > right;
  return operator === '<=' ? left <= right : left >= right;
}

/** SQL LIKE: `%` and `_` stand for any characters, a backslash takes their meaning away. */
export function likePattern(text: string, options: { readonly contains: boolean; readonly ignoreCase: boolean }): RegExp {
  let source = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? '';
    if (character === '\\' && index + 1 < text.length) {
      index += 1;
      source += (text[index] ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    } else if (character === '%') source += '.*';
    else if (character === '_') source += '.';
    else source += character.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  }
  return new RegExp(options.contains ? source : `^${source}$`, options.ignoreCase ? 'isu' : 'su');
}

function compareScalar(environment: Environment, model: Model, field: Field, operator: string, value: Json): Filter {
  const of = (row: Row): Value => environment.value(model, row, field);
  if (operator.endsWith('like')) {
    const positive = operator.startsWith('not ') ? operator.slice(4) : operator;
    const pattern = likePattern(String(value ?? ''), { contains: !positive.startsWith('='), ignoreCase: positive.endsWith('ilike') });
    const test = (row: Row): boolean => {
      const own = of(row);
      return own !== false && pattern.test(String(own));
    };
    return positive === operator ? { test } : { test: (row) => !test(row) };
  }
  if (['<', '>', '<=', '>='].includes(operator)) {
    const bound = wholeValue(field, operator, value);
    return {
      test: (row) => {
        const own = of(row);
        return (typeof own === 'number' || typeof own === 'string') && compare(operator, own, bound);
      },
    };
  }
  return among(model, field, of, operator === '!=' || operator === 'not in', isList(value) ? value : [value]);
}

/** A day stands for its midnight, except as an upper bound, where Odoo takes the whole day. */
function wholeValue(field: Field, operator: string, value: Json): number | string {
  if (isNumeric(field)) return Number(value);
  const text = String(value);
  if (field.type !== 'datetime' || text.length !== 10) return text;
  return `${text} ${operator === '<=' || operator === '>' ? '23:59:59' : '00:00:00'}`;
}

/** Empty is false, and also the type's own nothing: '' for texts, 0 for numbers. */
function among(model: Model, field: Field, of: (row: Row) => Value, negated: boolean, values: readonly Json[]): Filter {
  const textual = ['char', 'text', 'html', 'selection'].includes(field.type);
  const nothing: Value = isNumeric(field) ? 0 : textual ? '' : false;
  const wanted = new Set<Json>(values.map((item) => (item === null ? false : item)));
  if (wanted.has(false)) wanted.add(nothing);
  if (nothing !== false && wanted.has(nothing)) wanted.add(false);
  if (field.type === 'datetime') for (const item of [...wanted]) if (typeof item === 'string' && item.length === 10) wanted.add(`${item} 00:00:00`);
  const matches = (row: Row): boolean => wanted.has(of(row) as Json);
  if (negated) return { test: (row) => !matches(row) };
  if (wanted.has(false) || !model.table.hasIndex(field.name)) return { test: matches };
  return {
    test: matches,
    candidates: fromIndex(
      model,
      field.name,
      [...wanted].filter((item) => typeof item === 'string' || typeof item === 'number'),
    ),
  };
}
