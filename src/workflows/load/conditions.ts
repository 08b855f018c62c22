/** Before the first write: may this plan be loaded here, now, by whoever asks? What the answer rests on goes into the journal. */
import type { LoadConditions } from '../../domain/environment.ts';
import { requireMayWrite } from '../../domain/environment.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { RegisteredPlan } from '../../domain/plan.ts';
import type { Ports, StateStore } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { approvalState } from '../plan/approvals.ts';
import type { VerifiedPlan } from '../plan/plan-file.ts';
import { requireRegisteredContent, requireSameEnvironment } from '../plan/plan-head.ts';

export interface Beginning {
  readonly plan: VerifiedPlan;
  readonly file: string;
  readonly workspace: Workspace;
  /** The run began under conditions that held then, and is finished as it was begun. */
  readonly resuming: boolean;
}

/** E_ENVIRONMENT, E_PLAN_INVALID, E_APPROVAL. Asks Odoo nothing. */
export async function conditionsOf({ plan, file, workspace, resuming }: Beginning, ports: Ports): Promise<Omit<LoadConditions, 'mail'>> {
  const { manifest } = plan;
  const { environment } = workspace;
  requireSameEnvironment(manifest.environment ?? null, workspace, manifest.capability);
  requireMayWrite(workspace, `load ${resuming ? '--resume RUN' : file}`);
  const registered = await (await ports.state()).plan(manifest.nonce);
  // A plan that this state does not know is refused when it is taken.
  if (registered !== null) requireRegisteredContent(registered, plan, file);
  return {
    environment: environment?.name ?? null,
    production: environment?.production ?? false,
    approvals: registered === null ? [] : await approvalsFor(registered, { plan, file, workspace, resuming }, ports),
    embeddedState: environment?.production === true && workspace.file.state === 'embedded' ? environment.embeddedStateReason : null,
  };
}

async function approvalsFor(registered: RegisteredPlan, { plan, file, workspace, resuming }: Beginning, ports: Ports): Promise<LoadConditions['approvals']> {
  const policy = workspace.environment?.approvals ?? null;
  const state = await ports.state();
  const { required, counting, approvals } = await approvalState(registered, policy, ports.clock.now(), state);
  if (counting < required && !resuming) {
    const ofTheLoad = await approvalsOfLoad(plan.manifest.reverses, state);
    if (ofTheLoad.length >= required) return ofTheLoad;
    const asked = required === 1 ? 'an approval' : `the approval of ${required} people`;
    throw new CutoverError('E_APPROVAL', `${workspace.environment?.name} asks for ${asked} of a plan, and this one has ${counting}`, {
      hint: `cutover plan approve ${file} --environment ${workspace.environment?.name}`,
      details: [
        'nothing was written',
        ...approvals.flatMap(({ by, at, problem }) => (problem === null ? [] : [`the approval of ${by.name} (${at}) does not count: ${problem}`])),
      ],
    });
  }
  return approvals.filter(({ problem }) => problem === null).map(({ by, at, runId, seal }) => ({ by: by.name, at, runId, seal }));
}

/** Whoever approved a load has read what a rollback of it will do: whoever stands there at night takes it back without waking anybody. */
async function approvalsOfLoad(runId: string | null, state: StateStore): Promise<LoadConditions['approvals']> {
  if (runId === null) return [];
  for await (const [first] of state.journalOf(runId)) return first?.payload.conditions?.approvals ?? [];
  return [];
}
