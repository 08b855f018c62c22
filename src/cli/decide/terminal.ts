/** The terminal a review is held at: its keys, its screen, and who sits before it. The screen is drawn on stderr, so that stdout stays for the answer. */
import { on } from 'node:events';
import { CutoverError } from '../../domain/errors.ts';
import type { Review } from '../../domain/review.ts';
import { styleOf } from '../style.ts';
import { keysOf } from './keys.ts';
import { renderEnd, renderItem, type Screen } from './render.ts';
import { type DecideCounts, decideAll } from './session.ts';

const ENTER_SCREEN = '\x1b[?1049h\x1b[?25l';
const LEAVE_SCREEN = '\x1b[?25h\x1b[?1049l';
const CLEAR = '\x1b[H\x1b[2J';

/** E_USAGE where nobody can press a key. */
export function requireTerminal(review: Review): void {
  if (process.stdin.isTTY === true && process.stderr.isTTY === true) return;
  const worklist = review.worklist === null ? [] : [`The worklist: ${review.worklist}`];
  throw new CutoverError('E_USAGE', 'match decide asks at a terminal, and this is none', {
    details: [...worklist, 'Fill in decision, by and reason, and put the file into decisions/ under a name that begins with match.'],
    hint: `cutover match decide ${review.capability}`,
  });
}

export async function decideAtTerminal(
  review: Review,
  options: { readonly clear: boolean; readonly noColor: boolean; readonly signal: AbortSignal },
): Promise<DecideCounts> {
  const { stdin, stderr } = process;
  stdin.setEncoding('utf8');
  stdin.setRawMode(true);
  stderr.write(ENTER_SCREEN);
  try {
    return await decideAll(review, keysOf(pieces(stdin, review, options.signal)), (view) => {
      const style = styleOf(stderr, options);
      const screen =
        view.kind === 'end'
          ? renderEnd(style)
          : renderItem(view, { entity: review.entity(view.item.entity), clear: options.clear, total: review.total }, style);
      stderr.write(`${CLEAR}${fitted(screen, stderr.rows)}`);
    });
  } finally {
    stderr.write(LEAVE_SCREEN);
    stdin.setRawMode(false);
    stdin.pause();
  }
}

/** Ends with the terminal. E_INTERRUPTED when the process is told to stop. */
async function* pieces(stdin: NodeJS.ReadStream, review: Review, signal: AbortSignal): AsyncIterable<string> {
  try {
    for await (const [piece] of on(stdin, 'data', { signal, close: ['end', 'close'] })) yield String(piece);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CutoverError('E_INTERRUPTED', 'stopped; what was decided is written down', { hint: `cutover match decide ${review.capability}`, cause: error });
  }
}

/** What does not fit is cut above the foot, where the keys are. A terminal that does not know its height (0) is taken as high enough. */
function fitted({ body, foot }: Screen, rows: number): string {
  if (rows === 0) return [...body, '', ...foot].join('\n');
  const room = Math.max(4, rows - foot.join('\n').split('\n').length - 2);
  const lines = body.length > room ? [...body.slice(0, room - 1), '…'] : body;
  return [...lines, '', ...foot].join('\n');
}
