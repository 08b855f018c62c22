/** The same on a real Odoo 19. */
import { afterEach, beforeEach, describe } from 'vitest';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { describeFinance } from './finance-suite.ts';
import { type FinanceWorld, makeFinanceWorld } from './finance-world.ts';

describe('finance, in a real Odoo', () => {
  let odoo: RealOdoo;
  let world: FinanceWorld;
  beforeEach(async () => {
    odoo = await startRealOdoo({ version: 19 });
    world = await makeFinanceWorld({ ...odoo, apiKey: odoo.apiKey ?? odoo.password });
  });
  afterEach(async () => {
    await odoo.stop();
    await world.close();
    // with them set, the harness would take the next Odoo for one of the user's own
    for (const name of ['ODOO_URL', 'ODOO_DB', 'ODOO_LOGIN', 'ODOO_API_KEY']) delete process.env[name];
  });
  describeFinance(() => world);
});
