/** The same thing asked for a second time: nothing is done, nothing of a later load is touched. */
import { expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import { expectSame } from './load-suite.ts';
import { makeWorld, smallHospital } from './world.ts';

test('a load taken back twice is all noop the second time, and a later load keeps its links', { timeout: 300_000 }, async () => {
  const sandbox = await startSandbox();
  const world = await makeWorld(sandbox);
  try {
    const { verbs } = world;
    await world.pull(smallHospital());
    await verbs.plan('first.plan');
    const first = await verbs.load('first.plan', null);
    expect(first.data.records).toMatchObject({ linked: 1, detached: 0 });
    const back = await verbs.rollback(first.runId, 'back.plan');
    expect(back.data).toMatchObject({ applied: 23, noop: 0, records: { linked: 0, detached: 1 } });
    const twice = await verbs.rollback(first.runId, 'twice.plan');
    expect(twice.data).toMatchObject({ planned: 23, applied: 0, noop: 23, records: { deleted: 0, linked: 0, detached: 0 } });

    await world.pull(smallHospital());
    await verbs.plan('second.plan');
    await verbs.load('second.plan', null);
    const loaded = await world.dump();
    // The unit that was linked has the same id again; what was created has other ids by now.
    const late = await verbs.rollback(first.runId, 'late.plan');
    expect(late.data).toMatchObject({ applied: 1, noop: 22, records: { deleted: 0, detached: 1 } });
    expectSame(await world.dump(), loaded);
    await world.pull(smallHospital());
    expect((await verbs.plan('third.plan')).data.actions).toMatchObject({ create: 0, update: 0, link: 1, noop: 22 });
  } finally {
    await sandbox.stop();
    await world.close();
  }
});
