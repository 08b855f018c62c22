/** A plan file and what the state knows of it, held together: is it the file that was registered, by whom was it made, who has approved it? */
import { CutoverError } from '../../domain/errors.ts';
import type { RegisteredPlan } from '../../domain/plan.ts';
import type { PlanHead } from '../../domain/plan-results.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { approvalState } from './approvals.ts';
import { type VerifiedPlan, verifyPlan } from './plan-file.ts';

export interface PlanAtHand {
  readonly plan: VerifiedPlan;
  /** Null: it was not made with this state. */
  readonly registered: RegisteredPlan | null;
  readonly head: PlanHead;
}

/** E_PLAN_INVALID where the file is not whole, or not what was registered. */
export async function planAtHand(file: string, workspace: Workspace, ports: Ports): Promise<PlanAtHand> {
  const plan = await verifyPlan(ports.runs, file);
  const { manifest, sha256, actions } = plan;
  const state = await ports.state();
  const registered = await state.plan(manifest.nonce);
  if (registered !== null) requireRegisteredContent(registered, plan, file);
  const approval =
    registered === null
      ? { required: workspace.environment?.approvals?.required ?? 0, counting: 0, approvals: [] }
      : await approvalState(registered, workspace.environment?.approvals ?? null, ports.clock.now(), state);
  const { kind, capability, nonce, asOf, runId, reverses, odoo } = manifest;
  const head = {
    ...{ file, kind, capability, environment: manifest.environment ?? null, nonce, sha256, asOf, runId, reverses },
    ...{ odoo: { database: odoo.database, uuid: odoo.uuid }, actions, approval },
    ...{ author: registered?.author ?? null, registeredAt: registered?.registeredAt ?? null, consumedBy: registered?.consumedBy ?? null },
  };
  return { plan, registered, head };
}

/** An end line can be made anew for other content; the state has the hash of what was planned. */
export function requireRegisteredContent(registered: RegisteredPlan, plan: VerifiedPlan, file: string): void {
  if (registered.sha256 === plan.sha256) return;
  throw new CutoverError(
    'E_PLAN_INVALID',
    `${file} is not the plan that was made: it has hash ${plan.sha256.slice(0, 12)}…, the state has ${registered.sha256.slice(0, 12)}…`,
    {
      hint: `cutover plan ${plan.manifest.capability} --out FILE`,
      details: ['nothing was written'],
    },
  );
}

/** E_ENVIRONMENT when the plan was made for another one. */
export function requireSameEnvironment(planned: string | null, workspace: Workspace, capability: string): void {
  const here = workspace.environment?.name ?? null;
  if (planned === here) return;
  const named = (name: string | null): string => (name === null ? 'no environment' : `the environment ${name}`);
  throw new CutoverError('E_ENVIRONMENT', `the plan was made for ${named(planned)}; this is ${named(here)}`, {
    hint: planned === null ? `cutover plan ${capability} --environment ${here} --out FILE` : `add --environment ${planned}`,
    details: ['nothing was written'],
  });
}
