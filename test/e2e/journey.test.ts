import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LoadRunResult, PlanResult, ReconcileResult, StatusResult } from '../../src/domain/results.ts';
import { openJourney } from './open-journey.ts';
import { openDesk } from './transcript.ts';

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
