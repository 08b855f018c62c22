/** `formatted_read_group` by plain fields, and by the month of a date: counts, sums and extremes per group. */
import { Decimal } from 'decimal.js';
import type { Environment } from './environment.ts';
import { valueError } from './errors.ts';
import type { Field, Model } from './model.ts';
import { fieldsNamed } from './reading.ts';
import { asNumber, type Json, type JsonObject, type Row, represent, type Value } from './values.ts';

export function groupRecords(
  environment: Environment,
  model: Model,
  ids: readonly number[],
  groupBy: readonly string[],
  aggregates: readonly string[],
): JsonObject[] {
  const keys = groupBy.map((name) => groupKey(model, name));
  const groups = new Map<string, { key: Value[]; rows: Row[] }>();
  for (const id of ids) {
    const row = model.table.get(id);
    if (!row) continue;
    const key = keys.map(({ field, isMonth }) => (isMonth ? monthOf(environment.value(model, row, field)) : environment.value(model, row, field)));
    const text = JSON.stringify(key);
    const group = groups.get(text);
    if (group) group.rows.push(row);
    else groups.set(text, { key, rows: [row] });
  }
  if (groups.size === 0 && keys.length === 0) groups.set('[]', { key: [], rows: [] });
  return [...groups.values()].map(({ key, rows }) => {
    const record: { [name: string]: Json } = {};
    for (const [index, { name, field, isMonth }] of keys.entries()) {
      const value = key[index] ?? false;
      record[name] = isMonth ? shownMonth(value) : shownKey(environment, field, value);
    }
    record.__extra_domain = keys.flatMap(({ field, isMonth }, index) => domainOf(field, isMonth, key[index] ?? false));
    for (const aggregate of aggregates) record[aggregate] = aggregated(environment, model, rows, aggregate);
    return record;
  });
}

interface GroupKey {
  /** As asked for: `date:month`. */
  readonly name: string;
  readonly field: Field;
  readonly isMonth: boolean;
}

function groupKey(model: Model, name: string): GroupKey {
  const [plain = '', part] = name.split(':');
  const [field] = fieldsNamed(model, [plain]);
  if (!field || (part !== undefined && part !== 'month')) throw valueError(`Invalid groupby ${represent(name)}`);
  return { name, field, isMonth: part === 'month' };
}

/** The first day of a date's month. */
const monthOf = (value: Value): Value => (typeof value === 'string' ? `${value.slice(0, 7)}-01` : value);

function shownMonth(value: Value): Json {
  if (typeof value !== 'string') return false;
  const label = new Intl.DateTimeFormat('en-US', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${value}T00:00:00Z`));
  return [value, label];
}

function domainOf(field: Field, isMonth: boolean, value: Value): Json[] {
  if (!isMonth || typeof value !== 'string') return [[field.name, '=', value as Json]];
  const next = new Date(Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)), 1)).toISOString().slice(0, 10);
  return [
    [field.name, '>=', value],
    [field.name, '<', next],
  ];
}

function shownKey(environment: Environment, field: Field, value: Value): Json {
  return field.type === 'many2one' && typeof value === 'number' ? [value, environment.nameOf(field.relation ?? '', value)] : value;
}

function aggregated(environment: Environment, model: Model, rows: readonly Row[], aggregate: string): Json {
  if (aggregate === '__count') return rows.length;
  const [name = '', operation = 'sum'] = aggregate.split(':');
  const [field] = fieldsNamed(model, [name]);
  if (!field) return false;
  const values = rows.map((row) => environment.value(model, row, field));
  if (operation === 'count') return values.filter((value) => value !== false).length;
  if (operation === 'count_distinct') return new Set(values.filter((value) => value !== false)).size;
  if (operation === 'array_agg') return values.map((value) => (value === false && field.type !== 'boolean' ? null : value)) as Json;
  if (operation === 'sum') return values.reduce<Decimal>((sum, value) => sum.plus(asNumber(value)), new Decimal(0)).toNumber();
  if (operation === 'avg')
    return values.length === 0
      ? false
      : values
          .reduce<Decimal>((sum, value) => sum.plus(asNumber(value)), new Decimal(0))
          .div(values.length)
          .toNumber();
  const comparable = values.filter((value) => typeof value === 'number' || typeof value === 'string');
  if (operation !== 'min' && operation !== 'max') throw valueError(`Invalid aggregate method ${represent(operation)} for ${represent(aggregate)}.`);
  if (comparable.length === 0) return false;
  return comparable.reduce((best, value) => ((operation === 'max' ? value > best : value < best) ? value : best));
}
