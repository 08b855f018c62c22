/** A run that was named on the command line; E_RUN_UNKNOWN or E_USAGE with the runs that could have been meant. */
import { CutoverError } from '../domain/errors.ts';
import type { RunRecord, StateStore } from '../domain/ports.ts';
import type { LoadRunResult } from '../domain/results.ts';
import { moment } from './style.ts';

/** So many of each kind. */
const SHOWN = 5;
/** Runs that were refused wrote nothing and are left out. */
const LOOKED_AT = 50;

/** A load, to be taken back. */
export async function loadNamed(state: StateStore, id: string): Promise<RunRecord> {
  return named(state, id, ['load'], 'only a load is rolled back');
}

/** A load or a rollback, to be taken up again. */
export async function runToResume(state: StateStore, id: string): Promise<RunRecord> {
  return named(state, id, ['load', 'rollback'], 'only a load or a rollback goes on');
}

/** What a run answered that went through its whole plan; null when there may be something left. */
export function finishedLoad(run: RunRecord): LoadRunResult | null {
  if (run.status !== 'ok' && run.status !== 'incomplete') return null;
  const data = run.data as Partial<LoadRunResult> | null;
  return data?.planned !== undefined && data.remaining === 0 && data.blocked === 0 && data.unknown === 0 ? (data as LoadRunResult) : null;
}

async function named(state: StateStore, id: string, commands: readonly string[], why: string): Promise<RunRecord> {
  const run = await state.run(id);
  if (run !== null && commands.includes(run.command)) return run;
  const details: string[] = [];
  for (const command of commands) {
    const runs = (await state.runs({ command, limit: LOOKED_AT })).filter(({ status }) => status !== 'refused');
    details.push(...runs.slice(0, SHOWN).map(line));
  }
  if (details.length === 0) details.push('There has been no load yet.');
  throw run === null
    ? new CutoverError('E_RUN_UNKNOWN', `there is no run ${id}`, { details, hint: 'cutover status' })
    : new CutoverError('E_USAGE', `run ${id} is a ${run.command}: ${why}`, { details, hint: 'cutover status' });
}

function line(run: RunRecord): string {
  const { applied } = (run.data ?? {}) as { readonly applied?: number };
  return `${run.id}  ${run.status}, begun ${moment(run.startedAt)}${applied === undefined ? '' : `, ${applied} applied`}`;
}
