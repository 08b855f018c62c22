/** Training without labels: how often levels occur among records of one thing (m) and of different things (u), by expectation maximisation over
 *  patterns of levels. Pure; patterns come in a fixed order, so the same data give the same figures to the last bit.
 *
 *  Source: Fellegi & Sunter 1969; Winkler 1988 for EM. Two things are done differently from the textbook:
 *  - m of a comparison is learned only from pairs that a blocking key without its help found, else blocking would make agreement look usual;
 *  - what random pairs show (p) is a mixture too: u = (p − λ·m) / (1 − λ), which matters where a thing has many records. */
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
const MOST_ROUNDS = 40;
const SETTLED = 1e-4;
const RAREST = 1e-9;

export function estimate(input: EstimateInput): Estimate {
  let m = input.comparisons.map(({ levels }) => normalised(levels.map((level) => level.m)));
  let lambda = shareOf(input.startMatches, input);
  let u = unmixed(input, m, lambda);
  let rounds = 0;
  for (let change = 1; rounds < MOST_ROUNDS && change > SETTLED; rounds += 1) {
    const weights = m.map((ms, index) => ms.map((value, level) => Math.log(value / (u[index]?.[level] ?? 1))));
    const counts = m.map((ms) => ms.map(() => 0));
    let matches = 0;
    for (const pattern of input.candidates) {
      const odds = pattern.levels.reduce((sum, level, index) => (level < 0 ? sum : sum + (weights[index]?.[level] ?? 0)), Math.log(lambda / (1 - lambda)));
      const probability = 1 / (1 + Math.exp(-odds));
      const expected = probability * pattern.pairs;
      matches += expected;
      for (const comparison of input.comparisons) {
        const level = pattern.levels[comparison.index] ?? -1;
        const row = counts[comparison.index];
        if (level < 0 || row === undefined || (pattern.bits & input.bitsOf(comparison)) !== 0) continue;
        row[level] = (row[level] ?? 0) + expected;
      }
    }
    const next = input.comparisons.map(({ levels, index }) =>
      normalised(levels.map((level, position) => (counts[index]?.[position] ?? 0) + PRIOR_PAIRS * level.m)),
    );
    change = Math.max(...next.flatMap((ms, index) => ms.map((value, level) => Math.abs(value - (m[index]?.[level] ?? 0)))));
    m = next;
    lambda = shareOf(matches, input);
    u = unmixed(input, m, lambda);
  }
  return { levels: m.map((ms, index) => ms.map((value, level) => ({ m: value, u: u[index]?.[level] ?? RAREST }))), lambda, rounds };
}

/** At least one match is expected, and never more than every other pair: with next to no pairs the odds would have no logarithm. */
function shareOf(matches: number, { mostMatches, allPairs }: EstimateInput): number {
  return Math.min(0.5, Math.min(Math.max(matches, 1), Math.max(mostMatches, 1)) / allPairs);
}

function unmixed({ random }: EstimateInput, m: readonly (readonly number[])[], lambda: number): number[][] {
  return random.map((shares, index) => shares.map((p, level) => Math.max((p - lambda * (m[index]?.[level] ?? 0)) / (1 - lambda), p / 20, RAREST)));
}

function normalised(values: readonly number[]): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
}
