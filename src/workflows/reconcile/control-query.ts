/** The query of a control total, or of one of the sums that it is made of. Expressions of the workspace: they run in a plane that is locked down. */
import type { FieldContract } from '../../domain/contract.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { dimensionTexts } from '../map/checks.ts';
import { type FieldRule, fieldRules } from '../sides/field-rules.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import type { ControlQuery, Dimension, Summed } from './controls-sql.ts';
import { expressionAt, sideExpressions } from './side-expressions.ts';

/** A control total, or one of its terms, over the rows of `entity`. */
export interface AskedTerm {
  readonly entity: EntityComparison;
  readonly comparison: Comparison;
  /** Where its expressions stand: the definition of the file, and the path in it. */
  readonly definition: EntityComparison['definition'];
  readonly path: readonly (string | number)[];
  readonly term: {
    readonly measure: string;
    readonly at?: string | undefined;
    readonly where?: string | undefined;
    readonly by: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  };
}

export interface PlannedQuery {
  readonly query: ControlQuery;
  readonly mistakes: readonly Mistake[];
  /** Fields it needs that no source yields. */
  readonly unyielded: readonly string[];
}

export function rulesOf(entity: EntityComparison, comparison: Comparison): readonly FieldRule[] {
  if (entity.binding === null) return [];
  const { definition, binding, mapped, followers } = entity;
  return fieldRules({ definition, binding, mapped, world: comparison.world, hasFollowers: followers > 0 });
}

export async function planQuery({ entity, comparison, definition, path, term }: AskedTerm, plane: DataPlane): Promise<PlannedQuery> {
  const parts = dimensionTexts(term);
  const texts = parts.map((part) => expressionAt(definition, [...path, 'by', ...part.path], part.text));
  if (term.where !== undefined) texts.push(expressionAt(definition, [...path, 'where'], term.where));
  const { resolved, references, mistakes } = await sideExpressions({ entity, comparison, texts }, plane);
  const dimensions: Dimension[] = [];
  for (const [place, one] of parts.entries()) {
    const expression = resolved[place];
    const [group = '', name = group] = one.path;
    if (!expression) continue;
    const part = { name, ...expression };
    const before = one.path.length > 1 ? dimensions.at(-1) : undefined;
    // parts of several dimensions at once follow each other
    if (before?.group === group) dimensions[dimensions.length - 1] = { group, parts: [...before.parts, part] };
    else dimensions.push({ group, parts: [part] });
  }
  const field = term.measure.replace(/^-/, '');
  const needed = [...(term.measure === 'count' ? [] : [field]), ...(term.at === undefined ? [] : [term.at])];
  const missing = needed.filter((name) => (entity.mapped.get(name) ?? []).length === 0).map((name) => `${entity.entity}.${name}`);
  const query: ControlQuery = {
    comparison: entity,
    summed: term.measure === 'count' ? null : summedOf(entity, comparison, field, term),
    measure: measureRule(entity, comparison, field, term.at),
    where: term.where === undefined ? null : (resolved[parts.length] ?? null),
    dimensions,
    references,
    rejects: entity.datasets.map((dataset) => dataset.rejects),
  };
  return { query, mistakes, unyielded: [...new Set([...missing, ...resolved.flatMap((one) => one?.unyielded ?? [])])] };
}

function summedOf({ definition }: EntityComparison, comparison: Comparison, field: string, { measure, at }: AskedTerm['term']): Summed {
  const { fields } = definition.contract;
  const rate = at === undefined ? null : { field: at, digits: digitsOf(fields[at]), to: comparison.world.currencyDigits };
  return { field, digits: digitsOf(fields[field]), isNegative: measure.startsWith('-'), at: rate };
}

/** Null where Odoo holds no such amount, or not the rate to make it of. */
function measureRule(entity: EntityComparison, comparison: Comparison, field: string, at: string | undefined): FieldRule | null {
  const rules = rulesOf(entity, comparison);
  if (at !== undefined && !rules.some((rule) => rule.field === at)) return null;
  return rules.find((rule) => rule.field === field) ?? null;
}

function digitsOf(contract: FieldContract | undefined): number {
  return contract !== undefined && 'digits' in contract ? contract.digits : 0;
}
