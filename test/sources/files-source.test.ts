import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { filesSource } from '../../src/adapters/files/files-source.ts';
import type { DataPlane, DataRow } from '../../src/domain/ports.ts';
import { FilesSystem } from '../../src/domain/workspace.ts';

let directory: string;
let plane: DataPlane;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-files-'));
  await mkdir(join(directory, 'exports'));
  plane = await openDataPlane({ memory: '256MB', threads: 2, spillDirectory: join(directory, 'spill') });
});
afterEach(async () => {
  await plane.close();
  await rm(directory, { recursive: true, force: true });
});

type Settings = Partial<Omit<FilesSystem, 'connector' | 'directory'>>;

function sourceOf(settings: Settings = {}) {
  return filesSource('wards', FilesSystem.parse({ connector: 'files', directory: 'exports', ...settings }), directory);
}

async function extract(content: string | Buffer, settings: Settings = {}, columns: readonly string[] | null = null) {
  await writeFile(join(directory, 'exports', 'ITEM.csv'), content);
  const cut = await sourceOf(settings).open();
  const extracted = await cut.extract({ entity: 'product', from: 'ITEM.csv', query: null, columns, since: null }, plane, () => undefined);
  const rows = await plane.rows(`SELECT _row, ${extracted.columns.map((column) => `"${column.name}"`).join(', ')} FROM ${extracted.table} ORDER BY _row`);
  const quarantine: DataRow[] = extracted.quarantine === null ? [] : await plane.rows(`SELECT * FROM ${extracted.quarantine.table} ORDER BY _row`);
  await cut.close();
  expect(extracted.rows).toBe(rows.length);
  expect(extracted.quarantine?.rows ?? 0).toBe(quarantine.length);
  expect(extracted.columns.every((column) => column.type === 'VARCHAR')).toBe(true);
  return { rows, quarantine };
}

describe('text stays text', () => {
  it.each([
    ['a regular file', 'NO,QTY,CODE\n007,14.0,NA\n0010,1e3,N/A\n'],
    ['the same with an inch mark, for the other reader', 'NO,QTY,CODE\n007,14.0,NA\n0010,1e3,N/A\n1,2",x\n'],
  ])('in %s', async (_, content) => {
    const { rows } = await extract(content);
    expect(rows.slice(0, 2)).toEqual([
      { _row: 2, NO: '007', QTY: '14.0', CODE: 'NA' },
      { _row: 3, NO: '0010', QTY: '1e3', CODE: 'N/A' },
    ]);
  });

  it('an unquoted null text is null, a quoted one is text', async () => {
    const expected = [{ _row: 2, A: null, B: '', C: null, D: 'NA' }];
    const settings = { null_text: ['', 'NA'] };
    expect((await extract('A,B,C,D\n,"",NA,"NA"\n', settings)).rows).toEqual(expected);
    expect((await extract('A||B||C||D\n||""||NA||"NA"\n', { ...settings, delimiter: '||' })).rows).toEqual(expected);
  });

  it('only the wanted columns are fetched', async () => {
    expect((await extract('A,B,C\n1,2,3\n', {}, ['C', 'A'])).rows).toEqual([{ _row: 2, A: '1', C: '3' }]);
  });
});

describe('bad rows', () => {
  const content = [
    'A,B,C',
    '1,x,y',
    '2,few',
    '3,too,many,columns',
    '',
    '4,"broken"x,y',
    '5,PIPE 5",z',
    '6,"two',
    'lines",z',
    '7,"never closed,z',
    '8,ok,z',
    '9,"ok",z',
  ].join('\n');

  it('are kept aside with line number and reason; the rest goes on', async () => {
    const { rows, quarantine } = await extract(content);
    expect(rows).toEqual([
      { _row: 2, A: '1', B: 'x', C: 'y' },
      { _row: 7, A: '5', B: 'PIPE 5"', C: 'z' },
      { _row: 8, A: '6', B: 'two\nlines', C: 'z' },
      { _row: 11, A: '8', B: 'ok', C: 'z' },
      { _row: 12, A: '9', B: 'ok', C: 'z' },
    ]);
    expect(quarantine).toEqual([
      { _row: 3, reason: '2 columns instead of 3', line: '2,few' },
      { _row: 4, reason: '4 columns instead of 3', line: '3,too,many,columns' },
      { _row: 6, reason: 'text after a closing quote', line: '4,"broken"x,y' },
      { _row: 10, reason: 'text after a closing quote', line: '7,"never closed,z' },
    ]);
  });

  it('a quote that is never closed costs its own line, not the rest of the file', async () => {
    const rest = Array.from({ length: 30_000 }, (_, index) => `${index},ok and long enough to fill more than the longest record\n`).join('');
    const { rows, quarantine } = await extract(`A,B\n1,"open\n${rest}`);
    expect(quarantine).toEqual([{ _row: 2, reason: 'a quote is opened and never closed', line: '1,"open' }]);
    expect(rows).toHaveLength(30_000);
    expect(rows.at(-1)?._row).toBe(30_002);
  });

  it('bytes that are not in the declared encoding spoil one line', async () => {
    const utf8 = Buffer.concat([Buffer.from('A,B\n1,ä\n2,'), Buffer.from([0xe4]), Buffer.from('\n3,z\n')]);
    expect(await extract(utf8)).toEqual({
      rows: [
        { _row: 2, A: '1', B: 'ä' },
        { _row: 4, A: '3', B: 'z' },
      ],
      quarantine: [{ _row: 3, reason: 'bytes that are not in the declared encoding', line: '2,\ufffd' }],
    });
    const windows = Buffer.concat([Buffer.from('A,B\n1,'), Buffer.from([0x81]), Buffer.from('\n')]);
    expect((await extract(windows, { encoding: 'windows-1252' })).quarantine).toHaveLength(1);
  });
});

