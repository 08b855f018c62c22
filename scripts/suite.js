// npm run test:odoo, npm run test:postgres, npm run test:browser: the tests that need a real server, or a real browser.
import { prepare, run } from './prepare.js';

const [suite, ...rest] = process.argv.slice(2);
process.env.CUTOVER_SUITE = suite;
run(prepare({ build: true }), ['node_modules/vitest/vitest.mjs', 'run', ...rest]);
