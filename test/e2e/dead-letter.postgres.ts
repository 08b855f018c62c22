import pg from 'pg';
import { afterAll, describe } from 'vitest';
import { type PostgresServer, startPostgres } from '../sources/postgres-server.ts';
import { describeDeadLetters } from './dead-letter-suite.ts';

const server: PostgresServer | null = await startPostgres();

describe.skipIf(server === null)('dead letters and audit on a PostgreSQL server', () => {
  let url = '';
  afterAll(() => server?.stop());
  describeDeadLetters({
    async state() {
      url = await (server as PostgresServer).createDatabase();
      return url;
    },
    async tamper(_, sql) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(sql);
      await client.end();
    },
  });
});
