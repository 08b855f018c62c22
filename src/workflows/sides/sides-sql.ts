/** The two sides of an entity in canonical shape: legacy rows with their links into Odoo, and Odoo records read as the contract's fields. */

import { type CanonicalDataset, canonicalRowsSql, isAmount, storageType } from '../../domain/canonical.ts';
import type { EntityContract } from '../../domain/contract.ts';
import { distributionType } from '../../domain/odoo-distribution.ts';
import type { OdooStates } from '../../domain/odoo-states.ts';
import { recordKeySql } from '../../domain/record-key.ts';
import { roundHalfUpSql } from '../../domain/rounding.ts';
import { identifier, literal, literalList } from '../../domain/sql.ts';
import type { ResolvedBinding } from '../pull/pull-odoo-binding.ts';
import { odooType } from './field-rules.ts';

/** Tables and views of one entity in the data plane. */
export function entityTable(
  entity: string,
  part:
    | 'legacy'
    | 'links'
    | 'apart'
    | 'follows'
    | 'candidates'
    | 'gone'
    | 'classes'
    | 'lines'
    | 'pairs'
    | 'seen'
    | 'relinked'
    | 'again'
    | 'ids'
    | 'compared'
    | 'rejected'
    | 'odoo'
    | 'differing'
    | 'rounded'
    | 'breaks'
    | 'baseline'
    | 'rejects',
): string {
  return identifier(`${entity}:${part}`);
}

/** The canonical rows of all systems, as a query (each dataset has every contract field), and `_ordinal` BIGINT: their place in the dataset of their system,
 *  by which a row is found again whatever its key is. */
export function legacyRowsSql(contract: EntityContract, datasets: readonly CanonicalDataset[]): string {
  const fields = Object.entries(contract.fields).map(([name, field]) => `CAST(NULL AS ${storageType(field)}) AS ${identifier(name)}`);
  const none = `SELECT CAST(NULL AS VARCHAR) AS _system, CAST(NULL AS VARCHAR) AS _key, CAST(NULL AS BIGINT) AS _row, CAST(NULL AS VARCHAR) AS _ref, CAST(NULL AS BOOLEAN) AS _duplicate, CAST(NULL AS BIGINT) AS _ordinal, ${fields.join(', ')} WHERE false`;
  return datasets.length === 0 ? none : `FROM ${canonicalRowsSql(datasets)}`;
}

/** View `<entity>:legacy` of them. */
export function legacyViewSql(contract: EntityContract, datasets: readonly CanonicalDataset[]): string {
  return `CREATE OR REPLACE VIEW ${entityTable(contract.entity, 'legacy')} AS ${legacyRowsSql(contract, datasets)}`;
}

/** View `<entity>:rejects`: rows that could not be mapped, each once, with their key where that is known. `is_null_key`: they have none. */
export function rejectsViewSql(entity: string, rejects: readonly string[]): string {
  const none =
    'SELECT NULL::VARCHAR AS _system, NULL::BIGINT AS _row, NULL::VARCHAR AS _ref, NULL::VARCHAR AS _key, NULL::BOOLEAN AS is_null_key, NULL::VARCHAR AS rules WHERE false';
  const source = `SELECT system AS _system, row AS _row, min(ref) AS _ref, min(key) AS _key, bool_or(rule = 'null-key') AS is_null_key,
  string_agg(DISTINCT field || ': ' || rule, ', ' ORDER BY field || ': ' || rule) AS rules FROM read_parquet(${literalList(rejects)}) GROUP BY system, row`;
  return `CREATE OR REPLACE VIEW ${entityTable(entity, 'rejects')} AS ${rejects.length === 0 ? none : source}`;
}

