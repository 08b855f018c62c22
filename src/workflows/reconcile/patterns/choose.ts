/** Which candidates explain a field's breaks: the one that explains most first, then of what it leaves the next. */
import type { Candidate } from './transformation.ts';

/** How many breaks are explained by the same candidates. */
export interface Marked {
  /** Indexes of candidates, ascending. */
  readonly marks: readonly number[];
  readonly rows: number;
}

export interface Chosen {
  readonly index: number;
  readonly explains: number;
}

/** Every break is counted once. Candidates stand in order of specificity: of equals the first is taken. */
export function chooseCandidates(candidates: readonly Pick<Candidate, 'chance' | 'cost'>[], marked: readonly Marked[], of: number): readonly Chosen[] {
  const chosen: Chosen[] = [];
  const open = new Set(candidates.keys());
  let left = marked;
  while (open.size > 0) {
    const counts = new Map<number, number>();
    for (const { marks, rows } of left) for (const mark of marks) if (open.has(mark)) counts.set(mark, (counts.get(mark) ?? 0) + rows);
    const worth = (index: number) => (counts.get(index) ?? 0) - (candidates[index]?.cost ?? 0);
    const best = [...open].reduce((one, other) => (worth(other) > worth(one) || (worth(other) === worth(one) && other < one) ? other : one));
    const explains = counts.get(best) ?? 0;
    if (explains === 0) break;
    open.delete(best);
    if (!isConvincing(candidates[best] as Candidate, explains, of)) continue;
    chosen.push({ index: best, explains });
    left = left.filter(({ marks }) => !marks.includes(best));
  }
  return chosen;
}

const LEAST_ROWS = 3;
const LEAST_SHARE = 0.05;
const ENOUGH_ROWS = 50;
const ODDS = 1e-4;

/** Three rows and a twentieth of the field's breaks, or fifty rows; beyond what it costs to say; and far more than edits without a rule would
 *  look like it: by Chernoff's bound on the binomial tail less than one in ten thousand. */
export function isConvincing({ chance, cost = 0 }: Pick<Candidate, 'chance' | 'cost'>, explains: number, of: number): boolean {
  if (explains < LEAST_ROWS || explains <= cost) return false;
  if (explains < ENOUGH_ROWS && explains < of * LEAST_SHARE) return false;
  return tailBound(explains, of, chance) < ODDS;
}

function tailBound(hits: number, of: number, chance: number): number {
  const share = Math.min(hits / of, 1);
  if (share <= chance) return 1;
  const divergence = share * Math.log(share / chance) + (share === 1 ? 0 : (1 - share) * Math.log((1 - share) / (1 - chance)));
  return Math.exp(-of * divergence);
}
