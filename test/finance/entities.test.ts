import { afterAll, beforeAll, describe } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { describeEntities } from './entities-suite.ts';
import { type FinanceWorld, makeWorldOf } from './finance-world.ts';
import { type WholeLedger, wholeLedgerFiles } from './whole-ledger.ts';

describe('the entities of finance, in the sandbox', () => {
  let sandbox: Sandbox;
  let world: FinanceWorld<WholeLedger>;
  beforeAll(async () => {
    sandbox = await startSandbox();
    world = await makeWorldOf(sandbox, wholeLedgerFiles, { state: 'draft' }, true);
  });
  afterAll(async () => {
    await sandbox.stop();
    await world.close();
  });
  describeEntities(() => world);
});
