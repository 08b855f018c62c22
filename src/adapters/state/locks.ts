/** Named locks: one writer at a time per name, and whoever is turned away is told who is writing. */
import { hostname } from 'node:os';
import type { Knex } from 'knex';
import { CutoverError } from '../../domain/errors.ts';
import type { Clock } from '../../domain/ports.ts';
import { STATE_SCHEMA } from './migrations.ts';
import { stateFailure } from './state-failure.ts';

const TABLE = `${STATE_SCHEMA}.lock`;
/** A holder writes its row right after it took the lock: whoever is refused reads it a moment later. */
const ROW_MILLISECONDS = 100;

/** Who holds a lock: the row beside it. No two holders are the same. */
export interface Fence {
  readonly name: string;
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
}

export interface Locks {
  withLock<Result>(name: string, holder: string, work: () => Promise<Result>): Promise<Result>;
  /** The locks this process holds, as far as it knows. A writer whose lock somebody else has taken by now must not write any more. */
  held(): readonly Fence[];
}

/** An embedded state has one process, guarded by its lock file; within it a map is enough. */
export function processLocks(clock: Clock): Locks {
  const held = new Map<string, { holder: string; since: string }>();
  return {
    // nobody else can have taken them
    held: () => [],
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

/** PostgreSQL: an advisory lock on a connection of its own, which the server lets go when the holder dies, and a row that tells who holds it. Should that
 *  connection alone be cut, another run may take the lock: it puts its own row in place, and the first can append nothing to its journal any more
 *  (journal.ts), and so sends nothing. */
export function serverLocks(knex: Knex, clock: Clock): Locks {
  const held = new Set<Fence>();
  return {
    held: () => [...held],
    async withLock(name, holder, work) {
      const connection: unknown = await knex.client.acquireConnection().catch((error: unknown) => {
        throw stateFailure(error, false);
      });
      const run = async <Row>(sql: string, bindings: readonly (string | number)[]): Promise<readonly Row[]> => {
        try {
          return (await knex.raw<{ rows: Row[] }>(sql, bindings).connection(connection)).rows;
        } catch (error) {
          throw stateFailure(error, false);
        }
      };
      const mine: Fence = { name, holder, host: hostname(), pid: process.pid, since: clock.now() };
      try {
        const [answer] = await run<{ taken: boolean }>('select pg_try_advisory_lock(hashtextextended(?::text, 0)) as taken', [`cutover ${name}`]);
        if (answer?.taken !== true) throw await refused(run, name);
        await run(
          `insert into ${TABLE} (name, holder, host, pid, since) values (?, ?, ?, ?, ?)
           on conflict (name) do update set holder = excluded.holder, host = excluded.host, pid = excluded.pid, since = excluded.since`,
          [name, mine.holder, mine.host, mine.pid, mine.since],
        );
        held.add(mine);
        const [outcome] = await Promise.allSettled([work()]);
        const [release] = await Promise.allSettled([
          run(`delete from ${TABLE} where ${IS_MINE}`, [mine.name, mine.holder, mine.host, mine.pid, mine.since]).then(() =>
            run('select pg_advisory_unlock(hashtextextended(?::text, 0))', [`cutover ${name}`]),
          ),
        ]);
        // what went wrong with the work says more than that the lock could not be given back afterwards
        if (outcome.status === 'rejected') throw outcome.reason;
        if (release.status === 'rejected') throw release.reason;
        return outcome.value;
      } finally {
        held.delete(mine);
        await knex.client.releaseConnection(connection);
      }
    },
  };
}

const IS_MINE = 'name = ? and holder = ? and host = ? and pid = ? and since = ?';

type RunSql = <Row>(sql: string, bindings: readonly (string | number)[]) => Promise<readonly Row[]>;

async function refused(run: RunSql, name: string): Promise<CutoverError> {
  await new Promise((resolve) => setTimeout(resolve, ROW_MILLISECONDS));
  return locked(name, await holderOf(run, name));
}

async function holderOf(run: RunSql, name: string): Promise<string> {
  const [other] = await run<Omit<Fence, 'since'> & { since: Date | string }>(`select holder, host, pid, since from ${TABLE} where name = ?`, [name]);
  return other === undefined ? 'another run' : `${other.holder} (pid ${other.pid} on ${other.host}, since ${new Date(other.since).toISOString()})`;
}

/** For a writer that finds itself without its lock: who has it now. */
export async function lostLock(knex: Knex, { name }: Fence): Promise<CutoverError> {
  const who = await holderOf(async (sql, bindings) => (await knex.raw(sql, bindings)).rows, name);
  return new CutoverError('E_LOCKED', `this run has lost ${name} to ${who}: its connection to the state was cut meanwhile, so it stopped writing`, {
    hint: 'cutover status',
    details: ['nothing was sent after that; what was under way is asked of Odoo by whoever goes on with the run'],
  });
}

function locked(name: string, who: string): CutoverError {
  return new CutoverError('E_LOCKED', `${name} is locked by ${who}`, {
    hint: 'cutover status',
    details: ['wait for it to end, then give the same command again; the lock of a process that died goes with its connection'],
  });
}
