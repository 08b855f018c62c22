/** What explain tells of one record: the `data` of its JSON envelope. */

/** One record, or the records that what was asked for may mean. */
export interface ExplainResult {
  readonly asked: string;
  /** Null when several records fit: `candidates` says which, and the command for each. */
  readonly record: ExplainedRecord | null;
  readonly candidates: readonly {
    readonly capability: string;
    readonly entity: string;
    readonly system: string;
    /** Null where it has none, or where it is `pii`. */
    readonly key: string | null;
    readonly odooId: number | null;
    readonly command: string;
  }[];
}

/** Values of `pii` fields are null and `masked`, unless they were asked for in clear. */
export interface ExplainedRecord {
  readonly capability: string;
  readonly entity: string;
  readonly system: string;
  readonly key: string | null;
  /** What it is (domain/difference.ts), or `filtered`. */
  readonly class: string;
  /** In words: what became of it and why, the most important first. */
  readonly why: readonly string[];
  /** The comparison this is told from; `runId` null: made for this answer. */
  readonly compared: { readonly runId: string | null; readonly asOf: string };
  /** Null: it is in Odoo only. `rows`: how many rows have this key. */
  readonly legacy: {
    readonly snapshot: string;
    readonly asOf: string;
    readonly row: number;
    readonly ref: string | null;
    readonly rows: number;
    readonly mapping: { readonly file: string; readonly line: number };
  } | null;
  /** Null: it is not in Odoo. */
  readonly odoo: {
    readonly id: number;
    readonly model: string;
    readonly externalId: string | null;
    readonly snapshot: string;
    readonly asOf: string;
    readonly writtenAt: string | null;
    readonly active: boolean;
    readonly inScope: boolean;
  } | null;
  readonly link: { readonly odooId: number; readonly provenance: string; readonly since: string | null; readonly runId: string | null } | null;
  /** Every link it has had in the crosswalk, oldest first. */
  readonly history: readonly {
    readonly odooId: number;
    readonly provenance: string;
    readonly from: string;
    readonly to: string | null;
    readonly runId: string;
    readonly closedBy: string | null;
  }[];
  /** The record that leads, where several are one thing. */
  readonly follows: { readonly system: string; readonly key: string | null } | null;
  readonly fields: readonly ExplainedField[];
  /** Breaks of the record as a whole. */
  readonly breaks: readonly ExplainedBreak[];
  readonly checks: readonly { readonly name: string; readonly severity: string; readonly hint: string }[];
  /** Found by the latest match. `blocks`: it keeps the record out of a plan. */
  readonly conflicts: readonly { readonly id: string; readonly class: string; readonly field: string | null; readonly blocks: boolean }[];
  /** What the last plan, and the last loads and rollbacks, did with it; newest first. */
  readonly loads: readonly {
    readonly runId: string;
    readonly command: string;
    readonly at: string | null;
    readonly outcome: string;
    readonly reason: string | null;
  }[];
}

export interface ExplainedField {
  readonly field: string;
  readonly masked: boolean;
  readonly owner: 'legacy' | 'odoo';
  /** How the source yields it; null where it does not. `given`: what the expression gave, before it was read as its type. */
  readonly source: {
    readonly columns: readonly { readonly column: string; readonly value: string | null }[];
    readonly expression: string;
    readonly file: string;
    readonly line: number;
    readonly given: string | null;
    /** The row of the code map; `target` null: it has none. */
    readonly code: { readonly file: string; readonly source: string | null; readonly target: string | null; readonly status: string | null } | null;
  } | null;
  /** Why the row was rejected for it. */
  readonly rejected: string | null;
  readonly legacy: string | null;
  readonly odooField: string | null;
  readonly odoo: string | null;
  readonly baseline: string | null;
  /** Null where the two sides are not compared. */
  readonly agrees: boolean | null;
  readonly break: ExplainedBreak | null;
}

export interface ExplainedBreak {
  readonly id: string;
  readonly class: string;
  readonly status: string;
  readonly life: string;
  readonly firstSeen: string;
  readonly nights: number;
  readonly movement: string | null;
  readonly direction: string;
  readonly pendingUntil: string | null;
  readonly waivedUntil: string | null;
  readonly decision: string | null;
  /** What to do about it. */
  readonly guidance: string;
}
