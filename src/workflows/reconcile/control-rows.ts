/** What the query of a control total answers, and what its rows come to. Amounts are decimal texts. */
import type { ControlTotal } from '../../domain/difference.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { sumOf } from '../../domain/rounding.ts';
import { type ControlQuery, controlSql, type Dimension } from './controls-sql.ts';

export interface ControlRow {
  readonly [column: string]: string | number | null;
  readonly dimension: number | null;
  readonly value: string | null;
  readonly class: string;
  readonly legacy: string;
  readonly odoo: string;
  readonly gross: string;
}

/** Of the grand total, or of one value of a dimension. */
export interface Bucket<Row extends ControlRow = ControlRow> {
  readonly dimension: number | null;
  readonly value: string | null;
  readonly rows: readonly Row[];
}

export async function controlRows(query: ControlQuery, plane: DataPlane): Promise<readonly ControlRow[]> {
  return await plane.rows<ControlRow>(controlSql(query));
}

/** The grand total first, rows or none; the others in order of their first row. */
export function bucketsOf<Row extends ControlRow>(rows: readonly Row[]): readonly Bucket<Row>[] {
  const buckets = new Map<string, Row[]>([['[null,null]', []]]);
  for (const row of rows) {
    const bucket = JSON.stringify([row.dimension, row.dimension === null ? null : row.value]);
    const so = buckets.get(bucket);
    if (so === undefined) buckets.set(bucket, [row]);
    else so.push(row);
  }
  return [...buckets.values()].map((own) => ({ dimension: own[0]?.dimension ?? null, value: own[0]?.value ?? null, rows: own }));
}

export type Bridge = Pick<ControlTotal, 'legacy' | 'odoo' | 'difference' | 'classes' | 'residual' | 'gross' | 'offsetting'>;

/** What both sides sum up to, and by which classes the difference is explained. */
export function bridgeOf(rows: readonly ControlRow[]): Bridge {
  const difference = (chosen: readonly ControlRow[]) => sumOf(chosen.flatMap((row) => [row.legacy, negated(row.odoo)]));
  const classes = Map.groupBy(
    rows.filter((row) => row.class !== 'equal' && row.class !== 'residual'),
    (row) => row.class,
  );
  const [net, gross] = [difference(rows), sumOf(rows.map((row) => row.gross))];
  return {
    legacy: sumOf(rows.map((row) => row.legacy)),
    odoo: sumOf(rows.map((row) => row.odoo)),
    difference: net,
    classes: Object.fromEntries([...classes].map(([name, own]) => [name, difference(own)])),
    residual: difference(rows.filter((row) => row.class === 'residual')),
    gross,
    offsetting: isZero(net) && !isZero(gross),
  };
}

/** `value` is that of the one part, or the values of several as a JSON list. */
export function dimensionOf(dimension: Dimension | undefined, value: string | null): Record<string, string | null> {
  const [only, ...more] = dimension?.parts ?? [];
  if (only === undefined) return {};
  if (more.length === 0) return { [only.name]: value };
  const values = JSON.parse(value ?? '[]') as readonly (string | null)[];
  return Object.fromEntries([only, ...more].map(({ name }, index) => [name, values[index] ?? null]));
}

export function negated(amount: string): string {
  return amount.startsWith('-') ? amount.slice(1) : `-${amount}`;
}

export function isZero(amount: string): boolean {
  return /^-?0(\.0*)?$/.test(amount);
}
