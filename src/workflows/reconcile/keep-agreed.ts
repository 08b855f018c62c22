/** What both sides agree upon, kept as the baseline of the nights to come. */
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { loadLock } from '../sides/load-lock.ts';
import type { SidesRequest } from '../sides/sides.ts';
import { agreedSnapshotLayer } from './agreed-snapshot.ts';
import { addBaselineLayer, newestLayer, newlyAgreedSql } from './baseline.ts';
import type { Comparison } from './comparison.ts';
import { rulesOf } from './control-query.ts';
import { keepCompared } from './reuse.ts';

/** The fields just seen equal become the last agreed values, unless a load or rollback is writing or has written since: what it read back is newer
 *  than what was compared here, and an older layer must not come to lie above it. The comparison itself stands; the next one catches up. */
export async function keepAgreed(comparison: Comparison, request: SidesRequest, ports: Ports, plane: DataPlane): Promise<void> {
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
      await keepCompared(comparison, request.runId, ports);
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
    const directory = await ports.runs.baselineDirectory(of.odooUuid, of.capability, of.entity);
    const isFirst = entity.baselineLayer === 0 && entity.again === null && entity.counts.linked > 0;
    const first = isFirst ? await agreedSnapshotLayer(rules, entity, { odooSystem: request.workspace.file.odoo, directory }, ports) : null;
    await addBaselineLayer(ports, plane, of, request.runId, first?.sql ?? newlyAgreedSql(rules, entity), first?.note ?? null);
  }
}
