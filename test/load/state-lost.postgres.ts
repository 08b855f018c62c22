/** The PostgreSQL of the state dies while a load is under way: it says so, and the run it names goes on to the same end. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verbsOf } from '../../src/demo/verbs.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { type PrivatePostgres, startPrivatePostgres } from '../chaos/private-postgres.ts';
import { makeWorld, manySuppliers, type World } from './world.ts';

const postgres: PrivatePostgres | null = await startPrivatePostgres();

describe.skipIf(postgres === null)('a load whose state dies', () => {
  const server = postgres as PrivatePostgres;
  let sandbox: Sandbox;
  let world: World;
  beforeAll(async () => {
    await server.sql('create database state_lost');
    sandbox = await startSandbox();
    world = await makeWorld(sandbox, { state: server.url('state_lost') });
  });
  afterAll(async () => {
    await sandbox?.stop();
    await world?.close();
    await server?.stop();
  });

  test('stops with a code of its own, says what was under way, and goes on with the command it names', async () => {
    await world.pull(manySuppliers(1500));
    await world.verbs.plan('lost.plan');
    let crashing: Promise<void> | null = null;
    const dying = verbsOf({
      workspace: world.directory,
      signal: new AbortController().signal,
      progress: (event) => {
        if (event.kind === 'advance' && event.step === 'Loading') crashing ??= server.crash(3_000);
      },
    });
    const error: unknown = await dying.load('lost.plan', null).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'E_STATE_UNREACHABLE', exitCode: 7, hint: expect.stringMatching(/^cutover load --resume \S+$/) });
    expect((error as { details: string[] }).details.join('\n')).toMatch(/\d+ documents were under way/);
    await crashing;
    const runId = (error as { hint: string }).hint.replace('cutover load --resume ', '');
    expect(await world.resume(runId)).toMatchObject({ applied: 1505, noop: 0, conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
    const partners = await world.verbs.odoo((odoo) => odoo.searchIds('res.partner', [['ref', '=like', 'S%']]));
    expect(partners).toHaveLength(1500);
  }, 300_000);
});
