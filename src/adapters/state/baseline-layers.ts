import type { Knex } from 'knex';
import type { BaselineLayer } from '../../domain/ports.ts';
import { STATE_SCHEMA } from './migrations.ts';

interface LayerRow {
  entity: string;
  layer: number;
  run_id: string;
  file: string;
}

const TABLE = `${STATE_SCHEMA}.baseline_layer`;

export async function baselineLayers(knex: Knex, odooUuid: string, capability: string, entity: string): Promise<readonly BaselineLayer[]> {
  const { rows } = await knex.raw<{ rows: LayerRow[] }>(
    `select entity, layer, run_id, file from ${TABLE} where odoo_uuid = ? and capability = ? and entity = ? order by layer`,
    [odooUuid, capability, entity],
  );
  return rows.map((row) => ({ entity: row.entity, layer: row.layer, runId: row.run_id, file: row.file }));
}

/** The number is given out under a lock of its own: two writers never share one, and no number is skipped. */
export async function addBaselineLayer(
  knex: Knex,
  odooUuid: string,
  capability: string,
  layer: Omit<BaselineLayer, 'layer'>,
  now: string,
): Promise<BaselineLayer> {
  return knex.transaction(async (transaction) => {
    await transaction.raw('select pg_advisory_xact_lock(hashtextextended(?::text, 0))', [`baseline ${odooUuid} ${capability} ${layer.entity}`]);
    const { rows } = await transaction.raw<{ rows: { layer: number }[] }>(
      `insert into ${TABLE} (odoo_uuid, capability, entity, layer, run_id, file, added_at)
       select ?, ?, ?, coalesce(max(layer), 0) + 1, ?, ?, ?::timestamptz from ${TABLE} where odoo_uuid = ? and capability = ? and entity = ?
       returning layer`,
      [odooUuid, capability, layer.entity, layer.runId, layer.file, now, odooUuid, capability, layer.entity],
    );
    const number = rows[0]?.layer;
    if (number === undefined) throw new Error('a baseline layer was not given a number');
    return { ...layer, layer: number };
  });
}
