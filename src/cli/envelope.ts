/** The one JSON object of `--json`. Others script against its keys. */
import type { Failure } from './failure.ts';
import type { Outcome, OutcomeStatus } from './outcome.ts';

export interface Envelope {
  readonly command: string | null;
  readonly runId: string | null;
  readonly status: OutcomeStatus;
  readonly data: unknown;
  readonly warnings: readonly string[];
  readonly next: readonly string[];
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    readonly details: readonly string[];
    readonly log: string | null;
  };
}

export function successEnvelope(command: string, runId: string | null, outcome: Outcome, warnings: readonly string[]): Envelope {
  return { command, runId, status: outcome.status, data: outcome.data, warnings, next: outcome.next ?? [] };
}

export function failureEnvelope(
  command: string | null,
  runId: string | null,
  status: OutcomeStatus,
  failure: Failure,
  extra: { readonly warnings: readonly string[]; readonly log: string | null },
): Envelope {
  const { code, message, hint, details } = failure;
  return { command, runId, status, data: null, warnings: extra.warnings, next: commandsIn(hint), error: { code, message, hint, details, log: extra.log } };
}

/** Commands that a hint names: the whole of it, or what stands in backquotes. */
function commandsIn(hint: string | null): readonly string[] {
  if (hint === null) return [];
  if (hint.startsWith('cutover ')) return [hint];
  return [...hint.matchAll(/`(cutover [^`]+)`/g)].flatMap(([, command]) => (command === undefined ? [] : [command]));
}
