/** Which record is meant: by its key, `system/key`, `odoo/<id>`, an External ID, a row of the source or the id of a break. */
import type { DataPlane, DataRow } from '../../domain/ports.ts';
import { parseExternalId } from '../../domain/record-key.ts';
import { literal, literalList } from '../../domain/sql.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import type { Compared } from './compared-files.ts';

/** A record of either side. */
export interface Hit {
  readonly capability: Capability;
  readonly entity: string;
  readonly system: string;
  readonly key: string | null;
  readonly odooId: number | null;
  readonly class: string;
  readonly keyIsPii: boolean;
}

export interface Wanted {
  readonly workspace: Workspace;
  readonly key: string;
  readonly entity: string | null;
  readonly system: string | null;
}

interface HitRow extends DataRow {
  readonly entity: string;
  readonly system: string;
  readonly key: string | null;
  readonly odoo_id: number | null;
  readonly class: string;
}

/** In load order, by system and key; each record once. A record that is linked is that of its legacy system. */
export async function findRecords(wanted: Wanted, capability: Capability, compared: Compared, plane: DataPlane): Promise<Hit[]> {
  const selects = await Promise.all(capability.entities.map(async ({ contract }, order) => await selectSql(wanted, contract.entity, order, compared, plane)));
  const all = selects.flat();
  if (all.length === 0) return [];
  const rows = await plane.rows<HitRow>(
    `SELECT entity, system, key, odoo_id, class FROM (${all.join(' UNION ALL ')}) GROUP BY ALL ORDER BY min(entity_order), system, key, odoo_id LIMIT 50`,
  );
  return rows.map(({ odoo_id: odooId, ...row }) => ({ ...row, odooId, capability, keyIsPii: isKeyPii(capability, row.entity) }));
}

async function selectSql(
  { workspace, key, entity: only, system }: Wanted,
  entity: string,
  order: number,
  { files, sides }: Compared,
  plane: DataPlane,
): Promise<string[]> {
  const own = files.get(entity);
  if (own === undefined || (only !== null && only !== entity)) return [];
  const sideOf = sides.entities.find(({ definition }) => definition.contract.entity === entity);
  const conditions = meanings(workspace, key, entity);
  if (/^[0-9a-f]{6,16}$/.test(key)) {
    const source = `read_parquet(${literal(own.judged)}) AS b WHERE starts_with(b.id, ${literal(key)})`;
    conditions.push(
      `EXISTS (SELECT 1 FROM ${source} AND b.system = r._system AND b.key IS NOT DISTINCT FROM r._key AND (b.key IS NOT NULL OR b.odoo_id IS NOT DISTINCT FROM r._odoo_id))`,
    );
  }
  if (sideOf?.odoo !== undefined && sideOf.odoo !== null && key.includes('.')) {
    const columns = sideOf.odoo.snapshot.manifest.columns
      .map((column) => column.name)
      .filter((name) => name === '_external_id' || name === '_foreign_external_id');
    const same = columns.map((name) => `${name} = ${literal(key)}`).join(' OR ');
    if (same !== '') conditions.push(`r._odoo_id IN (SELECT id FROM read_parquet(${literal(sideOf.odoo.snapshot.data)}) WHERE ${same})`);
  }
  const rejects = sideOf?.datasets.map((dataset) => dataset.rejects) ?? [];
  const named =
    rejects.length === 0
      ? []
      : await plane.rows<{ system: string; key: string | null }>(
          `SELECT DISTINCT system, key FROM read_parquet(${literalList(rejects)}) WHERE ref = ${literal(key)} ORDER BY ALL LIMIT 5`,
        );
  for (const one of named) if (one.key !== null) conditions.push(`(r._system = ${literal(one.system)} AND r._key = ${literal(one.key)})`);
  const ofSystem = system === null ? '' : ` AND r._system = ${literal(system)}`;
  return [
    `SELECT ${literal(entity)} AS entity, ${order} AS entity_order, r._system AS system, r._key AS key, r._odoo_id AS odoo_id, r._class AS class FROM read_parquet(${literal(own.records)}) AS r WHERE (${conditions.join(' OR ')})${ofSystem}`,
  ];
}

/** Conditions over a row `r` of the records of an entity. */
function meanings({ file }: Workspace, key: string, entity: string): string[] {
  const conditions = [`r._key = ${literal(key)}`];
  const [, system, rest] = /^([a-z][a-z0-9-]*)\/(.+)$/s.exec(key) ?? [];
  if (system !== undefined && rest !== undefined && file.systems[system] !== undefined) {
    if (system === file.odoo && /^\d{1,15}$/.test(rest)) conditions.push(`r._odoo_id = ${rest}`);
    conditions.push(`(r._system = ${literal(system)} AND r._key = ${literal(rest)})`);
  }
  const named = parseExternalId(file.namespace, key);
  if (named !== null && named.key !== null && named.entity === entity.replaceAll('_', '-'))
    conditions.push(`(r._system = ${literal(named.system)} AND r._key = ${literal(named.key)})`);
  return conditions;
}

export function isKeyPii(capability: Capability, entity: string): boolean {
  const contract = capability.entities.find((one) => one.contract.entity === entity)?.contract;
  return contract?.key.some((name) => contract.fields[name]?.pii === true) ?? false;
}

/** Keys that are nearly what was asked for. Those that are `pii` are never named. */
export async function nearestKeys({ key, entity, system }: Wanted, capability: Capability, { files }: Compared, plane: DataPlane): Promise<string[]> {
  const open = capability.entities.filter(({ contract }) => (entity === null || contract.entity === entity) && !isKeyPii(capability, contract.entity));
  const sources = open.flatMap(({ contract }) => {
    const own = files.get(contract.entity);
    return own === undefined ? [] : [`SELECT _system, _key FROM read_parquet(${literal(own.records)})`];
  });
  if (sources.length === 0) return [];
  const asked = literal(key.toLowerCase());
  const most = Math.max(1, Math.floor(key.length / 3));
  const rows = await plane.rows<{ key: string }>(
    `SELECT key FROM (SELECT DISTINCT _key AS key, CASE WHEN ltrim(lower(_key), '0') = ltrim(${asked}, '0') THEN 0 ELSE levenshtein(lower(_key), ${asked}) END AS far
FROM (${sources.join(' UNION ALL ')}) WHERE _key IS NOT NULL${system === null ? '' : ` AND _system = ${literal(system)}`} AND abs(length(_key) - ${key.length}) <= ${Math.max(most, 6)}) WHERE far <= ${most} ORDER BY far, key LIMIT 5`,
  );
  return rows.map((row) => row.key);
}
