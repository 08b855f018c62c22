/** Blocking as statements. Tables: `match_keys` (k, rid, source, rule, pairs) of all keys that two records share, `match_found` (l, r, bits) of pairs found. */
import { type BlockingRule, fieldBits } from './blocking.ts';

export type MatchMode = 'dedupe' | 'link';

/** Pairs that a group of records makes: all of them, or only those across the two sources. */
const pairsSql = (mode: MatchMode): string =>
  mode === 'dedupe' ? 'count(*) * (count(*) - 1) // 2' : 'count(*) FILTER (source = 0) * count(*) FILTER (source <> 0)';

/** `match_key_sizes` has one row per key, `match_keys` one per key and record; keys that make no pair are in neither. */
export function keyTablesSql(): string {
  return `CREATE OR REPLACE TABLE match_key_sizes (k UBIGINT, rule SMALLINT, pairs BIGINT);
    CREATE OR REPLACE TABLE match_keys (k UBIGINT, rid INTEGER, source TINYINT, rule SMALLINT, bits INTEGER, pairs BIGINT)`;
}

/** Keys of one rule. */
export function insertKeysSql({ keys, many, fields, from, where }: BlockingRule, index: number, mode: MatchMode): string {
  const made =
    from === undefined
      ? `SELECT rid, source, hash(${index}, key) AS k FROM (SELECT rid, source, ${many ? `unnest(${keys})` : keys} AS key FROM match_records) WHERE key <> ''`
      : `SELECT rid, source, hash(${index}, ${keys}) AS k FROM ${from} JOIN match_records USING (rid)${where === undefined ? '' : ` WHERE ${where}`}`;
  return `CREATE OR REPLACE TABLE match_made_keys AS ${made}; ${keepSharedSql(index, String(fieldBits(fields)), mode)}`;
}

function keepSharedSql(rule: number, bits: string, mode: MatchMode): string {
  return `INSERT INTO match_key_sizes SELECT k, ${rule}, ${pairsSql(mode)} AS pairs FROM match_made_keys GROUP BY k HAVING count(*) > 1 AND pairs > 0;
    INSERT INTO match_keys SELECT k, rid, source, ${rule}, ${bits}, pairs FROM match_made_keys JOIN match_key_sizes USING (k) WHERE rule = ${rule};
    DROP TABLE match_made_keys`;
}

/** How many keys make how many pairs: from it the largest usable size follows. */
export function sizesSql(): string {
  return 'SELECT pairs, count(*) AS keys FROM match_key_sizes GROUP BY pairs ORDER BY pairs';
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

/** A key that ten thousand records share tells too little even beside another one. */
const MOST_PAIRS_COMBINED = 50_000_000;

/** Keys too usual to be used alone, two by two: of each record the `combined` rarest, of different fields. Replaces the keys.
 *  A usual key goes by a number that sorts it by how usual it is: its pairs (28 bits), some of its hash (26), its rule (10). */
export function combineKeysSql(limit: number, combined: number, mode: MatchMode, rules: readonly BlockingRule[]): string {
  const positions = Array.from({ length: combined }, (_, index) => index + 1);
  const twos = positions.flatMap((first) => positions.filter((second) => second > first).map((second) => [first, second] as const));
  const nth = (place: 0 | 1): string => `numbers[unnest([${twos.map((two) => two[place]).join(', ')}])]`;
  const bits = (number: string): string => `[${rules.map(({ fields }) => fieldBits(fields)).join(', ')}][1 + (${number} & 1023)::INTEGER]`;
  return `CREATE OR REPLACE TABLE match_usual_keys AS SELECT rid, any_value(source) AS source, min(number, ${combined}) AS numbers
      FROM (SELECT rid, source, (pairs::UBIGINT << 36) | ((k >> 38) << 10) | rule::UBIGINT AS number FROM match_keys WHERE pairs > ${limit} AND pairs <= ${MOST_PAIRS_COMBINED})
      GROUP BY rid HAVING count(*) > 1;
    ${keyTablesSql()};
    CREATE OR REPLACE TABLE match_made_keys AS SELECT rid, source, hash(x, y) AS k, ${bits('x')} | ${bits('y')} AS bits
      FROM (SELECT rid, source, ${nth(0)} AS x, ${nth(1)} AS y FROM match_usual_keys) WHERE (${bits('x')} & ${bits('y')}) = 0;
    DROP TABLE match_usual_keys;
    ${keepSharedSql(-1, 'bits', mode)}`;
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
    FROM match_key_sizes GROUP BY rule ORDER BY rule`;
}
