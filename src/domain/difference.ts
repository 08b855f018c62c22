/** Breaks: how the two sides differ. A break has one class and an id that outlives a change of class. */

/** What a record is, once both sides and the crosswalk are known.
 *  `linked` records are compared field by field; every other class is one break per record, except `outside-scope`. */
export type RecordClass =
  | 'linked'
  | 'only-legacy'
  | 'only-odoo'
  | 'exists-unlinked'
  | 'duplicate-key'
  | 'null-key'
  | 'rejected'
  | 'missing-in-odoo'
  | 'missing-in-legacy'
  | 'outside-scope';

/** A field of a linked record that differs. */
export type FieldClass = 'value' | 'missing-value' | 'extra-value' | 'unresolved-reference' | 'unmapped-code';

/** Who moved since the last agreed value. */
export type Movement = 'legacy-changed' | 'odoo-changed' | 'both-changed' | 'never-agreed';

/** What is expected to happen, from the owner of the field. */
export type Direction = 'update-odoo' | 'return-to-legacy' | 'decide' | 'create-in-odoo' | 'mend-legacy' | 'archive-in-odoo' | 'link';

/** Where a break stands tonight. Only `open` ones count against the verdict (`pending` ones make it PENDING, waived ones nothing). */
export type BreakStatus =
  | 'open'
  /** Younger than its entity's settle time: it may be on its way. */
  | 'pending'
  /** Accepted by a person, for as long as the values stay what they were. */
  | 'waived'
  /** It exists only because one of our own loads has written since this snapshot was taken. Counted in the coverage statement, reported nowhere else. */
  | 'echo'
  /** A rule of the contract (`explained`) says why it is as it is. Counted and summed by its class, reported as no break, and not part of the nights: explained
   *  last night and not tonight, it is a new break. */
  | 'explained';

/** Against the night before (a night is a set of snapshots: looking twice at the same ones is one night). */
export type BreakLife = 'new' | 'persisting' | 'reopened';

/** One difference. `legacy`, `odoo` and `baseline` are canonical texts (null: no value); of `pii` fields they are keyed tokens (null without a
 *  key) and `masked` is true in everything but the run's own data and what was asked for in clear. */
export interface Break {
  /** 16 hex digits of SHA-256 over capability, entity, system, record key (or Odoo id) and field; not over the class. Keyed (HMAC) where the record
   *  key is `pii` and the workspace has a `pii_key`. */
  readonly id: string;
  readonly entity: string;
  readonly system: string;
  readonly key: string | null;
  readonly odooId: number | null;
  readonly class: Exclude<RecordClass, 'linked' | 'outside-scope'> | FieldClass;
  /** What was broken, with the entity: the field that must agree, or the class of a record that must not be. */
  readonly rule: string;
  readonly field: string | null;
  readonly legacy: string | null;
  readonly odoo: string | null;
  readonly baseline: string | null;
  readonly movement: Movement | null;
  readonly owner: 'legacy' | 'odoo' | null;
  readonly direction: Direction;
  readonly status: BreakStatus;
  readonly life: BreakLife;
  /** As-of of the night in which it was first seen, or seen again after it had been resolved. ISO 8601. */
  readonly firstSeen: string;
  /** In how many nights since then, this one included. */
  readonly nights: number;
  /** For `pending`: from when on it is a break. ISO 8601. */
  readonly pendingUntil: string | null;
  /** For `waived`: the day until which it is accepted. */
  readonly waivedUntil: string | null;
  /** 16 hex digits over class and both values (HMAC for `pii` fields; null for those without a key): what decisions are bound to. */
  readonly valueHash: string | null;
  readonly masked: boolean;
}

/** A break that was there in the night before and is gone. */
export interface ResolvedBreak {
  readonly id: string;
  readonly entity: string;
  readonly rule: string;
  readonly class: Break['class'];
  readonly firstSeen: string;
  readonly nights: number;
}

/** `INCOMPLETE` > `BREAKS` > `PENDING` > `RECONCILED`; what could not be compared is never green. */
export type Verdict = 'RECONCILED' | 'PENDING' | 'BREAKS' | 'INCOMPLETE';

/** A sum that must tie. Amounts are decimal texts. `classes` explain `difference`; what they leave is `residual`, which must be 0. */
export interface ControlTotal {
  readonly entity: string;
  readonly name: string;
  /** Dimension values by name; `{}` is the grand total. */
  readonly dimension: Readonly<Record<string, string | null>>;
  readonly legacy: string;
  readonly odoo: string;
  readonly difference: string;
  readonly classes: Readonly<Record<string, string>>;
  readonly residual: string;
  /** Sum of the absolute differences of the rows: a net difference of 0 proves nothing. */
  readonly gross: string;
  /** Rows differ, and their differences cancel out. */
  readonly offsetting: boolean;
  /** The rule that explains class `rounding`, as in `half-up per line to 0.01 (company: round_per_line)`. */
  readonly rule: string | null;
  /** Of a total that other sums take away (`less` of the contract): `legacy` and `odoo` are what is left, and should be 0. `residual` is `left`, or where that
   *  is 0 what the sides differ by without a reason. */
  readonly tie?: {
    /** The sums with their signs; `odoo` null: Odoo does not hold it, and what the legacy side has stands against both. */
    readonly parts: readonly { readonly name: string; readonly legacy: string; readonly odoo: string | null }[];
    /** Class of the contract → what it explains of `legacy`. */
    readonly explained: Readonly<Record<string, string>>;
    readonly left: string;
  };
}

/** How the amounts of control totals are rounded, currency by currency and field by field. */
export interface Roundings {
  /** As Odoo rounds them, the currency of the company first. */
  readonly currencies: readonly { readonly currency: string; readonly unit: string; readonly mode: 'half-up'; readonly isCompany: boolean }[];
  /** `rule` in words; `tolerance` of the contract, null: none, a difference of the last digit is a break. */
  readonly amounts: readonly { readonly entity: string; readonly field: string; readonly rule: string; readonly tolerance: string | null }[];
}

/** Something that was not compared. Amounts are decimal texts. */
export interface CoverageItem {
  readonly entity: string;
  readonly field: string | null;
  readonly reason:
    | 'not-carried'
    | 'filtered'
    | 'rejected'
    | 'quarantined'
    | 'duplicate-key'
    | 'outside-scope'
    | 'not-pulled'
    | 'not-compared'
    /** The capability has the entity, and no system of the workspace yields it. */
    | 'no-source'
    /** One thing with another legacy record, which says what its fields are. */
    | 'follows-another'
    | 'unresolved-reference'
    /** Written by one of our own loads after the snapshot was taken: pull again. */
    | 'echo'
    /** Odoo has the record and does not show it to the user of the tool. */
    | 'restricted'
    /** A rule of the contract says why it stands on one side only, or differs. */
    | 'explained';
  /** For `explained`: the class of the contract. */
  readonly explained?: string;
  readonly rows: number;
  readonly sum: string | null;
}
