/** `ORDER BY` as Odoo and PostgreSQL understand it: a many2one sorts by its own model's order, empty values stand last ascending. */
import type { Environment } from './environment.ts';
import { userError, valueError } from './errors.ts';
import { type Field, isToMany, type Model } from './model.ts';
import { type Row, represent, type Value } from './values.ts';

export type Comparison = (left: Row, right: Row) => number;

const term = /^\s*([a-z_][\w.]*)(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?\s*$/i;

export function orderingOf(environment: Environment, model: Model, order: string, depth = 0): Comparison {
  const comparisons = order.split(',').map((part): Comparison => {
    const match = term.exec(part);
    if (!match) {
      throw userError(
        `Invalid "order" specified (${order}). A valid "order" specification is a comma-separated list of valid field names (optionally followed by asc/desc for the direction)`,
      );
    }
    const [, name = '', direction = 'asc', nulls] = match;
    const descending = direction.toLowerCase() === 'desc';
    return compareTerm(environment, model, name, { descending, nullsFirst: nulls ? nulls.toLowerCase() === 'first' : descending, depth });
  });
  return (left, right) => {
    for (const compare of comparisons) {
      const result = compare(left, right);
      if (result !== 0) return result;
    }
    return 0;
  };
}

interface Direction {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly depth: number;
}

function compareTerm(environment: Environment, model: Model, path: string, direction: Direction): Comparison {
  const [name = ''] = path.split('.');
  const field = model.fields.get(name);
  if (!field) throw valueError(`Invalid field ${represent(name)} on model ${represent(model.name)}`);
  if (isToMany(field)) throw valueError(`Cannot convert ${model.name}.${name} to SQL because it is not stored`);
  const byId = path.endsWith('.id');
  const through = field.type === 'many2one' && !byId && direction.depth < 4 ? environment.model(field.relation ?? '') : null;
  const inner = through && through !== model ? orderingOf(environment, through, through.order, direction.depth + 1) : null;
  return (left, right) => {
    const [a, b] = [environment.value(model, left, field), environment.value(model, right, field)];
    if (isNull(field, a) || isNull(field, b)) return compareNulls(isNull(field, a), isNull(field, b), direction.nullsFirst);
    const rows = inner && through ? [through.table.get(a as number), through.table.get(b as number)] : [];
    const result = inner && rows[0] && rows[1] ? inner(rows[0], rows[1]) : compareValues(a, b);
    return direction.descending ? -result : result;
  };
}

function isNull(field: Field, value: Value): boolean {
  return value === false && field.type !== 'boolean';
}

function compareNulls(left: boolean, right: boolean, nullsFirst: boolean): number {
  if (left === right) return 0;
  return left === nullsFirst ? -1 : 1;
}

/** Texts by code point, as a database in C.UTF-8 sorts them. */
function compareValues(left: Value, right: Value): number {
  if (typeof left === 'string' && typeof right === 'string') return left === right ? 0 : Buffer.compare(Buffer.from(left), Buffer.from(right));
  const [a, b] = [Number(left), Number(right)];
  return a - b;
}
