/** A question before something is changed for good. Silence is never an answer. */
import { createInterface } from 'node:readline';
import { CutoverError } from '../domain/errors.ts';

/** On stderr: stdout is for the answer of the command. */
export function show(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** True only for a typed `yes`, or where `yes` was given beforehand. E_USAGE where nobody can be asked. */
export async function confirmed(question: string, { yes, command, signal }: { yes: boolean; command: string; signal: AbortSignal }): Promise<boolean> {
  if (yes) return true;
  const { stdin, stderr } = process;
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw new CutoverError('E_USAGE', 'this asks at a terminal, and this is none; nothing was changed', { hint: `${command} --yes` });
  }
  // Not as a terminal of its own: Ctrl-C stays the signal that it is everywhere.
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    stderr.write(`${question} Type yes to go on: `);
    const answer = await new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
      signal.addEventListener('abort', () => resolve(''), { once: true });
    });
    return answer.trim().toLowerCase() === 'yes';
  } finally {
    lines.close();
    stdin.pause();
  }
}
