import { describe, expect, it } from 'vitest';
import { labelledData, labelledSets, missingFiles, truthOf } from './labelled-set.ts';
import { labelledFigures } from './run.ts';

/** The large sets take longer than a test may: `npm run bench -- labelled` runs all. */
const small = ['abt-buy', 'facilities', 'fake-1000'];

describe('labelled sets', () => {
  for (const set of small) {
    const missing = missingFiles(truthOf(set));
    it.skipIf(missing.length > 0)(
      `${set}: the targets are reached with the default settings${missing.length > 0 ? ` (skipped: ${missing.join(', ')} not in ${labelledData})` : ''}`,
      {
        timeout: 180_000,
      },
      async () => {
        const [figures] = await labelledFigures([set], () => undefined);
        expect(figures?.missed).toEqual([]);
      },
    );
  }

  it('say what they are about and what is expected of them', () => {
    for (const set of labelledSets) expect(truthOf(set).about).not.toBe('');
  });
});
