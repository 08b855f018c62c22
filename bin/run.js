#!/usr/bin/env node
// Parses on old versions of Node, so that they get a sentence instead of a syntax error.
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `cutover needs Node 22.18 or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      'Get a newer one from https://nodejs.org, or borrow one from npm:\n' +
      `  npx --yes node@24 ${JSON.stringify(fileURLToPath(import.meta.url))} --help\n`,
  );
  process.exit(2);
}
import('../dist/src/cli/main.js').then(
  (cli) => cli.main(process.argv.slice(2), { root: fileURLToPath(new URL('..', import.meta.url)), development: false }),
  (error) => {
    const isUnbuilt = error.code === 'ERR_MODULE_NOT_FOUND' && error.message.indexOf('dist/src/cli/main.js') >= 0;
    process.stderr.write(isUnbuilt ? 'cutover has not been built. In a clone of the repository: npm run build\n' : `cutover cannot start: ${error.message}\n`);
    process.exit(1);
  },
);
