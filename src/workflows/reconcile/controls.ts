/** Control totals of a comparison. Their dimensions are expressions of the workspace, so they run in a plane that is locked down. */
import type { ControlTotal } from '../../domain/difference.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import { refuseMistakes } from '../../domain/mistakes.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { sumOf } from '../../domain/rounding.ts';
import { dimensionTexts } from '../map/checks.ts';
import { type FieldRule, fieldRules } from '../sides/field-rules.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import { type ControlQuery, controlSql, type Dimension } from './controls-sql.ts';
import { expressionAt, sideExpressions } from './side-expressions.ts';

/** All control totals, in the order of the contracts: the grand total, then each dimension by its values. E_CONFIG for expressions that
 *  cannot be dimensions. */
export async function controlTotals(comparison: Comparison, plane: DataPlane): Promise<ControlTotal[]> {
  const planned = await planControls(comparison, plane);
  const totals: ControlTotal[] = [];
  for (const control of planned) {
    const rows = await plane.rows<ControlRow>(controlSql(control.query));
    totals.push(...totalsOf(control, rows));
  }
  return totals;
}

interface PlannedControl {
  readonly name: string;
  readonly query: ControlQuery;
}

interface ControlRow {
  readonly [column: string]: string | number | null;
  readonly dimension: number | null;
  readonly value: string | null;
  readonly class: string;
  readonly legacy: string;
  readonly odoo: string;
  readonly gross: string;
}

/** A control whose measure Odoo does not hold, or no source yields, is no control: the coverage statement has its sum. */
async function planControls(comparison: Comparison, plane: DataPlane): Promise<PlannedControl[]> {
  const planned: PlannedControl[] = [];
  const mistakes: Mistake[] = [];
  for (const entity of comparison.entities) {
    const rules = rulesOf(entity, comparison);
    for (const [index, control] of entity.definition.contract.controls.entries()) {
      const measure = rules.find((rule) => rule.compared && rule.field === control.measure) ?? null;
      if (entity.binding === null || (measure === null && control.measure !== 'count')) continue;
      const parts = dimensionTexts(control);
      const texts = parts.map(({ path, text }) => expressionAt(entity.definition, ['controls', index, 'by', ...path], text));
      const { resolved, references, mistakes: refused } = await sideExpressions({ entity, comparison, texts }, plane);
      mistakes.push(...refused);
      const dimensions: Dimension[] = [];
      for (const [place, { path }] of parts.entries()) {
        const expression = resolved[place];
        const [group = '', name = group] = path;
        if (!expression) continue;
        const part = { name, ...expression };
        const before = path.length > 1 ? dimensions.at(-1) : undefined;
        // parts of several dimensions at once follow each other
        if (before?.group === group) dimensions[dimensions.length - 1] = { group, parts: [...before.parts, part] };
        else dimensions.push({ group, parts: [part] });
      }
      const rejects = entity.datasets.map((dataset) => dataset.rejects);
      planned.push({ name: control.name, query: { comparison: entity, measure, dimensions, references, rejects } });
    }
  }
  refuseMistakes(mistakes);
  return planned;
}

export function rulesOf(entity: EntityComparison, comparison: Comparison): readonly FieldRule[] {
  if (entity.binding === null) return [];
  const { definition, binding, mapped, followers } = entity;
  return fieldRules({ definition, binding, mapped, world: comparison.world, hasFollowers: followers > 0 });
}

function totalsOf({ name, query }: PlannedControl, rows: readonly ControlRow[]): ControlTotal[] {
  const buckets = new Map<string, ControlRow[]>([['[null,null]', []]]);
  for (const row of rows) {
    const bucket = JSON.stringify([row.dimension, row.dimension === null ? null : row.value]);
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), row]);
  }
  return [...buckets.values()].map((bucket) => {
    const [first] = bucket;
    const dimension = first === undefined || first.dimension === null ? {} : dimensionOf(query.dimensions[first.dimension], first.value);
    const difference = (chosen: readonly ControlRow[]) => sumOf(chosen.flatMap((row) => [row.legacy, negated(row.odoo)]));
    const explained = bucket.filter((row) => row.class !== 'equal' && row.class !== 'residual');
    const isRounded = explained.some((row) => row.class === 'rounding');
    const [net, gross] = [difference(bucket), sumOf(bucket.map((row) => row.gross))];
    return {
      entity: query.comparison.entity,
      name,
      dimension,
      legacy: sumOf(bucket.map((row) => row.legacy)),
      odoo: sumOf(bucket.map((row) => row.odoo)),
      difference: net,
      classes: Object.fromEntries(explained.map((row) => [row.class, difference([row])])),
      residual: difference(bucket.filter((row) => row.class === 'residual')),
      gross,
      offsetting: isZero(net) && !isZero(gross),
      rule: isRounded ? (query.measure?.rounding ?? null) : null,
    };
  });
}

/** `value` is that of the one part, or the values of several as a JSON list. */
function dimensionOf(dimension: Dimension | undefined, value: string | null): Record<string, string | null> {
  const [only, ...more] = dimension?.parts ?? [];
  if (only === undefined) return {};
  if (more.length === 0) return { [only.name]: value };
  const values = JSON.parse(value ?? '[]') as readonly (string | null)[];
  return Object.fromEntries([only, ...more].map(({ name }, index) => [name, values[index] ?? null]));
}

function negated(amount: string): string {
  return amount.startsWith('-') ? amount.slice(1) : `-${amount}`;
}

function isZero(amount: string): boolean {
  return /^-?0(\.0*)?$/.test(amount);
}
