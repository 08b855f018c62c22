/** plan verify: could this plan be loaded now, and which of its records would be conflicts? Writes nothing. */
import { CutoverError } from '../../domain/errors.ts';
import type { PlanManifest } from '../../domain/plan.ts';
import type { PlanVerifyResult } from '../../domain/plan-results.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { checkMail } from './mail-check.ts';
import { checkNamespace } from './namespace-check.ts';
import { type PlanAtHand, planAtHand } from './plan-head.ts';
import { verifyRecords } from './verify-records.ts';
import { changesSince } from './world-changes.ts';

export interface VerifyRequest {
  readonly workspace: Workspace;
  readonly file: string;
  /** So many stale records are shown; all are counted. */
  readonly limit: number;
}

/** E_PLAN_INVALID where the file is not whole or not what was registered; everything else that is wrong is an answer. */
export async function verifyPlanNow(request: VerifyRequest, ports: Ports): Promise<PlanVerifyResult> {
  const { workspace, file, limit } = request;
  const atHand = await planAtHand(file, workspace, ports);
  const { uuid, database } = await (await ports.odoo()).identity();
  const { odoo } = atHand.plan.manifest;
  const problems = await problemsOf(atHand, workspace, ports);
  if (uuid !== odoo.uuid) {
    const other = `it was made for the Odoo ${odoo.database} (${odoo.uuid}); this is ${database} (${uuid})`;
    const nothing = { checked: 0, fresh: 0, already: 0, stale: 0, byField: [], shown: [] };
    return { plan: atHand.head, problems: [other, ...problems], notChecked: ['its records: they are in another Odoo'], ...nothing };
  }
  problems.push(...(await refusalsHere(atHand.plan.manifest, workspace, ports)));
  return { plan: atHand.head, problems, notChecked: [], ...(await verifyRecords(file, atHand.plan, limit, ports)) };
}

async function problemsOf({ plan: { manifest }, registered, head }: PlanAtHand, workspace: Workspace, ports: Ports): Promise<string[]> {
  const problems: string[] = [];
  const here = workspace.environment?.name ?? null;
  if (head.environment !== here)
    problems.push(`it was made for ${head.environment ?? 'no environment'}; this is ${here ?? 'a workspace without environments'}`);
  if (registered === null) problems.push('it was not made with this state');
  if (head.consumedBy !== null) problems.push(`it was loaded by run ${head.consumedBy}; a plan is good for one load`);
  const { required, counting, approvals } = head.approval;
  if (counting < required) problems.push(`it has ${counting} of ${required} approvals`);
  for (const { by, problem } of approvals) if (problem !== null) problems.push(`the approval of ${by.name} does not count: ${problem}`);
  if (manifest.kind === 'rollback') return problems;
  for (const { what, planned, now } of await changesSince(manifest, workspace, ports)) problems.push(`it was made for ${what} ${planned}; now it is ${now}`);
  return problems;
}

/** For what a load would refuse this Odoo before its first write, whatever the plan. */
async function refusalsHere(manifest: PlanManifest, workspace: Workspace, ports: Ports): Promise<string[]> {
  const odoo = await ports.odoo();
  const checks = [() => checkNamespace(odoo, manifest.namespace, ports.progress), () => checkMail(workspace, ports)];
  const refusals: string[] = [];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof CutoverError) || (error.code !== 'E_NAMESPACE' && error.code !== 'E_MAIL')) throw error;
      refusals.push(error.message);
    }
  }
  return refusals;
}
