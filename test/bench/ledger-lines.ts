/** Lines of a general ledger on both sides of a reconcile, the same on every machine: 200 accounts, 12 periods, 3 currencies, with a known drift between
 *  the sides. Of every 10,000 lines (`m` is a line's number among them):
 *
 *    20 another amount in Odoo, 10 another account, 10 another label;
 *    5 linked and gone from Odoo, 5 never loaded, 5 linked and gone from the ledger, 5 only in Odoo. */

export const ledgerColumns = ['LINE_NO', 'ENTRY_NO', 'ACCOUNT', 'DAY', 'CURRENCY', 'PARTNER', 'LABEL', 'DEBIT', 'CREDIT', 'FOREIGN_AMOUNT'] as const;

/** Odoo field → type. */
export const ledgerFields: Readonly<Record<string, string>> = {
  amount_currency: 'monetary',
  balance: 'monetary',
  date: 'date',
  move_name: 'char',
  name: 'char',
  x_account: 'char',
  x_currency: 'char',
  x_line_no: 'char',
  x_partner: 'char',
};

function linesSql(size: number): string {
  return `SELECT i, (i * 7919) % 10000 AS m, printf('L%09d', i) AS line_no, printf('E%08d', i // 4) AS entry_no, CAST(1000 + (i * 37) % 200 AS VARCHAR) AS account,
  DATE '2025-01-01' + CAST((i // 4) % 365 AS INTEGER) AS day, ['USD', 'EUR', 'GBP'][1 + (i // 4) % 3] AS currency,
  CASE WHEN i % 3 = 0 THEN 'P' || (i % 9000) END AS partner, 'Entry ' || (i // 4) || ', position ' || (i % 4) AS label,
  CAST((CASE i % 2 WHEN 0 THEN 1 ELSE -1 END) * (1 + (i // 2 * 7919) % 99999999) AS DECIMAL(18,2)) / 100 AS cents
  FROM range(${size}) AS _(i)`;
}

const amount = 'CAST(cents AS DECIMAL(18,2))';
const foreign = `CAST(${amount} * 2 AS DECIMAL(18,2))`;

export function legacyLinesSql(size: number): string {
  return `SELECT row_number() OVER (ORDER BY i) AS _row, line_no AS "LINE_NO", entry_no AS "ENTRY_NO", account AS "ACCOUNT", CAST(day AS VARCHAR) AS "DAY", currency AS "CURRENCY",
  partner AS "PARTNER", label AS "LABEL", CAST(greatest(${amount}, 0) AS VARCHAR) AS "DEBIT", CAST(greatest(-${amount}, 0) AS VARCHAR) AS "CREDIT", CAST(${foreign} AS VARCHAR) AS "FOREIGN_AMOUNT"
  FROM (${linesSql(size)}) WHERE m NOT BETWEEN 110 AND 119 ORDER BY i`;
}

export function odooLinesSql(size: number): string {
  const text = (value: string): string => `regexp_replace(regexp_replace(CAST(${value} AS VARCHAR), '0+$', ''), '[.]$', '')`;
  return `SELECT i + 1 AS id, TIMESTAMP '2026-01-01' AS write_date, TIMESTAMP '2026-01-01' AS _changed_at, true AS _active, CASE WHEN ${isLinkedLine} THEN 'bench.line__erp__' || i END AS _external_id,
  CAST(NULL AS VARCHAR) AS _foreign_external_id, CASE WHEN ${isLinkedLine} THEN ['bench.line__erp__' || i] ELSE CAST([] AS VARCHAR[]) END AS _external_ids, true AS _in_scope,
  ${text(foreign)} AS amount_currency, ${text(`CASE WHEN m < 20 THEN CAST(${amount} + 0.01 AS DECIMAL(18,2)) ELSE ${amount} END`)} AS balance, day AS date, entry_no AS move_name,
  CASE WHEN m BETWEEN 30 AND 39 THEN label || ' (corrected)' ELSE label END AS name, CASE WHEN m BETWEEN 20 AND 29 THEN '1999' ELSE account END AS x_account,
  currency AS x_currency, line_no AS x_line_no, partner AS x_partner
  FROM (${linesSql(size)}) WHERE m NOT BETWEEN 100 AND 109 ORDER BY i`;
}

/** Of a line with the number `m` among 10,000. */
export const isLinkedLine = 'm NOT BETWEEN 105 AND 109 AND m NOT BETWEEN 115 AND 119';

export function lineLinksSql(size: number): string {
  return `SELECT line_no AS key, i + 1 AS odoo_id FROM (${linesSql(size)}) WHERE ${isLinkedLine}`;
}
