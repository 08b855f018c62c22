import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import writeWorkbook, { type Cell } from 'write-excel-file/node';
import { worklistColumns } from '../../domain/report.ts';
import { readDecisions } from './read-decisions.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'workbook-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** A workbook as a spreadsheet saves it: shared strings, typed cells. */
async function saved(rows: readonly Readonly<Record<string, Cell>>[], name = 'worklist.xlsx'): Promise<string> {
  const path = join(directory, name);
  const body = rows.map((row) => worklistColumns.map((column) => row[column] ?? null));
  await writeWorkbook([{ data: [[...worklistColumns], ...body], sheet: 'Worklist' }]).toFile(path);
  return path;
}

const decided = { break: 'aaaaaaaaaaaaaaaa', decision: 'waive', by: 'm.keller', reason: 'agreed', value_hash: 'bbbbbbbbbbbbbbbb' };

test('a day that became a date, and blank rows between, are read', async () => {
  const path = await saved([{}, {}, { ...decided, until: { value: new Date('2026-12-31T00:00:00Z'), type: Date, format: 'dd.mm.yyyy' } }, {}]);
  expect(await readDecisions(path)).toEqual([
    { row: 4, break: decided.break, decision: 'waive', by: 'm.keller', reason: 'agreed', until: '2026-12-31', valueHash: decided.value_hash },
  ]);
});

test('a day that became the number of a day is read', async () => {
  expect(await readDecisions(await saved([{ ...decided, until: 46_387 }]))).toMatchObject([{ until: '2026-12-31' }]);
});

test('a reason that became a number or a truth is read as its text', async () => {
  expect(
    await readDecisions(
      await saved([
        { ...decided, reason: 4711 },
        { ...decided, reason: true },
      ]),
    ),
  ).toMatchObject([{ reason: '4711' }, { reason: 'true' }]);
});

test('an id that became a number is refused with its row', async () => {
  const path = await saved([decided, { ...decided, break: 1_234_567_890_123_456 }]);
  await expect(readDecisions(path)).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringContaining('row 3: the break id was made a number') });
});
