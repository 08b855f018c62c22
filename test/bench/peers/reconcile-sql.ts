/** The comparison of the equipment as an engineer would write it by hand in DuckDB: the two snapshots and a file of links in, breaks as Parquet out.
 *  Rows are read and typed once a side; keys are judged on narrow tables before anything is joined; only rows that differ are spelled out. */
import { DuckDBInstance } from '@duckdb/node-api';

const { legacy, odoo, categories, links, codes, breaks, threads, memory, spill } = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>;
const instance = await DuckDBInstance.create(':memory:', { threads: String(threads), memory_limit: String(memory), temp_directory: String(spill) });
const connection = await instance.connect();
const run = async (sql: string): Promise<void> => {
  await connection.run(sql);
};
await run("SET TimeZone = 'UTC'");

await run(`CREATE TABLE code AS SELECT source, target FROM read_csv('${codes}', all_varchar = true) WHERE status = 'confirmed'`);
await run(`CREATE VIEW legacy AS SELECT s._row, s."ASSET_NO" AS asset_no, trim(s."NAME") AS name, s."DESCR" AS description, s."SERIAL" AS serial_no,
  lpad(s."BARCODE", 13, '0') AS barcode, c.target AS category, CASE s."STATUS" WHEN 'U' THEN 'in_use' WHEN 'S' THEN 'stored' WHEN 'R' THEN 'repair' WHEN 'X' THEN 'retired' END AS status,
  s."ACTIVE" = 'Y' AS active, TRY_CAST(s."PURCHASED" AS DATE) AS purchased_on, TRY_CAST(s."WARRANTY" AS DATE) AS warranty_until, TRY_CAST(s."CHANGED" AS TIMESTAMP) AS changed_at,
  TRY_CAST(s."SERVICED" AS TIMESTAMP) AS serviced_at, TRY_CAST(s."PRICE" AS DECIMAL(18,2)) AS price, TRY_CAST(s."RESIDUAL" AS DECIMAL(18,2)) AS residual_value,
  TRY_CAST(s."WEIGHT" AS DECIMAL(18,3)) AS weight, TRY_CAST(s."SERVICE_DAYS" AS BIGINT) AS service_days, s."LOCATION" AS location, s."VENDOR" AS vendor, s."EMAIL" AS email,
  nullif(s."NOTE", '') AS note,
  s."ASSET_NO" IS NULL AS is_null_key,
  s."ASSET_NO" IS NULL OR trim(s."NAME") IS NULL OR (c.target IS NULL AND s."GRP" IS NOT NULL)
    OR (TRY_CAST(s."PURCHASED" AS DATE) IS NULL AND s."PURCHASED" IS NOT NULL) OR (TRY_CAST(s."WARRANTY" AS DATE) IS NULL AND s."WARRANTY" IS NOT NULL)
    OR (TRY_CAST(s."CHANGED" AS TIMESTAMP) IS NULL AND s."CHANGED" IS NOT NULL) OR (TRY_CAST(s."SERVICED" AS TIMESTAMP) IS NULL AND s."SERVICED" IS NOT NULL)
    OR (TRY_CAST(s."SERVICE_DAYS" AS BIGINT) IS NULL AND s."SERVICE_DAYS" IS NOT NULL)
    OR (s."PRICE" IS NOT NULL AND TRY_CAST(s."PRICE" AS DECIMAL(18,6)) IS DISTINCT FROM TRY_CAST(s."PRICE" AS DECIMAL(18,2)))
    OR (s."PRICE" IS NOT NULL AND TRY_CAST(s."PRICE" AS DECIMAL(18,2)) IS NULL)
    OR (s."RESIDUAL" IS NOT NULL AND TRY_CAST(s."RESIDUAL" AS DECIMAL(18,6)) IS DISTINCT FROM TRY_CAST(s."RESIDUAL" AS DECIMAL(18,2)))
    OR (s."RESIDUAL" IS NOT NULL AND TRY_CAST(s."RESIDUAL" AS DECIMAL(18,2)) IS NULL)
    OR (s."WEIGHT" IS NOT NULL AND TRY_CAST(s."WEIGHT" AS DECIMAL(18,6)) IS DISTINCT FROM TRY_CAST(s."WEIGHT" AS DECIMAL(18,3)))
    OR (s."WEIGHT" IS NOT NULL AND TRY_CAST(s."WEIGHT" AS DECIMAL(18,3)) IS NULL) AS is_rejected
  FROM '${legacy}' AS s LEFT JOIN code AS c ON c.source = s."GRP"`);
