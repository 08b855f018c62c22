/** Looks at every byte of a UTF-8 file once, to know beforehand whether DuckDB's reader will read it exactly as declared.
 *
 *  Why not let DuckDB tell: after a line with broken quotes it may leave out good lines without a reject, and it tells neither line numbers nor what it skipped
 *  as blank. What is found here (records, bad lines) is also what the reader's own counts are checked against. */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { type DelimitedFormat, LONGEST_RECORD, raggedReason } from './delimited-format.ts';
import type { BadRecord } from './record-reader.ts';

export interface RegularFile {
  /** Good records, header not counted. */
  readonly records: number;
  /** Lines without a record (blank or bad): how many good records stand before, once per line. */
  readonly gaps: readonly number[];
  readonly bad: readonly BadRecord[];
}

/** More gaps than this and the other reader does it: each gap is a term in the expression of the line number. */
const MOST_GAPS = 100;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Facts of a regular file, or null for one that csv-parse must read: broken, stray or multi-line quoting, mixed line ends, invalid UTF-8, NUL,
 *  very long lines, too many ragged or blank lines. `skipLines` is the header. */
export async function findRegularity(path: string, format: DelimitedFormat, skipLines: number, width: number): Promise<RegularFile | null> {
  // a file of one column: DuckDB takes a first line of "" for no line at all
  if (width === 1) return null;
  const scan = new Scan(format, skipLines, width);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const block: Buffer = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    const cut = block.lastIndexOf(LINE_FEED) + 1;
    if (!scan.lines(block.subarray(0, cut))) return null;
    rest = block.subarray(cut);
    if (rest.length > LONGEST_RECORD) return null;
  }
  if (!scan.lines(rest)) return null;
  return scan.result();
}

class Scan {
  readonly #delimiter: number;
  /** -1 when nothing is quoted: no byte equals it. */
  readonly #quote: number;
  readonly #width: number;
  readonly #skipLines: number;
  #line = 0;
  #records = 0;
  #lineEnd: '\n' | '\r\n' | null = null;
  readonly #gaps: number[] = [];
  readonly #bad: BadRecord[] = [];

  constructor(format: DelimitedFormat, skipLines: number, width: number) {
    this.#delimiter = format.delimiter.charCodeAt(0);
    this.#quote = format.quote === '' ? -1 : format.quote.charCodeAt(0);
    this.#width = width;
    this.#skipLines = skipLines;
  }

  /** Whole lines, the last one of the file perhaps without its end. False: not regular. */
  lines(block: Buffer): boolean {
    if (!isUtf8(block) || block.includes(0)) return false;
    for (let from = 0; from < block.length; ) {
      const found = block.indexOf(LINE_FEED, from);
      const next = found < 0 ? block.length : found + 1;
      let to = found < 0 ? block.length : found;
      if (found >= 0) {
        const isWindows = to > from && block[to - 1] === CARRIAGE_RETURN;
        if (isWindows) to -= 1;
        const lineEnd = isWindows ? '\r\n' : '\n';
        this.#lineEnd ??= lineEnd;
        if (this.#lineEnd !== lineEnd) return false;
      }
      this.#line += 1;
      // a carriage return in the header: lines end in a way of their own
      const isRegular = this.#line > this.#skipLines ? this.#record(block, from, to) : !block.subarray(from, to).includes(CARRIAGE_RETURN);
      if (!isRegular) return false;
      from = next;
    }
    return true;
  }

  #record(block: Buffer, from: number, to: number): boolean {
    if (to - from > LONGEST_RECORD) return false;
    if (from === to) return this.#gap();
    const columns = countColumns(block, from, to, this.#delimiter, this.#quote);
    if (columns === 0) return false;
    if (columns === this.#width) {
      this.#records += 1;
      return true;
    }
    this.#bad.push({ line: this.#line, reason: raggedReason(columns, this.#width), text: block.toString('utf8', from, to) });
    return this.#gap();
  }

  #gap(): boolean {
    this.#gaps.push(this.#records);
    return this.#gaps.length <= MOST_GAPS;
  }

  result(): RegularFile {
    return { records: this.#records, gaps: this.#gaps, bad: this.#bad };
  }
}

/** Columns of one line; 0 when its quoting is not plain or a carriage return stands in it. */
function countColumns(block: Buffer, from: number, to: number, delimiter: number, quote: number): number {
  let columns = 1;
  let isFieldStart = true;
  for (let at = from; at < to; at += 1) {
    const byte = block[at] as number;
    if (byte === delimiter) {
      columns += 1;
      isFieldStart = true;
    } else if (byte === quote) {
      if (!isFieldStart) return 0;
      at = closingQuote(block, at + 1, to, quote);
      if (at < 0 || (at + 1 < to && block[at + 1] !== delimiter)) return 0;
      isFieldStart = false;
    } else {
      if (byte === CARRIAGE_RETURN) return 0;
      isFieldStart = false;
    }
  }
  return columns;
}

/** Where the quote that closes stands (a doubled one does not), or -1. */
function closingQuote(block: Buffer, from: number, to: number, quote: number): number {
  for (let at = from; at < to; at += 1) {
    const byte = block[at] as number;
    if (byte === CARRIAGE_RETURN) return -1;
    if (byte !== quote) continue;
    if (at + 1 < to && block[at + 1] === quote) at += 1;
    else return at;
  }
  return -1;
}
