/** The pace of a load in words: what was found, and what it made way for. */
import type { PaceChange, PaceReason, PaceReport } from '../../domain/pace.ts';
import { counted, duration, grouped, type Style } from '../style.ts';

const REASONS: Readonly<Record<PaceReason, string>> = {
  calm: 'Odoo was quick',
  'long-batch': 'a batch took long',
  slower: 'Odoo became slower',
  'lost-race': 'transactions collided',
  overload: 'Odoo was overloaded or silent',
  'no-gain': 'more calls brought no more',
  person: 'somebody asked for it',
};
/** Changes told; all of them are in the run's data. */
const MOST_CHANGES = 5;

export function renderPace(pace: PaceReport, { paint }: Style): string {
  const batches = pace.entities.filter(({ documents }) => documents > 0).map(({ entity, batch, mostBatch }) => `${entity} ${batchOf(batch, mostBatch)}`);
  const calls = `${counted(pace.concurrency, 'call')} at a time of ${pace.mostConcurrency} allowed`;
  const troubles = [
    ...(pace.lostRaces > 0 ? [`${grouped(pace.lostRaces)} collided`] : []),
    ...(pace.overloads > 0 ? [`${grouped(pace.overloads)} refused or unanswered`] : []),
  ];
  const pauses = pace.pauses.map(({ from, seconds }) => `  ${clockTime(from)}  paused for ${duration(seconds)}`);
  // Growing while all is well is what is expected.
  const told = pace.changes.filter(({ reason }) => reason !== 'calm');
  const left = told.length - MOST_CHANGES;
  return [
    `Pace: ${calls}${batches.length === 0 ? '' : `; documents in a batch: ${batches.join(', ')}`}`,
    ...(troubles.length === 0 ? [] : [paint.yellow(`  of ${counted(pace.calls, 'call')} ${troubles.join(', ')}`)]),
    ...told.slice(0, MOST_CHANGES).map((change) => paint.dim(`  ${changeLine(change)}`)),
    ...(left > 0 ? [paint.dim(`  and ${left} more: with --json`)] : []),
    ...pauses,
  ].join('\n');
}

/** In UTC, as everywhere. */
function clockTime(at: string): string {
  return at.slice(11, 19);
}

function batchOf(batch: number, most: number): string {
  return batch === most ? String(batch) : `${batch} of ${most}`;
}

function changeLine({ at, entity, reason, from, to }: PaceChange): string {
  const changes = [
    ...(from.batch === to.batch ? [] : [`batches ${from.batch} → ${to.batch}`]),
    ...(from.concurrency === to.concurrency ? [] : [`calls at a time ${from.concurrency} → ${to.concurrency}`]),
  ];
  return `${clockTime(at)}  ${entity}: ${changes.join(', ')}, ${REASONS[reason]}`;
}
