import { startRealOdoo } from '../real-odoo/harness.ts';
import { describeOdooContract } from './contract.ts';

describeOdooContract(
  'Odoo 19',
  async () => {
    const odoo = await startRealOdoo({ version: 19 });
    return { ...odoo, apiKey: odoo.apiKey ?? '', uuid: odoo.uuid ?? '' };
  },
  'everything',
);
