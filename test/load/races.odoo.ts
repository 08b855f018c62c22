/** The same races in a real Odoo 19. */
import { afterAll, beforeAll, describe } from 'vitest';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { describeRaces } from './races-suite.ts';
import { makeWorld, type World } from './world.ts';

describe('a user who is quicker, in a real Odoo', () => {
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
  describeRaces(() => world);
});
