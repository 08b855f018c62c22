import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Suites: the plain one runs anywhere; `odoo`, `postgres`, `browser` and `accept` need more and are asked for by name (npm run test:odoo, …). */
const suite = process.env.CUTOVER_SUITE ?? 'plain';
const include: Record<string, string[]> = {
  plain: ['src/**/*.test.ts', 'test/**/*.test.ts', 'fixtures/**/*.test.ts'],
  odoo: ['test/**/*.odoo.ts'],
  browser: ['test/**/*.browser.ts'],
  postgres: ['test/**/*.postgres.ts', 'src/**/*.postgres.ts'],
};

export default defineConfig({
  test: {
    include: include[suite] ?? [],
    pool: 'forks',
    // more than two cores' worth of the plain tests: many of them wait, for a process or for the time between two attempts
    maxWorkers: suite === 'plain' ? 3 : 2,
    // the tests start the tool some hundreds of times: a third of what each start costs is reading the same sources again
    env: { NODE_COMPILE_CACHE: join(tmpdir(), `cutover-compile-cache-${process.getuid?.() ?? ''}`) },
    testTimeout: suite === 'plain' ? 120_000 : 600_000,
    hookTimeout: suite === 'plain' ? 120_000 : 600_000,
  },
});
