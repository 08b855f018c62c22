import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { storageType } from '../../../domain/canonical.ts';
import { FieldContract } from '../../../domain/contract.ts';
import type { Pattern } from '../../../domain/report.ts';
import { literal } from '../../../domain/sql.ts';
import { parseExpressions } from '../../expression/expression.ts';
import { form } from '../../sides/field-rules.ts';
import { PatternBench, type Seed, type SeededBreak } from './patterns.fixture.ts';

let bench: PatternBench;
beforeAll(async () => {
  bench = await PatternBench.open();
});
afterAll(async () => {
  await bench.close();
});

const words = [
  'Acme Hospital Supply',
  'Baxter Müller GmbH',
  'Stérile & Fils',
  'North-West Medical',
  'Orthopädie Weiß',
  'Zimmer Biomet',
  'O’Hara Surgical',
  'Ängström Labs',
];
const names = Array.from({ length: 40 }, (_, index) => `${words[index % words.length]} ${index * 37 + 11}`);
const plainNames = names.filter((value) => !value.includes('ß'));
const numbers = Array.from({ length: 40 }, (_, index) => `${index * 13 + 7}.${String((index * 29) % 100).padStart(2, '0')}5`.replace(/0+$/, ''));
const dates = Array.from({ length: 40 }, (_, index) => `2025-${String((index % 12) + 1).padStart(2, '0')}-${String(((index * 7) % 12) + 1).padStart(2, '0')}`);
const moments = dates.map((date, index) => `${date} ${String(index % 20).padStart(2, '0')}:${String((index * 7) % 60).padStart(2, '0')}:30`);

const pairs = (values: readonly string[], change: (value: string) => string | null): SeededBreak[] =>
  values.flatMap((legacy) => {
    const odoo = change(legacy);
    return odoo === legacy ? [] : [{ legacy, odoo, ...(odoo === null ? { class: 'missing-value' as const } : {}) }];
  });

const text: Seed['fields'] = { name: { type: 'text' } };
const money: Seed['fields'] = { name: { type: 'money', digits: 4 } };
const quantity: Seed['fields'] = { name: { type: 'quantity', digits: 4 } };
const date: Seed['fields'] = { name: { type: 'date' } };
const moment: Seed['fields'] = { name: { type: 'timestamp' } };

