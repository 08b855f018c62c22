/** The canonical dataset of one entity of one system: made from the latest snapshot, or found where the same inputs made it before. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { CanonicalDataset } from '../../domain/canonical.ts';
import type { SourceMapping } from '../../domain/contract.ts';
import { CutoverError } from '../../domain/errors.ts';
import { refuseMistakes } from '../../domain/mistakes.ts';
import type { DataPlane, DataRow, Ports } from '../../domain/ports.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { copyToParquetSql, literal } from '../../domain/sql.ts';
import type { Capability, CodeMap, EntityDefinition, Workspace } from '../../domain/workspace.ts';
import { TRY_STAYS_WHOLE } from '../expression/expression.ts';
import {
  canonicalRowsSql,
  codesTableSql,
  type DatasetSql,
  duplicateKeysSql,
  rejectsSql,
  ruleCountsSql,
  stateCountsSql,
  typedRowsSql,
} from './canonical-sql.ts';
import { type CompiledMapping, compileMapping } from './compile-mapping.ts';

export interface CanonicalRequest {
  readonly workspace: Workspace;
  readonly capability: Capability;
  readonly entity: EntityDefinition;
  readonly mapping: SourceMapping;
  /** The latest by default. */
  readonly snapshot?: Snapshot;
}

/** Raised whenever the same definitions would give other rows: what was made before is then made again. */
const MAP_VERSION = 1;

/** Errors: E_NO_SNAPSHOT; E_CONFIG with every mistake of the mapping's expressions; E_CONSERVATION when rows would be lost. */
export async function ensureCanonical(request: CanonicalRequest, ports: Ports): Promise<CanonicalDataset> {
  const { entity, mapping } = request;
  const name = entity.contract.entity;
  const snapshot = request.snapshot ?? (await latestSnapshot(request, ports));
  const inputsHash = hashOfInputs(request, snapshot);
  const made = await ports.runs.canonical(name, mapping.system, inputsHash);
  if (made !== null) return made;

  const plane = await ports.openPlane();
  try {
    const { compiled, mistakes } = await compileMapping({ ...request, columns: snapshot.manifest.columns }, plane);
    if (compiled === null) {
      refuseMistakes(mistakes);
      throw new Error('unreachable: a mapping that does not compile has mistakes');
    }
    const staged = await ports.runs.stageCanonical(name, mapping.system, inputsHash);
    const step = `map ${mapping.system} ${name}`;
    ports.progress({ kind: 'step', step, total: snapshot.manifest.rows });
    const counts = await makeDataset({ request, snapshot, compiled, directory: staged.directory }, plane);
    ports.progress({ kind: 'done', step, note: `${counts.mapped} mapped, ${counts.rejected} rejected, ${counts.filtered} filtered` });
    return await staged.keep(counts, snapshot.manifest.id);
  } finally {
    await plane.close();
  }
}

export async function latestSnapshot({ entity, mapping }: CanonicalRequest, ports: Ports): Promise<Snapshot> {
  const name = entity.contract.entity;
  const snapshot = await ports.snapshots.latest(mapping.system, name);
  if (snapshot !== null) return snapshot;
  throw new CutoverError('E_NO_SNAPSHOT', `nothing has been pulled yet for ${name} of ${mapping.system}`, {
    hint: `cutover pull ${mapping.system} --entity ${name}`,
  });
}

interface Making {
  readonly request: CanonicalRequest;
  readonly snapshot: Snapshot;
  readonly compiled: CompiledMapping;
  readonly directory: string;
}

interface CountRow extends DataRow {
  readonly state: string;
  readonly rows: number | string;
}

async function makeDataset({ request, snapshot, compiled, directory }: Making, plane: DataPlane): Promise<CanonicalDataset['counts']> {
  const contract = request.entity.contract;
  const [rows, rejects] = [path.join(directory, 'rows.parquet'), path.join(directory, 'rejects.parquet')];
  const typed = plane.scratchFile('typed.parquet');
  const source = await sourceWithRows(snapshot, plane);
  const dataset: DatasetSql = { contract, system: request.mapping.system, mapping: compiled, source, typed };
  await fillCodeTables(compiled, plane);
  // From here on the workspace's own expressions run: nothing but this snapshot and this dataset can be read or written.
  await plane.run(TRY_STAYS_WHOLE);
  await plane.lockDown([path.dirname(snapshot.data), directory]);
  await plane.run(copyToParquetSql(typedRowsSql(dataset), typed));

  const states = await plane.rows<CountRow>(stateCountsSql(dataset));
  const countOf = (state: string) => Number(states.find((row) => row.state === state)?.rows ?? 0);
  await plane.run(`CREATE TABLE duplicates AS ${duplicateKeysSql(dataset)}`);
  await plane.run(copyToParquetSql(canonicalRowsSql(dataset, 'duplicates'), rows));
  const [broken = {}] = await plane.rows(ruleCountsSql(dataset));
  const fields = compiled.fields.map((_, index) => index).filter((index) => Number(broken[String(index)] ?? 0) > 0);
  await plane.run(copyToParquetSql(rejectsSql(dataset, contract.entity, fields, Number(broken.filter ?? 0) > 0), rejects));

  const counts = await countsOf({ rows, rejects, filtered: countOf('filtered'), input: snapshot.manifest.rows }, plane);
  conserve(request, counts);
  return counts;
}

