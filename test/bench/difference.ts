/** What a comparison of the equipment came to, whoever made it. Times are quoted only where two programs came to the same. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { Decimal } from 'decimal.js';
import type { ControlTotal } from '../../src/domain/difference.ts';

export interface Counts {
  readonly changed: number;
  readonly added: number;
  readonly removed: number;
}

const OURS = (file: string): string =>
  `SELECT class, key, "odooId" AS odoo_id, field, legacy, odoo FROM read_json('${file}', format = 'newline_delimited',
  columns = {class: 'VARCHAR', key: 'VARCHAR', "odooId": 'BIGINT', field: 'VARCHAR', legacy: 'VARCHAR', odoo: 'VARCHAR'}) WHERE class IS NOT NULL`;
// of a record as a whole each program says something else in its values
const COMPARABLE = (rows: string): string =>
  `SELECT class, key, CASE WHEN class = 'duplicate-key' THEN NULL ELSE odoo_id END AS odoo_id, field, CASE WHEN field IS NOT NULL THEN legacy END AS legacy, CASE WHEN field IS NOT NULL THEN odoo END AS odoo FROM (${rows})`;

/** Fails unless the breaks of breaks.ndjson are those of the peer's Parquet file, each with its class, key, record, field and both values. Answers their number. */
export async function sameBreaks(ndjson: string, parquet: string): Promise<number> {
  return connected(async (connection) => {
    const ours = COMPARABLE(OURS(ndjson));
    const theirs = COMPARABLE(`SELECT * FROM '${parquet}'`);
    const [row] = await rowsOf(
      connection,
      `SELECT (SELECT count(*) FROM (${ours})) AS ours, (SELECT count(*) FROM (${theirs})) AS theirs,
      (SELECT count(*) FROM (${ours} EXCEPT ALL ${theirs})) AS more, (SELECT count(*) FROM (${theirs} EXCEPT ALL ${ours})) AS fewer`,
    );
    const { ours: count = 0, theirs: other = 0, more = 0, fewer = 0 } = row ?? {};
    if (count === 0 || more > 0 || fewer > 0) throw new Error(`not the same breaks: ${count} and ${other}; ${more} only ours, ${fewer} only of the peer`);
    return count;
  });
}

/** Fails unless the totals of a control, by its one dimension, are those of the peer's Parquet file (the dimension, `legacy`, `odoo`). Answers their number. */
export async function sameTotals(
  controls: readonly ControlTotal[],
  of: { readonly control: string; readonly dimension: string; readonly parquet: string },
): Promise<number> {
  return connected(async (connection) => {
    const rows = await (
      await connection.runAndReadAll(`SELECT ${of.dimension} AS value, CAST(legacy AS VARCHAR) AS legacy, CAST(odoo AS VARCHAR) AS odoo FROM '${of.parquet}'`)
    ).getRowObjectsJS();
    const plain = (amount: unknown): string => new Decimal(String(amount)).toFixed();
    const theirs = new Map(rows.map((row) => [String(row.value), `${plain(row.legacy)} ${plain(row.odoo)}`]));
    const ours = controls.filter(({ name, dimension }) => name === of.control && of.dimension in dimension);
    const wrong = ours.filter(({ dimension, legacy, odoo }) => theirs.get(String(dimension[of.dimension])) !== `${plain(legacy)} ${plain(odoo)}`);
    if (ours.length === 0 || ours.length !== theirs.size || wrong.length > 0)
      throw new Error(`not the same totals: ${ours.length} and ${theirs.size}; ${wrong.length} differ`);
    return ours.length;
  });
}

/** Records that differ, are only in Odoo, and only in the legacy system, without those whose keys had to be judged first. */
export async function countsOf(ndjson: string): Promise<Counts> {
  return connected(async (connection) => {
    const [row] = await rowsOf(
      connection,
      `SELECT count(DISTINCT key) FILTER (field IS NOT NULL) AS changed, count(*) FILTER (class IN ('missing-in-legacy', 'only-odoo')) AS added,
      count(*) FILTER (class IN ('only-legacy', 'missing-in-odoo')) AS removed FROM (${OURS(ndjson)})`,
    );
    return { changed: row?.changed ?? 0, added: row?.added ?? 0, removed: row?.removed ?? 0 };
  });
}

