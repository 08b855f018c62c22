/** What the commands about dead letters answer; a contract like results.ts. */

import type { LoadRunResult, PlanResult } from './results.ts';

export interface DeadLetterListResult {
  readonly open: number;
  readonly settled: number;
  readonly discarded: number;
  /** The open ones, by reason; most first. */
  readonly groups: readonly {
    readonly capability: string;
    readonly direction: 'load' | 'rollback';
    readonly database: string;
    /** Of the record that was refused: the document, or one of its lines. */
    readonly entity: string;
    /** Null where it cannot be told. */
    readonly field: string | null;
    readonly odooField: string | null;
    readonly rule: string;
    /** Odoo's words, values replaced by the names of their fields. */
    readonly reason: string;
    /** `file:line` of the mappings that made the value. */
    readonly mapping: readonly string[];
    readonly count: number;
    readonly runs: readonly string[];
    /** The first of them. */
    readonly letters: readonly { readonly id: string; readonly system: string; readonly key: string }[];
  }[];
  /** With `--all`: the newest of those that are settled or discarded. */
  readonly ended: readonly {
    readonly id: string;
    readonly entity: string;
    readonly system: string;
    readonly key: string;
    readonly status: 'settled' | 'discarded';
    readonly at: string;
    readonly runId: string;
    readonly by: string | null;
    readonly reason: string | null;
  }[];
}

/** A field that was sent: its value in Odoo's wording, and the mapping line that made it. */
export interface DeadLetterField {
  readonly field: string | null;
  readonly odooField: string;
  readonly value: unknown;
  readonly masked: boolean;
  /** `file:line`; null where no mapping makes it. */
  readonly mapping: string | null;
}

export interface DeadLetterResult {
  readonly id: string;
  readonly status: 'open' | 'settled' | 'discarded';
  readonly capability: string;
  readonly direction: 'load' | 'rollback';
  readonly database: string;
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  readonly externalId: string;
  readonly model: string;
  readonly odooId: number | null;
  readonly cause: {
    readonly entity: string;
    readonly field: string | null;
    readonly odooField: string | null;
    readonly rule: string;
    readonly told: 'named' | 'value' | 'state' | null;
    readonly words: string;
    readonly reason: string;
    readonly mapping: string | null;
  };
  /** Every time it was refused, oldest first. */
  readonly attempts: readonly { readonly runId: string; readonly at: string; readonly step: string; readonly words: string }[];
  readonly ended: { readonly at: string; readonly runId: string; readonly by: string | null; readonly reason: string | null } | null;
  readonly fields: readonly DeadLetterField[];
  readonly line: { readonly entity: string; readonly system: string; readonly key: string; readonly fields: readonly DeadLetterField[] } | null;
  /** The mappings are still those the record was refused with. */
  readonly isMappingOfThen: boolean;
}

export interface DeadLetterRetryResult extends LoadRunResult {
  readonly retried: {
    readonly chosen: number;
    readonly settled: number;
    /** Those that are still open. `refused`: the plan refuses them; `not-planned`: the plan leaves them out. */
    readonly open: readonly {
      readonly id: string;
      readonly entity: string;
      readonly system: string;
      readonly key: string;
      readonly outcome: 'dead-letter' | 'conflict' | 'blocked' | 'refused' | 'not-planned' | 'remaining';
      readonly why: string | null;
    }[];
    /** Runs in which documents were left because these were refused; to be resumed. */
    readonly unblocked: readonly string[];
  };
}

/** `--dry-run`: what would be sent. */
export interface DeadLetterRetryPlan extends PlanResult {
  /** So many were chosen. */
  readonly letters: number;
  /** Those of them the plan does not send. */
  readonly left: readonly { readonly id: string; readonly entity: string; readonly system: string; readonly key: string; readonly why: string | null }[];
}

export interface DeadLetterDiscardResult {
  readonly discarded: readonly { readonly id: string; readonly entity: string; readonly system: string; readonly key: string }[];
  readonly by: string;
  readonly reason: string;
  readonly seal: LoadRunResult['seal'];
}

export interface DeadLetterExportResult {
  readonly file: string;
  readonly format: 'csv' | 'ndjson';
  readonly records: number;
}
