/** The last lines of a command: what went wrong, or what to type now. */
import { ExitCode } from '../../domain/errors.ts';
import type { Failure } from '../failure.ts';
import { isUnexpected } from '../failure.ts';
import type { Style } from '../style.ts';

const MOST_DETAILS = 40;

export function renderFailure(failure: Failure, where: { readonly runId: string | null; readonly log: string | null }, style: Style): string {
  const { paint } = style;
  const lines = [`${paint.red.bold('✖')} ${failure.message}  ${paint.dim(failure.code)}`];
  for (const detail of failure.details.slice(0, MOST_DETAILS)) lines.push(`  ${detail}`);
  const left = failure.details.length - MOST_DETAILS;
  if (left > 0) lines.push(paint.dim(`  … and ${left} more; --json has them all`));
  if (isUnexpected(failure)) lines.push('  This is a mistake in cutover itself, not in your data.');
  // A refusal has said everything; the log of a failure holds what led to it.
  const isPuzzling = failure.exit === ExitCode.failure || failure.exit === ExitCode.incomplete || failure.exit === ExitCode.connection;
  if (where.log !== null && isPuzzling) lines.push(`  Details: ${where.log}`);
  if (where.runId !== null) lines.push(paint.dim(`  Run ${where.runId}`));
  if (failure.hint !== null) lines.push('', `${paint.bold('Try:')}  ${failure.hint}`);
  return `${lines.join('\n')}\n`;
}

/** The run id, which other commands take, and the next commands. */
export function renderNext(runId: string | null, next: readonly string[], style: Style): string {
  const commands = next.map((command, index) => `${index === 0 ? style.paint.bold('Next') : '    '}  ${style.paint.cyan(command)}`);
  const lines = [...(runId === null ? [] : [style.paint.dim(`Run   ${runId}`)]), ...commands];
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
}
