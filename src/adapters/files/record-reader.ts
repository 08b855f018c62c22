/** Any delimited text through csv-parse, a block of lines at a time, so that a broken record costs its own line and not the rest of the file. */
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { type DelimitedFormat, LONGEST_RECORD, raggedReason } from './delimited-format.ts';
import { type PhysicalLine, physicalLines, trimTerminator } from './physical-lines.ts';

export interface BadRecord {
  /** 1-based physical line where it begins. */
  readonly line: number;
  readonly reason: string;
  readonly text: string;
}

export interface RecordBatch {
  /** The line number as text, then one value per column. */
  readonly records: (string | null)[][];
  readonly bad: BadRecord[];
}

interface ParsedRecord {
  readonly values: (string | null)[];
  readonly lines: number;
}

const BLOCK_LINES = 4096;
/** After a broken record the next blocks are short: what follows it in a block is parsed again. */
const CAREFUL_LINES = 32;

/** Every physical line ends up in a record or in `bad`; only blank lines are skipped (in a file of one column they are records). */
export async function* readRecords(path: string, format: DelimitedFormat, skipLines: number, width: number): AsyncIterable<RecordBatch> {
  let reader: RecordReader | null = null;
  let skipped = 0;
  for await (const block of physicalLines(path, format.encoding)) {
    reader ??= new RecordReader(format, width, terminatorOf(block), skipLines + 1);
    const rest = block.slice(Math.min(skipLines - skipped, block.length));
    skipped += block.length - rest.length;
    yield reader.feed(rest, false);
  }
  if (reader !== null) yield reader.feed([], true);
}

/** The values of the first record, null texts as they stand: the header. Null when the file has no record. */
export async function readFirstRecord(path: string, format: DelimitedFormat): Promise<{ values: string[]; lines: number } | null> {
  let text = '';
  for await (const block of physicalLines(path, format.encoding)) {
    for (const line of block) {
      text += line.text;
      const outcome = parseBlock(text, { ...format, nullTexts: [] }, { terminator: terminatorOf(block), isRelaxed: false });
      const [first] = outcome.records;
      if (first !== undefined) return { values: first.values.map((value) => value ?? ''), lines: first.lines };
      if (outcome.failure !== 'open' || text.length > LONGEST_RECORD) return null;
    }
  }
  return null;
}

class RecordReader {
  readonly #format: DelimitedFormat;
  readonly #width: number;
  #pending: PhysicalLine[] = [];
  #blockLines = BLOCK_LINES;
  readonly #terminator: Terminator;
  /** Line number of the first pending line. */
  #base: number;

  constructor(format: DelimitedFormat, width: number, terminator: Terminator, firstLine: number) {
    this.#format = format;
    this.#width = width;
    this.#terminator = terminator;
    this.#base = firstLine;
  }

  feed(lines: readonly PhysicalLine[], isEnd: boolean): RecordBatch {
    const pending = this.#pending.length === 0 ? lines : [...this.#pending, ...lines];
    const base = this.#base;
    const batch: RecordBatch = { records: [], bad: [] };
    let at = 0;
    while (at < pending.length) {
      const line = pending[at] as PhysicalLine;
      if (line.undecodable) {
        batch.bad.push({ line: base + at, reason: 'bytes that are not in the declared encoding', text: trimTerminator(line.text) });
        at += 1;
        continue;
      }
      const consumed = this.#block(pending, at, base, isEnd, batch);
      if (consumed === 0) break;
      at += consumed;
    }
    this.#pending = pending.slice(at);
    this.#base = base + at;
    return batch;
  }

