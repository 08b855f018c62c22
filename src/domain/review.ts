/** What a match leaves for people to decide: pairs that may be one thing, and conflicts of identifiers. */
import type { ConflictClass, MatchDecisionRow, RecordName } from './matching.ts';

export type Decision = MatchDecisionRow['decision'];

/** One record as it is put before a person: canonical texts by field, in the order of the contract; null: no value. A field that its side does not have is
 *  left out. In clear text: whoever shows it masks what is `pii`. */
export interface ReviewRecord extends RecordName {
  readonly fields: Readonly<Record<string, string | null>>;
}

/** What one comparison says of a pair. Weights in bits: +1 doubles the odds. */
export interface ReviewEvidence {
  readonly comparison: string;
  /** `missing` where a side has no value. */
  readonly level: string;
  readonly weight: number;
}

interface ReviewSubject {
  /** Position among all items of the review, from 0. */
  readonly ordinal: number;
  readonly entity: string;
  readonly records: readonly ReviewRecord[];
  /** How many there are; `records` holds the first. */
  readonly recordCount: number;
  readonly valueHash: string;
  /** It was decided so before, on other values. */
  readonly before: Decision | null;
  /** Bits; null where no two records are compared. */
  readonly weight: number | null;
  /** Bits before anything is compared. */
  readonly prior: number;
  readonly evidence: readonly ReviewEvidence[];
}

export interface ReviewPair extends ReviewSubject {
  readonly kind: 'pair';
  /** match: it weighs enough to be one thing, and no person has said so yet. */
  readonly verdict: 'match' | 'review';
}

export interface ReviewConflict extends ReviewSubject {
  readonly kind: 'conflict';
  readonly id: string;
  readonly class: ConflictClass;
  readonly place: string;
  readonly field: string | null;
  /** Cell contents of `field`. */
  readonly value: string | null;
  readonly other: string | null;
  readonly proposal: string | null;
  readonly sentence: string;
  readonly reason: string | null;
  /** Of a duplicate every two of its records, the first with all others before the rest: a word on it is one on pairs, which every later run knows before
   *  it compares. None where there are too many, or where no file may name them. */
  readonly pairs: readonly { readonly left: RecordName; readonly right: RecordName; readonly valueHash: string }[];
}

export type ReviewItem = ReviewPair | ReviewConflict;

/** What may be said of an item: a pair is same or different; a conflict may stay as it is, and some ask the question of a pair. */
export function possibleDecisions(item: ReviewItem): readonly Decision[] {
  if (item.kind === 'pair') return ['same', 'different'];
  switch (item.class) {
    case 'duplicate-record':
      return ['same', 'different', 'keep'];
    case 'shared-identifier':
      return ['different', 'keep'];
    default:
      return ['keep'];
  }
}

/** An entity as far as showing its records asks for it. */
export interface ReviewedEntity {
  readonly entity: string;
  readonly pii: ReadonlySet<string>;
  /** Part of the key is `pii`: keys of legacy records are not shown. */
  readonly keyIsPii: boolean;
  readonly odooSystem: string;
}

/** What was said of an item in this review. */
export interface Said {
  readonly decision: Decision;
  readonly reason: string;
}

/** The open items of the latest match, one at a time. */
export interface Review {
  readonly capability: string;
  /** Items are numbered from 0. */
  readonly total: number;
  /** Pairs that no file may name, since the keys of their records are `pii`. */
  readonly unnameable: number;
  /** Where decisions are written, and where they can be written by hand instead (null: that file is gone). Absolute paths. */
  readonly file: string;
  readonly worklist: string | null;
  entity(name: string): ReviewedEntity;
  item(ordinal: number): Promise<ReviewItem>;
  /** A pair may wait twice, by its weight and as a conflict: one word is enough for both. */
  said(item: ReviewItem): Said | null;
  /** Writes it down at once, in the place of what was said of this item before in this review. */
  decide(item: ReviewItem, said: Said): Promise<void>;
}
