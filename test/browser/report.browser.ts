import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { breakWith, hostileTexts } from '../../src/adapters/report/break.fixture.ts';
import { reportRenderer } from '../../src/adapters/report/renderer.ts';
import { reportSource } from '../../src/adapters/report/report-source.fixture.ts';
import type { Break } from '../../src/domain/difference.ts';
import type { ReportRenderer } from '../../src/domain/ports.ts';
import type { Pattern, WaiverState } from '../../src/domain/report.ts';
import { contrastOf } from './contrast.ts';
import { browserPath, countLine, drawn, type OpenReport, ReportBrowser, settled } from './open-report.ts';

const renderer = reportRenderer();
let browser: ReportBrowser;
let ordinary: string;

async function everyBreak(count: number): Promise<Break[]> {
  const all: Break[] = [];
  for await (const batch of reportSource(count).breaks()) all.push(...batch);
  return all;
}

async function closing({ page }: OpenReport): Promise<void> {
  await page.context().close();
}

async function download(page: Page): Promise<string> {
  const waiting = page.waitForEvent('download');
  await page.locator('#decide-download').click();
  const file = await waiting;
  const path = join(browser.directory, file.suggestedFilename());
  await file.saveAs(path);
  return path;
}

describe.skipIf(browserPath === null)('the report in a browser', () => {
  beforeAll(async () => {
    browser = await ReportBrowser.launch();
    ordinary = await browser.write(renderer, reportSource(5000), 'ordinary');
  });
  afterAll(async () => browser.close());

  test.each([0, 1, 50, 5000])('opens from a file with %i breaks, without a complaint and without a request', async (count) => {
    const report = await browser.open(await browser.write(renderer, reportSource(count), `with-${count}`));
    expect(await report.page.evaluate('document.documentElement.dataset.state')).toBe('ready');
    expect(report.complaints).toEqual([]);
    const text = await report.page.locator('#rows').innerText();
    if (count === 0) expect(text).toContain('Both sides agree on everything that was compared.');
    else expect(await countLine(report.page)).toBe(`${count.toLocaleString('en')} breaks`);
    await closing(report);
  });

  test('the page that the build makes is the same to its readers', async () => {
    const built = (await import(new URL('../../dist/src/adapters/report/renderer.js', import.meta.url).href)) as { reportRenderer: () => ReportRenderer };
    const report = await browser.open(await browser.write(built.reportRenderer(), reportSource(50), 'built'));
    expect(report.complaints).toEqual([]);
    expect(await countLine(report.page)).toBe('50 breaks');
    await closing(report);
  });

  test('every row is as it was: values, hashes, numbers and what is not there', async () => {
    const report = await browser.open(ordinary);
    const all = await everyBreak(5000);
    for (const index of [0, 1, 17, 2500, 4999]) {
      const one = all[index] as Break;
      await report.page.locator('#search').fill(one.id);
      await settled(report.page);
      expect(await countLine(report.page)).toBe('1 of 5,000 breaks');
      const detail = await report.page.locator('#detail').innerText();
      for (const text of [one.key, one.id, one.entity, one.system, one.rule, one.direction, String(one.odooId ?? '')]) expect(detail).toContain(text);
    }
    await closing(report);
  });

  test('filters and the search leave exactly the rows that have it', async () => {
    const { page } = await browser.open(ordinary);
    const all = await everyBreak(5000);
    const shown = (fits: (one: Break) => boolean) => `${all.filter(fits).length.toLocaleString('en')} of 5,000 breaks`;
    await page.locator('#filter-entity').selectOption('product');
    expect(await countLine(page)).toBe(shown((one) => one.entity === 'product'));
    await page.locator('#filter-status').selectOption('waived');
    expect(await countLine(page)).toBe(shown((one) => one.entity === 'product' && one.status === 'waived'));
    await page.locator('#filter-clear').click();
    await page.locator('#filter-owner').selectOption({ index: 1 });
    expect(await countLine(page)).toBe(shown((one) => one.owner === null));
    await page.locator('#filter-clear').click();
    await page.locator('#search').fill('BRAUN');
    await settled(page);
    const has = (one: Break, word: string) => [one.key, one.legacy, one.odoo, one.baseline].some((text) => text?.toLowerCase().includes(word));
    expect(await countLine(page)).toBe(shown((one) => has(one, 'braun')));
    await page.locator('#search').fill('nothing has this');
    await settled(page);
    expect(await page.locator('#no-rows').isVisible()).toBe(true);
    await page.context().close();
  });

  test('sorts by numbers in texts, both ways, and back to the order of the source', async () => {
    const { page } = await browser.open(ordinary);
    const before = await drawn(page, 'key');
    const button = page.locator('button[data-sort="key"]');
    await button.click();
    await settled(page);
    const keys = (await everyBreak(5000)).map((one) => one.key ?? '').sort(new Intl.Collator('en', { numeric: true }).compare);
    const ascending = await drawn(page, 'key');
    expect(ascending).toEqual(keys.slice(0, ascending.length));
    expect(await page.locator('.grid-head .key').getAttribute('aria-sort')).toBe('ascending');
    await button.click();
    await settled(page);
    expect((await drawn(page, 'key'))[0]).toBe(keys.at(-1));
    await button.click();
    await settled(page);
    expect(await drawn(page, 'key')).toEqual(before);
    await page.context().close();
  });

  test('a pattern shows the rows of its field', async () => {
    const { page } = await browser.open(ordinary);
    await page.locator('.rows-of').first().click();
    await settled(page);
    expect(await page.locator('#filter-entity').inputValue()).toBe('product');
    expect(new Set(await drawn(page, 'rule'))).toEqual(new Set(['code']));
    await page.context().close();
  });

  test('what is ticked and decided is downloaded as a worklist that is read back', async () => {
    const { page, complaints } = await browser.open(ordinary);
    await page.locator('#filter-entity').selectOption('supplier');
    await page.locator('#grid-body .line:not([hidden]) input').nth(1).click();
    await page
      .locator('#grid-body .line:not([hidden]) input')
      .nth(3)
      .click({ modifiers: ['Shift'] });
    expect(await countLine(page)).toContain('3 ticked');
    await page.locator('#decide-apply').click();
    expect(await page.locator('#decide-problem').innerText()).toContain('Say why');
    await page.locator('#decide-reason').fill('=agreed; "as is"');
    await page.locator('#decide-apply').click();
    expect(await page.locator('#decide-problem').innerText()).toContain('last day');
    await page.locator('#decide-until').fill('2026-11-01');
    await page.locator('#decide-apply').click();
    expect(await page.locator('#decide-problem').innerText()).toContain('That day is over');
    await page.locator('#decide-until').fill('2026-12-31');
    await page.locator('#decide-by').fill('Jürgen');
    await page.locator('#decide-apply').click();
    expect(await countLine(page)).toContain('3 decided');
    const decisions = await renderer.readDecisions(await download(page));
    const suppliers = (await everyBreak(5000)).filter((one) => one.entity === 'supplier').slice(1, 4);
    expect(decisions).toEqual(
      suppliers.map(({ id, valueHash }, index) => {
        return { row: index + 2, break: id, decision: 'waive', by: 'Jürgen', reason: '=agreed; "as is"', until: '2026-12-31', valueHash: valueHash ?? '' };
      }),
    );
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('all that a filter leaves can be ticked, decided and taken back', async () => {
    const { page } = await browser.open(ordinary);
    await page.locator('#filter-life').selectOption('reopened');
    const count = (await everyBreak(5000)).filter((one) => one.life === 'reopened').length;
    await page.locator('#tick-all').click();
    await page.locator('input[value="odoo"]').check();
    await page.locator('#decide-reason').fill('seen');
    await page.locator('#decide-by').fill('m');
    await page.locator('#decide-apply').click();
    expect(await renderer.readDecisions(await download(page))).toHaveLength(count);
    await page.locator('#tick-all').click();
    await page.locator('#decide-undo').click();
    expect(await page.locator('#decide-download').isDisabled()).toBe(true);
    await page.context().close();
  });

  test('everything can be done by keyboard alone', async () => {
    const { page } = await browser.open(ordinary);
    const focused = () => page.evaluate<string>("document.activeElement?.id || document.activeElement?.className || document.activeElement?.tagName || ''");
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('skip');
    await page.keyboard.press('Enter');
    await page.keyboard.press('/');
    expect(await focused()).toBe('search');
    await page.keyboard.type('PO-01');
    await settled(page);
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('grid');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await settled(page);
    expect(await page.locator('#grid').getAttribute('aria-activedescendant')).toBe('row-2');
    expect(await page.locator('#row-2').getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Shift+Space');
    expect(await countLine(page)).toContain('2 ticked');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('detail');
    await page.keyboard.press('Escape');
    expect(await focused()).toBe('grid');
    await page.keyboard.press('End');
    await settled(page);
    const rows = Number(await page.locator('#grid').getAttribute('aria-rowcount'));
    expect(await page.locator('#grid').getAttribute('aria-activedescendant')).toBe(`row-${rows - 2}`);
    for (let step = 0; step < 40 && (await focused()) !== 'decide-reason'; step += 1) await page.keyboard.press('Tab');
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Tab');
    await page.keyboard.type('12312026');
    for (let step = 0; step < 6 && (await focused()) !== 'decide-by'; step += 1) await page.keyboard.press('Tab');
    await page.keyboard.type('me');
    await page.keyboard.press('Enter');
    expect(await countLine(page)).toContain('2 decided');
    const waiting = page.waitForEvent('download');
    for (let step = 0; step < 6 && (await focused()) !== 'decide-download'; step += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect((await waiting).suggestedFilename()).toBe('decisions-procurement-2026-11-23.csv');
    await page.context().close();
  });

  test('every control has a name and shows where the focus is', async () => {
    const { page } = await browser.open(ordinary);
    const nameless = `[...document.querySelectorAll('button, input, select, textarea, [role=grid], [role=region]')]
      .filter((one) => !(one.ariaLabel || one.textContent.trim() || one.labels?.[0]?.textContent.trim() || one.placeholder)).map((one) => one.outerHTML.slice(0, 120))`;
    expect(await page.evaluate(nameless)).toEqual([]);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth')).toBe(
      'solid3px',
    );
    await page.context().close();
  });

  test('light and dark differ, and both are easy to read', async () => {
    const pictures: Buffer[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await browser.open(ordinary, { colorScheme });
      pictures.push(await page.screenshot());
      for (const selector of [
        'h1',
        '.meaning',
        '.head .muted',
        '.counts small',
        '.counts .open strong',
        'td',
        'thead th',
        '.bad',
        'summary',
        'mark',
        '#count',
        '.cell.legacy',
        '#detail .guidance',
        '#keys',
        '#detail .chip',
      ]) {
        expect(await contrastOf(page, selector), `${selector} in ${colorScheme}`).toBeGreaterThanOrEqual(4.5);
      }
      for (const status of ['open', 'pending', 'waived']) {
        await page.locator('#filter-status').selectOption(status);
        await settled(page);
        expect(await contrastOf(page, '#grid-body .cell.status'), `${status} in ${colorScheme}`).toBeGreaterThanOrEqual(4.5);
        expect(await contrastOf(page, `#detail .chip.${status}`), `${status} in ${colorScheme}`).toBeGreaterThanOrEqual(4.5);
      }
      await page.context().close();
    }
    expect(pictures[0]?.equals(pictures[1] as Buffer)).toBe(false);
  });

  test('nothing is wider than a telephone', async () => {
    const { page } = await browser.open(ordinary, { viewport: { width: 360, height: 740 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.locator('#grid-body .line:not([hidden])').first().click();
    expect(await page.locator('#detail h3').isVisible()).toBe(true);
    await page.context().close();
  });

  test('no value does anything but be shown', async () => {
    const extra = hostileTexts.map((text, index) =>
      breakWith({
        id: index.toString(16).padStart(16, 'c'),
        entity: text,
        system: text,
        key: text,
        rule: text,
        field: text,
        legacy: text,
        odoo: `${text}x`,
        baseline: text,
      }),
    );
    const patterns: Pattern[] = hostileTexts.map((text) => ({
      entity: text,
      field: text,
      transformation: text,
      parameter: text,
      sentence: text,
      explains: 1,
      of: 2,
      systems: [text],
      samples: extra,
      change: { file: text, text },
    }));
    const waivers: WaiverState[] = hostileTexts.map((text) => ({
      break: text,
      entity: text,
      key: text,
      field: text,
      decision: text,
      by: text,
      reason: text,
      until: text,
      daysLeft: 1,
      state: 'invalid',
      problem: text,
      file: text,
      line: 1,
    }));
    const made = reportSource(0, { extra }).manifest;
    const text = hostileTexts.join(' ');
    const controls = [
      {
        entity: text,
        name: text,
        dimension: { [text]: text },
        legacy: '1',
        odoo: '0',
        difference: '1',
        classes: { [text]: '1' },
        residual: '0',
        gross: '1',
        offsetting: false,
        rule: text,
      },
    ];
    const manifest = {
      ...made,
      workspace: text,
      capability: text,
      phase: text,
      patterns,
      waivers,
      controls,
      odoo: { uuid: text, database: text, version: text, url: text },
      checks: [{ entity: text, name: text, severity: 'error', count: 1, measure: text, hint: text } as const],
    };
    const { page, complaints } = await browser.open(await browser.write(renderer, reportSource(0, { extra, manifest }), 'hostile'));
    expect(complaints).toEqual([]);
    expect(await countLine(page)).toBe(`${hostileTexts.length} breaks`);
    for (let row = 0; row < hostileTexts.length; row += 1) {
      await page.locator('#grid').focus();
      await page.keyboard.press('ArrowDown');
    }
    await settled(page);
    expect(await page.evaluate('[globalThis.harmed ?? null, document.images.length, document.querySelectorAll("main a").length]')).toEqual([null, 0, 0]);
    expect(await drawn(page, 'legacy')).toEqual(hostileTexts.map((value) => (value === '' ? 'empty' : value)));
    await page.locator('#tick-all').click();
    await page.locator('#decide-reason').fill('x');
    await page.locator('#decide-until').fill('2026-12-31');
    await page.locator('#decide-by').fill('x');
    await page.locator('#decide-apply').click();
    expect((await renderer.readDecisions(await download(page))).map((one) => one.break)).toEqual(extra.map((one) => one.id));
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('an alarm is said first, and all rows are there', async () => {
    const source = reportSource(5000, { manifest: { alarm: { newBreaks: 1059, limit: 1000 }, clear: true } });
    const { page } = await browser.open(await browser.write(renderer, source, 'alarm'));
    const text = await page.locator('main').innerText();
    expect(text.indexOf('PERSONAL DATA IN CLEAR')).toBe(0);
    expect(text.indexOf('Alarm. 1,059 new breaks')).toBeLessThan(text.indexOf('BREAKS'));
    expect(await countLine(page)).toBe('5,000 breaks');
    await page.context().close();
  });

  test('a file that was cut off says so', async () => {
    const { readFile, writeFile } = await import('node:fs/promises');
    const path = join(browser.directory, 'cut.html');
    await writeFile(path, (await readFile(ordinary, 'utf8')).replace(/<script type="application\/octet-stream" class="block">[^<]*<\/script>/, ''));
    const { page } = await browser.open(path);
    expect(await page.locator('#broken').innerText()).toContain('0 of 5000 rows are in this file: it was cut off');
    await page.context().close();
  });
});