  /** Takes one block of records from `at`; answers how many lines it has dealt with, 0 when it needs more lines. */
  #block(pending: readonly PhysicalLine[], at: number, base: number, isEnd: boolean, batch: RecordBatch): number {
    let end = at;
    while (end < pending.length && end - at < this.#blockLines && !(pending[end] as PhysicalLine).undecodable) end += 1;
    const lines = pending.slice(at, end);
    const text = lines.map((line) => line.text).join('');
    const outcome = parseBlock(text, this.#format, { terminator: this.#terminator, isRelaxed: false });
    let consumed = 0;
    for (const record of outcome.records) {
      this.#take(record, lines.slice(consumed, consumed + record.lines), base + at + consumed, batch);
      consumed += record.lines;
    }
    if (outcome.failure === null) {
      this.#blockLines = Math.min(this.#blockLines * 2, BLOCK_LINES);
      return lines.length;
    }
    const first = lines[consumed] as PhysicalLine;
    if (outcome.failure === 'open' && this.#mayStillClose(lines, consumed, end < pending.length, isEnd, pending[end]?.undecodable === true)) {
      if (consumed === 0 && end < pending.length) this.#blockLines *= 2;
      return consumed === 0 && end < pending.length ? this.#block(pending, at, base, isEnd, batch) : consumed;
    }
    this.#blockLines = CAREFUL_LINES;
    const relaxed = outcome.failure === 'stray' ? this.#relaxed(first.text) : null;
    if (relaxed !== null) this.#take(relaxed, [first], base + at + consumed, batch);
    else {
      const reason = outcome.failure === 'open' ? 'a quote is opened and never closed' : 'text after a closing quote';
      batch.bad.push({ line: base + at + consumed, reason, text: trimTerminator(first.text) });
    }
    return consumed + 1;
  }

  #mayStillClose(lines: readonly PhysicalLine[], from: number, hasMore: boolean, isEnd: boolean, isCutByBadLine: boolean): boolean {
    if (isCutByBadLine || (isEnd && !hasMore)) return false;
    let length = 0;
    for (let index = from; index < lines.length; index += 1) length += (lines[index] as PhysicalLine).text.length;
    return length < LONGEST_RECORD;
  }

  #take(record: ParsedRecord, lines: readonly PhysicalLine[], line: number, batch: RecordBatch): void {
    const { values } = record;
    if (values.length === 1 && this.#width > 1 && lines.length === 1 && trimTerminator((lines[0] as PhysicalLine).text) === '') return;
    if (values.length === this.#width) {
      batch.records.push([String(line), ...values]);
      return;
    }
    const text = trimTerminator(lines.map((one) => one.text).join(''));
    batch.bad.push({ line, reason: raggedReason(values.length, this.#width), text });
  }

  /** A quote inside a value that is not quoted is text (`PIPE 5"`). Accepted when no value of the line begins with a quote, so that none is broken. */
  #relaxed(line: string): ParsedRecord | null {
    const outcome = parseBlock(line, this.#format, { terminator: this.#terminator, isRelaxed: true });
    const [record, ...others] = outcome.records;
    if (record === undefined || others.length > 0 || outcome.failure !== null) return null;
    const isBroken = record.values.some((value) => value?.startsWith(this.#format.quote) === true);
    return isBroken ? null : record;
  }
}

interface BlockOutcome {
  readonly records: ParsedRecord[];
  /** `open`: the text ends within quotes; `stray`: a quote inside an unquoted value; `broken`: text after a closing quote. */
  readonly failure: 'open' | 'stray' | 'broken' | null;
}

/** What ends the lines of a file: a carriage return only where there is no line feed at all. */
type Terminator = '\n' | '\r';

function terminatorOf(block: readonly PhysicalLine[]): Terminator {
  return block[0]?.text.endsWith('\r') === true ? '\r' : '\n';
}

function parseBlock(text: string, format: DelimitedFormat, { terminator, isRelaxed }: { terminator: Terminator; isRelaxed: boolean }): BlockOutcome {
  const records: ParsedRecord[] = [];
  const nullTexts = new Set(format.nullTexts);
  let innerLines = 0;
  try {
    parse(text, {
      delimiter: format.delimiter,
      quote: format.quote === '' ? null : format.quote,
      escape: format.quote === '' ? null : format.quote,
      record_delimiter: terminator === '\r' ? ['\r'] : ['\r\n', '\n'],
      relax_column_count: true,
      relax_quotes: isRelaxed,
      cast: (value, context) => {
        if (!context.quoting) return nullTexts.has(value) ? null : value;
        for (let at = value.indexOf(terminator); at >= 0; at = value.indexOf(terminator, at + 1)) innerLines += 1;
        return value;
      },
      on_record: (values: (string | null)[]) => {
        records.push({ values, lines: 1 + innerLines });
        innerLines = 0;
        return null;
      },
    });
    return { records, failure: null };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const code: string = error.code;
    if (code === 'CSV_QUOTE_NOT_CLOSED') return { records, failure: 'open' };
    if (code === 'INVALID_OPENING_QUOTE') return { records, failure: 'stray' };
    if (code === 'CSV_INVALID_CLOSING_QUOTE') return { records, failure: 'broken' };
    throw error;
  }
}
