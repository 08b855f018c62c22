/** The second night maps what changed: rows whose source columns are those of a row of the base have become what that one has. */
import { type CanonicalDataset, type DatasetRows, type datasetFiles, sourceRowsSql } from '../../domain/canonical.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { copyToParquetSql, literal } from '../../domain/sql.ts';
import { type DatasetSql, digestSql, duplicateKeysSql, typedRowsSql } from './canonical-sql.ts';

/** From here on a dataset of its own is cheaper to read than one in two parts: a tenth of the rows, and more than this many. */
const FEW = 1000;
const SHARE = 0.1;

export interface ChangedRows {
  readonly rows: DatasetRows;
  readonly kept: 'gone' | 'places';
}

/** Null where too much has changed. */
export async function changedRows(
  request: { readonly dataset: DatasetSql; readonly base: CanonicalDataset; readonly file: (name: keyof typeof datasetFiles) => string },
  plane: DataPlane,
): Promise<ChangedRows | null> {
  const { dataset, base, file } = request;
  const { base: before, baseRows, duplicates } = base.rows;
  const source = `read_parquet(${literal(dataset.source)})`;
  await plane.run(`CREATE TABLE was AS SELECT file_row_number AS ordinal, _row, _digest FROM read_parquet(${literal(before)})`);
  await plane.run(`CREATE TABLE now AS SELECT _row, ${digestSql(dataset.mapping)} AS _digest FROM ${source}`);
  // where they were, then wherever one row alone is like another
  await plane.run('CREATE TABLE kept AS SELECT w.ordinal, w._row FROM was AS w JOIN now AS n ON n._row = w._row AND n._digest = w._digest');
  await plane.run('CREATE TABLE gone AS SELECT w.ordinal, w._digest FROM was AS w ANTI JOIN kept AS k ON k.ordinal = w.ordinal');
  await plane.run('CREATE TABLE fresh AS SELECT n._row, n._digest FROM now AS n ANTI JOIN kept AS k ON k._row = n._row');
  const unique = (table: string, column: string): string => `(SELECT _digest, min(${column}) AS ${column} FROM ${table} GROUP BY _digest HAVING count(*) = 1)`;
  await plane.run(
    `CREATE TABLE moved AS SELECT g.ordinal, f._row FROM ${unique('gone', 'ordinal')} AS g JOIN ${unique('fresh', '_row')} AS f ON f._digest = g._digest`,
  );
  await plane.run('DELETE FROM gone WHERE ordinal IN (SELECT ordinal FROM moved)');
  await plane.run('DELETE FROM fresh WHERE _row IN (SELECT _row FROM moved)');
  const [counted] = await plane.rows<{ gone: number; fresh: number; moved: number }>(
    'SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM fresh) AS fresh, (SELECT count(*) FROM moved) AS moved',
  );
  const { gone = 0, fresh = 0, moved = 0 } = counted ?? {};
  if (Math.max(gone, fresh) > Math.max(FEW, SHARE * baseRows)) return null;
  await plane.run(
    copyToParquetSql(typedRowsSql(dataset, `(SELECT s.* FROM ${source} AS s SEMI JOIN fresh AS f ON f._row = s._row ORDER BY s._row)`), file('rows')),
  );
  const kept = moved === 0 ? 'gone' : 'places';
  await plane.run(
    copyToParquetSql(
      kept === 'gone' ? 'SELECT ordinal FROM gone ORDER BY ordinal' : 'SELECT ordinal, _row FROM (FROM kept UNION ALL FROM moved) ORDER BY ordinal',
      file(kept),
    ),
  );
  const changes = kept === 'gone' ? { rows: file('rows'), gone: file('gone') } : { rows: file('rows'), places: file('places') };
  const rows = { base: before, baseRows, changes, duplicates: file('duplicates') };
  await plane.run(`CREATE TABLE touched AS SELECT DISTINCT _key FROM (
    SELECT _key FROM read_parquet(${literal(changes.rows)}) UNION ALL SELECT b._key FROM read_parquet(${literal(before)}) AS b SEMI JOIN gone AS g ON g.ordinal = b.file_row_number
  ) WHERE _key IS NOT NULL`);
  const again = duplicateKeysSql(`(SELECT r.* FROM ${sourceRowsSql(rows)} AS r SEMI JOIN touched AS t ON t._key = r._key)`);
  const others = `SELECT d._key FROM read_parquet(${literal(duplicates)}) AS d ANTI JOIN touched AS t ON t._key = d._key`;
  await plane.run(copyToParquetSql(`FROM (${again} UNION ALL ${others})`, rows.duplicates));
  return { rows, kept };
}