await run(`CREATE VIEW odoo AS SELECT o.id AS odoo_id, o._in_scope, o.x_asset_no AS asset_no, o.name, o.x_description AS description, o.serial_no, o.x_barcode AS barcode,
  g.name AS category, o.x_status AS status, o.active, o.effective_date AS purchased_on, o.warranty_date AS warranty_until, o.x_changed_at AS changed_at,
  o.x_serviced_at AS serviced_at, CAST(o.cost AS DECIMAL(18,2)) AS price, CAST(o.x_residual_value AS DECIMAL(18,2)) AS residual_value,
  CAST(o.x_weight AS DECIMAL(18,3)) AS weight, o.x_service_days AS service_days, o.location, o.x_vendor AS vendor, o.x_email AS email, o.note
  FROM '${odoo}' AS o LEFT JOIN '${categories}' AS g ON g.id = o.category_id`);

// keys first, on narrow tables
await run('CREATE TABLE legacy_key AS SELECT _row, asset_no, is_null_key, is_rejected FROM legacy');
await run('CREATE TABLE repeated AS SELECT asset_no FROM legacy_key WHERE NOT is_rejected GROUP BY asset_no HAVING count(*) > 1');
await run(`CREATE TABLE link AS SELECT key, odoo_id FROM '${links}'`);
await run(
  `CREATE TABLE odoo_key AS SELECT o.odoo_id, o.asset_no, o._in_scope, k.key FROM odoo AS o LEFT JOIN link AS k ON k.odoo_id = o.odoo_id WHERE o._in_scope OR k.key IS NOT NULL`,
);
await run('CREATE TABLE repeated_odoo AS SELECT asset_no FROM odoo_key WHERE asset_no IS NOT NULL GROUP BY asset_no HAVING count(*) > 1');
await run(
  `CREATE TABLE unlinked AS SELECT l.asset_no, l.asset_no IN (FROM repeated) AS is_repeated FROM legacy_key AS l ANTI JOIN link AS k ON k.key = l.asset_no WHERE NOT l.is_rejected`,
);
await run(
  `CREATE TABLE candidate AS SELECT u.asset_no, o.odoo_id FROM unlinked AS u JOIN odoo_key AS o ON o.asset_no = u.asset_no AND o.key IS NULL WHERE NOT u.is_repeated`,
);

const fields =
  `name description serial_no barcode category status active purchased_on warranty_until changed_at serviced_at price residual_value weight service_days location
  vendor email note asset_no`.split(/\s+/);
const form = (alias: string, field: string): string => {
  const value = `${alias}.${field}`;
  if (field === 'vendor') return `trim(regexp_replace(${value}, '[\\s\\p{Z}]+', ' ', 'g'))`;
  return field === 'email' ? `lower(${value})` : value;
};
// a number or boolean of Odoo is never "no value", so an empty one of the legacy system says nothing
const neverEmpty = new Set(['active', 'price', 'residual_value', 'weight', 'service_days']);
const differs = (field: string): string => {
  const plain = `l.${field} IS DISTINCT FROM o.${field}`;
  if (neverEmpty.has(field)) return `(l.${field} IS NOT NULL AND ${plain})`;
  return form('l', field) === `l.${field}` ? plain : `(${plain} AND ${form('l', field)} IS DISTINCT FROM ${form('o', field)})`;
};
await run(`CREATE TABLE differing AS SELECT l, o FROM legacy AS l JOIN link AS k ON k.key = l.asset_no JOIN odoo AS o ON o.odoo_id = k.odoo_id
  WHERE l._row NOT IN (SELECT _row FROM legacy_key WHERE is_rejected) AND l.asset_no NOT IN (FROM repeated) AND (${fields.map(differs).join(' OR ')})`);
