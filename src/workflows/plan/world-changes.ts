/** Is the mapping still the one a plan was made by, and are the snapshots it was made from still the latest? */
import type { PlanManifest } from '../../domain/plan.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';

export interface WorldChange {
  readonly what: string;
  readonly planned: string;
  readonly now: string;
}

/** What changed in Odoo since is found record by record; a newer pull of the same content changes nothing. */
export async function changesSince(manifest: PlanManifest, workspace: Workspace, ports: Ports): Promise<readonly WorldChange[]> {
  const capability = workspace.capabilities.get(manifest.capability);
  if (capability === undefined) return [{ what: 'capability', planned: manifest.capability, now: 'none of that name in cutover.yaml' }];
  const changes: WorldChange[] = [];
  if (capability.hash !== manifest.mappingHash)
    changes.push({ what: 'mapping', planned: manifest.mappingHash.slice(0, 12), now: capability.hash.slice(0, 12) });
  for (const used of manifest.snapshots) {
    if (used.system === workspace.file.odoo) continue;
    const latest = await ports.snapshots.latest(used.system, used.entity);
    if (latest === null || latest.manifest.id === used.id) continue;
    const planned = await ports.snapshots.get(used.system, used.entity, used.id);
    if (planned === null || planned.manifest.contentHash !== latest.manifest.contentHash)
      changes.push({ what: `snapshot of ${used.system}/${used.entity}`, planned: used.id, now: latest.manifest.id });
  }
  return changes;
}
