/** Medical equipment on both sides of a reconcile, the same on every machine, with a known drift between the sides. Of every 10,000 records (`m` is a
 *  record's number among them):
 *
 *    300 another status, 150 another price (50 of them both), 30 a description that Odoo has not;
 *    5 linked and gone from Odoo, 5 never loaded, 5 only in Odoo, 5 linked and gone from the legacy system;
 *    1 twice in the legacy system, 1 more without a key, 1 twice in Odoo, 1 on both sides without a link, 1 with a price that is none;
 *    5 more in Odoo outside the scope; 100 whose e-mail differs in its case and 100 whose vendor differs in its blanks, which are no differences.
 *
 *  In the second night one record in a thousand is another: 5 changed by the legacy system, 3 by Odoo, 2 mended in Odoo. */

export type Night = 1 | 2;

export const equipmentColumns = [
  ...['ASSET_NO', 'NAME', 'DESCR', 'SERIAL', 'BARCODE', 'GRP', 'STATUS', 'ACTIVE', 'PURCHASED', 'WARRANTY', 'CHANGED', 'SERVICED'],
  ...['PRICE', 'RESIDUAL', 'WEIGHT', 'SERVICE_DAYS', 'LOCATION', 'VENDOR', 'EMAIL', 'NOTE'],
] as const;

/** Odoo field → type, and relation where there is one. */
export const equipmentFields: Readonly<Record<string, readonly [type: string, relation?: string]>> = {
  active: ['boolean'],
  category_id: ['many2one', 'maintenance.equipment.category'],
  cost: ['monetary'],
  effective_date: ['date'],
  location: ['char'],
  name: ['char'],
  note: ['text'],
  serial_no: ['char'],
  warranty_date: ['date'],
  x_asset_no: ['char'],
  x_barcode: ['char'],
  x_changed_at: ['datetime'],
  x_description: ['text'],
  x_email: ['char'],
  x_residual_value: ['monetary'],
  x_service_days: ['integer'],
  x_serviced_at: ['datetime'],
  x_status: ['selection'],
  x_vendor: ['char'],
  x_weight: ['float'],
};

const statuses = ['in_use', 'stored', 'repair', 'retired'];
const kinds = ['Infusion pump', 'Patient monitor', 'Ventilator', 'Defibrillator', 'Ultrasound', 'Centrifuge', 'Bed', 'Wheelchair', 'Incubator', 'Autoclave'];
const list = (words: readonly string[]): string => `[${words.map((word) => `'${word}'`).join(', ')}]`;

/** The record as both sides would have it, by its number `i`. */
function recordsSql(size: number): string {
  return `SELECT i, (i * 7919) % 10000 AS m, printf('A%08d', i) AS asset_no,
  ${list(kinds)}[1 + i % ${kinds.length}] || ' ' || (i % 977) AS name,
  CASE i % 3 WHEN 0 THEN 'Bought with the ward, serviced by the maker, size ' || (i % 40) ELSE 'Lot ' || (i % 5000) || ', ' || (i % 12) || ' months' END AS description,
  printf('SN%02d-%07d', i % 60, (i * 31) % 10000000) AS serial_no, printf('%013d', i * 17) AS barcode, i % 50 AS category, i % 4 AS status, i % 13 <> 0 AS active,
  DATE '2008-01-01' + CAST(i % 5800 AS INTEGER) AS purchased_on, CASE WHEN i % 5 <> 0 THEN DATE '2012-01-01' + CAST(i % 6900 AS INTEGER) END AS warranty_until,
  TIMESTAMP '2024-01-01' + to_seconds((i * 61) % 60000000) AS changed_at,
  CASE WHEN i % 6 <> 0 THEN TIMESTAMP '2023-01-01' + to_seconds((i * 89) % 80000000) END AS serviced_at,
  CAST(((i * 37) % 900000) / 100 + 10 AS DECIMAL(18,2)) AS price, CAST(((i * 53) % 400000) / 100 AS DECIMAL(18,2)) AS residual_value,
  CAST(((i * 7) % 90000) / 1000 AS DECIMAL(18,3)) AS weight, i % 730 AS service_days, 'Building ' || (i % 9) || ', ward ' || (i % 60) || ', room ' || (i % 400) AS location,
  'Vendor ' || (i % 12000) || ' Medical' AS vendor, 'service' || (i % 12000) || '@vendor.example' AS email,
  CASE WHEN i % 4 = 0 THEN 'checked by ' || (i % 77) END AS note
  FROM range(${size}) AS _(i)`;
}

