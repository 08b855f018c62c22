/** The same load and rollback against a real Odoo 19. */
import { afterAll, beforeAll, describe } from 'vitest';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { describeLoad } from './load-suite.ts';
import { describeSecondNight } from './second-night-suite.ts';
import { makeWorld, type World } from './world.ts';

describe('a load into a real Odoo', () => {
  let odoo: RealOdoo;
  let world: World;
  beforeAll(async () => {
    odoo = await startRealOdoo({ version: 19 });
    world = await makeWorld({ ...odoo, apiKey: odoo.apiKey ?? odoo.password });
  });
  afterAll(async () => {
    await odoo.stop();
    await world.close();
  });
  describeLoad(() => world);
  // Last: what it loads stays.
  describe('and the night after', () => describeSecondNight(() => world));
});
