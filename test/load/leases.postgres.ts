/** Two machines with one state: whatever the timing one of them writes, and the other is told who does. Two real processes on a real PostgreSQL. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoadRunResult } from '../../src/domain/results.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { type PostgresServer, startPostgres } from '../sources/postgres-server.ts';
import { type Legacy, makeWorld, manySuppliers, type World } from './world.ts';

const server: PostgresServer | null = await startPostgres();
const machine = fileURLToPath(new URL('./machine.fixture.ts', import.meta.url));
const MINUTES = 60_000;
const SUPPLIERS = 400;

interface Ended {
  readonly data: LoadRunResult | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

interface Machine {
  readonly child: ChildProcess;
  readonly run: Promise<string>;
  readonly paused: Promise<void>;
  readonly ended: Promise<Ended>;
}

function start(world: World, file: string, resume = '', appends = 0): Machine {
  const child = fork(machine, [world.directory, file, resume, String(appends)], {
    env: { ...process.env, ...world.environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const heard = <Told>(wanted: (message: Record<string, unknown>) => Told | undefined): Promise<Told> =>
    new Promise((resolve) => {
      child.on('message', (message) => {
        const told = wanted(message as Record<string, unknown>);
        if (told !== undefined) resolve(told);
      });
    });
  const data = heard((message) => message['data'] as LoadRunResult | undefined).then((result): Ended => ({ data: result, error: null }));
  const error = heard((message) => message['error'] as Ended['error'] | undefined).then((thrown): Ended => ({ data: null, error: thrown }));
  const gone = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  return {
    child,
    run: heard((message) => message['run'] as string | undefined),
    paused: heard((message) => (message['paused'] === true ? true : undefined)).then(() => undefined),
    ended: Promise.race([data, error]).then(async (ended) => {
      await gone;
      return ended;
    }),
  };
}

describe.skipIf(server === null)('two machines with one state', () => {
  let sandbox: Sandbox;
  let world: World;
  beforeAll(async () => {
    sandbox = await startSandbox();
    world = await makeWorld(sandbox, { state: (server as PostgresServer).url });
  });
  afterAll(async () => {
    await sandbox?.stop();
    await world?.close();
    await server?.stop();
  });

  const named = (word: string): Legacy => {
    const legacy = manySuppliers(SUPPLIERS);
    return { ...legacy, suppliers: legacy.suppliers.map((row) => ({ ...row, NAME: `${word} ${row['NO']}` })) };
  };
  /** Names of the suppliers in Odoo; as many as there are records. */
  const names = () =>
    world.verbs.odoo(async (odoo) => {
      const records = await odoo.read('res.partner', await odoo.searchIds('res.partner', [['ref', '=like', 'S%']]), ['name']);
      return records.map((record) => String(record['name'])).sort();
    });
  const all = (word: string): string[] => named(word).suppliers.map((row) => row['NAME'] ?? '');

  test(
    'load one plan: one does, and the other is told that it is locked or used, by whom and since when',
    async () => {
      await world.pull(named('first'));
      await world.verbs.plan('one.plan');
      const machines = [start(world, 'one.plan'), start(world, 'one.plan')];
      const ended = await Promise.all(machines.map(({ ended: end }) => end));
      const winners = ended.filter(({ data }) => data !== null);
      expect(winners).toHaveLength(1);
      expect(winners[0]?.data).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
      const told = ended.find(({ error }) => error !== null)?.error;
      const winner = await machines[ended.findIndex(({ data }) => data !== null)]?.run;
      expect(told?.code).toMatch(/^E_(LOCKED|PLAN_USED)$/);
      expect(told?.message).toContain(winner);
      expect(await names()).toEqual(all('first'));
    },
    3 * MINUTES,
  );

  test(
    'load two plans over the same records: one does, the other waits, and then finds everything done',
    async () => {
      await world.pull(named('second'));
      await world.verbs.plan('two-a.plan');
      await world.verbs.plan('two-b.plan');
      const machines = [start(world, 'two-a.plan', '', 3), start(world, 'two-b.plan', '', 3)] as const;
      const first = await Promise.race(machines.map(({ paused }, index) => paused.then(() => index)));
      const other = machines[1 - first] as Machine;
      const refused = await other.ended;
      expect(refused.error?.code).toBe('E_LOCKED');
      expect(refused.error?.message).toMatch(/is locked by load \S+ \(pid \d+ on .+, since \d{4}-\d\d-\d\dT/);
      expect(refused.error?.message).toContain(await (machines[first] as Machine).run);
      machines[first]?.child.send('go on');
      expect((await machines[first]?.ended)?.data).toMatchObject({ conflict: 0, remaining: 0, unknown: 0 });
      const again = await start(world, first === 0 ? 'two-b.plan' : 'two-a.plan').ended;
      expect(again.data).toMatchObject({ applied: 0, conflict: 0, deadLettered: 0, remaining: 0, unknown: 0 });
      expect(await names()).toEqual(all('second'));
    },
    3 * MINUTES,
  );

  test(
    'and one whose connection was cut while it wrote sends nothing any more once another has gone on with its run',
    async () => {
      await world.pull(named('third'));
      await world.verbs.plan('cut.plan');
      const cut = start(world, 'cut.plan', '', 5);
      const runId = await cut.run;
      await cut.paused;
      const client = new pg.Client({ connectionString: (server as PostgresServer).url });
      await client.connect();
      await client.query("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()");
      await client.end();
      const taken = await start(world, '', runId).ended;
      expect(taken.data).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
      const before = await world.dump();
      expect(await names()).toEqual(all('third'));
      cut.child.send('go on');
      const late = await cut.ended;
      expect(late.error?.code).toBe('E_LOCKED');
      expect(late.error?.message).toContain('has lost');
      expect(await world.dump()).toEqual(before);
      const heads = await world.inside(async ({ ports }) => {
        const state = await ports.state();
        expect((await state.verifyJournal(runId)).findings).toEqual([]);
        // What the other came to stands, whatever the first says of its own end.
        expect(await state.run(runId)).toMatchObject({ status: 'ok', data: { remaining: 0 } });
        return state.journalHeads(runId);
      });
      expect(heads.map(({ segment }) => segment)).toEqual([1, 2]);
    },
    3 * MINUTES,
  );
});
