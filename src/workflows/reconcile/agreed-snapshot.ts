/** The first layer of a baseline has a value for nearly every field of every record, and they are those of Odoo's snapshot. They are not written again: the layer keeps the
 *  snapshot beside it and says which records it is agreed upon for, and which of their fields it is not.
 *
 *  Layer  `_system`, `_key`, `_odoo_id` BIGINT, `_unsaid` VARCHAR[]: fields that it says nothing of; and per field that stands in the snapshot in another way (a code of a
 *         related record, a state) a STRUCT(v VARCHAR), as in every layer. In the metadata of the file: the snapshot's name, and of each other field its column and type. */
import { join } from 'node:path';
import { z } from 'zod';
import { isAmount, storageType, typedTextSql } from '../../domain/canonical.ts';
import type { FieldContract } from '../../domain/contract.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { type FieldRule, fieldListSql } from '../sides/field-rules.ts';
import type { KnownLayer } from './baseline.ts';
import type { EntityComparison } from './comparison.ts';

export const UNSAID = '_unsaid';
const NOTE = 'agreed';

const Agreed = z.object({
  snapshot: z.string().regex(/^[\w-]+\.parquet$/),
  fields: z.record(z.string(), z.object({ column: z.string(), type: z.string().regex(/^(VARCHAR|BOOLEAN|BIGINT|DATE|TIMESTAMP|DECIMAL\(38,\d+\))$/) })),
});

export interface PointedValues {
  /** Absolute path. */
  readonly snapshot: string;
  readonly fields: z.infer<typeof Agreed>['fields'];
}

/** File of a layer → the values it points to. `files`: list literal of the layers, `directory`: where they are. */
export async function pointedValues(plane: DataPlane, directory: string, files: string): Promise<ReadonlyMap<string, PointedValues>> {
  const rows = await plane.rows<{ file: string; note: string }>(
    `SELECT file_name AS file, decode(value) AS note FROM parquet_kv_metadata(${files}) WHERE decode(key) = ${literal(NOTE)}`,
  );
  return new Map(
    rows.map(({ file, note }) => {
      const { snapshot, fields } = Agreed.parse(JSON.parse(note));
      return [file, { snapshot: join(directory, snapshot), fields }];
    }),
  );
}

/** A column of a layer that does not know the field. */
export function nothingSaidSql(field: string): string {
  return `CAST(NULL AS STRUCT(v VARCHAR)) AS ${identifier(field)}`;
}

/** The layer in the shape of all others, with `_layer`. */
export function pointedLayerSql(
  { layer, file, columns, values }: Pick<KnownLayer, 'layer' | 'file' | 'columns'> & { readonly values: PointedValues },
  fields: readonly string[],
  only: string | undefined,
): string {
  const chosen = only === undefined ? '' : ` SEMI JOIN (${only}) AS x ON x._system = y._system AND x._key = y._key`;
  const list = fields.map((name) => {
    if (columns.has(name)) return `y.${identifier(name)}`;
    const pointed = values.fields[name];
    if (pointed === undefined) return nothingSaidSql(name);
    const text = typedTextSql(pointed.type, `CAST(s.${identifier(pointed.column)} AS ${pointed.type})`);
    return `CASE WHEN NOT list_contains(y.${UNSAID}, ${literal(name)}) THEN struct_pack(v := ${text}) END AS ${identifier(name)}`;
  });
  const isPointed = fields.some((name) => values.fields[name] !== undefined);
  const snapshot = isPointed ? ` JOIN read_parquet(${literal(values.snapshot)}) AS s ON s.id = y._odoo_id` : '';
  return `SELECT y._system, y._key, false AS _forget, ${layer} AS _layer${list.map((one) => `, ${one}`).join('')}
FROM (SELECT * FROM read_parquet(${literal(file)}) AS y${chosen}) AS y${snapshot}`;
}

/** The layer of all that a comparison found equal, where there is no baseline yet and all records were compared. Keeps the snapshot in `directory`. Null where Odoo's
 *  values lie in no snapshot. */
export async function agreedSnapshotLayer(
  rules: readonly FieldRule[],
  entity: EntityComparison,
  request: { readonly odooSystem: string; readonly directory: string },
  ports: Ports,
): Promise<{ readonly sql: string; readonly note: { readonly name: string; readonly text: string } } | null> {
  const { binding, legacy, odoo, records, snapshots } = entity;
  const id = snapshots.find(({ system }) => system === request.odooSystem)?.id;
  const snapshot = id === undefined ? null : await ports.snapshots.get(request.odooSystem, entity.entity, id);
  if (snapshot === null || binding === null) return null;
  const pointed = binding.fields.filter((bound) => bound.by === null && rules.some((rule) => rule.field === bound.field));
  const name = `${snapshot.manifest.id}.parquet`;
  await ports.runs.keepAs(snapshot.data, request.directory, name);
  const fields = Object.fromEntries(pointed.map(({ field, odoo: column, contract }) => [field, { column, type: snapshotType(contract) }]));
  const others = rules.filter((rule) => fields[rule.field] === undefined);
  const partly = rules.filter((rule) => rule.applies !== 'true');
  const structs = others.map(
    (rule) =>
      `CASE WHEN ${rule.applies} AND NOT list_contains(p._fields, ${literal(rule.field)}) THEN struct_pack(v := ${rule.agreedText}) END AS ${identifier(rule.field)}`,
  );
  const unsaid = partly.length === 0 ? 'p._fields' : `list_concat(p._fields, ${fieldListSql(partly, (rule) => `NOT coalesce(${rule.applies}, false)`)})`;
  const joins = [
    ...(partly.length > 0 ? [`JOIN ${legacy.sql} AS l ON l._system = p._system AND l._key = p._key AND l._class = 'linked'`] : []),
    ...(others.length > 0 ? [`JOIN ${odoo.sql} AS o ON o._odoo_id = p._odoo_id`] : []),
  ];
  return {
    sql: `SELECT p._system, p._key, p._odoo_id, ${[`${unsaid} AS ${UNSAID}`, ...structs].join(', ')}
FROM (SELECT * FROM read_parquet(${literal(records)}) WHERE _class = 'linked') AS p ${joins.join('\n')}`,
    note: { name: NOTE, text: JSON.stringify({ snapshot: name, fields } satisfies z.infer<typeof Agreed>) },
  };
}

/** Odoo has no limit on amounts, and a reference is a database id. */
function snapshotType(contract: FieldContract): string {
  if (contract.type === 'ref') return 'BIGINT';
  return isAmount(contract) ? `DECIMAL(38,${contract.digits})` : storageType(contract);
}
