/** The baseline after a run: a load's read-back confirms what both sides agree upon now; a rollback puts back what the load had replaced.
 *  Made from the journal, so that a run in several parts gives the same as an undisturbed one. */

import type { JournalEntry } from '../../domain/journal.ts';
import type { OdooStates } from '../../domain/odoo-states.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { type Capability, entityOf, type Workspace } from '../../domain/workspace.ts';
import type { WireValue } from '../plan/wire-value.ts';
import { addBaselineLayer, type BaselineOf, baselineLayerSql, baselineSql, restoredLayerSql } from '../reconcile/baseline.ts';
import type { LoadRun } from './load-run.ts';

/** `values`: JSON, canonical field to canonical text. */
type RecordRow = readonly [entity: string, system: string, key: string, values: string, ordinal: string];

const TABLE = 'agreed';

export async function writeBaseline(run: LoadRun, workspace: Workspace): Promise<void> {
  const capability = workspace.capabilities.get(run.manifest.capability);
  if (capability === undefined) return;
  const plane = await run.ports.openPlane();
  try {
    await plane.run(`CREATE TABLE ${TABLE} (_entity VARCHAR, _system VARCHAR, _key VARCHAR, _values VARCHAR, _ordinal VARCHAR)`);
    const touched = new Set<string>();
    await plane.append(TABLE, rows(run, capability, touched));
    for (const entity of run.manifest.order.filter((name) => touched.has(name))) {
      const of = { odooUuid: run.manifest.odoo.uuid, capability: capability.name, entity };
      if (run.manifest.reverses === null) await agree(run, plane, of, capability, workspace.file.odoo);
      else await restore(run, plane, of, capability, run.manifest.reverses);
    }
  } finally {
    await plane.close();
  }
}

async function agree(run: LoadRun, plane: DataPlane, of: BaselineOf, capability: Capability, odooSystem: string): Promise<void> {
  const fields = boundFields(capability, of.entity);
  // A step may write a field again: the last value read back holds.
  const values = `SELECT _system, _key, _ordinal, unnest(map_entries(from_json(_values, '"MAP(VARCHAR, VARCHAR)"'))) AS _read FROM ${TABLE}
    WHERE _entity = ${literal(of.entity)}`;
  const last = `SELECT _system, _key, _read.key AS _field, _read.value AS _value FROM (${values})
    QUALIFY row_number() OVER (PARTITION BY _system, _key, _field ORDER BY CAST(_ordinal AS BIGINT) DESC) = 1`;
  await plane.run(`CREATE OR REPLACE TABLE agreed_last AS ${last}`);
  const codes = await codeLookups(run, capability, of.entity, odooSystem);
  const plain = `SELECT _system, _key, _field, _value FROM agreed_last WHERE _field NOT IN (${['', ...codes.keys()].map(literal).join(', ')})`;
  const looked = [...codes].map(
    ([field, { file, by }]) => `SELECT a._system, a._key, a._field, CAST(related.${identifier(by)} AS VARCHAR) AS _value FROM agreed_last AS a
      LEFT JOIN read_parquet(${literal(file)}) AS related ON related.id = TRY_CAST(a._value AS BIGINT)
      WHERE a._field = ${literal(field)} AND (a._value IS NULL OR related.${identifier(by)} IS NOT NULL)`,
  );
  await addBaselineLayer(run.ports, plane, of, run.runId, baselineLayerSql([plain, ...looked].join(' UNION ALL '), fields));
}

/** Run ids begin with their time, so the layers of the load and everything after it are those that sort from its id on. */
async function restore(run: LoadRun, plane: DataPlane, of: BaselineOf, capability: Capability, reversed: string): Promise<void> {
  const layers = await run.state.baselineLayers(of.odooUuid, of.capability, of.entity);
  const first = layers.find((layer) => layer.runId >= reversed);
  if (first === undefined) return;
  const fields = boundFields(capability, of.entity);
  const earlier = await baselineSql(run.ports, plane, of, fields, first.layer);
  const records = `SELECT DISTINCT _system, _key FROM ${TABLE} WHERE _entity = ${literal(of.entity)}`;
  await addBaselineLayer(run.ports, plane, of, run.runId, restoredLayerSql(records, earlier, fields));
}

