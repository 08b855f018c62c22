/** A council's published payments as a workspace of mapping files: pulled, mapped, and its suppliers matched by nothing but their names. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { filesSource } from '../../src/adapters/files/files-source.ts';
import { directoryRunStore } from '../../src/adapters/store/run-store.ts';
import { directorySnapshotStore } from '../../src/adapters/store/snapshot-store.ts';
import { loadWorkspace } from '../../src/adapters/workspace/load-workspace.ts';
import { canonicalRowsSql } from '../../src/domain/canonical.ts';
import type { DataPlane, Ports } from '../../src/domain/ports.ts';
import type { MapResult } from '../../src/domain/results.ts';
import { identifier } from '../../src/domain/sql.ts';
import { entityOf } from '../../src/domain/workspace.ts';
import { ensureCanonical } from '../../src/workflows/map/ensure-canonical.ts';
import { mapCapability } from '../../src/workflows/map/map.ts';
import { matchRecords } from '../../src/workflows/match/match-records.ts';
import { pull } from '../../src/workflows/pull/pull.ts';
import { root } from './child.ts';

const AS_OF = '2026-01-01T00:00:00.000Z';
const workspaceFiles = join(import.meta.dirname, 'workspaces/supplier-payments');
export const paymentsFile: string = join(resolve(root, process.env.CUTOVER_SHARED_DATA ?? '../shared/data'), 'supplier_payments/babergh_council.csv.gz');
export const isHere = (): boolean => existsSync(paymentsFile);

export interface MatchedPayments {
  readonly mapped: MapResult;
  readonly ledger: { readonly rows: number; readonly total: string; readonly repeats: number };
  readonly seconds: number;
}

/** Leaves the matcher's tables in `plane`. */
export async function matchPayments(directory: string, plane: DataPlane): Promise<MatchedPayments> {
  cpSync(workspaceFiles, directory, { recursive: true });
  mkdirSync(join(directory, 'data'), { recursive: true });
  writeFileSync(join(directory, 'data/payments.csv'), gunzipSync(readFileSync(paymentsFile)));
  const workspace = await loadWorkspace(directory, { packsDirectory: join(root, 'mappings'), environment: {} });
  const capability = workspace.capabilities.get('spend');
  const council = workspace.file.systems.council;
  if (capability === undefined || council?.connector !== 'files') throw new Error('the workspace of the bench is not what it was');
  const ports = portsOf(directory, () => filesSource('council', council, directory));
  const request = { workspace, capability, entity: null, asOf: AS_OF, runId: 'names' };
  await pull({ ...request, systems: ['council'], full: true }, ports);
  const mapped = await mapCapability(request, ports);
  const rowsOf = async (name: string) => {
    const entity = entityOf(capability, name);
    const [source] = entity.sources;
    if (source === undefined) throw new Error(`${name} has no source`);
    return { entity, rows: canonicalRowsSql([await ensureCanonical({ workspace, capability, entity, mapping: source.mapping }, ports)]) };
  };
  const [ledger] = await plane.rows<{ rows: number; total: string; repeats: number }>(
    `SELECT count(*)::INTEGER AS rows, CAST(sum(amount) AS VARCHAR) AS total, (count(*) - count(DISTINCT ${identifier('_key')}))::INTEGER AS repeats FROM ${(await rowsOf('payment')).rows}`,
  );
  if (ledger === undefined) throw new Error('no payments');
  const { entity, rows } = await rowsOf('supplier');
  const began = performance.now();
  const { entity: name, fields, key } = entity.contract;
  const out = await matchRecords({ plane, entity: name, sources: [{ name: 'council', rows }], fields, key, mode: 'dedupe' });
  if (process.env.DUMP) console.log(JSON.stringify(out.model, null, 1), out.blocking);
  return { mapped, ledger, seconds: (performance.now() - began) / 1000 };
}

function portsOf(directory: string, source: Ports['source']): Ports {
  const clock = { now: () => AS_OF };
  const unused = async (): Promise<never> => {
    throw new Error('the bench uses neither state nor Odoo');
  };
  return {
    openPlane: () => openDataPlane({ memory: '1GB', threads: 2, spillDirectory: join(directory, 'spill') }),
    snapshots: directorySnapshotStore(join(directory, 'store'), clock),
    runs: directoryRunStore(join(directory, 'store')),
    state: unused,
    source,
    odoo: unused,
    piiKey: async () => null,
    clock,
    progress: () => undefined,
    signal: new AbortController().signal,
  };
}
