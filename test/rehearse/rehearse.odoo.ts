import { afterAll, beforeAll, describe } from 'vitest';
import { makeWorld, type World } from '../load/world.ts';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { describeRehearsal } from './rehearse-suite.ts';

describe('a rehearsal in a real Odoo', () => {
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
  describeRehearsal(() => world);
});
