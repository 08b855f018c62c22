/** Candidate pairs → levels: `g<i>` TINYINT, the position of the level of comparison i, -1 where a value is missing. */
import { SLICE_RECORDS } from './blocking-sql.ts';
import type { Comparison } from './comparisons.ts';

/** `pairs` is a table with l, r and what else is to be kept. Similarities are columns of an inner query, so that each is computed once a pair.
 *  `lf<i>`, where equal values weigh by how usual they are: log2 of the share of records with the value, in thousandths; NULL at other levels. */
export function levelsSql(comparisons: readonly Comparison[], pairs: string, table: string, keep: readonly string[]): string {
  return `CREATE OR REPLACE TABLE ${table} AS ${selectSql(comparisons, pairs, keep, null)}`;
}

/** The same in several statements, each for a part of the pairs by their first record: what they join stays small enough to be held in memory. */
export function slicedLevelsSql(comparisons: readonly Comparison[], pairs: string, table: string, keep: readonly string[], records: number): string[] {
  const parts = Math.ceil(records / SLICE_RECORDS);
  if (parts < 2) return [levelsSql(comparisons, pairs, table, keep)];
  return Array.from({ length: parts }, (_, part) => {
    const made = part === 0 ? `CREATE OR REPLACE TABLE ${table} AS` : `INSERT INTO ${table}`;
    return `${made} ${selectSql(comparisons, pairs, keep, (column) => `${column} % ${parts} = ${part}`)}`;
  });
}

/** `within`: a predicate on the number of a pair's first record; null for all pairs. */
function selectSql(comparisons: readonly Comparison[], pairs: string, keep: readonly string[], within: ((column: string) => string) | null): string {
  const some = within === null ? pairs : `(SELECT * FROM ${pairs} WHERE ${within('l')})`;
  const sideOf: Side = (rows, side) => {
    if (within === null) return rows;
    return side === 'a' ? `(SELECT * FROM ${rows} WHERE ${within('rid')})` : `(SELECT * FROM ${rows} SEMI JOIN (SELECT r AS rid FROM ${some}) USING (rid))`;
  };
  const similarities = comparisons.flatMap(({ similarities: columns, present }) =>
    Object.entries(columns).map(([column, expression]) => `CASE WHEN ${present} THEN ${expression} END AS ${column}`),
  );
  const conditions = comparisons.map(levelSql);
  const values = different(conditions, SIDE_COLUMN).map((column) => `${column} AS ${column.replace('.', '_')}`);
  const inner = [...values, ...similarities].join(', ');
  const levels = conditions.map((condition, position) => `${condition.replaceAll(SIDE_COLUMN, '$1_$2')} AS g${comparisons[position]?.index}`);
  const weighed = comparisons.filter(({ frequency }) => frequency).map(({ index }) => index);
  const hashes = weighed.map((index) => `, CASE WHEN g${index} = 0 THEN hash(a_v${index}) END AS h${index}`).join('');
  const columns = ['l', 'r', ...keep, ...comparisons.map(({ index }) => `g${index}`), ...weighed.map((index) => `${shareSql(index)} AS lf${index}`)];
  return `SELECT ${columns.join(', ')}
    FROM (SELECT *${hashes} FROM (SELECT *, ${levels.join(', ')} FROM (SELECT p.*, ${placed(inner)} FROM ${some} AS p
      JOIN ${sideOf('match_records', 'a')} AS a ON a.rid = p.l JOIN ${sideOf('match_records', 'b')} AS b ON b.rid = p.r ${sideJoins(inner, sideOf).join(' ')})))
    ${weighed.map((index) => `LEFT JOIN match_values_${index} AS n${index} ON n${index}.h = h${index}`).join(' ')}`;
}

/** Columns of the two records, in `match_records`; those of words and codes are in tables of their own. */
const SIDE_COLUMN = /\b([ab])\.([a-z]+[0-9]*)\b/g;
const WORDS_COLUMN = /\b([ab])\.([tq][0-9]+)\b/g;
const CODES_COLUMN = /\b([ab])\.(codes|stems)\b/g;

const different = (texts: readonly string[], pattern: RegExp): string[] => [...new Set(texts.flatMap((text) => text.match(pattern) ?? []))];
const placed = (expressions: string): string => expressions.replaceAll(WORDS_COLUMN, '$1_words.$2').replaceAll(CODES_COLUMN, '$1_codes.$2');

