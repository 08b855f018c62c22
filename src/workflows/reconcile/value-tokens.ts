/** Hashes and tokens of values, as SQL. Those of `pii` values are HMAC-SHA256 with the workspace's key, since a bare hash of an IBAN can be guessed.
 *  The key comes into the data plane as rows of a table, never as SQL text: no statement, and so no error message, holds it. */
import { createHash } from 'node:crypto';
import type { DataPlane } from '../../domain/ports.ts';

const BLOCK = 64;

/** Table `pii_key`: the two pads of HMAC in hex, one row; none without a key, and everything keyed is NULL then. */
export async function stagePiiKey(plane: DataPlane, key: string | null): Promise<void> {
  await plane.run('CREATE OR REPLACE TABLE pii_key (inner_pad VARCHAR, outer_pad VARCHAR)');
  await plane.append('pii_key', pads(key));
}

async function* pads(key: string | null): AsyncIterable<string[][]> {
  if (key === null) return;
  const given = Buffer.from(key, 'utf8');
  const block = Buffer.alloc(BLOCK);
  (given.length > BLOCK ? createHash('sha256').update(given).digest() : given).copy(block);
  const padded = (byte: number): string => Buffer.from(block.map((one) => one ^ byte)).toString('hex');
  yield [[padded(0x36), padded(0x5c)]];
}

/** HMAC-SHA256 of a text, 64 hex digits; NULL without a key. Needs `stagePiiKey`. */
export function keyedHashSql(text: string): string {
  const pad = (name: string): string => `(SELECT unhex(${name}) FROM pii_key)`;
  return `sha256(${pad('outer_pad')} || unhex(sha256(${pad('inner_pad')} || encode(${text}))))`;
}

/** What stands for a `pii` value where it must not be shown: the same token for the same value; NULL without a key. */
export function tokenSql(text: string): string {
  return `'~' || left(${keyedHashSql(text)}, 12)`;
}

/** The id of a break of an entity whose key is `pii`: a bare hash of a medical record number can be guessed too. Without a key it stays what it was. */
export function keyedIdSql(id: string): string {
  return `coalesce(left(${keyedHashSql(id)}, 16), ${id})`;
}

/** 16 hex digits over the class and both values of a break (`row`: alias of its columns): what decisions are bound to. */
export function valueHashSql(row: string): string {
  // what is decided about a record that may be another is decided about that one
  const odoo = `CASE WHEN ${row}.class = 'exists-unlinked' THEN coalesce(${row}.odoo, '#' || CAST(${row}.odoo_id AS VARCHAR)) ELSE ${row}.odoo END`;
  const text = `CAST(to_json([${row}.class, ${row}.legacy, ${odoo}]) AS VARCHAR)`;
  return `left(CASE WHEN ${row}.pii THEN ${keyedHashSql(text)} ELSE sha256(${text}) END, 16)`;
}
