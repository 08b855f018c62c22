/** Users have been at work, and the load that finds it out is killed: taken up again it knows what it had left alone, and a rollback takes back what was written. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { expectSame } from './load-suite.ts';
import { type Legacy, makeWorld, smallHospital, type World } from './world.ts';

const machine = fileURLToPath(new URL('./machine.fixture.ts', import.meta.url));

/** Killed right before its next append to the journal; its run. */
function killed(world: World, file: string, appends: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...world.environment }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] as ['ignore', 'ignore', 'inherit', 'ipc'] };
    const child = fork(machine, [world.directory, file, '', String(appends)], options);
    let runId = '';
    child.on('message', (message) => {
      const { run, paused } = message as { run?: string; paused?: boolean };
      runId = run ?? runId;
      if (paused === true) child.kill('SIGKILL');
    });
    child.on('exit', (_, signal) => (signal === 'SIGKILL' ? resolve(runId) : reject(new Error('the load ended before it was killed'))));
  });
}

describe('a load that is killed among users at work', () => {
  let sandbox: Sandbox;
  let world: World;
  beforeAll(async () => {
    sandbox = await startSandbox();
    world = await makeWorld(sandbox);
    await world.pull(smallHospital());
    await world.verbs.plan('first.plan');
    await world.verbs.load('first.plan', null);
  }, 300_000);
  afterAll(async () => {
    await sandbox.stop();
    await world.close();
  });

  const idOf = (model: string, domain: readonly unknown[]) => world.verbs.odoo(async (odoo) => (await odoo.searchIds(model, domain))[0] ?? 0);
  const save = (model: string, id: number, values: Readonly<Record<string, unknown>>) => world.verbs.odoo((odoo) => odoo.save(model, [{ id, values }], {}));
  const read = (model: string, id: number, fields: readonly string[]) => world.verbs.odoo(async (odoo) => (await odoo.read(model, [id], fields))[0]);

  // 1 the plan, 2 conflicts of suppliers, 3 their intents, 4 their answers; then the same of orders, and of their lines.
  test.each([4, 8, 10])(
    'before append %i ends as it would have, whatever had reached Odoo by then',
    async (appends) => {
      const legacy = smallHospital();
      const mark = `night ${appends}`;
      await world.pull(changed(legacy, mark, appends));
      await world.verbs.plan(`${mark}.plan`);
      const supplier = await idOf('res.partner', [['ref', '=', 'V1']]);
      const order = await idOf('purchase.order', [['name', '=', 'PO-1']]);
      const [first, second] = await world.verbs.odoo(async (odoo) => odoo.searchIds('purchase.order.line', [['order_id', '=', order]]));
      await save('res.partner', supplier, { city: `by a user, ${mark}` });
      await save('purchase.order.line', first ?? 0, { name: `by a user, ${mark}` });
      const before = await world.dump();

      const runId = await killed(world, `${mark}.plan`, appends - 1);
      const result = await world.resume(runId);
      expect(result).toMatchObject({ conflict: 2, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
      expect(result.conflicts.map(({ entity, fields }) => [entity, fields])).toEqual([
        ['supplier', ['city']],
        ['purchase_order_line', ['name']],
      ]);
      const { done = 0, asked = 0, left = 0 } = result.resumed ?? {};
      expect(done + asked + left).toBe(result.planned);
      expect(await read('res.partner', supplier, ['name', 'city'])).toMatchObject({ name: `Supplier ${mark}`, city: `by a user, ${mark}` });
      expect(await read('purchase.order', order, ['partner_ref'])).toMatchObject({ partner_ref: mark });
      expect(await read('purchase.order.line', first ?? 0, ['name'])).toMatchObject({ name: `by a user, ${mark}` });
      expect(await read('purchase.order.line', second ?? 0, ['name'])).toMatchObject({ name: mark });

      const back = await world.verbs.rollback(runId, `${mark}-back.plan`);
      expect(back.data).toMatchObject({ conflict: 0, deadLettered: 0, remaining: 0, unknown: 0 });
      expectSame(await world.dump(), before);
    },
    120_000,
  );
});

function changed(legacy: Legacy, mark: string, appends: number): Legacy {
  return {
    ...legacy,
    suppliers: legacy.suppliers.map((row) => (row['NO'] === 'V1' ? { ...row, NAME: `Supplier ${mark}`, CITY: `Ghent ${appends}` } : row)),
    orders: legacy.orders.map((row) => (row['NO'] === 'PO-1' ? { ...row, REF: mark } : row)),
    lines: legacy.lines.map((row) => (row['PO'] === 'PO-1' ? { ...row, TEXT: mark } : row)),
  };
}
