// npm test [-- arguments of vitest]
import { prepare, run } from './prepare.js';

run(prepare({ build: true }), ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)]);
