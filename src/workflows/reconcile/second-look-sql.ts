/** Which records are looked at again, in SQL. Tables `again:<entity>` (`system`, `key`, `odoo_id` BIGINT, `is_pending`) hold them. */
import { type CanonicalDataset, canonicalRowsSql } from '../../domain/canonical.ts';
import { identifier, literal } from '../../domain/sql.ts';

const again = (entity: string) => identifier(`again:${entity}`);

/** Records with a break that counts, or will. `breaks` is judged. Echoes are among them: what is read again makes a snapshot of tonight, by which one
 *  that was left as it was would no longer be known for an echo. */
export function pickedTableSql(entity: string, breaks: string): string {
  return `CREATE OR REPLACE TABLE ${again(entity)} AS
SELECT system, key, odoo_id, bool_or(status = 'pending') AS is_pending FROM read_parquet(${literal(breaks)})
WHERE status NOT IN ('waived', 'explained') AND class NOT IN ('rejected', 'null-key') GROUP BY ALL`;
}

/** A document and its lines, which are looked at together: one changes the other. */
export interface Family {
  readonly document: string;
  readonly lines: string;
  /** The ref field of the lines that holds the key of their document; null: they have none. */
  readonly parent: string | null;
  /** Canonical rows of the lines. */
  readonly datasets: readonly CanonicalDataset[];
  /** The lines' latest snapshot of Odoo, and its many2one to the document; null: they are not bound. */
  readonly odoo: { readonly snapshot: string; readonly parentField: string } | null;
}

/** The documents of picked lines, then the lines of picked documents. */
export function familySql(family: Family): string[] {
  const { document, lines, parent, datasets, odoo } = family;
  const insert = (entity: string, select: string) => `INSERT INTO ${again(entity)} ${select}`;
  const rows = datasets.map((dataset) => `SELECT _system, _key, ${identifier(parent ?? '_key')} AS parent FROM ${canonicalRowsSql([dataset])}`);
  const inLegacy = parent === null || rows.length === 0 ? null : rows.join(' UNION ALL ');
  const inOdoo = odoo === null ? null : `SELECT id, ${identifier(odoo.parentField)} AS parent FROM read_parquet(${literal(odoo.snapshot)})`;
  return [
    ...(inLegacy === null
      ? []
      : [
          insert(
            document,
            `SELECT DISTINCT r._system, r.parent, CAST(NULL AS BIGINT), a.is_pending FROM (${inLegacy}) AS r JOIN ${again(lines)} AS a ON a.system = r._system AND a.key = r._key`,
          ),
          insert(
            lines,
            `SELECT r._system, r._key, CAST(NULL AS BIGINT), bool_or(a.is_pending) FROM (${inLegacy}) AS r JOIN ${again(document)} AS a ON a.system = r._system AND a.key = r.parent GROUP BY ALL`,
          ),
        ]),
    ...(inOdoo === null
      ? []
      : [
          insert(
            document,
            `SELECT DISTINCT NULL, NULL, r.parent, false FROM (${inOdoo}) AS r JOIN ${again(lines)} AS a ON a.odoo_id = r.id WHERE r.parent IS NOT NULL`,
          ),
          insert(lines, `SELECT DISTINCT NULL, NULL, r.id, false FROM (${inOdoo}) AS r JOIN ${again(document)} AS a ON a.odoo_id = r.parent`),
        ]),
  ];
}

/** How many records differ. */
export function pickedCountSql(entity: string): string {
  return `SELECT count(*) AS records FROM ${again(entity)}`;
}

export function odooIdsSql(entity: string): string {
  return `SELECT DISTINCT odoo_id AS id FROM ${again(entity)} WHERE odoo_id IS NOT NULL ORDER BY id`;
}

export function systemsSql(entity: string): string {
  return `SELECT system, bool_or(is_pending) AS is_pending FROM ${again(entity)} WHERE system IS NOT NULL GROUP BY system ORDER BY system`;
}

/** Ids of the picked rows of one system in the snapshot they came from; a record that is not there any more has none. */
export function legacyIdsSql(entity: string, dataset: CanonicalDataset, snapshot: string, idColumn: string): string {
  return `SELECT DISTINCT CAST(s.${identifier(idColumn)} AS VARCHAR) AS id FROM ${again(entity)} AS a
JOIN ${canonicalRowsSql([dataset])} AS r ON r._system = a.system AND r._key = a.key
JOIN read_parquet(${literal(snapshot)}) AS s ON s._row = r._row WHERE a.system = ${literal(dataset.system)} AND s.${identifier(idColumn)} IS NOT NULL ORDER BY id`;
}
