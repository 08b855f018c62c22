/** Which source columns a mapping uses, and where: only these are fetched, and only these can drift. Whether an expression may stand in a
 *  mapping at all is judged when it is mapped; here it is parsed and never run. */
import { codeCall } from '../../domain/code-call.ts';
import type { SourceMapping } from '../../domain/contract.ts';
import type { Mistake } from '../../domain/mistakes.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { literalList } from '../../domain/sql.ts';
import type { FilePosition, PositionOf } from '../../domain/workspace.ts';

export interface ColumnUse {
  /** As the mapping writes it. */
  readonly column: string;
  readonly position: FilePosition;
}

interface Expression {
  readonly text: string;
  readonly at: (offset: number) => FilePosition;
}

export async function columnUses(
  mapping: SourceMapping,
  position: PositionOf,
  plane: DataPlane,
): Promise<{ readonly uses: readonly ColumnUse[]; readonly mistakes: readonly Mistake[] }> {
  const expressions = expressionsOf(mapping, position);
  const trees = await plane.rows<{ tree: string }>(syntaxTreesSql(expressions.map(({ text }) => text)));
  const uses: ColumnUse[] = (['watermark', 'id'] as const).flatMap((key) => {
    const column = mapping[key];
    return column === undefined ? [] : [{ column, position: position([key]) }];
  });
  const mistakes: Mistake[] = [];
  for (const [index, expression] of expressions.entries()) {
    const tree = JSON.parse(trees[index]?.tree ?? '{}') as { error?: boolean; error_message?: string; statements?: unknown };
    if (tree.error === true) {
      const [reason] = (tree.error_message ?? 'it cannot be read').split('\n');
      mistakes.push({ position: expression.at(0), message: `not an SQL expression: ${reason}` });
    } else collect(tree.statements, new Set(), (column, byte) => uses.push({ column, position: expression.at(characterAt(expression.text, byte)) }));
  }
  return { uses, mistakes };
}

function expressionsOf(mapping: SourceMapping, position: PositionOf): Expression[] {
  const entries: [readonly string[], string][] = [
    ...(mapping.filter === undefined ? [] : [[['filter'], mapping.filter] as [string[], string]]),
    ...(mapping.row === undefined ? [] : [[['row'], mapping.row] as [string[], string]]),
    ...Object.entries(mapping.fields).map(([name, text]) => [['fields', name], text] as [string[], string]),
  ];
  return entries.map(([path, text]) => {
    const call = codeCall(text);
    const shift = call?.offset ?? 0;
    return { text: call?.argument ?? text, at: (offset) => position(path, offset + shift) };
  });
}

const PREFIX = 'select ';

function syntaxTreesSql(texts: readonly string[]): string {
  return `SELECT json_serialize_sql('${PREFIX}' || text)::VARCHAR AS tree
    FROM (SELECT unnest(${literalList(texts)}) AS text, unnest(range(${texts.length})) AS position) ORDER BY position`;
}

/** Walks a syntax tree for column names; the parameters of lambdas are none. */
function collect(value: unknown, bound: ReadonlySet<string>, found: (column: string, byte: number) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, bound, found);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const node = value as Readonly<Record<string, unknown>>;
  if (node.class === 'COLUMN_REF') {
    const [column] = node.column_names as readonly string[];
    if (column !== undefined && !bound.has(column)) found(column, Number(node.query_location) - PREFIX.length);
    return;
  }
  if (node.class === 'LAMBDA') {
    const parameters = new Set(bound);
    collect(node.lhs, bound, (name) => parameters.add(name));
    collect(node.expr, parameters, found);
    return;
  }
  for (const child of Object.values(node)) collect(child, bound, found);
}

/** DuckDB counts UTF-8 bytes, a file position counts characters; a location it does not know is the beginning. */
function characterAt(text: string, byte: number): number {
  const bytes = new TextEncoder().encode(text);
  return byte >= 0 && byte <= bytes.length ? new TextDecoder().decode(bytes.subarray(0, byte)).length : 0;
}
