/** Control totals: what both sides sum up to, and by which classes of rows the difference between them is explained. */
import { identifier, literal } from '../../domain/sql.ts';
import type { EntityComparison } from './comparison.ts';
import type { FieldRule } from './field-rules.ts';

/** A dimension: the expression over the aliases of each side. */
export interface Dimension {
  readonly name: string;
  readonly legacy: string;
  /** Null where Odoo does not hold all the fields it needs: then a linked Odoo record counts where its legacy record does. */
  readonly odoo: string | null;
}

/** A record referred to in a dimension, joined under the name of the ref field. */
export interface JoinedReference {
  readonly field: string;
  readonly target: EntityComparison;
}

export interface ControlQuery {
  readonly comparison: EntityComparison;
  /** Null counts records. */
  readonly measure: FieldRule | null;
  readonly dimensions: readonly Dimension[];
  readonly references: readonly JoinedReference[];
  /** Rows that could not be mapped: they count, but what they amount to is not known. */
  readonly rejects: readonly string[];
}

/** `_system`, `_key`, `_odoo_id`, `_class`, `amount`, `odoo_form` and `d<n>` per dimension of the legacy rows. Aliases: `self` and the ref fields. */
function legacySql({ comparison, measure, dimensions, references }: ControlQuery): string {
  const amount = measure === null ? '1' : `self.${identifier(measure.field)}`;
  const joins = references.map(({ field, target }) => {
    const alias = identifier(field);
    return `LEFT JOIN (SELECT * FROM read_parquet(${literal(target.legacy)}) WHERE NOT _duplicate) AS ${alias} ON ${alias}._system = self._system AND ${alias}._key = self.${alias}`;
  });
  const columns = dimensions.map((dimension, index) => `, CAST(TRY(${dimension.legacy}) AS VARCHAR) AS d${index}`).join('');
  return `SELECT self._system, self._key, self._odoo_id, self._class, CAST(${amount} AS DECIMAL(38,${digitsOf(measure)})) AS amount${columns}
FROM read_parquet(${literal(comparison.legacy)}) AS self ${joins.join(' ')}`;
}

function odooSql({ comparison, measure, dimensions, references }: ControlQuery): string {
  const amount = measure === null ? '1' : `self.${identifier(measure.field)}`;
  const joins = references
    .filter(({ target }) => target.binding !== null)
    .map(({ field, target }) => {
      const alias = identifier(field);
      return `LEFT JOIN read_parquet(${literal(target.odoo)}) AS ${alias} ON ${alias}._odoo_id = self.${alias}`;
    });
  const columns = dimensions
    .map((dimension, index) => `, CAST(${dimension.odoo === null ? 'NULL' : `TRY(${dimension.odoo})`} AS VARCHAR) AS d${index}`)
    .join('');
  return `SELECT self._odoo_id, self._class, CAST(${amount} AS DECIMAL(38,${digitsOf(measure)})) AS amount${columns}
FROM read_parquet(${literal(comparison.odoo)}) AS self ${joins.join(' ')} WHERE self._class <> 'outside-scope'`;
}

function digitsOf(measure: FieldRule | null): number {
  return measure !== null && 'digits' in measure.contract ? measure.contract.digits : 0;
}

/** One row per dimension value and class: `dimension` (position, null for the grand total), `value`, `class`, `legacy`, `odoo` as exact texts.
 *  Class `equal` explains nothing and needs no explanation; `residual` is what is left unexplained. */
