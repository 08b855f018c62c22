/** dead-letter discard: a person gives up a record that Odoo refused. It stays in the journal, with who and why, and in the list of what has ended. */

import type { DeadLetterDiscardResult } from '../../domain/dead-letter-results.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { Ports } from '../../domain/ports.ts';
import { type DeadLetter, deadLettersOf } from '../load/dead-letters.ts';
import { shownKey } from './cases.ts';
import { letterNamed } from './name.ts';

export interface DiscardRequest {
  readonly names: readonly string[];
  readonly by: string;
  readonly reason: string;
  readonly runId: string;
}

/** All of them or none. E_DEAD_LETTER_UNKNOWN, E_USAGE. */
export async function namedToDiscard(names: readonly string[], ports: Ports): Promise<readonly DeadLetter[]> {
  const letters = await deadLettersOf(await ports.state());
  const named = [...new Set(names.map((name) => letterNamed(letters, name)))];
  const over = named.filter(({ status }) => status !== 'open');
  if (over.length === 0) return named;
  throw new CutoverError('E_USAGE', `${over.length === 1 ? 'one of these is' : `${over.length} of these are`} not open any more; nothing was discarded`, {
    details: over.map((letter) => `${letter.id}  ${letter.entity} ${letter.system}/${shownKey(letter)}: ${letter.status} by run ${letter.ended?.runId}`),
    hint: 'cutover dead-letter list --all',
  });
}

export async function discardDeadLetters({ names, by, reason, runId }: DiscardRequest, ports: Ports): Promise<DeadLetterDiscardResult> {
  const letters = await namedToDiscard(names, ports);
  const state = await ports.state();
  const nothing = { action: null, step: null, model: null, odooId: null };
  const entry = (kind: 'discarded' | 'seal', letter: DeadLetter | null, payload: JournalEntry['payload']): Omit<JournalEntry, 'sequence'> => ({
    ...{ runId, segment: 1, kind, ...nothing, at: ports.clock.now(), payload },
    ...{ entity: letter?.entity ?? null, system: letter?.system ?? null, key: letter?.key ?? null, externalId: letter?.externalId ?? null },
  });
  const ends = (letter: DeadLetter) => letter.attempts.map((attempt) => ({ runId: attempt.runId, segment: attempt.segment, sequence: attempt.sequence }));
  await state.journal([
    ...letters.map((letter) => entry('discarded', letter, { ends: ends(letter), by, reason })),
    entry('seal', null, { counts: { discarded: letters.length } }),
  ]);
  const [seal] = await state.journalHeads(runId);
  return {
    discarded: letters.map((letter) => ({ id: letter.id, entity: letter.entity, system: letter.system, key: shownKey(letter) })),
    ...{ by, reason, seal: { entries: seal?.entries ?? 0, hash: seal?.hash ?? '' } },
  };
}
