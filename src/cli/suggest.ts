/** "Did you mean", as sentences of the command line. */
import { closest } from '../domain/suggestion.ts';

/** The nearest name when it is near enough to have been meant; the beginning of a name is enough. */
export function nearest(given: string, known: readonly string[]): string | null {
  return closest(given, known) ?? (given.length >= 3 ? (known.find((name) => name.startsWith(given)) ?? null) : null);
}

/** A sentence naming what was meant, or what there is. */
export function didYouMean(given: string, known: readonly string[], noun: string): string {
  const found = nearest(given, known);
  if (found !== null) return `Did you mean ${found}?`;
  return known.length === 0 ? `There is no ${noun}.` : `There ${known.length === 1 ? 'is' : 'are'}: ${known.join(', ')}.`;
}
