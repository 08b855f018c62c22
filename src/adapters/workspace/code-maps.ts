/** Value tables as CSV: code maps (codes/<name>.csv) and decisions (decisions/*.csv). */
import { type CsvError, parse } from 'csv-parse/sync';
import type { z } from 'zod';
import { BreakDecisionRow, breakDecisionProblem } from '../../domain/break-decision.ts';
import { CodeMapRow, LinkDecisionRow } from '../../domain/contract.ts';
import { MatchDecisionRow, recordName } from '../../domain/matching.ts';
import type { Mistakes } from '../../domain/mistakes.ts';
import { didYouMean } from '../../domain/suggestion.ts';
import type { FilePosition, PlacedBreakDecision } from '../../domain/workspace.ts';

interface PlacedRow<Row> {
  readonly row: Row;
  readonly position: FilePosition;
}

interface TableRules {
  /** Columns that are there for people and mean nothing here are no mistake. */
  readonly mayHaveMore?: boolean;
  /** Rows in which this column is empty are left out. */
  readonly filledIn?: string;
}

/** Rows of a CSV file by a schema whose keys are the columns; rows with mistakes are told and left out. */
function readTable<Schema extends z.ZodObject>(
  schema: Schema,
  content: string,
  file: string,
  mistakes: Mistakes,
  rules: TableRules = {},
): PlacedRow<z.infer<Schema>>[] {
  let records: { record: Record<string, string>; info: { lines: number } }[];
  const columns = Object.keys(schema.shape);
  try {
    records = parse(content, {
      bom: true,
      info: true,
      skip_empty_lines: true,
      columns: (header: string[]) => {
        const names = header.map((name) => name.trim());
        for (const name of names) {
          if (!columns.includes(name) && rules.mayHaveMore !== true)
            mistakes.push({ position: { file, line: 1, column: 1 }, message: `unknown column '${name}'${didYouMean(name, columns)}` });
        }
        for (const name of columns) {
          const isOptional = (schema.shape[name] as z.ZodType).safeParse(undefined).success;
          if (!isOptional && !names.includes(name)) mistakes.push({ position: { file, line: 1, column: 1 }, message: `the column '${name}' is missing` });
        }
        return names;
      },
    }) as typeof records;
  } catch (error) {
    const { message, lines } = error as CsvError & { lines?: number };
    mistakes.push({ position: { file, line: lines ?? 1, column: 1 }, message: `not valid CSV: ${message}` });
    return [];
  }
  const hasColumnMistakes = mistakes.some((mistake) => mistake.position.file === file);
  if (hasColumnMistakes) return [];
  return records.flatMap(({ record, info }) => {
    if (rules.filledIn !== undefined && (record[rules.filledIn] ?? '').trim() === '') return [];
    const position = { file, line: info.lines, column: 1 };
    const result = schema.safeParse(record);
    if (result.success) return [{ row: result.data, position }];
    for (const issue of result.error.issues) {
      const column = String(issue.path[0]);
      const given = record[column] ?? '';
      const values = issue.code === 'invalid_value' ? issue.values.map(String) : null;
      const rule = given === '' ? `'${column}' is empty` : `'${column}': ${issue.message}`;
      mistakes.push({ position, message: values === null ? rule : `'${column}' must be one of ${values.join(', ')}${didYouMean(given, values)}` });
    }
    return [];
  });
}

/** Rows of one code map file by source value. A value that stands twice is a mistake, whatever its targets are. */
export function readCodeMap(content: string, file: string, mistakes: Mistakes): Map<string, CodeMapRow> {
  const rows = new Map<string, CodeMapRow>();
  const lines = new Map<string, number>();
  for (const { row, position } of readTable(CodeMapRow, content, file, mistakes)) {
    const before = lines.get(row.source);
    if (before !== undefined) mistakes.push({ position, message: `the source value '${row.source}' stands already in line ${before}` });
    else if (row.status === 'confirmed' && row.target === '') mistakes.push({ position, message: 'a confirmed row needs a target' });
    else {
      lines.set(row.source, position.line);
      rows.set(row.source, row);
    }
  }
  return rows;
}

/** decisions/links.csv. One record may be declared the same as one Odoo record only. */
export function readLinkDecisions(content: string, file: string, mistakes: Mistakes): PlacedRow<LinkDecisionRow>[] {
  const rows = readTable(LinkDecisionRow, content, file, mistakes);
  const decided = new Map<string, number>();
  for (const { row, position } of rows) {
    const identity = JSON.stringify([row.entity, row.system, row.key, row.decision === 'same' ? 'same' : row.odoo]);
    const before = decided.get(identity);
    if (before !== undefined) mistakes.push({ position, message: `this record is decided already in line ${before}` });
    decided.set(identity, position.line);
  }
  return rows;
}

/** One of decisions/match*.csv. A worklist of `cutover match` is such a file once decisions stand in it. */
export function readMatchDecisions(content: string, file: string, mistakes: Mistakes): PlacedRow<MatchDecisionRow>[] {
  return readTable(MatchDecisionRow, content, file, mistakes, { mayHaveMore: true, filledIn: 'decision' }).filter(({ row, position }) => {
    const message = pairOrConflict(row);
    if (message !== null) mistakes.push({ position, message });
    return message === null;
  });
}

function pairOrConflict({ left, right, conflict, decision }: MatchDecisionRow): string | null {
  if (conflict !== '') return left === '' && right === '' ? null : 'a row names a conflict or a pair (left and right), not both';
  if (decision === 'keep') return "'keep' is a decision on a conflict; a pair is same or different";
  for (const [column, text] of [
    ['left', left],
    ['right', right],
  ] as const) {
    if (recordName(text) === null) return `'${column}' must be <system>/<key>`;
  }
  return left === right ? 'left and right are the same record' : null;
}

/** One of decisions/breaks*.csv. A worklist of `cutover reconcile` is such a file once decisions stand in it. A row that cannot be right stops nobody's
 *  night: it decides nothing, and is listed with what is wrong with it. */
export function readBreakDecisions(content: string, file: string, mistakes: Mistakes): PlacedBreakDecision[] {
  const rows = readTable(BreakDecisionRow, content, file, mistakes, { mayHaveMore: true, filledIn: 'decision' });
  return rows.map(({ row, position }) => {
    const plain = { ...row, break: unguarded(row.break), value_hash: unguarded(row.value_hash) };
    return { ...plain, position, problem: breakDecisionProblem(plain) };
  });
}

/** A worklist has an apostrophe before what a spreadsheet would take for a number, as an id of digits only. */
function unguarded(text: string): string {
  return text.replace(/^'/, '');
}
