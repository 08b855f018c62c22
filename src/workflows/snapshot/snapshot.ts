/** Looks at the snapshots in the store. */
import { CutoverError } from '../../domain/errors.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Snapshot, SnapshotManifest } from '../../domain/snapshot.ts';
import { literal } from '../../domain/sql.ts';

const MOST_QUARANTINED = 20;

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

/** The first rows of a snapshot that could not be read: line (files) or row number and why. What stands in them is only in the file: it may be personal. */
export async function quarantinedRows(snapshot: Snapshot, ports: Ports): Promise<readonly { readonly row: number; readonly reason: string }[]> {
  if (snapshot.quarantine === null) return [];
  const plane = await ports.openPlane();
  try {
    return await plane.rows<{ row: number; reason: string }>(quarantinedSql(snapshot.quarantine));
  } finally {
    await plane.close();
  }
}

function quarantinedSql(file: string): string {
  return `SELECT _row AS "row", reason FROM read_parquet(${literal(file)}) ORDER BY _row LIMIT ${MOST_QUARANTINED}`;
}
