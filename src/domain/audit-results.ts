/** What the audit answers; a contract like results.ts. */

import type { GuardKind } from './guarded-writes.ts';

export interface AuditResult {
  readonly runs: readonly {
    readonly runId: string;
    /** Null where the state does not know the run any more. */
    readonly command: string | null;
    readonly capability: string | null;
    /** `not-sealed`: what is there is intact, and the run is under way or broke off: it does not say where it ends. */
    readonly status: 'intact' | 'broken' | 'not-sealed';
    readonly entries: number;
    /** Hash of the last entry. */
    readonly seal: string;
    /** How the values that changes were planned on were guarded: `atomic` with the helper in Odoo, `window` by a look right before. Empty: nothing
     *  that was there before was changed. */
    readonly guards: readonly GuardKind[];
    /** By segment and sequence of the entry. */
    readonly findings: readonly { readonly segment: number; readonly sequence: number; readonly problem: string }[];
  }[];
  readonly entries: number;
}

export interface AuditExportResult {
  readonly file: string;
  readonly runId: string;
  readonly entries: number;
  /** Of these, how many stand there without values of fields marked `pii`. */
  readonly masked: number;
  readonly seal: string;
}
