/** One labelled set: a folder of mapping files becomes a workspace, its files are pulled and mapped like any other, and then matched. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { filesSource } from '../../src/adapters/files/files-source.ts';
import { directoryRunStore } from '../../src/adapters/store/run-store.ts';
import { directorySnapshotStore } from '../../src/adapters/store/snapshot-store.ts';
import { loadWorkspace } from '../../src/adapters/workspace/load-workspace.ts';
import { canonicalRowsSql } from '../../src/domain/canonical.ts';
import type { DataPlane, Ports } from '../../src/domain/ports.ts';
import { literal } from '../../src/domain/sql.ts';
import { entityOf } from '../../src/domain/workspace.ts';
import { ensureCanonical } from '../../src/workflows/map/ensure-canonical.ts';
import { type MatchOutcome, matchRecords } from '../../src/workflows/match/match-records.ts';
import { pull } from '../../src/workflows/pull/pull.ts';

const Truth = z.strictObject({
  about: z.string(),
  mode: z.enum(['dedupe', 'link']),
  entity: z.string(),
  files: z.record(z.string(), z.string()),
  truth: z.string(),
  targets: z.record(z.string(), z.number()),
});
export type Truth = z.infer<typeof Truth>;

export const labelledSets: readonly string[] = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(import.meta.dirname, entry.name, 'truth.yaml')))
  .map((entry) => entry.name)
  .sort();

export const labelledData: string = resolve(process.env.CUTOVER_LABELLED_DATA ?? join(import.meta.dirname, '../../../shared/data/er'));

export function truthOf(set: string): Truth {
  return Truth.parse(parse(readFileSync(join(import.meta.dirname, set, 'truth.yaml'), 'utf8')));
}

/** Files of the set that are not on this machine. */
export function missingFiles(truth: Truth): string[] {
  return Object.values(truth.files).filter((file) => !existsSync(join(labelledData, file)));
}

export interface MatchedSet {
  readonly outcome: MatchOutcome;
  readonly seconds: number;
}

/** Pulls, maps and matches in `directory`; the outcome's tables and `truth` (rid, thing) are in `plane`. */
export async function matchSet(set: string, directory: string, plane: DataPlane): Promise<MatchedSet> {
  const truth = truthOf(set);
  cpSync(join(import.meta.dirname, set), directory, { recursive: true });
  await bringFiles(truth, directory, plane);
  const workspace = await loadWorkspace(directory, { packsDirectory: join(import.meta.dirname, '../../mappings'), environment: {} });
  const capability = workspace.capabilities.get('labelled');
  if (capability === undefined) throw new Error(`${set}: no capability 'labelled'`);
  const entity = entityOf(capability, truth.entity);
  const systems = entity.sources.map(({ mapping }) => mapping.system);
  const ports = portsOf(directory, (name) => {
    const config = workspace.file.systems[name];
    if (config?.connector !== 'files') throw new Error(`${set}: ${name} is no files system`);
    return filesSource(name, config, directory);
  });
  await pull({ workspace, capability, systems, entity: null, full: true, asOf: AS_OF, runId: 'labelled' }, ports);
  const sources: { name: string; rows: string }[] = [];
  for (const { mapping } of entity.sources) {
    const canonical = await ensureCanonical({ workspace, capability, entity, mapping }, ports);
    sources.push({ name: mapping.system, rows: canonicalRowsSql([canonical]) });
  }
  const began = performance.now();
  const { contract } = entity;
  const outcome = await matchRecords({
    plane,
    entity: contract.entity,
    sources,
    fields: contract.fields,
    key: contract.key,
    mode: truth.mode,
    ...(contract.match === undefined ? {} : { declared: contract.match }),
  });
  const seconds = (performance.now() - began) / 1000;
  const [query] = [truth.truth.replaceAll('{data}', join(directory, 'data').replaceAll("'", "''"))];
  const position = sources.map(({ name }, index) => `WHEN ${literal(name)} THEN ${index}`).join(' ');
  await plane.run(`CREATE OR REPLACE TABLE truth AS SELECT rid, source, thing FROM match_records
    LEFT JOIN (SELECT CASE system ${position} END AS source, key, thing FROM (${query})) AS t USING (source, key)`);
  return { outcome, seconds };
}

const AS_OF = '2026-01-01T00:00:00.000Z';

/** Delimited files as they are; Parquet as CSV, since the files connector is for exports. */
async function bringFiles(truth: Truth, directory: string, plane: DataPlane): Promise<void> {
  mkdirSync(join(directory, 'data'), { recursive: true });
  for (const [name, file] of Object.entries(truth.files)) {
    const from = join(labelledData, file);
    const to = join(directory, 'data', name);
    if (file.endsWith('.parquet')) await plane.run(`COPY (SELECT * FROM read_parquet(${literal(from)})) TO ${literal(to)} (FORMAT csv, HEADER)`);
    else cpSync(from, to);
  }
}

function portsOf(directory: string, source: Ports['source']): Ports {
  const clock = { now: () => AS_OF };
  const unused = async (): Promise<never> => {
    throw new Error('matching a labelled set uses neither state nor Odoo');
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
