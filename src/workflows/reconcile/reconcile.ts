/** reconcile: are the two sides the same, and if not, where, by how much, and who moved? */
import { dirname, join } from 'node:path';
import type { ControlTotal, Verdict } from '../../domain/difference.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { ReconcileResult } from '../../domain/results.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { TRY_STAYS_WHOLE } from '../expression/expression.ts';
import { mapCapability } from '../map/map.ts';
import { loadLock } from '../sides/load-lock.ts';
import type { SidesRequest } from '../sides/sides.ts';
import { addBaselineLayer, newestLayer, newlyAgreedSql } from './baseline.ts';
import { breakLines, breakTable, linksToDecide } from './break-files.ts';
import { compareCapability } from './compare.ts';
import type { Comparison, EntityComparison } from './comparison.ts';
import { controlTotals, rulesOf } from './controls.ts';
import { coverageOf, quarantinedRows } from './coverage.ts';

/** E_NO_SNAPSHOT, E_ODOO_METADATA, E_CONFIG, E_CONSERVATION. */
export async function reconcileCapability(request: SidesRequest, ports: Ports): Promise<ReconcileResult> {
  const { checks } = await mapCapability({ ...request, entity: null }, ports);
  const comparison = await compareCapability(request, ports);
  const directory = await ports.runs.runDirectory(request.runId);
  const plane = await ports.openPlane();
  try {
    await keepAgreed(comparison, request, ports, plane);
    await plane.run(TRY_STAYS_WHOLE);
    await plane.lockDown([directory, ...comparison.entities.flatMap((entity) => entity.reads.map((file) => dirname(file)))]);
    const controls = await controlTotals(comparison, plane);
    const coverage = await coverageOf(comparison, plane, ports);
    const entities: ReconcileResult['entities'][number][] = [];
    for (const entity of comparison.entities) entities.push(await entitySummary(entity, plane));
    const breaks = entities.reduce((sum, entity) => sum + Object.values(entity.breaks).reduce((all, count) => all + count, 0), 0);
    const verdict = await verdictOf(comparison, controls, breaks, ports);
    const files = { ndjson: join(directory, 'breaks.ndjson'), csv: join(directory, 'breaks.csv'), links: join(directory, 'links-to-decide.csv') };
    await ports.runs.writeFile(files.ndjson, breakLines(comparison, plane, verdict, breaks));
    await ports.runs.writeFile(files.csv, breakTable(comparison, plane));
    await ports.runs.writeFile(files.links, linksToDecide(comparison, plane));
    return { verdict, entities, controls, coverage, checks, files: Object.values(files) };
  } finally {
    await plane.close();
  }
}

/** The fields just seen equal become the last agreed values, unless a load or rollback is writing or has written since: what it read back is newer
 *  than what was compared here, and an older layer must not come to lie above it. The comparison itself stands; the next one catches up. */
async function keepAgreed(comparison: Comparison, request: SidesRequest, ports: Ports, plane: DataPlane): Promise<void> {
  const { uuid } = comparison.world;
  const skipped = (why: string) =>
    ports.progress({ kind: 'warning', text: `${why}: what was seen equal is not kept as agreed; reconcile again after the next pull` });
  try {
    await (await ports.state()).withLock(loadLock(uuid), `reconcile ${request.runId}`, async () => {
      for (const entity of comparison.entities) {
        const newest = await newestLayer(ports, { odooUuid: uuid, capability: comparison.capability, entity: entity.entity });
        if (newest !== entity.baselineLayer) return skipped('another run has written to the baseline since this comparison began');
      }
      await writeBaseline(comparison, request, ports, plane);
    });
  } catch (error) {
    if (!(error instanceof CutoverError) || error.code !== 'E_LOCKED') throw error;
    skipped(error.message);
  }
}

/** Written here and not by plan, which only looks. */
async function writeBaseline(comparison: Comparison, request: SidesRequest, ports: Ports, plane: DataPlane): Promise<void> {
  for (const entity of comparison.entities) {
    const rules = rulesOf(entity, comparison).filter((rule) => rule.compared);
    if (rules.length === 0) continue;
    const of = { odooUuid: comparison.world.uuid, capability: comparison.capability, entity: entity.entity };
    await addBaselineLayer(ports, plane, of, request.runId, newlyAgreedSql(rules, entity));
  }
}

async function entitySummary(entity: EntityComparison, plane: DataPlane): Promise<ReconcileResult['entities'][number]> {
  const classes = await plane.rows<{ class: string; breaks: number }>(
    `SELECT class, count(*) AS breaks FROM read_parquet(${literal(entity.breaks)}) GROUP BY class ORDER BY class`,
  );
  const [odoo] = await plane.rows<{ records: number }>(`SELECT count(*) AS records FROM ${entity.odoo.sql} WHERE ${identifier('_class')} <> 'outside-scope'`);
  return {
    entity: entity.entity,
    legacy: entity.datasets.reduce((sum, dataset) => sum + dataset.counts.mapped, 0),
    odoo: odoo?.records ?? 0,
    equal: entity.equal,
    outsideScope: entity.counts['outside-scope'],
    breaks: Object.fromEntries(classes.map((row) => [row.class, row.breaks])),
  };
}

/** INCOMPLETE where it is not known which records there are, or where a total is not explained; a rejected or duplicate row is known by
 *  name and is a break. */
async function verdictOf(comparison: Comparison, controls: readonly ControlTotal[], breaks: number, ports: Ports): Promise<Verdict> {
  const isUnexplained = controls.some((control) => !/^-?0(\.0*)?$/.test(control.residual));
  let unknown = 0;
  for (const entity of comparison.entities) unknown += entity.rejectedWithoutKey + (await quarantinedRows(entity, ports));
  if (isUnexplained || unknown > 0) return 'INCOMPLETE';
  return breaks > 0 ? 'BREAKS' : 'RECONCILED';
}
