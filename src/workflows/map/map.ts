/** `cutover map`: canonical rows of every entity and system, the rejects to mend, and what the checks find. */
import path from 'node:path';
import { type CanonicalDataset, canonicalFiles } from '../../domain/canonical.ts';
import { csvLine } from '../../domain/csv.ts';
import { CutoverError } from '../../domain/errors.ts';
import { type Mistake, refuseMistakes } from '../../domain/mistakes.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { MapResult } from '../../domain/results.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Capability, EntityDefinition, Workspace } from '../../domain/workspace.ts';
import { TRY_STAYS_WHOLE } from '../expression/expression.ts';
import { rejectSummarySql, rejectsToMendSql } from './canonical-sql.ts';
import { type CompiledCheck, compileChecks, entitiesOfCheck, findingLines, rowsByEntity, runCheck } from './checks.ts';
import { compileMapping } from './compile-mapping.ts';
import { ensureCanonical } from './ensure-canonical.ts';

export interface MapRequest {
  readonly workspace: Workspace;
  readonly capability: Capability;
  /** One entity only, or all. */
  readonly entity: string | null;
  readonly asOf: string;
  readonly runId: string;
}

interface Task {
  readonly entity: EntityDefinition;
  readonly mapping: EntityDefinition['sources'][number]['mapping'];
  readonly snapshot: Snapshot;
}

interface Mapped extends Task {
  readonly dataset: CanonicalDataset;
  /** Source columns the mapping uses. */
  readonly columns: readonly string[];
}

/** Errors: E_NO_SNAPSHOT names everything not pulled yet; E_CONFIG has every mistake of every expression; E_CONSERVATION. */
export async function mapCapability(request: MapRequest, ports: Ports): Promise<MapResult> {
  const { workspace, capability } = request;
  const chosen = capability.entities.filter((entity) => request.entity === null || entity.contract.entity === request.entity);
  const tasks = await tasksOf(withReferences(capability, chosen), ports);
  const { checks, columns } = await compileAll(capability, chosen, tasks, ports);

  const mapped: Mapped[] = [];
  for (const task of tasks) {
    // not all that is asked of a run: proving what was taken over is the comparison's to do, once
    const dataset = await ensureCanonical({ workspace, capability, ...task }, ports);
    mapped.push({ ...task, dataset, columns: columns.get(task) ?? [] });
  }
  const own = mapped.filter((one) => chosen.includes(one.entity));
  const directory = await ports.runs.runDirectory(request.runId);
  const plane = await ports.openPlane();
  try {
    await plane.run(TRY_STAYS_WHOLE);
    await plane.lockDown([
      directory,
      ...mapped.flatMap(({ dataset, snapshot }) => [...canonicalFiles(dataset), dataset.rejects, snapshot.data].map((file) => path.dirname(file))),
    ]);
    return {
      entities: own.map(({ dataset }) => ({ entity: dataset.entity, system: dataset.system, ...dataset.counts })),
      checks: await runChecks(capability, checks, mapped, directory, plane, ports),
      rejects: await rejectSummary(own, plane),
      rejectFiles: await writeRejects(own, directory, plane, ports),
    };
  } finally {
    await plane.close();
  }
}

/** The entities asked for and those their checks look into: what they refer to, and what they sum up. */
function withReferences(capability: Capability, chosen: readonly EntityDefinition[]): EntityDefinition[] {
  const named = new Set(
    chosen.flatMap((entity) => [
      entity.contract.entity,
      ...Object.values(entity.contract.fields).flatMap((field) => (field.type === 'ref' ? [field.entity] : [])),
      ...entity.contract.checks.flatMap(({ sums = {} }) => Object.values(sums).map((sum) => sum.replace(/\..*/, ''))),
    ]),
  );
  return capability.entities.filter((entity) => named.has(entity.contract.entity));
}

async function tasksOf(entities: readonly EntityDefinition[], ports: Ports): Promise<Task[]> {
  const tasks: Task[] = [];
  const missing: string[] = [];
  for (const entity of entities) {
    for (const { mapping } of entity.sources) {
      const snapshot = await ports.snapshots.latest(mapping.system, entity.contract.entity);
      if (snapshot === null) missing.push(`${mapping.system} ${entity.contract.entity}`);
      else tasks.push({ entity, mapping, snapshot });
    }
  }
  if (missing.length > 0) {
    const systems = [...new Set(missing.map((one) => one.split(' ')[0]))];
    throw new CutoverError('E_NO_SNAPSHOT', `nothing has been pulled yet for ${missing.length === 1 ? missing[0] : `${missing.length} sources`}`, {
      details: missing.length === 1 ? [] : missing,
      hint: `cutover pull ${systems.join(' ')}`,
    });
  }
  return tasks;
}

