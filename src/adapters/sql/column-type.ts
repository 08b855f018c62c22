/** PostgreSQL types as the data plane stores them. Everything travels as text, exactly, and is cast on arrival. */
import { identifier } from '../../domain/sql.ts';

export interface SourceColumn {
  readonly name: string;
  /** As `format_type` tells it, domains resolved: `numeric(19,4)`, `timestamp without time zone`. */
  readonly sourceType: string;
  /** DuckDB type. */
  readonly type: string;
}

/** DuckDB's widest decimal. */
const MOST_DIGITS = 38;

export function storedType(sourceType: string): string {
  const numeric = /^numeric\((\d+),(-?\d+)\)$/.exec(sourceType);
  if (numeric !== null) {
    const [precision, scale] = [Number(numeric[1]), Number(numeric[2])];
    return precision <= MOST_DIGITS && scale >= 0 && scale <= precision ? `DECIMAL(${precision},${scale})` : 'VARCHAR';
  }
  if (/^(smallint|integer|bigint)$/.test(sourceType)) return 'BIGINT';
  if (sourceType === 'boolean') return 'BOOLEAN';
  if (sourceType === 'date') return 'DATE';
  if (/^timestamp(\(\d\))? (without|with) time zone$/.test(sourceType)) return 'TIMESTAMP';
  // floats too: their shortest text is exact, and a mapping says what decimal it means
  return 'VARCHAR';
}

/** The column as text in a form DuckDB's cast reads back to the same value. */
export function asTextSql(column: SourceColumn): string {
  const name = identifier(column.name);
  return /with time zone$/.test(column.sourceType) && column.type === 'TIMESTAMP' ? `(${name} AT TIME ZONE 'UTC')::text` : `${name}::text`;
}
