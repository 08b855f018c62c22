/** Writes a workspace as two nights of pulls and a load would leave it: snapshots of both sides, what was learnt of Odoo, and a crosswalk of all linked
 *  records. In a process of its own, as it takes memory that is none of the bench's. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { openCluster } from '../../src/adapters/state/embedded-cluster.ts';
import { openState } from '../../src/adapters/state/state-store.ts';
import { directorySnapshotStore } from '../../src/adapters/store/snapshot-store.ts';
import type { SnapshotStore } from '../../src/domain/ports.ts';
import { copyToParquetSql, literal } from '../../src/domain/sql.ts';
import { companyColumns, companySnapshot, fieldColumns, fieldsSnapshot } from '../../src/workflows/pull/pull-odoo-facts.ts';
import { columnType } from '../../src/workflows/pull/pull-odoo-rows.ts';
import { recordColumns, type StagedColumn } from '../../src/workflows/pull/pull-odoo-sql.ts';
import { equipmentColumns, equipmentFields, isLinked, legacySql, linksSql, type Night, odooSql } from './equipment.ts';

export interface StoreRequest {
  readonly directory: string;
  readonly size: number;
  readonly memory: string;
}

export interface StorePlaces {
  /** A workspace with the first night in it. */
  readonly workspace: string;
  /** A store that holds the second night and nothing else. */
  readonly second: string;
  /** `key`, `odoo_id`, `external_id`. */
  readonly links: string;
  readonly nights: readonly { readonly legacy: string; readonly odoo: string }[];
  readonly linkSeconds: number;
}

const UUID = 'bench-0001';
const metadata = { required: false, readonly: false, store: true, selection: null, digits: null, companyDependent: false } as const;
const companySql = `SELECT CAST(1 AS BIGINT) AS id, 'Hospital' AS name, 'USD' AS currency, 2::INTEGER AS currency_digits, 'round_per_line' AS rounding,
  'http://localhost:1' AS url, 'bench' AS database, '${UUID}' AS uuid, '19.0' AS version`;
const request = JSON.parse(process.argv[2] ?? '{}') as StoreRequest;
const clock = { now: () => '2026-01-01T06:00:00.000Z' };
const workspace = join(request.directory, 'workspace');
const second = join(request.directory, 'second');
mkdirSync(workspace, { recursive: true });
cpSync(join(import.meta.dirname, 'workspaces/equipment'), workspace, { recursive: true });
const file = join(workspace, 'cutover.yaml');
writeFileSync(file, readFileSync(file, 'utf8').replace('memory: 1GB', `memory: ${request.memory}`));

const plane = await openDataPlane({ memory: '2GB', threads: 2, spillDirectory: join(request.directory, 'spill') });
try {
  const nights = [await nightOf(1, directorySnapshotStore(join(workspace, '.cutover'), clock)), await nightOf(2, directorySnapshotStore(second, clock))];
  const links = join(request.directory, 'links.parquet');
  await plane.run(copyToParquetSql(linksSql(request.size), links));
  const began = performance.now();
  await link();
  const places: StorePlaces = { workspace, second, links, nights, linkSeconds: (performance.now() - began) / 1000 };
  console.log(JSON.stringify(places));
} finally {
  await plane.close();
}

async function nightOf(night: Night, store: SnapshotStore): Promise<StorePlaces['nights'][number]> {
  const texts = (names: readonly string[]): StagedColumn[] => names.map((name) => ({ name, type: 'VARCHAR' }));
  const fields = Object.entries(equipmentFields).map(([name, [type, relation]]) => ({
    name,
    type: columnType({ ...metadata, name, type, relation: relation ?? null }),
  }));
  const write = async (system: string, entity: string, sql: string, columns: readonly StagedColumn[]): Promise<string> => {
    const staged = await store.stage(system, entity);
    const data = join(staged.directory, 'data.parquet');
    await plane.run(copyToParquetSql(sql, data));
    const [counted] = await plane.rows<{ n: number }>(`SELECT count(*) AS n FROM read_parquet(${literal(data)})`);
    const asOf = `2026-01-0${night}T00:00:00.000Z`;
    return (await staged.commit({ asOf, rows: counted?.n ?? 0, quarantined: 0, columns, requestHash: system === 'odoo' ? `${UUID}:request` : 'request' })).data;
  };
  await write('odoo', companySnapshot, companySql, companyColumns);
  await write('odoo', fieldsSnapshot, fieldsSql(), fieldColumns);
  const categories =
    "SELECT CAST(c + 1 AS BIGINT) AS id, CAST(NULL AS VARCHAR) AS external_id, printf('Category %02d', c) AS name FROM range(50) AS _(c) ORDER BY id";
  await write('odoo', 'lookup.maintenance.equipment.category', categories, [{ name: 'id', type: 'BIGINT' }, ...texts(['external_id', 'name'])]);
  return {
    legacy: await write('cmms', 'asset', legacySql(request.size, night), texts(equipmentColumns)),
    odoo: await write('odoo', 'asset', odooSql(request.size, night), [...recordColumns, ...fields]),
  };
}

/** As a load leaves them, but in one statement: ten million links by way of the state store would take the better part of an hour. */
async function link(): Promise<void> {
  const store = join(workspace, '.cutover');
  // makes the schema
  await (await openState({ url: 'embedded', directory: store, clock, holder: 'bench' })).close();
  const cluster = await openCluster(join(store, 'state'));
  // an index over what is there is made faster than one that grows row by row
  const indexes = await cluster.query<{ name: string; definition: string }>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition from pg_index as i
     where i.indrelid = 'cutover.crosswalk'::regclass and not exists (select 1 from pg_constraint as c where c.conindid = i.indexrelid)`,
  );
  for (const { name } of indexes.rows) await cluster.exec(`drop index ${name}`);
  await cluster.query(
    `insert into cutover.crosswalk (odoo_uuid, capability, entity, system, key, model, odoo_id, external_id, provenance, run_id, valid_from)
     select $1, 'assets', 'asset', 'cmms', 'A' || lpad(i::text, 8, '0'), 'maintenance.equipment', i + 1, 'bench.asset__cmms__' || i, 'load', 'load', '2025-12-01T00:00:00Z'
     from (select i, (i::bigint * 7919) % 10000 as m from generate_series(0, $2::integer - 1) as i) as records where ${isLinked}`,
    [UUID, request.size],
  );
  for (const { definition } of indexes.rows) await cluster.exec(definition);
  await cluster.close();
}

function fieldsSql(): string {
  const own = Object.entries(equipmentFields).map(([name, [type, relation]]) => ['maintenance.equipment', name, type, relation ?? null] as const);
  const rows = [...own, ['maintenance.equipment.category', 'name', 'char', null] as const].map(
    ([model, name, type, relation]) =>
      `SELECT ${literal(model)} AS model, ${literal(name)} AS name, ${literal(type)} AS type, CAST(${literal(relation)} AS VARCHAR) AS relation,
  false AS required, false AS readonly, true AS store, false AS company_dependent, CAST(NULL AS INTEGER) AS "precision", CAST(NULL AS INTEGER) AS scale`,
  );
  return `${rows.join(' UNION ALL ')} ORDER BY model, name`;
}
