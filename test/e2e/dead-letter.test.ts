import { join } from 'node:path';
import { describe } from 'vitest';
import { openEmbedded } from '../../src/adapters/state/database.ts';
import { describeDeadLetters } from './dead-letter-suite.ts';

describe('dead letters and audit on an embedded state', () => {
  describeDeadLetters({
    state: async () => 'embedded',
    async tamper(directory, sql) {
      const database = await openEmbedded(join(directory, '.cutover'), { now: () => '2026-11-23T06:00:00.000Z' }, 'tamper');
      await database.knex.raw(sql);
      await database.close();
    },
  });
});
