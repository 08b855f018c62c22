/** One million items (or as many as are asked for), the same on every machine: as a CSV, as columns for PostgreSQL, as a bench workspace. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

export const itemColumns = [
  'ITEM_NO',
  'NAME',
  'DESCR',
  'GRP',
  'KIND',
  'STATUS',
  'PRICE',
  'COST',
  'ON_HAND',
  'REORDER',
  'CREATED',
  'CHANGED',
  'VENDOR',
  'BARCODE',
  'EMAIL',
  'CITY',
  'ZIP',
  'COUNTRY',
  'NOTE',
  'WEIGHT',
] as const;

/** One row in a thousand has a price that is none, one in two thousand an unknown category, every 100,000th repeats the key before it. */
export function itemsSql(rows: number): string {
  return `SELECT
    printf('I%08d', CASE WHEN i % 100000 = 99999 THEN i - 1 ELSE i END) AS "ITEM_NO",
    'Item ' || i || CASE WHEN i % 7 = 0 THEN ' ' ELSE '' END AS "NAME",
    CASE WHEN i % 3 = 0 THEN 'Sterile, single use, size ' || (i % 40) ELSE 'Pack of ' || (i % 500) END AS "DESCR",
    CASE WHEN i % 2000 = 1234 THEN 'ZZ' ELSE printf('G%02d', i % 50) END AS "GRP",
    CASE WHEN i % 11 = 0 THEN 'S' ELSE 'G' END AS "KIND",
    CASE WHEN i % 13 = 0 THEN 'I' ELSE 'A' END AS "STATUS",
    CASE WHEN i % 1000 = 77 THEN 'on request' ELSE printf('%d.%04d', (i * 37) % 5000, (i * 7919) % 10000) END AS "PRICE",
    printf('%d.%02d', (i * 31) % 4000, i % 100) AS "COST",
    printf('%d.%02d', i % 900, (i * 3) % 100) AS "ON_HAND",
    CAST(i % 250 AS VARCHAR) AS "REORDER",
    strftime(DATE '2015-01-01' + CAST(i % 4000 AS INTEGER), '%Y-%m-%d') AS "CREATED",
    strftime(TIMESTAMP '2024-01-01' + to_seconds((i * 61) % 60000000), '%Y-%m-%d %H:%M:%S') AS "CHANGED",
    CAST(i % 12000 AS VARCHAR) AS "VENDOR",
    printf('%013d', i * 17) AS "BARCODE",
    'Orders' || (i % 12000) || '@Vendor.example' AS "EMAIL",
    CASE i % 5 WHEN 0 THEN 'Springfield' WHEN 1 THEN 'Riverside' WHEN 2 THEN 'Franklin' WHEN 3 THEN 'Clinton' ELSE 'Fairview' END AS "CITY",
    printf('%05d', (i * 97) % 100000) AS "ZIP",
    CASE WHEN i % 9 = 0 THEN 'ca' ELSE 'us' END AS "COUNTRY",
    CASE WHEN i % 4 = 0 THEN 'checked by ' || (i % 77) ELSE '' END AS "NOTE",
    printf('%d.%03d', i % 40, i % 1000) AS "WEIGHT"
  FROM range(${rows}) AS _(i)`;
}

/** A workspace with `items.csv` in it; `delimiter` as the system that will read it has it. */
export async function itemsWorkspace(directory: string, rows: number, delimiter: ',' | ';'): Promise<void> {
  mkdirSync(join(directory, 'legacy'), { recursive: true });
  cpSync(join(import.meta.dirname, 'workspaces/items'), directory, { recursive: true });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run('SET preserve_insertion_order = true');
  await connection.run(`COPY (${itemsSql(rows)}) TO '${join(directory, 'legacy/items.csv')}' (HEADER, DELIMITER '${delimiter}')`);
  connection.closeSync();
}

/** Makes `system` the one source of the items. */
export function itemsFrom(directory: string, system: string, mapping: string): void {
  const place = join(directory, 'mappings/stock/sources', system);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'item.yaml'), mapping);
}
