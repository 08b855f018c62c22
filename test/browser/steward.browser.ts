/** The round trip of a data steward: open the report, filter, tick, decide, download; take it back, run again; and a value that changes comes back. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import type { LoadRunResult, PlanResult, ReconcileResult } from '../../src/domain/results.ts';
import { openJourney } from '../e2e/open-journey.ts';

const head = 'VEND_NO,VEND_NAME,STATUS,TAX_ID,STREET,CITY,ZIP,COUNTRY,EMAIL,TERMS';
const vendor = (number: number, name = `Vendor ${number} Medical`, city = 'Millbrook') =>
  `${number},${name},A,000000000,${number} Harbour Row,${city},02118,US,,N30`;

test('what a steward ticks in the report is waived until its value changes', { timeout: 600_000 }, async () => {
  const { step, directory } = await openJourney();
  const ws = join(directory, 'ws');
  const vendors = (changed: Readonly<Record<number, readonly [name?: string, city?: string]>>) =>
    writeFile(
      join(ws, 'exports/vendors.csv'),
      `${[head, ...Array.from({ length: 40 }, (_, index) => vendor(index + 1, ...(changed[index + 1] ?? [])))].join('\n')}\n`,
    );

  await vendors({});
  await step(3, 'run', 'procurement', '--reports', 'none');
  const plan = await step<PlanResult>(0, 'plan', 'procurement', '--out', join(directory, 'first.plan'));
  const loaded = await step<LoadRunResult>(0, 'load', join(directory, 'first.plan'));
  expect(loaded.data.applied).toBe(plan.data.actions.create + plan.data.actions.link);

  const renamed = { 3: ['Vendor 3 Group'], 7: ['Vendor 7 Group'], 11: ['Vendor 11 Group'] } as const;
  await vendors({ ...renamed, 20: ['Vendor 20 Medical', 'Eastvale'] });
  const out = join(directory, 'reports');
  const night = await step<ReconcileResult>(3, 'run', 'procurement', '--out', out);
  expect(night.data.life).toMatchObject({ open: 4, new: 4, waived: 0 });

  const decisions = await decideInBrowser(join(out, 'report.html'), join(directory, 'decided.csv'));
  expect(await readFile(decisions, 'utf8')).toContain('trading name');
  const imported = await step<{ applied: { decision: string }[]; refused: unknown[] }>(0, 'decisions', 'import', decisions);
  expect(imported.data.refused).toEqual([]);
  expect(imported.data.applied.map(({ decision }) => decision)).toEqual(['waive', 'waive', 'waive']);

  const after = await step<ReconcileResult>(3, 'run', 'procurement');
  expect(after.data.life).toMatchObject({ open: 1, waived: 3, new: 0 });
  expect(after.data.waivers.map(({ state, by, reason }) => [state, by, reason])).toEqual(Array(3).fill(['applies', 'S. Ortega', 'trading name']));
  const quiet = await step<PlanResult>(0, 'plan', 'procurement', '--out', join(directory, 'second.plan'));
  expect(quiet.data.actions.update).toBe(1);

  await vendors({ ...renamed, 7: ['Vendor 7 Holding'] });
  const later = await step<ReconcileResult>(3, 'run', 'procurement');
  expect(later.data.life).toMatchObject({ open: 1, waived: 2 });
  expect(later.data.waivers.map(({ state }) => state).sort()).toEqual(['applies', 'applies', 'value-changed']);
  // the same worklist does not fit the values any more
  const stale = await step<{ refused: { reason: string }[] }>(5, 'decisions', 'import', decisions);
  expect(stale.data.refused).toHaveLength(1);
});

async function decideInBrowser(report: string, to: string): Promise<string> {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ acceptDownloads: true });
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => request.url().startsWith('http') && problems.push(`request to ${request.url()}`));
  await page.goto(`file://${report}`);
  await page.getByLabel('Rule').selectOption('name');
  await page.getByRole('status').filter({ hasText: '3' }).first().waitFor();
  await page.getByRole('button', { name: /tick all/i }).click();
  await page.getByLabel('Reason').fill('trading name');
  await page.locator('#decide-until').fill('2099-12-31');
  await page.getByRole('textbox', { name: 'By' }).fill('S. Ortega');
  await page.getByRole('button', { name: 'Decide the 3 ticked' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /download decisions/i }).click()]);
  await download.saveAs(to);
  expect(problems).toEqual([]);
  return to;
}
