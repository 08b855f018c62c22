/** `read` and its kin: rows as Odoo answers them. */
import type { Environment } from './environment.ts';
import { missingRecords, valueError } from './errors.ts';
import { type Field, isToMany, type Model } from './model.ts';
import { isObject, type Json, type JsonObject, type Row, represent, type Value } from './values.ts';

export function fieldsNamed(model: Model, names: readonly string[] | null): Field[] {
  if (names === null || names.length === 0) return [...model.fields.values()];
  return names.map((name) => {
    const field = model.fields.get(name);
    if (!field) throw valueError(`Invalid field ${represent(name)} on ${represent(model.name)}`);
    return field;
  });
}

export interface ReadOptions {
  readonly fields: readonly string[] | null;
  /** A many2one as [id, name], or as its id. */
  readonly withNames: boolean;
}

/** Ids that do not exist are left out, unless nothing but the id is asked for; one asked for twice is answered twice. */
export function readRecords(environment: Environment, model: Model, ids: readonly number[], options: ReadOptions): JsonObject[] {
  const fields = fieldsNamed(model, options.fields);
  // The real one does not look into the table for it.
  if (fields.every((field) => field.name === 'id')) return ids.map((id) => ({ id }));
  const names = new Map<string, Map<number, string>>();
  const nameOf = (relation: string, id: number): string => {
    let known = names.get(relation);
    if (!known) {
      known = new Map();
      names.set(relation, known);
    }
    let name = known.get(id);
    if (name === undefined) {
      name = environment.nameOf(relation, id);
      known.set(id, name);
    }
    return name;
  };
  const records: JsonObject[] = [];
  for (const id of ids) {
    const row = model.table.get(id);
    if (!row) continue;
    const record: { [name: string]: Json } = { id };
    for (const field of fields) {
      const value = shown(environment, model, row, field);
      if (field.type === 'json' && typeof value === 'string') record[field.name] = JSON.parse(value) as Json;
      else
        record[field.name] = options.withNames && field.type === 'many2one' && typeof value === 'number' ? [value, nameOf(field.relation ?? '', value)] : value;
    }
    records.push(record);
  }
  return records;
}

function shown(environment: Environment, model: Model, row: Row, field: Field): Value {
  const value = environment.value(model, row, field);
  if (field.type === 'many2many' && typeof value === 'object' && value.length > 0) return environment.visible(environment.model(field.relation ?? ''), value);
  return value;
}

/** `web_read`: a specification names the fields, and those of related records. */
export function readSpecified(environment: Environment, model: Model, ids: readonly number[], specification: JsonObject): JsonObject[] {
  const names = Object.keys(specification);
  return readRecords(environment, model, ids, { fields: ['id', ...names], withNames: false }).map((record) => {
    const answer: { [name: string]: Json } = { ...record };
    for (const name of names) {
      const field = model.fields.get(name);
      const inner = specification[name];
      const wanted = isObject(inner) && isObject(inner.fields) ? inner.fields : null;
      if (!field?.relation || !wanted) continue;
      const related = environment.model(field.relation);
      const value = record[name];
      if (isToMany(field)) answer[name] = readSpecified(environment, related, value as number[], wanted);
      else if (typeof value === 'number') answer[name] = readSpecified(environment, related, [value], wanted)[0] ?? false;
    }
    return answer;
  });
}

/** Rows of the ids, or Odoo's refusal when one is missing. */
export function existingRows(environment: Environment, model: Model, ids: readonly number[]): Row[] {
  const missing = ids.filter((id) => !model.table.has(id));
  if (missing.length > 0) throw missingRecords(model.name, missing, environment.userId);
  return [...new Set(ids)].map((id) => model.table.get(id)).filter((row) => row !== undefined);
}
