/** What the command line hands to the composition root. */
import type { Progress } from '../domain/ports.ts';
import type { NamedEnvironment } from '../domain/workspace.ts';

export interface Invocation {
  /** Command id as typed, as in `snapshot prune`. */
  readonly command: string;
  /** --workspace; null: search upwards from the current directory. */
  readonly workspace: string | null;
  /** --as-of in ISO 8601 UTC; null: now. */
  readonly asOf: string | null;
  /** --environment, else CUTOVER_ENVIRONMENT; left out or null: neither. */
  readonly environment?: NamedEnvironment | null;
  /** --embedded-state-on-production. */
  readonly embeddedStateReason?: string | null;
  /** --by or --as; left out: whoever CUTOVER_USER or the system names. */
  readonly by?: string | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** How a person steers what goes on; left out: nobody does. */
  readonly steering?: {
    /** What Ctrl-C does. */
    readonly interrupt: () => void;
    /** Somebody watches at a terminal, and no program. */
    readonly withKeys: boolean;
  };
  /** Called as soon as a failure has a place for its details, and again when the run is recorded under its id. */
  readonly onRun: (run: StartedRun) => void;
}

export interface StartedRun {
  /** Null for a command that only looks: nobody can refer to its run. */
  readonly id: string | null;
  /** Writes the error with its stack to the run's log (0600, secrets blotted out); answers the path. */
  readonly recordFailure: (error: unknown) => Promise<string>;
}
