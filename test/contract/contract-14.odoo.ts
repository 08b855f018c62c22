import { startRealOdoo } from '../real-odoo/harness.ts';
import { describeOdooContract } from './contract.ts';

// ODOO_URL names one Odoo, which is for the suite of its version to try.
describeOdooContract(
  'Odoo 14',
  async () => {
    const odoo = await startRealOdoo({ version: 14 });
    return { ...odoo, apiKey: '', uuid: odoo.uuid ?? '' };
  },
  'connection',
);
