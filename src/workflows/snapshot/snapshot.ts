/** Looks at the snapshots in the store. */
import { CutoverError } from '../../domain/errors.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Snapshot, SnapshotManifest } from '../../domain/snapshot.ts';

/** Newest first. */
export async function listSnapshots(
  request: { readonly system: string | null; readonly entity: string | null },
  ports: Ports,
): Promise<readonly SnapshotManifest[]> {
  const found = await ports.snapshots.list(request.system ?? undefined, request.entity ?? undefined);
  return found.map(({ manifest }) => manifest);
}

/** One snapshot (the latest when no id is given), proven to be what was written. Errors: E_NO_SNAPSHOT, E_SNAPSHOT_CORRUPT. */
export async function showSnapshot(request: { readonly system: string; readonly entity: string; readonly id: string | null }, ports: Ports): Promise<Snapshot> {
  const { system, entity, id } = request;
  const found = id === null ? await ports.snapshots.latest(system, entity) : await ports.snapshots.get(system, entity, id);
  if (found === null) {
    throw new CutoverError('E_NO_SNAPSHOT', `no snapshot ${id === null ? '' : `${id} `}of ${system}/${entity}`, { hint: 'cutover snapshot list' });
  }
  await ports.snapshots.verify(found);
  return found;
}
