import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import readWorkbook from 'read-excel-file/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { worklistColumns } from '../../domain/report.ts';
import { guarded, unguarded } from '../../domain/worklist-row.ts';
import { breakWith, hostileTexts } from './break.fixture.ts';
import { collected } from './collected.fixture.ts';
import { readDecisions } from './read-decisions.ts';
import { reportRenderer } from './renderer.ts';
import { reportSource } from './report-source.fixture.ts';
import { xlsxWorklist } from './xlsx-worklist.ts';

const renderer = reportRenderer();
const hostile = hostileTexts.map((text, index) => breakWith({ id: index.toString(16).padStart(16, '0'), key: text, legacy: text, odoo: null, baseline: text }));
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'worklist-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function csvRows(source = reportSource(0, { extra: hostile })): Promise<string[][]> {
  return parse(await collected(renderer.render('csv', source)), { bom: true });
}

/** Puts cells into columns by name, as a steward does. */
function filled(rows: string[][], row: number, cells: Readonly<Record<string, string>>): string[][] {
  const header = rows[0] ?? [];
  return rows.map((line, index) => (index === row ? line.map((cell, column) => cells[header[column] ?? ''] ?? cell) : line));
}

async function readBack(rows: readonly (readonly string[])[], { delimiter = ',', encode = (text: string) => Buffer.from(text), name = 'worklist.csv' } = {}) {
  const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
  const path = join(directory, name);
  await writeFile(path, encode(rows.map((row) => row.map(quoted).join(delimiter)).join('\r\n')));
  return readDecisions(path);
}

test('the guard of a spreadsheet is taken off again, whatever the text', () => {
  for (const text of hostileTexts) expect(unguarded(guarded(text))).toBe(text);
  const unit = fc.constantFrom("'", '=', '-', '0', '1', 'e', 'a', '\t', ' ', '.');
  fc.assert(fc.property(fc.oneof(fc.string({ unit }), fc.string()), (text) => unguarded(guarded(text)) === text));
});

test('no cell of the CSV begins like a formula, and every text comes back as it was', async () => {
  const [header = [], ...rows] = await csvRows();
  expect(header).toEqual([...worklistColumns]);
  expect(rows.flat().filter((cell) => /^[=+@\t\r]/.test(cell) || /^-[^\d]/.test(cell))).toEqual([]);
  const legacy = header.indexOf('legacy');
  expect(rows.map((row) => unguarded(row[legacy] ?? ''))).toEqual([...hostileTexts]);
});

test('the CSV tells no value from an empty text', async () => {
  const text = (await collected(renderer.render('csv', reportSource(0, { extra: [breakWith({ legacy: '', odoo: null })] })))).toString();
  expect(text).toContain(',name,"",,,');
});

test('the workbook holds every text as a text, in one sheet with a guide', async () => {
  const sheets = await readWorkbook(await collected(renderer.render('xlsx', reportSource(0, { extra: hostile }))), { trim: false });
  expect(sheets.map(({ sheet }) => sheet)).toEqual(['Worklist', 'Totals', 'Guide']);
  const [header = [], ...rows] = sheets[0]?.data ?? [];
  expect(header).toEqual([...worklistColumns]);
  const legacy = header.indexOf('legacy');
  const shown = rows.map((row) => row[legacy] ?? '');
  expect(shown.every((value) => typeof value === 'string')).toBe(true);
  expect(shown.slice(0, -1)).toEqual(hostileTexts.slice(0, -1));
});

test('a longer worklist goes on in further sheets, and none of the rows is lost', async () => {
  const sheets = await readWorkbook(await collected(xlsxWorklist(reportSource(500), { sheetRows: 200 })));
  expect(sheets.map(({ sheet, data }) => [sheet, data.length - 1]).slice(0, 3)).toEqual([
    ['Worklist', 200],
    ['Worklist 2', 200],
    ['Worklist 3', 100],
  ]);
  const ids = sheets.slice(0, 3).flatMap(({ data }) => data.slice(1).map((row) => row[0]));
  expect(new Set(ids).size).toBe(500);
});

test('a workbook with a text that no cell holds is not damaged by it', async () => {
  const sheets = await readWorkbook(await collected(renderer.render('xlsx', reportSource(0, { extra: [breakWith({ legacy: 'x'.repeat(40_000) })] }))));
  expect(String(sheets[0]?.data[1]?.[8]).length).toBe(32_767);
});

test.each(['csv', 'xlsx', 'junit', 'markdown', 'html'] as const)('the same source gives the same bytes of %s', async (format) => {
  const [first, second] = [await collected(renderer.render(format, reportSource(500))), await collected(renderer.render(format, reportSource(500)))];
  expect(first.equals(second)).toBe(true);
});

