/** Which rows are shown, and in which order. Both work on dictionaries: a value is looked at once a block, not once a row. */
import { BLOCK_BITS, BLOCK_ROWS, HASH_BYTES, type TextColumn, textColumns } from '../block-layout.ts';
import { type Block, type BreakRows, hashText } from './break-rows.ts';

export const filterColumns = ['entity', 'rule', 'class', 'status', 'life', 'direction', 'owner', 'system'] as const satisfies readonly TextColumn[];
export type FilterColumn = (typeof filterColumns)[number];

export interface Filter {
  /** Columns that are not in it may be anything; null is no value. */
  readonly values: ReadonlyMap<FilterColumn, string | null>;
  /** Words that a row must all have, in any column. */
  readonly words: readonly string[];
}

const searchedColumns = ['key', 'legacy', 'odoo', 'baseline', 'field', 'rule', 'entity', 'system', 'class'] as const satisfies readonly TextColumn[];
/** One bit a word. */
const MOST_WORDS = 8;

export function wordsOf(search: string): string[] {
  return search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, MOST_WORDS);
}

/** Row numbers, ascending. */
export function filteredRows(rows: BreakRows, { values, words }: Filter): Uint32Array {
  const found = new Uint32Array(rows.count);
  let count = 0;
  for (const [index, block] of rows.blocks.entries()) {
    const wanted = wantedPlaces(block, values);
    if (wanted === null) continue;
    const hasWords = words.length === 0 ? null : wordFinder(block, words);
    for (let row = 0; row < block.rows; row += 1) {
      if (!wanted.every(({ column, place }) => block.texts[column][row] === place)) continue;
      if (hasWords !== null && !hasWords(row)) continue;
      found[count] = (index << BLOCK_BITS) | row;
      count += 1;
    }
  }
  return found.slice(0, count);
}

/** Null: no row of this block has them all. */
function wantedPlaces(block: Block, values: Filter['values']): { readonly column: FilterColumn; readonly place: number }[] | null {
  const wanted: { column: FilterColumn; place: number }[] = [];
  for (const [column, value] of values) {
    const place = value === null ? 0 : block.dictionaries[textColumns[column]].indexOf(value) + 1;
    if (place === 0 && value !== null) return null;
    wanted.push({ column, place });
  }
  return wanted;
}

function wordFinder(block: Block, words: readonly string[]): (row: number) => boolean {
  const all = 2 ** words.length - 1;
  const names = [...new Set(searchedColumns.map((column) => textColumns[column]))];
  const bits = new Map(names.map((name) => [name, bitsOf(block.dictionaries[name], words)]));
  const columns = searchedColumns.map((column) => ({ places: block.texts[column], found: bits.get(textColumns[column]) ?? new Uint8Array() }));
  // an id is only looked for by its beginning: every second word of letters a to f would be in some id
  const ids = words.map((word) => (/^[0-9a-f]{4,16}$/.test(word) ? word : null));
  return (row) => {
    let seen = 0;
    for (const { places, found } of columns) seen |= found[places[row] ?? 0] ?? 0;
    if (seen === all) return true;
    for (const [index, id] of ids.entries()) if (id !== null && beginsWith(block.hashes.id, row, id)) seen |= 1 << index;
    return seen === all;
  };
}

function beginsWith(hashes: Uint8Array, row: number, id: string): boolean {
  return Number.parseInt(id.slice(0, 2), 16) === hashes[row * HASH_BYTES + 1] && (hashText(hashes, row) ?? '').startsWith(id);
}

function bitsOf(texts: readonly string[], words: readonly string[]): Uint8Array {
  const bits = new Uint8Array(texts.length + 1);
  for (const [index, text] of texts.entries()) {
    const lower = text.toLowerCase();
    for (const [bit, word] of words.entries()) if (lower.includes(word)) bits[index + 1] = (bits[index + 1] ?? 0) | (1 << bit);
  }
  return bits;
}

export type SortColumn = TextColumn | 'nights';
export interface Order {
  readonly column: SortColumn;
  readonly descending: boolean;
}

/** The same rows by the values of a column; equal ones stay as they were. No value comes last. */
export function sortedRows(rows: BreakRows, chosen: Uint32Array, { column, descending }: Order): Uint32Array {
  const ranks = column === 'nights' ? nightRanks(rows) : textRanks(rows, column);
  const width = chosen.length;
  // rank and place in one number that is exact: fewer than 2^26 rows and ranks each
  const keys = new Float64Array(width);
  for (let place = 0; place < width; place += 1) {
    const rank = ranks(chosen[place] ?? 0);
    keys[place] = (rank === 0 ? 2 ** 26 : descending ? 2 ** 26 - rank : rank) * width + place;
  }
  keys.sort();
  return Uint32Array.from(keys, (key) => chosen[key % width] ?? 0);
}

function nightRanks(rows: BreakRows): (row: number) => number {
  return (row) => (rows.number('nights', row) ?? 0) + 1;
}

/** 0 for no value. Numbers in texts count as numbers: PO-9 comes before PO-10. */
function textRanks(rows: BreakRows, column: TextColumn): (row: number) => number {
  const dictionary = textColumns[column];
  const used = new Set<string>();
  for (const block of rows.blocks) {
    const texts = block.dictionaries[dictionary];
    for (const place of block.texts[column]) if (place > 0) used.add(texts[place - 1] ?? '');
  }
  const { compare } = new Intl.Collator('en', { numeric: true });
  const rankOf = new Map([...used].sort((a, b) => compare(a, b) || (a < b ? -1 : 1)).map((text, index) => [text, index + 1]));
  const byBlock = rows.blocks.map((block) =>
    Uint32Array.from(['', ...block.dictionaries[dictionary]], (text, place) => (place === 0 ? 0 : (rankOf.get(text) ?? 0))),
  );
  return (row) => {
    const block = row >> BLOCK_BITS;
    return byBlock[block]?.[rows.blocks[block]?.texts[column][row & (BLOCK_ROWS - 1)] ?? 0] ?? 0;
  };
}
