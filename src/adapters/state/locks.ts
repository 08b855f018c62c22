/** Named locks: one writer at a time per name, and whoever is turned away is told who is writing. */
import { hostname } from 'node:os';
import type { Knex } from 'knex';
import { CutoverError } from '../../domain/errors.ts';
import type { Clock } from '../../domain/ports.ts';
import { STATE_SCHEMA } from './migrations.ts';

const TABLE = `${STATE_SCHEMA}.lock`;

export interface Locks {
  withLock<Result>(name: string, holder: string, work: () => Promise<Result>): Promise<Result>;
}

/** An embedded state has one process, guarded by its lock file; within it a map is enough. */
export function processLocks(clock: Clock): Locks {
  const held = new Map<string, { holder: string; since: string }>();
  return {
    async withLock(name, holder, work) {
      const other = held.get(name);
      if (other !== undefined) throw locked(name, `${other.holder} (this process, since ${other.since})`);
      held.set(name, { holder, since: clock.now() });
      try {
        return await work();
      } finally {
        held.delete(name);
      }
    },
  };
}

/** PostgreSQL: an advisory lock on a connection of its own, which the server lets go when the holder dies. The row beside it only tells who
 *  holds it. Should that connection alone be cut, another run may take the lock; the journal then refuses the second writer, since no two
 *  entries of a segment have one number. */
export function serverLocks(knex: Knex, clock: Clock): Locks {
  return {
    async withLock(name, holder, work) {
      const connection: unknown = await knex.client.acquireConnection();
      const run = async <Row>(sql: string, bindings: readonly (string | number)[]): Promise<readonly Row[]> =>
        (await knex.raw<{ rows: Row[] }>(sql, bindings).connection(connection)).rows;
      try {
        const [answer] = await run<{ taken: boolean }>('select pg_try_advisory_lock(hashtextextended(?::text, 0)) as taken', [`cutover ${name}`]);
        if (answer?.taken !== true) throw await refused(run, name);
        await run(
          `insert into ${TABLE} (name, holder, host, pid, since) values (?, ?, ?, ?, ?)
           on conflict (name) do update set holder = excluded.holder, host = excluded.host, pid = excluded.pid, since = excluded.since`,
          [name, holder, hostname(), process.pid, clock.now()],
        );
        const [outcome] = await Promise.allSettled([work()]);
        const [release] = await Promise.allSettled([
          run(`delete from ${TABLE} where name = ?`, [name]).then(() => run('select pg_advisory_unlock(hashtextextended(?::text, 0))', [`cutover ${name}`])),
        ]);
        // what went wrong with the work says more than that the lock could not be given back afterwards
        if (outcome.status === 'rejected') throw outcome.reason;
        if (release.status === 'rejected') throw release.reason;
        return outcome.value;
      } finally {
        await knex.client.releaseConnection(connection);
      }
    },
  };
}

type RunSql = <Row>(sql: string, bindings: readonly (string | number)[]) => Promise<readonly Row[]>;

async function refused(run: RunSql, name: string): Promise<CutoverError> {
  const [other] = await run<{ holder: string; host: string; pid: number; since: Date | string }>(
    `select holder, host, pid, since from ${TABLE} where name = ?`,
    [name],
  );
  const who = other === undefined ? 'another run' : `${other.holder} (pid ${other.pid} on ${other.host}, since ${new Date(other.since).toISOString()})`;
  return locked(name, who);
}

function locked(name: string, who: string): CutoverError {
  return new CutoverError('E_LOCKED', `${name} is locked by ${who}`, { hint: 'cutover status' });
}
