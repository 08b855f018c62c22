/** The crosswalk: which legacy record is which Odoo record, when, and how that is known. */
import type { Provenance } from './matching.ts';

/** Which legacy record is which Odoo record, with its validity interval and provenance. */
export interface CrosswalkLink {
  readonly odooUuid: string;
  readonly capability: string;
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  readonly model: string;
  readonly odooId: number;
  /** Null for a link to a record the load did not create. */
  readonly externalId: string | null;
  readonly provenance: Provenance;
  readonly runId: string;
  readonly validFrom: string;
}

/** One interval of the history of a record: `validFrom` up to, but not at, `validTo`. */
export interface CrosswalkInterval extends CrosswalkLink {
  /** Null: the link is open. */
  readonly validTo: string | null;
  /** Run that ended it. */
  readonly closedBy: string | null;
}

/** How far a crosswalk has come. `mark` is drawn at random for each change: a state that was put back and went another way since has another one. */
export interface CrosswalkMoment {
  readonly change: number;
  readonly mark: string;
}

/** Thousands of links that share everything but key and record. `keys` (texts) and `odooIds` (numbers) are JSON arrays, one as long as the other. */
export interface LinkBundle {
  readonly entity: string;
  readonly system: string;
  readonly provenance: Provenance;
  readonly validFrom: string;
  /** false: these have ended. */
  readonly open: boolean;
  readonly keys: string;
  readonly odooIds: string;
}

export interface BundledLinks {
  /** Where the crosswalk stood when the reading began. */
  readonly moment: CrosswalkMoment;
  /** true: only links made or ended since the moment that was given; false: all that are open. */
  readonly isChange: boolean;
  readonly bundles: AsyncIterable<readonly LinkBundle[]>;
}
