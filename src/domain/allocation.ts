/** What payments pay: the result of `settles` of a contract. Nothing here changes either side: it is what a person checks, and what explains why a
 *  document that is open on one side is paid on the other. */

export const allocationStatuses = ['confirmed', 'suggested', 'ambiguous', 'differs', 'explained', 'open', 'not-searched'] as const;

/** `confirmed`    references name the documents, and the sums agree exactly.
 *  `suggested`    the only group within partner, currency and window whose sums agree.
 *  `ambiguous`    several groups would agree: all are listed, none is chosen.
 *  `differs`      a reference names documents, and the sums do not agree: part of it is paid, or too much.
 *  `explained`    pays nothing, for a reason the contract declares (`explained`).
 *  `open`         nothing found as far as was looked (`Allocation.looked`).
 *  `not-searched` nobody could look: no partner, currency, date or amount, or too many that are alike. */
export type AllocationStatus = (typeof allocationStatuses)[number];

/** How many payments stand against how many documents. */
export type AllocationShape = '1:1' | '1:n' | 'n:1' | 'n:m';

/** allocations.csv: one line per record and group. A record of several candidate groups has a line in each. */
export const allocationColumns = [
  ...['payments', 'group', 'status', 'shape', 'role', 'entity', 'system', 'key', 'odoo_id', 'partner', 'currency', 'date', 'amount'],
  ...['difference', 'credit', 'repeat', 'explained', 'candidates', 'looked', 'note'],
] as const;

export const allocationsFile = 'allocations.csv';

/** Counts and sums of one currency (null: none is known), in amounts as the contract signs them. Amounts are decimal texts. */
export interface AllocatedRecords {
  readonly role: 'payment' | 'document';
  readonly entity: string;
  readonly status: AllocationStatus;
  readonly currency: string | null;
  readonly records: number;
  readonly sum: string;
}

export interface AllocationSummary {
  /** The entity whose contract says `settles`. */
  readonly payments: string;
  readonly records: readonly AllocatedRecords[];
  /** Groups by status and shape; `sum` of their payments. */
  readonly groups: readonly {
    readonly status: 'confirmed' | 'suggested' | 'ambiguous' | 'differs';
    readonly shape: AllocationShape;
    readonly currency: string | null;
    readonly groups: number;
    readonly sum: string;
  }[];
  /** Payments that repeat another one exactly (partner, currency, amount, and day or reference), and documents that stand against the rest of their group. */
  readonly repeats: number;
  readonly credits: number;
  /** How far was looked, in words, and for how many payments: "groups of up to 6 documents or 6 payments". */
  readonly looked: readonly { readonly how: string; readonly payments: number }[];
}

/** A class of `explained` of a contract, and what it explains tonight. */
export interface ExplainedClass {
  readonly entity: string;
  readonly class: string;
  /** It explains differences of this field; null: records that stand on one side only. */
  readonly field: string | null;
  readonly reason: string;
  /** Records or differences. 0 here and in `payments`: the rule explains nothing. */
  readonly rows: number;
  /** Of these a later rule would explain as many as well; the first holds. */
  readonly overlapping: number;
  /** Payments without anything they pay that it explains, on whatever side they stand. */
  readonly payments: number;
  /** The amount that is summed; null: the entity has none. */
  readonly measure: string | null;
  readonly legacy: string | null;
  readonly odoo: string | null;
}

/** explained.csv: one line per record or difference that a rule explains; amounts of the side that has them. */
export const explainedColumns = ['entity', 'class', 'side', 'system', 'key', 'odoo_id', 'field', 'legacy', 'odoo'] as const;
export const explainedFile = 'explained.csv';

/** Documents that one side has brought to a state since both last agreed: a bill posted in Odoo, or in the legacy system, during coexistence. */
export interface StateSinceAgreed {
  readonly entity: string;
  readonly side: 'legacy' | 'odoo';
  /** Null: the other side does not have the document. */
  readonly agreed: string | null;
  readonly state: string;
  readonly records: number;
  readonly measure: string | null;
  readonly sum: string | null;
}
