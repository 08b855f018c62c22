import type { Decision } from '../../domain/review.ts';
import { counted, grouped, type Style } from '../style.ts';

export interface DecideResult {
  readonly decided: Readonly<Record<Decision, number>>;
  /** Items that still wait. */
  readonly open: number;
  /** Pairs that no file may name, since the keys of their records are marked `pii`. */
  readonly unnameable: number;
  readonly file: string;
}

export function renderDecide({ decided, open, unnameable, file }: DecideResult, { paint }: Style): string {
  const total = decided.same + decided.different + decided.keep;
  const words = (['same', 'different', 'keep'] as const).flatMap((name) => (decided[name] > 0 ? [`${grouped(decided[name])} ${name}`] : []));
  return [
    `${paint.bold('Decided')} ${counted(total, 'item')}${total > 0 ? `: ${words.join(', ')}` : ''}; ${open === 0 ? 'none is' : `${grouped(open)} ${open === 1 ? 'is' : 'are'}`} open`,
    ...(unnameable > 0 ? [paint.dim(`  ${counted(unnameable, 'pair')} cannot be decided here: their keys are personal data, and decisions go into git`)] : []),
    ...(total > 0 ? [paint.dim(`  ${file}`)] : []),
  ].join('\n');
}
