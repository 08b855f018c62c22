/** A workspace and ports for tests of legacy pulls: real files, real databases, real DuckDB, a real store; no Odoo. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { filesSource } from '../../src/adapters/files/files-source.ts';
import { sqlSource } from '../../src/adapters/sql/sql-source.ts';
import { directoryRunStore } from '../../src/adapters/store/run-store.ts';
import { directorySnapshotStore } from '../../src/adapters/store/snapshot-store.ts';
import { codeCall } from '../../src/domain/code-call.ts';
import { EntityContract, SourceMapping } from '../../src/domain/contract.ts';
import type { DataRow, Ports, ProgressEvent } from '../../src/domain/ports.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { literal } from '../../src/domain/sql.ts';
import type { Capability, EntityDefinition, Workspace } from '../../src/domain/workspace.ts';
import { WorkspaceFile } from '../../src/domain/workspace.ts';
import type { OnlyRecords } from '../../src/workflows/pull/only-records.ts';
import { pull } from '../../src/workflows/pull/pull.ts';

export type MappingText = Omit<Partial<SourceMapping>, 'fields'> & { readonly fields?: Record<string, string> };

/** Fields are texts, or codes where a mapping looks them up; their names stand for the contract too. */
function definitionOf(entity: string, mappings: Readonly<Record<string, MappingText>>): EntityDefinition {
  const names = [...new Set(Object.values(mappings).flatMap((mapping) => Object.keys(mapping.fields ?? {})))];
  const codesOf = (name: string) => Object.values(mappings).flatMap(({ fields }) => codeCall(fields?.[name] ?? '')?.codes ?? [])[0];
  const typeOf = (name: string) => (codesOf(name) === undefined ? { type: 'text' } : { type: 'code', codes: codesOf(name) });
  const contract = EntityContract.parse({
    entity,
    version: 1,
    key: names.slice(0, 1),
    fields: Object.fromEntries(names.map((name) => [name, typeOf(name)])),
  });
  const sources = Object.entries(mappings).map(([system, mapping]) => {
    const file = `sources/${system}/${entity}.yaml`;
    const lines = ['from', 'query', 'filter', 'row', 'watermark', 'id', ...names];
    return {
      mapping: SourceMapping.parse({ system, entity, ...mapping }),
      position: (path: readonly (string | number)[], offset = 0) => ({ file, line: lines.indexOf(String(path.at(-1))) + 1, column: offset + 1 }),
    };
  });
  return { contract, position: () => ({ file: `${entity}.yaml`, line: 1, column: 1 }), sources, lines: [] };
}

export interface LegacyWorkspace {
  readonly directory: string;
  readonly ports: Ports;
  readonly events: ProgressEvent[];
  /** entity → system → mapping. */
  pull(
    mappings: Readonly<Record<string, Readonly<Record<string, MappingText>>>>,
    options?: { full?: boolean; entity?: string; only?: OnlyRecords },
  ): ReturnType<typeof pull>;
  rowsOf(snapshot: Snapshot | null): Promise<DataRow[]>;
  remove(): Promise<void>;
}

export async function legacyWorkspace(file: { readonly systems: object; readonly policies?: object }): Promise<LegacyWorkspace> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-pull-'));
  await mkdir(join(directory, 'exports'));
  const parsed = WorkspaceFile.parse({
    version: 1,
    namespace: 'test_legacy',
    capabilities: ['procurement'],
    policies: file.policies ?? {},
    systems: file.systems,
  });
  const events: ProgressEvent[] = [];
  const unused = async (): Promise<never> => {
    throw new Error('a legacy pull does not use this');
  };
  const clock = { now: () => new Date().toISOString() };
  const openPlane = () => openDataPlane({ memory: '1GB', threads: 2, spillDirectory: join(directory, 'spill') });
  const ports: Ports = {
    openPlane,
    snapshots: directorySnapshotStore(join(directory, 'store'), clock),
    runs: directoryRunStore(join(directory, 'store')),
    state: unused,
    source(name) {
      const config = parsed.systems[name];
      if (config?.connector === 'files') return filesSource(name, config, directory);
      if (config?.connector === 'sql')
        return sqlSource(name, { client: config.client, url: config.client === 'pglite' ? join(directory, config.url) : config.url });
      throw new Error(`no legacy system ${name}`);
    },
    odoo: unused,
    piiKey: async () => null,
    clock,
    progress: (event) => events.push(event),
    signal: new AbortController().signal,
  };
  let pulls = 0;
  return {
    directory,
    ports,
    events,
    async pull(mappings, options = {}) {
      pulls += 1;
      const entities = Object.entries(mappings).map(([entity, bySystem]) => definitionOf(entity, bySystem));
      const capability: Capability = { name: 'procurement', file: { capability: 'procurement', phase: 'legacy-led' }, entities, codes: new Map(), hash: '' };
      const workspace: Workspace = {
        directory,
        file: parsed,
        capabilities: new Map([['procurement', capability]]),
        linkDecisions: [],
        matchDecisions: [],
        breakDecisions: [],
      };
      const systems = Object.keys(parsed.systems);
      const asOf = new Date(Date.UTC(2026, 0, 1) + pulls * 60_000).toISOString();
      const { entity = null, full = false, only } = options;
      return await pull({ workspace, capability, systems, entity, full, ...(only === undefined ? {} : { only }), asOf, runId: 'r' }, ports);
    },
    async rowsOf(snapshot) {
      if (snapshot === null) throw new Error('there is no snapshot');
      const plane = await openPlane();
      try {
        return await plane.rows(`SELECT * FROM read_parquet(${literal(snapshot.data)}) ORDER BY _row`);
      } finally {
        await plane.close();
      }
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
