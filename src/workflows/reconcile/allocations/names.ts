/** Which documents the reference of a payment names. Numbers and references are compared by their words: letters and digits, whatever stands between them. */

/** A shorter number stands in any text by chance. */
const SHORTEST_NAME = 3;

interface Worded {
  readonly words: readonly string[];
}

/** Upper case words of letters and digits. */
export function wordsOf(text: string | null): readonly string[] {
  return (text ?? '').toUpperCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Per payment the positions of the documents whose number stands in its reference, ascending. Of two numbers one of which stands in the other (`2011` in `INV 2011`),
 *  the longer is meant. */
export function namedDocuments(payments: readonly Worded[], documents: readonly Worded[]): readonly (readonly number[])[] {
  const names = new Map<string, number[]>();
  let longest = 0;
  for (const [index, { words }] of documents.entries()) {
    const name = words.join(' ');
    if (name.length < SHORTEST_NAME) continue;
    longest = Math.max(longest, words.length);
    const same = names.get(name);
    if (same === undefined) names.set(name, [index]);
    else same.push(index);
  }
  return payments.map(({ words }) => {
    const hits: { readonly start: number; readonly end: number; readonly documents: readonly number[] }[] = [];
    for (let start = 0; start < words.length; start += 1) {
      for (let end = start + 1; end <= Math.min(words.length, start + longest); end += 1) {
        const found = names.get(words.slice(start, end).join(' '));
        if (found !== undefined) hits.push({ start, end, documents: found });
      }
    }
    const meant = hits.filter((hit) => !hits.some((other) => other !== hit && other.start <= hit.start && hit.end <= other.end));
    return [...new Set(meant.flatMap((hit) => hit.documents))].sort((one, other) => one - other);
  });
}
