/** Before the first write: is this the Odoo, the mapping and the data the plan was made for? */
import type { LoadConditions } from '../../domain/environment.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { PlanManifest } from '../../domain/plan.ts';
import type { Ports } from '../../domain/ports.ts';
import { checkMail } from '../plan/mail-check.ts';
import { checkNamespace } from '../plan/namespace-check.ts';
import { changesSince } from '../plan/world-changes.ts';
import { type Beginning, conditionsOf } from './conditions.ts';

/** E_ENVIRONMENT, E_PLAN_INVALID, E_APPROVAL, E_MAIL; E_PLAN_STALE with both values; E_NAMESPACE. */
export async function checkWorld(beginning: Beginning, ports: Ports): Promise<LoadConditions> {
  const { plan, workspace, resuming } = beginning;
  const conditions = await conditionsOf(beginning, ports);
  const odoo = await ports.odoo();
  const { uuid, database } = await odoo.identity();
  const { manifest } = plan;
  if (uuid !== manifest.odoo.uuid) {
    throw stale(manifest, 'Odoo', `${manifest.odoo.database} (${manifest.odoo.uuid})`, `${database} (${uuid})`);
  }
  await checkNamespace(odoo, manifest.namespace, ports.progress);
  if (manifest.kind === 'load' && !resuming) {
    const [first] = await changesSince(manifest, workspace, ports);
    if (first !== undefined) throw stale(manifest, first.what, first.planned, first.now);
  }
  return { ...conditions, mail: await checkMail(workspace, ports) };
}

function stale(manifest: PlanManifest, what: string, planned: string, now: string): CutoverError {
  return new CutoverError('E_PLAN_STALE', `the plan was made for ${what} ${planned}; now it is ${now}`, {
    hint: `cutover plan ${manifest.capability} --out FILE`,
    details: ['nothing was written'],
  });
}
