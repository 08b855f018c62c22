import { startRealOdoo } from '../real-odoo/harness.ts';
import { describeSecondLook } from './second-look-suite.ts';

describeSecondLook('Odoo 19', async () => {
  const odoo = await startRealOdoo({ version: 19 });
  return { ...odoo, apiKey: odoo.apiKey ?? '' };
});
