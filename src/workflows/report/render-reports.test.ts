import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { directoryRunStore } from '../../adapters/store/run-store.ts';
import type { ReportRenderer } from '../../domain/ports.ts';
import { breaksFile, manifestFile } from '../../domain/report.ts';
import { renderReports } from './render-reports.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'reports-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Says what it was given, in two parts: a text and bytes. */
const renderer: ReportRenderer = {
  async *render(format, source) {
    yield `${format} ${source.manifest.capability} `;
    let breaks = 0;
    for await (const batch of source.breaks()) breaks += batch.length;
    yield new TextEncoder().encode(`${breaks}`);
  },
  readDecisions: async () => [],
};

function leave(version: number, lines: number): void {
  writeFileSync(join(directory, manifestFile), JSON.stringify({ format: 'cutover-report', version, capability: 'procurement' }));
  writeFileSync(join(directory, breaksFile), '{"id":"a"}\n'.repeat(lines));
}

const ports = () => ({ runs: directoryRunStore(join(directory, 'store')), progress: () => undefined });

test('each format is made from the manifest and all breaks, for its owner only', async () => {
  leave(1, 4501);
  const files = await renderReports({ directory, formats: ['csv', 'markdown'], out: null }, ports(), renderer);
  expect(files).toEqual([join(directory, 'worklist.csv'), join(directory, 'summary.md')]);
  expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(['csv procurement 4501', 'markdown procurement 4501']);
  expect(statSync(files[0] as string).mode & 0o777).toBe(0o600);
});

test('a second place gets the same files', async () => {
  leave(1, 1);
  const out = join(directory, 'out');
  expect(await renderReports({ directory, formats: ['junit'], out }, ports(), renderer)).toEqual([join(out, 'junit.xml')]);
  expect(readFileSync(join(out, 'junit.xml'), 'utf8')).toBe(readFileSync(join(directory, 'junit.xml'), 'utf8'));
});

test('what another version of the tool left is refused, with the command that makes it again', async () => {
  leave(2, 1);
  await expect(renderReports({ directory, formats: ['csv'], out: null }, ports(), renderer)).rejects.toMatchObject({
    code: 'E_USAGE',
    hint: 'cutover reconcile procurement',
  });
});
