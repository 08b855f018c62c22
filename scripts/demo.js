// npm run demo [-- arguments of `cutover demo`]
import { prepare, run } from './prepare.js';

run(prepare({ build: true }), ['bin/run.js', 'demo', ...process.argv.slice(2)]);