const day = (value: string, days: number) => new Date(Date.parse(`${value}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
const minutes = (value: string, by: number) => new Date(Date.parse(`${value.replace(' ', 'T')}Z`) + by * 60_000).toISOString().slice(0, 19).replace('T', ' ');
const berlin = (value: string) => {
  const offset = /GMT([+-]\d+)/.exec(
    new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', timeZoneName: 'shortOffset' }).format(new Date(`${value.replace(' ', 'T')}Z`)),
  )?.[1];
  return minutes(value, -60 * Number(offset));
};
const mojibake = (value: string) => new TextDecoder('windows-1252').decode(new TextEncoder().encode(value));
const half = (value: number) => (Math.round((value + 1e-9) * 100) / 100).toString();

/** What is done to the values; the transformation and parameter that are to be found, and the change. */
const cases: readonly (readonly [string, Seed['fields'], readonly SeededBreak[], string, string | null, string | null])[] = [
  ['upper case', text, pairs(plainNames, (value) => value.toUpperCase()), 'case', null, 'fields:\n  name: {compare: [case]}'],
  [
    'blanks around the legacy value',
    text,
    pairs(names, (value) => value).concat(names.map((value) => ({ legacy: ` ${value}\u00a0`, odoo: value }))),
    'whitespace',
    'around',
    String.raw`name: trim(regexp_replace(NAME, '^[\s\p{Z}]+|[\s\p{Z}]+$', '', 'g'))`,
  ],
  ['doubled blanks', text, pairs(names, (value) => value.replace(' ', '  ')), 'whitespace', 'inside', 'fields:\n  name: {compare: [whitespace]}'],
  ['no-break blanks', text, pairs(names, (value) => value.replaceAll(' ', '\u00a0')), 'whitespace', 'inside', 'fields:\n  name: {compare: [whitespace]}'],
  [
    'case and blanks',
    text,
    pairs(names, (value) => value.toLowerCase().replace(' ', '  ')),
    'case-whitespace',
    null,
    'fields:\n  name: {compare: [case, whitespace]}',
  ],
  ['zero-width blanks in Odoo', text, pairs(names, (value) => `\u200b${value}`), 'whitespace', 'invisible', null],
  [
    'zero-width blanks in legacy',
    text,
    names.map((value) => ({ legacy: `${value}\u200b`, odoo: value })),
    'whitespace',
    'invisible',
    String.raw`name: regexp_replace(NAME, '[\x{00AD}\x{200B}-\x{200F}\x{2060}\x{FEFF}]+', '', 'g')`,
  ],
  ['punctuation', text, pairs(names, (value) => value.replace(' ', '-')), 'punctuation', null, null],
  [
    'leading zeros lost in Odoo',
    text,
    pairs(
      names.map((_, index) => String(index * 7 + 1).padStart(6, '0')),
      (value) => value.replace(/^0+/, ''),
    ),
    'leading-zeros',
    'lost in Odoo',
    null,
  ],
  [
    'leading zeros lost in legacy',
    text,
    pairs(
      names.map((_, index) => String(index * 7 + 1)),
      (value) => value.padStart(6, '0'),
    ),
    'leading-zeros',
    'lost in legacy',
    "name: lpad(NAME, 6, '0')",
  ],
  ['cut at twelve', text, pairs(names, (value) => value.slice(0, 12)), 'truncated', '12', null],
  [
    'cut at twelve in legacy',
    text,
    pairs(names, (value) => value.slice(0, 12)).map(({ legacy, odoo }) => ({ legacy: odoo as string, odoo: legacy as string })),
    'truncated',
    '12',
    null,
  ],
  ['a suffix in Odoo', text, pairs(names, (value) => `${value} (old)`), 'suffix', ' (old)', "name: NAME || ' (old)'"],
  [
    'a prefix in legacy',
    text,
    pairs(names, (value) => value).concat(names.map((value) => ({ legacy: `V-${value}`, odoo: value }))),
    'prefix',
    'V-',
    "name: CASE WHEN starts_with(NAME, 'V-') THEN substr(NAME, 3) ELSE NAME END",
  ],
  [
    'http before it',
    text,
    pairs(
      names.map((_, index) => `www.supplier${index}.example`),
      (value) => `http://${value}`,
    ),
    'url-scheme',
    'http://',
    'fields:\n  name: {compare: [url-scheme]}',
  ],
  ['UTF-8 read as Windows-1252', text, pairs(names, mojibake), 'encoding', 'utf-8 as windows-1252', null],
  ['UTF-8 read as Windows-1252 twice', text, pairs(names, (value) => mojibake(mojibake(value))), 'encoding', 'utf-8 as windows-1252, twice', null],
  ['question marks for letters', text, pairs(names, (value) => value.replaceAll(/[^\x20-\x7f]/g, '?')), 'encoding', '?', null],
  [
    'replacement characters in legacy',
    text,
    pairs(names, (value) => value.replaceAll(/[^\x20-\x7f]/g, '\ufffd')).map(({ legacy, odoo }) => ({ legacy: odoo as string, odoo: legacy as string })),
    'encoding',
    '\ufffd',
    'systems:\n  meditrack:\n    encoding: windows-1252',
  ],
  [
    'accents left out',
    text,
    pairs(
      names.filter((value) => !value.includes('’') && !value.includes('ß')),
      (value) => value.normalize('NFD').replaceAll(/\p{M}/gu, ''),
    ),
    'transliterated',
    null,
    null,
  ],
  ['HTML', text, pairs(names, (value) => `<p>${value.replaceAll('&', '&amp;')}</p>`), 'html', null, null],
  [
    'decimal comma',
    text,
    pairs(numbers, (value) => value.replace('.', ',')).map(({ legacy, odoo }) => ({ legacy: odoo as string, odoo: legacy as string })),
    'number-format',
    'decimal comma',
    null,
  ],
  [
    'another date format',
    text,
    pairs(dates, (value) => value.split('-').reverse().join('.')).map(({ legacy, odoo }) => ({ legacy: odoo as string, odoo: legacy as string })),
    'date-format',
    'DD.MM.YYYY → YYYY-MM-DD',
    "name: coalesce(strftime(try_strptime(NAME, '%d.%m.%Y'), '%Y-%m-%d'), NAME)",
  ],
  ['the opposite sign', money, pairs(numbers, (value) => `-${value}`), 'sign', null, 'name: "-CAST(NAME AS DECIMAL(18,4))"'],
  ['cents', money, pairs(numbers, (value) => String(Math.round(Number(value) * 1000) / 10)), 'factor', '× 100', 'name: CAST(NAME AS DECIMAL(18,4)) * 100'],
  [
    'thousands',
    money,
    pairs(
      names.map((_, index) => `${(index + 1) * 250}000`),
      (value) => String(Number(value) / 1000),
    ),
    'factor',
    '÷ 1000',
    'name: CAST(NAME AS DECIMAL(18,4)) / 1000',
  ],
  [
    'packs of twelve',
    quantity,
    pairs(
      names.map((_, index) => String(index + 1)),
      (value) => String(Number(value) * 12),
    ),
    'factor',
    '× 12',
    'name: round(CAST(NAME AS DECIMAL(18,4)) * 12, 4)',
  ],
  [
    'a tax on top',
    money,
    pairs(
      names.map((_, index) => String((index + 3) * 100)),
      (value) => String(Math.round(Number(value) * 119) / 100),
    ),
    'factor',
    '× 1.19',
    'name: round(CAST(NAME AS DECIMAL(18,4)) * 1.19, 4)',
  ],
  [
    'five more',
    quantity,
    pairs(
      names.map((_, index) => String(index * 3 + 1)),
      (value) => String(Number(value) + 5),
    ),
    'offset',
    '+ 5',
    'name: CAST(NAME AS DECIMAL(18,4)) + 5',
  ],
  ['rounded half-up', money, pairs(numbers, (value) => half(Number(value))), 'rounding', 'half-up to 0.01', 'fields:\n  name: {tolerance: 0.005}'],
  ['cut off', money, pairs(numbers, (value) => String(Math.trunc(Number(value)))), 'rounding', 'cut off to 1', 'fields:\n  name: {tolerance: 1}'],
  [
    'day and month',
    date,
    pairs(dates, (value) => value.replace(/-(\d\d)-(\d\d)/, '-$2-$1')),
    'day-month',
    null,
    "name: coalesce(try_strptime(strftime(CAST(NAME AS DATE), '%Y-%d-%m'), '%Y-%m-%d'), CAST(NAME AS DATE))",
  ],
  ['one day less', date, pairs(dates, (value) => day(value, -1)), 'off-by-one-day', '− 1 day', 'name: CAST(NAME AS DATE) - 1'],
  [
    'a hundred years',
    date,
    pairs(dates, (value) => value.replace('20', '19')),
    'century',
    '− 100 years',
    'name: CAST(CAST(NAME AS DATE) - INTERVAL 100 YEAR AS DATE)',
  ],
  ['an hour later', moment, pairs(moments, (value) => minutes(value, 60)), 'time-shift', '+01:00', "name: CAST(NAME AS TIMESTAMP) + INTERVAL '60' MINUTE"],
  ['local time', moment, pairs(moments, berlin), 'time-zone', 'Europe/Berlin', "name: timezone('UTC', timezone('Europe/Berlin', CAST(NAME AS TIMESTAMP)))"],
  ['no time of day', moment, pairs(moments, (value) => `${value.slice(0, 10)} 00:00:00`), 'time-lost', 'time of day', null],
  ['nothing in Odoo', text, pairs(names, () => null), 'emptied', 'everywhere', null],
  ['an empty text', text, names.map(() => ({ legacy: '', odoo: null, class: 'missing-value' as const })), 'empty-text', null, "name: nullif(NAME, '')"],
  ['a placeholder', text, names.map(() => ({ legacy: 'N/A', odoo: null, class: 'missing-value' as const })), 'placeholder', 'N/A', "name: nullif(NAME, 'N/A')"],
  ['a default of Odoo', text, names.map(() => ({ legacy: null, odoo: 'EUR', class: 'extra-value' as const })), 'default', 'EUR', "name: coalesce(NAME, 'EUR')"],
  ['a constant', text, pairs(names, () => 'Unknown supplier'), 'constant', 'Unknown supplier', null],
  [
    'one value for another',
    text,
    pairs([...names.map(() => 'EA'), ...names.map(() => 'BX')], (value) => (value === 'EA' ? 'Units' : 'Box of 10')),
    'value-map',
    'BX → Box of 10, EA → Units',
    "name: CASE NAME WHEN 'BX' THEN 'Box of 10' WHEN 'EA' THEN 'Units' ELSE NAME END",
  ],
];

