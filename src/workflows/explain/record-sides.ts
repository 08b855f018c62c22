/** Both sides of one record, its breaks, and what the two last agreed upon: in clear. */
import { canonicalRowsSql, canonicalTextSql } from '../../domain/canonical.ts';
import type { DataPlane, DataRow, DataValue, Ports } from '../../domain/ports.ts';
import { identifier, literal, literalList } from '../../domain/sql.ts';
import { checkFromSql, compileChecks, rowsByEntity } from '../map/checks.ts';
import { knownLayers, mergedBaselineSql } from '../reconcile/baseline.ts';
import { codesOf, odooSideSql } from '../sides/open-sides.ts';
import type { EntitySides } from '../sides/sides.ts';
import type { Compared } from './compared-files.ts';
import type { Hit } from './find-record.ts';

export type Texts = Readonly<Record<string, string | null>>;

export interface BreakRow extends DataRow {
  readonly id: string;
  readonly class: string;
  readonly field: string | null;
  readonly status: string;
  readonly life: string;
  readonly first_seen: string;
  readonly nights: number;
  readonly movement: string | null;
  readonly direction: string;
  readonly owner: 'legacy' | 'odoo' | null;
  readonly pending_until: string | null;
  readonly waived_until: string | null;
  readonly decision: string | null;
}

export async function breaksOf({ entity, system, key, odooId }: Hit, { files }: Compared, plane: DataPlane): Promise<BreakRow[]> {
  const judged = files.get(entity)?.judged ?? '';
  const record = key === null ? `key IS NULL AND odoo_id IS NOT DISTINCT FROM ${literal(odooId)}` : `key = ${literal(key)}`;
  return await plane.rows<BreakRow>(
    `SELECT id, class, field, status, life, first_seen, nights, movement, direction, owner, pending_until, waived_until, decision FROM read_parquet(${literal(judged)})
WHERE system = ${literal(system)} AND ${record}${key !== null && odooId !== null ? ` AND (odoo_id IS NULL OR odoo_id = ${odooId})` : ''} ORDER BY field NULLS FIRST, id`,
  );
}

export interface CanonicalRow {
  readonly row: number;
  readonly ref: string | null;
  /** Rows that have this key. */
  readonly rows: number;
  readonly values: Texts;
}

/** The canonical row of a key; of several the first. */
export async function canonicalRowOf({ definition, datasets }: EntitySides, { system, key }: Hit, plane: DataPlane): Promise<CanonicalRow | null> {
  const dataset = datasets.find((one) => one.system === system);
  if (dataset === undefined || key === null) return null;
  const texts = Object.entries(definition.contract.fields).map(([name, field]) => `${canonicalTextSql(field, identifier(name))} AS ${identifier(name)}`);
  const [found] = await plane.rows(
    `SELECT _row, _ref, count(*) OVER () AS _rows, ${texts.join(', ')} FROM ${canonicalRowsSql([dataset])} AS r WHERE _key = ${literal(key)} ORDER BY _row LIMIT 1`,
  );
  if (found === undefined) return null;
  const { _row: row, _ref: ref, _rows: rows, ...values } = found;
  return { row: Number(row), ref: textOf(ref), rows: Number(rows), values: textsOf(values) };
}

export interface RejectedRow {
  readonly row: number;
  readonly ref: string | null;
  /** Field → the rule it breaks. */
  readonly rules: ReadonlyMap<string, string>;
}

export async function rejectedRowOf({ datasets }: EntitySides, { system, key }: Hit, plane: DataPlane): Promise<RejectedRow | null> {
  const dataset = datasets.find((one) => one.system === system);
  if (dataset === undefined || key === null) return null;
  const rows = await plane.rows<{ row: number; ref: string; field: string; rule: string }>(
    `SELECT row, ref, field, rule FROM read_parquet(${literal(dataset.rejects)}) WHERE key = ${literal(key)} ORDER BY row, field LIMIT 100`,
  );
  const [first] = rows;
  if (first === undefined) return null;
  return { row: first.row, ref: first.ref, rules: new Map(rows.filter((one) => one.row === first.row).map((one) => [one.field, one.rule])) };
}

export interface OdooRecord {
  readonly id: number;
  readonly externalId: string | null;
  readonly writtenAt: string | null;
  readonly active: boolean;
  readonly inScope: boolean;
  /** Canonical texts; of a reference `#<id>` and the key it is known by. */
  readonly values: Texts;
}

