/** How what the comparisons of a pair say comes together: once for training, once as SQL, once for people, by the same rules.
 *
 *  - Comparisons of a group lean on each other (a postcode tells the town, the town the state): of what they say only the strongest word for and the
 *    strongest word against count. Counted one by one, two shops of one street would be one shop.
 *  - Where nothing that names a thing speaks for it, two records are two things, however much else they share. */
import type { Comparison } from './comparisons.ts';

export interface Combined {
  /** By comparison: the part of its weight that counts. */
  readonly counted: readonly number[];
  readonly sum: number;
  /** Does something that names a thing speak for it? */
  readonly isNamed: boolean;
}

/** `weights` by comparison; 0 where a value is missing. Any unit. */
export function combine(comparisons: readonly Comparison[], weights: readonly number[]): Combined {
  const counted = weights.map(() => 0);
  let naming = 0;
  const strongest = new Map<string, number>();
  for (const { index, group, names } of comparisons) {
    const weight = weights[index] ?? 0;
    if (names) naming += weight;
    counted[index] = weight;
    if (group === null || weight === 0) continue;
    const side = `${group} ${weight > 0}`;
    const rival = strongest.get(side);
    const isStronger = rival === undefined || Math.abs(weight) > Math.abs(weights[rival] ?? 0);
    if (isStronger) strongest.set(side, index);
    const weaker = isStronger ? rival : index;
    if (weaker !== undefined) counted[weaker] = 0;
  }
  return { counted, sum: counted.reduce((sum, weight) => sum + weight, 0), isNamed: naming > 0 };
}

/** Only the sum, made ready for very many combinations: `weights` by comparison, by level; a level below 0 is a missing value. */
export function summing(comparisons: readonly Comparison[], weights: readonly (readonly number[])[]): (levels: readonly number[]) => number {
  const alone = comparisons.filter(({ group }) => group === null).map(({ index }) => index);
  const groups = [...Map.groupBy(comparisons, ({ group }) => group)].flatMap(([group, members]) => (group === null ? [] : [members.map(({ index }) => index)]));
  const weightAt = (index: number, levels: readonly number[]): number => weights[index]?.[levels[index] ?? -1] ?? 0;
  return (levels) => {
    let sum = 0;
    for (const index of alone) sum += weightAt(index, levels);
    for (const members of groups) {
      let most = 0;
      let least = 0;
      for (const index of members) {
        const weight = weightAt(index, levels);
        if (weight > most) most = weight;
        else if (weight < least) least = weight;
      }
      sum += most + least;
    }
    return sum;
  };
}

/** `column` names the weight of a comparison. */
export function combinedSql(comparisons: readonly Comparison[], column: (comparison: Comparison) => string): { sum: string; isNamed: string } {
  const alone = comparisons.filter(({ group }) => group === null).map(column);
  const groups = Map.groupBy(
    comparisons.filter(({ group }) => group !== null),
    ({ group }) => group,
  );
  const together = [...groups.values()].map((members) => {
    const list = members.map(column).join(', ');
    return `greatest(0, ${list}) + least(0, ${list})`;
  });
  const naming = comparisons.filter(({ names }) => names).map(column);
  const sum = (terms: readonly string[]): string => (terms.length === 0 ? '0' : terms.join(' + '));
  return { sum: sum([...alone, ...together]), isNamed: `${sum(naming)} > 0` };
}
