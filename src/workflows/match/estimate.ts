/** Training without labels: how often levels occur among records of one thing (m) and of different things (u), by expectation maximisation over
 *  patterns of levels. Pure; patterns come in a fixed order, so the same data give the same figures to the last bit.
 *
 *  Source: Fellegi & Sunter 1969; Winkler 1988 for EM. Three things are done differently from the textbook:
 *  - m of a comparison is learned only from pairs that a blocking key without its help found, else blocking would make agreement look usual;
 *  - what pairs that do not match show is learned apart for each way in which pairs were found, since fields that depend on each other (a town and its
 *    postcode) would else pass for matches by their number; the weights are then made with u of random pairs;
 *  - what random pairs show (p) is a mixture too: u = (p − λ·m) / (1 − λ), which matters where a thing has many records. */
import { summing } from './combine.ts';
import type { Comparison } from './comparisons.ts';

/** Levels by comparison (-1: missing), how many pairs, and the fields no key was without. */
export interface Pattern {
  readonly levels: readonly number[];
  readonly bits: number;
  readonly pairs: number;
}

export interface LevelEstimate {
  readonly m: number;
  readonly u: number;
}

export interface Estimate {
  /** By comparison, by level. */
  readonly levels: readonly (readonly LevelEstimate[])[];
  /** Share of pairs, of all there could be, that are one thing. */
  readonly lambda: number;
  readonly rounds: number;
}

export interface EstimateInput {
  readonly comparisons: readonly Comparison[];
  readonly bitsOf: (comparison: Comparison) => number;
  readonly candidates: readonly Pattern[];
  /** By comparison, by level: how often random pairs show it; exact where it could be counted. */
  readonly random: readonly (readonly number[])[];
  /** All pairs there could be. */
  readonly allPairs: number;
  /** At most so many of them can be one thing. */
  readonly mostMatches: number;
  readonly startMatches: number;
}

/** What the starting values weigh against what is seen, in pairs. */
const PRIOR_PAIRS = 30;
/** And the share of it that they always have: pairs that only look like matches must not teach what matches look like. */
const PRIOR_SHARE = 0.25;
const MOST_ROUNDS = 40;
const SETTLED = 1e-4;
const RAREST = 1e-9;

/** Pairs that the same fields helped to find. Those fields say nothing about them, and what the others show where nothing matches is learned for them
 *  alone: two suppliers of one town share its postcode far more often than any two do. */
interface Stratum {
  readonly patterns: readonly Pattern[];
  readonly pairs: number;
  /** Of the comparisons that have a say. */
  readonly open: readonly Comparison[];
  lambda: number;
  /** By comparison, by level. */
  u: readonly (readonly number[])[];
}

export function estimate(input: EstimateInput): Estimate {
  const start = input.comparisons.map(({ levels }) => normalised(levels.map((level) => level.m)));
  const strata = strataOf(input, start);
  let m: readonly (readonly number[])[] = start;
  let lambda = shareOf(input.startMatches, input);
  let rounds = 0;
  for (let change = 1; rounds < MOST_ROUNDS && change > SETTLED; rounds += 1) {
    const seen = start.map((values) => values.map(() => 0));
    const matches = strata.reduce((sum, stratum) => sum + learn(stratum, m, seen, input), 0);
    const next = seen.map((counts, index) => learned(start[index] ?? [], counts));
    change = Math.max(...next.flatMap((values, index) => values.map((value, level) => Math.abs(value - (m[index]?.[level] ?? 0)))));
    m = next;
    lambda = shareOf(matches, input);
  }
  const u = unmixed(input.random, m, lambda);
  return { levels: m.map((values, index) => values.map((value, level) => ({ m: value, u: u[index]?.[level] ?? RAREST }))), lambda, rounds };
}

function strataOf(input: EstimateInput, m: readonly (readonly number[])[]): Stratum[] {
  const all = input.candidates.reduce((sum, { pairs }) => sum + pairs, 0);
  const byBits = new Map<number, Pattern[]>();
  for (const pattern of input.candidates) {
    const known = byBits.get(pattern.bits);
    if (known === undefined) byBits.set(pattern.bits, [pattern]);
    else known.push(pattern);
  }
  const u = unmixed(input.random, m, shareOf(input.startMatches, input));
  return [...byBits].map(([bits, patterns]) => ({
    patterns,
    pairs: patterns.reduce((sum, { pairs }) => sum + pairs, 0),
    open: input.comparisons.filter((comparison) => (bits & input.bitsOf(comparison)) === 0),
    lambda: Math.min(0.5, Math.max(input.startMatches, 1) / Math.max(all, 1)),
    u,
  }));
}

/** One round in one stratum: adds what its matches show to `seen`, and answers how many are expected. */
function learn(stratum: Stratum, m: readonly (readonly number[])[], seen: readonly number[][], input: EstimateInput): number {
  const weights = m.map((values, index) =>
    values.map((value, level) => {
      const bits = input.comparisons[index]?.levels[level]?.bits;
      return bits === undefined ? Math.log(value / (stratum.u[index]?.[level] ?? 1)) : bits * Math.LN2;
    }),
  );
  const others = input.random.map((shares) => normalised(shares).map((share) => PRIOR_PAIRS * share));
  const base = Math.log(stratum.lambda / (1 - stratum.lambda));
  const sumOf = summing(stratum.open, weights);
  let matches = 0;
  for (const { levels, pairs } of stratum.patterns) {
    const expected = pairs / (1 + Math.exp(-base - sumOf(levels)));
    matches += expected;
    for (const { index, levels: known } of stratum.open) {
      if (known[levels[index] ?? -1]?.bits === undefined) add(seen[index], levels[index] ?? -1, expected);
      add(others[index], levels[index] ?? -1, pairs - expected);
    }
  }
  stratum.lambda = Math.min(0.999, Math.max(matches, 0.5) / (stratum.pairs + 1));
  stratum.u = others.map((counts) => normalised(counts).map((share) => Math.max(share, RAREST)));
  return matches;
}

function add(counts: number[] | undefined, level: number, pairs: number): void {
  if (counts !== undefined && level >= 0) counts[level] = (counts[level] ?? 0) + pairs;
}

/** At least one match is expected, and never more than every other pair: with next to no pairs the odds would have no logarithm. */
function shareOf(matches: number, { mostMatches, allPairs }: EstimateInput): number {
  return Math.min(0.5, Math.min(Math.max(matches, 1), Math.max(mostMatches, 1)) / allPairs);
}

function unmixed(random: readonly (readonly number[])[], m: readonly (readonly number[])[], lambda: number): number[][] {
  return random.map((shares, index) => shares.map((p, level) => Math.max((p - lambda * (m[index]?.[level] ?? 0)) / (1 - lambda), p / 20, RAREST)));
}

function learned(start: readonly number[], counts: readonly number[]): number[] {
  const held = PRIOR_PAIRS + PRIOR_SHARE * counts.reduce((sum, count) => sum + count, 0);
  return normalised(start.map((value, level) => (counts[level] ?? 0) + held * value));
}

function normalised(values: readonly number[]): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
}
