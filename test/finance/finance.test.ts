import { afterEach, beforeEach, describe } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { describeFinance } from './finance-suite.ts';
import { type FinanceWorld, makeFinanceWorld } from './finance-world.ts';

describe('finance, in the sandbox', () => {
  let sandbox: Sandbox;
  let world: FinanceWorld;
  beforeEach(async () => {
    sandbox = await startSandbox();
    world = await makeFinanceWorld(sandbox);
  });
  afterEach(async () => {
    await sandbox.stop();
    await world.close();
  });
  describeFinance(() => world);
});
