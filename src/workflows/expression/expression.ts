/** The mapping language: one DuckDB scalar expression over the columns of one row. Each expression is parsed by DuckDB and must be nothing
 *  else, before any of it comes near data: no subquery, table, second statement, aggregate, window, volatile function, parameter or star. */
import type { Mistake } from '../../domain/mistakes.ts';
import type { DataPlane, DataRow } from '../../domain/ports.ts';
import { literalList } from '../../domain/sql.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { FilePosition } from '../../domain/workspace.ts';
import { type FunctionCatalog, functionCatalog } from './function-catalog.ts';

/** An expression as it stands in a file. */
export interface ExpressionText {
  readonly text: string;
  /** Where its character `offset` (0-based) stands. */
  readonly at: (offset: number) => FilePosition;
}

/** `names` are the parts of a dotted name; `offset` and `length` say where it stands in the text, in characters. */
export interface ColumnReference {
  readonly names: readonly string[];
  readonly offset: number;
  readonly length: number;
}

export interface ParsedExpression {
  /** Safe to stand in a larger statement: parenthesised, and on lines of its own so that a comment ends where the text ends. */
  readonly sql: string;
  readonly text: string;
  readonly columns: readonly ColumnReference[];
  /** The sides of each comparison, texts written in it left out, as one SELECT in DuckDB's serialized form. */
  readonly comparisons: readonly string[];
}

/** The expressions that are allowed (null where one is not), and every mistake of the others. */
export async function parseExpressions(
  plane: DataPlane,
  expressions: readonly ExpressionText[],
): Promise<{ readonly parsed: readonly (ParsedExpression | null)[]; readonly mistakes: readonly Mistake[] }> {
  if (expressions.length === 0) return { parsed: [], mistakes: [] };
  const catalog = await functionCatalog(plane);
  const rows = await plane.rows<SyntaxRow>(syntaxTreesSql(expressions.map((expression) => expression.text)));
  const mistakes: Mistake[] = [];
  const parsed = expressions.map((expression, index) => {
    const { plain, wrapped } = rows[index] as SyntaxRow;
    const reader = new ExpressionReader(expression, catalog);
    reader.read(JSON.parse(plain) as SyntaxTree, JSON.parse(wrapped) as SyntaxTree);
    mistakes.push(...reader.mistakes);
    if (reader.mistakes.length > 0) return null;
    return { sql: wrap(expression.text), text: expression.text, columns: reader.columns, comparisons: reader.comparisons };
  });
  return { parsed, mistakes };
}

/** DuckDB 1.5 lifts a part that two expressions share out of their TRY, where its failure ends the whole query: `TRY(a::int), TRY(a::int + 1)`.
 *  To be run before expressions of a workspace are, and before the plane is locked. */
export const TRY_STAYS_WHOLE = "SET disabled_optimizers = 'common_subexpressions'";

function wrap(text: string): string {
  return `(\n${text}\n)`;
}

interface SyntaxRow extends DataRow {
  readonly plain: string;
  readonly wrapped: string;
}

const PREFIX = 'select ';

/** Both the text alone and the text as it is used: the first gives positions, the second proves that nothing in the text reaches beyond it. */
function syntaxTreesSql(texts: readonly string[]): string {
  return `
    SELECT json_serialize_sql('${PREFIX}' || text)::VARCHAR AS plain, json_serialize_sql('select (' || chr(10) || text || chr(10) || ')')::VARCHAR AS wrapped
    FROM (SELECT unnest(${literalList(texts)}) AS text, unnest(range(${texts.length})) AS position) ORDER BY position`;
}

type SyntaxNode = { readonly [key: string]: unknown };
interface SyntaxTree {
  readonly error: boolean;
  readonly error_message?: string;
  readonly position?: string;
  readonly statements?: readonly { readonly node: SyntaxNode }[];
}

/** Kinds of node that make up a scalar expression; every other kind is refused by its name. */
const allowedClasses = new Set([
  'COLUMN_REF',
  'CONSTANT',
  'FUNCTION',
  'CAST',
  'COMPARISON',
  'CONJUNCTION',
  'OPERATOR',
  'CASE',
  'BETWEEN',
  'COLLATE',
  'LAMBDA',
  'LAMBDA_REF',
]);
const refusedClasses: Readonly<Record<string, string>> = {
  SUBQUERY: 'a subquery cannot stand here',
  WINDOW: 'a window function cannot stand here: an expression sees one row',
  STAR: '* cannot stand here: name the columns',
  PARAMETER: 'a parameter cannot stand here',
  POSITIONAL_REFERENCE: 'a column is named, not numbered',
  DEFAULT: 'DEFAULT cannot stand here',
};
const refusedOperators = new Set(['GROUPING_FUNCTION', 'OPERATOR_UNPACK']);
const lambdaFunctions = /^((list|array)_)?(transform|apply|filter|reduce)$/;
const clockNames = new Set(['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp', 'current_user', 'session_user', 'user']);

