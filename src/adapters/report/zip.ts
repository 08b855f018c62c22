/** A ZIP archive as a stream: nothing is held but what is under way, and no time is written, so the same content gives the same bytes. */
import { Readable } from 'node:stream';
import { crc32, createDeflateRaw } from 'node:zlib';
import { CutoverError } from '../../domain/errors.ts';

export interface ZipEntry {
  readonly name: string;
  /** At most 4 GiB. */
  readonly content: AsyncIterable<string> | Iterable<string>;
}

/** 1980-01-01, the first day there is for ZIP. */
const DAY = 0x0021;
/** Names are UTF-8; sizes and checksum stand behind the content, where they are known. */
const FLAGS = 0x0808;
const DEFLATE = 8;
const VERSION = 20;
const LARGEST = 2 ** 32 - 1;

interface Written {
  readonly name: Buffer;
  readonly offset: number;
  readonly checksum: number;
  readonly size: number;
  readonly packed: number;
}

export async function* zip(entries: AsyncIterable<ZipEntry> | Iterable<ZipEntry>): AsyncIterable<Uint8Array> {
  const directory: Written[] = [];
  let offset = 0;
  for await (const { name, content } of entries) {
    const entry = { name: Buffer.from(name), offset };
    const header = localHeader(entry.name);
    yield header;
    let packed = 0;
    const measured = measuring(content);
    for await (const chunk of Readable.from(measured.chunks(), { objectMode: true }).pipe(createDeflateRaw({ level: 6 }))) {
      packed += chunk.length;
      yield chunk;
    }
    const written = { ...entry, ...measured.result(), packed };
    const tail = descriptor(written);
    yield tail;
    offset += header.length + packed + tail.length;
    if (offset > LARGEST || written.size > LARGEST) {
      throw new CutoverError('E_USAGE', 'these are more breaks than a workbook holds', { hint: 'use the CSV worklist, or breaks.ndjson' });
    }
    directory.push(written);
  }
  const central = directory.map(centralHeader);
  const size = central.reduce((sum, one) => sum + one.length, 0);
  yield Buffer.concat([...central, endOfDirectory(directory.length, size, offset)]);
}

function measuring(content: ZipEntry['content']) {
  let [checksum, size] = [0, 0];
  return {
    result: () => ({ checksum, size }),
    async *chunks(): AsyncIterable<Buffer> {
      for await (const text of content) {
        const bytes = Buffer.from(text);
        checksum = crc32(bytes, checksum);
        size += bytes.length;
        yield bytes;
      }
    },
  };
}

function localHeader(name: Buffer): Buffer {
  return Buffer.concat([
    numbers([4, 0x04034b50], [2, VERSION], [2, FLAGS], [2, DEFLATE], [2, 0], [2, DAY], [4, 0], [4, 0], [4, 0], [2, name.length], [2, 0]),
    name,
  ]);
}

function descriptor({ checksum, packed, size }: Written): Buffer {
  return numbers([4, 0x08074b50], [4, checksum], [4, packed], [4, size]);
}

function centralHeader({ name, checksum, packed, size, offset }: Written): Buffer {
  const fixed = numbers([4, 0x02014b50], [2, VERSION], [2, VERSION], [2, FLAGS], [2, DEFLATE], [2, 0], [2, DAY], [4, checksum], [4, packed], [4, size]);
  return Buffer.concat([fixed, numbers([2, name.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), name]);
}

function endOfDirectory(count: number, size: number, offset: number): Buffer {
  return numbers([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]);
}

/** Little-endian numbers of so many bytes each. */
function numbers(...fields: readonly (readonly [bytes: 2 | 4, value: number])[]): Buffer {
  const buffer = Buffer.alloc(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of fields) at = bytes === 2 ? buffer.writeUInt16LE(value, at) : buffer.writeUInt32LE(value, at);
  return buffer;
}
