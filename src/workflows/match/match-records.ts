/** Which records are the same thing: normalise, block, compare, train (or use what was trained), score, link or cluster. */
import type { FieldContract, MatchContract, MatchKind } from '../../domain/contract.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { blockingLimits, blockingRules, fieldBits } from './blocking.ts';
import {
  candidatesSql,
  combineKeysSql,
  dropUnpromisingSql,
  foundTableSql,
  insertFoundSql,
  insertKeysSql,
  keyTablesSql,
  type MatchMode,
  type PairScope,
  promisesSql,
  ruleStatisticsSql,
  sizesSql,
} from './blocking-sql.ts';
import {
  applyMergesSql,
  clustersSql,
  componentsLeftSql,
  componentsStartSql,
  componentsStepSql,
  groupsStartSql,
  mergeStepSql,
  mergesSql,
} from './clusters-sql.ts';
import { makeAllSides, makeWords } from './compare-sides.ts';
import { patternsSql, randomPairsSql, slicedLevelsSql } from './compare-sql.ts';
import { type Comparison, comparisonsOf } from './comparisons.ts';
import { estimate, type Pattern } from './estimate.ts';
import { type FieldProfile, fieldProfileSql, kindOfField, kindOfValues, type MatchField } from './field-kind.ts';
import { type KnownPairs, makeKnownPairs } from './known-pairs.ts';
import { dropTakenSql, knownLinksSql, linksTableSql, mutualBestSql, openPairsSql } from './links-sql.ts';
import { defaultThresholds, type MatchModel, modelOf, type Thresholds } from './model.ts';
import { type MatchSource, recordsSql, relationSql, repeatedKeysSql, valueCountsSql } from './records-sql.ts';
import { scoresSql } from './score-sql.ts';

export interface MatchRequest {
  readonly plane: DataPlane;
  readonly entity: string;
  readonly sources: readonly MatchSource[];
  /** Fields of the contract; key fields are left out unless `declared` names them. */
  readonly fields: Readonly<Record<string, FieldContract>>;
  readonly key: readonly string[];
  /** The `match` section of the contract. */
  readonly declared?: MatchContract;
  /** dedupe: any two records; link: only across the two sources, one to one. */
  readonly mode: MatchMode;
  readonly model?: MatchModel;
  readonly thresholds?: Partial<Thresholds>;
  /** What is linked or decided already: no weight overrides it. */
  readonly known?: KnownPairs;
}

export interface BlockingStatistics {
  readonly rules: readonly { readonly name: string; readonly keys: number; readonly pairs: number; readonly skipped: number }[];
  readonly candidates: number;
  /** Pairs found by usual keys only, and not compared because there were too many of them. */
  readonly unpromising: number;
}

export interface MatchOutcome {
  /** l, r (rids), w (thousandths of a bit), x (a strong identifier differs). */
  readonly pairs: string;
  /** rid, cluster; null in mode link. */
  readonly clusters: string | null;
  /** l, r, w; null in mode dedupe. */
  readonly links: string | null;
  /** rid, source, key, v<i>. */
  readonly records: string;
  /** Names of the sources by the number in `source`. */
  readonly sources: readonly string[];
  readonly model: MatchModel;
  readonly thresholds: Thresholds;
  readonly blocking: BlockingStatistics;
}

const RANDOM_PAIRS = 150_000;
/** A pair in a group that no blocking key found. */
const MISSING = -3000;

export async function matchRecords(request: MatchRequest): Promise<MatchOutcome> {
  const { plane, mode } = request;
  const thresholds = { ...defaultThresholds, ...defined(request.declared?.thresholds), ...request.thresholds };
  const fields = request.model?.fields ?? (await decideFields(request));
  const [repeated] = await plane.rows<{ n: number }>(repeatedKeysSql(request.sources));
  await plane.run(recordsSql(request.sources, fields, Number(repeated?.n ?? 0) > 0));
  await makeKnownPairs(plane, request.known);
  const counts = await recordCounts(plane, mode);
  for (const index of fields.keys()) await plane.run(valueCountsSql(index));
  await makeWords(plane, fields);
  const blocking = await block(plane, fields, counts, mode);
  const comparisons = comparisonsOf(fields);
  await makeAllSides(
    plane,
    fields,
    counts.reduce((sum, count) => sum + count, 0),
  );
  const compared = await comparedPairs(request, counts);
  for (const statement of slicedLevelsSql(comparisons, compared, 'match_levels', ['bits'], recordsIn(counts))) await plane.run(statement);
  const model = request.model ?? (await train(request, { fields, comparisons, counts, candidates: blocking.candidates }));
  await plane.run(scoresSql(comparisons, model, 'match_levels', 'match_pairs', thresholds));
  if (mode === 'link') await link(plane, thresholds);
  else await cluster(plane, thresholds);
  return {
    pairs: 'match_pairs',
    clusters: mode === 'dedupe' ? 'match_clusters' : null,
    links: mode === 'link' ? 'match_links' : null,
    records: 'match_records',
    sources: request.sources.map(({ name }) => name),
    model,
    thresholds,
    blocking,
  };
}

