/** Who has approved a plan, from the journals of the state: an approval counts when its chain holds, it is about exactly this content, and it is still
 *  young enough. */
import type { Approval, JournalEntry } from '../../domain/journal.ts';
import { sealOf } from '../../domain/journal-chain.ts';
import { isSamePerson } from '../../domain/person.ts';
import type { RegisteredPlan } from '../../domain/plan.ts';
import type { ApprovalOnFile, ApprovalState } from '../../domain/plan-results.ts';
import type { StateStore } from '../../domain/ports.ts';
import type { Approvals } from '../../domain/workspace.ts';

const HOUR_MS = 3_600_000;

/** `policy`: null where the environment asks for none; what was given is told all the same. `now`: ISO 8601. */
export async function approvalState(plan: RegisteredPlan, policy: Approvals | null, now: string, state: StateStore): Promise<ApprovalState> {
  const approvals: ApprovalOnFile[] = [];
  for (const runId of await state.approvalRuns(plan.nonce)) {
    const entries: JournalEntry[] = [];
    for await (const page of state.journalOf(runId)) entries.push(...page.filter(({ kind, key }) => kind === 'approved' && key === plan.nonce));
    const verdict = await state.verifyJournal(runId);
    const seal = sealOf(verdict.segments).hash;
    const isIntact = verdict.findings.length === 0 && verdict.sealed;
    for (const { at, payload } of entries) {
      if (payload.approval === undefined) continue;
      const { by, comment } = payload.approval;
      const problem = isIntact ? problemOf(payload.approval, at, plan, policy, now) : 'its journal is not what was written (cutover audit verify)';
      approvals.push({ by, at, comment, runId, seal, problem });
    }
  }
  approvals.sort((left, right) => left.at.localeCompare(right.at));
  const people: string[] = [];
  for (const { by, problem } of approvals) if (problem === null && !people.some((name) => isSamePerson(name, by.name))) people.push(by.name);
  return { required: policy?.required ?? 0, counting: people.length, approvals };
}

/** Why somebody may not approve, or did in vain; null: nothing speaks against it. */
export function objectionTo(name: string, plan: RegisteredPlan, policy: Approvals | null): string | null {
  if (plan.author === null) return 'it is not known who made the plan';
  if (isSamePerson(name, plan.author.name)) return `${plan.author.name} made the plan; it takes somebody else`;
  const { by = [] } = policy ?? {};
  return by.length > 0 && !by.some((one) => isSamePerson(one, name)) ? `${name} is not among those who approve here (${by.join(', ')})` : null;
}

function problemOf(approval: Approval, at: string, plan: RegisteredPlan, policy: Approvals | null, now: string): string | null {
  if (approval.sha256 !== plan.sha256) return 'it was given to another content';
  if (approval.environment !== plan.environment) return 'it was given for another environment';
  if (Date.parse(at) < Date.parse(plan.registeredAt)) return 'it is older than the plan';
  const hours = (Date.parse(now) - Date.parse(at)) / HOUR_MS;
  if (policy !== null && hours > policy.valid_hours) return `it is ${Math.floor(hours)} hours old, ${policy.valid_hours} are allowed`;
  return objectionTo(approval.by.name, plan, policy);
}
