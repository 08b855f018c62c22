/** Why a run stops before the end of its plan, and how that is said. */
import { CutoverError, type ErrorCode } from '../../domain/errors.ts';
import type { PlanManifest } from '../../domain/plan.ts';
import { OdooError } from '../../domain/ports.ts';
import type { LoadRunResult } from '../../domain/results.ts';
import type { LoadRun } from './load-run.ts';

export type Stop = { readonly reason: 'interrupted' } | { readonly reason: 'odoo'; readonly error: OdooError };

/** What stops a run and leaves the rest of the plan for later; anything else is a mistake of ours and is thrown. */
export function stopOf(error: unknown, signal: AbortSignal): Stop {
  if (error instanceof OdooError) return signal.aborted ? { reason: 'interrupted' } : { reason: 'odoo', error };
  if (error instanceof CutoverError && error.code === 'E_INTERRUPTED') return { reason: 'interrupted' };
  throw error;
}

export function stopped(stop: Stop, result: LoadRunResult, manifest: PlanManifest): CutoverError {
  const details = [
    `${result.applied} applied, ${result.noop} were so already, ${result.conflict} conflicts, ${result.deadLettered} dead letters, ${result.remaining} remaining`,
  ];
  const hint = `cutover load --resume ${result.runId}`;
  const verb = manifest.kind === 'rollback' ? 'rollback' : 'load';
  if (stop.reason === 'interrupted') return new CutoverError('E_INTERRUPTED', `the ${verb} was stopped after the batches under way`, { hint, details });
  return new CutoverError(codeOf(stop.error), `the ${verb} stopped: ${stop.error.message}`, { hint, details, cause: stop.error });
}

/** A run that cannot journal cannot go on: nothing is sent that was not written down before. */
export function withoutState(error: unknown, { runId, manifest, tally, underWay }: LoadRun): unknown {
  if (!(error instanceof CutoverError) || !(error.code === 'E_STATE_UNREACHABLE' || error.code === 'E_STATE_UNWRITABLE')) return error;
  const { applied, noop, conflict, deadLettered } = tally.counts();
  const verb = manifest.kind === 'rollback' ? 'rollback' : 'load';
  return new CutoverError(error.code, `the ${verb} stopped: ${error.message}`, {
    hint: `cutover load --resume ${runId}`,
    details: [
      `${applied} applied, ${noop} were so already, ${conflict} conflicts, ${deadLettered} dead letters`,
      `${underWay} documents were under way: once the state answers again, the resumed run asks Odoo what became of them before it sends anything`,
    ],
    cause: error,
  });
}

function codeOf(error: OdooError): ErrorCode {
  switch (error.failure) {
    case 'authentication':
      return 'E_ODOO_AUTHENTICATION';
    case 'access':
      return 'E_ODOO_ACCESS';
    case 'missing-model':
    case 'missing-field':
      return 'E_ODOO_METADATA';
    case 'unavailable':
    case 'unknown':
      return 'E_ODOO_UNREACHABLE';
    default:
      return 'E_ODOO_REFUSED';
  }
}
