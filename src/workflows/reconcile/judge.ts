/** Judges what a comparison has found: which breaks count tonight, since when they are there, and what people decided about them. All of it in SQL over
 *  Parquet; nothing is written but the judged breaks of this run. */
import { join } from 'node:path';
import type { ResolvedBreak } from '../../domain/difference.ts';
import type { DataPlane, DataRow, Ports } from '../../domain/ports.ts';
import type { LifeCounts, Night, ReconcileReport, WaiverState } from '../../domain/report.ts';
import { copyToParquetSql, literalList } from '../../domain/sql.ts';
import type { SidesRequest } from '../sides/sides.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import { ownRuns, stageOwnWrites } from './echo.ts';
import { explainBreaks } from './explained.ts';
import { judgedSql } from './judge-sql.ts';
import { identityOf, type NightIdentity, nightSince, numberOf, readNights, trendBefore } from './ledger.ts';
import { ledgerTableSql, livesTableSql, resolvedSql } from './ledger-sql.ts';
import { stagePiiKey } from './value-tokens.ts';
import { stageBreakDecisions, waiverStates } from './waivers.ts';

/** Resolved breaks that are listed. */
const MOST_RESOLVED = 1000;

export interface JudgeRequest extends SidesRequest {
  /** A run id, or a day: what is new, and what is resolved, is told against that night instead of the one before. */
  readonly since?: string | null;
}

/** `entities[].breaks` name the judged breaks (columns: judge-sql.ts). */
export interface JudgedComparison extends Comparison {
  readonly life: LifeCounts;
  readonly waivers: readonly WaiverState[];
  /** More new open breaks than the policies allow, against the night before; never in the first night of a capability, in which everything is new. */
  readonly alarm: ReconcileReport['alarm'];
  readonly resolved: { readonly total: number; readonly first: readonly ResolvedBreak[] };
  /** The nights before this one, oldest first. */
  readonly trend: readonly Night[];
  /** Entity → breaks that are echoes; entities without any are left out. */
  readonly echoes: ReadonlyMap<string, number>;
  /** What `keepNight` keeps; `life` is always against the night before. */
  readonly night: NightIdentity & { readonly life: LifeCounts };
}

/** The judged breaks of an entity in the directory of a run. */
export function judgedFile(directory: string, entity: string): string {
  return join(directory, `${entity}.judged.parquet`);
}

/** E_RUN_UNKNOWN for `since`, E_SECRET_MISSING for the key, E_STATE_NEWER. */
export async function judgeBreaks(comparison: Comparison, request: JudgeRequest, ports: Ports): Promise<JudgedComparison> {
  const nights = await readNights(ports, comparison.world.uuid, comparison.capability);
  const night = identityOf(comparison, nights);
  const number = numberOf(night, nights);
  const since = request.since ?? null;
  const against = since === null ? number - 1 : nightSince(since, nights, comparison.capability).number;
  const directory = await ports.runs.runDirectory(request.runId);
  const plane = await ports.openPlane();
  try {
    await stagePiiKey(plane, needsKey(comparison) ? await ports.piiKey() : null);
    await plane.run(ledgerTableSql(nights?.ledger ?? null));
    await plane.run(livesTableSql(number - 1, against));
    await stageBreakDecisions(plane, request.workspace);
    const runs = await ownRuns(comparison, ports);
    const entities: EntityComparison[] = [];
    for (const entity of await explainBreaks(comparison, request.runId, ports)) {
      const hasOwnWrites = await stageOwnWrites(plane, { comparison, entity, runs, odooSystem: request.workspace.file.odoo }, ports);
      const breaks = judgedFile(directory, entity.entity);
      const context = { asOf: comparison.asOf, night: number, firstLook: night.firstLook, hasOwnWrites };
      await plane.run(copyToParquetSql(judgedSql(entity, context), breaks));
      entities.push({ ...entity, breaks });
    }
    const names = entities.map(({ entity }) => entity);
    const files = entities.map(({ breaks }) => breaks);
    const tonight = `SELECT id FROM read_parquet(${literalList(files)}) WHERE status NOT IN ('echo', 'explained')`;
    const lately = await resolvedBreaks(plane, resolvedSql(number - 1, number, tonight), names);
    const resolved = against === number - 1 ? lately : await resolvedBreaks(plane, resolvedSql(against, number, tonight), names);
    const counts = await breakCounts(plane, files);
    const firsts = sum(counts, (row) => row.status === 'open' && row.lately === 'new');
    const limit = request.workspace.file.policies.new_breaks;
    return {
      ...{ ...comparison, entities, resolved, echoes: echoesOf(counts) },
      life: lifeOf(counts, 'life', resolved.total),
      night: { ...night, life: lifeOf(counts, 'lately', lately.total) },
      waivers: await waiverStates(plane, { breaks: files, entities: names, day: comparison.asOf.slice(0, 10) }),
      alarm: number > 1 && firsts > limit ? { newBreaks: firsts, limit } : null,
      trend: trendBefore(number, nights),
    };
  } finally {
    await plane.close();
  }
}

