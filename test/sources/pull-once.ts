/** Pulls exports/VENDOR.csv of a directory once, in a process of its own: to be killed, or to have its time and memory measured
 *  (`/usr/bin/time -v node test/sources/pull-once.ts DIRECTORY`). Prints the result and the peak memory. */
import { join } from 'node:path';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { filesSource } from '../../src/adapters/files/files-source.ts';
import { directoryRunStore } from '../../src/adapters/store/run-store.ts';
import { directorySnapshotStore } from '../../src/adapters/store/snapshot-store.ts';
import { EntityContract, SourceMapping } from '../../src/domain/contract.ts';
import type { Ports } from '../../src/domain/ports.ts';
import { FilesSystem, WorkspaceFile } from '../../src/domain/workspace.ts';
import { pull } from '../../src/workflows/pull/pull.ts';

const [, , directory = '.', encoding = 'utf-8'] = process.argv;
const config = FilesSystem.parse({ connector: 'files', directory: 'exports', encoding });
const unused = async (): Promise<never> => {
  throw new Error('a pull from files does not use this');
};
const clock = { now: () => new Date().toISOString() };
const ports: Ports = {
  openPlane: () => openDataPlane({ memory: '1GB', threads: 2, spillDirectory: join(directory, 'spill') }),
  snapshots: directorySnapshotStore(join(directory, 'store'), clock),
  runs: directoryRunStore(join(directory, 'store')),
  state: unused,
  source: (name) => filesSource(name, config, directory),
  odoo: unused,
  piiKey: async () => null,
  clock,
  progress: () => undefined,
  signal: new AbortController().signal,
};
const cut = await ports.source('wards').open();
const columns = await cut.columns('VENDOR.csv', null);
const fields = Object.fromEntries(columns.map((column, index) => [`field_${index}`, `"${column.name}"`]));
const contract = EntityContract.parse({
  entity: 'supplier',
  version: 1,
  key: ['field_0'],
  fields: Object.fromEntries(Object.keys(fields).map((name) => [name, { type: 'text' }])),
});
const position = () => ({ file: 'supplier.yaml', line: 1, column: 1 });
const mapping = SourceMapping.parse({ system: 'wards', entity: 'supplier', from: 'VENDOR.csv', fields });
const file = WorkspaceFile.parse({ version: 1, namespace: 'bench', capabilities: ['procurement'], systems: { wards: config } });
const entity = { contract, position, sources: [{ mapping, position }], lines: [] };
const capability = { name: 'procurement', file: { capability: 'procurement', phase: 'legacy-led' as const }, entities: [entity], codes: new Map(), hash: '' };
const workspace = { directory, file, capabilities: new Map([['procurement', capability]]), linkDecisions: [], matchDecisions: [], breakDecisions: [] };
const started = performance.now();
const { snapshots } = await pull({ workspace, capability, systems: ['wards'], entity: null, full: true, asOf: clock.now(), runId: 'once' }, ports);
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ ...snapshots[0], seconds, peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024) }));
