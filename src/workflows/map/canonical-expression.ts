/** Expressions over canonical rows: checks and the dimensions of control totals. `state` is a field of the row, `supplier.active` a field of
 *  the record that its ref field `supplier` names. */
import { storageType } from '../../domain/canonical.ts';
import type { EntityContract, FieldContract } from '../../domain/contract.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { identifier } from '../../domain/sql.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { Capability, EntityDefinition } from '../../domain/workspace.ts';
import { type ColumnReference, type ExpressionText, type ParsedExpression, parseExpressions } from '../expression/expression.ts';
import { comparesTextWithNumber, TEXT_WITH_NUMBER } from '../expression/text-with-number.ts';
import { type ValueKind, valueKind } from './value-kind.ts';

/** The name by which an expression uses the day of the run, and that of what Odoo has; a field of the same name goes before it. */
export const DAY_NAME = 'as_of';
export const ODOO_NAME = 'odoo';

/** What the expression has to give. */
export type Expected = 'condition' | 'amount' | 'dimension' | 'text';

export interface CanonicalExpressionText extends ExpressionText {
  readonly expected: Expected;
  /** `as_of` is the day of the run; read from `_day`. */
  readonly asOf?: boolean;
  /** `odoo.<field>` is what Odoo has; read from `_odoo`. Such an expression is only proven here. */
  readonly besideOdoo?: boolean;
  /** Names of sums over the lines of a document → their type; read from `_sums`. */
  readonly sums?: ReadonlyMap<string, string>;
}

export interface CanonicalExpression {
  /** Reads the row as `_this` and the record that ref field f names as `_ref_f`. */
  readonly sql: string;
  /** The ref fields that have to be joined. */
  readonly references: readonly string[];
  /** Fields of the row itself that it reads; the ref fields of `references` among them. */
  readonly fields: readonly string[];
}

/** Every expression compiled (null where it is not allowed) and every mistake of the others. */
export async function compileCanonicalExpressions(
  subject: { readonly capability: Capability; readonly entity: EntityDefinition },
  texts: readonly CanonicalExpressionText[],
  plane: DataPlane,
): Promise<{ readonly compiled: readonly (CanonicalExpression | null)[]; readonly mistakes: readonly Mistake[] }> {
  const { entity } = subject;
  const { parsed, mistakes: refused } = await parseExpressions(plane, texts);
  const mistakes = [...refused];
  const compiled: (CanonicalExpression | null)[] = [];
  for (const [index, text] of texts.entries()) {
    const one = parsed[index];
    if (one === null || one === undefined) {
      compiled.push(null);
      continue;
    }
    const unknown = one.columns.flatMap((reference) => problemOf(subject, reference, text));
    mistakes.push(...unknown);
    if (unknown.length > 0) {
      compiled.push(null);
      continue;
    }
    const own = one.columns.filter((reference) => entity.contract.fields[reference.names[0] as string] !== undefined);
    const dotted = own.filter((reference) => reference.names.length > 1);
    const expression = {
      sql: `(\n${qualified(one.text, one.columns, entity, text)}\n)`,
      references: [...new Set(dotted.map((reference) => reference.names[0] as string))].sort(),
      fields: [...new Set(own.map((reference) => reference.names[0] as string))].sort(),
    };
    const mistake = await typeMistake(subject, { ...expression, parsed: one }, text, plane);
    if (mistake !== null) mistakes.push(mistake);
    compiled.push(mistake === null ? expression : null);
  }
  return { compiled, mistakes };
}

interface Subject {
  readonly capability: Capability;
  readonly entity: EntityDefinition;
}

function problemOf({ capability, entity }: Subject, reference: ColumnReference, text: CanonicalExpressionText): Mistake[] {
  const [name, inner, ...rest] = reference.names as [string, string?, ...string[]];
  const position = text.at(reference.offset);
  const fields = Object.keys(entity.contract.fields);
  const field = entity.contract.fields[name];
  if (text.sums?.has(name) === true && inner === undefined) return [];
  if (field === undefined && isDay(name, text) && inner === undefined) return [];
  if (field === undefined && isBeside(name, text) && inner !== undefined && rest.length === 0) {
    return fields.includes(inner) ? [] : [{ position, message: `no field '${inner}' in ${entity.contract.entity}${didYouMean(inner, fields)}` }];
  }
  if (field === undefined) return [{ position, message: `no field '${name}' in ${entity.contract.entity}${didYouMean(name, fields)}` }];
  if (inner === undefined) return [];
  if (rest.length > 0) return [{ position, message: `'${reference.names.join('.')}' has too many parts: <ref field>.<field> is as far as it goes` }];
  if (field.type !== 'ref') return [{ position, message: `'${name}' is of type ${field.type} and names no record` }];
  const target = contractOf(capability, field.entity);
  if (target.fields[inner] !== undefined) return [];
  return [{ position, message: `no field '${inner}' in ${field.entity}${didYouMean(inner, Object.keys(target.fields))}` }];
}