describe('encodings, delimiters and line ends', () => {
  const rows = [{ _row: 2, A: 'Müller €', B: '007' }];
  it.each([
    ['utf-8 with a mark', Buffer.from('\ufeffA,B\nMüller €,007\n'), {}],
    ['utf-16le with a mark', iconv.encode('A\tB\r\nMüller €\t007\r\n', 'utf-16le', { addBOM: true }), { encoding: 'utf-16le', delimiter: '\t' }],
    ['latin-9', iconv.encode('A;B\nMüller €;007', 'latin-9'), { encoding: 'latin-9', delimiter: ';' }],
    ['windows-1252', iconv.encode('A|B\r\nMüller €|007\r\n', 'windows-1252'), { encoding: 'windows-1252', delimiter: '|' }],
    ['carriage returns only', Buffer.from('A,B\rMüller €,007\r'), {}],
    ['three characters as delimiter', Buffer.from('A~|~B\nMüller €~|~007\n'), { delimiter: '~|~' }],
    ['single quotes', Buffer.from("'A','B'\n'Müller €','007'\n"), { quote: "'" }],
    ['\\t as written without quotes in YAML', Buffer.from('A\tB\nMüller €\t007\n'), { delimiter: '\\t' }],
  ])('%s', async (_, content, settings) => {
    expect(await extract(content, settings)).toEqual({ rows, quarantine: [] });
  });

  it('without a header the columns are named by the workspace, or numbered', async () => {
    expect((await extract('1,2\n', { header: false, columns: { 'ITEM.csv': ['NO', 'QTY'] } })).rows).toEqual([{ _row: 1, NO: '1', QTY: '2' }]);
    expect((await extract('1,2\n', { header: false, columns: { ITEM: ['NO', 'QTY'] } })).rows).toEqual([{ _row: 1, NO: '1', QTY: '2' }]);
    expect((await extract('1,2\n', { header: false })).rows).toEqual([{ _row: 1, column1: '1', column2: '2' }]);
  });

  it('a file with a header only has no rows', async () => {
    expect(await extract('A,B\n')).toEqual({ rows: [], quarantine: [] });
  });

  it('a blank line is a value where there is one column only', async () => {
    expect((await extract('A\nx\n\n""\ny\n')).rows).toEqual([
      { _row: 2, A: 'x' },
      { _row: 3, A: null },
      { _row: 4, A: '' },
      { _row: 5, A: 'y' },
    ]);
  });
});

describe('refusals', () => {
  it.each([
    ['a column without a name', 'A,,C\n', 'column 2 has no name'],
    ['two columns of one name', 'A,B,a\n', 'columns 1 and 3 are both named a'],
  ])('%s', async (_, content, detail) => {
    await expect(extract(content)).rejects.toMatchObject({ code: 'E_SOURCE_UNREADABLE', details: [detail] });
  });

  it('an empty file, a missing file, a file elsewhere, another encoding, a missing folder', async () => {
    await expect(extract('')).rejects.toMatchObject({ code: 'E_SOURCE_UNREADABLE', message: expect.stringContaining('has no header') });
    const cut = await sourceOf().open();
    await expect(cut.columns('ITEMS.csv', null)).rejects.toMatchObject({ code: 'E_SOURCE_UNREADABLE', hint: 'did you mean ITEM.csv?' });
    await expect(cut.columns('../x.csv', null)).rejects.toMatchObject({ code: 'E_SOURCE_UNREADABLE' });
    await expect(cut.columns(null, 'SELECT 1')).rejects.toMatchObject({ code: 'E_CONFIG' });
    await expect(extract(iconv.encode('A,B\n', 'utf-16le', { addBOM: true }))).rejects.toMatchObject({ hint: 'set systems.wards.encoding to utf-16le' });
    expect(() => sourceOf({ encoding: 'klingon' })).toThrow('not known');
    await rm(join(directory, 'exports'), { recursive: true });
    await expect(sourceOf().open()).rejects.toMatchObject({ code: 'E_SOURCE_UNREACHABLE' });
  });

  it('a file that changes while it is read', async () => {
    await writeFile(join(directory, 'exports', 'ITEM.csv'), 'A\n1\n');
    const cut = await sourceOf().open();
    await cut.extract({ entity: 'product', from: 'ITEM.csv', query: null, columns: null, since: null }, plane, () => undefined);
    await appendFile(join(directory, 'exports', 'ITEM.csv'), '2\n');
    await expect(cut.close()).rejects.toMatchObject({ code: 'E_SOURCE_UNREADABLE' });
  });

  it('tables are the files of the folder', async () => {
    for (const name of ['b.tsv', 'a.csv', 'notes.pdf', '.hidden.csv']) await writeFile(join(directory, 'exports', name), '');
    expect(await (await sourceOf().open()).tables()).toEqual(['a.csv', 'b.tsv']);
  });
});
