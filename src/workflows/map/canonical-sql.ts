/** The SQL of one entity of one system: source rows → typed rows with their rules → canonical rows and rejects. */
import { canonicalTextSql, storageType } from '../../domain/canonical.ts';
import type { EntityContract } from '../../domain/contract.ts';
import { recordKeySql } from '../../domain/record-key.ts';
import { identifier, literal, literalList } from '../../domain/sql.ts';
import type { CompiledExpression, CompiledField, CompiledMapping } from './compile-mapping.ts';
import { hasTimeOfDaySql, isCutSql, storedSql, textSql, wideSql } from './value-kind.ts';

export interface DatasetSql {
  readonly contract: EntityContract;
  readonly system: string;
  readonly mapping: CompiledMapping;
  /** Parquet of the snapshot. */
  readonly source: string;
}

/** A table of the data plane for a code map (source, target, status). */
export function codesTable(field: CompiledField): string {
  return identifier(`codes ${field.codes?.name ?? ''}`);
}

export function codesTableSql(name: string): string {
  return `CREATE OR REPLACE TABLE ${identifier(`codes ${name}`)} (source VARCHAR, target VARCHAR, status VARCHAR)`;
}

/** Every source row once, in the order of `source`: its values in their types, what becomes of the row, and, of a rejected one, the rules that its filter and each of its
 *  fields break. `source`: a relation. Fields that this source does not map are there all the same, without a value: the union of systems has one shape. */
export function typedRowsSql(dataset: DatasetSql, source = `read_parquet(${literal(dataset.source)})`): string {
  const { mapping, contract } = dataset;
  const fields = mapping.fields;
  const each = (make: (field: CompiledField, index: number) => string) => fields.map(make).join(',\n      ');
  const rules = fields.map((_, index) => `_rule_${index} IS NOT NULL`).join(' OR ');
  const keyParts = contract.key.map((name) => {
    const index = fields.findIndex((field) => field.name === name);
    return canonicalTextSql((fields[index] as CompiledField).readAs, `_stored_${index}`);
  });
  const columns = Object.entries(contract.fields).map(([name, field]) => {
    const index = fields.findIndex((mapped) => mapped.name === name);
    return `${index < 0 ? `CAST(NULL AS ${storageType(field)})` : finalOf(fields[index] as CompiledField, index)} AS ${identifier(name)}`;
  });
  const lookups = fields.flatMap((field, index) =>
    field.codes === null
      ? []
      : [`LEFT JOIN ${codesTable(field)} AS _codes_${index} ON _codes_${index}.source = ${textSql(field.expression.kind, givenValueSql(field, index))}`],
  );
  return `
  WITH evaluated AS (
    SELECT _row, ${rowNameSql(mapping.row)} AS _ref, ${digestSql(mapping)} AS _digest, ${filterSql(mapping.filter)} AS _filter,
      ${each((field, index) => `${guarded(field.expression)} AS _given_${index}`)}
    FROM ${source}
  ), widened AS (
    SELECT evaluated.*,
      ${each((field, index) => `${wideOf(field, index)} AS _wide_${index}`)}${lookups.length === 0 ? '' : `,\n      ${codeStatusSql(fields)}`}
    FROM evaluated ${lookups.join('\n    ')}
  ), stored AS (
    SELECT *, ${each((field, index) => `${storedOf(field, index)} AS _stored_${index}`)} FROM widened
  ), judged AS (
    SELECT *, ${each((field, index) => `${ruleSql(field, index)} AS _rule_${index}`)} FROM stored
  )
  SELECT ${literal(dataset.system)} AS _system, ${recordKeySql(keyParts)} AS _key, _row, _ref,
    CASE WHEN _filter = 'failed' THEN 'rejected' WHEN _filter = 'out' THEN 'filtered' WHEN ${rules} THEN 'rejected' ELSE 'mapped' END AS _state,
    CASE WHEN _state = 'rejected' THEN [CASE WHEN _filter = 'failed' THEN 'expression-failed' END, ${each((_, index) => `_rule_${index}`)}] END AS _rules,
    _digest, ${columns.join(',\n      ')}
  FROM judged`;
}

