import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSandbox } from '../../src/context.ts';
import { demoStatus, runDemo } from '../../src/demo/demo.ts';
import type { DemoDisplay } from '../../src/demo/display.ts';

const silent: DemoDisplay = {
  begin: () => undefined,
  step: (_, work) => work({ tell: () => undefined, progress: () => undefined, end: () => undefined }),
};

/** Everything the demo makes on disk goes into a directory of its own. */
function privateTemporaryDirectory(): string {
  const before = process.env.TMPDIR;
  const directory = mkdtempSync(join(tmpdir(), 'cutover-demo-test-'));
  process.env.TMPDIR = directory;
  onTestFinished(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

test('on the sandbox every step ends as the truth file says, every fault is named, and nothing is left on disk', { timeout: 600_000 }, async () => {
  const directory = privateTemporaryDirectory();
  const result = await runDemo({ odoo: null, keep: false, signal: new AbortController().signal, display: silent });
  expect(result.steps.map(({ name, status, mistakes }) => [name, status, mistakes])).toEqual(
    [
      'prepare',
      'seed',
      'profile',
      'pull',
      'map',
      'reconcile',
      'plan',
      'pilot',
      'load',
      'reconcile-after',
      'load-again',
      'rollback',
      'reconcile-end',
      'match',
      'books',
      'books-plan',
      'books-load',
      'books-drafts',
      'books-post',
      'books-tie',
      'books-paid',
      'books-back',
      'leave',
    ].map((name) => [name, 'ok', []]),
  );
  expect(demoStatus(result)).toBe('ok');
  expect(result.proof).toMatchObject({ documents: 1321, records: 1933, secondLoad: { noop: 1321, moved: 0 }, rollback: { deleted: 1933, left: 0 } });
  expect(result.proof.faults).toHaveLength(94);
  expect(result.wayBack).toEqual([]);
  expect(readdirSync(directory)).toEqual([]);
});

test('on an Odoo that holds records of an earlier demo it refuses, and leaves no workspace', { timeout: 120_000 }, async () => {
  const directory = privateTemporaryDirectory();
  const sandbox = await openSandbox({ port: 0, seed: 'bare' });
  onTestFinished(() => sandbox.stop());
  const given = { ODOO_DB: sandbox.database, ODOO_LOGIN: sandbox.login, ODOO_API_KEY: sandbox.apiKey };
  const before = { ...process.env };
  Object.assign(process.env, given);
  onTestFinished(() => {
    for (const name of Object.keys(given)) {
      const value = before[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  await fetch(`${sandbox.url}/json/2/res.partner/load`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `bearer ${sandbox.apiKey}`, 'X-Odoo-Database': sandbox.database },
    body: JSON.stringify({ fields: ['id', 'name'], data: [['northgate.supplier__meditrack__V1', 'Left behind']] }),
  });
  const demo = runDemo({ odoo: sandbox.url, keep: false, signal: new AbortController().signal, display: silent });
  await expect(demo).rejects.toMatchObject({ code: 'E_NAMESPACE', message: expect.stringContaining('1 External IDs of northgate') });
  expect(readdirSync(directory)).toEqual([]);
});
