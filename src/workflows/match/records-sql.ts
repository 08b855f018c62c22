/** The records to be matched, as one table of normalised values, and what is known about each value among all of them.
 *
 *  `match_records`: `rid` INTEGER (0-based, by source and key), `source` TINYINT, `key` VARCHAR, `v<i>` the normalised value of field i, `codes` VARCHAR[]. */
import { identifier, literal } from '../../domain/sql.ts';
import { isWordy } from './comparisons.ts';
import type { MatchField } from './field-kind.ts';
import { foldedSql, normalisedSql, plainSql, presentSql } from './normalise-sql.ts';

/** One side: `rows` is a Parquet file (canonical columns) or the name of a table; `key` the column that names a record (`_key` by default). */
export interface MatchSource {
  readonly name: string;
  readonly rows: string;
  readonly key?: string;
}

export const relationSql = (source: MatchSource): string =>
  source.rows.endsWith('.parquet') ? `read_parquet(${literal(source.rows)})` : identifier(source.rows);

/** All sources under one another: `source`, `key`, `r<i>` VARCHAR. Rows without a key name no record. */
export function stackedSql(sources: readonly MatchSource[], fields: readonly MatchField[]): string {
  return sources
    .map((source, index) => {
      const key = identifier(source.key ?? '_key');
      const columns = fields.map((field, position) => `CAST(${identifier(field.name)} AS VARCHAR) AS r${position}`);
      return `SELECT ${index}::TINYINT AS source, CAST(${key} AS VARCHAR) AS key${columns.map((column) => `, ${column}`).join('')} FROM ${relationSql(source)} WHERE ${key} IS NOT NULL`;
    })
    .join(' UNION ALL ');
}

/** Rows that repeat a key of their source. */
export function repeatedKeysSql(sources: readonly MatchSource[]): string {
  return `SELECT coalesce(sum(n - 1), 0)::BIGINT AS n FROM (SELECT count(*) AS n FROM (${stackedSql(sources, [])}) GROUP BY source, key HAVING count(*) > 1)`;
}

/** `repeated`: two rows of one key cannot be told apart by it, so the first by its values stands for all (that a key repeats is another report's matter). */
export function recordsSql(sources: readonly MatchSource[], fields: readonly MatchField[], repeated: boolean): string {
  const described = fields.flatMap((field, index) => (field.kind === 'text' ? [`r${index}`] : []));
  const plain = fields.map((_, index) => `${plainSql(`r${index}`)} AS p${index}`);
  const folded = fields.map((field, index) => `${foldedSql(field, `p${index}`)} AS f${index}`);
  const present = fields.map((_, index) => `${presentSql(`f${index}`)} AS f${index}`);
  const values = fields.map((field, index) => `${normalisedSql(field, `r${index}`, `f${index}`)} AS v${index}`);
  const codes = described.length > 0 ? codesSql(`concat_ws(' ', ${described.join(', ')})`) : '[]::VARCHAR[]';
  const comma = (columns: readonly string[]): string => columns.map((column) => `, ${column}`).join('');
  return `CREATE OR REPLACE TABLE match_records AS
    WITH stacked AS (SELECT * FROM (${stackedSql(sources, fields)})${repeated ? ` QUALIFY row_number() OVER (PARTITION BY source, key ORDER BY ${fields.map((_, index) => `r${index}`).join(', ')}) = 1` : ''}),
    plain AS (SELECT *${comma(plain)} FROM stacked),
    folded AS (SELECT *${comma(folded)} FROM plain),
    present AS (SELECT * REPLACE (${present.join(', ')}) FROM folded)
    SELECT (row_number() OVER () - 1)::INTEGER AS rid, * FROM (SELECT source, key${comma(values)}, ${codes} AS codes FROM present ORDER BY source, key)`;
}

/** Words of four characters and more that mix digits and letters, or are five digits and more: `PS-LX350H` → `PSLX350H`. */
function codesSql(text: string): string {
  const words = `regexp_extract_all(upper(${text}), '[A-Z0-9]+(?:[-/][A-Z0-9]+)*')`;
  const closed = `list_transform(${words}, lambda w: regexp_replace(w, '[-/]', '', 'g'))`;
  return `list_sort(list_distinct(list_filter(${closed}, lambda w: regexp_matches(w, '[0-9]') AND (length(w) >= 5 OR (length(w) = 4 AND regexp_matches(w, '[A-Z]'))))))`;
}

