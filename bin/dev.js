#!/usr/bin/env node
// The command line straight from the TypeScript sources, without a build: Node strips the types.
import { fileURLToPath } from 'node:url';
import { main } from '../src/cli/main.ts';

await main(process.argv.slice(2), { root: fileURLToPath(new URL('..', import.meta.url)), development: true });