class ExpressionReader {
  readonly mistakes: Mistake[] = [];
  readonly columns: ColumnReference[] = [];
  readonly comparisons: string[] = [];
  #tree: SyntaxTree | null = null;
  readonly #expression: ExpressionText;
  readonly #catalog: FunctionCatalog;
  readonly #bytes: Uint8Array;

  constructor(expression: ExpressionText, catalog: FunctionCatalog) {
    this.#expression = expression;
    this.#catalog = catalog;
    this.#bytes = new TextEncoder().encode(expression.text);
  }

  read(plain: SyntaxTree, wrapped: SyntaxTree): undefined {
    if (plain.error) return this.#refuseSyntax(plain);
    const statements = plain.statements ?? [];
    if (statements.length !== 1) return this.#refuse('only one expression may stand here, no second statement', undefined);
    const node = (statements[0] as { node: SyntaxNode }).node;
    const list = node.select_list;
    const from = node.from_table as SyntaxNode | undefined;
    if (node.type !== 'SELECT_NODE' || !Array.isArray(list)) return this.#refuse('a statement cannot stand here, only an expression', undefined);
    if (from?.type !== 'EMPTY') return this.#refuse('FROM cannot stand here: an expression sees the columns of its own row', from?.query_location);
    const hasClauses =
      node.where_clause !== null ||
      node.having !== null ||
      node.qualify !== null ||
      node.sample !== null ||
      isFilled(node.group_expressions) ||
      isFilled(node.modifiers);
    if (hasClauses || isFilled((node.cte_map as SyntaxNode | undefined)?.map))
      return this.#refuse('clauses of a query cannot stand here, only an expression', undefined);
    if (list.length !== 1) return this.#refuse('only one expression may stand here, no list', (list[1] as SyntaxNode | undefined)?.query_location);
    const expression = list[0] as SyntaxNode;
    if (expression.alias !== '') return this.#refuse(`an expression has no name: leave out 'as ${String(expression.alias)}'`, expression.query_location);
    this.#tree = plain;
    this.#visit(expression, new Set());
    if (this.mistakes.length === 0 && wrapped.error) this.#refuse('the expression does not end where its text ends', undefined);
  }

  #visit(value: unknown, bound: ReadonlySet<string>): undefined {
    if (Array.isArray(value)) {
      for (const item of value) this.#visit(item, bound);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const node = value as SyntaxNode;
    const kind = node.class;
    if (typeof kind !== 'string') return this.#visitChildren(node, bound);
    if (!allowedClasses.has(kind) || refusedOperators.has(String(node.type))) {
      return this.#refuse(refusedClasses[kind] ?? `${kind.toLowerCase().replaceAll('_', ' ')} cannot stand here`, node.query_location);
    }
    if (bound.size === 0 && isComparison(node)) this.#noteSides(node);
    if (kind === 'COLUMN_REF') return this.#visitColumn(node, bound);
    if (kind === 'CONSTANT') return;
    if (kind === 'FUNCTION') {
      this.#judgeFunction(node);
      return this.#visitArguments(node, bound);
    }
    this.#visitChildren(node, bound);
  }

  #noteSides({ left, right, children }: SyntaxNode): void {
    const all = [left, right, ...((children ?? []) as readonly unknown[])] as readonly (SyntaxNode | undefined)[];
    const sides = all.filter((side) => side !== undefined && !isTextConstant(side)) as readonly SyntaxNode[];
    if (sides.length < 2 || sides.every(({ class: kind }) => kind === 'CONSTANT')) return;
    const [statement] = (this.#tree as SyntaxTree).statements as readonly { readonly node: SyntaxNode }[];
    const select = { ...this.#tree, statements: [{ ...statement, node: { ...statement?.node, select_list: sides } }] };
    // the number that stands for no place has more digits than JavaScript keeps
    this.comparisons.push(JSON.stringify(select, (name, value: unknown) => (name === 'query_location' ? 0 : value)));
  }

  #visitChildren(node: SyntaxNode, bound: ReadonlySet<string>): undefined {
    for (const child of Object.values(node)) this.#visit(child, bound);
  }

