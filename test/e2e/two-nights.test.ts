import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe } from 'vitest';
import { continuesOnAFreshCheckout, type SharedServers, turnsAway } from './two-nights-suite.ts';

describe('nights with the state embedded in a shared store', () => {
  let directory: string;
  let servers: SharedServers;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cutover-nights-'));
    const legacy = join(directory, 'legacy');
    servers = {
      legacy: { client: 'pglite', url: legacy },
      execute: (sql) => executeIn(legacy, sql),
      newState: async () => 'embedded',
      raiseSchema: (_, store) => executeIn(join(store, 'state'), "insert into cutover.schema_version values (999, 'of tomorrow', now())"),
    };
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  continuesOnAFreshCheckout(() => servers);
  turnsAway(() => servers);
});

async function executeIn(directory: string, sql: string): Promise<void> {
  const pglite = await PGlite.create(directory);
  await pglite.exec(sql);
  await pglite.close();
}
