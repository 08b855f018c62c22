/** SQL of an Odoo pull. Staging tables hold texts; the snapshot holds types. */
import { identifier, literal } from '../../domain/sql.ts';

export interface StagedColumn {
  readonly name: string;
  /** DuckDB type in the snapshot. */
  readonly type: string;
}

/** Columns that every snapshot of Odoo records begins with.
 *  `_changed_at` is the latest write_date of the record and of the records its related fields come from;
 *  `_external_id` is of our own namespace (the first in order, where Odoo's merge left several), `_foreign_external_id` of any other module;
 *  `_external_ids` are all of both, sorted. */
export const recordColumns: readonly StagedColumn[] = [
  { name: 'id', type: 'BIGINT' },
  { name: 'write_date', type: 'TIMESTAMP' },
  { name: '_changed_at', type: 'TIMESTAMP' },
  { name: '_active', type: 'BOOLEAN' },
  { name: '_external_id', type: 'VARCHAR' },
  { name: '_foreign_external_id', type: 'VARCHAR' },
  { name: '_external_ids', type: 'VARCHAR[]' },
  { name: '_in_scope', type: 'BOOLEAN' },
];

/** A table for `append`: all texts. */
export function stagingTableSql(table: string, columns: readonly string[]): string {
  return `CREATE OR REPLACE TABLE ${identifier(table)} (${columns.map((column) => `${identifier(column)} VARCHAR`).join(', ')})`;
}

/** Table `changed`: when each record of the model last changed, itself or through a record it is related to.
 *  `related` are sweeps of other models: `via` is the many2one by which the record names theirs. */
export function changedTableSql(sweep: string, related: readonly { readonly via: string; readonly table: string }[]): string {
  const joins = related.map((one, index) => `LEFT JOIN ${identifier(one.table)} AS r${index} ON r${index}.id = s.${identifier(one.via)}`);
  const dates = ['s.write_date', ...related.map((_, index) => `r${index}.write_date`)].map((date) => `CAST(${date} AS TIMESTAMP)`);
  return `CREATE OR REPLACE TABLE changed AS SELECT CAST(s.id AS BIGINT) AS id, greatest(${dates.join(', ')}) AS changed_at FROM ${identifier(sweep)} AS s ${joins.join(' ')}`;
}

/** A column of a snapshot that holds ids of another model. */
export interface Reference {
  readonly column: string;
  readonly model: string;
  readonly isList: boolean;
}

/** Every id that stands in these columns of a snapshot, once. */
export function pointedSql(snapshot: string, references: readonly Reference[]): string {
  const selects = references.map(
    ({ column, isList }) => `SELECT ${isList ? `unnest(${identifier(column)})` : identifier(column)} AS id FROM read_parquet(${literal(snapshot)})`,
  );
  return `SELECT DISTINCT id FROM (${selects.join(' UNION ALL ')}) WHERE id IS NOT NULL ORDER BY id`;
}

/** Table `orphaned`: ids of records of a snapshot that point to what table `gone` (model, id) names. */
export function orphanedTableSql(snapshot: string, references: readonly Reference[]): string {
  const selects = references.map(({ column, model, isList }) => {
    const pointed = `SELECT b.id, ${isList ? `unnest(b.${identifier(column)})` : `b.${identifier(column)}`} AS other FROM read_parquet(${literal(snapshot)}) AS b`;
    return `SELECT p.id FROM (${pointed}) AS p SEMI JOIN gone AS g ON g.model = ${literal(model)} AND CAST(g.id AS BIGINT) = p.other`;
  });
  return `CREATE OR REPLACE TABLE orphaned AS ${selects.length === 0 ? 'SELECT CAST(NULL AS BIGINT) AS id WHERE false' : selects.join(' UNION ')}`;
}

/** Table `stale`: ids that have to be read again, because they are new, changed, point to a record that is gone (table `orphaned`), or changed so
 *  recently that a transaction of then may have been under way when they were read. */
export function staleTableSql(base: string, since: string): string {
  return `CREATE OR REPLACE TABLE stale AS SELECT c.id FROM changed AS c LEFT JOIN read_parquet(${literal(base)}) AS b ON b.id = c.id
WHERE b.id IS NULL OR b._changed_at IS DISTINCT FROM c.changed_at OR c.changed_at >= CAST(${literal(since)} AS TIMESTAMP) OR c.id IN (FROM orphaned)`;
}

