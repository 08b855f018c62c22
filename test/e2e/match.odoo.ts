/** The same with a real Odoo 19, and its demo data in the way. */
import { afterAll, beforeAll, describe } from 'vitest';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { linksAndFollows } from './match-suite.ts';

describe('matching with a real Odoo', () => {
  let odoo: RealOdoo;
  beforeAll(async () => {
    odoo = await startRealOdoo({ version: 19, demo: true });
  }, 600_000);
  afterAll(() => odoo.stop());
  linksAndFollows(() => ({ ...odoo, apiKey: odoo.apiKey ?? odoo.password }));
});
