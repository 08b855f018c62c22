import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { reportFiles } from '../../domain/report.ts';
import { ciFiles } from './ci-files.ts';

const options = { version: '1.2.3', capability: 'procurement' };
const only = (files: ReadonlyMap<string, string>): string => [...files.values()].join('');

interface Step {
  readonly run?: string;
  readonly if?: string;
  readonly uses?: string;
}

test('the GitHub workflow runs the night first, and publishes its reports whatever the night said', () => {
  const workflow = parse(only(ciFiles('github', options))) as { jobs: { procurement: { steps: Step[] } }; on: { schedule: unknown[] } };
  const { steps } = workflow.jobs.procurement;
  const night = steps.findIndex((step) => step.run === 'npx --yes odoo-cutover@1.2.3 run procurement --out reports');
  expect(night).toBeGreaterThan(0);
  expect(steps.slice(night + 1).every((step) => step.if?.startsWith('always()'))).toBe(true);
  expect(steps.some((step) => step.run === `cat reports/${reportFiles.markdown} >> "$GITHUB_STEP_SUMMARY"`)).toBe(true);
  expect(workflow.on.schedule).toHaveLength(1);
});

test('the GitLab pipeline hands over the JUnit file and keeps the reports', () => {
  const { procurement } = parse(only(ciFiles('gitlab', options))) as {
    procurement: { script: string[]; artifacts: { when: string; reports: { junit: string } } };
  };
  expect(procurement.script).toEqual(['npx --yes odoo-cutover@1.2.3 run procurement --out reports']);
  expect(procurement.artifacts).toMatchObject({ when: 'always', reports: { junit: `reports/${reportFiles.junit}` } });
});

test('no secret stands in them, only names of variables', () => {
  for (const kind of ['github', 'gitlab'] as const) {
    const text = only(ciFiles(kind, options));
    expect(text).toContain('ODOO_API_KEY');
    expect(text).not.toMatch(/(api_key|password)\s*[:=]\s*[^$\s]/i);
  }
});

test('the command they run is one of the tool', () => {
  const run = readFileSync(new URL('../../../commands/run.ts', import.meta.url), 'utf8');
  expect(run).toContain('...reportFlags');
});