/** Without the keys that are undefined, which would hide the defaults. */
function defined(thresholds: MatchContract['thresholds'] | undefined): Partial<Thresholds> {
  return Object.fromEntries(Object.entries(thresholds ?? {}).filter(([, value]) => value !== undefined));
}

async function decideFields({ plane, fields, key, declared: section, sources }: MatchRequest): Promise<MatchField[]> {
  const decided: MatchField[] = [];
  const all = (name: string): string => `(${sources.map((source) => `SELECT "${name}" FROM ${relationSql(source)}`).join(' UNION ALL ')})`;
  for (const [name, field] of Object.entries(fields)) {
    const declared = section?.fields[name];
    if (declared === 'ignore' || (declared === undefined && key.includes(name))) continue;
    const guess = declared ?? kindOfField(name, field);
    if (guess === null) continue;
    let kind: MatchKind | null = guess === '?' ? null : guess;
    if (declared === undefined && (guess === '?' || guess === 'name' || guess === 'category')) {
      const [profile] = await plane.rows<FieldProfile & Record<string, number>>(fieldProfileSql(all(name), name, guess));
      kind = profile === undefined ? null : kindOfValues(guess, profile);
    }
    if (kind !== null) decided.push({ name, kind, scheme: field.type === 'identifier' ? field.scheme : null });
  }
  return decided;
}

async function recordCounts(plane: DataPlane, mode: MatchMode): Promise<number[]> {
  const [row] = await plane.rows<{ first: number; rest: number }>(
    'SELECT count(*) FILTER (source = 0) AS first, count(*) FILTER (source <> 0) AS rest FROM match_records',
  );
  const { first, rest } = row ?? { first: 0, rest: 0 };
  return mode === 'link' ? [first, rest] : [first + rest];
}

const recordsIn = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

async function block(plane: DataPlane, fields: readonly MatchField[], counts: readonly number[], mode: MatchMode): Promise<BlockingStatistics> {
  const scope: PairScope = { mode, second: counts[0] ?? 0 };
  const records = recordsIn(counts);
  const limits = blockingLimits(records);
  const rules = blockingRules(fields);
  await plane.run(keyTablesSql());
  for (const [index, rule] of rules.entries()) await plane.run(insertKeysSql(rule, index, scope));
  await plane.run(foundTableSql());
  const largest = await largestKey(plane, limits);
  const single = await plane.rows<{ rule: number; keys: number; pairs: number; skipped: number }>(ruleStatisticsSql(largest));
  await plane.run(insertFoundSql(largest, scope));
  for (const statement of combineKeysSql(largest, limits.combined, { ...scope, records }, rules)) await plane.run(statement);
  const largestCombined = await largestKey(plane, limits);
  const combined = await plane.rows<{ rule: number; keys: number; pairs: number; skipped: number }>(ruleStatisticsSql(largestCombined));
  await plane.run(insertFoundSql(largestCombined, scope));
  await plane.run(candidatesSql(records));
  const unpromising = await dropUnpromising(plane, limits.candidates);
  await plane.run('DROP TABLE match_keys; DROP TABLE match_key_sizes; DROP TABLE match_found');
  const [row] = await plane.rows<{ n: number }>('SELECT count(*) AS n FROM match_candidates');
  return {
    rules: [...single, ...combined].map(({ rule, keys, pairs, skipped }) => ({
      name: rules[rule]?.name ?? 'two usual keys together',
      keys,
      pairs: pairs ?? 0,
      skipped,
    })),
    candidates: row?.n ?? 0,
    unpromising,
  };
}

/** Answers how many pairs were left out. All pairs of one promise stay or go together, so that no order decides. */
async function dropUnpromising(plane: DataPlane, limit: number): Promise<number> {
  let total = 0;
  let dropped = 0;
  let least: number | null = null;
  for (const { promise, n } of await plane.rows<{ promise: number; n: number }>(promisesSql())) {
    total += Number(n);
    if (total > limit && least !== null) dropped += Number(n);
    else least = promise;
  }
  if (dropped > 0 && least !== null) await plane.run(dropUnpromisingSql(least));
  return dropped;
}

/** The most pairs a key may make, so that all together stay within the limit. */
async function largestKey(plane: DataPlane, limits: { pairs: number; pairsOfKey: number }): Promise<number> {
  const sizes = await plane.rows<{ pairs: number; keys: number }>(sizesSql());
  let total = 0;
  let largest = 0;
  for (const { pairs, keys } of sizes) {
    total += Number(pairs) * Number(keys);
    if (total > limits.pairs || Number(pairs) > limits.pairsOfKey) break;
    largest = Number(pairs);
  }
  return largest;
}

