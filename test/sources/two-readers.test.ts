import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import type { DelimitedFormat } from '../../src/adapters/files/delimited-format.ts';
import { extractByCsvParse, extractByDuckDB, type FileToExtract } from '../../src/adapters/files/extract-file.ts';
import { findRegularity } from '../../src/adapters/files/regularity.ts';
import type { DataPlane, DataRow, Extract } from '../../src/domain/ports.ts';

/** Both readers must give the same rows, line numbers and quarantine for every file that the first one accepts. */
let directory: string;
let plane: DataPlane;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-readers-'));
  plane = await openDataPlane({ memory: '256MB', threads: 2, spillDirectory: join(directory, 'spill') });
});
afterAll(async () => {
  await plane.close();
  await rm(directory, { recursive: true, force: true });
});

interface Outcome {
  readonly rows: readonly DataRow[];
  readonly quarantine: readonly DataRow[];
  readonly count: number;
}

async function outcomeOf(extract: Extract): Promise<Outcome> {
  const names = ['_row', ...extract.columns.map((column) => `"${column.name}"`)].join(', ');
  const rows = await plane.rows(`SELECT ${names} FROM "${extract.table}" ORDER BY _row`);
  const quarantine = extract.quarantine === null ? [] : await plane.rows(`SELECT * FROM "${extract.quarantine.table}" ORDER BY _row`);
  for (const { table_name, table_type } of await plane.rows('SELECT table_name, table_type FROM information_schema.tables ORDER BY table_type DESC')) {
    await plane.run(`DROP ${table_type === 'VIEW' ? 'VIEW' : 'TABLE'} "${table_name}"`);
  }
  return { rows, quarantine, count: extract.rows };
}

let counter = 0;
async function bothWays(content: string | Buffer, format: DelimitedFormat, width: number): Promise<{ byDuckDB: Outcome | null; byCsvParse: Outcome }> {
  counter += 1;
  const path = join(directory, 'file.csv');
  await writeFile(path, content);
  const columns = Array.from({ length: width }, (_, index) => `C${index}`);
  const file = (table: string): FileToExtract => ({ path, table, format, columns, wanted: columns, skipLines: format.header ? 1 : 0 });
  const byCsvParse = await outcomeOf(await extractByCsvParse(file(`parsed_${counter}`), plane, () => undefined));
  const regular = await findRegularity(path, format, format.header ? 1 : 0, width);
  if (regular === null) return { byDuckDB: null, byCsvParse };
  const extract = await extractByDuckDB(file(`read_${counter}`), regular, plane);
  if (extract === null) return { byDuckDB: null, byCsvParse };
  return { byDuckDB: await outcomeOf(extract), byCsvParse };
}

const special = fc.constantFrom(
  '',
  '007',
  '14.0',
  'NA',
  'N/A',
  '\\N',
  ' ',
  ' lead',
  'trail ',
  "o'hara",
  'naïve',
  'ß€𝄞',
  '#x',
  '-',
  '1e5',
  '"',
  '""',
  'a"b',
  '"q"',
  'a,b',
  'a;b',
  '\t',
  'NULL',
  '\u2028',
  '\u0085',
  '\u00a0',
);
const anyText = fc.oneof(
  special,
  fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !/[\r\n\0]/.test(text) && text.isWellFormed()),
);

function render(value: string, isQuoted: boolean, { delimiter, quote }: DelimitedFormat): string {
  if (quote === '') return value.replaceAll(delimiter, '');
  const mustQuote = value.includes(delimiter) || value.includes(quote);
  return mustQuote || isQuoted ? quote + value.replaceAll(quote, quote + quote) + quote : value;
}

const file = fc
  .record({
    width: fc.integer({ min: 1, max: 4 }),
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    quote: fc.constantFrom('"', '"', "'", ''),
    header: fc.boolean(),
    nullTexts: fc.constantFrom([''], ['', 'NA'], ['NULL'], ['', '\\N', '-']),
    lineEnd: fc.constantFrom('\n', '\n', '\r\n'),
    mark: fc.boolean(),
    lastEnd: fc.boolean(),
    rows: fc.array(fc.array(fc.tuple(anyText, fc.boolean()), { minLength: 4, maxLength: 4 }), { maxLength: 12 }),
    /** Row → what is done to it. */
    faults: fc.dictionary(fc.constantFrom('0', '2', '3', '5'), fc.constantFrom('short', 'long', 'blank'), { maxKeys: 2 }),
  })
  .map(({ width, lineEnd, mark, lastEnd, rows, faults, ...rest }) => {
    const format: DelimitedFormat = { ...rest, encoding: 'utf-8' };
    const lines = rows.map((row, index) => {
      const fault = faults[String(index)];
      if (fault === 'blank') return '';
      const values = row.slice(0, fault === 'short' ? width - 1 : width).map(([value, isQuoted]) => render(value, isQuoted, format));
      return [...values, ...(fault === 'long' ? ['more'] : [])].join(format.delimiter);
    });
    if (format.header) lines.unshift(Array.from({ length: width }, (_, index) => `C${index}`).join(format.delimiter));
    const text = (mark ? '\ufeff' : '') + lines.join(lineEnd) + (lastEnd && lines.length > 0 ? lineEnd : '');
    return { text, format, width };
  });

describe('the two readers of delimited files', () => {
  it('give the same rows, line numbers and quarantine', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(file, async ({ text, format, width }) => {
        const { byDuckDB, byCsvParse } = await bothWays(text, format, width);
        if (byDuckDB === null) return;
        compared += 1;
        expect(byDuckDB).toEqual(byCsvParse);
        expect(byDuckDB.rows.length).toBe(byDuckDB.count);
      }),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(150);
  }, 120_000);

  it('agree on any text, and every line is in a row or in the quarantine', async () => {
    const format: DelimitedFormat = { delimiter: ',', quote: '"', encoding: 'utf-8', header: false, nullTexts: [''] };
    const anything = fc.array(fc.constantFrom('"', '""', ',', '\n', '\n', '\r\n', '\r', 'a', ' ', '7', 'é', 'a,b\n', '"a","b"\n'), { maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(anything, async (parts) => {
        const text = parts.join('');
        const { byDuckDB, byCsvParse } = await bothWays(text, format, 2);
        if (byDuckDB !== null) expect(byDuckDB).toEqual(byCsvParse);
        const kept = [...byCsvParse.rows.map((row) => `${row.C0 ?? ''}${row.C1 ?? ''}`), ...byCsvParse.quarantine.map((row) => String(row.line))].join('');
        for (const letter of ['a', '7', 'é']) expect(kept.split(letter).length).toBe(text.split(letter).length);
      }),
      { numRuns: 400 },
    );
  }, 120_000);

  it('agree on a large file with gaps, beyond every block and vector size', async () => {
    const lines = ['C0,C1,C2'];
    for (let row = 0; row < 150_000; row += 1) {
      if (row % 20_000 === 777) lines.push('');
      if (row % 30_000 === 888) lines.push(`${row},too,many,columns`);
      lines.push(`${String(row).padStart(6, '0')},"a ""quoted"", text ${row % 97}",${row % 5 === 0 ? '' : 'x'}`);
    }
    const format: DelimitedFormat = { delimiter: ',', quote: '"', encoding: 'utf-8', header: true, nullTexts: [''] };
    const { byDuckDB, byCsvParse } = await bothWays(lines.join('\n'), format, 3);
    expect(byDuckDB?.count).toBe(150_000);
    expect(byDuckDB).toEqual(byCsvParse);
    expect(byCsvParse.quarantine).toHaveLength(5);
  }, 60_000);
});
