import { afterEach, beforeEach, describe } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { describeMatched } from './matched-suite.ts';
import { makeWorld, type World } from './world.ts';

describe('records that are one thing, in the sandbox', () => {
  let sandbox: Sandbox;
  let world: World;
  beforeEach(async () => {
    sandbox = await startSandbox();
    world = await makeWorld(sandbox);
  });
  afterEach(async () => {
    await sandbox.stop();
    await world.close();
  });
  describeMatched(() => world);
});
