/** A file as blocks of physical lines: decoded, terminators kept, lines that could not be decoded marked. */
import { isUtf8 as isValidUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import iconv from 'iconv-lite';
import { isUtf8 } from './delimited-format.ts';

export interface PhysicalLine {
  /** With its terminator. */
  readonly text: string;
  readonly undecodable: boolean;
}

const BLOCK_BYTES = 1 << 18;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export async function* physicalLines(path: string, encoding: string): AsyncIterable<readonly PhysicalLine[]> {
  if (isUtf8(encoding)) yield* utf8Lines(path);
  else yield* decodedLines(path, encoding);
}

/** Cut into lines as bytes first, so that one bad byte spoils one line only. */
async function* utf8Lines(path: string): AsyncIterable<readonly PhysicalLine[]> {
  let rest: Buffer = Buffer.alloc(0);
  let end: number | null = null;
  let isFirst = true;
  for await (const chunk of createReadStream(path, { highWaterMark: BLOCK_BYTES })) {
    let block: Buffer = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    if (isFirst && block.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) block = block.subarray(3);
    isFirst = false;
    end ??= block.includes(LINE_FEED) ? LINE_FEED : block.indexOf(CARRIAGE_RETURN) >= 0 ? CARRIAGE_RETURN : null;
    const cut = end === null ? 0 : block.lastIndexOf(end) + 1;
    if (cut > 0 && end !== null) yield utf8Block(block.subarray(0, cut), end);
    rest = block.subarray(cut);
  }
  if (rest.length > 0) yield utf8Block(rest, end ?? LINE_FEED);
}

function utf8Block(block: Buffer, end: number): PhysicalLine[] {
  const isValid = isValidUtf8(block);
  if (isValid) return splitLines(block.toString('utf8'), String.fromCharCode(end)).map((text) => ({ text, undecodable: false }));
  const lines: PhysicalLine[] = [];
  for (let from = 0; from < block.length; ) {
    const found = block.indexOf(end, from);
    const to = found < 0 ? block.length : found + 1;
    const line = block.subarray(from, to);
    lines.push({ text: line.toString('utf8'), undecodable: !isValidUtf8(line) });
    from = to;
  }
  return lines;
}

/** Any other encoding: bytes without a meaning come out of the single- and double-byte ones as U+FFFD, out of UTF-16 as half a pair. */
async function* decodedLines(path: string, encoding: string): AsyncIterable<readonly PhysicalLine[]> {
  const decoder = iconv.getDecoder(encoding);
  const isUnicode = /^(utf|ucs)/i.test(encoding);
  let rest = '';
  let end: string | null = null;
  const block = (text: string, terminator: string): PhysicalLine[] =>
    splitLines(text, terminator).map((line) => ({ text: line, undecodable: (!isUnicode && line.includes('\ufffd')) || !line.isWellFormed() }));
  for await (const chunk of createReadStream(path, { highWaterMark: BLOCK_BYTES })) {
    const text = rest + decoder.write(chunk as Buffer);
    end ??= text.includes('\n') ? '\n' : text.includes('\r') ? '\r' : null;
    const cut = end === null ? 0 : text.lastIndexOf(end) + 1;
    if (cut > 0 && end !== null) yield block(text.slice(0, cut), end);
    rest = text.slice(cut);
  }
  rest += decoder.end() ?? '';
  if (rest !== '') yield block(rest, end ?? '\n');
}

function splitLines(text: string, terminator: string): string[] {
  const lines: string[] = [];
  for (let from = 0; from < text.length; ) {
    const found = text.indexOf(terminator, from);
    const to = found < 0 ? text.length : found + 1;
    lines.push(text.slice(from, to));
    from = to;
  }
  return lines;
}

/** Without its terminator. */
export function trimTerminator(line: string): string {
  return line.replace(/\r?\n$|\r$/, '');
}
