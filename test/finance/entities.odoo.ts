/** The same on a real Odoo 19. */
import { afterAll, beforeAll, describe } from 'vitest';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { describeEntities } from './entities-suite.ts';
import { type FinanceWorld, makeWorldOf } from './finance-world.ts';
import { type WholeLedger, wholeLedgerFiles } from './whole-ledger.ts';

describe('the entities of finance, in a real Odoo', () => {
  let odoo: RealOdoo;
  let world: FinanceWorld<WholeLedger>;
  beforeAll(async () => {
    odoo = await startRealOdoo({ version: 19, accounting: true });
    world = await makeWorldOf({ ...odoo, apiKey: odoo.apiKey ?? odoo.password }, wholeLedgerFiles, { state: 'draft' }, true);
  });
  afterAll(async () => {
    await odoo.stop();
    await world.close();
    // with them set, the harness would take the next Odoo for one of the user's own
    for (const name of ['ODOO_URL', 'ODOO_DB', 'ODOO_LOGIN', 'ODOO_API_KEY']) delete process.env[name];
  });
  describeEntities(() => world);
});