function needsKey({ entities }: Comparison): boolean {
  return entities.some(({ definition }) => Object.values(definition.contract.fields).some((field) => field.pii));
}

interface CountRow extends DataRow {
  readonly entity: string;
  readonly status: string;
  readonly life: string;
  readonly lately: string;
  readonly n: number;
}

async function breakCounts(plane: DataPlane, files: readonly string[]): Promise<readonly CountRow[]> {
  return await plane.rows<CountRow>(`SELECT entity, status, life, lately, count(*) AS n FROM read_parquet(${literalList(files)}) GROUP BY ALL ORDER BY ALL`);
}

function sum(counts: readonly CountRow[], wanted: (row: CountRow) => boolean): number {
  return counts.reduce((total, row) => total + (wanted(row) ? Number(row.n) : 0), 0);
}

function lifeOf(counts: readonly CountRow[], against: 'life' | 'lately', resolved: number): LifeCounts {
  const living = (life: string) => sum(counts, (row) => row.status !== 'echo' && row.status !== 'explained' && row[against] === life);
  const standing = (status: string) => sum(counts, (row) => row.status === status);
  return {
    ...{ new: living('new'), persisting: living('persisting'), reopened: living('reopened'), resolved },
    ...{ open: standing('open'), pending: standing('pending'), waived: standing('waived'), echo: standing('echo') },
  };
}

function echoesOf(counts: readonly CountRow[]): ReadonlyMap<string, number> {
  const echoes = new Map<string, number>();
  for (const row of counts) if (row.status === 'echo') echoes.set(row.entity, (echoes.get(row.entity) ?? 0) + Number(row.n));
  return echoes;
}

interface ResolvedRow extends DataRow {
  readonly id: string;
  readonly entity: string;
  readonly rule: string;
  readonly class: ResolvedBreak['class'];
  readonly first_seen: string;
  readonly nights: number;
}

async function resolvedBreaks(plane: DataPlane, query: string, entities: readonly string[]): Promise<JudgedComparison['resolved']> {
  await plane.run(`CREATE OR REPLACE TABLE resolved AS ${query}`);
  const [count] = await plane.rows<{ n: number }>('SELECT count(*) AS n FROM resolved');
  const rows = await plane.rows<ResolvedRow>(
    `SELECT * FROM resolved ORDER BY list_position(CAST(${literalList(entities)} AS VARCHAR[]), entity) NULLS LAST, entity, rule, id LIMIT ${MOST_RESOLVED}`,
  );
  const first = rows.map(({ first_seen: firstSeen, nights, ...row }) => ({ ...row, firstSeen, nights: Number(nights) }));
  return { total: Number(count?.n ?? 0), first };
}
