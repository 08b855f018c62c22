/** The pace of a load: what it went by, what was found, why it changed; and what a person may ask of it while it goes on. */

/** Why batches or calls became more or fewer. */
export type PaceReason =
  /** Odoo needs less time for a batch than it may take. */
  | 'calm'
  /** Odoo needs more time for a batch than it may take. */
  | 'long-batch'
  /** Odoo takes much longer for a document than it did before. */
  | 'slower'
  /** Transactions collided: with each other, or with those of users. */
  | 'lost-race'
  /** Odoo, or what stands before it, answered 429 or 5xx, or did not answer. */
  | 'overload'
  /** One call more at a time brought no more documents. */
  | 'no-gain'
  /** Somebody asked for it. */
  | 'person';

/** Documents in a batch, and calls at the same time. */
export interface PaceSetting {
  readonly batch: number;
  readonly concurrency: number;
}

export interface PaceChange {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly entity: string;
  readonly reason: PaceReason;
  readonly from: PaceSetting;
  readonly to: PaceSetting;
}

export interface PaceReport {
  /** Calls at a time that were found in the end, and that were allowed. */
  readonly concurrency: number;
  readonly mostConcurrency: number;
  readonly entities: readonly {
    readonly entity: string;
    /** Documents in a batch that were found in the end, and that the binding allows. */
    readonly batch: number;
    readonly mostBatch: number;
    readonly documents: number;
    /** Time that Odoo needed for what was written, all calls added up. */
    readonly odooSeconds: number;
  }[];
  /** Calls to Odoo, each attempt counted. `lostRaces`: of them, those that collided; `overloads`: that were answered with 429 or 5xx, or not at all. */
  readonly calls: number;
  readonly lostRaces: number;
  readonly overloads: number;
  /** The last ones, up to a hundred. */
  readonly changes: readonly PaceChange[];
  /** Pauses that somebody asked for. */
  readonly pauses: readonly { readonly from: string; readonly seconds: number }[];
}

/** What a person asks of a load that goes on. */
export type ControlRequest =
  | { readonly kind: 'pause' | 'resume' | 'stop' }
  /** Calls at the same time; relative ones as in "one more". */
  | { readonly kind: 'concurrency'; readonly calls: number }
  | { readonly kind: 'concurrency-by'; readonly calls: 1 | -1 };

/** Where requests come from: keys, or a file. Nothing is listened to any more once it is closed. */
export interface Control {
  listen(heard: (request: ControlRequest) => void): void;
  close(): Promise<void>;
}

/** In the directory of a run that is paused: since when (ISO 8601 UTC). A killed process leaves it there until its run is taken up again. */
export const PAUSE_MARK = 'paused';