function boundFields(capability: Capability, entity: string): readonly string[] {
  const { contract } = entityOf(capability, entity);
  return Object.keys(contract.fields).filter((field) => contract.odoo?.fields[field] !== undefined || contract.odoo?.states?.field === field);
}

/** Code field → where its target values stand. Without the table the field is left to the next reconcile. */
async function codeLookups(
  run: LoadRun,
  capability: Capability,
  entity: string,
  odooSystem: string,
): Promise<ReadonlyMap<string, { readonly file: string; readonly by: string }>> {
  const { contract } = entityOf(capability, entity);
  const planned = run.entity(entity);
  const metadata = await run.metadata(planned.model);
  const result = new Map<string, { readonly file: string; readonly by: string }>();
  for (const [odoo, { field }] of Object.entries(planned.fields)) {
    const relation = metadata.get(odoo)?.relation ?? null;
    if (field === null || contract.fields[field]?.type !== 'code' || relation === null) continue;
    const lookup = await run.ports.snapshots.latest(odooSystem, `lookup.${relation}`);
    const by = contract.odoo?.fields[field]?.by ?? 'external_id';
    if (lookup?.manifest.columns.some((column) => column.name === by)) result.set(field, { file: lookup.data, by });
  }
  return result;
}

/** What the journal's answers say, also of records that were only touched. Their entities are noted in `touched`. */
async function* rows(run: LoadRun, capability: Capability, touched: Set<string>): AsyncIterable<readonly RecordRow[]> {
  let ordinal = 0;
  for await (const page of run.state.journalOf(run.runId, { kinds: ['answer', 'resolved'] })) {
    const batch: RecordRow[] = [];
    for (const entry of page) {
      ordinal += 1;
      for (const record of recordsOf(entry)) {
        touched.add(record.entity);
        batch.push([record.entity, record.system, record.key, JSON.stringify(valuesOf(run, capability, record)), String(ordinal)]);
      }
    }
    if (batch.length > 0) yield batch;
  }
}

interface ReadRecord {
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly altered: readonly string[];
}

function recordsOf(entry: JournalEntry): ReadRecord[] {
  const { entity, system, key, payload } = entry;
  const own = entity === null || system === null || key === null ? [] : [{ entity, system, key, after: payload.after ?? null, altered: payload.altered ?? [] }];
  return [...own, ...(payload.lines ?? []).map((line) => ({ ...line, altered: line.altered ?? [] }))];
}

/** Canonical field → canonical text of what Odoo keeps. */
function valuesOf(run: LoadRun, capability: Capability, record: ReadRecord): Readonly<Record<string, string | null>> {
  const { contract } = entityOf(capability, record.entity);
  const planned = run.entity(record.entity);
  const values: Record<string, string | null> = {};
  for (const [odoo, value] of Object.entries(record.after ?? {}) as [string, WireValue][]) {
    const field = planned.fields[odoo]?.field ?? null;
    if (field === null || record.altered.includes(odoo)) continue;
    const type = contract.fields[field]?.type;
    values[field] = value === null ? null : type === 'date' ? String(value).slice(0, 10) : String(value);
  }
  const states = contract.odoo?.states;
  const state = states === undefined ? null : stateOf(states, record.after ?? {});
  if (states !== undefined && state !== null) values[states.field] = state;
  return values;
}

function stateOf(states: OdooStates, after: Readonly<Record<string, unknown>>): string | null {
  const found = Object.entries(states.values).find(([, { is }]) =>
    Object.entries(is).every(([field, values]) => field in after && values.includes(after[field] as string | boolean)),
  );
  return found?.[0] ?? null;
}
