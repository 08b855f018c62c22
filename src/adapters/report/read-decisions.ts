/** A worklist that came back: what the steward filled in, through whatever a spreadsheet has done to the file. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import type { WorklistDecision } from '../../domain/report.ts';
import { dayOf, idOf, type Problem, textOf } from './decision-cell.ts';
import { delimitedTables } from './delimited-table.ts';
import { workbookTables } from './workbook-table.ts';

/** As a spreadsheet has it: a number or a date where it made one of a text. */
export type Cell = string | number | Date | boolean | null;

export interface Table {
  /** Of the sheet; null in a file that has but one. */
  readonly sheet: string | null;
  readonly rows: Iterable<readonly Cell[]> | AsyncIterable<readonly Cell[]>;
}

type Column = 'break' | 'decision' | 'by' | 'reason' | 'until' | 'value_hash';
type Places = ReadonlyMap<Column, number>;

const needed = ['break', 'decision', 'by', 'reason', 'until', 'value_hash'] as const satisfies readonly Column[];
/** Rows in which the header is looked for: a notice stands above it, or what somebody has written there. */
const HEADER_WITHIN = 20;
const DETAILS = 50;

/** Rows without a decision are left out. E_USAGE, with every row that cannot be read, where there is one: half a worklist is none. */
export async function readDecisions(path: string): Promise<readonly WorklistDecision[]> {
  const found: Found = { decisions: [], problems: [] };
  let worklists = 0;
  for (const table of await tablesOf(path)) if (await readTable(table, found)) worklists += 1;
  const { decisions, problems } = found;
  if (worklists === 0) {
    const hint = `it must have the columns ${needed.join(', ')}`;
    throw new CutoverError('E_USAGE', `${basename(path)} is no worklist: no row of its first ${HEADER_WITHIN} has the columns 'break' and 'decision'`, {
      hint,
    });
  }
  if (problems.length > 0) throw unreadable(path, problems);
  return decisions;
}

interface Found {
  readonly decisions: WorklistDecision[];
  readonly problems: string[];
}

/** Whether it is a worklist. */
async function readTable({ sheet, rows }: Table, { decisions, problems }: Found): Promise<boolean> {
  let header: Header | null = null;
  let row = 0;
  for await (const cells of rows) {
    row += 1;
    const problem = (what: string) => problems.push(`${sheet === null ? '' : `sheet '${sheet}', `}row ${row}: ${what}`);
    if (header === null) {
      if (row > HEADER_WITHIN) return false;
      header = headerOf(cells);
      if (header === null || 'places' in header) continue;
      problem(header.problem);
      return true;
    }
    const read = 'places' in header ? decisionOf(cells, header.places, row) : null;
    if (read === null) continue;
    if ('problem' in read) problem(read.problem);
    else decisions.push(read);
  }
  return header !== null;
}

function unreadable(path: string, problems: readonly string[]): CutoverError {
  const more = problems.length > DETAILS ? [`and ${problems.length - DETAILS} more`] : [];
  const count = problems.length === 1 ? '' : `, and ${problems.length - 1} more`;
  return new CutoverError('E_USAGE', `${basename(path)}: ${problems[0]}${count}; nothing was taken from it`, {
    hint: 'mend these rows in the file, or fill in a new worklist',
    details: [...problems.slice(0, DETAILS), ...more],
  });
}

async function tablesOf(path: string): Promise<readonly Table[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new CutoverError('E_USAGE', `cannot read ${basename(path)}: ${error.code ?? error.message}`, { hint: `ls -l '${path}'`, cause: error });
  });
  const begins = (...start: number[]) => start.every((byte, index) => bytes[index] === byte);
  if (begins(0x50, 0x4b, 0x03, 0x04)) return workbookTables(bytes, basename(path));
  if (begins(0xd0, 0xcf, 0x11, 0xe0)) {
    throw new CutoverError('E_USAGE', `${basename(path)} is a workbook of Excel 97-2003, or protected by a password`, {
      hint: 'save it as .xlsx without a password, or as CSV UTF-8',
    });
  }
  return delimitedTables(bytes, basename(path));
}

type Header = { readonly places: Places } | Problem;

/** Columns in any order, others between them. Null: this row is no header. */
function headerOf(cells: readonly Cell[]): Header | null {
  const names = cells.map((cell) =>
    textOf(cell)
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, '_'),
  );
  if (!names.includes('break') || !names.includes('decision')) return null;
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0) return { problem: `no column ${missing.map((name) => `'${name}'`).join(', ')}` };
  const twice = needed.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) return { problem: `column '${twice}' stands there twice` };
  return { places: new Map(needed.map((name) => [name, names.indexOf(name)])) };
}

function decisionOf(cells: readonly Cell[], places: Places, row: number): WorklistDecision | Problem | null {
  const cell = (name: Column): Cell => cells[places.get(name) ?? -1] ?? null;
  const decision = textOf(cell('decision')).trim().toLowerCase();
  if (decision === '') return null;
  const id = idOf(cell('break'));
  if (typeof id !== 'string') return { problem: `the break id ${id.problem}` };
  if (id === '') return { problem: 'a decision, but no break id' };
  const valueHash = idOf(cell('value_hash'));
  if (typeof valueHash !== 'string') return { problem: `the value hash ${valueHash.problem}` };
  const until = dayOf(cell('until'));
  if (typeof until !== 'string') return { problem: `'until' ${until.problem}` };
  return { row, break: id, decision, by: textOf(cell('by')).trim(), reason: textOf(cell('reason')).trim(), until, valueHash };
}