/** The candidates, and for training random pairs beside them (without `bits`), so that both are compared in one pass. */
async function comparedPairs({ plane, model }: MatchRequest, counts: readonly number[]): Promise<string> {
  if (model !== undefined) return 'match_candidates';
  await plane.run(randomPairsSql(counts, RANDOM_PAIRS, 'match_random'));
  return '(SELECT l, r, bits FROM match_candidates UNION ALL SELECT l, r, NULL FROM match_random)';
}

interface Training {
  readonly fields: readonly MatchField[];
  readonly comparisons: readonly Comparison[];
  readonly counts: readonly number[];
  readonly candidates: number;
}

async function train(request: MatchRequest, { fields, comparisons, counts, candidates }: Training): Promise<MatchModel> {
  const { plane, mode } = request;
  const [first = 0, rest = 0] = counts;
  const allPairs = Math.max(1, mode === 'link' ? first * rest : (first * (first - 1)) / 2);
  const patterns = (await plane.rows(patternsSql(comparisons, 'match_levels'))).map((row): Pattern & { random: boolean } => ({
    levels: comparisons.map(({ index }) => Number(row[`g${index}`])),
    bits: Number(row.bits),
    pairs: Number(row.n),
    random: row.bits === null,
  }));
  const random = await randomShares(
    plane,
    comparisons,
    mode,
    patterns.filter((pattern) => pattern.random),
  );
  const found = estimate({
    comparisons,
    bitsOf: (comparison) => fieldBits(comparison.fields),
    candidates: patterns.filter((pattern) => !pattern.random),
    random,
    allPairs,
    mostMatches: mode === 'link' ? Math.min(first, rest) : allPairs / 4,
    startMatches: mode === 'link' ? Math.min(first, rest) / 2 : Math.max(1, first / 5),
  });
  return modelOf({ entity: request.entity, fields, comparisons, estimate: found }, { records: [...counts], candidates, rounds: found.rounds });
}

/** Pairs that are taken to have been seen and to have had nothing in common: of a handful of records one pair alone would make a tax number look usual. */
const STRANGERS = 200;

/** How often random pairs show each level: equal values counted over all records, the other levels from the sample. */
async function randomShares(plane: DataPlane, comparisons: readonly Comparison[], mode: MatchMode, patterns: readonly Pattern[]): Promise<number[][]> {
  const shares: number[][] = [];
  for (const { index, levels, frequency } of comparisons) {
    const seen = levels.map((_, level) => patterns.reduce((sum, pattern) => (pattern.levels[index] === level ? sum + pattern.pairs : sum), 0));
    const total = seen.reduce((sum, pairs) => sum + pairs, 0);
    // half a pair for what the sample did not show, as long as it is large; less would make the rare look impossible
    const all = total + 0.5 * levels.length + STRANGERS;
    const sampled = seen.map((pairs, level) => (pairs + 0.5 + (level === levels.length - 1 ? STRANGERS : 0)) / all);
    if (frequency) {
      const [row] = await plane.rows<{ same: number; all: number }>(
        mode === 'link'
          ? `SELECT coalesce(sum(n0 * n1), 0)::DOUBLE AS same, (SELECT (count(v${index}) FILTER (source = 0))::DOUBLE * count(v${index}) FILTER (source <> 0) FROM match_records) AS all FROM match_values_${index}`
          : `SELECT coalesce(sum((n0 + n1) * (n0 + n1 - 1) / 2), 0)::DOUBLE AS same, (SELECT count(v${index})::DOUBLE * (count(v${index}) - 1) / 2 FROM match_records) AS all FROM match_values_${index}`,
      );
      if (row !== undefined) sampled[0] = Math.max(row.same, 0.5) / (row.all + STRANGERS);
    }
    shares.push(sampled);
  }
  return shares;
}

async function link(plane: DataPlane, thresholds: Thresholds): Promise<void> {
  await plane.run(linksTableSql());
  await plane.run(openPairsSql(Math.round(thresholds.match * 1000)));
  await plane.run(knownLinksSql());
  await plane.run(dropTakenSql());
  for (let round = 1, before = -1; ; round += 1) {
    await plane.run(mutualBestSql(round));
    await plane.run(dropTakenSql());
    const [row] = await plane.rows<{ n: number }>('SELECT count(*) AS n FROM match_links');
    if (row === undefined || row.n === before) return;
    before = row.n;
  }
}

async function cluster(plane: DataPlane, thresholds: Thresholds): Promise<void> {
  const cut = Math.round(thresholds.cluster * 1000);
  await plane.run(componentsStartSql(Math.min(cut, 0)));
  for (;;) {
    await plane.run(componentsStepSql());
    const [row] = await plane.rows<{ n: number }>(componentsLeftSql());
    if (row === undefined || row.n === 0) break;
  }
  await plane.run(groupsStartSql(MISSING));
  for (;;) {
    await plane.run(mergeStepSql(cut, MISSING));
    const [row] = await plane.rows<{ n: number }>(mergesSql());
    if (row === undefined || row.n === 0) break;
    await plane.run(applyMergesSql());
  }
  await plane.run(clustersSql());
}
