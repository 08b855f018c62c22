/** Where a run that is taken up again stands, and what it will do: found out before it does anything. */
import { isQuiet } from '../../domain/plan.ts';
import type { ResumedAt } from '../../domain/results.ts';
import { readActions } from '../plan/plan-file.ts';
import { endBefore } from './apply-all.ts';
import type { LoadRun } from './load-run.ts';

export async function standingOf(run: LoadRun, file: string): Promise<ResumedAt> {
  const open = run.settlement.openActions();
  const standing = { done: 0, asked: 0, left: 0 };
  for await (const action of readActions(run.ports.runs, file)) {
    if (action.action === 'refuse') continue;
    if (isQuiet(action) || endBefore(run, action) !== null) standing.done += 1;
    else if (open.has(action.seq)) standing.asked += 1;
    else standing.left += 1;
  }
  return standing;
}

/** The conflicts of earlier parts are listed with those of this one. */
export async function listEarlierConflicts(run: LoadRun): Promise<void> {
  for await (const page of run.state.journalOf(run.runId)) {
    for (const { kind, entity, key, payload } of page) {
      const [line] = payload.lines ?? [];
      const record = line ?? { entity, key };
      if (kind !== 'conflict' || record.entity === null || record.key === null) continue;
      const fields = [...new Set((payload.conflict ?? []).map(({ field }) => field))];
      run.tally.conflict({ entity: record.entity, key: record.key }, { fields, held: payload.held ?? [] });
    }
  }
}

export function tellStanding(run: LoadRun, { done, asked, left }: ResumedAt): void {
  const began = asked === 0 ? '' : `; of ${documents(asked)} that had begun, Odoo is asked first what became of the calls`;
  run.ports.progress({ kind: 'warning', text: `run ${run.runId} goes on: ${documents(done)} done${began}; ${documents(left)} left` });
}

function documents(count: number): string {
  return count === 1 ? '1 document' : `${count} documents`;
}
