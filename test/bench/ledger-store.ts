/** Writes a workspace as a pull and a load would leave it: snapshots of both ledgers, what was learnt of Odoo, and the crosswalk of all linked lines. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { openCluster } from '../../src/adapters/state/embedded-cluster.ts';
import { openState } from '../../src/adapters/state/state-store.ts';
import { directorySnapshotStore } from '../../src/adapters/store/snapshot-store.ts';
import { copyToParquetSql, literal } from '../../src/domain/sql.ts';
import { companyColumns, companySnapshot, fieldColumns, fieldsSnapshot } from '../../src/workflows/pull/pull-odoo-facts.ts';
import { columnType } from '../../src/workflows/pull/pull-odoo-rows.ts';
import { recordColumns, type StagedColumn } from '../../src/workflows/pull/pull-odoo-sql.ts';
import { isLinkedLine, ledgerColumns, ledgerFields, legacyLinesSql, lineLinksSql, odooLinesSql } from './ledger-lines.ts';

export interface LedgerRequest {
  readonly directory: string;
  readonly size: number;
}

export interface LedgerPlaces {
  readonly workspace: string;
  readonly legacy: string;
  readonly odoo: string;
  /** `key`, `odoo_id`. */
  readonly links: string;
}

const UUID = 'bench-0001';
const metadata = { required: false, readonly: false, store: true, selection: null, digits: null, companyDependent: false, relation: null } as const;
const companySql = `SELECT CAST(1 AS BIGINT) AS id, 'Hospital' AS name, 'USD' AS currency, 2::INTEGER AS currency_digits, 'round_per_line' AS rounding,
  'http://localhost:1' AS url, 'bench' AS database, '${UUID}' AS uuid, '19.0' AS version`;
const fieldsSql = Object.entries(ledgerFields)
  .map(
    ([name, type]) => `SELECT 'account.move.line' AS model, ${literal(name)} AS name, ${literal(type)} AS type, CAST(NULL AS VARCHAR) AS relation,
  false AS required, false AS readonly, true AS store, false AS company_dependent, CAST(NULL AS INTEGER) AS "precision", CAST(NULL AS INTEGER) AS scale`,
  )
  .join(' UNION ALL ');
const { directory, size } = JSON.parse(process.argv[2] ?? '{}') as LedgerRequest;
const clock = { now: () => '2026-01-01T06:00:00.000Z' };
const workspace = join(directory, 'workspace');
mkdirSync(workspace, { recursive: true });
cpSync(join(import.meta.dirname, 'workspaces/ledger'), workspace, { recursive: true });
const store = join(workspace, '.cutover');

const plane = await openDataPlane({ memory: '2GB', threads: 2, spillDirectory: join(directory, 'spill') });
try {
  const snapshots = directorySnapshotStore(store, clock);
  const write = async (system: string, entity: string, sql: string, columns: readonly StagedColumn[]): Promise<string> => {
    const staged = await snapshots.stage(system, entity);
    const data = join(staged.directory, 'data.parquet');
    await plane.run(copyToParquetSql(sql, data));
    const [counted] = await plane.rows<{ n: number }>(`SELECT count(*) AS n FROM read_parquet(${literal(data)})`);
    const requestHash = system === 'odoo' ? `${UUID}:request` : 'request';
    return (await staged.commit({ asOf: '2026-01-01T00:00:00.000Z', rows: counted?.n ?? 0, quarantined: 0, columns, requestHash })).data;
  };
  await write('odoo', companySnapshot, companySql, companyColumns);
  await write('odoo', fieldsSnapshot, `${fieldsSql} ORDER BY model, name`, fieldColumns);
  const texts: StagedColumn[] = ledgerColumns.map((name) => ({ name, type: 'VARCHAR' }));
  const fields = Object.entries(ledgerFields).map(([name, type]) => ({ name, type: columnType({ ...metadata, name, type }) }));
  const legacy = await write('erp', 'line', legacyLinesSql(size), texts);
  const odoo = await write('odoo', 'line', odooLinesSql(size), [...recordColumns, ...fields]);
  const links = join(directory, 'links.parquet');
  await plane.run(copyToParquetSql(lineLinksSql(size), links));
  await link();
  const places: LedgerPlaces = { workspace, legacy, odoo, links };
  console.log(JSON.stringify(places));
} finally {
  await plane.close();
}

/** As a load leaves them, but in one statement. */
async function link(): Promise<void> {
  await (await openState({ url: 'embedded', directory: store, clock, holder: 'bench' })).close();
  const cluster = await openCluster(join(store, 'state'));
  await cluster.query(
    `insert into cutover.crosswalk (odoo_uuid, capability, entity, system, key, model, odoo_id, external_id, provenance, run_id, valid_from)
     select $1, 'books', 'line', 'erp', 'L' || lpad(i::text, 9, '0'), 'account.move.line', i + 1, 'bench.line__erp__' || i, 'load', 'load', '2025-12-01T00:00:00Z'
     from (select i, (i::bigint * 7919) % 10000 as m from generate_series(0, $2::integer - 1) as i) as lines where ${isLinkedLine}`,
    [UUID, size],
  );
  await cluster.close();
}
