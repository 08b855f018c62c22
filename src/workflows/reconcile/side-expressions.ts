/** Expressions of a contract over the rows of both sides: dimensions of control totals, rules that explain, what is open of a document. */
import type { Mistake } from '../../domain/mistakes.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { EntityDefinition } from '../../domain/workspace.ts';
import { type ColumnReference, type ExpressionText, type ParsedExpression, parseExpressions } from '../expression/expression.ts';
import { DAY_NAME, ODOO_NAME } from '../map/canonical-expression.ts';
import type { Comparison, EntityComparison } from './comparison.ts';

/** Over the aliases `self`, those of the ref fields it uses, and (in `legacy`, where it says `odoo.<field>`) `_other`, the record of Odoo. */
export interface SideExpression {
  readonly legacy: string;
  /** Null where Odoo does not hold all the fields it needs. */
  readonly odoo: string | null;
  /** Fields it needs that no source yields: it has no value for any row of the legacy side. */
  readonly unyielded: readonly string[];
}

/** A record referred to, joined under the name of the ref field. */
export interface JoinedReference {
  readonly field: string;
  readonly target: EntityComparison;
}

interface Asked {
  readonly entity: EntityComparison;
  readonly comparison: Comparison;
  readonly texts: readonly ExpressionText[];
}

export function expressionAt(definition: EntityDefinition, path: readonly (string | number)[], text: string): ExpressionText {
  const start = definition.position([...path]);
  return { text, at: (offset) => ({ ...start, column: start.column + offset }) };
}

/** Null for an expression that cannot be used; `mistakes` say why. */
export async function sideExpressions(
  { entity, comparison, texts }: Asked,
  plane: DataPlane,
): Promise<{ readonly resolved: readonly (SideExpression | null)[]; readonly references: readonly JoinedReference[]; readonly mistakes: readonly Mistake[] }> {
  const { parsed, mistakes: refused } = await parseExpressions(plane, texts);
  const mistakes = [...refused];
  const references = new Map<string, JoinedReference>();
  const resolved = texts.map((text, index) => {
    const expression = parsed[index];
    if (!expression) return null;
    const one = resolve({ expression, text, entity, comparison, references });
    if (!('mistakes' in one)) return one;
    mistakes.push(...one.mistakes);
    return null;
  });
  return { resolved, references: [...references.values()], mistakes };
}

/** To stand after `<legacy rows> AS self`. */
export function legacyJoinsSql(references: readonly JoinedReference[]): string {
  const joins = references.map(({ field, target }) => {
    const alias = identifier(field);
    return `LEFT JOIN (SELECT * FROM ${target.legacy.sql} WHERE NOT _duplicate) AS ${alias} ON ${alias}._system = self._system AND ${alias}._key = self.${alias}`;
  });
  return joins.join(' ');
}

/** To stand after `<Odoo rows> AS self`. */
export function odooJoinsSql(references: readonly JoinedReference[]): string {
  const bound = references.filter(({ target }) => target.binding !== null);
  return bound
    .map(({ field, target }) => `LEFT JOIN ${target.odoo.sql} AS ${identifier(field)} ON ${identifier(field)}._odoo_id = self.${identifier(field)}`)
    .join(' ');
}

interface Resolving {
  readonly expression: ParsedExpression;
  readonly text: ExpressionText;
  readonly entity: EntityComparison;
  readonly comparison: Comparison;
  /** Filled with the references the expression needs. */
  readonly references: Map<string, JoinedReference>;
}

interface Column {
  readonly sql: string;
  readonly isInOdoo: boolean;
  /** No source yields the field of this name. */
  readonly unyielded?: string;
}

/** Every name of the expression becomes a column of the row itself or of a record it refers to. */
function resolve(resolving: Resolving): SideExpression | { readonly mistakes: readonly Mistake[] } {
  const { expression, text } = resolving;
  const mistakes: Mistake[] = [];
  let isInOdoo = true;
  const unyielded = new Set<string>();
  const columns = expression.columns.map((reference) => {
    const column = columnOf(reference, resolving);
    if ('message' in column) mistakes.push(column);
    else {
      isInOdoo = isInOdoo && column.isInOdoo;
      if (column.unyielded !== undefined) unyielded.add(column.unyielded);
    }
    return { reference, sql: 'sql' in column ? column.sql : 'NULL' };
  });
  if (mistakes.length > 0) return { mistakes };
  const sql = replaceNames(text.text, columns);
  return { legacy: sql, odoo: isInOdoo ? sql : null, unyielded: [...unyielded] };
}

function columnOf(reference: ColumnReference, { text, entity, comparison, references }: Resolving): Column | Mistake {
  const { fields } = entity.definition.contract;
  const [first = '', second, ...rest] = reference.names;
  const own = fields[first];
  if (own === undefined && first === DAY_NAME && second === undefined) return { sql: dayLiteral(comparison.asOf), isInOdoo: true };
  if (own === undefined && first === ODOO_NAME && second !== undefined && fields[second] !== undefined && rest.length === 0)
    return { sql: isHeldByOdoo(entity, second) ? `_other.${identifier(second)}` : 'NULL', isInOdoo: false };
  const target = own?.type === 'ref' && second !== undefined ? comparison.entities.find((one) => one.entity === own.entity) : undefined;
  const known = second === undefined ? own : target?.definition.contract.fields[second];
  if (known === undefined || rest.length > 0) {
    const names = second === undefined || target === undefined ? fields : target.definition.contract.fields;
    const message = `no field '${reference.names.join('.')}'${didYouMean(second ?? first, Object.keys(names))}`;
    return { position: text.at(reference.offset), message };
  }
  if (target !== undefined && second !== undefined) {
    references.set(first, { field: first, target });
    const isInOdoo = isHeldByOdoo(entity, first) && isHeldByOdoo(target, second);
    return { sql: `${identifier(first)}.${identifier(second)}`, isInOdoo, ...(unyieldedField(entity, first) ?? unyieldedField(target, second)) };
  }
  // a bare reference is a record key on one side and a database id on the other
  return { sql: `self.${identifier(first)}`, isInOdoo: isHeldByOdoo(entity, first) && known.type !== 'ref', ...unyieldedField(entity, first) };
}

function unyieldedField({ entity, mapped }: EntityComparison, field: string): { readonly unyielded: string } | undefined {
  return (mapped.get(field) ?? []).length === 0 ? { unyielded: `${entity}.${field}` } : undefined;
}

/** The day of the run: of --as-of where that is given, so that the same run gives the same bytes. */
export function dayLiteral(asOf: string): string {
  return `CAST(${literal(asOf.slice(0, 10))} AS DATE)`;
}

export function isHeldByOdoo(entity: EntityComparison, field: string): boolean {
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