/** Records read now, typed. */
export function readRowsSql(columns: readonly StagedColumn[]): string {
  const typed = columns.map((column) => `, CAST(s.${identifier(column.name)} AS ${column.type}) AS ${identifier(column.name)}`).join('');
  return `SELECT CAST(s.id AS BIGINT) AS id, CAST(s.write_date AS TIMESTAMP) AS write_date, coalesce(c.changed_at, CAST(s.write_date AS TIMESTAMP)) AS _changed_at${typed}
FROM records AS s LEFT JOIN changed AS c ON c.id = CAST(s.id AS BIGINT)`;
}

/** The same columns of the records of the base snapshot that still exist and need not be read again. */
export function keptRowsSql(base: string, columns: readonly StagedColumn[]): string {
  const kept = columns.map((column) => `, b.${identifier(column.name)}`).join('');
  return `SELECT b.id, b.write_date, c.changed_at AS _changed_at${kept} FROM read_parquet(${literal(base)}) AS b
JOIN changed AS c ON c.id = b.id ANTI JOIN stale ON stale.id = b.id`;
}

/** The snapshot itself, in order of id, so that the same records give the same bytes. */
export function writeRecordsSql(options: {
  readonly rows: string;
  readonly columns: readonly StagedColumn[];
  readonly hasActive: boolean;
  readonly file: string;
}): string {
  const columns = options.columns.map((column) => `, r.${identifier(column.name)}`).join('');
  return `COPY (
SELECT r.id, r.write_date, r._changed_at, ${options.hasActive ? 'r.active' : 'true'} AS _active, x.own AS _external_id, x.other AS _foreign_external_id,
  coalesce(x.names, CAST([] AS VARCHAR[])) AS _external_ids, s.id IS NOT NULL AS _in_scope${columns}
FROM (${options.rows}) AS r
LEFT JOIN (SELECT DISTINCT CAST(id AS BIGINT) AS id FROM scope) AS s ON s.id = r.id
LEFT JOIN (
  SELECT CAST(id AS BIGINT) AS id, min(name) FILTER (kind = 'own') AS own,
    coalesce(min(name) FILTER (kind = 'decided'), CASE WHEN NOT bool_or(kind = 'own') THEN min(name) FILTER (kind = 'other') END) AS other,
    list(DISTINCT name ORDER BY name) AS names
  FROM external_ids GROUP BY ALL
) AS x ON x.id = r.id
ORDER BY r.id
) TO ${literal(options.file)} (FORMAT parquet, COMPRESSION zstd)`;
}

/** How a snapshot differs from what the records of table `picked` are now (`fresh`: those that are there). */
export function laidOverFactsSql(base: string, fresh: string): string {
  const [before, now] = [`read_parquet(${literal(base)})`, `read_parquet(${literal(fresh)})`];
  const picked = 'SELECT CAST(id AS BIGINT) AS id FROM picked';
  return `SELECT (SELECT count(*) FROM (FROM ${now} EXCEPT (FROM ${before} WHERE id IN (${picked})))) AS changed,
  (SELECT count(*) FROM ${before} AS b WHERE b.id IN (${picked}) AND b.id NOT IN (SELECT id FROM ${now})) AS deleted`;
}

/** The snapshot with these records as they are now, in order of id. */
export function laidOverSql(base: string, fresh: string, file: string): string {
  return `COPY (
SELECT * FROM (
  FROM read_parquet(${literal(fresh)})
  UNION ALL BY NAME (FROM read_parquet(${literal(base)}) WHERE id NOT IN (SELECT CAST(id AS BIGINT) FROM picked))
) ORDER BY id
) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`;
}

export function writeTableSql(table: string, columns: readonly StagedColumn[], order: string, file: string): string {
  const typed = columns.map((column) => `CAST(${identifier(column.name)} AS ${column.type}) AS ${identifier(column.name)}`).join(', ');
  return `COPY (SELECT ${typed} FROM ${identifier(table)} ORDER BY ${order}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`;
}

export function recordFactsSql(file: string): string {
  return `SELECT count(*) AS records, CAST(max(_changed_at) AS VARCHAR) AS latest FROM read_parquet(${literal(file)})`;
}

/** How many of the records that should still be there are: those we did not make ourselves, and those that table `links` still names.
 *  Records that a rollback took away are neither, nor are by-products (table `byproducts`), which go with them. */
export function survivorsSql(before: string, now: string): string {
  return `SELECT count(*) AS expected, count(n.id) AS found FROM read_parquet(${literal(before)}) AS b LEFT JOIN read_parquet(${literal(now)}) AS n ON n.id = b.id
WHERE (b._external_id IS NULL AND b.id NOT IN (SELECT CAST(id AS BIGINT) FROM byproducts)) OR b.id IN (SELECT CAST(id AS BIGINT) FROM links)`;
}
