import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { LoadRunResult, PlanResult, ReconcileResult, StatusResult } from '../../src/domain/results.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { type Desk, openDesk, type Transcript } from './transcript.ts';

interface Journey extends Desk {
  /** Runs with --json, expects the exit code, answers the data. */
  step<Data>(exit: number, ...args: string[]): Promise<{ data: Data; runId: string; next: readonly string[]; warnings: readonly string[] }>;
  /** Runs with --json. */
  told(...args: string[]): Promise<Transcript>;
}

/** A workspace made by init, with a sandbox where its configuration looks for Odoo. */
async function openJourney(): Promise<Journey> {
  const desk = await openDesk();
  const sandbox = await startSandbox({});
  onTestFinished(() => sandbox.stop());
  const made = await desk.run('init', 'ws', '--name', 'Test Hospital', '--json');
  expect(made.exit).toBe(0);
  const { readFile, writeFile } = await import('node:fs/promises');
  const config = join(desk.directory, 'ws/cutover.yaml');
  await writeFile(config, (await readFile(config, 'utf8')).replace('http://127.0.0.1:8169', sandbox.url));
  const run = (...args: string[]) => desk.runWith({ ODOO_API_KEY: sandbox.apiKey }, ...args, '--workspace', 'ws', '--json');
  return {
    ...desk,
    told: run,
    async step(exit, ...args) {
      const told = await run(...args);
      expect([args.join(' '), told.exit, told.exit === exit ? '' : told.stdout + told.stderr]).toEqual([args.join(' '), exit, '']);
      const { data, runId, next, warnings } = told.json;
      return { data: data as never, runId: runId ?? '', next, warnings };
    },
  };
}

const breaksOf = (result: ReconcileResult) => result.entities.map(({ entity, breaks }) => [entity, breaks] as const);

test('from init to a rollback, every command names the next and ends with the right code', { timeout: 300_000 }, async () => {
  const journey = await openJourney();
  const { step } = journey;
  await step(0, 'doctor');

  const pulled = await step<{ snapshots: { system: string; rows: number }[] }>(0, 'pull');
  expect(pulled.data.snapshots.filter(({ system }) => system === 'legacy').map(({ rows }) => rows)).toEqual([2, 3, 4, 3]);
  expect(pulled.next).toEqual(['cutover map procurement --workspace ws']);
  await step(0, 'map', 'procurement');
  const before = await step<ReconcileResult>(3, 'reconcile', 'procurement');
  expect(before.data.verdict).toBe('BREAKS');

  const plan = join(journey.directory, 'ws/p.plan');
  const planned = await step<PlanResult>(0, 'plan', 'procurement', '--out', plan);
  const documents = planned.data.actions.create + planned.data.actions.link;
  const pilot = await step<LoadRunResult>(4, 'load', plan, '--limit', '3');
  expect(pilot.data).toMatchObject({ planned: documents, applied: 3, remaining: documents - 3, unknown: 0, runId: pilot.runId });
  expect(pilot.next[0]).toBe(`cutover load --resume ${pilot.runId} --workspace ws`);
  expect((await step<StatusResult>(0, 'status')).data.open.map(({ runId }) => runId)).toEqual([pilot.runId]);

  const rest = await step<LoadRunResult>(0, 'load', '--resume', pilot.runId);
  expect(rest.runId).toBe(pilot.runId);
  expect(rest.data).toMatchObject({ planned: documents, applied: documents, remaining: 0, unknown: 0 });
  await step(5, 'load', plan);
  const over = await step<LoadRunResult>(0, 'load', '--resume', pilot.runId);
  expect(over.data).toEqual(rest.data);
  expect(over.warnings).toEqual([expect.stringContaining(`run ${pilot.runId} had finished`)]);

  const night = await step<ReconcileResult>(0, 'run', 'procurement');
  expect(night.data.verdict).toBe('RECONCILED');
  expect((await step<StatusResult>(0, 'status')).data.capabilities[0]?.verdict?.overtakenBy).toBeNull();
  const again = join(journey.directory, 'ws/again.plan');
  const same = await step<PlanResult>(0, 'plan', 'procurement', '--out', again);
  // Nothing that was not a load is taken for one, and no run is recorded of it.
  for (const run of [same.runId, '20260101T000000-load-0000']) {
    const { json } = await journey.told('rollback', run);
    expect(json.error?.details).toEqual([expect.stringContaining(pilot.runId)]);
    expect((await journey.told('load', '--resume', run)).exit).toBe(2);
  }
  const nothing = await step<LoadRunResult>(0, 'load', again);
  expect(nothing.data.applied).toBe(0);
  expect(nothing.next).toEqual(['cutover run procurement --workspace ws']);
  const back = await step<LoadRunResult>(0, 'rollback', pilot.runId);
  expect(back.data).toMatchObject({ planned: documents, applied: documents, conflict: 0, remaining: 0 });
  const status = await step<StatusResult>(0, 'status');
  expect(status.data.capabilities[0]?.verdict).toMatchObject({ verdict: 'RECONCILED', overtakenBy: { command: 'rollback', runId: back.runId } });
  expect(status.next).toEqual(['cutover run procurement --workspace ws']);
  const after = await step<ReconcileResult>(3, 'run', 'procurement');
  expect(breaksOf(after.data)).toEqual(breaksOf(before.data));
});

test('what cannot be done leaves nothing behind', { timeout: 120_000 }, async () => {
  const journey = await openJourney();
  const { step } = journey;
  const early = await journey.told('plan', 'procurement', '--out', 'early.plan');
  expect([early.exit, early.json.error?.hint]).toEqual([5, 'cutover pull --capability procurement']);
  const none = await journey.told('load', 'early.plan');
  expect([none.exit, none.json.error?.code, none.json.error?.hint]).toEqual([2, 'E_USAGE', 'cutover plan procurement --out early.plan --workspace ws']);
  expect(journey.has('early.plan')).toBe(false);
  await step(2, 'map', 'procurment');
  await step(2, 'pull', 'legcy');
  await step(2, 'pull', '--entity', 'suplier');
  await step(2, 'rollback', '20260101T000000-load-0000');
  await step(2, 'init', 'ws');
  expect(journey.has('.cutover')).toBe(false);
});

test('an Odoo that is not there is exit 7, without a stack trace or the key', { timeout: 120_000 }, async () => {
  const desk = await openDesk();
  await desk.run('init', 'ws');
  const told = await desk.runWith({ ODOO_API_KEY: 'very-secret-key' }, 'pull', 'odoo', '--workspace', 'ws');
  expect(told.exit).toBe(7);
  expect(told.stdout).toBe('');
  expect(told.stderr).toMatch(/E_ODOO_UNREACHABLE/);
  expect(told.stderr).not.toMatch(/very-secret-key|\n\s+at /);
  const log = /Details: (.*)/.exec(told.stderr)?.[1] ?? '';
  const { readFile, stat } = await import('node:fs/promises');
  expect((await stat(log)).mode & 0o777).toBe(0o600);
  expect(await readFile(log, 'utf8')).not.toContain('very-secret-key');
});
