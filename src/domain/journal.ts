/** The journal: what was intended, sent and answered, with before-images. Written ahead of every call; rollback is made from it alone.
 *
 *  Entries of a run form a hash chain per segment (a run that is taken up again writes the next); journal-chain.ts has how.
 *
 *  What it holds, and must: of every record that was touched, the fields that were written, as they were before, as they were sent and as they were read
 *  back; of a record that a load changed by a method, also the bound fields the method may have changed. Nothing else of the record, no secret, no
 *  plan. Values of `pii` fields are among them in clear, since a rollback is made from nothing but the journal: the state is as confidential as the
 *  systems it is about. What leaves it (`audit export`, `dead-letter list`) leaves them out. */

import type { LoadConditions } from './environment.ts';
import type { GuardKind } from './guarded-writes.ts';
import type { Provenance } from './matching.ts';
import type { PaceReport } from './pace.ts';
import type { Person } from './person.ts';
import type { PlanManifest } from './plan.ts';

/** Entries of a run that are wanted. */
export interface JournalSelection {
  readonly actions?: readonly number[];
  readonly kinds?: readonly JournalKind[];
}

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
  /** A dead letter of an earlier run is settled: the record is in Odoo now as the plan wanted it. */
  | 'settled'
  /** A person has given up a dead letter. */
  | 'discarded'
  /** A person has approved a plan; `key` is its nonce. */
  | 'approved'
  /** Last entry of a run's segment. */
  | 'seal';

/** Where an entry stands. */
export type JournalPlace = Pick<JournalEntry, 'runId' | 'segment' | 'sequence'>;

/** Where a segment ends: the number of its entries and the hash of the last. */
export interface JournalHead {
  readonly segment: number;
  readonly entries: number;
  readonly hash: string;
}

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
  /** Beside it: what the run was allowed to begin under. */
  readonly conditions?: LoadConditions;
  /** PlanActionKind of the record. */
  readonly action?: string;
  /** Of a link. Left out: by decision. */
  readonly provenance?: Provenance;
  readonly before?: Readonly<Record<string, unknown>> | null;
  readonly sent?: Readonly<Record<string, unknown>> | null;
  /** Of an intent to change a record. `atomic`: compared and written in one transaction (the helper in Odoo). `window`: a user's change between the look and
   *  the write, one round trip, would be overwritten. Left out: nothing is written that was compared, or by an earlier version. */
  readonly guard?: GuardKind;
  readonly after?: Readonly<Record<string, unknown>> | null;
  /** Fields that are not agreed upon: Odoo keeps another value than was sent (beyond rounding), or they were read or sent along only to stay as they are. */
  readonly altered?: readonly string[];
  readonly lines?: readonly JournalLine[];
  /** Records that Odoo made by itself; in an intent: those that were there before. */
  readonly byproducts?: readonly { readonly model: string; readonly ids: readonly number[] }[];
  /** `field`: the column of `load` that Odoo named, as in `order_line/product_id/.id`. */
  readonly refusal?: { readonly name: string; readonly message: string; readonly field?: string };
  readonly conflict?: readonly { readonly field: string; readonly expected: unknown; readonly found: unknown }[];
  /** Of a conflict: fields nobody changed that are left alone as well, since they belong together with one that somebody did. */
  readonly held?: readonly string[];
  /** Of a conflict: the rest of the document goes on. Otherwise nothing of it is written. */
  readonly partial?: boolean;
  readonly call?: { readonly model: string; readonly method: string; readonly ids?: readonly number[] };
  readonly counts?: Readonly<Record<string, number>>;
  /** Of a seal of a load: the pace it had found, also where it was stopped. */
  readonly pace?: PaceReport;
  /** Of a seal: where the segments before its own ended. */
  readonly heads?: readonly JournalHead[];
  /** Of `settled` and `discarded`: the dead letters that it ends. */
  readonly ends?: readonly JournalPlace[];
  /** Of `discarded`. */
  readonly by?: string;
  readonly reason?: string;
  /** Of `approved`. */
  readonly approval?: Approval;
}

/** What a person put their name to: a plan with exactly this content, made by somebody else. */
export interface Approval {
  readonly nonce: string;
  /** Of the plan in clear, as its end line has it: encrypting it anew changes nothing. */
  readonly sha256: string;
  readonly capability: string;
  readonly environment: string | null;
  readonly by: Person;
  readonly author: Person | null;
  readonly comment: string | null;
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
