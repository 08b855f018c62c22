// Runs a TypeScript file of the repository: npm run accept, npm run bench, npm run schemas, npm run cutover.
import { prepare, run } from './prepare.js';

const [file, ...rest] = process.argv.slice(2);
// What lies in test/ starts the built program.
const node = prepare({ build: file.startsWith('test/') });
run(node, ['--disable-warning=ExperimentalWarning', file, ...rest]);
