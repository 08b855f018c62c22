/** What a person types, key by key, out of what a terminal sends. */

export type Key = { readonly kind: 'character'; readonly text: string } | { readonly kind: 'enter' | 'escape' | 'backspace' | 'left' | 'right' | 'interrupt' };

const named: Readonly<Record<string, Exclude<Key['kind'], 'character'>>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\x1b': 'escape',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x1b[D': 'left',
  '\x1bOD': 'left',
  '\x1b[C': 'right',
  '\x1bOC': 'right',
  '\x03': 'interrupt',
  '\x04': 'interrupt',
};

/** A sequence of the terminal (an arrow, a function key), one character, or a lone escape. */
const PIECE = new RegExp(`${'\x1b'}(?:\\[[0-9;?]*[ -/]*[@-~]|O[@-~])|[\\s\\S]`, 'gu');

/** Keys of one piece of input; what means nothing here (function keys, other control characters) is left out. */
export function keysIn(input: string): Key[] {
  return [...input.matchAll(PIECE)].flatMap(([text]): Key[] => {
    const kind = named[text];
    if (kind !== undefined) return [{ kind }];
    return text.startsWith('\x1b') || /^\p{Cc}/u.test(text) ? [] : [{ kind: 'character', text }];
  });
}

export async function* keysOf(input: AsyncIterable<string>): AsyncIterable<Key> {
  for await (const piece of input) yield* keysIn(piece);
}
