import { afterAll, beforeAll, describe } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { describeEdits } from './edits-suite.ts';
import { describeUsers } from './users-suite.ts';
import { makeWorld, type World } from './world.ts';

describe('users at work in the sandbox', () => {
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
  describeEdits(() => world);
});

describe('users during a load into the sandbox', () => {
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
  describeUsers(() => world);
});
