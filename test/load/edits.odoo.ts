/** The same users at work in a real Odoo 19. */
import { afterAll, beforeAll, describe } from 'vitest';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { describeEdits } from './edits-suite.ts';
import { describeUsers } from './users-suite.ts';
import { makeWorld, type World } from './world.ts';

describe('users at work in a real Odoo', () => {
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
  describeEdits(() => world);
});

describe('users during a load into a real Odoo', () => {
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
  describeUsers(() => world);
});
