/** DuckDB's reader for a file that is known to be regular. Nothing is sniffed: text stays text. */
import { identifier, literal, literalList } from '../../domain/sql.ts';
import type { DelimitedFormat } from './delimited-format.ts';
import type { RegularFile } from './regularity.ts';

export interface RegularRead {
  readonly path: string;
  readonly format: DelimitedFormat;
  /** All columns of the file, in order. */
  readonly columns: readonly string[];
  /** Those wanted. */
  readonly wanted: readonly string[];
  readonly skipLines: number;
  readonly file: RegularFile;
  /** Names of the reject tables, for a file with ragged lines. */
  readonly rejects: { readonly errors: string; readonly scans: string } | null;
}

/** `_row` (the line number) and the wanted columns. */
export function readCsvSql(read: RegularRead): string {
  const { format, file } = read;
  const types = read.columns.map((column) => `${literal(column)}: 'VARCHAR'`).join(', ');
  const options = [
    'auto_detect = false',
    `delim = ${literal(format.delimiter)}`,
    `quote = ${literal(format.quote)}`,
    `escape = ${literal(format.quote)}`,
    "comment = ''",
    'header = false',
    `skip = ${read.skipLines}`,
    // no new_line: told that lines end in CR LF, DuckDB 1.5 reads two lines as one; untold it follows the file, which is known to have one kind
    'strict_mode = true',
    `nullstr = ${literalList(format.nullTexts)}`,
    'allow_quoted_nulls = false',
    'max_line_size = 4194304',
    ...(read.rejects === null
      ? []
      : ['store_rejects = true', 'rejects_limit = 0', `rejects_table = ${literal(read.rejects.errors)}`, `rejects_scan = ${literal(read.rejects.scans)}`]),
    `columns = {${types}}`,
  ];
  const columns = [`${lineNumberSql(read.skipLines, file.gaps)} AS _row`, ...read.wanted.map(identifier)];
  return `SELECT ${columns.join(', ')} FROM read_csv(${literal(read.path)}, ${options.join(', ')})`;
}

/** The n-th record stands on line n, plus the header, plus the lines without a record before it. */
function lineNumberSql(skipLines: number, gaps: readonly number[]): string {
  const counted = new Map<number, number>();
  for (const gap of gaps) counted.set(gap, (counted.get(gap) ?? 0) + 1);
  const terms = [...counted].map(([after, lines]) => `(row_number() OVER () > ${after})::BIGINT * ${lines}`);
  return ['row_number() OVER ()', String(skipLines), ...terms].join(' + ');
}

/** Can DuckDB be told this format at all? */
export function isDuckDBFormat(format: DelimitedFormat, columns: readonly string[]): boolean {
  const special = [format.delimiter, format.quote, '\n', '\r'].filter((text) => text !== '');
  return (
    format.delimiter.length === 1 &&
    format.delimiter.charCodeAt(0) < 128 &&
    (format.quote === '' || format.quote.charCodeAt(0) < 128) &&
    format.nullTexts.length > 0 &&
    format.nullTexts.every((text) => special.every((one) => !text.includes(one))) &&
    columns.length > 0
  );
}
