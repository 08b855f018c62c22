/** A load killed at any moment and taken up again ends as an undisturbed one; a killed rollback as well. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verbsOf } from '../../src/demo/verbs.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { killedLoad } from './killed-load.ts';
import { expectSame } from './load-suite.ts';
import { type Dump, makeWorld, smallHospital, type World } from './world.ts';

describe('a load that is killed', () => {
  let sandbox: Sandbox;
  let world: World;
  let before: Dump;
  beforeAll(async () => {
    sandbox = await startSandbox();
    world = await makeWorld(sandbox);
    before = await world.dump();
  });
  afterAll(async () => {
    await sandbox.stop();
    await world.close();
  });

  test('is taken up again and ends as if nothing had happened, and can be taken back', async () => {
    const { verbs } = world;
    await world.pull(smallHospital());
    await verbs.plan('killed.plan');
    // Journal appends of a whole load are about 40; the moments are spread over it, and a call under way at the moment goes on in Odoo.
    let { runId, killed } = await killedLoad(world, 'killed.plan', null, 3);
    expect(killed).toBe(true);
    let rounds = 0;
    for (const moment of [7, 5, 11, 9]) {
      ({ killed } = await killedLoad(world, 'killed.plan', runId, moment));
      rounds += 1;
      if (!killed) break;
    }
    expect(rounds).toBeGreaterThan(1);
    const data = await world.resume(runId);
    expect(data).toMatchObject({ planned: 23, applied: 23, conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
    expect(Object.keys((await world.dump())['purchase.order'] ?? {}).length).toBe(6);
    await world.pull(smallHospital());
    expect((await verbs.plan('after.plan')).data.actions).toMatchObject({ create: 0, update: 0, noop: 23 });
    const back = await verbs.rollback(runId, 'killed-back.plan');
    expect(back.data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0 });
    expectSame(await world.dump(), before);
  }, 400_000);

  test('and is not taken up again can be taken back as far as it came', async () => {
    const { verbs } = world;
    await world.pull(smallHospital());
    await verbs.plan('half.plan');
    const { runId } = await killedLoad(world, 'half.plan', null, 26);
    const back = await verbs.rollback(runId, 'half-back.plan');
    expect(back.data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0 });
    expectSame(await world.dump(), before);
  }, 200_000);

  test('while it takes a load back goes on where it was', async () => {
    const { verbs } = world;
    await world.pull(smallHospital());
    await verbs.plan('whole.plan');
    const load = await verbs.load('whole.plan', null);
    await world.planBack(load.runId, 'whole-back.plan');
    let { runId, killed } = await killedLoad(world, 'whole-back.plan', null, 4);
    expect(killed).toBe(true);
    for (const moment of [8, 6]) if (killed) ({ killed } = await killedLoad(world, 'whole-back.plan', runId, moment));
    expect(await world.resume(runId)).toMatchObject({ planned: 23, conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
    expectSame(await world.dump(), before);
  }, 200_000);

  test('by Ctrl-C ends its batch, says how to go on, and goes on', async () => {
    await world.pull(smallHospital());
    await world.verbs.plan('stopped.plan');
    const stop = new AbortController();
    const stopping = verbsOf({
      workspace: world.directory,
      signal: stop.signal,
      progress: (event) => {
        if (event.kind === 'advance' && event.step === 'Loading') stop.abort();
      },
    });
    const error: unknown = await stopping.load('stopped.plan', null).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'E_INTERRUPTED', hint: expect.stringMatching(/^cutover load --resume /) });
    const runId = String((error as { hint: string }).hint).replace('cutover load --resume ', '');
    expect(Object.keys((await world.dump())['purchase.order'] ?? {})).toEqual([]);
    expect(await world.resume(runId)).toMatchObject({ planned: 23, applied: 23, remaining: 0, unknown: 0 });
    expect((await world.verbs.rollback(runId, 'stopped-back.plan')).data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0 });
    expectSame(await world.dump(), before);
  }, 200_000);
});
