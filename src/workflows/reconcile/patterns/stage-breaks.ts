/** The breaks a pattern is looked for in, as tables of the data plane. */
import { canonicalRowsSql, isAmount } from '../../../domain/canonical.ts';
import type { DataPlane } from '../../../domain/ports.ts';
import { identifier, literal } from '../../../domain/sql.ts';
import type { Comparison, EntityComparison } from '../comparison.ts';
import { amountType, unitFieldOf } from './amount-families.ts';
import { alikeColumn } from './text-families.ts';
import { isTemporal } from './time-families.ts';
import { type FieldBreaks, isTextual } from './transformation.ts';

const fieldClasses = "('value', 'missing-value', 'extra-value', 'unmapped-code')";

/** Table `pattern_breaks`: every break of the entity that is open or pending, with `swapped`: the field of the same record that has this value, and
 *  whose value this one has. Breaks that nobody has judged yet are open. */
export async function breaksTableSql(entity: EntityComparison, plane: DataPlane): Promise<string> {
  const source = `read_parquet(${literal(entity.breaks)})`;
  const columns = await plane.rows<{ column_name: string }>(`DESCRIBE SELECT * FROM ${source}`);
  const isJudged = columns.some((column) => column.column_name === 'status');
  // of two fields with a handful of values each, both being wrong looks like a swap
  const few = Object.entries(entity.definition.contract.fields).flatMap(([name, { type }]) => (type === 'boolean' || type === 'choice' ? [literal(name)] : []));
  return `CREATE OR REPLACE TABLE pattern_breaks AS
WITH breaks AS (SELECT id, system, key, odoo_id, class, field, legacy AS l, odoo AS o, movement, direction, key_pii FROM ${source}${isJudged ? " WHERE status IN ('open', 'pending')" : ''}),
values AS (SELECT id, system, key, field, l, o FROM breaks WHERE class = 'value'${few.length === 0 ? '' : ` AND field NOT IN (${few.join(', ')})`}),
swaps AS (
  SELECT one.id, min(other.field) AS swapped FROM values AS one JOIN values AS other
  ON other.system = one.system AND other.key = one.key AND other.l = one.o AND other.o = one.l AND other.field <> one.field GROUP BY one.id
)
SELECT breaks.*, swapped FROM breaks LEFT JOIN swaps USING (id)`;
}

export function groupsSql(): string {
  return `SELECT field, system, count(*) AS rows FROM pattern_breaks WHERE class IN ${fieldClasses} GROUP BY field, system ORDER BY field, system`;
}

export interface LinkedCounts {
  readonly linkedShare: number;
  /** Field → linked records with a value, on the assumption that links do not depend on values. */
  readonly fields: Readonly<Record<string, number>>;
}

/** By system. Counted in the canonical rows as they lie there: nothing has to be joined. */
export async function linkedCounts(entity: EntityComparison, fields: readonly string[], plane: DataPlane): Promise<ReadonlyMap<string, LinkedCounts>> {
  const linked = await plane.rows<{ system: string; rows: number }>(
    `SELECT _system AS system, count(*) AS rows FROM read_parquet(${literal(entity.records)}) WHERE _class = 'linked' GROUP BY _system`,
  );
  const found = new Map<string, LinkedCounts>();
  for (const dataset of entity.datasets) {
    const { system, counts } = dataset;
    const linkedShare = Math.min(1, (linked.find((row) => row.system === system)?.rows ?? 0) / Math.max(counts.mapped, 1));
    const filled = fields.map((field) => `count(${identifier(field)}) AS ${identifier(field)}`);
    const [row = {}] = await plane.rows<Record<string, number>>(`SELECT ${filled.join(', ')} FROM ${canonicalRowsSql([dataset])} AS r`);
    found.set(system, { linkedShare, fields: Object.fromEntries(fields.map((field) => [field, Math.round((row[field] ?? 0) * linkedShare)])) });
  }
  return found;
}

/** Table `pattern_values` (transformation.ts). */
export function valuesTableSql(breaks: FieldBreaks, comparison: Comparison): string {
  const { contract, field, system, entity } = breaks;
  const columns = ['b.id', 'b.key', 'b.system', 'b.class', 'b.l', 'b.o', 'b.movement', 'b.direction', 'b.swapped', 'b.key_pii'];
  const joins: string[] = [];
  const type = amountType(contract);
  if (isTextual(contract)) columns.push(`${alikeColumn} AS alike`);
  if (type !== null) columns.push(`TRY_CAST(b.l AS ${type}) AS a`, `TRY_CAST(b.o AS ${type}) AS b`);
  if (isTemporal(contract)) columns.push('TRY_CAST(b.l AS TIMESTAMP) AS t', 'TRY_CAST(b.o AS TIMESTAMP) AS u');
  const unit = unitFieldOf(breaks);
  const rows = rowsOf(entity, system);
  if (unit !== null && rows !== null) {
    columns.push('r.unit');
    joins.push(`LEFT JOIN (SELECT _key, min(CAST(${identifier(unit)} AS VARCHAR)) AS unit FROM ${rows} GROUP BY _key) AS r ON r._key = b.key`);
  }
  for (const [index, { name, sql }] of lineSums(breaks, comparison).entries()) {
    columns.push(`s${index}.total AS ${identifier(`lines:${name}`)}`);
    joins.push(`LEFT JOIN (${sql}) AS s${index} ON s${index}._key = b.key`);
  }
  return `CREATE OR REPLACE TABLE pattern_values AS SELECT ${columns.join(', ')} FROM pattern_breaks AS b ${joins.join('\n')}
WHERE b.field = ${literal(field)} AND b.system = ${literal(system)} AND b.class IN ${fieldClasses}`;
}

/** The canonical rows of a system. */
function rowsOf(entity: EntityComparison, system: string): string | null {
  const dataset = entity.datasets.find((one) => one.system === system);
  return dataset === undefined ? null : canonicalRowsSql([dataset]);
}

/** What a document's lines come to, each rounded to the currency, for every amount that its lines have. */
function lineSums({ contract, entity, system }: FieldBreaks, comparison: Comparison): { name: string; sql: string }[] {
  if (contract.type !== 'money' || contract.rounding !== undefined) return [];
  return entity.definition.lines.flatMap((name) => {
    const lines = comparison.entities.find((one) => one.entity === name);
    const fields = Object.entries(lines?.definition.contract.fields ?? {});
    const parent = fields.find(([, field]) => field.type === 'ref' && field.entity === entity.entity)?.[0];
    const rows = lines === undefined ? null : rowsOf(lines, system);
    if (rows === null || parent === undefined) return [];
    return fields
      .filter(([, field]) => isAmount(field) && field.type === 'money')
      .map(([field]) => ({
        name: `${name}.${field}`,
        sql: `SELECT ${identifier(parent)} AS _key, sum(round(${identifier(field)}, ${comparison.world.currencyDigits})) AS total FROM ${rows} WHERE NOT _duplicate GROUP BY 1`,
      }));
  });
}

/** A few breaks of a candidate that no earlier one explains, in order of record. */
export function samplesSql(index: number, earlier: readonly number[]): string {
  const others = earlier.length === 0 ? '' : ` AND NOT list_has_any(marks, [${earlier.join(', ')}])`;
  return `SELECT id, system, key, l, o, key_pii FROM pattern_marks JOIN pattern_values USING (id) WHERE list_contains(marks, ${index})${others} ORDER BY key, id LIMIT 5`;
}
