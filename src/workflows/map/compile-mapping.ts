/** From a source mapping to expressions that are proven to be safe, to name only columns there are, and to give a value of a fitting type. */
import { codeCall } from '../../domain/code-call.ts';
import type { FieldContract, SourceMapping } from '../../domain/contract.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import type { DataPlane, DataRow } from '../../domain/ports.ts';
import type { SnapshotColumn } from '../../domain/snapshot.ts';
import { identifier } from '../../domain/sql.ts';
import type { Capability, CodeMap, EntityDefinition, FilePosition } from '../../domain/workspace.ts';
import { type ParsedExpression, parseExpressions, unknownColumns } from '../expression/expression.ts';
import { type MappingExpression, mappingExpressions } from '../expression/mapping-expressions.ts';
import { comparesTextWithNumber, TEXT_WITH_NUMBER } from '../expression/text-with-number.ts';
import { canBecome, type ValueKind, valueKind } from './value-kind.ts';

export interface CompiledExpression {
  readonly sql: string;
  /** Source columns it reads, as the source spells them where the columns are known. */
  readonly columns: readonly string[];
  /** What the expression gives; `text` until the columns of the source are known. */
  readonly kind: ValueKind;
  /** False when no value can make it fail, as a column by itself. */
  readonly canFail: boolean;
}

export interface CompiledField {
  readonly name: string;
  readonly contract: FieldContract;
  readonly isKey: boolean;
  readonly expression: CompiledExpression;
  /** The code map its value is looked up in. */
  readonly codes: CodeMap | null;
  /** A reference is read as the one key field of the record it names (`007` and 7 are one number), or as text. */
  readonly readAs: FieldContract;
}

export interface CompiledMapping {
  readonly filter: CompiledExpression | null;
  /** Names a source row to a person. */
  readonly row: CompiledExpression | null;
  readonly fields: readonly CompiledField[];
  /** Every source column used, `watermark` and `id` too. */
  readonly columns: readonly string[];
}

interface MappingRequest {
  readonly capability: Capability;
  readonly entity: EntityDefinition;
  readonly mapping: SourceMapping;
  /** Columns of the source; null while they are not known: names and types are then not checked. */
  readonly columns: readonly SnapshotColumn[] | null;
}

/** `compiled` is null exactly when there are mistakes. */
export async function compileMapping(
  request: MappingRequest,
  plane: DataPlane,
): Promise<{ readonly compiled: CompiledMapping | null; readonly mistakes: readonly Mistake[] }> {
  const parts = partsOf(request);
  const { parsed, mistakes: refused } = await parseExpressions(plane, parts);
  const mistakes = [...refused];
  const kinds = new Map<MappingExpression, ValueKind>();
  if (request.columns !== null) {
    const names = request.columns.map((column) => column.name);
    const sound: { part: MappingExpression; parsed: ParsedExpression }[] = [];
    for (const [index, part] of parts.entries()) {
      const one = parsed[index];
      if (one === null || one === undefined) continue;
      const unknown = unknownColumns(one, part, names);
      mistakes.push(...unknown);
      if (unknown.length === 0) sound.push({ part, parsed: one });
    }
    mistakes.push(...unknownPlainColumns(request, names));
    mistakes.push(...(await bind(plane, request, sound, kinds)));
  }
  if (mistakes.length > 0) return { compiled: null, mistakes };

  const spelt = new Map((request.columns ?? []).map((column) => [column.name.toLowerCase(), column.name]));
  const compiledAt = (...path: string[]): CompiledExpression | null => {
    const index = parts.findIndex((part) => part.path.join('.') === path.join('.'));
    const part = parts[index];
    const one = parsed[index];
    if (part === undefined || one === null || one === undefined) return null;
    const columns = [...new Set(one.columns.map((column) => spelt.get((column.names[0] as string).toLowerCase()) ?? (column.names[0] as string)))];
    const isColumn = one.columns.length === 1 && one.columns[0]?.offset === 0 && one.columns[0].length === one.text.trim().length;
    return { sql: one.sql, columns, kind: kinds.get(part) ?? 'text', canFail: !isColumn };
  };
  const fields = Object.keys(request.mapping.fields).map((name) => compiledField(request, name, compiledAt('fields', name) as CompiledExpression));
  const filter = compiledAt('filter');
  const row = compiledAt('row');
  const used = [filter, row, ...fields.map((field) => field.expression)].flatMap((expression) => expression?.columns ?? []);
  const plain = [request.mapping.watermark, request.mapping.id].flatMap((name) => (name === undefined ? [] : [spelt.get(name.toLowerCase()) ?? name]));
  return { compiled: { filter, row, fields, columns: [...new Set([...used, ...plain])] }, mistakes: [] };
}

