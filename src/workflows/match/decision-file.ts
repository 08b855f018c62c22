/** decisions/match.csv as text: one row added or taken back, whatever else stands in the file. */
import { csvLine } from '../../domain/csv.ts';
import { CutoverError } from '../../domain/errors.ts';
import { MatchDecisionRow } from '../../domain/matching.ts';

const columns = Object.keys(MatchDecisionRow.shape) as (keyof MatchDecisionRow)[];

export interface WrittenRow {
  /** The file as it is now. */
  readonly content: string;
  /** The row as it stands in it. */
  readonly line: string;
}

/** In the columns and with the line ends that the file has. E_CONFIG where a column is missing: the row could not be read back. */
export function withRow(content: string | null, row: MatchDecisionRow): WrittenRow {
  const text = content === null || content.trim() === '' ? csvLine(columns) : content;
  const [first = ''] = text.split('\n', 1);
  const header = first
    .replace(/^\uFEFF/, '')
    .trim()
    .split(',')
    .map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  const missing = columns.filter((column) => !header.includes(column));
  if (missing.length > 0) {
    throw new CutoverError('E_CONFIG', `decisions/match.csv has no column ${missing.join(', ')}`, {
      hint: 'rename the file to decisions/match-1.csv; cutover match decide begins a new one',
    });
  }
  const end = first.endsWith('\r') ? '\r\n' : '\n';
  const line = csvLine(header.map((name) => row[name as keyof MatchDecisionRow] || null)).replace(/\n$/, end);
  return { content: `${text}${text.endsWith('\n') ? '' : end}${line}`, line };
}

/** Takes back the last such row; a file in which it no longer stands is left as it is. */
export function withoutRow(content: string, line: string): string {
  const at = content.lastIndexOf(line);
  const isWhole = at > 0 && content[at - 1] === '\n';
  return isWhole ? content.slice(0, at) + content.slice(at + line.length) : content;
}
