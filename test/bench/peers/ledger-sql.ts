/** Two general ledgers compared as an engineer would write it by hand in DuckDB: totals by account, period and currency of both sides, and every line that
 *  differs. The two snapshots and a file of links in, two Parquet files out. */
import { DuckDBInstance } from '@duckdb/node-api';

const { legacy, odoo, links, breaks, totals, threads, memory, spill } = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>;
const instance = await DuckDBInstance.create(':memory:', { threads: String(threads), memory_limit: String(memory), temp_directory: String(spill) });
const connection = await instance.connect();
const run = async (sql: string): Promise<void> => {
  await connection.run(sql);
};
await run("SET TimeZone = 'UTC'");
await run(`CREATE VIEW legacy AS SELECT "LINE_NO" AS line_no, "ENTRY_NO" AS entry_no, "ACCOUNT" AS account, TRY_CAST("DAY" AS DATE) AS posted_on, "CURRENCY" AS currency,
  "PARTNER" AS partner, trim("LABEL") AS label, CAST(CAST("DEBIT" AS DECIMAL(18,2)) - CAST("CREDIT" AS DECIMAL(18,2)) AS DECIMAL(18,2)) AS amount,
  TRY_CAST("FOREIGN_AMOUNT" AS DECIMAL(18,2)) AS foreign_amount FROM '${legacy}'`);
await run(`CREATE VIEW odoo AS SELECT id AS odoo_id, x_line_no AS line_no, move_name AS entry_no, x_account AS account, date AS posted_on, x_currency AS currency, x_partner AS partner,
  name AS label, CAST(balance AS DECIMAL(18,2)) AS amount, CAST(amount_currency AS DECIMAL(18,2)) AS foreign_amount FROM '${odoo}'`);
await run('CREATE TABLE repeated AS SELECT line_no FROM legacy GROUP BY line_no HAVING count(*) > 1');
const ledger = "account || ' ' || strftime(posted_on, '%Y-%m') || ' ' || currency";
await run(`COPY (SELECT coalesce(l.ledger, o.ledger) AS ledger, coalesce(l.amount, 0) AS legacy, coalesce(o.amount, 0) AS odoo
  FROM (SELECT ${ledger} AS ledger, sum(amount) AS amount FROM legacy GROUP BY ALL) AS l FULL JOIN (SELECT ${ledger} AS ledger, sum(amount) AS amount FROM odoo GROUP BY ALL) AS o
  USING (ledger) ORDER BY 1) TO '${totals}' (FORMAT parquet)`);

const fields = ['line_no', 'entry_no', 'account', 'posted_on', 'currency', 'partner', 'label', 'amount', 'foreign_amount'];
const differs = (field: string): string => `l.${field} IS DISTINCT FROM o.${field}`;
await run(`CREATE TABLE link AS SELECT key, odoo_id FROM '${links}'`);
await run(`CREATE TABLE differing AS SELECT l, o FROM legacy AS l JOIN link AS k ON k.key = l.line_no JOIN odoo AS o ON o.odoo_id = k.odoo_id
  WHERE l.line_no NOT IN (FROM repeated) AND (${fields.map(differs).join(' OR ')})`);
const text = (alias: string, field: string): string => {
  const value = `CAST(${alias}.${field} AS VARCHAR)`;
  return field.endsWith('amount') ? `rtrim(rtrim(${value}, '0'), '.')` : value;
};
const ofLine = (select: string): string =>
  `SELECT class, key, odoo_id, CAST(NULL AS VARCHAR) AS field, CAST(NULL AS VARCHAR) AS legacy, CAST(NULL AS VARCHAR) AS odoo FROM (${select})`;
const ofField = (field: string): string =>
  `SELECT CASE WHEN l.${field} IS NULL THEN 'extra-value' WHEN o.${field} IS NULL THEN 'missing-value' ELSE 'value' END, l.line_no, o.odoo_id, '${field}',
  ${text('l', field)}, ${text('o', field)} FROM differing WHERE ${differs(field)}`;
await run(`COPY (SELECT * FROM (
  ${ofLine("SELECT 'duplicate-key' AS class, r.line_no AS key, NULL AS odoo_id FROM repeated AS r")}
  UNION ALL ${ofLine("SELECT 'only-legacy' AS class, l.line_no AS key, NULL AS odoo_id FROM legacy AS l ANTI JOIN link AS k ON k.key = l.line_no")}
  UNION ALL ${ofLine("SELECT 'missing-in-odoo' AS class, k.key, k.odoo_id FROM link AS k SEMI JOIN legacy AS l ON l.line_no = k.key ANTI JOIN odoo AS o ON o.odoo_id = k.odoo_id")}
  UNION ALL ${ofLine("SELECT 'missing-in-legacy' AS class, k.key, k.odoo_id FROM link AS k SEMI JOIN odoo AS o ON o.odoo_id = k.odoo_id ANTI JOIN legacy AS l ON l.line_no = k.key")}
  UNION ALL ${ofLine("SELECT 'only-odoo' AS class, o.line_no AS key, o.odoo_id FROM odoo AS o ANTI JOIN link AS k ON k.odoo_id = o.odoo_id")}
  ${fields.map((field) => `UNION ALL ${ofField(field)}`).join('\n')}
) ORDER BY key, odoo_id, field NULLS FIRST) TO '${breaks}' (FORMAT parquet, COMPRESSION zstd)`);
console.log('{}');
