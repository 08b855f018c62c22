/** A worklist as CSV, with whatever a spreadsheet puts between values and whatever it encodes them in. */
import { parse } from 'csv-parse/sync';
import { CutoverError } from '../../domain/errors.ts';
import type { Table } from './read-decisions.ts';

const delimiters = [',', ';', '\t'] as const;

/** One table, or none where no delimiter makes it one. */
export function delimitedTables(bytes: Uint8Array, name: string): readonly Table[] {
  const text = decoded(bytes);
  if (/^\s*<(?:!doctype|html)/i.test(text)) {
    throw new CutoverError('E_USAGE', `${name} is the report itself, not what it exports`, {
      hint: 'open it in a browser, decide, and press "Download decisions"; then import the file that was downloaded',
    });
  }
  // a spreadsheet's own first line saying what stands between the values; it shows it nowhere, and counts its rows from the next
  const body = text.replace(/^sep=.\r?\n/i, '');
  const top = body.slice(0, 20_000);
  const delimiter = delimiters.find((one) => headerLine(one).test(top));
  if (delimiter === undefined) return [];
  try {
    // a quote in the middle of a value is that value's own, and people leave rows shorter than the header
    const rows: string[][] = parse(body, { delimiter, relax_column_count: true, relax_quotes: true, skip_empty_lines: false });
    return [{ sheet: null, rows }];
  } catch (error) {
    const { lines, message } = error as { lines?: number; message: string };
    throw new CutoverError('E_USAGE', `${name}: line ${lines ?? '?'} is no CSV: ${reason(message)}`, { hint: 'save it as CSV UTF-8, or as .xlsx' });
  }
}

/** A line with the two columns that no worklist lacks, apart by this delimiter. */
function headerLine(delimiter: string): RegExp {
  const at = (name: string) => `(?:^|.*${delimiter})\\s*"?${name}"?\\s*(?:${delimiter}|$)`;
  return new RegExp(`^(?=${at('break')})(?=${at('decision')})`, 'im');
}

/** UTF-8 (with a mark or without), UTF-16 as spreadsheets' "Unicode text", or else what Windows calls ANSI. */
function decoded(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** What the parser says, without the values it quotes. */
function reason(message: string): string {
  return message.split(':')[0] ?? 'it cannot be read';
}
