import { afterAll, beforeAll, describe } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { describeLoad } from './load-suite.ts';
import { makeWorld, type World } from './world.ts';

describe('a load into the sandbox', () => {
  let sandbox: Sandbox;
  let world: World;
  beforeAll(async () => {
    sandbox = await startSandbox();
    world = await makeWorld(sandbox, { progress: (text) => console.error(text) });
  });
  afterAll(async () => {
    await sandbox.stop();
    await world.close();
  });
  describeLoad(() => world);
});
