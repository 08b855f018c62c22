import { it } from 'vitest';
import { connectOdoo } from '../../src/adapters/odoo/connection.ts';
import { startRealOdoo } from '../real-odoo/harness.ts';
import { NightLaboratory } from './night-world.ts';
import { describeSecondLook, hideAndCount } from './second-look-suite.ts';

describeSecondLook('Odoo 19', async () => {
  const odoo = await startRealOdoo({ version: 19 });
  return { ...odoo, apiKey: odoo.apiKey ?? '' };
});

it('what Odoo hides is known to a user who may not read the table of External IDs', async () => {
  const odoo = await startRealOdoo({ version: 19 });
  const { url, database, login, password } = odoo;
  const administrator = await connectOdoo({ url, database, login, password, concurrency: 2, timeoutSeconds: 120 });
  const groups = await administrator.resolveExternalIds(['base.group_user', 'base.group_partner_manager', 'purchase.group_purchase_user']);
  const clerk = { name: 'clerk', login: 'clerk', password: 'clerk-secret', group_ids: [[6, 0, [...groups.values()].map(({ id }) => id)]] };
  await administrator.call('res.users', 'create', { vals_list: [clerk] });
  const laboratory = await NightLaboratory.open({ url, database, login: clerk.login, password: clerk.password, stop: () => odoo.stop() });
  try {
    await hideAndCount(laboratory, administrator);
  } finally {
    await laboratory.close();
  }
});
