/** Quoting for the SQL that workflows compose. Values and identifiers are different functions; nothing else splices text into SQL. */

/** A quoted identifier: `"` doubled. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A literal: null, boolean, integer or text (`'` doubled). NUL cannot stand in a literal and is refused. */
export function literal(value: string | number | boolean | null): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError('only integers may become SQL literals; pass decimals as text');
    return String(value);
  }
  if (value.includes('\0')) throw new RangeError('a NUL character cannot stand in an SQL literal');
  return `'${value.replaceAll("'", "''")}'`;
}

/** A DuckDB list literal of texts, for `IN`-like uses through `list_contains` or `read_parquet([...])`. */
export function literalList(values: readonly string[]): string {
  return `[${values.map(literal).join(', ')}]`;
}

/** Writes the rows of a query to a Parquet file; zstd, because stores are shared and kept. A row group is held in memory per thread while it is
 *  written: a third of DuckDB's own size keeps wide files small. Columns of many values have no dictionary and nothing looks for single values, which
 *  saves a quarter of the time. `leaveNothing`: no file where there are no rows; `note`: kept in the file under that name. Answers `Count`. */
export function copyToParquetSql(
  query: string,
  file: string,
  leaveNothing = false,
  note: { readonly name: string; readonly text: string } | null = null,
): string {
  const options = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 40960, DICTIONARY_SIZE_LIMIT 1000, WRITE_BLOOM_FILTER false`;
  return `COPY (${query}) TO ${literal(file)} (${options}${leaveNothing ? ', WRITE_EMPTY_FILE false' : ''}${note === null ? '' : `, KV_METADATA {${identifier(note.name)}: ${literal(note.text)}}`})`;
}

/** Rows that stand in one of two relations and not in the other, each as often as it does. Answers `rows`. Grouped, as EXCEPT ALL numbers all rows first: four times the work. */
export function differenceCountSql(one: string, other: string): string {
  return `SELECT CAST(coalesce(sum(abs(_n)), 0) AS BIGINT) AS rows FROM (
  SELECT * EXCLUDE (_one), sum(_one) AS _n FROM (SELECT *, 1 AS _one FROM ${one} UNION ALL SELECT *, -1 FROM ${other}) GROUP BY ALL HAVING _n <> 0)`;
}
