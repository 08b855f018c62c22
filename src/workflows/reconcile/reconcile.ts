/** reconcile: are the two sides the same, and if not, where, by how much, and who moved? */
import { dirname } from 'node:path';
import type { ControlTotal, CoverageItem, Verdict } from '../../domain/difference.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { ReconcileResult } from '../../domain/results.ts';
import { literal } from '../../domain/sql.ts';
import { TRY_STAYS_WHOLE } from '../expression/expression.ts';
import { mapCapability } from '../map/map.ts';
import { allocatePayments } from './allocations/allocate.ts';
import { compareCapability } from './compare.ts';
import type { EntityComparison } from './comparison.ts';
import { controlTotals } from './controls.ts';
import { comparedValues, coverageOf, quarantinedRows } from './coverage.ts';
import { explainedClasses, explainedCoverage, writeExplained } from './explained.ts';
import { type JudgedComparison, type JudgeRequest, judgeBreaks } from './judge.ts';
import { keepAgreed } from './keep-agreed.ts';
import { keepNight } from './ledger.ts';
import { findPatterns } from './patterns/find-patterns.ts';
import { writeReportFiles } from './report-files.ts';
import { roundingsOf } from './roundings.ts';
import { checkedRules } from './rules.ts';
import { secondLook } from './second-look.ts';
import { statesSinceAgreed } from './since-agreed.ts';

/** Patterns in the result; all of them are in the report. */
const MOST_PATTERNS = 20;

export interface ReconcileRequest extends JudgeRequest {
  /** Compare everything, and prove that comparing what changed gives the same. */
  readonly full: boolean;
  /** Cell contents of `pii` fields stand in the files of this run. */
  readonly clear: boolean;
  /** Ask the systems again about what may be on its way. */
  readonly secondLook: boolean;
}

/** E_NO_SNAPSHOT, E_ODOO_METADATA, E_CONFIG, E_CONSERVATION, E_REUSE_DIFFERS, E_RUN_UNKNOWN. */
export async function reconcileCapability(request: ReconcileRequest, ports: Ports): Promise<ReconcileResult> {
  let { checks } = await mapCapability({ ...request, entity: null }, ports);
  let judged = await judgeBreaks(await compareCapability(request, ports), request, ports);
  let looked: ReconcileResult['secondLook'] = null;
  const again = request.secondLook ? await secondLook(judged, request, ports) : null;
  if (again !== null) {
    const before = judged.life;
    ({ checks } = await mapCapability({ ...request, entity: null }, ports));
    judged = await judgeBreaks(await compareCapability(request, ports), request, ports);
    looked = { records: again.records, settled: Math.max(0, before.open + before.pending - judged.life.open - judged.life.pending) };
  }
  const directory = await ports.runs.runDirectory(request.runId);
  const plane = await ports.openPlane();
  try {
    await keepAgreed(judged, request, ports, plane);
    const sinceAgreed = await statesSinceAgreed(judged, plane);
    await plane.run(TRY_STAYS_WHOLE);
    await plane.lockDown([directory, ...judged.entities.flatMap((entity) => entity.reads.map((file) => dirname(file)))]);
    const made = await controlTotals(judged, plane);
    const { totals: controls } = made;
    const values = await comparedValues(judged, plane);
    const {
      allocations,
      explainedPayments,
      files: allocationFiles,
    } = await allocatePayments(judged, { directory, clear: request.clear, odooSystem: request.workspace.file.odoo }, ports, plane);
    const explainedFiles = await writeExplained(judged, { directory, clear: request.clear }, ports, plane);
    const explained = await explainedClasses(judged, explainedPayments, plane);
    const coverage = [...(await coverageOf(judged, values, plane, ports)), ...echoesOf(judged), ...explainedCoverage(explained)];
    const entities: ReconcileResult['entities'][number][] = [];
    for (const entity of judged.entities) entities.push(await entitySummary(entity, plane));
    const patterns = await findPatterns(judged, request, plane);
    const verdict = await verdictOf(judged, controls, coverage, ports);
    const { asOf } = judged;
    const trend = [...judged.trend, { ...judged.night.life, runId: null, asOf, verdict }];
    const rules = await checkedRules(judged, { controls: made, checks, values }, plane);
    const paid = { explained, allocations, sinceAgreed, roundings: roundingsOf(judged) };
    const found = { verdict, entities, controls, coverage, ...paid, checks, rules, patterns, trend };
    const files = [...(await writeReportFiles({ request, judged, found, directory }, ports, plane)), ...allocationFiles, ...explainedFiles];
    await keepNight(judged, verdict, request.runId, ports);
    const { life, alarm, waivers } = judged;
    return {
      verdict,
      entities,
      life,
      alarm,
      trend,
      patterns: patterns.slice(0, MOST_PATTERNS),
      waivers,
      secondLook: looked,
      controls,
      coverage,
      ...paid,
      checks,
      files,
    };
  } finally {
    await plane.close();
  }
}

async function entitySummary(
  { entity, breaks, odoo, datasets, equal, counts }: EntityComparison,
  plane: DataPlane,
): Promise<ReconcileResult['entities'][number]> {
  const rows = await plane.rows<{ class: string; status: string; breaks: number }>(
    `SELECT class, status, count(*) AS breaks FROM read_parquet(${literal(breaks)}) GROUP BY ALL ORDER BY ALL`,
  );
  const [inScope] = await plane.rows<{ records: number }>(`SELECT count(*) AS records FROM ${odoo.sql} WHERE _class <> 'outside-scope'`);
  const standing = (status: string) => rows.reduce((sum, row) => sum + (row.status === status ? row.breaks : 0), 0);
  return {
    entity,
    legacy: datasets.reduce((sum, dataset) => sum + dataset.counts.mapped, 0),
    odoo: inScope?.records ?? 0,
    equal,
    outsideScope: counts['outside-scope'],
    breaks: Object.fromEntries(rows.flatMap((row) => (row.status === 'open' ? [[row.class, row.breaks]] : []))),
    pending: standing('pending'),
    waived: standing('waived'),
    explained: standing('explained'),
  };
}

function echoesOf({ entities, echoes }: JudgedComparison): CoverageItem[] {
  return entities.flatMap(({ entity }) => {
    const rows = echoes.get(entity) ?? 0;
    return rows === 0 ? [] : [{ entity, field: null, reason: 'echo' as const, rows, sum: null }];
  });
}

/** INCOMPLETE where it is not known which records there are, or where a total is not explained; a rejected or duplicate row is known by
 *  name and is a break. What our own loads have written since the snapshots is on its way into them. */
async function verdictOf(judged: JudgedComparison, controls: readonly ControlTotal[], coverage: readonly CoverageItem[], ports: Ports): Promise<Verdict> {
  const isUnexplained = controls.some((control) => !/^-?0(\.0*)?$/.test(control.residual));
  let unknown = coverage.reduce((sum, item) => sum + (item.reason === 'restricted' ? item.rows : 0), 0);
  for (const entity of judged.entities) unknown += entity.rejectedWithoutKey + (await quarantinedRows(entity, ports));
  if (isUnexplained || unknown > 0) return 'INCOMPLETE';
  if (judged.life.open > 0) return 'BREAKS';
  return judged.life.pending + judged.life.echo > 0 ? 'PENDING' : 'RECONCILED';
}