  /** `a -> 'b'` is also how a value is taken out of JSON; it is a lambda only where a function takes one, and only its body sees its names. */
  #visitArguments(node: SyntaxNode, bound: ReadonlySet<string>): undefined {
    const takesLambda = lambdaFunctions.test(String(node.function_name));
    for (const argument of (node.children ?? []) as readonly SyntaxNode[]) {
      if (takesLambda && argument.class === 'LAMBDA') this.#visit(argument.expr, new Set([...bound, ...parametersOf(argument.lhs)]));
      else this.#visit(argument, bound);
    }
  }

  #visitColumn(node: SyntaxNode, bound: ReadonlySet<string>): undefined {
    const names = node.column_names as readonly string[];
    if (bound.has(names[0] as string)) return;
    const offset = this.#offsetOf(node.query_location);
    if (offset === null) return this.#refuse(`the name '${names.join('.')}' cannot stand in this place`, undefined);
    const written = /^(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)(?:\s*\.\s*(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*))*/u.exec(
      this.#expression.text.slice(offset),
    );
    if (written === null) return this.#refuse(`the name '${names.join('.')}' cannot stand in this place`, node.query_location);
    this.columns.push({ names, offset, length: written[0].length });
  }

  #judgeFunction(node: SyntaxNode): undefined {
    const name = String(node.function_name).toLowerCase();
    const schema = String(node.schema ?? '');
    if (schema !== '' && schema !== 'main') return this.#refuse(`the function ${schema}.${name} cannot be called here`, node.query_location);
    if (node.distinct === true || node.filter !== null || isFilled((node.order_bys as SyntaxNode | null)?.orders)) {
      return this.#refuse(`${name} is called like an aggregate; an expression sees one row`, node.query_location);
    }
    switch (this.#catalog.kind(name, Array.isArray(node.children) ? node.children.length : 0)) {
      case 'allowed':
        return;
      case 'aggregate':
        return this.#refuse(`${name}() is an aggregate; an expression sees one row`, node.query_location);
      case 'table':
        return this.#refuse(`${name}() reads a table or file; an expression sees the columns of its own row`, node.query_location);
      case 'volatile':
        return this.#refuse(`${name}() answers differently each time; the same snapshot must give the same rows`, node.query_location);
      case 'refused':
        return this.#refuse(`${name}() cannot be called here: it depends on more than its arguments`, node.query_location);
      case 'unknown':
        if (name === 'code') return this.#refuse("code('<code map>', …) must be the whole expression of a field of type code", node.query_location);
        return this.#refuse(`there is no scalar function ${name}()${didYouMean(name, this.#catalog.names)}`, node.query_location);
    }
  }

  #refuseSyntax(tree: SyntaxTree): undefined {
    const location = tree.position === undefined ? undefined : Number(tree.position);
    const message = tree.error_message ?? 'it cannot be read';
    // Other statements (COPY, SET, ATTACH …) cannot be serialized at all.
    if (/only select statements/i.test(message)) return this.#refuse('a statement cannot stand here, only an expression', undefined);
    this.#refuse(`not an SQL expression: ${message.split('\n')[0]}`, location);
  }

  #refuse(message: string, location: unknown): undefined {
    this.mistakes.push({ position: this.#expression.at(this.#offsetOf(location) ?? 0), message });
  }

  /** Locations count UTF-8 bytes from the beginning of the statement; the largest 64-bit number stands for none. */
  #offsetOf(location: unknown): number | null {
    if (typeof location !== 'number' || !Number.isSafeInteger(location)) return null;
    const byte = location - PREFIX.length;
    if (byte < 0 || byte > this.#bytes.length) return null;
    return new TextDecoder().decode(this.#bytes.subarray(0, byte)).length;
  }
}

/** BETWEEN, CASE and coalesce are not among them: they refuse text beside a number by themselves. */
function isComparison({ class: kind, type, function_name: name }: SyntaxNode): boolean {
  return (/^COMPARE_/.test(String(type)) && kind !== 'BETWEEN') || (kind === 'FUNCTION' && String(name).toLowerCase() === 'nullif');
}

function isTextConstant({ class: kind, value }: SyntaxNode): boolean {
  return kind === 'CONSTANT' && (value as { readonly type?: { readonly id?: string } }).type?.id === 'VARCHAR';
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function parametersOf(value: unknown): string[] {
  const node = value as SyntaxNode;
  if (node.class === 'COLUMN_REF') return [...(node.column_names as string[])];
  if (node.class === 'FUNCTION' && node.function_name === 'row') return (node.children as unknown[]).flatMap(parametersOf);
  return [];
}

/** Columns an expression names that its row does not have, each with a suggestion. Names are compared as DuckDB does, without case. */
export function unknownColumns(parsed: Pick<ParsedExpression, 'columns'>, expression: ExpressionText, columns: readonly string[]): Mistake[] {
  const known = new Set(columns.map((column) => column.toLowerCase()));
  return parsed.columns.flatMap((reference) => {
    const [name, ...rest] = reference.names as [string, ...string[]];
    const position = expression.at(reference.offset);
    if (rest.length > 0) return [{ position, message: `'${reference.names.join('.')}' has too many parts: an expression sees the columns of its own row` }];
    if (known.has(name.toLowerCase())) return [];
    return [{ position, message: noSuchColumn(name, columns) }];
  });
}

/** What to say of a name that is none of `columns`. */
export function noSuchColumn(name: string, columns: readonly string[]): string {
  if (clockNames.has(name.toLowerCase())) return `${name} is not data: the same snapshot must give the same rows`;
  return `no column '${name}'${didYouMean(name, columns)}`;
}
