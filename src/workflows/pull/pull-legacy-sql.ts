/** The SQL of a legacy pull. */
import { identifier, literal } from '../../domain/sql.ts';

export interface SnapshotQuery {
  readonly columns: readonly string[];
  /** Table or view of the extract. */
  readonly table: string;
  /** Rows are numbered in the order of this column, so that an incremental snapshot numbers them as a full one does; null: as they were read. */
  readonly numberBy: string | null;
}

export function snapshotRowsSql({ columns, table, numberBy }: SnapshotQuery): string {
  const names = columns.map(identifier).join(', ');
  return `SELECT ${rowNumberSql(numberBy)} AS _row, ${names} FROM ${identifier(table)}${orderSql(numberBy)}`;
}

/** The previous snapshot without what is gone or changed, and what changed: a full logical snapshot again. */
export function mergedRowsSql(query: SnapshotQuery & { readonly numberBy: string }, base: string, ids: string): string {
  const names = query.columns.map(identifier).join(', ');
  const id = identifier(query.numberBy);
  const table = identifier(query.table);
  return `SELECT ${rowNumberSql(query.numberBy)} AS _row, ${names} FROM (
    SELECT ${names} FROM read_parquet(${literal(base)})
    WHERE ${id} IN (SELECT id FROM ${identifier(ids)}) AND ${id} NOT IN (SELECT ${id} FROM ${table} WHERE ${id} IS NOT NULL)
    UNION ALL SELECT ${names} FROM ${table})${orderSql(query.numberBy)}`;
}

/** The previous snapshot with the rows of table `asked` (`id` VARCHAR) as they are now: those that were not answered are gone. They keep their numbers. */
export function laidOverSql({ columns, table }: SnapshotQuery, base: string, idColumn: string, asked: string): string {
  const names = columns.map(identifier).join(', ');
  const id = identifier(idColumn);
  const now = columns.map((column) => `n.${identifier(column)}`).join(', ');
  return `SELECT * FROM (
    SELECT _row, ${names} FROM read_parquet(${literal(base)}) WHERE ${id} IS NULL OR CAST(${id} AS VARCHAR) NOT IN (SELECT id FROM ${identifier(asked)})
    UNION ALL SELECT b._row, ${now} FROM read_parquet(${literal(base)}) AS b JOIN ${identifier(table)} AS n ON n.${id} = b.${id}) ORDER BY _row`;
}

/** Do the ids name one row each, before and now? `rows`: how many rows there are with these rows as they are now. */
export function laidOverFactsSql({ table }: SnapshotQuery, base: string, idColumn: string, asked: string): string {
  const id = identifier(idColumn);
  const before = `SELECT ${id} AS id FROM read_parquet(${literal(base)}) WHERE CAST(${id} AS VARCHAR) IN (SELECT id FROM ${identifier(asked)})`;
  return `SELECT (SELECT count(*) FROM read_parquet(${literal(base)})) - (SELECT count(*) FROM (${before})) + (SELECT count(*) FROM ${identifier(table)}) AS rows,
    (SELECT count(*) - count(DISTINCT id) FROM (${before})) + (SELECT count(*) - count(DISTINCT ${id}) FROM ${identifier(table)}) AS repeated,
    (SELECT count(*) FROM (${before}) WHERE id NOT IN (SELECT ${id} FROM ${identifier(table)})) AS deleted`;
}

/** One number over all rows, whatever order they are in. */
export function contentSql(file: string): string {
  return `SELECT concat(count(*), ' ', coalesce(sum(CAST(hash(t) AS HUGEINT)), 0)) AS content FROM read_parquet(${literal(file)}) AS t`;
}

function rowNumberSql(numberBy: string | null): string {
  return numberBy === null ? '_row' : `row_number() OVER (ORDER BY ${identifier(numberBy)})`;
}

function orderSql(numberBy: string | null): string {
  return numberBy === null ? '' : ' ORDER BY _row';
}

/** Can the ids carry an incremental pull? All there, once each, and every one of them in the base or among the changed rows: a row that is in
 *  neither was committed later than its watermark says. */
export function incrementalFactsSql(query: SnapshotQuery & { readonly numberBy: string }, base: string, ids: string): string {
  const id = identifier(query.numberBy);
  const known = `SELECT ${id} FROM read_parquet(${literal(base)}) UNION ALL SELECT ${id} FROM ${identifier(query.table)}`;
  return `SELECT count(*) AS ids, count(DISTINCT id) AS distinct_ids,
    count(*) FILTER (id NOT IN (SELECT ${id} FROM (${known}) WHERE ${id} IS NOT NULL)) AS unseen,
    (SELECT count(*) FROM read_parquet(${literal(base)}) WHERE ${id} IS NULL OR ${id} NOT IN (SELECT id FROM ${identifier(ids)} WHERE id IS NOT NULL)) AS deleted
    FROM ${identifier(ids)}`;
}

export function quarantineRowsSql(table: string): string {
  return `SELECT _row, reason, line FROM ${identifier(table)} ORDER BY _row`;
}

export function countRowsSql(file: string): string {
  return `SELECT count(*) AS n FROM read_parquet(${literal(file)})`;
}

export function highestWatermarkSql(file: string, column: string): string {
  return `SELECT max(${identifier(column)})::VARCHAR AS highest FROM read_parquet(${literal(file)})`;
}

/** A moment reaches back by the overlap, because a row's watermark is older than its commit; a counter or text cannot. */
export function sinceSql(watermark: string, type: string, overlapMinutes: number): string {
  return type === 'TIMESTAMP' || type === 'DATE'
    ? `SELECT (${literal(watermark)}::TIMESTAMP - INTERVAL ${overlapMinutes} MINUTE)::VARCHAR AS since`
    : `SELECT ${literal(watermark)} AS since`;
}
