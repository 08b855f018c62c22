import { startSandbox } from '../../src/sandbox/server.ts';
import { describeSecondLook } from './second-look-suite.ts';

describeSecondLook('the sandbox', () => startSandbox({ seed: 'bare' }));
