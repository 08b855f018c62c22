/** The breaks of the page, decoded block by block; values are looked up and never copied. */
import type { Break } from '../../../domain/difference.ts';
import {
  BLOCK_BITS,
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
} from '../block-layout.ts';

type Numbers = Uint8Array | Uint16Array | Uint32Array;

export interface Block {
  readonly rows: number;
  readonly dictionaries: BlockHeader['dictionaries'];
  readonly texts: Readonly<Record<TextColumn, Numbers>>;
  readonly numbers: Readonly<Record<NumberColumn, Numbers>>;
  readonly hashes: Readonly<Record<HashColumn, Uint8Array>>;
}

export class BreakRows {
  readonly blocks: Block[] = [];
  count = 0;

  add(block: Block): void {
    this.blocks.push(block);
    this.count += block.rows;
  }

  text(column: TextColumn, row: number): string | null {
    const block = this.#block(row);
    const place = block.texts[column][row & (BLOCK_ROWS - 1)] ?? 0;
    return place === 0 ? null : (block.dictionaries[textColumns[column]][place - 1] ?? null);
  }

  number(column: NumberColumn, row: number): number | null {
    const stored = this.#block(row).numbers[column][row & (BLOCK_ROWS - 1)] ?? 0;
    return stored === 0 ? null : stored - 1;
  }

  hash(column: HashColumn, row: number): string | null {
    return hashText(this.#block(row).hashes[column], row & (BLOCK_ROWS - 1));
  }

  /** All of a break. Its texts are those of the report, whatever they are. */
  at(row: number): Break {
    const texts = Object.fromEntries((Object.keys(textColumns) as TextColumn[]).map((column) => [column, this.text(column, row)]));
    const [odooId, nights, masked] = numberColumns.map((column) => this.number(column, row));
    const [id, valueHash] = hashColumns.map((column) => this.hash(column, row));
    return { ...texts, id, valueHash, odooId, nights: nights ?? 0, masked: masked === 1 } as unknown as Break;
  }

  #block(row: number): Block {
    const block = this.blocks[row >> BLOCK_BITS];
    if (block === undefined) throw new RangeError(`no row ${row}`);
    return block;
  }
}

export function hashText(bytes: Uint8Array, row: number): string | null {
  const start = row * HASH_BYTES;
  if (bytes[start] === 0) return null;
  let text = '';
  for (let byte = 1; byte < HASH_BYTES; byte += 1) text += (bytes[start + byte] ?? 0).toString(16).padStart(2, '0');
  return text;
}

export async function decodedBlock(base64: string): Promise<Block> {
  const packed = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const start = 4 + new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start))) as BlockHeader;
  const sections = bytes.subarray(start);
  const unpack = <Column extends string>(columns: Readonly<Record<Column, PackedNumbers>>): Record<Column, Numbers> => {
    const entries = Object.entries(columns) as [Column, PackedNumbers][];
    return Object.fromEntries(entries.map(([column, packing]) => [column, unpacked(sections, packing, header.rows)])) as Record<Column, Numbers>;
  };
  const hashes = {} as Record<HashColumn, Uint8Array>;
  for (const column of hashColumns) hashes[column] = sections.subarray(header.hashes[column], header.hashes[column] + header.rows * HASH_BYTES);
  const { dictionaries } = header;
  return { rows: header.rows, dictionaries, texts: unpack(header.texts), numbers: unpack(header.numbers), hashes };
}

function unpacked(sections: Uint8Array, { offset, bytes }: PackedNumbers, rows: number): Numbers {
  const packed = sections.subarray(offset, offset + rows * bytes);
  if (bytes === 1) return packed;
  const values = bytes === 2 ? new Uint16Array(rows) : new Uint32Array(rows);
  let before = 0;
  for (let row = 0; row < rows; row += 1) {
    let difference = 0;
    for (let byte = 0; byte < bytes; byte += 1) difference |= (packed[byte * rows + row] ?? 0) << (8 * byte);
    // the arrays wrap around where the sum does not fit, as the differences did
    before += difference;
    values[row] = before;
    before = values[row] ?? 0;
  }
  return values;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/** Every text of a column, with how many rows have it; null first, then by text. */
export function valuesOf(rows: BreakRows, column: TextColumn): { readonly value: string | null; readonly rows: number }[] {
  const counts = new Map<string | null, number>();
  const dictionary: Dictionary = textColumns[column];
  for (const block of rows.blocks) {
    const found = new Uint32Array(block.dictionaries[dictionary].length + 1);
    for (const place of block.texts[column]) found[place] = (found[place] ?? 0) + 1;
    for (const [place, count] of found.entries()) {
      if (count === 0) continue;
      const value = place === 0 ? null : (block.dictionaries[dictionary][place - 1] ?? null);
      counts.set(value, (counts.get(value) ?? 0) + count);
    }
  }
  return [...counts].map(([value, count]) => ({ value, rows: count })).sort((a, b) => ((a.value ?? '') < (b.value ?? '') ? -1 : 1));
}
