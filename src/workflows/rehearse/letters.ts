/** What Odoo refused in a rehearsal is told in its answer; it is not left open for anybody to settle, since everything was taken back. */
import type { Ports } from '../../domain/ports.ts';
import { discardDeadLetters } from '../dead-letter/discard.ts';
import { deadLettersOf } from '../load/dead-letters.ts';

/** `loadRunId`: those of the rollback stay open, since their records are still in Odoo. */
export async function discardRehearsed(loadRunId: string, rehearsal: string, ports: Ports): Promise<void> {
  const letters = await deadLettersOf(await ports.state(), 'skip');
  // One that was open before is a load's own.
  const names = letters.filter(({ status, attempts }) => status === 'open' && attempts.every(({ runId }) => runId === loadRunId)).map(({ id }) => id);
  if (names.length === 0) return;
  await discardDeadLetters({ names, by: 'cutover rehearse', reason: `rehearsal ${rehearsal}: everything was taken back`, runId: rehearsal }, ports);
}