export async function odooRecordOf(sides: EntitySides, id: number | null, compared: Compared, plane: DataPlane): Promise<OdooRecord | null> {
  const sql = id === null ? null : await odooSideSql(sides, codesOf(sides, compared.sides), plane);
  if (sql === null || sides.odoo === null) return null;
  const { fields, stateField } = sides.odoo.binding;
  const { contract } = sides.definition;
  const names = [...fields.map((one) => one.field), ...(stateField === null ? [] : [stateField])];
  const texts = names.flatMap((name) => {
    const field = contract.fields[name];
    if (field === undefined) return [];
    const value = `o.${identifier(name)}`;
    return [`${field.type === 'ref' ? referenceSql(value, field.entity, compared) : canonicalTextSql(field, value)} AS ${identifier(name)}`];
  });
  const facts = `o._odoo_id, coalesce(o._external_id, o._foreign_external_id) AS _external_id, strftime(o._write_date, '%Y-%m-%dT%H:%M:%SZ') AS _write_date, o._active, o._in_scope`;
  const [found] = await plane.rows(`SELECT ${[facts, ...texts].join(', ')} FROM (${sql}) AS o WHERE o._odoo_id = ${id}`);
  if (found === undefined) return null;
  const { _odoo_id: odooId, _external_id: externalId, _write_date: writtenAt, _active: active, _in_scope: inScope, ...values } = found;
  return {
    id: Number(odooId),
    externalId: textOf(externalId),
    writtenAt: textOf(writtenAt),
    active: active === true,
    inScope: inScope === true,
    values: textsOf(values),
  };
}

function referenceSql(value: string, entity: string, { files }: Compared): string {
  const records = files.get(entity)?.records;
  const id = `'#' || CAST(${value} AS VARCHAR)`;
  return records === undefined
    ? id
    : `coalesce((SELECT min(r._key) FROM read_parquet(${literal(records)}) AS r WHERE r._odoo_id = ${value} AND r._class = 'linked'), ${id})`;
}

/** Field → what the two last agreed upon. */
export async function baselineOf(
  { entity, system, key, capability }: Hit,
  compared: Compared,
  fields: readonly string[],
  ports: Ports,
  plane: DataPlane,
): Promise<Texts> {
  if (key === null || fields.length === 0) return {};
  const layers = await knownLayers(ports, plane, { odooUuid: compared.sides.world.uuid, capability: capability.name, entity });
  const only = `SELECT ${literal(system)} AS _system, ${literal(key)} AS _key`;
  const [found = {}] = await plane.rows(
    `SELECT ${fields.map((name) => `${identifier(name)}.v AS ${identifier(name)}`).join(', ')} FROM (${mergedBaselineSql(layers, fields, only)})`,
  );
  return textsOf(found);
}

/** Business checks that find this record. */
export async function checksOf(
  { capability, entity, system, key }: Hit,
  compared: Compared,
  plane: DataPlane,
): Promise<{ name: string; severity: string; hint: string }[]> {
  const definition = capability.entities.find((one) => one.contract.entity === entity);
  if (definition === undefined || definition.contract.checks.length === 0 || key === null) return [];
  const { checks } = await compileChecks(capability, definition, plane);
  const rows = rowsByEntity(compared.sides.entities.flatMap((side) => side.datasets));
  const found: { name: string; severity: string; hint: string }[] = [];
  for (const compiled of checks) {
    const { check, when } = compiled;
    const [row] = await plane.rows<{ hits: number }>(
      `SELECT count(*) AS hits FROM ${checkFromSql(compiled, rows)} WHERE _this._system = ${literal(system)} AND _this._key = ${literal(key)} AND coalesce(TRY(${when.sql}), false)`,
    );
    if ((row?.hits ?? 0) > 0) found.push({ name: check.name, severity: check.severity, hint: check.hint });
  }
  return found;
}

export interface ConflictRow extends DataRow {
  readonly id: string;
  readonly class: string;
  readonly field: string | null;
}

/** Conflicts of the latest match that this record has a part in and that nobody has decided. */
export async function conflictsOf({ system, key, odooId }: Hit, file: string | null, plane: DataPlane): Promise<ConflictRow[]> {
  if (file === null) return [];
  const own = [...(key === null ? [] : [`(c.system = ${literal(system)} AND c.key = ${literal(key)})`]), ...(odooId === null ? [] : [`c.odoo_id = ${odooId}`])];
  if (own.length === 0) return [];
  return await plane.rows<ConflictRow>(
    `SELECT id, class, field FROM read_parquet(${literalList([file])}) WHERE NOT resolved AND len(list_filter(records, lambda c: coalesce(${own.join(' OR ')}, false))) > 0 ORDER BY class, id`,
  );
}

const textOf = (value: DataValue | undefined): string | null => (value === null || value === undefined ? null : String(value));
const textsOf = (row: DataRow): Texts => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, textOf(value)]));
