/** Candidate pairs → levels: `g<i>` TINYINT, the position of the level of comparison i, -1 where a value is missing. */
import type { Comparison } from './comparisons.ts';

/** `pairs` is a table with l, r and what else is to be kept. Similarities are columns of an inner query, so that each is computed once a pair. */
export function levelsSql(comparisons: readonly Comparison[], pairs: string, table: string, keep: readonly string[]): string {
  const similarities = comparisons.flatMap(({ similarities: columns, present }) =>
    Object.entries(columns).map(([column, expression]) => `CASE WHEN ${present} THEN ${expression} END AS ${column}`),
  );
  const conditions = comparisons.map(levelSql);
  const used = new Set(conditions.flatMap((condition) => condition.match(/\b[ab]\.[a-z]+[0-9]*/g) ?? []));
  const columns = [...used].map((column) => `${column} AS ${column.replace('.', '_')}`);
  const levels = conditions.map((condition, index) => `${condition.replaceAll(/\b([ab])\.(?=[a-z])/g, '$1_')} AS g${comparisons[index]?.index}`);
  const kept = keep.map((column) => `, ${column}`).join('');
  return `CREATE OR REPLACE TABLE ${table} AS SELECT l, r${kept}, ${levels.join(', ')}
    FROM (SELECT p.*, ${[...columns, ...similarities].join(', ')} FROM ${pairs} AS p JOIN match_sides AS a ON a.rid = p.l JOIN match_sides AS b ON b.rid = p.r)`;
}

function levelSql({ present, levels }: Comparison): string {
  const cases = levels.map(({ when }, index) => (when === null ? `ELSE ${index}` : `WHEN ${when} THEN ${index}`));
  return `(CASE WHEN NOT (${present}) THEN -1 ${cases.join(' ')} END)::TINYINT`;
}

/** Levels of all comparisons as one number, and how often each occurs: what training reads. */
export function patternsSql(comparisons: readonly Comparison[], table: string, keep: readonly string[]): string {
  const columns = [...comparisons.map(({ index }) => `g${index}`), ...keep];
  return `SELECT ${columns.join(', ')}, count(*) AS n FROM ${table} GROUP BY ALL ORDER BY ALL`;
}

/** Pairs drawn without regard to what they are, the same in every run: by MD5 of their ordinal. */
export function randomPairsSql(records: readonly number[], draws: number, table: string): string {
  const total = records.reduce((sum, count) => sum + count, 0);
  const [first = 0] = records;
  const draw = (half: string, from: number, count: number): string => `(${from} + md5_number_${half}(i::VARCHAR) % ${Math.max(count, 1)})::INTEGER`;
  const link = records.length > 1;
  return `CREATE OR REPLACE TABLE ${table} AS SELECT DISTINCT least(l, r) AS l, greatest(l, r) AS r FROM (
    SELECT ${link ? draw('lower', 0, first) : draw('lower', 0, total)} AS l, ${link ? draw('upper', first, total - first) : draw('upper', 0, total)} AS r FROM range(${draws}) AS t(i)) WHERE l <> r`;
}