/** Both sides as two CSVs that a program without mapping, links and rules can compare: canonical values in the same spelling, sorted by a key that is there
 *  once on both sides. Records whose keys are missing, repeated or unlinked, and rows that cannot be mapped, are left out. */
export async function plainFiles(
  sides: { readonly legacy: string; readonly odoo: string; readonly links: string },
  files: { readonly legacy: string; readonly odoo: string },
): Promise<void> {
  const amount = (value: string): string => `rtrim(rtrim(CAST(CAST(${value} AS DECIMAL(18,3)) AS VARCHAR), '0'), '.')`;
  const plain = (value: string): string => `regexp_replace(${value}, ' +', ' ', 'g')`;
  const write = (query: string, file: string): string => `COPY (${query} ORDER BY asset_no) TO '${file}' (HEADER, DELIMITER ',')`;
  await connected(async (connection) => {
    await connection.run(`CREATE TABLE left_out AS SELECT key FROM (SELECT "ASSET_NO" AS key FROM '${sides.legacy}' GROUP BY ALL HAVING count(*) > 1 OR bool_or(TRY_CAST("PRICE" AS DECIMAL(18,2)) IS NULL)
      UNION SELECT x_asset_no FROM '${sides.odoo}' GROUP BY ALL HAVING count(*) > 1
      UNION SELECT l."ASSET_NO" FROM '${sides.legacy}' AS l ANTI JOIN '${sides.links}' AS k ON k.key = l."ASSET_NO" SEMI JOIN '${sides.odoo}' AS o ON o.x_asset_no = l."ASSET_NO") WHERE key IS NOT NULL`);
    await connection.run(
      write(
        `SELECT "ASSET_NO" AS asset_no, trim("NAME") AS name, "DESCR" AS description, "SERIAL" AS serial_no, lpad("BARCODE", 13, '0') AS barcode, replace("GRP", 'G', 'Category ') AS category,
        CASE "STATUS" WHEN 'U' THEN 'in_use' WHEN 'S' THEN 'stored' WHEN 'R' THEN 'repair' ELSE 'retired' END AS status, "ACTIVE" = 'Y' AS active, "PURCHASED" AS purchased_on,
        "WARRANTY" AS warranty_until, "CHANGED" AS changed_at, "SERVICED" AS serviced_at, ${amount('"PRICE"')} AS price, ${amount('"RESIDUAL"')} AS residual_value, ${amount('"WEIGHT"')} AS weight,
        "SERVICE_DAYS" AS service_days, "LOCATION" AS location, ${plain('"VENDOR"')} AS vendor, lower("EMAIL") AS email, nullif("NOTE", '') AS note
        FROM '${sides.legacy}' WHERE "ASSET_NO" IS NOT NULL AND "ASSET_NO" NOT IN (FROM left_out)`,
        files.legacy,
      ),
    );
    await connection.run(
      write(
        `SELECT x_asset_no AS asset_no, name, x_description AS description, serial_no, x_barcode AS barcode, printf('Category %02d', category_id - 1) AS category, x_status AS status, active,
        effective_date AS purchased_on, warranty_date AS warranty_until, x_changed_at AS changed_at, x_serviced_at AS serviced_at, ${amount('cost')} AS price,
        ${amount('x_residual_value')} AS residual_value, ${amount('x_weight')} AS weight, x_service_days AS service_days, location, ${plain('x_vendor')} AS vendor, lower(x_email) AS email, note
        FROM '${sides.odoo}' WHERE _in_scope AND x_asset_no NOT IN (FROM left_out)`,
        files.odoo,
      ),
    );
  });
}

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<readonly Record<string, number>[]> {
  const rows = await (await connection.runAndReadAll(sql)).getRowObjectsJS();
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)])));
}

async function connected<Answer>(work: (connection: DuckDBConnection) => Promise<Answer>): Promise<Answer> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '4GB', threads: '2' });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
