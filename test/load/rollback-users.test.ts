import { afterAll, beforeAll, describe } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { describeRollbackAfterUsers } from './rollback-users-suite.ts';
import { makeWorld, type World } from './world.ts';

// A rollback of this size appends to its journal about 50 times; other moments every day.
const day = Math.floor(Date.now() / 86_400_000);
const moments = [1, 2, 3].map((round) => 2 + ((day * 7 + round * 11) % 13));

describe.each([
  ['in one go', []],
  [`killed after ${moments.join(', ')} appends and taken up again`, moments],
])('a rollback in the sandbox, %s', (_, kills) => {
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
  describeRollbackAfterUsers(() => ({ world, asUser: world.verbs.odoo, isReal: false, kills }));
});
