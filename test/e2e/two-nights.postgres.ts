import knexModule from 'knex';
import { afterAll, beforeAll, describe } from 'vitest';
import { type PostgresServer, startPostgres } from '../sources/postgres-server.ts';
import { continuesOnAFreshCheckout, type SharedServers, turnsAway } from './two-nights-suite.ts';

const server: PostgresServer | null = await startPostgres();

describe.skipIf(server === null)('nights with the state on a PostgreSQL server', () => {
  let servers: SharedServers;
  beforeAll(() => {
    const { url, createDatabase } = server as PostgresServer;
    servers = {
      legacy: { client: 'pg', url },
      execute: (sql) => executeAt(url, sql),
      newState: createDatabase,
      raiseSchema: (state) => executeAt(state, "insert into cutover.schema_version values (999, 'of tomorrow', now())"),
    };
  });
  afterAll(() => server?.stop());

  continuesOnAFreshCheckout(() => servers);
  turnsAway(() => servers);
});

async function executeAt(url: string, sql: string): Promise<void> {
  const knex = knexModule({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  try {
    await knex.raw(sql);
  } finally {
    await knex.destroy();
  }
}
