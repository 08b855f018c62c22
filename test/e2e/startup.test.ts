import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './transcript.ts';

const BUDGET_MS = 250;
const isBuilt = existsSync(join(root, 'dist/src/cli/main.js')) && existsSync(join(root, 'oclif.manifest.json'));

// The best of several: what else the machine does is not the program's.
test.runIf(isBuilt)('the built program shows its help within the budget', () => {
  // as a user's shell starts it: without the cache of compiled sources that the tests share
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const took = Array.from({ length: 7 }, () => {
    const began = performance.now();
    const { status, stdout } = spawnSync(process.execPath, [join(root, 'bin/run.js'), '--help'], { encoding: 'utf8', env });
    expect(status).toBe(0);
    expect(stdout).toContain('cutover COMMAND');
    return performance.now() - began;
  });
  expect(Math.min(...took)).toBeLessThan(BUDGET_MS);
});
