/** The trained model of one entity: a JSON file that is reviewed like code, trained once and used every night. */
import { z } from 'zod';
import { matchKinds } from '../../domain/contract.ts';
import type { Comparison } from './comparisons.ts';
import type { Estimate, LevelEstimate } from './estimate.ts';
import type { MatchField } from './field-kind.ts';

export const Thresholds = z.strictObject({
  match: z.number().describe('Weight (log2 odds) from which a pair is one thing.'),
  review: z.number().describe('Weight from which a person is asked.'),
  cluster: z.number().describe('Average weight between two groups from which they become one.'),
});
export type Thresholds = z.infer<typeof Thresholds>;

/** For every data set alike. */
export const defaultThresholds: Thresholds = { match: 2, review: -2, cluster: 1 };

export const MatchModel = z.strictObject({
  format: z.literal('cutover-match-model/1'),
  entity: z.string(),
  /** Raised when comparisons of this tool change their meaning: an older model is refused, never misread. */
  comparisonsVersion: z.literal(1),
  fields: z.array(z.strictObject({ name: z.string(), kind: z.enum(matchKinds), scheme: z.string().nullable() })),
  /** log2 odds of a pair before anything is compared. */
  prior: z.number(),
  comparisons: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.string(),
      levels: z.array(z.strictObject({ label: z.string(), m: z.number(), u: z.number(), weight: z.number() })),
    }),
  ),
  trainedOn: z.strictObject({ records: z.array(z.number()), candidates: z.number(), rounds: z.number() }),
});
export type MatchModel = z.infer<typeof MatchModel>;

/** Weights are whole thousandths of a bit from here on: sums of them are exact. */
const MOST_FOR = 24_000;
const MOST_AGAINST = -10_000;

export function modelOf(
  input: { entity: string; fields: readonly MatchField[]; comparisons: readonly Comparison[]; estimate: Estimate },
  trainedOn: MatchModel['trainedOn'],
): MatchModel {
  const { estimate } = input;
  const weights = estimate.levels.map(levelWeights);
  const prior = rounded(Math.log2(estimate.lambda / (1 - estimate.lambda)), 3);
  const isAlone = isNameAlone(input.comparisons);
  return {
    format: 'cutover-match-model/1',
    entity: input.entity,
    comparisonsVersion: 1,
    fields: input.fields.map(({ name, kind, scheme }) => ({ name, kind, scheme })),
    prior,
    comparisons: input.comparisons.map(({ name, kind, levels, index }) => ({
      name,
      kind,
      levels: levels.map(({ label, bits }, level) => {
        const { m, u } = estimate.levels[index]?.[level] ?? { m: 1, u: 1 };
        const weight = bits ?? (weights[index]?.[level] ?? 0) / 1000;
        return { label, m: rounded(m, 6), u: rounded(u, 10), weight: isAlone ? rounded(aloneWeight(level, weight, prior), 3) : weight };
      }),
    })),
    trainedOn,
  };
}

/** Is a name all that is known of the records? Then no odds can be learned: how many are one thing, and how often names of different things are equal,
 *  cannot be told from the same figure. */
export const isNameAlone = (comparisons: readonly { readonly kind: string }[]): boolean => comparisons.length === 1 && comparisons[0]?.kind === 'name';

/** An equal name is a match, as nothing will ever speak against it; what is merely alike is for a person. */
function aloneWeight(level: number, weight: number, prior: number): number {
  const { match } = defaultThresholds;
  return level === 0 ? match + 1 - prior : Math.min(weight, match - 1 - prior);
}

/** Weights by level in thousandths of a bit, never growing from a stronger level to a weaker one, and the last never for a match: where the figures say
 *  otherwise they stand on too little, and neighbouring levels are taken as one.
 *  Source: pool adjacent violators (Ayer et al. 1955). */
export function levelWeights(levels: readonly LevelEstimate[]): number[] {
  const pools: { m: number; u: number; count: number }[] = [];
  for (const { m, u } of levels) {
    let pool = { m, u, count: 1 };
    for (let last = pools.at(-1); last !== undefined && pool.m / pool.u > last.m / last.u; last = pools.at(-1)) {
      pools.pop();
      pool = { m: last.m + pool.m, u: last.u + pool.u, count: last.count + pool.count };
    }
    pools.push(pool);
  }
  const weights = pools.flatMap(({ m, u, count }) => Array.from({ length: count }, () => Math.round(Math.log2(m / u) * 1000)));
  return weights.map((weight, level) => Math.max(MOST_AGAINST, Math.min(level === levels.length - 1 ? 0 : MOST_FOR, weight)));
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** The text of the file: the same model is the same bytes. */
export const modelText = (model: MatchModel): string => `${JSON.stringify(model, null, 2)}\n`;
