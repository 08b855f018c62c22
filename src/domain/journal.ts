/** The journal: what was intended, sent and answered, with before-images. Written ahead of every call; rollback is made from it alone.
 *
 *  Entries of a run form a hash chain per segment (one segment per worker): `hash = SHA-256(previousHash + canonical JSON of the entry)`. */

import type { Provenance } from './matching.ts';
import type { PlanManifest } from './plan.ts';

export type JournalKind =
  /** Before a call: key, External ID, patch and guard values of every record in it. */
  | 'intent'
  /** After it: ids and what was read back. */
  | 'answer'
  /** The outcome of a call is not known (time-out, cut connection). */
  | 'unknown'
  /** The outcome was found out by reading back. */
  | 'resolved'
  /** The guard values did not hold: a user changed the record. */
  | 'conflict'
  /** Odoo refused the record. */
  | 'dead-letter'
  /** Not tried, because a parent failed. */
  | 'blocked'
  /** Last entry of a run's segment. */
  | 'seal';

export interface JournalEntry {
  readonly runId: string;
  readonly segment: number;
  /** 1-based within the segment. */
  readonly sequence: number;
  readonly kind: JournalKind;
  /** Plan action it belongs to, and the step within it: `record` is the create, update or delete itself. */
  readonly action: number | null;
  readonly step: string | null;
  readonly entity: string | null;
  readonly system: string | null;
  readonly key: string | null;
  readonly externalId: string | null;
  readonly model: string | null;
  readonly odooId: number | null;
  readonly at: string;
  readonly payload: JournalPayload;
}

/** What each kind carries. Field values are Odoo's, as read or sent. */
export interface JournalPayload {
  /** First entry of a run: what its plan says of itself, so that a rollback needs nothing but the journal. */
  readonly plan?: PlanManifest;
  /** PlanActionKind of the record. */
  readonly action?: string;
  /** Of a link. Left out: by decision. */
  readonly provenance?: Provenance;
  readonly before?: Readonly<Record<string, unknown>> | null;
  readonly sent?: Readonly<Record<string, unknown>> | null;
  readonly after?: Readonly<Record<string, unknown>> | null;
  /** Fields that are not agreed upon: Odoo keeps another value than was sent (beyond rounding), or they were read or sent along only to stay as they are. */
  readonly altered?: readonly string[];
  readonly lines?: readonly JournalLine[];
  /** Records that Odoo made by itself; in an intent: those that were there before. */
  readonly byproducts?: readonly { readonly model: string; readonly ids: readonly number[] }[];
  readonly refusal?: { readonly name: string; readonly message: string };
  readonly conflict?: readonly { readonly field: string; readonly expected: unknown; readonly found: unknown }[];
  readonly call?: { readonly model: string; readonly method: string; readonly ids?: readonly number[] };
  readonly counts?: Readonly<Record<string, number>>;
}

export interface JournalLine {
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  readonly externalId: string;
  readonly action: string;
  readonly odooId: number | null;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly altered?: readonly string[];
  readonly provenance?: Provenance;
}

/** How a run of load or rollback ended, in documents. `planned = applied + noop + conflict + deadLettered + blocked + remaining`, `unknown = 0` at the end. */
export interface LoadCounts {
  planned: number;
  applied: number;
  noop: number;
  conflict: number;
  deadLettered: number;
  blocked: number;
  remaining: number;
  unknown: number;
}
