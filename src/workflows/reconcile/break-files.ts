/** The files a reconcile leaves for people and tools: the breaks as NDJSON and CSV, and the links that wait for a decision. Values of `pii`
 *  fields are masked in all of them; same comparison, same bytes. */

import { csvLine } from '../../domain/csv.ts';
import type { Verdict } from '../../domain/difference.ts';
import type { DataPlane, DataRow } from '../../domain/ports.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { keyIsPii } from './compare-sql.ts';
import type { Comparison } from './comparison.ts';

const columns = [
  'id',
  'entity',
  'system',
  'key',
  'odoo_id',
  'class',
  'field',
  'legacy',
  'odoo',
  'baseline',
  'movement',
  'owner',
  'direction',
  'masked',
] as const;
type Column = (typeof columns)[number];
type BreakRow = DataRow & Record<Column, string | number | boolean | null>;

/** Breaks as they may leave the machine. Entities in load order, records by system and key. */
function maskedBreaksSql(comparison: Comparison): string {
  const selects = comparison.entities.map(({ breaks }, index) => {
    const shown = (column: string, secret: string) => `CASE WHEN ${secret} THEN NULL ELSE ${identifier(column)} END AS ${identifier(column)}`;
    const values = ['legacy', 'odoo', 'baseline'].map((column) => shown(column, 'pii'));
    return `SELECT id, entity, system, ${shown('key', 'key_pii')}, odoo_id, class, field, ${values.join(', ')}, movement, owner, direction, pii OR key_pii AS masked,
  ${index} AS entity_order, key AS key_order FROM read_parquet(${literal(breaks)})`;
  });
  return `SELECT ${columns.map(identifier).join(', ')} FROM (${selects.join(' UNION ALL ')}) ORDER BY entity_order, system, key_order, odoo_id, field NULLS FIRST, id`;
}

/** First line a manifest, then one break a line with the names of `Break`. */
export async function* breakLines(comparison: Comparison, plane: DataPlane, verdict: Verdict, count: number): AsyncIterable<string> {
  const { capability, asOf, world, snapshots } = comparison;
  const odoo = { uuid: world.uuid, database: world.database, version: world.version };
  yield `${JSON.stringify({ format: 'cutover-breaks', version: 1, capability, asOf, verdict, breaks: count, odoo, snapshots })}\n`;
  for await (const rows of plane.stream<BreakRow>(maskedBreaksSql(comparison))) {
    yield rows.map(({ odoo_id: odooId, id, entity, system, key, ...rest }) => `${JSON.stringify({ id, entity, system, key, odooId, ...rest })}\n`).join('');
  }
}

export async function* breakTable(comparison: Comparison, plane: DataPlane): AsyncIterable<string> {
  yield csvLine(columns);
  for await (const rows of plane.stream<BreakRow>(maskedBreaksSql(comparison)))
    yield rows.map((row) => csvLine(columns.map((column) => textOf(row[column])))).join('');
}

/** The rows of decisions/links.csv that a steward has to decide, one per candidate. Entities whose key is `pii` are left out: the file goes into git. */
export async function* linksToDecide(comparison: Comparison, plane: DataPlane): AsyncIterable<string> {
  yield csvLine(['entity', 'system', 'key', 'odoo', 'decision', 'by', 'at', 'reason']);
  for (const { entity, candidates, definition } of comparison.entities) {
    if (keyIsPii(definition.contract)) continue;
    const sql = `SELECT _system, _key, coalesce(_external_id, CAST(_odoo_id AS VARCHAR)) AS odoo, _link_by FROM read_parquet(${literal(candidates)}) ORDER BY _system, _key, _odoo_id`;
    for await (const rows of plane.stream<{ _system: string; _key: string; odoo: string; _link_by: string }>(sql)) {
      yield rows.map((row) => csvLine([entity, row._system, row._key, row.odoo, '', '', '', `same ${row._link_by.replaceAll('+', ', ')}`])).join('');
    }
  }
}

function textOf(value: string | number | boolean | null): string | null {
  return value === null ? null : String(value);
}