/** A 64-bit hash over the source columns that the row is made of, no text glued together. */
export function digestSql({ filter, row, fields }: CompiledMapping): string {
  const columns = new Set([filter, row, ...fields.map((field) => field.expression)].flatMap((expression) => expression?.columns ?? []));
  return columns.size === 0 ? 'hash(_row)' : `hash(${[...columns].map(identifier).join(', ')})`;
}

/** A failed expression is NULL, a NULL value is {v: NULL}. */
function guarded(expression: CompiledExpression): string {
  return expression.canFail ? `TRY(struct_pack(v := ${expression.sql}))` : expression.sql;
}

function givenValueSql(field: CompiledField, index: number): string {
  return field.expression.canFail ? `_given_${index}.v` : `_given_${index}`;
}

function wideOf(field: CompiledField, index: number): string {
  if (field.codes !== null) return `_codes_${index}.target`;
  return wideSql(field.expression.kind, field.readAs, givenValueSql(field, index));
}

function storedOf(field: CompiledField, index: number): string {
  const wide = `_wide_${index}`;
  // The target of a code map is text, whatever the expression gives.
  return field.codes === null ? storedSql(field.expression.kind, field.readAs, givenValueSql(field, index), wide) : wide;
}

function codeStatusSql(fields: readonly CompiledField[]): string {
  return fields.flatMap((field, index) => (field.codes === null ? [] : [`_codes_${index}.status AS _status_${index}`])).join(', ');
}

function finalOf(field: CompiledField, index: number): string {
  // A reference read as the number it names is kept as the text of that number, which is what the other side's key is.
  if (field.contract.type === 'ref' && field.readAs !== field.contract) return canonicalTextSql(field.readAs, `_stored_${index}`);
  return `CAST(_stored_${index} AS ${storageType(field.contract)})`;
}

function ruleSql(field: CompiledField, index: number): string {
  const value = givenValueSql(field, index);
  const [wide, narrow] = [`_wide_${index}`, `_stored_${index}`];
  const cases: string[] = [];
  if (field.expression.canFail) cases.push(`WHEN _given_${index} IS NULL THEN 'expression-failed'`);
  const whenEmpty = field.isKey ? `'null-key'` : field.contract.required ? `'required'` : 'NULL';
  cases.push(`WHEN ${value} IS NULL THEN ${whenEmpty}`);
  if (field.codes !== null) {
    cases.push(`WHEN _status_${index} IS NULL THEN 'unmapped-code'`, `WHEN _status_${index} <> 'confirmed' THEN 'unconfirmed-code'`);
  } else {
    cases.push(`WHEN ${narrow} IS NULL THEN 'not-of-type'`);
    const isCut = isCutSql(field.readAs, wide, narrow);
    if (isCut !== null) cases.push(`WHEN ${isCut} THEN 'too-many-decimals'`);
    const hasTime = hasTimeOfDaySql(field.readAs, wide, narrow);
    if (hasTime !== null) cases.push(`WHEN ${hasTime} THEN 'not-of-type'`);
    if (field.contract.type === 'choice') cases.push(`WHEN ${narrow} NOT IN (${field.contract.values.map(literal).join(', ')}) THEN 'not-a-choice'`);
  }
  return `CASE ${cases.join(' ')} END`;
}

/** `in`, `out` (not true: false or no value), or `failed`. */
function filterSql(filter: CompiledExpression | null): string {
  if (filter === null) return `'in'`;
  return `CASE WHEN ${`TRY(struct_pack(v := ${filter.sql}))`} IS NULL THEN 'failed' WHEN ${`TRY(${filter.sql})`} THEN 'in' ELSE 'out' END`;
}

/** Null: its number in the source names it, wherever that is by then. */
function rowNameSql(row: CompiledExpression | null): string {
  return row === null ? 'CAST(NULL AS VARCHAR)' : `TRY(CAST(${row.sql} AS VARCHAR))`;
}

/** Keys that more than one mapped row of `rows` (a relation) has. */
export function duplicateKeysSql(rows: string): string {
  return `SELECT _key FROM ${rows} WHERE _state = 'mapped' GROUP BY _key HAVING count(*) > 1`;
}