/** The text with every name led to its table; from the end, so that offsets stay true. */
function qualified(text: string, columns: readonly ColumnReference[], entity: EntityDefinition, asked: CanonicalExpressionText): string {
  let result = text;
  for (const { names, offset, length } of [...columns].sort((left, right) => right.offset - left.offset)) {
    const written = ledToTable(names, entity, asked).map(identifier).join('.');
    result = result.slice(0, offset) + written + result.slice(offset + length);
  }
  return result;
}

/** Table and column of a name. */
function ledToTable([name = '', inner]: readonly string[], entity: EntityDefinition, asked: CanonicalExpressionText): readonly [string, string] {
  const isOwn = entity.contract.fields[name] !== undefined;
  if (asked.sums?.has(name) === true) return ['_sums', inner ?? name];
  if (inner !== undefined) return [!isOwn && isBeside(name, asked) ? '_odoo' : `_ref_${name}`, inner];
  return [!isOwn && isDay(name, asked) ? '_day' : '_this', name];
}

function isDay(name: string, { asOf }: CanonicalExpressionText): boolean {
  return asOf === true && name === DAY_NAME;
}

function isBeside(name: string, { besideOdoo }: CanonicalExpressionText): boolean {
  return besideOdoo === true && name === ODOO_NAME;
}

async function typeMistake(
  subject: Subject,
  expression: CanonicalExpression & { readonly parsed: ParsedExpression },
  text: CanonicalExpressionText,
  plane: DataPlane,
): Promise<Mistake | null> {
  const { capability, entity } = subject;
  const shapes = [
    `${shapeSql(entity.contract)} AS _this`,
    ...(text.asOf === true ? [`(SELECT CAST(NULL AS DATE) AS ${DAY_NAME}) AS _day`] : []),
    ...(text.besideOdoo === true ? [`${shapeSql(entity.contract)} AS _odoo`] : []),
    ...(text.sums === undefined ? [] : [`(SELECT ${[...text.sums].map(([name, type]) => `CAST(0 AS ${type}) AS ${identifier(name)}`).join(', ')}) AS _sums`]),
    ...expression.references.map((name) => {
      const field = entity.contract.fields[name] as Extract<FieldContract, { type: 'ref' }>;
      return `${shapeSql(contractOf(capability, field.entity))} AS ${identifier(`_ref_${name}`)}`;
    }),
  ];
  try {
    const [described] = await plane.rows<{ column_type: string }>(`DESCRIBE SELECT ${expression.sql} AS v FROM ${shapes.join(', ')}`);
    const type = described?.column_type ?? '';
    if (!fits(valueKind(type), text.expected)) return { position: text.at(0), message: `this gives ${type}, which is no ${text.expected}` };
    const led = (names: readonly string[]) => ledToTable(names, entity, text);
    return (await comparesTextWithNumber(plane, expression.parsed, shapes.join(', '), led)) ? { position: text.at(0), message: TEXT_WITH_NUMBER } : null;
  } catch (error) {
    return { position: text.at(0), message: error instanceof Error ? error.message.replace(/^[A-Za-z ]*Error: /, '') : String(error) };
  }
}

/** Amounts are summed exactly: a float is none. */
function fits(kind: ValueKind, expected: Expected): boolean {
  if (expected === 'condition') return kind === 'boolean';
  if (expected === 'text') return kind === 'text';
  if (expected === 'amount') return kind === 'integer' || kind === 'decimal';
  return kind !== 'other' && kind !== 'float';
}

function shapeSql(contract: EntityContract): string {
  const columns = Object.entries(contract.fields).map(([name, field]) => `CAST(NULL AS ${storageType(field)}) AS ${identifier(name)}`);
  return `(SELECT ${columns.join(', ')})`;
}

function contractOf(capability: Capability, name: string): EntityContract {
  const found = capability.entities.find((entity) => entity.contract.entity === name);
  if (found === undefined) throw new Error(`no entity ${name} in capability ${capability.name}`);
  return found.contract;
}
