import { expect, test } from 'vitest';
import type { CheckedRule } from '../../domain/report.ts';
import { breakWith, hostileTexts } from './break.fixture.ts';
import { junitReport } from './junit.ts';
import { reportSource } from './report-source.fixture.ts';

const rule = (rest: Partial<CheckedRule>): CheckedRule => {
  return { entity: 'supplier', rule: 'name', kind: 'field', checked: 100, open: 0, pending: 0, waived: 0, notChecked: null, ...rest };
};

const explainedOnce = {
  ...{ entity: 'payment', field: null, rows: 1, overlapping: 0, payments: 0, measure: null, legacy: null, odoo: null },
};

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** A strict reader of the XML that JUnit reports consist of: elements, attributes, text, CDATA. Throws at the first thing that is not well-formed. */
function parsed(xml: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const token = /<\?xml[^>]*\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([\w-]+)>|<([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<]+)/y;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML cannot hold them
  expect(xml).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/);
  while (token.lastIndex < xml.length) {
    const at = token.lastIndex;
    const match = token.exec(xml);
    const inside = open.at(-1);
    if (match === null || inside === undefined) throw new Error(`not well-formed at ${at}: ${xml.slice(at, at + 60)}`);
    const [, cdata, closed, opened, attributes = '', alone, text] = match;
    if (cdata !== undefined) inside.text += cdata;
    if (text !== undefined && text.trim() !== '') throw new Error(`bare text: ${text}`);
    if (closed !== undefined && open.pop()?.name !== closed) throw new Error(`${closed} closes nothing`);
    if (opened === undefined) continue;
    for (const [, value = ''] of attributes.matchAll(/="([^"]*)"/g)) expect(value.replace(/&(amp|lt|gt|quot|apos|#\d+|#x[\dA-F]+);/g, '')).not.toContain('&');
    const pairs = [...attributes.matchAll(/ ([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value] as const);
    expect(new Set(pairs.map(([name]) => name)).size).toBe(pairs.length);
    const element = { name: opened, attributes: Object.fromEntries(pairs), children: [], text: '' };
    inside.children.push(element);
    if (alone !== '/') open.push(element);
  }
  expect(open).toEqual([root]);
  return root.children[0] ?? root;
}

/** What the schemas of Jenkins, GitLab and Surefire have in common. */
function checkedAgainstSchema(suites: Element): Element[] {
  expect(suites.name).toBe('testsuites');
  const cases: Element[] = [];
  for (const suite of suites.children) {
    expect(suite.name).toBe('testsuite');
    expect(suite.attributes.name).not.toBe('');
    const tests = suite.children.filter(({ name }) => name === 'testcase');
    expect(suite.children.map(({ name }) => name).join(' ')).toMatch(/^(properties )?(testcase ?)+$/);
    const having = (name: string) => String(tests.filter(({ children }) => children.some((child) => child.name === name)).length);
    expect(suite.attributes).toMatchObject({ tests: String(tests.length), failures: having('failure'), errors: having('error'), skipped: having('skipped') });
    for (const test of tests) {
      expect(Object.keys(test.attributes)).toEqual(['classname', 'name']);
      expect(test.children.map(({ name }) => name).join(' ')).toMatch(/^(skipped|error|failure)?( ?system-out)?$/);
    }
    cases.push(...tests);
  }
  const names = cases.map(({ attributes }) => `${attributes.classname}/${attributes.name}`);
  expect(new Set(names).size).toBe(names.length);
  return cases;
}

async function casesOf(source: Parameters<typeof junitReport>[0]): Promise<Element[]> {
  return checkedAgainstSchema(parsed(await junitReport(source)));
}

function outcome({ children }: Element): string {
  return children.map(({ name }) => name).join('+') || 'passed';
}

test('one case per entity and rule, and one for the verdict', async () => {
  const source = reportSource(5000);
  const cases = await casesOf(source);
  const { rules, explained, allocations } = source.manifest;
  expect(cases.length).toBe(rules.length + explained.length + allocations.length + 1);
  expect(cases[0]?.attributes.name).toBe('verdict');
  expect(outcome(cases[0] as Element)).toBe('failure');
});

test('a failure counts and names ten breaks at most', async () => {
  const cases = await casesOf(reportSource(5000));
  const failure = cases.find(({ attributes }) => attributes.name === 'field code')?.children[0];
  expect(failure?.attributes.message).toMatch(/^[\d,]+ open, 10,000 checked$/);
  expect(failure?.text.split('\n')).toHaveLength(11);
  expect(failure?.text).toMatch(/^[0-9a-f]{16} meditech A\d+ value\n/);
});

test('no value of any field stands in it', async () => {
  const xml = await junitReport(
    reportSource(0, {
      extra: [breakWith({ legacy: 'Secret-1', odoo: 'Secret-2', baseline: 'Secret-3', key: null })],
      manifest: { rules: [rule({ open: 1 })] },
    }),
  );
  expect(xml).not.toContain('Secret');
  expect(xml).toContain('(key masked)');
});

test('pending and waived breaks pass, and say so', async () => {
  const cases = await casesOf(reportSource(0, { manifest: { rules: [rule({ pending: 2, waived: 1 })] } }));
  expect(outcome(cases[1] as Element)).toBe('system-out');
  expect(cases[1]?.children[0]?.text).toBe('2 pending breaks\n1 waived break');
});

test('what was not checked is skipped, and an error where the verdict hangs on it', async () => {
  const rules = [rule({ rule: 'website', notChecked: 'no source yields it' }), rule({ rule: 'credit_limit', notChecked: 'Odoo does not hold it' })];
  expect((await casesOf(reportSource(0, { manifest: { rules } }))).slice(1).map(outcome)).toEqual(['skipped+system-out', 'skipped+system-out']);
  const incomplete = await casesOf(reportSource(0, { manifest: { rules, verdict: 'INCOMPLETE' } }));
  expect(incomplete.map(outcome)).toEqual(['error', 'error', 'skipped+system-out']);
});

test('what the contract explains passes and says why; a payment that nobody knows what it pays is skipped, and seen', async () => {
  const { explained, allocations } = reportSource(1).manifest;
  const cases = await casesOf(reportSource(1));
  const named = (kind: string) => cases.filter(({ attributes }) => attributes.name?.startsWith(kind) === true);
  expect(named('explained').map(outcome)).toEqual(explained.map(() => 'system-out'));
  expect(named('explained')[0]?.children[0]?.text).toContain(explained[0]?.reason);
  const isOpen = ({ records }: (typeof allocations)[number]) => records.some(({ role, status }) => role === 'payment' && status === 'ambiguous');
  expect(allocations.map(isOpen)).toContain(true);
  expect(named('settles').map(outcome)).toEqual(allocations.map((one) => (isOpen(one) ? 'skipped+system-out' : 'system-out')));
  expect(named('settles')[0]?.children.at(-1)?.text).toContain('without an answer: see allocations.csv');
});

test('an alarm is one failure, whatever else is broken', async () => {
  const cases = await casesOf(reportSource(5000, { manifest: { alarm: { newBreaks: 1026, limit: 1000 } } }));
  expect(cases.filter((one) => outcome(one).startsWith('failure'))).toHaveLength(1);
  expect(cases[0]?.children[0]?.attributes.message).toContain('1,026 new breaks in one night');
});

test('names and keys that are no XML leave it valid', async () => {
  const rules = hostileTexts.flatMap((text) => [rule({ rule: text, open: 1, notChecked: null }), rule({ rule: text, notChecked: text })]);
  const extra = hostileTexts.map((text) => breakWith({ rule: text, key: text }));
  const explained = hostileTexts.map((text) => ({ ...explainedOnce, class: text, reason: text }));
  const cases = await casesOf(reportSource(0, { extra, manifest: { rules, explained, allocations: [], capability: '<&">\u0000' } }));
  expect(cases).toHaveLength(1 + rules.length + explained.length);
});

test('stays below what a CI server takes, however many rules there are', async () => {
  // a fifth of as many as it must hold with
  const long = 'x'.repeat(500);
  const rules = Array.from({ length: 8000 }, (_, index) => rule({ entity: `entity_${index % 8}`, rule: `${index}${long}`, open: 3, waived: 1 }));
  expect(Buffer.byteLength(await junitReport(reportSource(0, { manifest: { rules } })))).toBeLessThan(30e6 / 5);
});

test('says at its top that it holds personal data', async () => {
  expect((await junitReport(reportSource(1, { manifest: { clear: true } }))).slice(0, 250)).toContain('PERSONAL DATA IN CLEAR');
});
