/** Which characters of two texts differ, for people who look at them side by side. Also part of the page of the HTML report. */

export interface Part {
  readonly text: string;
  readonly differs: boolean;
}

/** Beyond so many comparisons everything between the common beginning and the common end counts as different. */
const MOST_COMPARISONS = 250_000;
/** Equal runs shorter than this between different ones are chance, and only make the marks flicker. */
const SHORTEST_RUN = 2;

export function differingParts(left: string, right: string): { readonly left: readonly Part[]; readonly right: readonly Part[] } {
  const [a, b] = [[...left], [...right]];
  // of 000051 and 051 the beginning is what is missing, though both begin with 0
  const isAtStart = left.endsWith(right) || right.endsWith(left);
  let start = 0;
  while (!isAtStart && start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const middle = common(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const marks = (length: number, own: readonly boolean[]) =>
    Array.from({ length }, (_, index) => index >= start && index < length - end && own[index - start] !== true);
  return { left: parts(a, marks(a.length, middle.left)), right: parts(b, marks(b.length, middle.right)) };
}

/** For each character, is it part of a longest common subsequence? */
function common(a: readonly string[], b: readonly string[]): { readonly left: boolean[]; readonly right: boolean[] } {
  const [left, right] = [a.map(() => false), b.map(() => false)];
  if (a.length * b.length === 0 || a.length * b.length > MOST_COMPARISONS) return { left, right };
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      let run = 1;
      while (i + run < a.length && a[i + run] === b[j + run]) run += 1;
      if (run >= SHORTEST_RUN) {
        left.fill(true, i, i + run);
        right.fill(true, j, j + run);
      }
      i += run;
      j += run;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return { left, right };
}

function parts(characters: readonly string[], differs: readonly boolean[]): Part[] {
  const found: { text: string; differs: boolean }[] = [];
  for (const [index, character] of characters.entries()) {
    const last = found.at(-1);
    if (last !== undefined && last.differs === differs[index]) last.text += character;
    else found.push({ text: character, differs: differs[index] === true });
  }
  return found;
}

const pictures: Readonly<Record<string, string>> = { ' ': '·', '\t': '⇥', '\n': '⏎', '\r': '␍', '\u00A0': '⍽', '\u202F': '⍽', '\u3000': '⍽' };

/** What cannot be seen, or would turn the line around, as a picture of it. In `differs` parts spaces too: they may be all that differs. */
export function visible({ text, differs }: Part): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}]/gu, (character) => {
    if (character === ' ' && !differs) return character;
    return pictures[character] ?? `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
  });
}
