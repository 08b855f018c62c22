/** "did you mean": the known word a mistyped one most likely stands for. */
import { distance } from 'fastest-levenshtein';

/** The candidate closest to `word`, or null when none is close enough to be worth saying (more than a third of its letters differ). */
export function closest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = difference(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best !== null && bestDistance <= Math.max(1, Math.floor(Math.max(word.length, best.length) / 3)) ? best : null;
}

/** `; did you mean 'x'?` for the end of a message, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = closest(word, candidates);
  return found === null ? '' : `; did you mean '${found}'?`;
}

/** Letters to insert, delete or replace; two that changed places are one slip of the fingers and not two. */
function difference(left: string, right: string): number {
  const edits = distance(left, right);
  return edits === 2 && sortedLetters(left) === sortedLetters(right) ? 1 : edits;
}

function sortedLetters(word: string): string {
  return [...word].sort().join('');
}