/** Everything is compiled before anything runs, so that all mistakes are told together. */
async function compileAll(capability: Capability, chosen: readonly EntityDefinition[], tasks: readonly Task[], ports: Ports) {
  const mistakes: Mistake[] = [];
  const checks: CompiledCheck[] = [];
  const columns = new Map<Task, readonly string[]>();
  const plane = await ports.openPlane();
  try {
    for (const task of tasks) {
      const result = await compileMapping({ capability, ...task, columns: task.snapshot.manifest.columns }, plane);
      mistakes.push(...result.mistakes);
      columns.set(task, result.compiled?.columns ?? []);
    }
    for (const entity of chosen) {
      const result = await compileChecks(capability, entity, plane);
      mistakes.push(...result.mistakes);
      checks.push(...result.checks);
    }
  } finally {
    await plane.close();
  }
  refuseMistakes(mistakes);
  return { checks, columns };
}

/** Optional, or left out by the workspace: nobody misses the checks that look into it. */
function takesNoPart({ file, entities }: Capability, name: string): boolean {
  const document = entities.find(({ contract }) => contract.entity === name)?.contract.parent ?? name;
  return file.optional?.includes(document) === true || file.entities?.includes(document) === false;
}

async function runChecks(
  capability: Capability,
  checks: readonly CompiledCheck[],
  mapped: readonly Mapped[],
  directory: string,
  plane: DataPlane,
  ports: Ports,
): Promise<MapResult['checks']> {
  const rows = rowsByEntity(mapped.map(({ dataset }) => dataset));
  const results: MapResult['checks'][number][] = [];
  const found: { check: CompiledCheck; file: string }[] = [];
  for (const [index, check] of checks.entries()) {
    const needed = entitiesOfCheck(check);
    const missing = needed.filter((entity) => !rows.has(entity));
    const unexpected = missing.filter((entity) => !takesNoPart(capability, entity));
    if (unexpected.length > 0) {
      const text = `check ${check.entity.contract.entity}.${check.check.name} was not run: no source maps ${unexpected.join(', ')}`;
      ports.progress({ kind: 'warning', text });
    }
    if (missing.length > 0) continue;
    const file = plane.scratchFile(`check-${index}.parquet`);
    results.push(await runCheck(check, rows, file, plane));
    found.push({ check, file });
  }
  await ports.runs.writeFile(path.join(directory, 'checks.ndjson'), allFindings(found, plane));
  return results;
}

async function* allFindings(found: readonly { check: CompiledCheck; file: string }[], plane: DataPlane): AsyncIterable<string> {
  for (const { check, file } of found) yield* findingLines(check, file, plane);
}

async function rejectSummary(mapped: readonly Mapped[], plane: DataPlane): Promise<MapResult['rejects']> {
  const files = mapped.filter(({ dataset }) => dataset.counts.rejected > 0).map(({ dataset }) => dataset.rejects);
  if (files.length === 0) return [];
  const rows = await plane.rows<{ entity: string; system: string; field: string; rule: string; count: number | string }>(rejectSummarySql(files));
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/** A CSV per entity and system that has rejects: the source's own columns, what is wrong with which field, and what to do about it. */
async function writeRejects(mapped: readonly Mapped[], directory: string, plane: DataPlane, ports: Ports): Promise<string[]> {
  const files: string[] = [];
  for (const { dataset, snapshot, columns } of mapped) {
    if (dataset.counts.rejected === 0) continue;
    const file = path.join(directory, `rejects-${dataset.entity.replaceAll('_', '-')}-${dataset.system}.csv`);
    await ports.runs.writeFile(file, rejectLines(dataset, snapshot, columns, plane));
    files.push(file);
  }
  return files;
}

const reasons: Readonly<Record<string, string>> = {
  'expression-failed': 'the mapping expression failed on this row',
  'not-of-type': "the value is not of the field's type",
  'too-many-decimals': 'the value has more decimals than the field keeps',
  required: 'the field is required and has no value',
  'null-key': 'a part of the key has no value',
  'not-a-choice': 'the value is none of the choices',
  'unmapped-code': 'the code map has no row for this value',
  'unconfirmed-code': "the code map's row for this value is only proposed",
};

async function* rejectLines(dataset: CanonicalDataset, snapshot: Snapshot, columns: readonly string[], plane: DataPlane): AsyncIterable<string> {
  yield csvLine(['row', 'ref', 'field', 'rule', 'value', 'reason', ...columns]);
  const rows = plane.stream(rejectsToMendSql(dataset.rejects, snapshot.data, columns));
  for await (const batch of rows) {
    const lines = batch.map((row) => {
      const text = (name: string) => (row[name] === null || row[name] === undefined ? null : String(row[name]));
      const rule = text('_rule') ?? '';
      return csvLine([text('_row'), text('_ref'), text('_field'), rule, text('_raw'), reasons[rule] ?? rule, ...columns.map(text)]);
    });
    yield lines.join('');
  }
}
