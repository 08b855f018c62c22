/** From a character of a YAML text back to the character of the file that it was written as. */
import type { Scalar } from 'yaml';

/** Offset in `source` of character `offset` of the scalar's text: quotes, escapes, the indentation of blocks and folded lines are stepped over. */
export function sourceOffset(source: string, scalar: Scalar, offset: number): number {
  const start = scalar.range?.[0] ?? 0;
  const end = scalar.range?.[1] ?? start;
  const text = typeof scalar.value === 'string' ? scalar.value : '';
  if (offset <= 0) return start;
  const isBlock = scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED';
  const first = isBlock ? afterBlanks(source, source.indexOf('\n', start) + 1, end) : start + (scalar.type === 'PLAIN' ? 0 : 1);
  const indentation = isBlock ? first - (source.lastIndexOf('\n', first) + 1) : 0;
  let at = first;
  for (let index = 0; index < offset && at < end; index += 1) at = afterCharacter({ source, scalar, text, indentation, end }, index, at);
  return Math.min(at, end);
}

interface Scan {
  readonly source: string;
  readonly scalar: Scalar;
  readonly text: string;
  readonly indentation: number;
  readonly end: number;
}

/** Where the character after `text[index]` is written, given that `text[index]` is written at `at`. */
function afterCharacter({ source, scalar, text, indentation, end }: Scan, index: number, at: number): number {
  const written = source[at] as string;
  if (scalar.type === 'QUOTE_SINGLE' && written === "'") return at + 2;
  if (scalar.type === 'QUOTE_DOUBLE' && written === '\\') return at + escapeLength(source[at + 1]);
  if (/[\r\n]/.test(written)) {
    if (scalar.type !== 'BLOCK_LITERAL') return afterBlanks(source, at, end);
    const lineStart = source.indexOf('\n', at) + 1;
    return lineStart + (/^ */.exec(source.slice(lineStart, lineStart + indentation))?.[0].length ?? 0);
  }
  // The empty lines of a folded text were all stepped over at its first line end.
  return text[index] === '\n' ? at : at + 1;
}

function escapeLength(letter: string | undefined): number {
  if (letter === 'x') return 4;
  if (letter === 'u') return 6;
  return letter === 'U' ? 10 : 2;
}

function afterBlanks(source: string, from: number, end: number): number {
  let at = from;
  while (at < end && /\s/.test(source[at] as string)) at += 1;
  return at;
}
