/** Blocking as statements. Tables: `match_key_sizes` (k, rule, pairs) has one row per key that makes a pair, `match_keys` (k, rid, bits, number) one per key
 *  and record, without the keys that tell too little. `match_found` (l, r, bits, pairs): pairs found.
 *
 *  `bits`: the fields the key looks at. `number` sorts keys by how usual they are: its pairs (28 bits), some of its hash (26), its rule (10). */
import { type BlockingRule, fieldBits } from './blocking.ts';

export type MatchMode = 'dedupe' | 'link';

/** Which pairs count: all, or those across the two sources, of which the first has the records below `second`. */
export interface PairScope {
  readonly mode: MatchMode;
  readonly second: number;
}

/** Pairs that a group of records makes. */
const pairsSql = ({ mode, second }: PairScope): string =>
  mode === 'dedupe' ? 'count(*) * (count(*) - 1) // 2' : `count(*) FILTER (rid < ${second}) * count(*) FILTER (rid >= ${second})`;

const MOST_PAIRS_NUMBERED = 2 ** 28 - 1;
/** Rule of the keys that are made of two. */
const COMBINED = 1023;

const numberSql = (rule: number): string =>
  `(least(pairs, ${MOST_PAIRS_NUMBERED})::UBIGINT << 36::UBIGINT) | ((k >> 38::UBIGINT) << 10::UBIGINT) | ${rule}::UBIGINT`;
const atMostSql = (number: string, pairs: number): string => `${number} < ${(BigInt(Math.min(pairs, MOST_PAIRS_NUMBERED - 1)) + 1n) << 36n}::UBIGINT`;
const pairsOfSql = (number: string): string => `(${number} >> 36::UBIGINT)::INTEGER`;

/** A key that ten thousand records share tells too little even beside another one, and is not kept. */
const MOST_PAIRS = 50_000_000;

export function keyTablesSql(): string {
  return `CREATE OR REPLACE TABLE match_key_sizes (k UBIGINT, rule SMALLINT, pairs BIGINT);
    CREATE OR REPLACE TABLE match_keys (k UBIGINT, rid INTEGER, bits INTEGER, number UBIGINT)`;
}

/** Keys of one rule. */
export function insertKeysSql(rule: BlockingRule, index: number, scope: PairScope): string {
  const bits = String(fieldBits(rule.fields));
  if (rule.value !== undefined) return valueKeysSql(rule.value, index, bits, scope);
  const { keys, many, from, where } = rule;
  const made =
    from === undefined
      ? `SELECT rid, hash(${index}, key) AS k FROM (SELECT rid, ${many ? `unnest(${keys})` : keys} AS key FROM match_records) WHERE key <> ''`
      : `SELECT rid, hash(${index}, ${keys}) AS k FROM ${from}${where === undefined ? '' : ` WHERE ${where}`}`;
  return `CREATE OR REPLACE TABLE match_made_keys AS ${made}; ${keepSharedSql(index, bits, scope)}`;
}

function valueKeysSql(field: number, rule: number, bits: string, { mode }: PairScope): string {
  const pairs = mode === 'dedupe' ? '(n0 + n1) * (n0 + n1 - 1) // 2' : 'n0 * n1';
  return `INSERT INTO match_key_sizes SELECT hash(${rule}, h), ${rule}, ${pairs} AS pairs FROM match_values_${field} WHERE pairs > 0;
    INSERT INTO match_keys SELECT k, rid, ${bits}, ${numberSql(rule)} FROM (SELECT rid, hash(v${field}) AS h FROM match_records WHERE v${field} IS NOT NULL)
      JOIN (SELECT h, hash(${rule}, h) AS k, ${pairs} AS pairs FROM match_values_${field} WHERE pairs > 0 AND pairs <= ${MOST_PAIRS}) USING (h)`;
}

function keepSharedSql(rule: number, bits: string, scope: PairScope): string {
  return `INSERT INTO match_key_sizes SELECT k, ${rule}, ${pairsSql(scope)} AS pairs FROM match_made_keys GROUP BY k HAVING count(*) > 1 AND pairs > 0;
    INSERT INTO match_keys SELECT k, rid, ${bits}, ${numberSql(rule)} FROM match_made_keys JOIN match_key_sizes USING (k) WHERE rule = ${rule} AND pairs <= ${MOST_PAIRS};
    DROP TABLE match_made_keys`;
}

/** How many keys make how many pairs: from it the largest usable size follows. */
export function sizesSql(): string {
  return 'SELECT pairs, count(*) AS keys FROM match_key_sizes GROUP BY pairs ORDER BY pairs';
}

export function foundTableSql(): string {
  return 'CREATE OR REPLACE TABLE match_found (l INTEGER, r INTEGER, bits INTEGER, pairs INTEGER)';
}

/** Pairs of all keys that make at most `limit` pairs. */
export function insertFoundSql(limit: number, { mode, second }: PairScope): string {
  const order = mode === 'link' ? `a.rid < ${second} AND b.rid >= ${second}` : 'a.rid < b.rid';
  return `INSERT INTO match_found SELECT a.rid, b.rid, a.bits, ${pairsOfSql('a.number')} FROM match_keys AS a JOIN match_keys AS b ON a.k = b.k AND ${order}
    WHERE ${atMostSql('a.number', limit)} AND ${atMostSql('b.number', limit)}`;
}

/** Records taken at a time where what is gathered for each must be held in memory. */
export const SLICE_RECORDS = 500_000;

/** Keys too usual to be used alone, two by two: of each record the `combined` rarest, of different fields. Replaces the keys. Statements, in their order. */
export function combineKeysSql(limit: number, combined: number, scope: PairScope & { records: number }, rules: readonly BlockingRule[]): string[] {
  const slices = Array.from({ length: Math.ceil(scope.records / SLICE_RECORDS) }, (_, index) => index * SLICE_RECORDS);
  const positions = Array.from({ length: combined }, (_, index) => index + 1);
  const twos = positions.flatMap((first) => positions.filter((second) => second > first).map((second) => [first, second] as const));
  const nth = (place: 0 | 1): string => `numbers[unnest([${twos.map((two) => two[place]).join(', ')}])]`;
  const bits = (number: string): string => `[${rules.map(({ fields }) => fieldBits(fields)).join(', ')}][1 + (${number} & ${COMBINED}::UBIGINT)::INTEGER]`;
  const usual = (from: number): string => `SELECT rid, min(number, ${combined}) AS numbers FROM match_keys
      WHERE NOT ${atMostSql('number', limit)} AND rid >= ${from} AND rid < ${from + SLICE_RECORDS} GROUP BY rid HAVING count(*) > 1`;
  return [
    'CREATE OR REPLACE TABLE match_made_keys (rid INTEGER, k UBIGINT, bits INTEGER)',
    ...slices.map(
      (from) => `INSERT INTO match_made_keys SELECT rid, hash(x, y), ${bits('x')} | ${bits('y')}
        FROM (SELECT rid, ${nth(0)} AS x, ${nth(1)} AS y FROM (${usual(from)})) WHERE (${bits('x')} & ${bits('y')}) = 0`,
    ),
    keyTablesSql(),
    keepSharedSql(COMBINED, 'bits', scope),
  ];
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
