/** The same on a real Odoo 19. */
import { afterEach, beforeEach, describe } from 'vitest';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { describeMatched } from './matched-suite.ts';
import { makeWorld, type World } from './world.ts';

describe('records that are one thing, in a real Odoo', () => {
  let odoo: RealOdoo;
  let world: World;
  beforeEach(async () => {
    odoo = await startRealOdoo({ version: 19 });
    world = await makeWorld({ ...odoo, apiKey: odoo.apiKey ?? odoo.password });
  });
  afterEach(async () => {
    await odoo.stop();
    await world.close();
    // with them set, the harness would take the next Odoo for one of the user's own
    for (const name of Object.keys(world.environment)) delete process.env[name];
  });
  describeMatched(() => world);
});
