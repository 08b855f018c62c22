import { afterAll, beforeAll, describe } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { describeSecondNight } from './second-night-suite.ts';
import { makeWorld, type World } from './world.ts';

describe('the second night in the sandbox', () => {
  let sandbox: Sandbox;
  let world: World;
  beforeAll(async () => {
    sandbox = await startSandbox();
    world = await makeWorld(sandbox);
  });
  afterAll(async () => {
    await sandbox.stop();
    await world.close();
  });
  describeSecondNight(() => world);
});
