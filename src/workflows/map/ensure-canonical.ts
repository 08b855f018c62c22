/** The canonical dataset of one entity of one system: made from the latest snapshot, or found where the same inputs made it before. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { type CanonicalDataset, canonicalFiles, type DatasetRows, datasetFiles, sourceRowsSql } from '../../domain/canonical.ts';
import type { SourceMapping } from '../../domain/contract.ts';
import { CutoverError } from '../../domain/errors.ts';
import { refuseMistakes } from '../../domain/mistakes.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { copyToParquetSql, differenceCountSql, identifier, literal } from '../../domain/sql.ts';
import type { Capability, CodeMap, EntityDefinition, Workspace } from '../../domain/workspace.ts';
import { TRY_STAYS_WHOLE } from '../expression/expression.ts';
import { codesTableSql, type DatasetSql, duplicateKeysSql, rejectsSql, ruleCountsSql, typedRowsSql } from './canonical-sql.ts';
import { changedRows } from './changed-rows.ts';
import { type CompiledMapping, compileMapping } from './compile-mapping.ts';

export interface CanonicalRequest {
  readonly workspace: Workspace;
  readonly capability: Capability;
  readonly entity: EntityDefinition;
  readonly mapping: SourceMapping;
  /** The latest by default. */
  readonly snapshot?: Snapshot;
  /** Maps every row again where only what changed was mapped, and compares. False by default. */
  readonly full?: boolean;
}

/** Raised whenever the same definitions would give other rows: what was made before is then made again. */
const MAP_VERSION = 2;

