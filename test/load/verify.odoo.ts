/** What goes stale in a plan on a real Odoo, and who is told to have written it. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifyPlanNow } from '../../src/workflows/plan/verify.ts';
import { startRealOdoo } from '../real-odoo/harness.ts';
import { makeWorld, manySuppliers } from './world.ts';

test('a plan that was overtaken names record, field, writer and moment', { timeout: 400_000 }, async () => {
  const real = await startRealOdoo({ version: 19 });
  const world = await makeWorld({ ...real, apiKey: real.apiKey ?? '' });
  try {
    const legacy = manySuppliers(20);
    await world.pull(legacy);
    await world.verbs.plan('first.plan');
    await world.verbs.load('first.plan', null);
    await world.pull({ ...legacy, suppliers: [...legacy.suppliers.map((row) => ({ ...row, CITY: 'Shelbyville' })), ...manySuppliers(22).suppliers.slice(20)] });
    await world.verbs.plan('second.plan');
    const verify = () => world.inside(({ workspace, ports }) => verifyPlanNow({ workspace, file: join(world.directory, 'second.plan'), limit: 10 }, ports));
    expect(await verify()).toMatchObject({ problems: [], notChecked: [], checked: 22, fresh: 22, already: 0, stale: 0 });
    const [edited = 0, same = 0, gone = 0] = await world.verbs.odoo((odoo) =>
      odoo.searchIds('res.partner', [['ref', 'in', ['S000003', 'S000005', 'S000007']]]),
    );
    await world.verbs.odoo(async (odoo) => {
      await odoo.save('res.partner', [{ id: edited, values: { city: 'Ogdenville', street: '3 Other St' } }], {});
      await odoo.save('res.partner', [{ id: same, values: { city: 'Shelbyville' } }], {});
      await odoo.unlink('res.partner', [gone]);
    });
    const after = await verify();
    expect(after).toMatchObject({ checked: 22, fresh: 19, already: 1, stale: 2 });
    expect(after.byField.map(({ field, count }) => [field, count]).toSorted()).toEqual([
      ['city', 1],
      ['gone', 1],
    ]);
    const shown = after.shown.find(({ odooId }) => odooId === edited);
    expect(shown).toMatchObject({
      problem: 'changed',
      fields: [{ field: 'city', planned: 'Springfield', now: 'Ogdenville' }],
      writtenBy: expect.stringMatching(/admin/i),
    });
    expect(Math.abs(Date.parse(shown?.writtenAt ?? '') - Date.now())).toBeLessThan(600_000);
    expect(after.shown.find(({ odooId }) => odooId === gone)).toMatchObject({ problem: 'gone', writtenBy: null });
  } finally {
    await real.stop();
    await world.close();
  }
});
