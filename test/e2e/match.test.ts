import { afterAll, beforeAll, describe } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { linksAndFollows } from './match-suite.ts';

describe('matching with the sandbox', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({});
  });
  afterAll(() => sandbox.stop());
  linksAndFollows(() => sandbox);
});
