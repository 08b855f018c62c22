/** The records to be matched, as one table of normalised values, and what is known about each value among all of them.
 *
 *  `match_records`: `rid` INTEGER (0-based, by source and key), `source` TINYINT, `key` VARCHAR, `v<i>` the normalised value of field i, `codes` VARCHAR[]. */
import { identifier, literal } from '../../domain/sql.ts';
import type { MatchField } from './field-kind.ts';
import { foldedSql, halfwaySql, normalisedSql, plainSql, presentSql } from './normalise-sql.ts';

/** One side: `rows` is a query in parentheses, a Parquet file or the name of a table (canonical columns); `key` the column that names a record (`_key` by default). */
export interface MatchSource {
  readonly name: string;
  readonly rows: string;
  readonly key?: string;
}

export const relationSql = (source: MatchSource): string =>
  source.rows.startsWith('(') ? source.rows : source.rows.endsWith('.parquet') ? `read_parquet(${literal(source.rows)})` : identifier(source.rows);

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
  const halfway = fields.map((field, index) => `${halfwaySql(field, `r${index}`, `f${index}`)} AS h${index}`);
  const values = fields.map((field, index) => `${normalisedSql(field, `r${index}`, `f${index}`, `h${index}`)} AS v${index}`);
  const codes = described.length > 0 ? codesSql(`concat_ws(' ', ${described.join(', ')})`) : '[]::VARCHAR[]';
  const comma = (columns: readonly string[]): string => columns.map((column) => `, ${column}`).join('');
  return `CREATE OR REPLACE TABLE match_records AS
    WITH stacked AS (SELECT * FROM (${stackedSql(sources, fields)})${repeated ? ` QUALIFY row_number() OVER (PARTITION BY source, key ORDER BY ${fields.map((_, index) => `r${index}`).join(', ')}) = 1` : ''}),
    plain AS (SELECT *${comma(plain)} FROM stacked),
    folded AS (SELECT *${comma(folded)} FROM plain),
    present AS (SELECT * REPLACE (${present.join(', ')}) FROM folded),
    halfway AS (SELECT *${comma(halfway)} FROM present)
    SELECT (row_number() OVER () - 1)::INTEGER AS rid, * FROM (SELECT source, key${comma(values)}, ${codes} AS codes FROM halfway ORDER BY source, key)`;
}

/** Words of four characters and more that mix digits and letters, or are five digits and more: `PS-LX350H` → `PSLX350H`. */
function codesSql(text: string): string {
  const words = `regexp_extract_all(upper(${text}), '[A-Z0-9]+(?:[-/][A-Z0-9]+)*')`;
  const closed = `list_transform(${words}, lambda w: regexp_replace(w, '[-/]', '', 'g'))`;
  return `list_sort(list_distinct(list_filter(${closed}, lambda w: regexp_matches(w, '[0-9]') AND (length(w) >= 5 OR (length(w) = 4 AND regexp_matches(w, '[A-Z]'))))))`;
}

/** The different words of wordy fields, `match_tokens`: `field`, `rid`, `h` UBIGINT (hash of field and word), `telling` (may records be looked for by it
 *  alone?). `records` is `match_records`, or some of its rows. */
export function tokensSql(wordy: readonly number[], records: string): string {
  const tokens = wordy.map(
    (index) => `SELECT ${index}::TINYINT AS field, rid, hash(${index}, w) AS h, length(w) > 2 OR regexp_matches(w, '[0-9]') AS telling
      FROM (SELECT rid, unnest(list_distinct(string_split(v${index}, ' '))) AS w FROM ${records} WHERE v${index} IS NOT NULL)`,
  );
  return `CREATE OR REPLACE TABLE match_tokens AS ${tokens.join(' UNION ALL ')}`;
}

/** What the words of more than one record weigh, 8·idf²: `match_words` (h, c). `match_alone` (field, c): what the other words of a field weigh. */
export function wordWeightsSql(wordy: readonly number[]): string {
  const weight = (n: string): string => `least(4095, greatest(1, round(8 * pow(ln(total / ${n}) / ln(2), 2))))::UBIGINT`;
  const totals = wordy
    .map((index) => `SELECT ${index}::TINYINT AS field, greatest(count(v${index}), 1)::DOUBLE AS total FROM match_records`)
    .join(' UNION ALL ');
  return `CREATE OR REPLACE TABLE match_alone AS SELECT field, total, ${weight('1')} AS c FROM (${totals});
    CREATE OR REPLACE TABLE match_words AS SELECT h, ${weight('n')} AS c
      FROM (SELECT h, any_value(field) AS field, count(*) AS n FROM match_tokens GROUP BY h HAVING n > 1) JOIN match_alone USING (field)`;
}

/** The word vectors of records, from their tokens: `rid`, and per wordy field `t<i>` list of codes (hash in the high bits, weight in the low twelve) and
 *  `q<i>` the sum of weights. All whole numbers, so that sums do not depend on their order. `slices`: predicates that take the records some at a time. */
export function vectorsSql(wordy: readonly number[], slices: readonly string[]): string[] {
  const columns = wordy.map((index) => `list(c) FILTER (field = ${index}) AS t${index}, sum(c & 4095) FILTER (field = ${index})::BIGINT AS q${index}`);
  const types = wordy.map((index) => `t${index} UBIGINT[], q${index} BIGINT`);
  return [
    `CREATE OR REPLACE TABLE match_vectors (rid INTEGER, ${types.join(', ')})`,
    ...slices.map(
      (slice) => `INSERT INTO match_vectors SELECT rid, ${columns.join(', ')}
        FROM (SELECT field, rid, ((h >> 12) << 12) | coalesce(match_words.c, match_alone.c) AS c FROM (FROM match_tokens WHERE ${slice})
          LEFT JOIN match_words USING (h) JOIN match_alone USING (field)) GROUP BY rid`,
    ),
  ];
}

/** How many records hold each value: `h` UBIGINT (hash of the value), `n0`, `n1` per source. Values of one record only are left out. */
export function valueCountsSql(index: number): string {
  return `CREATE OR REPLACE TABLE match_values_${index} AS
    SELECT hash(v${index}) AS h, count(*) FILTER (source = 0) AS n0, count(*) FILTER (source <> 0) AS n1 FROM match_records WHERE v${index} IS NOT NULL
    GROUP BY h HAVING count(*) > 1`;
}

/** Codes that are too usual to name a thing (`1080P`) are left out; `stems` are beginnings of the rest. */
export function codeListsSql(records: string): string {
  return `CREATE OR REPLACE TABLE match_codes AS
    WITH held AS (SELECT rid, unnest(codes) AS code FROM match_records),
    telling AS (SELECT code FROM held GROUP BY code HAVING count(*) <= greatest(4, (SELECT count(*) // 400 FROM match_records)))
    SELECT rid, list(code ORDER BY code) AS codes, list(DISTINCT left(code, 5) ORDER BY left(code, 5)) FILTER (length(code) >= 5) AS stems
    FROM held SEMI JOIN telling USING (code) SEMI JOIN ${records} USING (rid) GROUP BY rid`;
}
