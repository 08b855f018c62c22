/** plan list: the plans this state knows, newest first. */
import type { PlanListResult } from '../../domain/plan-results.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { approvalState } from './approvals.ts';

/** `all`: also those that have been loaded, or are there no more. */
export async function listPlans(request: { readonly workspace: Workspace; readonly all: boolean }, ports: Ports): Promise<PlanListResult> {
  const state = await ports.state();
  const policy = request.workspace.environment?.approvals ?? null;
  const plans: PlanListResult['plans'][number][] = [];
  for (const plan of await state.plans()) {
    const isThere = await ports.runs.exists(plan.file);
    if (!request.all && (plan.consumedBy !== null || !isThere)) continue;
    const { counting } = await approvalState(plan, policy, ports.clock.now(), state);
    const { nonce, kind, capability, environment, file, registeredAt, consumedBy } = plan;
    plans.push({ nonce, kind, capability, environment, file, isThere, author: plan.author?.name ?? null, registeredAt, approvals: counting, consumedBy });
  }
  return { plans };
}
