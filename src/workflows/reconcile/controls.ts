/** Control totals of a comparison. Their dimensions are expressions of the workspace, so they run in a plane that is locked down. */
import type { ControlTotal } from '../../domain/difference.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import { refuseMistakes } from '../../domain/mistakes.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { sumOf } from '../../domain/rounding.ts';
import { identifier } from '../../domain/sql.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import { type ColumnReference, type ExpressionText, type ParsedExpression, parseExpressions } from '../expression/expression.ts';
import { type FieldRule, fieldRules } from '../sides/field-rules.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import { type ControlQuery, controlSql, type Dimension, type JoinedReference } from './controls-sql.ts';

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
      const texts = Object.entries(control.by).map(([name, text]) => expressionText(entity, index, name, text));
      const { parsed, mistakes: refused } = await parseExpressions(plane, texts);
      mistakes.push(...refused);
      const references = new Map<string, JoinedReference>();
      const dimensions: Dimension[] = [];
      for (const [position, name] of Object.keys(control.by).entries()) {
        const expression = parsed[position];
        const text = texts[position];
        if (!expression || text === undefined) continue;
        const resolved = resolveDimension({ name, expression, text, entity, comparison, references });
        if ('dimension' in resolved) dimensions.push(resolved.dimension);
        else mistakes.push(...resolved.mistakes);
      }
      const rejects = entity.datasets.map((dataset) => dataset.rejects);
      planned.push({ name: control.name, query: { comparison: entity, measure, dimensions, references: [...references.values()], rejects } });
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

function expressionText(entity: EntityComparison, index: number, name: string, text: string): ExpressionText {
  const start = entity.definition.position(['controls', index, 'by', name]);
  return { text, at: (offset) => ({ ...start, column: start.column + offset }) };
}

interface Resolving {
  readonly name: string;
  readonly expression: ParsedExpression;
  readonly text: ExpressionText;
  readonly entity: EntityComparison;
  readonly comparison: Comparison;
  /** Filled with the references the dimension needs. */
  readonly references: Map<string, JoinedReference>;
}

/** Every name of the expression becomes a column of the row itself or of a record it refers to. */
function resolveDimension({ name, expression, text, entity, comparison, references }: Resolving): { dimension: Dimension } | { mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  let isInOdoo = true;
  const columns = expression.columns.map((reference) => {
    const [first = '', second, ...rest] = reference.names;
    const own = entity.definition.contract.fields[first];
    const target = own?.type === 'ref' && second !== undefined ? comparison.entities.find((one) => one.entity === own.entity) : undefined;
    const known = second === undefined ? own : target?.definition.contract.fields[second];
    if (known === undefined || rest.length > 0) {
      const names = second === undefined || target === undefined ? entity.definition.contract.fields : target.definition.contract.fields;
      mistakes.push({
        position: text.at(reference.offset),
        message: `no field '${reference.names.join('.')}'${didYouMean(second ?? first, Object.keys(names))}`,
      });
      return { reference, sql: 'NULL' };
    }
    if (target !== undefined && second !== undefined) {
      references.set(first, { field: first, target });
      isInOdoo = isInOdoo && isHeldByOdoo(entity, first) && isHeldByOdoo(target, second);
      return { reference, sql: `${identifier(first)}.${identifier(second)}` };
    }
    // a bare reference is a record key on one side and a database id on the other
    isInOdoo = isInOdoo && isHeldByOdoo(entity, first) && known.type !== 'ref';
    return { reference, sql: `self.${identifier(first)}` };
  });
  if (mistakes.length > 0) return { mistakes };
  const sql = replaceNames(expression.text, columns);
  return { dimension: { name, legacy: sql, odoo: isInOdoo ? sql : null } };
}

function isHeldByOdoo(entity: EntityComparison, field: string): boolean {
  const { binding } = entity;
  if (binding === null || (entity.mapped.get(field) ?? []).length === 0) return false;
  return binding.stateField === field || binding.fields.some((one) => one.field === field);
}

function replaceNames(text: string, columns: readonly { readonly reference: ColumnReference; readonly sql: string }[]): string {
  let replaced = text;
  for (const { reference, sql } of [...columns].sort((a, b) => b.reference.offset - a.reference.offset)) {
    replaced = replaced.slice(0, reference.offset) + sql + replaced.slice(reference.offset + reference.length);
  }
  return `(\n${replaced}\n)`;
}

function totalsOf({ name, query }: PlannedControl, rows: readonly ControlRow[]): ControlTotal[] {
  const buckets = new Map<string, ControlRow[]>([['[null,null]', []]]);
  for (const row of rows) {
    const bucket = JSON.stringify([row.dimension, row.dimension === null ? null : row.value]);
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), row]);
  }
  return [...buckets.values()].map((bucket) => {
    const [first] = bucket;
    const dimension = first === undefined || first.dimension === null ? {} : { [query.dimensions[first.dimension]?.name ?? '']: first.value };
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

function negated(amount: string): string {
  return amount.startsWith('-') ? amount.slice(1) : `-${amount}`;
}

function isZero(amount: string): boolean {
  return /^-?0(\.0*)?$/.test(amount);
}
