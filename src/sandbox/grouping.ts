/** `formatted_read_group` by plain fields: counts, sums and extremes per group. */
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
  const fields = groupBy.length === 0 ? [] : fieldsNamed(model, groupBy);
  const groups = new Map<string, { key: Value[]; rows: Row[] }>();
  for (const id of ids) {
    const row = model.table.get(id);
    if (!row) continue;
    const key = fields.map((field) => environment.value(model, row, field));
    const text = JSON.stringify(key);
    const group = groups.get(text);
    if (group) group.rows.push(row);
    else groups.set(text, { key, rows: [row] });
  }
  if (groups.size === 0 && fields.length === 0) groups.set('[]', { key: [], rows: [] });
  return [...groups.values()].map(({ key, rows }) => {
    const record: { [name: string]: Json } = {};
    for (const [index, field] of fields.entries()) record[field.name] = shownKey(environment, field, key[index] ?? false);
    record.__extra_domain = fields.map((field, index) => [field.name, '=', (key[index] ?? false) as Json]);
    for (const aggregate of aggregates) record[aggregate] = aggregated(environment, model, rows, aggregate);
    return record;
  });
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
  if (operation === 'array_agg') return values as Json;
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
