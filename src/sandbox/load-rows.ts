/** The first half of `load`: a matrix of cells becomes nested records, each with the rows it came from. */
import type { Environment } from './environment.ts';
import { valueError } from './errors.ts';
import { isToMany, type Model } from './model.ts';
import { isTruthy, type Json, represent } from './values.ts';

/** A path such as ['order_line', 'product_id', 'id']; '' at its end stands for the record's name. */
export type FieldPath = readonly string[];

/** Cells by field; for relations the list of their own records. */
export type RawRecord = Map<string, Json | RawRecord[]>;

export interface RowSpan {
  readonly from: number;
  readonly to: number;
}

export interface ExtractedRecord {
  readonly record: RawRecord;
  readonly rows: RowSpan;
}

/** `x/id` and `x/.id`; `x:id` and `x.id` are older spellings of them. */
export function fieldPath(text: string): FieldPath {
  return text
    .replace(/([^/])\.id$/, '$1/.id')
    .replace(/([^/]):id$/, '$1/id')
    .split('/');
}

export function extractRecords(environment: Environment, model: Model, paths: readonly FieldPath[], data: readonly (readonly Json[])[]): ExtractedRecord[] {
  const typeOf = (path: FieldPath): string => model.fields.get(path[0] ?? '')?.type ?? '';
  for (const [name = ''] of paths) if (name !== '' && !name.includes('.') && !model.fields.has(name)) throw valueError(`Invalid field name ${represent(name)}`);
  const isChild = paths.map((path) => typeOf(path) === 'one2many');
  const continues = (row: readonly Json[]): boolean =>
    row.some((cell, index) => isChild[index] && isTruthy(cell)) && !row.some((cell, index) => !isChild[index] && isTruthy(cell));
  const relations = [...new Set(paths.map((path) => path[0] ?? '').filter((name) => isRelation(model, name)))];
  const extracted: ExtractedRecord[] = [];
  for (let index = 0; index < data.length; ) {
    const span = [data[index] ?? []];
    while (index + span.length < data.length && continues(data[index + span.length] ?? [])) span.push(data[index + span.length] ?? []);
    const record: RawRecord = new Map();
    for (const [column, path] of paths.entries()) if (!isRelation(model, path[0] ?? '')) record.set(path[0] ?? '', span[0]?.[column] ?? null);
    for (const name of relations) record.set(name, relatedRecords(environment, model, paths, span, name));
    extracted.push({ record, rows: { from: index, to: index + span.length - 1 } });
    index += span.length;
  }
  return extracted;
}

function isRelation(model: Model, name: string): boolean {
  const field = model.fields.get(name);
  return field !== undefined && (field.type === 'many2one' || isToMany(field));
}

function relatedRecords(environment: Environment, model: Model, paths: readonly FieldPath[], span: readonly (readonly Json[])[], name: string): RawRecord[] {
  const columns = paths.map((path, index) => ({ path, index })).filter(({ path }) => path[0] === name);
  const inner = columns.map(({ path }) => (path.length > 1 ? path.slice(1) : ['']));
  const cells = span.map((row) => columns.map(({ index }) => row[index] ?? null)).filter((row) => row.some(isTruthy));
  const comodel = environment.model(model.fields.get(name)?.relation ?? '');
  return extractRecords(environment, comodel, inner, cells).map(({ record }) => record);
}
