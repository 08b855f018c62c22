/** A process that journals until it is killed, and tells its parent what has resolved. */

import { clock, journalEntry } from './state-entries.fixture.ts';
import { openState } from './state-store.ts';

const state = await openState({ url: 'embedded', directory: process.argv[2] ?? '', clock, holder: 'victim' });
for (let batch = 1; ; batch += 1) {
  await state.journal(Array.from({ length: 25 }, (_, index) => journalEntry('victim', `${batch}-${index}`)));
  process.send?.(batch);
}
