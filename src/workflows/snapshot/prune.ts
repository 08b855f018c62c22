/** Removes old snapshots, and the canonical datasets made from them: those are derived data that nothing leads to any more. */
import type { Ports } from '../../domain/ports.ts';
import type { SnapshotManifest } from '../../domain/snapshot.ts';

export interface PruneRequest {
  /** Newest snapshots kept of every system and entity; at least 1, because the next pull builds on the last. */
  readonly keep: number;
  /** Only this system; null: all. */
  readonly system: string | null;
  /** Tell what would go, and remove nothing. */
  readonly dryRun: boolean;
}

export interface PruneResult {
  readonly removed: readonly Pick<SnapshotManifest, 'system' | 'entity' | 'id' | 'rows'>[];
  readonly kept: number;
  /** Of those kept: not among the newest, but named by a plan file. */
  readonly keptForPlans: number;
  readonly canonicalDatasets: number;
}

export async function pruneSnapshots(request: PruneRequest, ports: Ports): Promise<PruneResult> {
  const snapshots = await ports.snapshots.list(request.system ?? undefined);
  const planned = await snapshotsOfPlans(ports);
  const seen = new Map<string, number>();
  const old = snapshots.filter(({ manifest: { system, entity } }) => {
    const source = `${system}/${entity}`;
    const rank = (seen.get(source) ?? 0) + 1;
    seen.set(source, rank);
    return rank > Math.max(1, request.keep);
  });
  const going = old.filter(({ manifest: { system, entity, id } }) => !planned.has(`${system}/${entity}/${id}`));
  let canonicalDatasets = 0;
  if (!request.dryRun) {
    for (const snapshot of going) {
      const { system, entity, id } = snapshot.manifest;
      // the datasets first: when this is interrupted, none is left without its snapshot
      canonicalDatasets += await ports.runs.removeCanonical(entity, system, new Set([id]));
      await ports.snapshots.remove(snapshot);
    }
  }
  return {
    removed: going.map(({ manifest: { system, entity, id, rows } }) => ({ system, entity, id, rows })),
    kept: snapshots.length - going.length,
    keptForPlans: old.length - going.length,
    canonicalDatasets,
  };
}

/** `system/entity/id` of every snapshot that a plan file names, where the file is still there. */
async function snapshotsOfPlans(ports: Ports): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  const state = await ports.state();
  for (const run of await state.runs()) {
    const file = (await state.planOf(run.id))?.file;
    if (file === undefined || !(await ports.runs.exists(file))) continue;
    for await (const line of ports.runs.readLines(file)) {
      for (const { system, entity, id } of snapshotsIn(line)) named.add(`${system}/${entity}/${id}`);
      break;
    }
  }
  return named;
}

/** A plan's first line is its manifest; what cannot be read names nothing (a load would refuse it too). */
function snapshotsIn(line: string): readonly { readonly system: string; readonly entity: string; readonly id: string }[] {
  try {
    return (JSON.parse(line) as { snapshots?: { system: string; entity: string; id: string }[] }).snapshots ?? [];
  } catch {
    return [];
  }
}
