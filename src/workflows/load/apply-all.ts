/** The plan from its first action to its last, in batches that are under way together. */
import type { PlanAction } from '../../domain/plan.ts';
import { isQuiet } from '../../domain/plan.ts';
import { readActions } from '../plan/plan-file.ts';
import { applyBatch } from './apply-batch.ts';
import { Batcher } from './batcher.ts';
import { refersToItself } from './guard-dependants.ts';
import { LoadProgress } from './load-progress.ts';
import type { LoadRun } from './load-run.ts';
import { stagesOf } from './stages.ts';
import type { Steering } from './steering.ts';
import { type Stop, stopOf } from './stop.ts';
import type { Outcome } from './tally.ts';

export interface Task {
  /** The plan. */
  readonly file: string;
  readonly total: number;
  /** Documents to write; null: all. */
  readonly limit: number | null;
}

/** Null: the plan was gone through to its end, or to its limit. */
export async function applyAll(run: LoadRun, steering: Steering, { file, total, limit }: Task): Promise<Stop | null> {
  const { ports, tally } = run;
  const { lanes } = steering;
  const progress = new LoadProgress(run, steering, total);
  const batcher = new Batcher(run.manifest, {
    start: (batch) =>
      lanes.start(async () => {
        run.underWay += batch.length;
        await applyBatch(run, batch);
        run.underWay -= batch.length;
        steering.batchEnded(batch.length);
        progress.advance(batch.length);
      }),
    drain: () => lanes.drain(),
    size: steering.size,
    refersToItself: (entity) => refersToItself(run, entity),
  });
  let stop: Stop | null = null;
  let left = limit ?? Number.POSITIVE_INFINITY;
  /** Answers whether the work went on. */
  const goOn = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      stop ??= stopOf(error, ports.signal);
    }
  };
  try {
    for await (const action of readActions(ports.runs, file)) {
      if (action.action === 'refuse') continue;
      // Also what is not taken any more is planned, and may have ended in an earlier part of the run.
      tally.plan();
      const end = endBefore(run, action);
      const isOver = stop !== null || left === 0;
      if (end !== null || (isQuiet(action) && !isOver)) {
        tally.end(action, end ?? 'noop');
        progress.pass();
      } else if (!isOver) {
        left -= 1;
        await goOn(() => batcher.add(action));
      }
    }
    if (stop === null) await goOn(() => batcher.flush());
  } finally {
    // Whatever is still under way lands before the journal is sealed or the state is closed.
    await lanes.ended();
    await steering.close();
  }
  // After Ctrl-C nothing was waiting for the last batches; a failure of theirs is still a failure.
  await goOn(() => lanes.drain());
  progress.done();
  return stop;
}

/** How an earlier part of the run has brought it to its end; null: it has not. */
export function endBefore(run: LoadRun, action: PlanAction): Outcome | null {
  const { settlement } = run;
  const final = settlement.final(action.seq);
  if (final !== null || isQuiet(action)) return final;
  const entity = run.entity(action.entity);
  if (!stagesOf(action, entity, settlement.isMoved(action, entity)).every((stage) => settlement.isAnswered(action.seq, stage))) return null;
  return settlement.hasConflict(action.seq) ? 'conflict' : 'applied';
}