/** Errors: E_NO_SNAPSHOT; E_CONFIG with every mistake of the mapping's expressions; E_CONSERVATION when rows would be lost; with `full` E_REUSE_DIFFERS. */
export async function ensureCanonical(request: CanonicalRequest, ports: Ports): Promise<CanonicalDataset> {
  const { entity, mapping } = request;
  const name = entity.contract.entity;
  const snapshot = request.snapshot ?? (await latestSnapshot(request, ports));
  const definitionHash = hashOfDefinition(request, snapshot);
  const inputsHash = hashOf([definitionHash, snapshot.manifest.id, snapshot.manifest.contentHash]);
  const found = await ports.runs.canonical(name, mapping.system, inputsHash);
  // what is proven is what would have been taken
  const made = found === null && request.full === true ? await ensureCanonical({ ...request, full: false }, ports) : found;
  if (made !== null && (request.full !== true || made.rows.changes === null)) return made;

  const plane = await ports.openPlane();
  try {
    const { compiled, mistakes } = await compileMapping({ ...request, columns: snapshot.manifest.columns }, plane);
    if (compiled === null) {
      refuseMistakes(mistakes);
      throw new Error('unreachable: a mapping that does not compile has mistakes');
    }
    const staged = await ports.runs.stageCanonical(name, mapping.system, inputsHash);
    const base = request.full === true ? null : await ports.runs.canonicalBase(name, mapping.system, definitionHash);
    const step = `map ${mapping.system} ${name}`;
    ports.progress({ kind: 'step', step, total: snapshot.manifest.rows });
    const { counts, kept, rows, rejects } = await makeDataset({ request, snapshot, compiled, base, made, directory: staged.directory }, plane);
    ports.progress({ kind: 'done', step, note: `${counts.mapped} mapped, ${counts.rejected} rejected, ${counts.filtered} filtered` });
    if (made !== null) {
      const others = await differences(made, { rows, rejects, counts }, plane);
      if (others === 0) {
        await staged.abandon();
        return made;
      }
      await ports.runs.removeCanonical(name, mapping.system, new Set([snapshot.manifest.id]));
      await staged.keep({ counts, snapshotId: snapshot.manifest.id, definitionHash, base: null });
      throw new CutoverError(
        'E_REUSE_DIFFERS',
        `${name} of ${mapping.system}: ${others} ${others === 1 ? 'row comes' : 'rows come'} out otherwise when all of them are mapped again`,
        {
          hint: `cutover reconcile ${request.capability.name} --full`,
        },
      );
    }
    return await staged.keep({
      counts,
      snapshotId: snapshot.manifest.id,
      definitionHash,
      base: base === null || kept === null ? null : { dataset: base, kept },
    });
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
  /** Rows of another snapshot that the same definitions have made. */
  readonly base: CanonicalDataset | null;
  /** The dataset there is, to be proven. */
  readonly made: CanonicalDataset | null;
  readonly directory: string;
}

type Made = Pick<CanonicalDataset, 'rows' | 'rejects' | 'counts'>;

async function makeDataset(
  { request, snapshot, compiled, base, made, directory }: Making,
  plane: DataPlane,
): Promise<Made & { kept: 'gone' | 'places' | null }> {
  const { contract } = request.entity;
  const file = (name: keyof typeof datasetFiles): string => path.join(directory, datasetFiles[name]);
  const dataset: DatasetSql = { contract, system: request.mapping.system, mapping: compiled, source: await sourceWithRows(snapshot, plane) };
  await fillCodeTables(compiled, plane);
  // From here on the workspace's own expressions run: nothing but this snapshot and this dataset can be read or written.
  await plane.run(TRY_STAYS_WHOLE);
  const others = [base, made].flatMap((one) => (one === null ? [] : [...canonicalFiles(one), one.rejects]));
  await plane.lockDown([directory, ...[snapshot.data, ...others].map((one) => path.dirname(one))]);
  const whole: DatasetRows = { base: file('rows'), baseRows: snapshot.manifest.rows, changes: null, duplicates: file('duplicates') };
  const changed = base === null ? null : await changedRows({ dataset, base, file }, plane);
  if (changed === null) {
    await plane.run(copyToParquetSql(typedRowsSql(dataset), whole.base));
    await plane.run(copyToParquetSql(duplicateKeysSql(sourceRowsSql(whole)), whole.duplicates));
  }
  const rows = changed?.rows ?? whole;
  const all = sourceRowsSql(rows);
  const [broken = {}] = await plane.rows(ruleCountsSql(all, compiled));
  const places = Object.keys(broken)
    .map(Number)
    .filter((place) => Number(broken[String(place)] ?? 0) > 0);
  await plane.run(copyToParquetSql(rejectsSql(dataset, all, places), file('rejects')));
  const counts = await countsOf(rows, file('rejects'), snapshot.manifest.rows, plane);
  conserve(request, counts);
  return { rows, rejects: file('rejects'), counts, kept: changed?.kept ?? null };
}

/** Counts of what was written, not of what should have been. */
async function countsOf(rows: DatasetRows, rejects: string, input: number, plane: DataPlane): Promise<CanonicalDataset['counts']> {
  const [counted] = await plane.rows<{ mapped: number; filtered: number; duplicates: number; rejected: number }>(`
    SELECT count(*) FILTER (_state = 'mapped') AS mapped, count(*) FILTER (_state = 'filtered') AS filtered,
           count(*) FILTER (_state = 'mapped' AND _key IN (SELECT d._key FROM read_parquet(${literal(rows.duplicates)}) AS d)) AS duplicates,
           (SELECT count(DISTINCT row) FROM read_parquet(${literal(rejects)})) AS rejected
    FROM ${sourceRowsSql(rows)}`);
  return {
    input,
    mapped: Number(counted?.mapped),
    rejected: Number(counted?.rejected),
    filtered: Number(counted?.filtered),
    duplicates: Number(counted?.duplicates),
  };
}

/** Columns of two datasets that are compared at once: what is held in memory meanwhile. */
const COLUMNS_AT_ONCE = 6;

/** Rows that come out otherwise when everything is mapped, and rejects and duplicate keys that only one of the two has. */
async function differences(made: Made, anew: Made, plane: DataPlane): Promise<number> {
  const [one, other] = [sourceRowsSql(made.rows), sourceRowsSql(anew.rows)];
  const described = await plane.rows<{ column_name: string }>(`DESCRIBE SELECT * EXCLUDE (_row, _ordinal) FROM ${other}`);
  await plane.run('CREATE TABLE others (_row BIGINT)');
  for (let from = 0; from < described.length; from += COLUMNS_AT_ONCE) {
    const columns = described.slice(from, from + COLUMNS_AT_ONCE).map((column) => identifier(column.column_name));
    const side = (rows: string): string => `(SELECT _row, ${columns.join(', ')} FROM ${rows})`;
    const differs = ['_row', ...columns].map((column) => `a.${column} IS DISTINCT FROM b.${column}`).join(' OR ');
    await plane.run(
      `INSERT INTO others SELECT coalesce(a._row, b._row) FROM ${side(one)} AS a FULL JOIN ${side(other)} AS b ON b._row = a._row WHERE ${differs}`,
    );
  }
  const [counted] = await plane.rows<{ rows: number }>('SELECT count(DISTINCT _row) AS rows FROM others');
  let rows = counted?.rows ?? 0;
  const file = (name: string): string => `read_parquet(${literal(name)})`;
  for (const [left, right] of [[made.rejects, anew.rejects] as const, [made.rows.duplicates, anew.rows.duplicates] as const])
    rows += (await plane.rows<{ rows: number }>(differenceCountSql(file(left), file(right))))[0]?.rows ?? 0;
  return rows;
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

/** Everything the rows depend on but the rows of the source. A contract's words, checks and binding to Odoo are not among it. */
function hashOfDefinition({ capability, entity, mapping }: CanonicalRequest, { manifest }: Snapshot): string {
  const { contract } = entity;
  const references = Object.values(contract.fields).flatMap((field) => (field.type === 'ref' ? [keyOf(capability, field.entity)] : []));
  const codes = Object.values(contract.fields).some((field) => field.type === 'code') ? codesOf(capability, entity, mapping) : [];
  return hashOf({ version: MAP_VERSION, columns: manifest.columns, key: contract.key, fields: contract.fields, references, mapping, codes });
}

function hashOf(inputs: unknown): string {
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