/** The rows of a table that the first (a) or second (b) records of pairs need. */
type Side = (rows: string, side: string) => string;

function sideJoins(expressions: string, sideOf: Side): string[] {
  const words = [...expressions.matchAll(WORDS_COLUMN)].map(
    ([, side = '']) => `LEFT JOIN ${sideOf('match_vectors', side)} AS ${side}_words ON ${side}_words.rid = ${side}.rid`,
  );
  const codes = [...expressions.matchAll(CODES_COLUMN)].map(
    ([, side = '']) => `LEFT JOIN ${sideOf('match_codes', side)} AS ${side}_codes ON ${side}_codes.rid = ${side}.rid`,
  );
  return [...new Set([...words, ...codes])];
}

/** Records that are taken to be there as well, with values of their own: a handful of records does not show how rare a value is. */
const OTHERS = 100;

/** A value that only one record has is not in the table of counts. */
function shareSql(index: number): string {
  const held = `coalesce(n${index}.n0 + n${index}.n1, 1)`;
  const records = `(SELECT greatest(count(v${index}), 1)::DOUBLE FROM match_records)`;
  const share = `CASE ${held} WHEN 2 THEN ${chanceSql(index)} / (${records} + ${OTHERS}) ELSE ${held} / ${records} END`;
  return `CASE WHEN g${index} = 0 THEN (log2(${share}) * 1000)::INTEGER END`;
}

/** A value that these two records have and no other: how many others would have it by chance, from how many values are held twice at all and how many once.
 *  Source: Good 1953 (Good–Turing). Among few records, `2 of them` would make the rarest name look usual. */
function chanceSql(index: number): string {
  const twice = `(SELECT count(*) FROM match_values_${index} WHERE n0 + n1 = 2)`;
  const once = `greatest(1, (SELECT count(v${index}) FROM match_records) - (SELECT coalesce(sum(n0 + n1), 0) FROM match_values_${index}))`;
  return `least(2, greatest(0.01, 2 * ${twice}::DOUBLE / ${once}::DOUBLE))`;
}

function levelSql({ present, levels }: Comparison): string {
  const cases = [...levels.entries()]
    .sort(([, left], [, right]) => Number(left.when === null) - Number(right.when === null) || Number(right.first === true) - Number(left.first === true))
    .map(([index, { when }]) => (when === null ? `ELSE ${index}` : `WHEN ${when} THEN ${index}`));
  return `(CASE WHEN NOT (${present}) THEN -1 ${cases.join(' ')} END)::TINYINT`;
}

/** The combinations of levels, and how often each occurs: what training reads. Random pairs have no `bits`. */
export function patternsSql(comparisons: readonly Comparison[], table: string): string {
  const columns = [...comparisons.map(({ index }) => `g${index}`), 'bits'];
  return `SELECT ${columns.join(', ')}, count(*) AS n FROM ${table} GROUP BY ALL ORDER BY ALL`;
}

/** Of so few pairs that each would be drawn this often, none is missed: they are listed, which costs nothing beside drawing. */
const DRAWS_OF_A_PAIR = 15;

/** Pairs drawn without regard to what they are, the same in every run: by MD5 of their ordinal. */
export function randomPairsSql(records: readonly number[], draws: number, table: string): string {
  const total = records.reduce((sum, count) => sum + count, 0);
  const [first = 0] = records;
  const link = records.length > 1;
  const pairs = link ? first * (total - first) : (total * (total - 1)) / 2;
  if (pairs * DRAWS_OF_A_PAIR <= draws) {
    return `CREATE OR REPLACE TABLE ${table} AS SELECT l.i::INTEGER AS l, r.i::INTEGER AS r
      FROM range(${link ? first : total}) AS l(i) JOIN range(${link ? first : 0}, ${total}) AS r(i) ON l.i < r.i`;
  }
  const draw = (half: string, from: number, count: number): string => `(${from} + md5_number_${half}(i::VARCHAR) % ${Math.max(count, 1)}::UBIGINT)::INTEGER`;
  return `CREATE OR REPLACE TABLE ${table} AS SELECT DISTINCT least(l, r) AS l, greatest(l, r) AS r FROM (
    SELECT ${link ? draw('lower', 0, first) : draw('lower', 0, total)} AS l, ${link ? draw('upper', first, total - first) : draw('upper', 0, total)} AS r FROM range(${draws}) AS t(i)) WHERE l <> r`;
}
