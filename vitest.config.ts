import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Suites: the plain one runs anywhere; `odoo`, `postgres`, `browser` and `accept` need more and are asked for by name (npm run test:odoo, …). */
const suite = process.env.CUTOVER_SUITE ?? 'plain';
const include: Record<string, string[]> = {
  plain: ['src/**/*.test.ts', 'test/**/*.test.ts', 'fixtures/**/*.test.ts'],
  odoo: ['test/**/*.odoo.ts'],
  browser: ['test/**/*.browser.ts'],
  postgres: ['test/**/*.postgres.ts', 'src/**/*.postgres.ts'],
};

/** Those that take longest, longest first: begun last they would run alone in the end. A fresh checkout knows no times of its own. */
const longest = [
  'e2e/demo.test',
  'finance/finance',
  'finance/reversal',
  'load/load.odoo',
  'e2e/two-nights',
  'e2e/dead-letter',
  'load/matched',
  'load/second-night',
  'e2e/journey',
  'load/error-classes',
  'finance/entities',
  'load/known-bugs',
  'e2e/production',
  'reconcile/reuse',
  'load/edits.odoo',
  'contract/contract-19',
  'load/echo',
  'load/trouble',
  'load/kill',
  'e2e/match',
  'rehearse/rehearse',
  'browser/steward',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = longest.findIndex((name) => moduleId.includes(`/${name}`));
      return found === -1 ? longest.length : found;
    };
    return (await super.sort(files)).toSorted((left, right) => place(left) - place(right));
  }
}

export default defineConfig({
  test: {
    include: include[suite] ?? [],
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    // more than two cores' worth of the plain tests: many of them wait, for a process or for the time between two attempts
    maxWorkers: suite === 'plain' ? 3 : 2,
    // the tests start the tool some hundreds of times: a third of what each start costs is reading the same sources again
    env: { NODE_COMPILE_CACHE: join(tmpdir(), `cutover-compile-cache-${process.getuid?.() ?? ''}`) },
    testTimeout: suite === 'plain' ? 120_000 : 600_000,
    hookTimeout: suite === 'plain' ? 120_000 : 600_000,
  },
});
