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

/** One difference. `legacy`, `odoo` and `baseline` are canonical texts (null: no value); of `pii` fields they are null and `masked` is true
 *  in everything but the run's own data. */
export interface Break {
  /** 16 hex digits of SHA-256 over capability, entity, system, record key (or Odoo id) and field; not over the class. */
  readonly id: string;
  readonly entity: string;
  readonly system: string;
  readonly key: string | null;
  readonly odooId: number | null;
  readonly class: Exclude<RecordClass, 'linked' | 'outside-scope'> | FieldClass;
  readonly field: string | null;
  readonly legacy: string | null;
  readonly odoo: string | null;
  readonly baseline: string | null;
  readonly movement: Movement | null;
  readonly owner: 'legacy' | 'odoo' | null;
  readonly direction: Direction;
  readonly masked: boolean;
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
  /** The rule that explains class `rounding`, as in `half-up per line to 0.01 (company: round_per_line)`. */
  readonly rule: string | null;
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
    /** One thing with another legacy record, which says what its fields are. */
    | 'follows-another'
    | 'unresolved-reference';
  readonly rows: number;
  readonly sum: string | null;
}
