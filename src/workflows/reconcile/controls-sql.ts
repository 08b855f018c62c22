/** Control totals: what both sides sum up to, and by which classes of rows the difference between them is explained. */
import { identifier, literal } from '../../domain/sql.ts';
import { type FieldRule, saysSql } from '../sides/field-rules.ts';
import type { EntityComparison } from './comparison.ts';
import { type JoinedReference, legacyJoinsSql, odooJoinsSql, type SideExpression } from './side-expressions.ts';

/** A dimension, or several at once. */
export interface Dimension {
  readonly group: string;
  /** The expressions over the aliases of each side; `odoo` is null where Odoo does not hold all the fields it needs: then a linked Odoo record counts where its
   *  legacy record does. */
  readonly parts: readonly ({ readonly name: string } & SideExpression)[];
}

/** The value of a dimension as one text; that of several at once as a JSON list. Null: Odoo cannot say. */
function valueSql({ parts }: Dimension, side: 'legacy' | 'odoo'): string | null {
  const values = parts.map((part) => (part[side] === null ? null : `CAST(TRY(${part[side]}) AS VARCHAR)`));
  if (values.includes(null)) return null;
  return values.length === 1 ? (values[0] as string) : `CAST(to_json([${values.join(', ')}]) AS VARCHAR)`;
}

/** What is summed. */
export interface Summed {
  readonly field: string;
  readonly digits: number;
  readonly isNegative: boolean;
  /** It is divided by this field, and rounded half-up to so many decimals. */
  readonly at: { readonly field: string; readonly digits: number; readonly to: number } | null;
}

export interface ControlQuery {
  readonly comparison: EntityComparison;
  /** Null counts records. */
  readonly summed: Summed | null;
  /** How the field is compared. Null for counts, and for a field that Odoo does not hold: what the legacy side has stands on both then. */
  readonly measure: FieldRule | null;
  /** Only rows for which it holds; `odoo` null: a linked Odoo record counts where its legacy record does, and no other. */
  readonly where: SideExpression | null;
  readonly dimensions: readonly Dimension[];
  readonly references: readonly JoinedReference[];
  /** Rows that could not be mapped: they count, but what they amount to is not known. */
  readonly rejects: readonly string[];
}

/** `_system`, `_key`, `_odoo_id`, `_class`, `_ahead`, `amount`, `counts` and `d<n>` per dimension of the legacy rows. Aliases: `self` and the ref fields. */
function legacySql({ comparison, summed, where, dimensions, references }: ControlQuery): string {
  const columns = dimensions.map((dimension, index) => `, ${valueSql(dimension, 'legacy')} AS d${index}`).join('');
  return `SELECT self._system, self._key, self._odoo_id, ${classSql(comparison)} AS _class, self._ahead, ${amountSql(summed)} AS amount, ${holdsSql(where?.legacy)} AS counts${columns}
FROM ${comparison.legacy.sql} AS self ${explainedJoinSql(comparison, 'legacy')} ${legacyJoinsSql(references)}`;
}

function odooSql({ comparison, summed, where, dimensions, references }: ControlQuery): string {
  const columns = dimensions.map((dimension, index) => `, ${valueSql(dimension, 'odoo') ?? 'CAST(NULL AS VARCHAR)'} AS d${index}`).join('');
  return `SELECT self._odoo_id, ${classSql(comparison)} AS _class, ${amountSql(summed)} AS amount, ${where?.odoo === null ? 'false' : holdsSql(where?.odoo)} AS counts${columns}
FROM ${comparison.odoo.sql} AS self ${explainedJoinSql(comparison, 'odoo')} ${odooJoinsSql(references)} WHERE self._class <> 'outside-scope'`;
}

/** A record of one side only that a rule explains is in the class of the rule. */
function classSql({ explained }: EntityComparison): string {
  return explained === null ? 'self._class' : `coalesce('explained:' || _x.explained, self._class)`;
}

function explainedJoinSql({ explained }: EntityComparison, side: 'legacy' | 'odoo'): string {
  if (explained === null) return '';
  const same = side === 'legacy' ? '_x.system = self._system AND _x.key = self._key' : '_x.odoo_id = self._odoo_id';
  return `LEFT JOIN (FROM read_parquet(${literal(explained)}) WHERE side = ${literal(side)}) AS _x ON ${same}`;
}

function amountSql(summed: Summed | null): string {
  if (summed === null) return 'CAST(1 AS DECIMAL(38,0))';
  const own = `self.${identifier(summed.field)}`;
  const amount = summed.at === null ? own : quotientSql(own, summed, summed.at);
  return `CAST(${summed.isNegative ? `-(${amount})` : amount} AS DECIMAL(38,${summed.at?.to ?? summed.digits}))`;
}