/** Breaks that are left once the change is pasted into its file. */
async function left(change: NonNullable<Pattern['change']>, fields: Seed['fields'], breaks: readonly SeededBreak[]): Promise<readonly SeededBreak[]> {
  const pasted = parse(change.text);
  const before = FieldContract.parse(fields.name);
  const isMapping = change.file.includes('/sources/');
  const contract = isMapping ? before : FieldContract.parse({ ...fields.name, ...pasted.fields.name });
  const text = isMapping ? pasted.name : 'NAME';
  const { parsed, mistakes } = await parseExpressions(bench.plane, [{ text, at: () => ({ file: '', line: 1, column: 1 }) }]);
  expect(mistakes).toEqual([]);
  const type = storageType(contract);
  const odoo = `CAST(odoo AS ${type})`;
  const legacy = `CAST(${parsed[0]?.sql} AS ${type})`;
  const tolerance = 'tolerance' in contract && contract.tolerance !== undefined ? `abs(${legacy} - ${odoo}) <= ${contract.tolerance}` : 'false';
  const rows = breaks.map((one, index) => `(${index}, ${literal(one.legacy ?? null)}, ${literal(one.odoo ?? null)})`);
  const differing = await bench.plane.rows<{ ordinal: number }>(
    `SELECT ordinal FROM (VALUES ${rows.join(', ')}) AS v(ordinal, "NAME", odoo) WHERE ${form(contract, legacy)} IS DISTINCT FROM ${form(contract, odoo)} AND NOT coalesce(${tolerance}, false)`,
  );
  return differing.map(({ ordinal }) => breaks[ordinal] as SeededBreak);
}

describe('patterns', () => {
  test.each(cases)('finds %s, and what it proposes leaves no break', async (_, fields, breaks, transformation, parameter, change) => {
    const [first, ...rest] = await bench.patterns({ fields, breaks });
    expect([first?.transformation, first?.parameter]).toEqual([transformation, parameter]);
    expect([first?.explains, first?.of, rest]).toEqual([breaks.length, breaks.length, []]);
    if (change !== null) expect(first?.change?.text).toBe(change);
    if (first?.change !== null && first?.change.file !== 'cutover.yaml')
      expect(await left(first?.change as NonNullable<Pattern['change']>, fields, breaks)).toEqual([]);
  });
});
