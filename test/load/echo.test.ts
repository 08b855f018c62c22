/** A load, and a look at the snapshots from before it: what we wrote ourselves is no news. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { compareCapability } from '../../src/workflows/reconcile/compare.ts';
import { judgeBreaks } from '../../src/workflows/reconcile/judge.ts';
import { keepNight } from '../../src/workflows/reconcile/ledger.ts';
import { makeWorld, smallHospital, type World } from './world.ts';

const MINUTES = 60_000;

let sandbox: Sandbox;
let world: World;
beforeAll(async () => {
  sandbox = await startSandbox();
  world = await makeWorld(sandbox);
});
afterAll(async () => {
  await sandbox.stop();
  await world.close();
});

/** One look at the latest snapshots: how the breaks stand, and what the next plan would do. */
async function look(name: string) {
  const { life, echoes } = await world.inside(async ({ workspace, runId, asOf, ports }) => {
    const capability = workspace.capabilities.get('procurement');
    if (capability === undefined) throw new Error('there is no procurement');
    const request = { workspace, capability, asOf, runId };
    const judged = await judgeBreaks(await compareCapability(request, ports), request, ports);
    await keepNight(judged, 'BREAKS', runId, ports);
    return judged;
  });
  const { data } = await world.verbs.plan(`${name}.plan`);
  const { create, update, archive, refuse } = data.actions;
  return { life, echoes: Object.fromEntries(echoes), writes: create + update + archive + refuse };
}

test(
  'what a load has written is an echo until Odoo is pulled again; what a user changed afterwards is not',
  async () => {
    const hospital = smallHospital();
    await world.pull(hospital);
    const before = await look('first');
    expect(before).toMatchObject({ life: { echo: 0 }, writes: 22 });
    await world.verbs.load('first.plan', null);

    const after = await look('again');
    expect(after).toMatchObject({ life: { open: 0, new: 0 }, writes: 0 });
    expect(after.life.echo).toBe(before.life.open);
    expect(after.echoes).toMatchObject({ supplier: 5, product: 4, purchase_order: 6, purchase_order_line: 12 });

    await world.pull(hospital);
    expect(await look('clean')).toMatchObject({ life: { open: 0, echo: 0, resolved: 0 }, writes: 0 });

    // the legacy system moves, we follow, and Odoo is not pulled again
    await world.pull({ ...hospital, suppliers: hospital.suppliers.map((row) => ({ ...row, CITY: 'Shelbyville' })) });
    expect(await look('moved')).toMatchObject({ life: { open: 5, new: 5, echo: 0 }, writes: 5 });
    const { runId } = await world.verbs.load('moved.plan', null);
    expect(await look('followed')).toMatchObject({ life: { open: 0, echo: 5 }, writes: 0 });
    // taken back: Odoo is as its snapshot says again
    await world.verbs.rollback(runId, 'back.plan');
    expect(await look('returned')).toMatchObject({ life: { open: 5, new: 5, echo: 0 }, writes: 5 });

    // a user changes what we have just written, and then Odoo is pulled
    await world.verbs.load('returned.plan', null);
    await world.verbs.odoo(async (odoo) => {
      const ids = await odoo.searchIds('res.partner', [['ref', '=', 'V1']]);
      await odoo.save(
        'res.partner',
        ids.map((id) => ({ id, values: { city: 'Ogdenville' } })),
        {},
      );
    });
    await world.verbs.pull(['odoo']);
    expect(await look('edited')).toMatchObject({ life: { open: 1, echo: 0 }, writes: 1 });
  },
  5 * MINUTES,
);