/** How many rows break a rule: of the filter as `0`, of the field at position n as `<n + 1>`; only fields with one are worth a query of their own. */
export function ruleCountsSql(rows: string, mapping: CompiledMapping): string {
  const counts = [null, ...mapping.fields].map((_, index) => `count(_rules[${index + 1}]) AS "${index}"`);
  return `SELECT ${counts.join(', ')} FROM ${rows} WHERE _state = 'rejected'`;
}

/** Every reject with its raw value, by row and field. `rows`: all source rows; `broken`: of `ruleCountsSql`, those that have rejects. */
export function rejectsSql(dataset: DatasetSql, rows: string, broken: readonly number[]): string {
  const { contract, system, mapping } = dataset;
  const selects = broken.map((place) => {
    const field = mapping.fields[place - 1];
    const raw = field === undefined ? usedColumnsSql(mapping.filter?.columns ?? []) : rawSql(field.expression);
    return `SELECT bad._row AS row, bad._ref AS ref, bad._key AS key, ${place} AS position, ${literal(field?.name ?? 'filter')} AS field, bad._rules[${place + 1}] AS rule, given.raw AS raw
    FROM bad JOIN (SELECT _row, ${raw} AS raw FROM read_parquet(${literal(dataset.source)}) WHERE _row IN (SELECT _row FROM bad)) AS given ON given._row = bad._row
    WHERE bad._rules[${place + 1}] IS NOT NULL`;
  });
  if (selects.length === 0) return emptyRejectsSql();
  return `WITH bad AS MATERIALIZED (SELECT _row, coalesce(_ref, CAST(_row AS VARCHAR)) AS _ref, _key, _rules FROM ${rows} WHERE _state = 'rejected')
  SELECT ${literal(contract.entity)} AS entity, ${literal(system)} AS system, row, ref, key, field, rule, raw FROM (${selects.join(' UNION ALL ')}) ORDER BY row, position`;
}

function emptyRejectsSql(): string {
  const texts = ['key', 'field', 'rule', 'raw'].map((name) => `CAST(NULL AS VARCHAR) AS ${name}`).join(', ');
  return `SELECT CAST(NULL AS VARCHAR) AS entity, CAST(NULL AS VARCHAR) AS system, CAST(NULL AS BIGINT) AS row, CAST(NULL AS VARCHAR) AS ref, ${texts} WHERE false`;
}

/** What the expression gave, or, where it failed, what it was given: `A=1, B=2`. */
function rawSql(expression: CompiledExpression): string {
  return `coalesce(TRY(CAST(${expression.sql} AS VARCHAR)), CASE WHEN TRY(struct_pack(v := ${expression.sql})) IS NULL THEN ${usedColumnsSql(expression.columns)} END)`;
}

function usedColumnsSql(columns: readonly string[]): string {
  if (columns.length === 0) return 'NULL';
  if (columns.length === 1) return `CAST(${identifier(columns[0] as string)} AS VARCHAR)`;
  return `array_to_string(list_filter([${columns.map((name) => `${literal(`${name}=`)} || CAST(${identifier(name)} AS VARCHAR)`).join(', ')}], lambda x: x IS NOT NULL), ', ')`;
}

/** Rejects with the source columns the mapping uses, for a person to mend: one line per reject. */
export function rejectsToMendSql(rejects: string, source: string, columns: readonly string[]): string {
  const used = columns.map((name) => `CAST(source.${identifier(name)} AS VARCHAR) AS ${identifier(name)}`);
  return `
  SELECT ${['rejects.row AS _row', 'rejects.ref AS _ref', 'rejects.field AS _field', 'rejects.rule AS _rule', 'rejects.raw AS _raw', ...used].join(', ')}
  FROM read_parquet(${literal(rejects)}) AS rejects JOIN read_parquet(${literal(source)}) AS source ON source._row = rejects.row
  ORDER BY rejects.row, rejects.field`;
}

export function rejectSummarySql(rejects: readonly string[]): string {
  return `SELECT entity, system, field, rule, count(*) AS count FROM read_parquet(${literalList(rejects)}) GROUP BY ALL ORDER BY ALL`;
}
