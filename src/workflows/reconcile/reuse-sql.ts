/** Recognising linked records whose rows are on both sides what they were when they were last compared. A pair's digest is a 64-bit hash over typed columns,
 *  no text glued together: that a changed record keeps its digest has a chance of 2⁻⁶⁴, and `--full` looks for one that did. */
import { identifier, literal } from '../../domain/sql.ts';
import type { FieldRule } from '../sides/field-rules.ts';
import { entityTable } from '../sides/sides-sql.ts';

/** What a comparison left for the next one. */
export interface Reusable {
  /** Files of the entity's records and raw breaks. */
  readonly records: string;
  readonly breaks: string;
  /** Baseline layers that have come since: the records in them are compared again. */
  readonly layers: readonly string[];
}

/** Over everything that comparing a record's fields reads of its legacy row. `targets`: columns of what the row refers to. */
export function legacyDigestSql(rules: readonly FieldRule[], targets: readonly string[]): string {
  return digestSql(['_ahead', ...rules.map((rule) => rule.field), ...targets]);
}

/** The same of its Odoo record. */
export function odooDigestSql(rules: readonly FieldRule[]): string {
  return digestSql(['_odoo_id', ...rules.map((rule) => rule.field)]);
}

function digestSql(columns: readonly string[]): string {
  return `hash(${columns.map(identifier).join(', ')})`;
}

/** Table `<entity>:pairs`: every linked legacy record with the digest of its two rows. `marks` is a file with `_digest` of the legacy rows, `odoo` a query. */
export function pairsTableSql(entity: string, marks: string, odoo: string | null, rules: readonly FieldRule[]): string {
  const create = `CREATE OR REPLACE TABLE ${entityTable(entity, 'pairs')}`;
  if (odoo === null) return `${create} (_system VARCHAR, _key VARCHAR, _odoo_id BIGINT, _digest UBIGINT)`;
  return `${create} AS SELECT m._system, m._key, m._odoo_id, hash(m._digest, o.digest) AS _digest
FROM (SELECT _system, _key, _odoo_id, _digest FROM read_parquet(${literal(marks)}) WHERE _class = 'linked') AS m
JOIN (SELECT _odoo_id, ${odooDigestSql(rules)} AS digest FROM (${odoo})) AS o ON o._odoo_id = m._odoo_id`;
}

/** Linked records that need not be compared again, with what they were found to be: `_system`, `_key`, `_fields`, `_rounded`. `pairs` has their digests now.
 *  `references`: fields whose breaks name other records, which may be named otherwise by now. */
export function unchangedSql(pairs: string, { records, layers }: Reusable, references: readonly string[]): string {
  const named = references.length === 0 ? '' : ` AND NOT list_has_any(k._fields, [${references.map(literal).join(', ')}])`;
  const touched = layers.map((file) => `SELECT _system, _key FROM read_parquet(${literal(file)})`).join(' UNION ALL ');
  return `SELECT k._system, k._key, k._fields, k._rounded
FROM (SELECT _system, _key, _fields, _rounded, _digest FROM read_parquet(${literal(records)}) WHERE _class = 'linked') AS k
JOIN ${pairs} AS p ON p._key = k._key AND p._system = k._system AND p._digest = k._digest${named}
${touched === '' ? '' : `ANTI JOIN (${touched}) AS t ON t._system = k._system AND t._key = k._key`}`;
}

export function unchangedTableSql(entity: string, reusable: Reusable | null, references: readonly string[]): string {
  const create = `CREATE OR REPLACE TABLE ${entityTable(entity, 'unchanged')}`;
  if (reusable === null) return `${create} (_system VARCHAR, _key VARCHAR, _fields VARCHAR[], _rounded VARCHAR[])`;
  return `${create} AS ${unchangedSql(entityTable(entity, 'pairs'), reusable, references)}`;
}

/** The breaks of their fields. */
export function takenOverBreaksSql(entity: string, { breaks }: Reusable): string {
  return `INSERT INTO ${entityTable(entity, 'breaks')} BY NAME
SELECT b.* FROM read_parquet(${literal(breaks)}) AS b SEMI JOIN ${entityTable(entity, 'unchanged')} AS u ON u._system = b.system AND u._key = b.key WHERE b.field IS NOT NULL`;
}

/** Rows that stand in one of two files and not in the other, each as often as it does. */
export function differenceCountSql(one: string, other: string): string {
  const [a, b] = [`SELECT * FROM read_parquet(${literal(one)})`, `SELECT * FROM read_parquet(${literal(other)})`];
  return `SELECT count(*) AS rows FROM ((${a} EXCEPT ALL ${b}) UNION ALL (${b} EXCEPT ALL ${a}))`;
}
