/** Levels → weights, in whole thousandths of a bit: `match_pairs` (l, r, w INTEGER). */
import { combinedSql } from './combine.ts';
import type { Comparison } from './comparisons.ts';
import { KNOWN_WEIGHT } from './known-pairs.ts';
import { isNameAlone, type MatchModel, type Thresholds } from './model.ts';

/** How far the weight of equal values may be moved by how usual the value is. */
const LEAST_FOR_EQUAL = 0;
const MOST_FOR_EQUAL = 22_000;

/** The weight one comparison adds: by level, and for equal values by the share of records that have this very value. */
export function weightSql(comparison: Comparison, model: MatchModel): string {
  const levels = model.comparisons[comparison.index]?.levels ?? [];
  const cases = levels.map(({ weight, m }, level) => {
    const fixed = Math.round(weight * 1000);
    if (level > 0 || !comparison.frequency || isNameAlone(model.comparisons)) return `WHEN ${level} THEN ${fixed}`;
    const base = Math.round(Math.log2(m) * 1000);
    return `WHEN 0 THEN least(${MOST_FOR_EQUAL}, greatest(${LEAST_FOR_EQUAL}, ${base} - lf${comparison.index}))`;
  });
  return `CASE g${comparison.index} ${cases.join(' ')} ELSE 0 END`;
}

/** Pairs without `bits` are random ones, and not scored. `x`: an identifier that proves two things differs. Such a pair never weighs enough for a match by itself: a person is asked.
 *  Pairs that are known to be one thing are among them, found or not; those known to be two are not. */
export function scoresSql(comparisons: readonly Comparison[], model: MatchModel, levels: string, table: string, thresholds: Thresholds): string {
  const weights = comparisons.map((comparison) => `${weightSql(comparison, model)} AS c${comparison.index}`);
  const { sum, isNamed } = combinedSql(comparisons, ({ index }) => `c${index}`);
  const excluding = comparisons.filter(({ excludes }) => excludes).map((comparison) => `g${comparison.index} = ${comparison.levels.length - 1}`);
  const excluded = excluding.length > 0 ? `(${excluding.join(' OR ')})` : 'false';
  const [most, unnamed] = [thresholds.match, thresholds.review].map((bits) => Math.round(bits * 1000) - 1);
  return `CREATE OR REPLACE TABLE ${table} AS SELECT l, r, least(w, CASE WHEN NOT is_named THEN ${unnamed} WHEN x THEN ${most} ELSE w END)::INTEGER AS w, x
    FROM (SELECT l, r, ${Math.round(model.prior * 1000)} + ${sum} AS w, ${isNamed} AS is_named, x
      FROM (SELECT l, r, ${weights.join(', ')}, ${excluded} AS x FROM ${levels} WHERE bits IS NOT NULL))
    ANTI JOIN (SELECT l, r FROM match_same UNION ALL SELECT l, r FROM match_apart) USING (l, r)
    UNION ALL SELECT l, r, ${KNOWN_WEIGHT}, false FROM match_same`;
}