/** Table `<entity>:lines`: per document what its lines come to. `total_<field>` exactly, `expected_<field>` as Odoo rounds it. */
export function linesTableSql(options: {
  readonly entity: string;
  readonly lines: string;
  /** Field of the lines that names the document. */
  readonly parent: string;
  readonly amounts: readonly { readonly field: string; readonly of: string }[];
  readonly digits: number;
  readonly rounding: 'round_per_line' | 'round_globally';
}): string {
  const sums = options.amounts.map(({ field, of }) => {
    const amount = identifier(of);
    const expected =
      options.rounding === 'round_per_line' ? `sum(${roundHalfUpSql(amount, options.digits)})` : roundHalfUpSql(`sum(${amount})`, options.digits);
    return `sum(${amount}) AS ${identifier(`total_${field}`)}, ${expected} AS ${identifier(`expected_${field}`)}`;
  });
  return `CREATE OR REPLACE TABLE ${entityTable(options.entity, 'lines')} AS
SELECT _system, ${identifier(options.parent)} AS _key, ${sums.join(', ')} FROM ${entityTable(options.lines, 'legacy')} WHERE NOT _duplicate GROUP BY ALL`;
}

export interface LegacyColumns {
  readonly contract: EntityContract;
  /** Ref fields whose entity is compared too: field → entity. */
  readonly refs: ReadonlyMap<string, string>;
  /** Code fields in relational fields: field → lookup file and the column of the code in it. */
  readonly codes: ReadonlyMap<string, { readonly file: string; readonly by: string }>;
  /** Amounts made of lines. */
  readonly lines: readonly string[];
}

/** The columns that `linkedLegacySql` makes per field. */
export function targetColumns({ contract, codes, lines }: LegacyColumns): string[] {
  const fields = Object.entries(contract.fields).flatMap(([name, field]) => [
    ...(field.type === 'ref' ? [`_ref_${name}`] : []),
    ...(codes.has(name) ? [`_code_${name}`] : []),
  ]);
  return [...fields, ...lines.flatMap((name) => [`_lines_${name}`, `_expected_${name}`])];
}

/** Every legacy row with `_odoo_id`, `_origin`, the record it follows (`_leader_system`, `_leader_key`, `_ahead`) and, per field, what it is in Odoo. No
 *  join multiplies rows: links and lookups are unique by key. `rows`: a relation of them. */
export function linkedLegacySql({ contract, refs, codes, lines }: LegacyColumns, rows: string): string {
  const joins: string[] = [];
  const columns: string[] = [];
  for (const [name, field] of Object.entries(contract.fields)) {
    if (field.type === 'ref') {
      const alias = identifier(`ref ${name}`);
      const target = refs.get(name);
      if (target !== undefined)
        joins.push(`LEFT JOIN ${entityTable(target, 'links')} AS ${alias} ON ${alias}._system = r._system AND ${alias}._key = r.${identifier(name)}`);
      columns.push(`${target === undefined ? 'CAST(NULL AS BIGINT)' : `${alias}.odoo_id`} AS ${identifier(`_ref_${name}`)}`);
    }
    const code = codes.get(name);
    if (code !== undefined) {
      const alias = identifier(`code ${name}`);
      joins.push(`LEFT JOIN (${lookupSql(code)}) AS ${alias} ON ${alias}.code = r.${identifier(name)}`);
      columns.push(`${alias}.id AS ${identifier(`_code_${name}`)}`);
    }
  }
  for (const name of lines) {
    columns.push(`coalesce(m.${identifier(`total_${name}`)}, 0) AS ${identifier(`_lines_${name}`)}`);
    columns.push(`coalesce(m.${identifier(`expected_${name}`)}, 0) AS ${identifier(`_expected_${name}`)}`);
  }
  if (lines.length > 0) joins.push(`LEFT JOIN ${entityTable(contract.entity, 'lines')} AS m ON m._system = r._system AND m._key = r._key`);
  return `SELECT r.*, k.odoo_id AS _odoo_id, k.origin AS _origin, f.leader_system AS _leader_system, f.leader_key AS _leader_key, f.ahead AS _ahead${columns.map((column) => `, ${column}`).join('')}
FROM ${rows} AS r
LEFT JOIN ${entityTable(contract.entity, 'links')} AS k ON k._system = r._system AND k._key = r._key
LEFT JOIN ${entityTable(contract.entity, 'follows')} AS f ON f._system = r._system AND f._key = r._key
${joins.join('\n')}`;
}

/** Code → id, only where one record has the code: of two, neither is it. */
function lookupSql({ file, by }: { readonly file: string; readonly by: string }): string {
  return `SELECT ${identifier(by)} AS code, min(id) AS id FROM read_parquet(${literal(file)}) WHERE ${identifier(by)} IS NOT NULL GROUP BY ALL HAVING count(*) = 1`;
}

