/** DuckDB reads text beside a number as a number of its kind, and says nothing: an amount of 0.04 is then no amount. */
import type { DataPlane, DataRow } from '../../domain/ports.ts';
import { literal } from '../../domain/sql.ts';
import type { ParsedExpression } from './expression.ts';

export const TEXT_WITH_NUMBER =
  "text is compared with a number here, and would be rounded to its digits: '0.04' <> 0 is false; write TRY_CAST(… AS DECIMAL(18,6)), or the number as text";

interface DescribedRow extends DataRow {
  readonly column_type: string;
}

/** `from`: relations that have the columns of the expression. `led`: a name of the expression as it is found there. */
export async function comparesTextWithNumber(
  plane: DataPlane,
  { comparisons }: Pick<ParsedExpression, 'comparisons'>,
  from: string,
  led: (names: readonly string[]) => readonly string[] = (names) => names,
): Promise<boolean> {
  for (const comparison of comparisons) {
    const [select] = await plane.rows<{ text: string }>(`SELECT rtrim(json_deserialize_sql(${literal(withNames(comparison, led))}::JSON), ';') AS text`);
    const sides = await plane.rows<DescribedRow>(`DESCRIBE ${select?.text} FROM ${from}`);
    const types = sides.map(({ column_type: type }) => type);
    if (types.includes('VARCHAR') && types.some((type) => /INT|^DECIMAL/.test(type) && !type.endsWith(']'))) return true;
  }
  return false;
}

function withNames(serialized: string, led: (names: readonly string[]) => readonly string[]): string {
  const tree: unknown = JSON.parse(serialized, (_, value: unknown) => {
    const node = value as { readonly class?: unknown; readonly column_names?: readonly string[] } | null;
    return node?.class === 'COLUMN_REF' && node.column_names !== undefined ? { ...node, column_names: led(node.column_names) } : value;
  });
  return JSON.stringify(tree);
}
