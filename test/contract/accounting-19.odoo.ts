import { startRealOdoo } from '../real-odoo/harness.ts';
import { describeAccountingContract } from './accounting-contract.ts';

describeAccountingContract(
  'accounting on Odoo 19',
  async () => {
    const odoo = await startRealOdoo({ version: 19, accounting: true });
    return { ...odoo, apiKey: odoo.apiKey ?? '', uuid: odoo.uuid ?? '' };
  },
  'everything',
);
