/** The baseline: per record and field the value both sides last agreed upon. It is a stack of layers, each a Parquet file that never
 *  changes; the newest layer that knows a field wins. Reconcile, a load's read-back and a rollback all write layers through here.
 *
 *  Layer  `_system`, `_key` VARCHAR; `_forget` BOOLEAN: older layers no longer count for this record; per field STRUCT(v VARCHAR), where a
 *         NULL struct says nothing and a struct with a NULL value says that both sides agreed on "no value".
 *         A layer may also leave values where they are: agreed-snapshot.ts.
 *  Values canonical text (domain/canonical.ts); of a reference the Odoo id, of a code its target value, of amounts what Odoo keeps. */
import { join } from 'node:path';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { copyToParquetSql, identifier, literal, literalList } from '../../domain/sql.ts';
import type { FieldRule } from '../sides/field-rules.ts';
import { nothingSaidSql, type PointedValues, pointedLayerSql, pointedValues, UNSAID } from './agreed-snapshot.ts';
import type { EntityComparison } from './comparison.ts';

/** The merged baseline of `layers` (any order): `_system`, `_key` and one STRUCT(v VARCHAR) per field of `fields`.
 *  `columns` are those each layer file really has: a contract grows over the years. `only`: a query of the records (`_system`, `_key`) that are asked for.
 *
 *  One layer holds nearly everything, that of the first night or of the first load; the others are what changed since. Only records that those know too are
 *  merged, and the rest of the large one is handed on as it lies. */
export function mergedBaselineSql(layers: readonly KnownLayer[], fields: readonly string[], only?: string): string {
  const names = fields.map(identifier);
  const of = (alias: string) => names.map((name) => `, ${alias}.${name}`).join('');
  const [large, ...others] = [...layers].sort((a, b) => b.records - a.records);
  if (large === undefined) {
    return `SELECT CAST(NULL AS VARCHAR) AS _system, CAST(NULL AS VARCHAR) AS _key${fields.map((name) => `, ${nothingSaidSql(name)}`).join('')} WHERE false`;
  }
  const most = layerSql(large, fields, only);
  if (others.length === 0) return `SELECT f._system, f._key${of('f')} FROM (${most}) AS f`;
  const newest = names.map((name) => `, arg_max(${name}, s._layer) FILTER (WHERE ${name} IS NOT NULL AND s._layer >= coalesce(g._layer, 0)) AS ${name}`);
  return `WITH others AS MATERIALIZED (${others.map((layer) => layerSql(layer, fields, only)).join(' UNION ALL ')}),
touched AS MATERIALIZED (SELECT DISTINCT _system, _key FROM others),
stacked AS MATERIALIZED (FROM others UNION ALL SELECT f.* FROM (${most}) AS f SEMI JOIN touched AS t ON t._system = f._system AND t._key = f._key),
forgotten AS (SELECT _system, _key, max(_layer) AS _layer FROM stacked WHERE _forget GROUP BY ALL)
SELECT s._system, s._key${newest.join('')} FROM stacked AS s LEFT JOIN forgotten AS g ON g._system = s._system AND g._key = s._key GROUP BY s._system, s._key
UNION ALL SELECT f._system, f._key${of('f')} FROM (${most}) AS f ANTI JOIN touched AS t ON t._system = f._system AND t._key = f._key`;
}

function layerSql({ layer, file, columns, values }: KnownLayer, fields: readonly string[], only: string | undefined): string {
  if (values !== null) return pointedLayerSql({ layer, file, columns, values }, fields, only);
  const chosen = only === undefined ? '' : ` SEMI JOIN (${only}) AS x ON x._system = y._system AND x._key = y._key`;
  const list = fields.map((name) => (columns.has(name) ? identifier(name) : nothingSaidSql(name)));
  return `SELECT _system, _key, _forget, ${layer} AS _layer${list.map((one) => `, ${one}`).join('')} FROM read_parquet(${literal(file)}) AS y${chosen}`;
}

/** A layer of the values that were just found equal and that the baseline does not hold yet. Records that were not compared again were agreed upon
 *  when they were. */
export function newlyAgreedSql(rules: readonly FieldRule[], { baseline, records, again, ...whole }: Agreeing): string {
  const fields = rules.map((rule) => {
    const held = `b.${identifier(rule.field)} IS NOT NULL AND ${rule.sameForms(rule.baselineForm, rule.odooForm)}`;
    const agreed = `${rule.applies} AND NOT list_contains(p._fields, ${literal(rule.field)}) AND NOT (${held})`;
    return `CASE WHEN ${agreed} THEN struct_pack(v := ${rule.agreedText}) END AS ${identifier(rule.field)}`;
  });
  const isNews = rules.map((rule) => `${identifier(rule.field)} IS NOT NULL`).join(' OR ');
  const { legacy, odoo } = again ?? whole;
  const linked = `SELECT r._system, r._key, r._odoo_id, r._fields FROM read_parquet(${literal(records)}) AS r
${again === null ? '' : `SEMI JOIN ${again.legacy.sql} AS a ON a._system = r._system AND a._key = r._key`} WHERE r._class = 'linked'`;
  return `WITH p AS MATERIALIZED (${linked})
SELECT * FROM (
SELECT p._system, p._key, false AS _forget, ${fields.join(', ')}
FROM p JOIN ${legacy.sql} AS l ON l._system = p._system AND l._key = p._key AND l._class = 'linked'
JOIN ${odoo.sql} AS o ON o._odoo_id = p._odoo_id
LEFT JOIN ${baseline(again === null ? undefined : 'SELECT _system, _key FROM p').sql} AS b ON b._system = p._system AND b._key = p._key
) WHERE ${isNews === '' ? 'false' : isNews}`;
}

