import { expect, test } from 'vitest';
import type { Pattern, WaiverState } from '../../domain/report.ts';
import { breakWith, hostileTexts } from './break.fixture.ts';
import { markdownReport } from './markdown.ts';
import { code } from './markdown-text.ts';
import { reportSource } from './report-source.fixture.ts';

const sourceWith = (manifest: Parameters<typeof reportSource>[1]) => reportSource(50, manifest);
const tableRows = (markdown: string) => markdown.split('\n').filter((line) => line.startsWith('|'));
/** Bars that end a cell: those with an even number of backslashes before them. */
const cellsOf = (line: string) => line.match(/(?<!\\)(?:\\\\)*\|/g)?.length ?? 0;

test('begins with the verdict and what it means, and ends with where the rest is', () => {
  const markdown = markdownReport(reportSource(5000));
  expect(markdown).toMatch(/^## ❌ BREAKS: St. Elsewhere: procurement\n\nThe two sides differ\./);
  expect(markdown.trimEnd()).toMatch(/`report\.html`.*`worklist\.xlsx`.*`worklist\.csv` \(worklists\)\.$/);
});

test('a night without breaks is short', () => {
  const markdown = markdownReport(reportSource(0));
  expect(markdown).toContain('Both sides agree on everything that was compared.');
  expect(markdown).toContain('Every control total ties.');
});

test('says the alarm before the counts', () => {
  const markdown = markdownReport(sourceWith({ manifest: { alarm: { newBreaks: 12_345, limit: 1000 } } }));
  expect(markdown.indexOf('**ALARM**: 12,345 new breaks')).toBeGreaterThan(0);
  expect(markdown.indexOf('**ALARM**')).toBeLessThan(markdown.indexOf('| open |'));
});

test('lists the totals that do not tie and leaves out those that do', () => {
  const markdown = markdownReport(reportSource(50));
  expect(markdown).toContain('1 of 5 control totals tie; these do not:');
  expect(markdown).toContain('rows cancel out');
  expect(markdown).not.toContain('company (none)');
});

test('lists waivers that end within fourteen days or do not hold', () => {
  const markdown = markdownReport(reportSource(50));
  const listed = ['a2', 'a3', 'a4', 'a5'].map((end) => `\`00000000000000${end}\``);
  for (const id of listed) expect(markdown).toContain(id);
  expect(markdown).not.toContain('00000000000000a1');
});

test('no value becomes markup, a cell, a link or a mention', () => {
  const pattern = (text: string): Pattern => {
    const samples = [breakWith({ legacy: text, odoo: text })];
    return {
      entity: text,
      field: text,
      transformation: 'case',
      parameter: text,
      sentence: text,
      explains: 1,
      of: 1,
      systems: [],
      samples,
      change: { file: text, text },
    };
  };
  const waiver = (text: string): WaiverState => {
    return {
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
    };
  };
  for (const text of hostileTexts) {
    const check = { entity: text, name: text, severity: 'error', count: 1, measure: null, hint: text } as const;
    const markdown = markdownReport(sourceWith({ manifest: { workspace: text, patterns: [pattern(text)], waivers: [waiver(text)], checks: [check] } }));
    const prose = markdown.replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, 'code');
    expect(prose).not.toMatch(/<[a-z!/]/i);
    expect(prose).not.toMatch(/(?<!\\)\]\(|(?<!\\)\*\*d|@everyone|https:\/\//);
    for (const block of markdown.split('\n\n')) {
      const widths = new Set(tableRows(block).map(cellsOf));
      expect(widths.size, block).toBeLessThanOrEqual(1);
    }
  }
});

test.each([
  ['a`b', '`` a`b ``'],
  ['``', '``` `` ```'],
  [' x', '`  x `'],
  ['a|b', '`a\\|b`'],
  ['', '(empty)'],
  ['two\r\nlines', '`two⏎lines`'],
])('%j is shown as it is', (value, markdown) => {
  expect(code(value)).toBe(markdown);
});

test('stays below what a comment holds, whatever there is to say', () => {
  const { manifest } = reportSource(50);
  const many = <Item>(items: readonly Item[]) => Array.from({ length: 3000 }, (_, index) => items[index % items.length] as Item);
  const long = 'ẞ'.repeat(5000);
  const patterns = many(manifest.patterns).map((pattern) => ({ ...pattern, sentence: long }));
  const entities = many(manifest.entities).map((entity) => ({ ...entity, entity: long }));
  const grown = {
    patterns,
    entities,
    controls: many(manifest.controls),
    coverage: many(manifest.coverage),
    checks: many(manifest.checks),
    waivers: many(manifest.waivers),
  };
  const markdown = markdownReport(sourceWith({ manifest: grown }));
  expect(Buffer.byteLength(markdown)).toBeLessThan(60_000);
  expect(markdown).toContain('2960 more in `report.html`');
});

test('says at its top that it holds personal data', () => {
  expect(markdownReport(sourceWith({ manifest: { clear: true } }))).toMatch(/^> \*\*PERSONAL DATA IN CLEAR/);
});
