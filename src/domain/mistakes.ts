/** Mistakes in the files of a workspace: collected, then thrown together, so that one look shows all of them. */
import { CutoverError } from './errors.ts';
import type { FilePosition } from './workspace.ts';

export interface Mistake {
  readonly position: FilePosition;
  readonly message: string;
}

export type Mistakes = Mistake[];

/** Throws E_CONFIG with one detail line `file:line:column  message` per mistake, in the order of files and lines. */
export function refuseMistakes(mistakes: readonly Mistake[]): void {
  if (mistakes.length === 0) return;
  const lines = [...mistakes].sort(inReadingOrder).map(({ position, message }) => `${position.file}:${position.line}:${position.column}  ${message}`);
  const unique = [...new Set(lines)];
  throw new CutoverError('E_CONFIG', unique.length === 1 ? 'the workspace has a mistake' : `the workspace has ${unique.length} mistakes`, {
    details: unique,
    hint: 'mend the lines above, then run `cutover doctor`',
  });
}

function inReadingOrder(left: Mistake, right: Mistake): number {
  const a = left.position;
  const b = right.position;
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