test('a filled-in CSV is read back; rows without a decision are left out', async () => {
  const rows = filled(await csvRows(), 3, { decision: ' Waive ', by: 'm.keller', reason: '\'t was agreed; "really"', until: '2026-12-31' });
  expect(await readBack(rows)).toEqual([
    {
      row: 4,
      break: '0000000000000002',
      decision: 'waive',
      by: 'm.keller',
      reason: '\'t was agreed; "really"',
      until: '2026-12-31',
      valueHash: 'bbbbbbbbbbbbbbbb',
    },
  ]);
});

test('what the tool wrote in clear is read back by the rows that a spreadsheet shows', async () => {
  const source = reportSource(0, { extra: hostile, manifest: { clear: true } });
  const text = (await collected(renderer.render('csv', source))).toString();
  expect(text.slice(1)).toMatch(/^"PERSONAL DATA IN CLEAR/);
  const [notice = [], ...rows] = parse(text, { bom: true, relax_column_count: true }) as string[][];
  expect((await readBack([notice, ...filled(rows, 1, { decision: 'odoo' })]))[0]?.row).toBe(3);
});

test.each([
  ['semicolons', { delimiter: ';' }],
  ['a byte order mark', { encode: (text: string) => Buffer.from(`\uFEFF${text}`) }],
  ['a line that says what the delimiter is', { delimiter: ';', encode: (text: string) => Buffer.from(`sep=;\r\n${text}`) }],
  ['tabs in UTF-16', { delimiter: '\t', encode: (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le') }],
])('reads a CSV with %s', async (_, options) => {
  const rows = filled(await csvRows(), 1, { decision: 'legacy', by: 'Jürgen', reason: 'wie auf dem Beleg', until: '31.12.2026' });
  expect(await readBack(rows, options)).toMatchObject([{ row: 2, by: 'Jürgen', until: '2026-12-31' }]);
});

test('reads what Windows calls ANSI', async () => {
  const rows = filled(await csvRows(reportSource(0, { extra: [breakWith({})] })), 1, { decision: 'legacy', by: 'Jürgen' });
  expect(await readBack(rows, { delimiter: ';', encode: (text) => Buffer.from(text, 'latin1') })).toMatchObject([{ by: 'Jürgen' }]);
});

test('reads columns in another order, with others between them and blank rows below', async () => {
  const rows = filled(await csvRows(), 2, { decision: 'odoo' }).map((row) => ['mine', ...row.toReversed(), '']);
  const width = rows[0]?.length ?? 0;
  const blank = Array.from({ length: width }, () => '');
  expect(await readBack([...rows.slice(0, 2), blank, ...rows.slice(2), blank, blank])).toMatchObject([{ row: 4, decision: 'odoo' }]);
});

test.each([
  [{ break: '1.23457E+15' }, 'the break id was made a number by a spreadsheet (1.23457e+15)'],
  [{ break: '1,23457E+15' }, 'the break id was made a number by a spreadsheet'],
  [{ break: '12345678901234' }, 'the break id was made a number by a spreadsheet'],
  [{ break: 'supplier 12' }, 'the break id is not 16 hex digits'],
  [{ break: '' }, 'a decision, but no break id'],
  [{ value_hash: '1.2E+15' }, 'the value hash was made a number'],
  [{ until: '05/06/2026' }, "'until' could be two days"],
  [{ until: '2026-02-30' }, "'until' is a day that does not exist"],
  [{ until: 'end of year' }, "'until' cannot be read as a day"],
])('refuses %o with its row', async (damage, reason) => {
  const rows = filled(await csvRows(), 5, { decision: 'waive', ...damage });
  await expect(readBack(rows)).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringContaining(`row 6: ${reason}`) });
});

test.each([
  ['46387', '2026-12-31'],
  ['31/12/2026', '2026-12-31'],
  ['12/31/2026', '2026-12-31'],
  ['2026/1/5', '2026-01-05'],
  ['2026-12-31 00:00:00', '2026-12-31'],
])('reads the day %s', async (until, day) => {
  expect(await readBack(filled(await csvRows(), 1, { decision: 'waive', until }))).toMatchObject([{ until: day }]);
});

test('names every row that cannot be read, and takes nothing', async () => {
  const rows = filled(filled(await csvRows(), 1, { decision: 'waive', break: '1E+5' }), 2, { decision: 'waive', until: 'soon' });
  await expect(readBack(rows)).rejects.toMatchObject({ details: [expect.stringContaining('row 2'), expect.stringContaining('row 3')] });
});

test.each([
  ['a text that is no worklist', 'hello\nworld', 'is no worklist'],
  ['a worklist without a column', 'break;decision;reason\r\n', "no column 'by', 'until', 'value_hash'"],
  ['the page itself', '<!doctype html><title>x</title>', 'is the report itself'],
  ['an unfinished quote', 'break,decision,by,reason,until,value_hash\n"a', 'is no CSV'],
  ['half a workbook', 'PK\u0003\u0004half', 'cannot be read as a workbook'],
])('says what is wrong with %s', async (_, content, message) => {
  const path = join(directory, 'wrong.csv');
  await writeFile(path, content);
  await expect(readDecisions(path)).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringContaining(message) });
});