/** Counts of what was written, not of what should have been. */
async function countsOf(written: { rows: string; rejects: string; filtered: number; input: number }, plane: DataPlane): Promise<CanonicalDataset['counts']> {
  const [counted] = await plane.rows<{ mapped: number; duplicates: number; rejected: number }>(`
    SELECT (SELECT count(*) FROM read_parquet(${literal(written.rows)})) AS mapped,
           (SELECT count(*) FROM read_parquet(${literal(written.rows)}) WHERE _duplicate) AS duplicates,
           (SELECT count(DISTINCT row) FROM read_parquet(${literal(written.rejects)})) AS rejected`);
  return {
    input: written.input,
    mapped: Number(counted?.mapped),
    rejected: Number(counted?.rejected),
    filtered: written.filtered,
    duplicates: Number(counted?.duplicates),
  };
}

function conserve({ entity, mapping }: CanonicalRequest, counts: CanonicalDataset['counts']): void {
  if (counts.input === counts.mapped + counts.rejected + counts.filtered) return;
  const sum = `${counts.mapped} mapped + ${counts.rejected} rejected + ${counts.filtered} filtered`;
  throw new CutoverError(
    'E_CONSERVATION',
    `${entity.contract.entity} of ${mapping.system}: ${counts.input} rows came in, but ${sum} came out; nothing was kept`,
    {
      hint: `cutover snapshot show ${mapping.system} ${entity.contract.entity}`,
    },
  );
}

/** The snapshot's Parquet; one that does not carry the row's ordinal gets it here. */
async function sourceWithRows(snapshot: Snapshot, plane: DataPlane): Promise<string> {
  const columns = await plane.rows<{ column_name: string }>(`DESCRIBE SELECT * FROM read_parquet(${literal(snapshot.data)})`);
  if (columns.some((column) => column.column_name === '_row')) return snapshot.data;
  const file = plane.scratchFile('source.parquet');
  await plane.run(
    copyToParquetSql(
      `SELECT file_row_number + 1 AS _row, * EXCLUDE (file_row_number) FROM read_parquet(${literal(snapshot.data)}, file_row_number = true)`,
      file,
    ),
  );
  return file;
}

async function fillCodeTables(compiled: CompiledMapping, plane: DataPlane): Promise<void> {
  const used = new Map(compiled.fields.flatMap((field) => (field.codes === null ? [] : [[field.codes.name, field.codes] as const])));
  for (const codes of used.values()) {
    await plane.run(codesTableSql(codes.name));
    await plane.append(`codes ${codes.name}`, batchesOf(codes));
  }
}

async function* batchesOf(codes: CodeMap): AsyncIterable<readonly (readonly string[])[]> {
  yield codes.rows.map((row) => [row.source, row.target, row.status]);
}

/** SHA-256 over everything the rows depend on. A contract's words, checks and binding to Odoo are not among it. */
function hashOfInputs({ capability, entity, mapping }: CanonicalRequest, snapshot: Snapshot): string {
  const { contract } = entity;
  const references = Object.values(contract.fields).flatMap((field) => (field.type === 'ref' ? [keyOf(capability, field.entity)] : []));
  const codes = Object.values(contract.fields).some((field) => field.type === 'code') ? codesOf(capability, entity, mapping) : [];
  const inputs = {
    version: MAP_VERSION,
    snapshot: [snapshot.manifest.id, snapshot.manifest.contentHash],
    key: contract.key,
    fields: contract.fields,
    references,
    mapping,
    codes,
  };
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
}

function keyOf(capability: Capability, name: string): unknown {
  const target = capability.entities.find((one) => one.contract.entity === name)?.contract;
  return target === undefined ? null : [target.entity, target.key.map((key) => target.fields[key])];
}

function codesOf(capability: Capability, entity: EntityDefinition, mapping: SourceMapping): unknown {
  const texts = Object.entries(mapping.fields).flatMap(([name, text]) => {
    const field = entity.contract.fields[name];
    return field?.type === 'code' ? [field.codes, text] : [];
  });
  // A map counts when it is a field's own or is named in one of its expressions.
  return [...capability.codes.values()]
    .filter((codes) => texts.some((text) => text === codes.name || text.includes(`'${codes.name}'`)))
    .map((codes) => [codes.name, codes.rows]);
}
