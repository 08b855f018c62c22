/** How breaks lie in the HTML report: blocks of rows, column by column, so that each value is written once a block and the page decodes one block
 *  after the other. A block is a header (JSON) and numbers, packed (raw deflate) and in base64. */
import type { Break } from '../../domain/difference.ts';

/** 2^15: a row number is a block and a row in it by shifting. Every block but the last is full. */
export const BLOCK_BITS = 15;
export const BLOCK_ROWS = 2 ** BLOCK_BITS;

/** Columns of texts, and the dictionary of each: both sides and the baseline hold mostly the same values. */
export const textColumns = {
  entity: 'entity',
  system: 'system',
  key: 'key',
  class: 'class',
  rule: 'rule',
  field: 'field',
  legacy: 'value',
  odoo: 'value',
  baseline: 'value',
  movement: 'movement',
  owner: 'owner',
  direction: 'direction',
  status: 'status',
  life: 'life',
  firstSeen: 'day',
  pendingUntil: 'day',
  waivedUntil: 'day',
} as const satisfies Partial<Record<keyof Break, string>>;
export type TextColumn = keyof typeof textColumns;
export type Dictionary = (typeof textColumns)[TextColumn];

/** Whole numbers from 0 on, one more than they are; 0 is no number. */
export const numberColumns = ['odooId', 'nights', 'masked'] as const;
export type NumberColumn = (typeof numberColumns)[number];

/** 16 hex digits in 8 bytes, most significant first; a byte before each says whether there are any. */
export const hashColumns = ['id', 'valueHash'] as const;
export type HashColumn = (typeof hashColumns)[number];
export const HASH_BYTES = 9;

/** Numbers of 1, 2 or 4 bytes, little-endian, the bytes of equal weight together; of 2 and 4 each is the difference to the one before. */
export interface PackedNumbers {
  readonly offset: number;
  readonly bytes: 1 | 2 | 4;
}

export interface BlockHeader {
  readonly rows: number;
  /** Text n is number n + 1 of its columns; 0 is no value. */
  readonly dictionaries: Readonly<Record<Dictionary, readonly string[]>>;
  readonly texts: Readonly<Record<TextColumn, PackedNumbers>>;
  readonly numbers: Readonly<Record<NumberColumn, PackedNumbers>>;
  /** Offsets. */
  readonly hashes: Readonly<Record<HashColumn, number>>;
}
