/** A load that somebody watches: paused, slowed down and stopped while it runs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openControl } from '../../src/cli/control.ts';
import type { Context } from '../../src/context.ts';
import type { OdooConnection, ProgressEvent } from '../../src/domain/ports.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { loadPlan } from '../../src/workflows/load/load.ts';
import { statusOf } from '../../src/workflows/status/status.ts';
import { makeWorld, manySuppliers, type World } from './world.ts';

let sandbox: Sandbox;
let world: World;
beforeEach(async () => {
  sandbox = await startSandbox();
  world = await makeWorld(sandbox);
});
afterEach(async () => {
  await sandbox.stop();
  await world.close();
});

/** Loads a plan by its control file: `told` is called at every batch, and may write to it. */
async function steered(context: Context, told: (event: ProgressEvent, write: (word: string) => Promise<void>) => void) {
  const { workspace, runId, asOf, ports } = context;
  const state = await ports.state();
  const directory = await ports.runs.runDirectory(runId);
  const write = (word: string) => writeFile(join(directory, 'control'), word);
  const stop = new AbortController();
  const progress = (event: ProgressEvent) => told(event, write);
  await state.startRun({ id: runId, command: 'load', capability: 'procurement', startedAt: asOf, asOf });
  return loadPlan(
    { workspace, file: join(world.directory, 'steered.plan'), limit: null, resume: null, runId, asOf },
    {
      ...ports,
      progress,
      signal: stop.signal,
      control: () => openControl({ directory, keys: null, progress, interrupt: () => stop.abort(), stop: () => stop.abort(), milliseconds: 5 }),
    },
  );
}

test('a pause lets what is under way land, keeps the lock, asks nothing of Odoo, and is told in the result', { timeout: 120_000 }, async () => {
  await world.pull(manySuppliers(600));
  await world.verbs.plan('steered.plan');
  await world.inside(async (context) => {
    const counted = await countCalls(context);
    let pausing: Promise<void> | null = null;
    const told: string[] = [];
    const watch = async (write: (word: string) => Promise<void>) => {
      await write('pause');
      await vi.waitFor(() => expect(told.at(-1)).toContain('paused'));
      // Whatever was under way has landed when nothing moves any more.
      let seen = -1;
      await vi.waitFor(
        () => {
          const now = counted.calls();
          const isStill = now === seen;
          seen = now;
          expect(isStill).toBe(true);
        },
        { interval: 400, timeout: 20_000 },
      );
      await expect(world.verbs.load('steered.plan', null)).rejects.toMatchObject({ code: 'E_LOCKED' });
      expect(counted.calls()).toBe(seen);
      const { workspace, runId, ports } = context;
      const paused = {
        runId,
        status: 'running',
        paused: { since: expect.stringMatching(/^20.*Z$/), resume: expect.stringMatching(/^echo resume > .*control$/) },
      };
      expect((await statusOf({ workspace }, ports)).open).toMatchObject([paused]);
      await write('concurrency 9');
      await vi.waitFor(() => expect(told).toContain("2 calls at a time from now on; the workspace's limit"));
      await write('resume');
      await vi.waitFor(async () => expect((await statusOf({ workspace }, ports)).open).toMatchObject([{ runId, paused: null }]), { timeout: 20_000 });
    };
    const result = await steered(counted.context, (event, write) => {
      if (event.kind === 'note' || event.kind === 'advance') told.push(`${'text' in event ? event.text : event.note}`);
      if (event.kind === 'advance' && event.by > 0) pausing ??= watch(write);
    });
    await pausing;
    expect(result).toMatchObject({ planned: result.applied, remaining: 0, unknown: 0 });
    expect(result.pace?.pauses).toHaveLength(1);
    expect(told.filter((text) => text.startsWith('Paused') || text.startsWith('Going on'))).toHaveLength(2);
  });
});

test('a load can be told to make one call at a time, and says why it did', { timeout: 120_000 }, async () => {
  await world.pull(manySuppliers(600));
  await world.verbs.plan('steered.plan');
  await world.inside(async (context) => {
    let asked = false;
    const result = await steered(context, (event, write) => {
      if (event.kind === 'advance' && event.by > 0 && !asked) void write('concurrency 1');
      asked ||= event.kind === 'advance';
    });
    expect(result).toMatchObject({ planned: result.applied, pace: { concurrency: 1, mostConcurrency: 2 } });
    expect(result.pace?.changes.map(({ reason }) => reason)).toContain('person');
    expect(result.pace?.entities.find(({ entity }) => entity === 'supplier')).toMatchObject({ documents: 600, mostBatch: 250 });
  });
});

test('a load that is told to stop lands what is under way, can be taken up again, and makes nothing twice', { timeout: 120_000 }, async () => {
  // More batches than are under way together.
  await writeFile(join(world.directory, 'mappings/procurement/supplier.yaml'), 'odoo:\n  batch: 60\n');
  await world.pull(manySuppliers(600));
  await world.verbs.plan('steered.plan');
  const runId = await world.inside(async (context) => {
    const stopped = await steered(context, (event, write) => {
      if (event.kind === 'advance') void write('stop');
    }).catch((error: unknown) => error);
    expect(stopped).toMatchObject({ code: 'E_INTERRUPTED' });
    const paces = [];
    for await (const page of (await context.ports.state()).journalOf(context.runId, { kinds: ['seal'] }))
      paces.push(...page.map(({ payload }) => payload.pace));
    expect(paces).toMatchObject([{ mostConcurrency: 2, entities: expect.arrayContaining([expect.objectContaining({ entity: 'unit' })]) }]);
    return context.runId;
  });
  expect(await world.resume(runId)).toMatchObject({ remaining: 0, conflict: 0, deadLettered: 0, unknown: 0 });
  expect((await world.verbs.odoo((odoo) => odoo.searchIds('res.partner', [['ref', '=like', 'S%']]))).length).toBe(600);
});

test('an Odoo that loses races and asks for fewer calls is given fewer, and the load says so', { timeout: 120_000 }, async () => {
  await world.pull(manySuppliers(600));
  await world.verbs.plan('steered.plan');
  sandbox.fail({ effect: { kind: 'concurrent-update' }, model: 'res.partner', method: 'load' });
  const { data } = await world.verbs.load('steered.plan', null);
  expect(data).toMatchObject({ remaining: 0, deadLettered: 0, unknown: 0 });
  expect(data.pace?.lostRaces).toBe(1);
  expect(data.pace?.changes.find(({ reason }) => reason === 'lost-race')).toMatchObject({
    entity: 'supplier',
    from: { concurrency: 2 },
    to: { concurrency: 1 },
  });
});

/** The same context, with its calls of Odoo counted. */
async function countCalls(context: Context): Promise<{ readonly context: Context; readonly calls: () => number }> {
  let calls = 0;
  const odoo = await context.ports.odoo();
  odoo.watch(() => {
    calls += 1;
  });
  const same = async (): Promise<OdooConnection> => odoo;
  return { context: { ...context, ports: { ...context.ports, odoo: same } }, calls: () => calls };
}
