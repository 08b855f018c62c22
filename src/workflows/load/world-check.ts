/** Before the first write: is this the Odoo, the mapping and the data the plan was made for? */
import { CutoverError } from '../../domain/errors.ts';
import type { PlanManifest } from '../../domain/plan.ts';
import { type OdooConnection, OdooError, type Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';

/** E_PLAN_STALE with both values; E_NAMESPACE. `resuming`: the plan was found good when the run began, and is finished as it was begun. */
export async function checkWorld(manifest: PlanManifest, workspace: Workspace, ports: Ports, resuming: boolean): Promise<void> {
  const odoo = await ports.odoo();
  const { uuid, database } = await odoo.identity();
  if (uuid !== manifest.odoo.uuid) {
    throw stale(manifest, 'Odoo', `${manifest.odoo.database} (${manifest.odoo.uuid})`, `${database} (${uuid})`);
  }
  await checkNamespace(odoo, manifest.namespace, ports);
  if (manifest.kind === 'rollback' || resuming) return;
  const capability = workspace.capabilities.get(manifest.capability);
  if (capability === undefined) throw stale(manifest, 'capability', manifest.capability, 'none of that name in cutover.yaml');
  if (capability.hash !== manifest.mappingHash) throw stale(manifest, 'mapping', manifest.mappingHash.slice(0, 12), capability.hash.slice(0, 12));
  for (const used of manifest.snapshots) {
    // What changed in Odoo since is found record by record, by the guards; a newer pull of the same content changes nothing.
    if (used.system === workspace.file.odoo) continue;
    const latest = await ports.snapshots.latest(used.system, used.entity);
    if (latest === null || latest.manifest.id === used.id) continue;
    const planned = await ports.snapshots.get(used.system, used.entity, used.id);
    if (planned === null || planned.manifest.contentHash !== latest.manifest.contentHash) {
      throw stale(manifest, `snapshot of ${used.system}/${used.entity}`, used.id, latest.manifest.id);
    }
  }
}

/** An update of an installed module deletes the External IDs of its namespace that it does not know, and the records with them. */
async function checkNamespace(odoo: OdooConnection, namespace: string, ports: Ports): Promise<void> {
  try {
    const installed = await odoo.searchIds('ir.module.module', [
      ['name', '=', namespace],
      ['state', 'not in', ['uninstalled', 'uninstallable']],
    ]);
    if (installed.length === 0) return;
  } catch (error) {
    if (!(error instanceof OdooError && error.failure === 'access')) throw error;
    ports.progress({
      kind: 'warning',
      text: `whether the namespace ${namespace} is an Odoo module was not checked: this user may not read the list of modules`,
    });
    return;
  }
  throw new CutoverError('E_NAMESPACE', `\`${namespace}\` is an installed Odoo module; updating it would delete what is loaded under its name`, {
    hint: 'choose another `namespace` in cutover.yaml, then: cutover plan',
  });
}

function stale(manifest: PlanManifest, what: string, planned: string, now: string): CutoverError {
  return new CutoverError('E_PLAN_STALE', `the plan was made for ${what} ${planned}; now it is ${now}`, {
    hint: `cutover plan ${manifest.capability} --out FILE`,
    details: ['nothing was written'],
  });
}
