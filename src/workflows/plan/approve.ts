/** plan approve: somebody other than its author puts their name to exactly this content. Kept in a journal of its own, chained and sealed. */
import { CutoverError } from '../../domain/errors.ts';
import type { JournalEntry, JournalPayload } from '../../domain/journal.ts';
import { sealOf } from '../../domain/journal-chain.ts';
import type { Person } from '../../domain/person.ts';
import type { PlanApproveResult } from '../../domain/plan-results.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { objectionTo } from './approvals.ts';
import { planAtHand, requireSameEnvironment } from './plan-head.ts';

export interface ApproveRequest {
  readonly workspace: Workspace;
  readonly file: string;
  readonly by: Person;
  readonly comment: string | null;
  readonly runId: string;
}

/** E_PLAN_INVALID, E_PLAN_USED, E_ENVIRONMENT, E_APPROVAL. Writes nothing to Odoo and asks it nothing. */
export async function approvePlan({ workspace, file, by, comment, runId }: ApproveRequest, ports: Ports): Promise<PlanApproveResult> {
  const { plan, registered, head } = await planAtHand(file, workspace, ports);
  const { capability } = head;
  requireSameEnvironment(head.environment, workspace, capability);
  if (registered === null) {
    throw new CutoverError('E_PLAN_INVALID', 'the plan was not made with this state, so that it is not known who made it', {
      hint: 'approve it where it was made, or make a new one: cutover plan',
    });
  }
  if (registered.consumedBy !== null) {
    throw new CutoverError('E_PLAN_USED', `the plan was loaded by run ${registered.consumedBy}; there is nothing to approve any more`, {
      hint: `cutover plan ${capability} --out FILE`,
    });
  }
  const objection = objectionTo(by.name, registered, workspace.environment?.approvals ?? null);
  if (objection !== null) throw new CutoverError('E_APPROVAL', `not approved: ${objection}`, { hint: `cutover plan approve FILE --as NAME` });
  const { nonce, environment, author } = registered;
  const approval = { nonce, sha256: plan.sha256, capability, environment, by, author, comment };
  const state = await ports.state();
  const entry = (kind: 'approved' | 'seal', payload: JournalPayload): Omit<JournalEntry, 'sequence'> => ({
    ...{ runId, segment: 1, kind, action: null, step: null, entity: null, system: null, key: kind === 'approved' ? nonce : null },
    ...{ externalId: null, model: null, odooId: null, at: ports.clock.now(), payload },
  });
  await state.journal([entry('approved', { approval }), entry('seal', { counts: { approved: 1 } })]);
  const seal = sealOf(await state.journalHeads(runId));
  const isSameAccount = author !== null && author.account !== null && author.account === by.account && author.host === by.host;
  return { plan: (await planAtHand(file, workspace, ports)).head, by, comment, seal, isSameAccount };
}