function compiledField({ capability, entity, mapping }: MappingRequest, name: string, expression: CompiledExpression): CompiledField {
  const contract = entity.contract.fields[name] as FieldContract;
  const codesName = contract.type === 'code' ? (codeCall(mapping.fields[name] as string)?.codes ?? contract.codes) : null;
  return {
    name,
    contract,
    isKey: entity.contract.key.includes(name),
    expression,
    codes: codesName === null ? null : (capability.codes.get(codesName) as CodeMap),
    readAs: readAs(capability, contract),
  };
}

/** The contract by which a value is read. References lead to the key they name, over several entities where that key is a reference itself. */
function readAs(capability: Capability, contract: FieldContract): FieldContract {
  let current = contract;
  for (let hops = 0; hops < capability.entities.length && current.type === 'ref'; hops += 1) {
    const target = capability.entities.find((entity) => entity.contract.entity === (current as { entity: string }).entity)?.contract;
    const key = target?.key.length === 1 ? target.fields[target.key[0] as string] : undefined;
    if (key === undefined) return contract;
    current = key;
  }
  return current;
}

function partsOf({ entity, mapping }: MappingRequest): MappingExpression[] {
  const source = entity.sources.find((one) => one.mapping.system === mapping.system);
  const nowhere: FilePosition = { file: `sources/${mapping.system}/${mapping.entity}.yaml`, line: 1, column: 1 };
  return mappingExpressions(entity.contract, mapping, source?.position ?? (() => nowhere));
}

function unknownPlainColumns({ entity, mapping }: MappingRequest, names: readonly string[]): Mistake[] {
  const position = entity.sources.find((one) => one.mapping.system === mapping.system)?.position;
  return (['watermark', 'id'] as const).flatMap((key) => {
    const name = mapping[key];
    if (name === undefined || position === undefined) return [];
    const text = { text: name, at: (offset: number) => position([key], offset) };
    return unknownColumns({ columns: [{ names: [name], offset: 0, length: name.length }] }, text, names);
  });
}

interface DescribedRow extends DataRow {
  readonly column_type: string;
}

/** Lets DuckDB bind each expression to an empty table of the source's shape: types that do not fit are told here and not in the middle of the data. */
async function bind(
  plane: DataPlane,
  request: MappingRequest,
  sound: readonly { part: MappingExpression; parsed: ParsedExpression }[],
  kinds: Map<MappingExpression, ValueKind>,
): Promise<Mistake[]> {
  const mistakes: Mistake[] = [];
  await plane.run(shapeTableSql(request.columns ?? []));
  for (const { part, parsed } of sound) {
    try {
      const [described] = await plane.rows<DescribedRow>(`DESCRIBE SELECT ${parsed.sql} AS v FROM _shape`);
      const kind = /^null$/i.test(parsed.text.trim()) ? 'null' : valueKind((described as DescribedRow).column_type);
      kinds.set(part, kind);
      const problem = typeProblem(request, part, kind, (described as DescribedRow).column_type);
      if (problem !== null) mistakes.push({ position: part.at(0), message: problem });
      else if (await comparesTextWithNumber(plane, parsed, '_shape')) mistakes.push({ position: part.at(0), message: TEXT_WITH_NUMBER });
    } catch (error) {
      mistakes.push({ position: part.at(0), message: error instanceof Error ? error.message.replace(/^[A-Za-z ]*Error: /, '') : String(error) });
    }
  }
  return mistakes;
}

function typeProblem(request: MappingRequest, part: MappingExpression, kind: ValueKind, type: string): string | null {
  if (part.path[0] === 'filter') return kind === 'boolean' || kind === 'null' ? null : `a filter must be true or false; this gives ${type}`;
  if (part.path[0] === 'row') return kind === 'other' ? `this gives ${type}, which cannot name a row` : null;
  const field = request.entity.contract.fields[part.path[1] as string] as FieldContract;
  return canBecome(kind, readAs(request.capability, field)) ? null : `this gives ${type}, which cannot become the ${field.type} that '${part.path[1]}' is`;
}

function shapeTableSql(columns: readonly SnapshotColumn[]): string {
  const own = columns.filter((column) => column.name !== '_row').map((column) => `${identifier(column.name)} ${column.type}`);
  return `CREATE OR REPLACE TABLE _shape (${['_row BIGINT', ...own].join(', ')})`;
}
