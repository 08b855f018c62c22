/** The ledger: in which nights every break was there. One row per interval (`id`, `entity`, `rule`, `class` VARCHAR; `opened` INTEGER: the night in which it was
 *  first seen; `closed` INTEGER: the first in which it was not, NULL while it is there; `first_seen` VARCHAR: as-of of `opened`). Nights are numbered without a
 *  gap, so one file tells how things were after any night that the trend still knows, and a night that is looked at again is made anew from the one before. */
import { literal } from '../../domain/sql.ts';

const COLUMNS = 'id VARCHAR, entity VARCHAR, rule VARCHAR, class VARCHAR, opened INTEGER, closed INTEGER, first_seen VARCHAR';

/** Table `ledger`, as it was left; empty without a file. */
export function ledgerTableSql(file: string | null): string {
  return file === null ? `CREATE OR REPLACE TABLE ledger (${COLUMNS})` : `CREATE OR REPLACE TABLE ledger AS FROM read_parquet(${literal(file)})`;
}

const thereAfter = (night: number): string => `opened <= ${night} AND (closed IS NULL OR closed > ${night})`;

/** Table `lives`: per break `opened` and `first_seen` of the interval that night `before` left open (NULL: none) and `was_resolved`: it had been there and was
 *  gone; the same as night `since` left it: `then_there`, `then_resolved`. One row per break. */
export function livesTableSql(before: number, since: number): string {
  return `CREATE OR REPLACE TABLE lives AS
SELECT id, max(opened) FILTER (${thereAfter(before)}) AS opened, max(first_seen) FILTER (${thereAfter(before)}) AS first_seen, bool_or(closed <= ${before}) AS was_resolved,
  bool_or(${thereAfter(since)}) AS then_there, coalesce(bool_or(closed <= ${since}), false) AS then_resolved
FROM ledger GROUP BY id`;
}

/** Breaks that were there after night `since` and are not among `tonight` (a query with `id`). */
export function resolvedSql(since: number, tonight: number, ids: string): string {
  return `SELECT l.id, l.entity, l.rule, l.class, l.first_seen, coalesce(least(l.closed, ${tonight}), ${tonight}) - l.opened AS nights
FROM ledger AS l ANTI JOIN (${ids}) AS t ON t.id = l.id WHERE ${thereAfter(since)}`;
}

/** The ledger after night `number`, in which the breaks of `tonight` (a query with `id`, `entity`, `rule`, `class`) are there. Intervals that ended before
 *  `oldest` are let go. */
export function nextLedgerSql(options: { readonly number: number; readonly oldest: number; readonly firstSeen: string; readonly tonight: string }): string {
  const { number, oldest, firstSeen, tonight } = options;
  const before = number - 1;
  return `WITH tonight AS MATERIALIZED (SELECT id, min(entity) AS entity, min(rule) AS rule, min(class) AS class FROM (${tonight}) GROUP BY id),
open AS MATERIALIZED (SELECT * FROM ledger WHERE ${thereAfter(before)})
SELECT * FROM (
  SELECT * FROM ledger WHERE closed <= ${before} AND closed >= ${oldest}
  UNION ALL SELECT o.id, o.entity, coalesce(t.rule, o.rule), coalesce(t.class, o.class), o.opened, CASE WHEN t.id IS NULL THEN ${number} END, o.first_seen
  FROM open AS o LEFT JOIN tonight AS t ON t.id = o.id
  UNION ALL SELECT t.id, t.entity, t.rule, t.class, ${number}, NULL, ${literal(firstSeen)} FROM tonight AS t ANTI JOIN open AS o ON o.id = t.id
) ORDER BY entity, id, opened`;
}
