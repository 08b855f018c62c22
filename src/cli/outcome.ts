/** How a command ended, and what it ends the process with. */

import type { AuditResult } from '../domain/audit-results.ts';
import { ExitCode } from '../domain/errors.ts';
import type { LoadCounts } from '../domain/journal.ts';
import type { DoctorResult, MapResult, MatchCounts, PlanResult, PullResult, ReconcileResult } from '../domain/results.ts';
import type { Style } from './style.ts';

export type OutcomeStatus = 'ok' | 'findings' | 'incomplete' | 'refused' | 'failed';

/** What a command answers: `data` for scripts, `text` for people, `next` the commands to type now. */
export interface Outcome<Data = unknown> {
  readonly status: OutcomeStatus;
  readonly data: Data;
  readonly warnings?: readonly string[];
  readonly next?: readonly string[];
  readonly text: (style: Style) => string;
}

export function exitCodeOf(status: OutcomeStatus): ExitCode {
  switch (status) {
    case 'ok':
      return ExitCode.clean;
    case 'findings':
      return ExitCode.findings;
    case 'incomplete':
      return ExitCode.incomplete;
    case 'refused':
      return ExitCode.refused;
    case 'failed':
      return ExitCode.failure;
  }
}

/** Rows that could not be read were not pulled: incomplete, never green. */
export function pullStatus(result: PullResult): OutcomeStatus {
  return result.snapshots.some((snapshot) => snapshot.quarantined > 0) ? 'incomplete' : 'ok';
}

/** Rejects above the threshold of the policies, or an error check that found rows, are findings. */
export function mapStatus(result: MapResult, allowedRejects: number): OutcomeStatus {
  const rejected = result.entities.reduce((sum, entity) => sum + entity.rejected, 0);
  const failedChecks = result.checks.some((check) => check.severity === 'error' && check.count > 0);
  return rejected > allowedRejects || failedChecks ? 'findings' : 'ok';
}

/** More open conflicts than the policies allow are findings. */
export function matchStatus(result: Pick<MatchCounts, 'conflicts'>, allowedConflicts: number): OutcomeStatus {
  return Object.values(result.conflicts).reduce((sum, count) => sum + count, 0) > allowedConflicts ? 'findings' : 'ok';
}

export function reconcileStatus(result: ReconcileResult): OutcomeStatus {
  switch (result.verdict) {
    case 'RECONCILED':
    case 'PENDING':
      return 'ok';
    case 'BREAKS':
      return 'findings';
    case 'INCOMPLETE':
      return 'incomplete';
  }
}

/** Anything planned that was neither applied nor already so leaves the load incomplete. */
export function loadStatus(counts: LoadCounts): OutcomeStatus {
  return counts.conflict + counts.deadLettered + counts.blocked + counts.remaining + counts.unknown > 0 ? 'incomplete' : 'ok';
}

/** A journal that is not what was written is a finding; one that does not say where it ends is incomplete. */
export function auditStatus(result: AuditResult): OutcomeStatus {
  if (result.runs.some(({ status }) => status === 'broken')) return 'findings';
  return result.runs.some(({ status }) => status === 'not-sealed') ? 'incomplete' : 'ok';
}

export function doctorStatus(result: DoctorResult): OutcomeStatus {
  return result.findings.some((finding) => finding.status === 'problem') ? 'findings' : 'ok';
}

/** Does the plan hold anything for a load to do? A document that is as it should be may have lines that are not. */
export function hasWrites(plan: PlanResult): boolean {
  return [plan.actions, plan.lines].some((counts) => Object.entries(counts).some(([kind, count]) => kind !== 'noop' && kind !== 'refuse' && count > 0));
}

/** Of several statuses the one that matters most. */
export function worstOf(statuses: readonly OutcomeStatus[]): OutcomeStatus {
  const order: readonly OutcomeStatus[] = ['failed', 'refused', 'incomplete', 'findings', 'ok'];
  return order.find((status) => statuses.includes(status)) ?? 'ok';
}
