/** A worklist as CSV, with whatever a spreadsheet puts between values and whatever it encodes them in. */
import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { CutoverError } from '../../domain/errors.ts';
import type { Table } from './read-decisions.ts';

const delimiters = [',', ';', '\t'] as const;
/** Bytes that are decoded at a time, and in which the header is looked for. */
const CHUNK = 1 << 20;
/** A spreadsheet's own first line saying what stands between the values; it shows it nowhere, and counts its rows from the next. */
const SEPARATOR_LINE = /^sep=.\r?\n/i;

/** One table, or none where no delimiter makes it one. Its rows are read as they are asked for. */
export function delimitedTables(bytes: Uint8Array, name: string): readonly Table[] {
  const [top = ''] = decoded(bytes);
  if (/^\s*<(?:!doctype|html)/i.test(top)) {
    throw new CutoverError('E_USAGE', `${name} is the report itself, not what it exports`, {
      hint: 'open it in a browser, decide, and press "Download decisions"; then import the file that was downloaded',
    });
  }
  const delimiter = delimiters.find((one) => headerLine(one).test(top));
  return delimiter === undefined ? [] : [{ sheet: null, rows: rowsOf(bytes, delimiter, name) }];
}

async function* rowsOf(bytes: Uint8Array, delimiter: string, name: string): AsyncIterable<readonly string[]> {
  // a quote in the middle of a value is that value's own, and people leave rows shorter than the header
  const parser = parse({ delimiter, relax_column_count: true, relax_quotes: true });
  Readable.from(withoutSeparatorLine(bytes)).pipe(parser);
  try {
    for await (const row of parser) yield row as string[];
  } catch (error) {
    if (!(error instanceof Error && 'lines' in error)) throw error;
    throw new CutoverError('E_USAGE', `${name}: line ${error.lines} is no CSV: ${reason(error.message)}`, { hint: 'save it as CSV UTF-8, or as .xlsx' });
  }
}

function* withoutSeparatorLine(bytes: Uint8Array): Iterable<string> {
  let isFirst = true;
  for (const text of decoded(bytes)) {
    yield isFirst ? text.replace(SEPARATOR_LINE, '') : text;
    isFirst = false;
  }
}

/** A line with the two columns that no worklist lacks, apart by this delimiter. */
function headerLine(delimiter: string): RegExp {
  const at = (name: string) => `(?:^|.*${delimiter})\\s*"?${name}"?\\s*(?:${delimiter}|$)`;
  return new RegExp(`^(?=${at('break')})(?=${at('decision')})`, 'im');
}

/** UTF-8 (with a mark or without), UTF-16 as spreadsheets' "Unicode text", or else what Windows calls ANSI. */
function* decoded(bytes: Uint8Array): Iterable<string> {
  const begins = (first: number, second: number) => bytes[0] === first && bytes[1] === second;
  const encoding = begins(0xff, 0xfe) ? 'utf-16le' : begins(0xfe, 0xff) ? 'utf-16be' : isUtf8(bytes) ? 'utf-8' : 'windows-1252';
  const decoder = new TextDecoder(encoding);
  for (let start = 0; start < bytes.length; start += CHUNK) yield decoder.decode(bytes.subarray(start, start + CHUNK), { stream: true });
  const rest = decoder.decode();
  if (rest !== '') yield rest;
}

/** What the parser says, without the values it quotes. */
function reason(message: string): string {
  return message.split(':')[0] ?? 'it cannot be read';
}