export function controlSql(query: ControlQuery): string {
  const { comparison, measure, dimensions, rejects } = query;
  const ds = dimensions.map((_, index) => `d${index}`);
  const list = (alias: string) => ds.map((d) => `, ${alias}.${d}`).join('');
  const nulls = ds.map(() => ', NULL').join('');
  const odooDimensions = dimensions
    .map((dimension, index) => (dimension.odoo === null ? `, l.d${index} AS o_d${index}` : `, o.d${index} AS o_d${index}`))
    .join('');
  const moved = dimensions.flatMap((dimension, index) => (dimension.odoo === null ? [] : [`l.d${index} IS DISTINCT FROM o.d${index}`]));
  const rejected =
    measure === null
      ? rejects.map(
          (file) =>
            `UNION ALL SELECT 1, 0, CASE WHEN bool_or(rule = 'null-key') THEN 'null-key' ELSE 'rejected' END${nulls} FROM read_parquet(${literal(file)}) GROUP BY row`,
        )
      : [];
  const sets = ['(class)', ...ds.map((d) => `(${d}, class)`)].join(', ');
  const which = ds.map((d, index) => `WHEN GROUPING(${d}) = 0 THEN ${index}`).join(' ');
  const value = ds.map((d) => `WHEN GROUPING(${d}) = 0 THEN ${d}`).join(' ');
  return `WITH l AS (${legacySql(query)}), o AS (${odooSql(query)}),
r AS (SELECT _system, _key, _fields, _rounded FROM read_parquet(${literal(comparison.records)}) WHERE _class = 'linked'),
paired AS (
  SELECT l.amount AS l_amount, o.amount AS o_amount, row_number() OVER (PARTITION BY l._odoo_id ORDER BY l._system, l._key) AS nth${list('l')}${odooDimensions},
    CASE ${moved.length === 0 ? '' : `WHEN ${moved.join(' OR ')} THEN 'other-dimension' `}${pairClassSql(measure)} END AS class
  FROM l JOIN o ON o._odoo_id = l._odoo_id JOIN r ON r._system = l._system AND r._key = l._key WHERE l._class = 'linked'
),
entry(legacy, odoo, class${ds.map((d) => `, ${d}`).join('')}) AS (
  SELECT l_amount, 0, CASE WHEN nth > 1 THEN 'shared-record' ELSE class END${list('paired')} FROM paired
  UNION ALL SELECT 0, o_amount, class${ds.map((d) => `, o_${d}`).join('')} FROM paired WHERE nth = 1
  UNION ALL SELECT amount, 0, _class${list('l')} FROM l WHERE _class <> 'linked'
  UNION ALL SELECT 0, amount, _class${list('o')} FROM o WHERE _class <> 'linked'
  ${rejected.join('\n  ')}
)
SELECT ${which === '' ? 'NULL' : `CASE ${which} END`} AS dimension, ${value === '' ? 'NULL' : `CASE ${value} END`} AS value, class,
  CAST(coalesce(sum(legacy), 0) AS VARCHAR) AS legacy, CAST(coalesce(sum(odoo), 0) AS VARCHAR) AS odoo
FROM entry GROUP BY GROUPING SETS (${sets}) ORDER BY dimension NULLS FIRST, value NULLS FIRST, class`;
}

/** Why the amounts of a linked record differ. What no rule explains is `residual`. */
function pairClassSql(measure: FieldRule | null): string {
  if (measure === null) return "ELSE 'equal'";
  const field = literal(measure.field);
  const systems = measure.systems.map(literal).join(', ');
  return `WHEN l.amount IS NOT DISTINCT FROM o.amount THEN 'equal'
    WHEN l._system NOT IN (${systems}) THEN 'not-pulled'
    WHEN ${measure.skipsNull ? 'l.amount IS NULL' : 'false'} THEN 'no-legacy-value'
    WHEN list_contains(r._fields, ${field}) THEN 'value'
    WHEN list_contains(r._rounded, ${field}) THEN 'rounding'
    WHEN ${'tolerance' in measure.contract && measure.contract.tolerance !== undefined ? 'true' : 'false'} THEN 'tolerance'
    ELSE 'residual'`;
}

/** Rows with a value of each field, and their exact sum for amounts: `f<n>`, `s<n>`. */
export function fieldCoverageSql(comparison: EntityComparison, fields: readonly { readonly name: string; readonly isAmount: boolean }[]): string {
  const columns = fields.map(({ name, isAmount }, index) => {
    const sum = isAmount ? `CAST(sum(${identifier(name)}) AS VARCHAR)` : 'NULL';
    return `count(${identifier(name)}) AS f${index}, ${sum} AS s${index}`;
  });
  return `SELECT ${columns.join(', ')} FROM read_parquet(${literal(comparison.legacy)})`;
}

/** Linked rows without a value in fields of which Odoo cannot hold "no value": `f<n>`. */
export function missingValuesSql(comparison: EntityComparison, fields: readonly string[], systems: (field: string) => readonly string[]): string {
  const columns = fields.map(
    (name, index) => `count(*) FILTER (${identifier(name)} IS NULL AND _system IN (${systems(name).map(literal).join(', ')})) AS f${index}`,
  );
  return `SELECT ${columns.join(', ')} FROM read_parquet(${literal(comparison.legacy)}) WHERE _class = 'linked'`;
}
