/** What our own loads and rollbacks have written to records of Odoo: a break may be nothing but the echo of that in a snapshot that is older, and a record
 *  that was touched by nobody else is not young. Their read-back stands in the baseline, in a layer of the run. */
import { join } from 'node:path';
import type { DataPlane, Ports, RunRecord } from '../../domain/ports.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { Comparison, EntityComparison } from './comparison.ts';

/** Newest runs looked at: those since the last pull are few. */
const MOST_RUNS = 200;
/** Odoo's clock may differ from ours by this much where a moment of its is taken for one of ours. */
const CLOCK_ALLOWANCE_MS = 60_000;

interface OwnRun {
  readonly id: string;
  /** On the clock of this machine. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** On the time line of `--as-of`, which snapshots have too. */
  readonly endedAsOf: number;
  readonly beganAsOf: number;
}

/** Loads and rollbacks of the capability that came to an end, newest first. */
export async function ownRuns(comparison: Comparison, ports: Ports): Promise<readonly OwnRun[]> {
  const state = await ports.state();
  const { capability } = comparison;
  const runs = [
    ...(await state.runs({ command: 'load', capability, limit: MOST_RUNS })),
    ...(await state.runs({ command: 'rollback', capability, limit: MOST_RUNS })),
  ];
  return runs.flatMap(ownRun).sort((left, right) => right.startedAt - left.startedAt);
}

function ownRun({ id, startedAt, endedAt, asOf }: RunRecord): readonly OwnRun[] {
  if (endedAt === null) return [];
  const [began, ended, beganAsOf] = [Date.parse(startedAt), Date.parse(endedAt), Date.parse(asOf)];
  return [{ id, startedAt: began, endedAt: ended, beganAsOf, endedAsOf: beganAsOf + (ended - began) }];
}

/** Table `own_writes` of one entity: `_system`, `_key`, `fields` VARCHAR[] that a run wrote or read back, `is_later` (than the snapshot of Odoo), `began`, `ended`
 *  TIMESTAMP (Odoo's clock allowed for). Only runs later than the snapshot, and those that ended less than the settle time before the as-of.
 *  Answers whether there are any. */
export async function stageOwnWrites(
  plane: DataPlane,
  options: { readonly comparison: Comparison; readonly entity: EntityComparison; readonly runs: readonly OwnRun[]; readonly odooSystem: string },
  ports: Ports,
): Promise<boolean> {
  const { comparison, entity, runs, odooSystem } = options;
  await plane.run('CREATE OR REPLACE TABLE own_writes (_system VARCHAR, _key VARCHAR, fields VARCHAR[], is_later BOOLEAN, began TIMESTAMP, ended TIMESTAMP)');
  const snapshotAsOf = await odooSnapshotAsOf(entity, odooSystem, ports);
  if (snapshotAsOf === null || runs.length === 0) return false;
  const settle = entity.definition.contract.settle_minutes * 60_000;
  const youngFrom = Date.parse(comparison.asOf) - settle - CLOCK_ALLOWANCE_MS;
  // with one as-of for both nobody can say which came first
  const isLater = (run: OwnRun): boolean => run.endedAsOf > snapshotAsOf && run.beganAsOf !== snapshotAsOf;
  const wanted = new Map(runs.filter((run) => isLater(run) || (settle > 0 && run.endedAt >= youngFrom)).map((run) => [run.id, run]));
  if (wanted.size === 0) return false;
  const of = [comparison.world.uuid, comparison.capability, entity.entity] as const;
  const directory = await ports.runs.baselineDirectory(...of);
  for (const { runId, file } of await (await ports.state()).baselineLayers(...of)) {
    const run = wanted.get(runId);
    if (run !== undefined) await plane.run(await insertSql(plane, join(directory, file), run, isLater(run)));
  }
  const [found] = await plane.rows<{ n: number }>('SELECT count(*) AS n FROM own_writes');
  return (found?.n ?? 0) > 0;
}

async function odooSnapshotAsOf(entity: EntityComparison, odooSystem: string, ports: Ports): Promise<number | null> {
  const named = entity.snapshots.find(({ system }) => system === odooSystem);
  const snapshot = named === undefined ? null : await ports.snapshots.get(named.system, named.entity, named.id);
  return snapshot === null ? null : Date.parse(snapshot.manifest.asOf);
}

async function insertSql(plane: DataPlane, file: string, { startedAt, endedAt }: OwnRun, isLater: boolean): Promise<string> {
  const source = `read_parquet(${literal(file)})`;
  const columns = await plane.rows<{ column_name: string }>(`DESCRIBE SELECT * EXCLUDE (_system, _key, _forget) FROM ${source}`);
  const fields = columns.map(({ column_name: name }) => `CASE WHEN ${identifier(name)} IS NOT NULL THEN ${literal(name)} END`);
  const moment = (milliseconds: number): string => `epoch_ms(${milliseconds})`;
  return `INSERT INTO own_writes SELECT _system, _key, list_filter(CAST([${fields.join(', ')}] AS VARCHAR[]), lambda name: name IS NOT NULL), ${isLater},
  ${moment(startedAt - CLOCK_ALLOWANCE_MS)}, ${moment(endedAt + CLOCK_ALLOWANCE_MS)} FROM ${source}`;
}

/** Does a break (alias `b`) exist only because the snapshot is older than what we wrote? Legacy has what was agreed last, and that was our own read-back; or
 *  the record is linked, and missing because it was not there yet. */
export function isEchoSql(b: string): string {
  const written = (more: string): string => `EXISTS (SELECT 1 FROM own_writes AS w WHERE w.is_later AND w._system = ${b}.system AND w._key = ${b}.key${more})`;
  return `CASE WHEN ${b}.movement = 'odoo-changed' THEN ${written(` AND list_contains(w.fields, ${b}.field)`)} WHEN ${b}.class = 'missing-in-odoo' THEN ${written('')} ELSE false END`;
}

/** Was a record's write_date moved by one of our own runs? */
export function isOwnWriteSql(b: string, writeDate: string): string {
  return `EXISTS (SELECT 1 FROM own_writes AS w WHERE w._system = ${b}.system AND w._key = ${b}.key AND ${writeDate} >= w.began AND ${writeDate} <= w.ended)`;
}
