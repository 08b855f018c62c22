/** Breaks into the blocks of the HTML report. Holds one block at a time. */
import { deflateRawSync } from 'node:zlib';
import type { Break } from '../../domain/difference.ts';
import {
  BLOCK_ROWS,
  type BlockHeader,
  type Dictionary,
  HASH_BYTES,
  type HashColumn,
  hashColumns,
  type NumberColumn,
  numberColumns,
  type PackedNumbers,
  type TextColumn,
  textColumns,
} from './block-layout.ts';

/** Base64, one text a block. */
export async function* encodedBlocks(batches: AsyncIterable<readonly Break[]>): AsyncIterable<string> {
  let block: Break[] = [];
  for await (const batch of batches) {
    for (const one of batch) {
      block.push(one);
      if (block.length < BLOCK_ROWS) continue;
      yield encoded(block);
      block = [];
    }
  }
  if (block.length > 0) yield encoded(block);
}

function encoded(rows: readonly Break[]): string {
  const sections: Uint8Array[] = [];
  let offset = 0;
  const add = (section: Uint8Array): number => {
    sections.push(section);
    const start = offset;
    offset += section.length;
    return start;
  };
  const { dictionaries, places } = dictionariesOf(rows);
  const texts = {} as Record<TextColumn, PackedNumbers>;
  for (const column of columns) texts[column] = packedInto(add, places[column], dictionaries[textColumns[column]].length);
  const numbers = {} as Record<NumberColumn, PackedNumbers>;
  for (const column of numberColumns) {
    const values = Uint32Array.from(rows, (one) => (one[column] === null ? 0 : Number(one[column]) + 1));
    numbers[column] = packedInto(
      add,
      values,
      values.reduce((most, value) => Math.max(most, value), 0),
    );
  }
  const hashes = {} as Record<HashColumn, number>;
  for (const column of hashColumns) hashes[column] = add(hashBytes(rows, column));
  const header: BlockHeader = { rows: rows.length, dictionaries, texts, numbers, hashes };
  const head = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return deflateRawSync(Buffer.concat([length, head, ...sections]), { level: 6 }).toString('base64');
}

const columns = Object.keys(textColumns) as TextColumn[];

function dictionariesOf(rows: readonly Break[]): { dictionaries: Record<Dictionary, string[]>; places: Record<TextColumn, Uint32Array> } {
  const places = {} as Record<TextColumn, Uint32Array>;
  const known = {} as Record<Dictionary, Map<string, number>>;
  for (const column of columns) {
    known[textColumns[column]] ??= new Map();
    const dictionary = known[textColumns[column]];
    places[column] = Uint32Array.from(rows, (one) => {
      const text = one[column];
      if (text === null) return 0;
      const place = dictionary.get(text) ?? dictionary.size + 1;
      dictionary.set(text, place);
      return place;
    });
  }
  const dictionaries = {} as Record<Dictionary, string[]>;
  for (const [name, texts] of Object.entries(known)) dictionaries[name as Dictionary] = [...texts.keys()];
  return { dictionaries, places };
}

function packedInto(add: (section: Uint8Array) => number, values: Uint32Array, largest: number): PackedNumbers {
  const bytes = largest < 2 ** 8 ? 1 : largest < 2 ** 16 ? 2 : 4;
  const packed = new Uint8Array(values.length * bytes);
  let before = 0;
  for (const [row, value] of values.entries()) {
    const stored = bytes === 1 ? value : value - before;
    before = value;
    for (let byte = 0; byte < bytes; byte += 1) packed[byte * values.length + row] = (stored >> (8 * byte)) & 0xff;
  }
  return { offset: add(packed), bytes };
}

function hashBytes(rows: readonly Break[], column: HashColumn): Uint8Array {
  const bytes = Buffer.alloc(rows.length * HASH_BYTES);
  for (const [row, one] of rows.entries()) {
    const hash = one[column];
    if (hash === null) continue;
    // an id of another shape cannot be stored, and must not silently become another one
    if (!/^[0-9a-f]{16}$/.test(hash)) throw new Error(`break ${one.id}: ${column} is not 16 hex digits`);
    bytes[row * HASH_BYTES] = 1;
    bytes.write(hash, row * HASH_BYTES + 1, 'hex');
  }
  return bytes;
}
