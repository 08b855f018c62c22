/** Blocking as statements. Tables: `match_keys` (k, rid, rule, pairs) of all keys that two records share, `match_found` (l, r, bits) of pairs found. */
import { type BlockingRule, fieldBits } from './blocking.ts';

export type MatchMode = 'dedupe' | 'link';

/** Pairs that a group of records makes: all of them, or only those across the two sources. */
const pairsSql = (mode: MatchMode): string =>
  mode === 'dedupe' ? 'count(*) * (count(*) - 1) // 2' : 'count(*) FILTER (source = 0) * count(*) FILTER (source <> 0)';

export function keysTableSql(): string {
  return 'CREATE OR REPLACE TABLE match_keys (k UBIGINT, rid INTEGER, source TINYINT, rule SMALLINT, bits INTEGER, pairs BIGINT)';
}

/** Keys of one rule. A key that only one record has finds nothing and is not kept. */
export function insertKeysSql(rule: BlockingRule, index: number, mode: MatchMode): string {
  return `INSERT INTO match_keys
    WITH keys AS MATERIALIZED (SELECT hash(${index}, key) AS k, rid, source FROM (SELECT rid, source, ${rule.many ? `unnest(${rule.keys})` : rule.keys} AS key FROM match_records) WHERE key <> ''),
    shared AS (SELECT k, ${pairsSql(mode)} AS pairs FROM keys GROUP BY k HAVING count(*) > 1)
    SELECT k, rid, source, ${index}, ${fieldBits(rule.fields)}, pairs FROM keys JOIN shared USING (k) WHERE pairs > 0`;
}

/** How many keys make how many pairs: from it the largest usable size follows. */
export function sizesSql(): string {
  return 'SELECT pairs, count(DISTINCT k) AS keys FROM match_keys GROUP BY pairs ORDER BY pairs';
}

export function foundTableSql(): string {
  return 'CREATE OR REPLACE TABLE match_found (l INTEGER, r INTEGER, bits INTEGER, pairs BIGINT)';
}

/** Pairs of all keys that make at most `limit` pairs. */
export function insertFoundSql(limit: number, mode: MatchMode): string {
  const across = mode === 'link' ? ' AND a.source = 0 AND b.source <> 0' : '';
  return `INSERT INTO match_found SELECT a.rid, b.rid, a.bits, a.pairs FROM match_keys AS a JOIN match_keys AS b ON a.k = b.k AND a.rid < b.rid${across}
    WHERE a.pairs <= ${limit} AND b.pairs <= ${limit}`;
}

/** Keys too usual to be used alone, two by two: of each record the `combined` rarest, of different fields. Replaces `match_keys`. */
export function combineKeysSql(limit: number, combined: number, mode: MatchMode): string {
  return `CREATE OR REPLACE TABLE match_keys AS
    WITH usual AS MATERIALIZED (SELECT k, rid, source, rule, bits FROM match_keys WHERE pairs > ${limit}
      QUALIFY row_number() OVER (PARTITION BY rid ORDER BY pairs, k) <= ${combined}),
    keys AS MATERIALIZED (SELECT hash(least(a.k, b.k), greatest(a.k, b.k)) AS k, a.rid, a.source, a.bits | b.bits AS bits
      FROM usual AS a JOIN usual AS b ON a.rid = b.rid AND a.k < b.k AND (a.bits & b.bits) = 0),
    shared AS (SELECT k, ${pairsSql(mode)} AS pairs FROM keys GROUP BY k HAVING count(*) > 1)
    SELECT k, rid, source, (-1)::SMALLINT AS rule, bits, pairs FROM keys JOIN shared USING (k) WHERE pairs > 0`;
}

/** One row per pair. `bits`: fields that every key which found the pair looks at; from the others it was found without their help.
 *  `promise`: ten for each field that some key of the pair looks at, and how rare its rarest key is (log2, in whole bits): what a pair is worth looking at. */
export function candidatesSql(records: number): string {
  return `CREATE OR REPLACE TABLE match_candidates AS
    SELECT l, r, bit_and(bits) AS bits, (10 * bit_count(bit_or(bits)) + round(log2(${records} / sqrt(min(pairs)::DOUBLE))))::SMALLINT AS promise FROM match_found GROUP BY l, r`;
}

export const promisesSql = (): string => 'SELECT promise, count(*) AS n FROM match_candidates GROUP BY promise ORDER BY promise DESC';

export const dropUnpromisingSql = (least: number): string => `DELETE FROM match_candidates WHERE promise < ${least}`;

/** Keys, pairs and what was left out, per rule. */
export function ruleStatisticsSql(limit: number): string {
  return `SELECT rule, count(*) AS keys, sum(pairs) FILTER (pairs <= ${limit})::BIGINT AS pairs, count(*) FILTER (pairs > ${limit}) AS skipped
    FROM (SELECT rule, k, any_value(pairs) AS pairs FROM match_keys GROUP BY rule, k) GROUP BY rule ORDER BY rule`;
}