/** Half-up (away from zero), in whole numbers: dividing decimals gives a float in DuckDB. NULL without a rate above 0. */
function quotientSql(amount: string, { digits }: Summed, at: NonNullable<Summed['at']>): string {
  const rate = `self.${identifier(at.field)}`;
  const power = (exponent: number) => `CAST(1${'0'.repeat(Math.max(0, exponent))} AS HUGEINT)`;
  const whole = (value: string, scale: number) => `CAST(${value} * 1${'0'.repeat(scale)} AS HUGEINT)`;
  const shift = at.digits + at.to - digits;
  const [above, below] = [`${whole(`abs(${amount})`, digits)} * ${power(shift)}`, `${whole(rate, at.digits)} * ${power(-shift)}`];
  const unit = at.to === 0 ? '1' : `0.${'0'.repeat(at.to - 1)}1`;
  const units = `CAST((2 * ${above} + ${below}) // (2 * ${below}) AS DECIMAL(28,0)) * CAST('${unit}' AS DECIMAL(10,${at.to}))`;
  return `TRY(CASE WHEN ${rate} > 0 THEN sign(${amount}) * (${units}) END)`;
}

function holdsSql(where: string | undefined): string {
  return where === undefined ? 'true' : `coalesce(TRY(${where}), false)`;
}

/** One row per dimension value and class: `dimension` (position, null for the grand total), `value`, `class`, `legacy`, `odoo`, `gross` as exact texts.
 *  Class `equal` explains nothing and needs no explanation; `residual` is what is left unexplained. */
export function controlSql(query: ControlQuery): string {
  const { summed, measure, dimensions } = query;
  const columns = dimensions.map((_, index) => `, d${index}, m${index}`).join('');
  const groups = dimensions.map(
    (_, index) =>
      `SELECT ${index} AS dimension, d${index} AS value, CASE WHEN m${index} THEN 'other-dimension' ELSE class END AS class, ${sumsSql(`CASE WHEN m${index} THEN abs(legacy) + abs(odoo) ELSE gross END`)} FROM entry GROUP BY ALL`,
  );
  return `WITH l AS (${legacySql(query)}), ${summed !== null && measure === null ? sameEntriesSql(query, columns) : comparedEntriesSql(query, columns)}
SELECT CAST(NULL AS INTEGER) AS dimension, CAST(NULL AS VARCHAR) AS value, class, ${sumsSql('gross')} FROM entry GROUP BY class
${groups.map((group) => `UNION ALL ${group}`).join('\n')}
ORDER BY dimension NULLS FIRST, value NULLS FIRST, class`;
}

/** What Odoo does not hold is the same for both sides. */
function sameEntriesSql({ dimensions }: ControlQuery, columns: string): string {
  const values = dimensions.map((_, index) => `, d${index}, false`).join('');
  return `entry(legacy, odoo, gross, class${columns}) AS MATERIALIZED (SELECT amount, amount, 0, 'equal'${values} FROM l WHERE counts)`;
}

/** `l` is there; this adds `o`, `r`, `paired` and `entry`. */
function comparedEntriesSql(query: ControlQuery, columns: string): string {
  const { comparison, summed, measure, where, dimensions, rejects } = query;
  const each = (make: (index: number) => string) => dimensions.map((_, index) => `, ${make(index)}`).join('');
  const isLegacyOnly = (index: number) => dimensions[index]?.parts.some((part) => part.odoo === null) === true;
  const moved = each((index) => (isLegacyOnly(index) ? 'false' : `l.d${index} IS DISTINCT FROM o.d${index}`) + ` AS m${index}`);
  const there = each((index) => `${isLegacyOnly(index) ? 'l' : 'o'}.d${index} AS o_d${index}`);
  const rejected = measure === null ? rejects : [];
  // of several legacy records that are one record of Odoo, the one that says what the amount is stands against it; the others are `joined`
  const saysMeasure =
    measure === null ? 'l._ahead IS NULL' : `(l._system IN (${measure.systems.map(literal).join(', ')}) AND ${saysSql('l', measure.systems)})`;
  const nth =
    comparison.followers === 0 ? '1' : `row_number() OVER (PARTITION BY l._odoo_id ORDER BY ${saysMeasure} DESC, l._ahead IS NULL DESC, l._system, l._key)`;
  return `o AS (${odooSql(query)}),
r AS (SELECT _system, _key, _fields, _rounded FROM read_parquet(${literal(comparison.records)}) WHERE _class = 'linked' AND (len(_fields) > 0 OR len(_rounded) > 0)),
paired AS MATERIALIZED (
  SELECT l.amount AS l_amount, o.amount AS o_amount, ${nth} AS nth, l.counts AS l_counts, ${where?.odoo === null ? 'l' : 'o'}.counts AS o_counts,
    CASE WHEN l_counts <> o_counts THEN 'other-dimension' ELSE ${pairClassSql(measure, summed?.at?.field ?? null, comparison.explained !== null)} END AS class${each((index) => `l.d${index} AS d${index}`)}${there}${moved}
  FROM l JOIN o ON o._odoo_id = l._odoo_id LEFT JOIN r ON r._system = l._system AND r._key = l._key${explainedValueJoinSql(comparison, measure)} WHERE l._class = 'linked'
),
entry(legacy, odoo, gross, class${columns}) AS MATERIALIZED (
  SELECT l_amount, 0, abs(coalesce(l_amount, 0) - CASE WHEN nth > 1 OR NOT o_counts THEN 0 ELSE coalesce(o_amount, 0) END), CASE WHEN nth > 1 THEN 'joined' ELSE class END${each((index) => `d${index}, m${index} AND nth = 1`)} FROM paired WHERE l_counts
  UNION ALL SELECT 0, o_amount, CASE WHEN l_counts THEN 0 ELSE abs(coalesce(o_amount, 0)) END, class${each((index) => `o_d${index}, m${index}`)} FROM paired WHERE nth = 1 AND o_counts
  UNION ALL SELECT amount, 0, abs(amount), CASE WHEN _ahead IS NOT NULL AND _class <> 'duplicate-key' THEN 'joined' ELSE _class END${each((index) => `d${index}, false`)} FROM l WHERE _class <> 'linked' AND counts
  UNION ALL SELECT 0, amount, abs(amount), _class${each((index) => `d${index}, false`)} FROM o WHERE _class <> 'linked' AND counts
  ${rejected.map((file) => `UNION ALL SELECT 1, 0, 1, CASE WHEN bool_or(rule = 'null-key') THEN 'null-key' ELSE 'rejected' END${each(() => 'NULL, false')} FROM read_parquet(${literal(file)}) GROUP BY row`).join('\n  ')}
)`;
}

