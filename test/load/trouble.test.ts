/** What goes wrong during a load: users, refusals, lost answers, lost races. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { expectSame } from './load-suite.ts';
import { type Legacy, makeWorld, manySuppliers, smallHospital, type World } from './world.ts';

const MINUTES = 60_000;

describe('a load in trouble', () => {
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

  const idOf = (model: string, domain: readonly unknown[]): Promise<number> =>
    world.verbs.odoo(async (odoo) => (await odoo.searchIds(model, domain))[0] as number);
  const renamed = (legacy: Legacy, no: string, name: string): Legacy => ({
    ...legacy,
    suppliers: legacy.suppliers.map((row) => (row.NO === no ? { ...row, NAME: name } : row)),
  });

  test(
    'answers lost after the commit are found out, nothing is made twice',
    async () => {
      const before = await world.dump();
      await world.pull(smallHospital());
      await world.verbs.plan('lost.plan');
      for (const [model, method] of [
        ['res.partner', 'load'],
        ['product.product', 'load'],
        ['purchase.order', 'load'],
        ['purchase.order', 'button_confirm'],
        ['purchase.order', 'button_lock'],
      ] as const) {
        sandbox.fail({ effect: { kind: 'drop-after-commit' }, model, method });
      }
      const load = await world.verbs.load('lost.plan', null);
      expect(load.data).toMatchObject({ planned: 23, applied: 23, deadLettered: 0, remaining: 0, unknown: 0 });
      await world.pull(smallHospital());
      expect((await world.verbs.plan('lost-again.plan')).data.actions).toMatchObject({ create: 0, update: 0, noop: 23 });
      const back = await world.verbs.rollback(load.runId, 'lost-back.plan');
      expect(back.data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0 });
      expectSame(await world.dump(), before);
    },
    5 * MINUTES,
  );

  test(
    'what a user changed is a conflict that stays; what only we changed is written and can be taken back',
    async () => {
      await world.pull(smallHospital());
      await world.verbs.plan('base.plan');
      const base = await world.verbs.load('base.plan', null);
      const loaded = await world.dump();
      await world.pull(renamed(renamed(smallHospital(), 'V1', 'Ours V1'), 'A_B', 'Ours A_B'));
      const plan = await world.verbs.plan('change.plan');
      expect(plan.data.actions).toMatchObject({ create: 0, update: 2, noop: 21 });
      const theirs = await idOf('res.partner', [['ref', '=', 'V1']]);
      await world.verbs.odoo((odoo) => odoo.save('res.partner', [{ id: theirs, values: { name: 'Theirs V1' } }], {}));
      const change = await world.verbs.load('change.plan', null);
      expect(change.data).toMatchObject({ applied: 1, conflict: 1, conflicts: [{ entity: 'supplier', key: 'V1', fields: ['name'] }] });
      const back = await world.verbs.rollback(change.runId, 'change-back.plan');
      expect(back.data).toMatchObject({ applied: 1, conflict: 0 });
      await world.verbs.odoo((odoo) => odoo.save('res.partner', [{ id: theirs, values: { name: 'Supplier V1' } }], {}));
      expectSame(await world.dump(), loaded);
      // A later edit stays through the rollback of the load that made the record, and so does what it needs.
      await world.verbs.odoo((odoo) => odoo.save('res.partner', [{ id: theirs, values: { name: 'Theirs V1' } }], {}));
      const all = await world.verbs.rollback(base.runId, 'base-back.plan');
      expect(all.data.conflicts).toEqual([{ entity: 'supplier', key: 'V1', fields: ['name'], held: [] }]);
      expect(await idOf('res.partner', [['name', '=', 'Theirs V1']])).toBe(theirs);
      await world.verbs.odoo((odoo) => odoo.unlink('res.partner', [theirs]));
    },
    5 * MINUTES,
  );

  test(
    'a record that Odoo refuses is found among its batch and named in its words; what refers to it is blocked',
    async () => {
      const legacy = smallHospital();
      // Odoo has no unit without a factor.
      await world.pull({ ...legacy, units: legacy.units.map((row) => (row.CODE === 'BX12' ? { ...row, FACTOR: '0' } : row)) });
      await world.verbs.plan('refused.plan');
      const load = await world.verbs.load('refused.plan', null);
      expect(load.data).toMatchObject({ planned: 23, applied: 21, deadLettered: 1, blocked: 1, remaining: 0, unknown: 0 });
      expect(load.data.refusals.map((one) => [one.entity, one.keys])).toEqual([
        ['unit', ['BX12']],
        ['unit', ['CS']],
      ]);
      await world.verbs.rollback(load.runId, 'refused-back.plan');
    },
    5 * MINUTES,
  );

  test(
    'a supplier that Odoo has already is not made twice: it is linked by decision',
    async () => {
      const there = await world.verbs.odoo((odoo) =>
        odoo.call<number[]>('res.partner', 'create', { vals_list: [{ name: 'Known', ref: 'V2', supplier_rank: 1 }] }),
      );
      await world.pull(smallHospital());
      const plan = await world.verbs.plan('known.plan');
      expect(plan.data.refusals.map((one) => one.entity)).toContain('supplier');
      expect(plan.data.samples.filter((sample) => sample.entity === 'supplier' && sample.action === 'create').map((sample) => sample.key)).not.toContain('V2');
      await world.verbs.odoo((odoo) => odoo.unlink('res.partner', there));
    },
    2 * MINUTES,
  );

  test(
    'lost races are tried again, and no record is lost',
    async () => {
      await world.pull(manySuppliers(600));
      await world.verbs.plan('race.plan');
      sandbox.fail({ effect: { kind: 'concurrent-update' }, model: 'res.partner', method: 'load', times: 2 });
      const load = await world.verbs.load('race.plan', null);
      expect(load.data).toMatchObject({ deadLettered: 0, remaining: 0, unknown: 0 });
      expect((await world.verbs.odoo((odoo) => odoo.searchIds('res.partner', [['ref', '=like', 'S%']]))).length).toBe(600);
      await world.verbs.rollback(load.runId, 'race-back.plan');
    },
    3 * MINUTES,
  );
});