/** The snapshot of the legacy system: texts, as a pull of a CSV writes it. */
export function legacySql(size: number, night: Night): string {
  const isChanged = night === 2 ? 'm BETWEEN 700 AND 704' : 'false';
  return `SELECT CAST(i * 2 + copy + 1 AS BIGINT) AS _row, CASE WHEN m = 601 AND copy = 1 THEN NULL ELSE asset_no END AS "ASSET_NO",
  CASE WHEN i % 7 = 0 THEN name || ' ' ELSE name END AS "NAME", description AS "DESCR", serial_no AS "SERIAL", ltrim(barcode, '0') AS "BARCODE",
  printf('G%02d', category) AS "GRP", ['U', 'S', 'R', 'X'][1 + status] AS "STATUS", CASE WHEN active THEN 'Y' ELSE 'N' END AS "ACTIVE",
  CAST(purchased_on AS VARCHAR) AS "PURCHASED", CAST(warranty_until AS VARCHAR) AS "WARRANTY",
  CAST(CASE WHEN ${isChanged} THEN changed_at + INTERVAL 2 YEAR ELSE changed_at END AS VARCHAR) AS "CHANGED", CAST(serviced_at AS VARCHAR) AS "SERVICED",
  CASE WHEN m = 604 THEN 'on request' ELSE CAST(CASE WHEN ${isChanged} THEN price + 1 ELSE price END AS VARCHAR) END AS "PRICE",
  CAST(residual_value AS VARCHAR) AS "RESIDUAL", CAST(weight AS VARCHAR) AS "WEIGHT", CAST(service_days AS VARCHAR) AS "SERVICE_DAYS", location AS "LOCATION",
  vendor AS "VENDOR", email AS "EMAIL", coalesce(note, '') AS "NOTE"
  FROM (${recordsSql(size)}) AS r JOIN (VALUES (0), (1)) AS c(copy) ON copy = 0 OR m IN (600, 601)
  WHERE m NOT BETWEEN 510 AND 519 ORDER BY _row`;
}

/** The snapshot of Odoo, as its pull writes it. Ids of records without a link lie above the others. */
export function odooSql(size: number, night: Night): string {
  const [isChanged, isMended] = night === 2 ? ['m BETWEEN 705 AND 707', 'm < 2'] : ['false', 'false'];
  return `SELECT CAST(i + 1 + copy * ${size} AS BIGINT) AS id, TIMESTAMP '2026-01-01' AS write_date, TIMESTAMP '2026-01-01' AS _changed_at, active AS _active,
  CASE WHEN ${isLinked} AND copy = 0 THEN 'bench.asset__cmms__' || i END AS _external_id, CAST(NULL AS VARCHAR) AS _foreign_external_id,
  CASE WHEN ${isLinked} AND copy = 0 THEN ['bench.asset__cmms__' || i] ELSE CAST([] AS VARCHAR[]) END AS _external_ids, copy < 2 AS _in_scope,
  active, CAST(category + 1 AS BIGINT) AS category_id, ${shortest('CASE WHEN m BETWEEN 250 AND 399 THEN price + 10 ELSE price END')} AS cost, purchased_on AS effective_date,
  location, name, CASE WHEN ${isChanged} THEN 'checked in Odoo' ELSE note END AS note, serial_no, warranty_until AS warranty_date,
  CASE copy WHEN 2 THEN 'outside ' || i ELSE asset_no END AS x_asset_no, barcode AS x_barcode, changed_at AS x_changed_at,
  CASE WHEN m NOT BETWEEN 400 AND 429 THEN description END AS x_description, CASE WHEN m BETWEEN 1000 AND 1099 THEN upper(email) ELSE email END AS x_email,
  ${shortest('residual_value')} AS x_residual_value, service_days AS x_service_days, serviced_at AS x_serviced_at,
  ${list(statuses)}[1 + (CASE WHEN m < 300 AND NOT ${isMended} THEN status + 1 ELSE status END) % 4] AS x_status,
  CASE WHEN m BETWEEN 1100 AND 1199 THEN replace(vendor, ' ', '  ') ELSE vendor END AS x_vendor, ${shortest('weight')} AS x_weight
  FROM (${recordsSql(size)}) AS r JOIN (VALUES (0), (1), (2)) AS c(copy) ON copy = 0 OR (copy = 1 AND m = 602) OR (copy = 2 AND m BETWEEN 605 AND 609)
  WHERE m NOT BETWEEN 500 AND 509 OR copy > 0 ORDER BY id`;
}

/** As SQL over `m`. */
export const isLinked = '(m NOT BETWEEN 505 AND 514 AND m <> 603)';

/** Odoo's floats come as the shortest text of their value. */
function shortest(amount: string): string {
  return `rtrim(rtrim(CAST(${amount} AS VARCHAR), '0'), '.')`;
}

/** Which legacy record is which record of Odoo: `key`, `odoo_id`, `external_id`. */
export function linksSql(size: number): string {
  return `SELECT asset_no AS key, CAST(i + 1 AS BIGINT) AS odoo_id, 'bench.asset__cmms__' || i AS external_id FROM (${recordsSql(size)}) WHERE ${isLinked} ORDER BY key`;
}
