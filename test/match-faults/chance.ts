/** Chance that is the same on every machine (SFC32, seeded by a 32-bit hash of a word). */
export interface Chance {
  /** 0 ≤ n < below */
  below(limit: number): number;
  of<Item>(items: readonly Item[]): Item;
  /** True in `share` of all cases. */
  happens(share: number): boolean;
  digits(length: number): string;
  letters(length: number): string;
}

export function chanceOf(seed: string): Chance {
  let [a, b, c, counter] = [0x9e3779b9, hashed(seed), hashed(`${seed}#`), 1];
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let warm = 0; warm < 16; warm += 1) next();
  const below = (limit: number) => Math.floor(next() * limit);
  const many = (alphabet: string, length: number) => Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join('');
  return {
    below,
    of: (items) => items[below(items.length)] as (typeof items)[number],
    happens: (share) => next() < share,
    digits: (length) => many('0123456789', length),
    letters: (length) => many('ABCDEFGHIJKLMNOPQRSTUVWXYZ', length),
  };
}

/** FNV-1a */
function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash;
}