/** `gross`: what the rows differ by, whatever its sign; a row that stands elsewhere on the other side differs by the whole of its amount. */
function sumsSql(gross: string): string {
  const sum = (amount: string) => `CAST(coalesce(sum(${amount}), 0) AS VARCHAR)`;
  return `${sum('legacy')} AS legacy, ${sum('odoo')} AS odoo, ${sum(gross)} AS gross`;
}

/** Differences of the measure that a rule explains. */
function explainedValueJoinSql({ explained }: EntityComparison, measure: FieldRule | null): string {
  if (explained === null || measure === null) return '';
  return ` LEFT JOIN (FROM read_parquet(${literal(explained)}) WHERE field = ${literal(measure.field)}) AS x ON x.system = l._system AND x.key = l._key`;
}

/** Why the amounts of a linked record differ. What no rule explains is `residual`. */
function pairClassSql(measure: FieldRule | null, rate: string | null, isExplained: boolean): string {
  if (measure === null) return "'equal'";
  const field = literal(measure.field);
  const hasTolerance = 'tolerance' in measure.contract && measure.contract.tolerance !== undefined;
  return `CASE WHEN l.amount IS NOT DISTINCT FROM o.amount THEN 'equal'
    WHEN l._system NOT IN (${measure.systems.map(literal).join(', ')}) THEN 'not-pulled'
    ${measure.skipsNull ? "WHEN l.amount IS NULL THEN 'no-legacy-value'" : ''}
    WHEN list_contains(r._fields, ${field}) THEN ${isExplained ? "coalesce('explained:' || x.explained, 'value')" : "'value'"}
    ${rate === null ? '' : `WHEN list_contains(r._fields, ${literal(rate)}) THEN 'value'`}
    ${measure.compared ? '' : "WHEN true THEN 'not-compared'"}
    WHEN list_contains(r._rounded, ${field}) THEN 'rounding'
    ELSE ${literal(hasTolerance ? 'tolerance' : 'residual')} END`;
}

/** Rows with a value of each field, and their exact sum for amounts: `f<n>`, `s<n>`. */
export function fieldCoverageSql(comparison: EntityComparison, fields: readonly { readonly name: string; readonly isAmount: boolean }[]): string {
  const columns = fields.map(({ name, isAmount }, index) => {
    const sum = isAmount ? `CAST(sum(${identifier(name)}) AS VARCHAR)` : 'NULL';
    return `count(${identifier(name)}) AS f${index}, ${sum} AS s${index}`;
  });
  return `SELECT ${columns.join(', ')} FROM ${comparison.legacy.sql}`;
}

/** Linked rows for which each rule applies, and those without a value where that is why it does not: `a<n>`, `m<n>`. */
export function comparedValuesSql(comparison: EntityComparison, rules: readonly FieldRule[]): string {
  const columns = rules.flatMap(({ field, systems, applies }, index) => [
    `count(*) FILTER (${applies}) AS a${index}`,
    `count(*) FILTER (l.${identifier(field)} IS NULL AND l._system IN (${systems.map(literal).join(', ')}) AND ${saysSql('l', systems)}) AS m${index}`,
  ]);
  return `SELECT ${columns.join(', ')} FROM ${comparison.legacy.sql} AS l WHERE l._class = 'linked'`;
}
