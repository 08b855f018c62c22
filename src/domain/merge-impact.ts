/** What a merge of several records of Odoo into one would do, found out before anyone merges. Nothing here carries cell contents: records
 *  are database ids, fields are names. */

export interface MergeImpact {
  readonly model: string;
  readonly records: readonly {
    readonly id: number;
    readonly active: boolean;
    readonly createdAt: string | null;
    /** All of them, sorted; they move to the survivor. */
    readonly externalIds: readonly string[];
  }[];
  /** Ids that were asked about and do not exist. */
  readonly missing: readonly number[];
  readonly survivor: {
    readonly id: number;
    /** `odoo`: the oldest active one, whom Odoo's merge keeps unless told otherwise. */
    readonly chosenBy: 'request' | 'odoo';
    /** Others made in the same second: Odoo knows which is older, and tells no one. */
    readonly tiedWith: readonly number[];
  };
  /** The others, as far as they would be merged and be gone. */
  readonly goes: readonly number[];
  readonly merge: {
    /** Model of Odoo's own merge; null: Odoo has none for this model. */
    readonly wizard: string | null;
    /** Why it would not begin. */
    readonly refuses: readonly string[];
    /** Why it would break off and leave everything as it was. */
    readonly fails: readonly string[];
  };
  /** Everything that points to the records; only fields with rows. */
  readonly pointing: readonly PointingRows[];
  /** Rows that could not stand side by side once they all point to the survivor. */
  readonly collisions: readonly Collision[];
  /** Rows that would be gone, or point to nothing. */
  readonly lost: readonly LostRows[];
  /** Fields of the other records that have a value, and another than the survivor's, which stays. */
  readonly givingWay: readonly { readonly id: number; readonly fields: readonly string[] }[];
  /** Rules that Odoo keeps in Python and no table tells of. */
  readonly rules: readonly string[];
  /** False: something that had to be read was refused or is not there, so that silence about it says nothing. */
  readonly isComplete: boolean;
  /** What could not be looked at, and why; some of it no user can. Never to be read as fine. */
  readonly notChecked: readonly string[];
}

export interface PointingRows {
  /** Where the rows are, and the field in which they point. */
  readonly model: string;
  readonly field: string;
  readonly kind: 'many2one' | 'many2many' | 'reference' | 'generic';
  /** Model they point to: that of the records, or one that belongs to them (a product's template). */
  readonly to: string;
  readonly rows: readonly { readonly id: number; readonly count: number }[];
  /** What the merge does to the rows of the records that go; `lost`: some or all of them, as listed. Null: Odoo has no merge. */
  readonly outcome: 'moved' | 'lost' | 'not-checked' | null;
  /** Of a many2many: rows of the records that go which the survivor has as well; they are dropped, and nothing is lost by it. */
  readonly doubled: number;
}

export interface Collision {
  readonly model: string;
  readonly field: string;
  /** Name of the constraint or index, and its columns. */
  readonly constraint: string;
  readonly columns: readonly string[];
  /** Each group of rows that would have the same values. */
  readonly groups: readonly (readonly number[])[];
}

export interface LostRows {
  readonly model: string;
  /** Field that pointed to a record that goes. */
  readonly field: string;
  readonly ids: readonly number[];
  readonly how: 'deleted' | 'left-pointing-to-nothing' | 'emptied';
  readonly why: string;
}