/** How many records hold each word of a wordy field: `h` UBIGINT (hash of the word), `n`. Words of one record only are left out. */
export function wordCountsSql(index: number): string {
  return `CREATE OR REPLACE TABLE match_words_${index} AS SELECT h, count(*) AS n
    FROM (SELECT unnest(list_distinct(list_transform(string_split(v${index}, ' '), lambda w: hash(w)))) AS h FROM match_records WHERE v${index} IS NOT NULL)
    GROUP BY h HAVING count(*) > 1`;
}

/** How many records hold each value: `v`, `n`, per source. Values of one record only are left out. */
export function valueCountsSql(index: number): string {
  return `CREATE OR REPLACE TABLE match_values_${index} AS
    SELECT v${index} AS v, count(*) FILTER (source = 0) AS n0, count(*) FILTER (source <> 0) AS n1 FROM match_records WHERE v${index} IS NOT NULL GROUP BY v HAVING count(*) > 1`;
}

/** The word vectors of field `index` for the records of `wanted` (a table with `rid`): `rid`, `t` sorted list of codes (hash in the high bits, weight =
 *  8·idf² in the low twelve), `q` the sum of weights. All whole numbers, so that sums do not depend on their order. */
export function vectorsSql(index: number, wanted: string): string {
  return `CREATE OR REPLACE TABLE match_vectors_${index} AS
    SELECT rid, list(c ORDER BY c) AS t, sum(c & 4095)::BIGINT AS q FROM (
      SELECT rid, ((h >> 12) << 12) | least(4095, greatest(1, round(8 * pow(ln(total / coalesce(n, 1)) / ln(2), 2))))::UBIGINT AS c
      FROM (SELECT rid, unnest(list_distinct(list_transform(string_split(v${index}, ' '), lambda w: hash(w)))) AS h
            FROM match_records SEMI JOIN ${wanted} USING (rid) WHERE v${index} IS NOT NULL)
      LEFT JOIN match_words_${index} USING (h), (SELECT count(v${index})::DOUBLE AS total FROM match_records))
    GROUP BY rid`;
}

/** Codes that are too usual to name a thing (`1080P`) are left out; `stems` are beginnings of the rest. */
export function codeListsSql(wanted: string): string {
  return `CREATE OR REPLACE TABLE match_codes AS
    WITH held AS (SELECT rid, unnest(codes) AS code FROM match_records),
    telling AS (SELECT code FROM held GROUP BY code HAVING count(*) <= greatest(4, (SELECT count(*) // 400 FROM match_records)))
    SELECT rid, list(code ORDER BY code) AS codes, list(DISTINCT left(code, 5) ORDER BY left(code, 5)) FILTER (length(code) >= 5) AS stems
    FROM held SEMI JOIN telling USING (code) SEMI JOIN ${wanted} USING (rid) GROUP BY rid`;
}

/** The records that occur in `wanted`, with all that a comparison looks at: `match_sides`. `lf<i>`: log2 of the share of records with the same value,
 *  in thousandths. */
export function sidesSql(fields: readonly MatchField[], wanted: string): string {
  const joins: string[] = [];
  const columns = fields.flatMap((field, index) => {
    joins.push(`LEFT JOIN match_values_${index} AS n${index} ON n${index}.v = r.v${index}`);
    const share = `(log2(coalesce(n${index}.n0 + n${index}.n1, 1) / (SELECT greatest(count(v${index}), 1)::DOUBLE FROM match_records)) * 1000)::INTEGER AS lf${index}`;
    if (!isWordy(field.kind)) return [share];
    joins.push(`LEFT JOIN match_vectors_${index} AS w${index} ON w${index}.rid = r.rid`);
    return [share, `w${index}.t AS t${index}`, `w${index}.q AS q${index}`];
  });
  const described = fields.some((field) => field.kind === 'text');
  if (described) joins.push('LEFT JOIN match_codes AS c ON c.rid = r.rid');
  return `CREATE OR REPLACE TABLE match_sides AS SELECT r.* EXCLUDE (codes), ${columns.join(', ')}${described ? ', c.codes, c.stems' : ''}
    FROM match_records AS r ${joins.join(' ')} WHERE r.rid IN (SELECT rid FROM ${wanted})`;
}