type Agreeing = Pick<EntityComparison, 'legacy' | 'odoo' | 'baseline' | 'records' | 'again'>;

/** A layer made from a table or query of single values (`_system`, `_key`, `_field`, `_value` VARCHAR): what a load read back. */
export function baselineLayerSql(values: string, fields: readonly string[]): string {
  const columns = fields.map((name) => `any_value(struct_pack(v := _value)) FILTER (WHERE _field = ${literal(name)}) AS ${identifier(name)}`);
  return `SELECT _system, _key, false AS _forget, ${columns.join(', ')} FROM (${values}) GROUP BY _system, _key`;
}

/** A layer that puts records (`_system`, `_key`) back to what an earlier merge says of them: what a rollback writes. A record that the earlier
 *  merge does not know is forgotten. */
export function restoredLayerSql(records: string, earlier: string, fields: readonly string[]): string {
  return `SELECT r._system, r._key, true AS _forget${fields.map((name) => `, e.${identifier(name)}`).join('')}
FROM (SELECT DISTINCT _system, _key FROM (${records})) AS r LEFT JOIN (${earlier}) AS e ON e._system = r._system AND e._key = r._key`;
}

/** Whose baseline it is. */
export interface BaselineOf {
  readonly odooUuid: string;
  readonly capability: string;
  readonly entity: string;
}

/** The number of the newest layer; 0 when there is none. */
export async function newestLayer(ports: Ports, of: BaselineOf): Promise<number> {
  return (await (await ports.state()).baselineLayers(of.odooUuid, of.capability, of.entity)).at(-1)?.layer ?? 0;
}

export interface KnownLayer {
  readonly layer: number;
  /** Where a layer points to the values of a snapshot (agreed-snapshot.ts); else null. */
  readonly values: PointedValues | null;
  /** Absolute path. */
  readonly file: string;
  readonly columns: ReadonlySet<string>;
  readonly records: number;
}

/** The layers below `below`, oldest first. Layers are named by file, not by path: the store may be mounted elsewhere tomorrow. */
export async function knownLayers(ports: Ports, plane: DataPlane, of: BaselineOf, below = Number.POSITIVE_INFINITY): Promise<readonly KnownLayer[]> {
  const layers = await (await ports.state()).baselineLayers(of.odooUuid, of.capability, of.entity);
  const directory = await ports.runs.baselineDirectory(of.odooUuid, of.capability, of.entity);
  const files = layers.filter(({ layer }) => layer < below).map(({ layer, file }) => ({ layer, file: join(directory, file) }));
  if (files.length === 0) return [];
  const list = literalList(files.map((one) => one.file));
  // a field is a struct of one column; nothing else in a layer has a child
  const rows = await plane.rows<{ file: string; name: string }>(`SELECT file_name AS file, name FROM parquet_schema(${list}) WHERE num_children = 1`);
  const sizes = await plane.rows<{ file: string; records: number }>(`SELECT file_name AS file, num_rows AS records FROM parquet_file_metadata(${list})`);
  const values = await pointedValues(plane, directory, list);
  const columns = Map.groupBy(rows, (row) => row.file);
  const records = new Map(sizes.map((row) => [row.file, row.records]));
  return files.map(({ layer, file }) => {
    const own = columns.get(file)?.filter(({ name }) => name !== UNSAID) ?? [];
    return { layer, file, columns: new Set(own.map((row) => row.name)), records: records.get(file) ?? 0, values: values.get(file) ?? null };
  });
}

/** The merge of an entity's layers, or of those below `below`, as a query. */
export async function baselineSql(ports: Ports, plane: DataPlane, of: BaselineOf, fields: readonly string[], below?: number): Promise<string> {
  return mergedBaselineSql(await knownLayers(ports, plane, of, below), fields);
}

/** Writes a layer (a query of its shape) and tells the state of it. A layer without rows leaves nothing behind. Returns the number of records in it.
 *  The plane must be able to write the baseline directory. Rows lie as the query hands them out: sorting a first layer, which has every record and field,
 *  takes as long as comparing them. */
export async function addBaselineLayer(
  ports: Ports,
  plane: DataPlane,
  of: BaselineOf,
  runId: string,
  layerSql: string,
  note: Parameters<typeof copyToParquetSql>[3] = null,
): Promise<number> {
  const state = await ports.state();
  const layers = await state.baselineLayers(of.odooUuid, of.capability, of.entity);
  const file = `${runId}-${layers.length + 1}.parquet`;
  const path = join(await ports.runs.baselineDirectory(of.odooUuid, of.capability, of.entity), file);
  const [written] = await plane.rows<{ Count: number }>(copyToParquetSql(layerSql, path, true, note));
  const records = Number(written?.Count ?? 0);
  if (records > 0) await state.addBaselineLayer(of.odooUuid, of.capability, { entity: of.entity, runId, file });
  return records;
}
