/** Telling by digests which linked records need a closer look: those whose two sides are not plainly the same, and of these only those whose rows have changed
 *  since they were last compared. A digest is a 64-bit hash over typed columns, no text glued together: that two rows which differ have one has a
 *  chance of 2⁻⁶⁴, and `--full` does without them and looks for one that did. */
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

/** Columns of a legacy row `l`: `_digest` over everything that comparing its fields reads, `targets` being columns of what it refers to; `_plain` over its
 *  values as Odoo would have them. */
export function legacyDigestsSql(rules: readonly FieldRule[], targets: readonly string[]): string {
  const read = ['_ahead', ...rules.map((rule) => rule.field), ...targets];
  return `hash(${read.map((name) => `l.${identifier(name)}`).join(', ')}) AS _digest, ${plainDigestSql(rules, 'legacy')} AS _plain`;
}

function plainDigestSql(rules: readonly FieldRule[], side: 'legacy' | 'odoo'): string {
  return rules.length === 0 ? 'CAST(0 AS UBIGINT)' : `hash(${rules.map((rule) => rule.plain[side]).join(', ')})`;
}

/** Table `<entity>:pairs`: every linked legacy record, `_digest` of its two rows, `_same`: they are plainly the same. `marks` is a file with the digests of the
 *  legacy rows, `odoo` a query. */
export function pairsTableSql(entity: string, marks: string, odoo: string | null, rules: readonly FieldRule[]): string {
  const create = `CREATE OR REPLACE TABLE ${entityTable(entity, 'pairs')}`;
  if (odoo === null) return `${create} (_system VARCHAR, _key VARCHAR, _odoo_id BIGINT, _digest UBIGINT, _same BOOLEAN)`;
  return `${create} AS SELECT m._system, m._key, m._odoo_id, hash(m._digest, m._odoo_id, o.plain) AS _digest, m._plain = o.plain AS _same
FROM (SELECT _system, _key, _odoo_id, _digest, _plain FROM read_parquet(${literal(marks)}) WHERE _class = 'linked') AS m
JOIN (SELECT _odoo_id, ${plainDigestSql(rules, 'odoo')} AS plain FROM (${odoo}) AS o) AS o ON o._odoo_id = m._odoo_id`;
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
