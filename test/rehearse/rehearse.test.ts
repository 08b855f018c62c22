import { afterAll, beforeAll, describe } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { makeWorld, type World } from '../load/world.ts';
import { describeRehearsal } from './rehearse-suite.ts';

describe('a rehearsal in the sandbox', () => {
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
  describeRehearsal(() => world);
});
