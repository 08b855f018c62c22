/** The transformation of the items as an engineer would write it by hand in DuckDB: typed columns, rejects by field and rule, duplicate keys flagged. */
import { DuckDBInstance } from '@duckdb/node-api';

const { snapshot, codes, rows, rejects, threads, memory } = JSON.parse(process.argv[2] ?? '{}') as {
  snapshot: string;
  codes: string;
  rows: string;
  rejects: string;
  threads: number;
  memory: string;
};
const instance = await DuckDBInstance.create(':memory:', { threads: String(threads), memory_limit: memory });
const connection = await instance.connect();
await connection.run(`CREATE TABLE category AS SELECT source, target FROM read_csv('${codes}', all_varchar = true) WHERE status = 'confirmed'`);
await connection.run(`CREATE TABLE typed AS SELECT s._row, s."ITEM_NO" AS ref,
  s."ITEM_NO" AS item_no, trim(s."NAME") AS name, s."DESCR" AS description, c.target AS category, s."GRP" AS raw_category,
  CASE s."KIND" WHEN 'G' THEN 'goods' WHEN 'S' THEN 'service' END AS kind, s."KIND" AS raw_kind, s."STATUS" = 'A' AS active,
  TRY_CAST(s."PRICE" AS DECIMAL(18,4)) AS price, s."PRICE" AS raw_price, TRY_CAST(s."COST" AS DECIMAL(18,4)) AS cost, s."COST" AS raw_cost,
  TRY_CAST(s."ON_HAND" AS DECIMAL(18,2)) AS on_hand, s."ON_HAND" AS raw_on_hand, TRY_CAST(s."REORDER" AS BIGINT) AS reorder_point, s."REORDER" AS raw_reorder,
  TRY_CAST(s."CREATED" AS DATE) AS created_on, s."CREATED" AS raw_created, TRY_CAST(s."CHANGED" AS TIMESTAMP) AS changed_at, s."CHANGED" AS raw_changed,
  lpad(s."VENDOR", 6, '0') AS vendor_no, s."BARCODE" AS barcode, lower(s."EMAIL") AS email, s."CITY" AS city, s."ZIP" AS zip, upper(s."COUNTRY") AS country,
  nullif(s."NOTE", '') AS note, TRY_CAST(s."WEIGHT" AS DECIMAL(18,3)) AS weight, s."WEIGHT" AS raw_weight
  FROM '${snapshot}' AS s LEFT JOIN category AS c ON c.source = s."GRP"`);
const checks = [
  ['item_no', 'null-key', 'item_no IS NULL', 'NULL'],
  ['name', 'required', 'name IS NULL', 'NULL'],
  ['category', 'unmapped-code', 'category IS NULL AND raw_category IS NOT NULL', 'raw_category'],
  ['kind', 'required', 'kind IS NULL', 'raw_kind'],
  ['price', 'not-of-type', 'price IS NULL AND raw_price IS NOT NULL', 'raw_price'],
  ['price', 'too-many-decimals', 'price IS NOT NULL AND price <> TRY_CAST(raw_price AS DECIMAL(28,10))', 'raw_price'],
  ['cost', 'not-of-type', 'cost IS NULL AND raw_cost IS NOT NULL', 'raw_cost'],
  ['cost', 'too-many-decimals', 'cost IS NOT NULL AND cost <> TRY_CAST(raw_cost AS DECIMAL(28,10))', 'raw_cost'],
  ['on_hand', 'not-of-type', 'on_hand IS NULL AND raw_on_hand IS NOT NULL', 'raw_on_hand'],
  ['on_hand', 'too-many-decimals', 'on_hand IS NOT NULL AND on_hand <> TRY_CAST(raw_on_hand AS DECIMAL(28,10))', 'raw_on_hand'],
  ['reorder_point', 'not-of-type', 'reorder_point IS NULL AND raw_reorder IS NOT NULL', 'raw_reorder'],
  ['created_on', 'not-of-type', 'created_on IS NULL AND raw_created IS NOT NULL', 'raw_created'],
  ['changed_at', 'not-of-type', 'changed_at IS NULL AND raw_changed IS NOT NULL', 'raw_changed'],
  ['weight', 'not-of-type', 'weight IS NULL AND raw_weight IS NOT NULL', 'raw_weight'],
  ['weight', 'too-many-decimals', 'weight IS NOT NULL AND weight <> TRY_CAST(raw_weight AS DECIMAL(28,10))', 'raw_weight'],
];
await connection.run(
  `CREATE TABLE bad AS ${checks.map(([field, rule, when, raw]) => `SELECT _row, ref, item_no AS key, '${field}' AS field, '${rule}' AS rule, ${raw} AS raw FROM typed WHERE ${when}`).join(' UNION ALL ')}`,
);
await connection.run(`COPY (SELECT * FROM bad ORDER BY _row, field) TO '${rejects}' (FORMAT parquet, COMPRESSION zstd)`);
await connection.run(`COPY (SELECT 'extract' AS _system, item_no AS _key, _row, ref AS _ref, count(*) OVER (PARTITION BY item_no) > 1 AS _duplicate,
  item_no, name, description, category, kind, active, price, cost, on_hand, reorder_point, created_on, changed_at, vendor_no, barcode, email, city, zip, country, note, weight
  FROM typed WHERE _row NOT IN (SELECT _row FROM bad) ORDER BY _row) TO '${rows}' (FORMAT parquet, COMPRESSION zstd)`);
const counts = await connection.runAndReadAll(
  `SELECT (SELECT count(*) FROM '${rows}')::INTEGER, (SELECT count(DISTINCT _row) FROM '${rejects}')::INTEGER, (SELECT count(*) FROM '${rows}' WHERE _duplicate)::INTEGER`,
);
const [mapped, rejected, duplicates] = counts.getRows()[0] ?? [];
console.log(JSON.stringify({ mapped, rejected, duplicates }));