const text = (alias: string, field: string): string => {
  const value = `CAST(${alias}.${field} AS VARCHAR)`;
  if (/_at$/.test(field)) return `strftime(${alias}.${field}, '%Y-%m-%d %H:%M:%S')`;
  return ['price', 'residual_value', 'weight'].includes(field) ? `rtrim(rtrim(${value}, '0'), '.')` : value;
};
const id = (system: string, record: string, field: string): string =>
  `left(sha256(CAST(to_json(['assets', 'asset', ${system}, ${record}, ${field}]) AS VARCHAR)), 16)`;
const ofRecord = (select: string): string =>
  `SELECT ${id("'cmms'", 'key', 'NULL')} AS id, class, key, odoo_id, CAST(NULL AS VARCHAR) AS field, CAST(NULL AS VARCHAR) AS legacy, CAST(NULL AS VARCHAR) AS odoo FROM (${select})`;
const ofField = (
  field: string,
): string => `SELECT ${id("'cmms'", 'l.asset_no', `'${field}'`)}, CASE WHEN l.${field} IS NULL THEN 'extra-value' WHEN o.${field} IS NULL THEN 'missing-value' ELSE 'value' END,
  l.asset_no, o.odoo_id, '${field}', ${text('l', field)}, ${text('o', field)} FROM differing WHERE ${differs(field)}`;
await run(`COPY (SELECT * FROM (
  ${ofRecord("SELECT DISTINCT 'duplicate-key' AS class, r.asset_no AS key, k.odoo_id FROM repeated AS r LEFT JOIN link AS k ON k.key = r.asset_no")}
  UNION ALL ${ofRecord("SELECT 'only-legacy' AS class, asset_no AS key, NULL AS odoo_id FROM unlinked WHERE NOT is_repeated AND asset_no NOT IN (SELECT asset_no FROM candidate)")}
  UNION ALL ${ofRecord("SELECT 'exists-unlinked' AS class, asset_no AS key, min(odoo_id) AS odoo_id FROM candidate GROUP BY ALL")}
  UNION ALL ${ofRecord("SELECT CASE WHEN is_null_key THEN 'null-key' ELSE 'rejected' END AS class, asset_no AS key, NULL AS odoo_id FROM legacy_key WHERE is_rejected")}
  UNION ALL ${ofRecord(`SELECT 'missing-in-odoo' AS class, k.key, k.odoo_id FROM link AS k SEMI JOIN (SELECT asset_no FROM legacy_key WHERE NOT is_rejected) AS l ON l.asset_no = k.key
    ANTI JOIN '${odoo}' AS o ON o.id = k.odoo_id WHERE k.key NOT IN (FROM repeated)`)}
  UNION ALL ${ofRecord("SELECT 'missing-in-legacy' AS class, o.key, o.odoo_id FROM odoo_key AS o ANTI JOIN legacy_key AS l ON l.asset_no = o.key WHERE o.key IS NOT NULL")}
  UNION ALL ${ofRecord("SELECT CASE WHEN o.asset_no IN (FROM repeated_odoo) THEN 'duplicate-key' ELSE 'only-odoo' END AS class, o.asset_no AS key, o.odoo_id FROM odoo_key AS o ANTI JOIN candidate AS c ON c.odoo_id = o.odoo_id WHERE o.key IS NULL")}
  ${fields.map((field) => `UNION ALL ${ofField(field)}`).join('\n')}
) ORDER BY key, odoo_id, field NULLS FIRST) TO '${breaks}' (FORMAT parquet, COMPRESSION zstd)`);
const counted = await connection.runAndReadAll(
  `SELECT class, coalesce(field, '') AS field, CAST(count(*) AS INTEGER) AS breaks FROM '${breaks}' GROUP BY ALL ORDER BY ALL`,
);
console.log(JSON.stringify(counted.getRowObjects()));
