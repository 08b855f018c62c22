/** A rollback that was stopped on its way and taken up again. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import { loadPlan } from '../../src/workflows/load/load.ts';
import { expectSame } from './load-suite.ts';
import { makeWorld, smallHospital } from './world.ts';

test('a rollback in two parts leaves no more External IDs behind than one in one part', { timeout: 300_000 }, async () => {
  const sandbox = await startSandbox();
  const world = await makeWorld(sandbox);
  try {
    const before = await world.dump();
    await world.pull(smallHospital());
    await world.verbs.plan('first.plan');
    const { runId } = await world.verbs.load('first.plan', null);
    await world.planBack(runId, 'back.plan');
    const stop = new AbortController();
    // The bank accounts went with their suppliers, in the database: their External IDs are still there.
    const back = await world.inside(async ({ workspace, runId: own, asOf, ports }) => {
      const state = await ports.state();
      const watching = {
        ...state,
        journal: async (entries: Parameters<typeof state.journal>[0]) => {
          await state.journal(entries);
          if (entries.some(({ entity, kind, step }) => entity === 'supplier' && kind === 'answer' && step === 'record')) stop.abort();
        },
      };
      const request = { workspace, file: join(world.directory, 'back.plan'), limit: null, resume: null, runId: own, asOf };
      await state.startRun({ id: own, command: 'rollback', capability: 'procurement', startedAt: asOf, asOf });
      const stopped = await loadPlan(request, { ...ports, signal: stop.signal, state: async () => watching }).catch((error: unknown) => error);
      expect(stopped).toMatchObject({ code: 'E_INTERRUPTED' });
      return own;
    });
    expect(await world.resume(back)).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0, unknown: 0 });
    expectSame(await world.dump(), before);
  } finally {
    await sandbox.stop();
    await world.close();
  }
});
