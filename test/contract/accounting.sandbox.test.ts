import { startSandbox } from '../../src/sandbox/server.ts';
import { describeAccountingContract } from './accounting-contract.ts';

describeAccountingContract('accounting on the sandbox', () => startSandbox(), 'sandbox');