/** Odoo's records as canonical rows (domain/canonical.ts), and the snapshot's own columns as `odoo_<name>`. */
export function odooCanonicalSql(options: {
  readonly contract: EntityContract;
  readonly binding: ResolvedBinding;
  readonly snapshot: string;
  readonly columns: readonly string[];
  readonly codes: LegacyColumns['codes'];
  /** Amounts with a value that needs more than 18 digits. */
  readonly wide: ReadonlySet<string>;
}): string {
  const { contract, binding, codes, wide } = options;
  const joins: string[] = [];
  const fields = binding.fields.map((bound) => {
    const raw = `s.${identifier(bound.odoo)}`;
    const code = codes.get(bound.field);
    // what several records share is no record that a reference could lead to
    if (bound.contract.type === 'ref' && bound.type === distributionType)
      return `CASE WHEN ${raw} IS NOT NULL THEN coalesce(TRY_CAST(${raw} AS BIGINT), -1) END AS ${identifier(bound.field)}`;
    if (code === undefined) return `CAST(${raw} AS ${odooType(bound.contract, wide.has(bound.field))}) AS ${identifier(bound.field)}`;
    const alias = identifier(`code ${bound.field}`);
    joins.push(`LEFT JOIN read_parquet(${literal(code.file)}) AS ${alias} ON ${alias}.id = ${raw}`);
    return `${alias}.${identifier(code.by)} AS ${identifier(bound.field)}`;
  });
  const states = contract.odoo?.states;
  if (states !== undefined) fields.push(`${stateSql(states)} AS ${identifier(states.field)}`);
  const raw = options.columns.map((column) => `s.${identifier(column)} AS ${identifier(`odoo_${column}`)}`);
  return `SELECT s.id AS _odoo_id, ${odooKeySql(contract, binding)} AS _key, s._external_id, s._foreign_external_id, s._in_scope, s._active, s.write_date AS _write_date,
  ${[...fields, ...raw].join(', ')}
FROM read_parquet(${literal(options.snapshot)}) AS s ${joins.join('\n')}`;
}

/** One BOOLEAN per amount of the binding, by its name: some value of the snapshot needs more than 18 digits. Null when there are no amounts. */
export function wideAmountsSql(binding: ResolvedBinding, snapshot: string): string | null {
  const amounts = binding.fields.filter((bound) => isAmount(bound.contract));
  if (amounts.length === 0) return null;
  const columns = amounts.map(({ odoo, contract, field }) => {
    const raw = identifier(odoo);
    return `coalesce(bool_or(${raw} IS NOT NULL AND TRY_CAST(${raw} AS ${odooType(contract)}) IS NULL), false) AS ${identifier(field)}`;
  });
  return `SELECT ${columns.join(', ')} FROM read_parquet(${literal(snapshot)})`;
}

/** The record key as Odoo's own fields spell it; null where a key field is not bound or refers to another record. */
function odooKeySql(contract: EntityContract, binding: ResolvedBinding): string {
  const parts = contract.key.map((name) => binding.fields.find((bound) => bound.field === name));
  const texts = parts.flatMap((bound) =>
    bound === undefined || bound.contract.type === 'ref' || bound.by !== null
      ? []
      : [`CAST(CAST(s.${identifier(bound.odoo)} AS ${odooType(bound.contract)}) AS VARCHAR)`],
  );
  return texts.length < parts.length ? 'CAST(NULL AS VARCHAR)' : recordKeySql(texts);
}

/** The first state that fits; null where none does. */
function stateSql(states: OdooStates): string {
  const cases = Object.entries(states.values).map(([state, { is }]) => {
    const terms = Object.entries(is).map(([name, values]) => `s.${identifier(name)} IN (${values.map(literal).join(', ')})`);
    return `WHEN ${terms.length === 0 ? 'true' : terms.join(' AND ')} THEN ${literal(state)}`;
  });
  return cases.length === 0 ? 'CAST(NULL AS VARCHAR)' : `CASE ${cases.join(' ')} END`;
}
