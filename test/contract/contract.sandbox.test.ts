import { startSandbox } from '../../src/sandbox/server.ts';
import { describeOdooContract } from './contract.ts';

describeOdooContract('the sandbox', () => startSandbox({ seed: 'bare' }), 'sandbox');
