/** What the verbs answer: the `data` of the JSON envelope. Others script against these names; they are part of the contract of the command line. */

import type { AllocationSummary, ExplainedClass, StateSinceAgreed } from './allocation.ts';
import type { ControlTotal, CoverageItem, Roundings, Verdict } from './difference.ts';
import type { LoadConditions } from './environment.ts';
import type { GuardKind } from './guarded-writes.ts';
import type { LoadCounts } from './journal.ts';
import type { PaceReport } from './pace.ts';
import type { PlanActionKind } from './plan.ts';
import type { LifeCounts, Pattern, ReconcileReport, WaiverState } from './report.ts';

export interface PullResult {
  readonly snapshots: readonly {
    readonly system: string;
    readonly entity: string;
    readonly id: string;
    readonly rows: number;
    readonly quarantined: number;
    readonly mode: 'full' | 'incremental';
  }[];
}

export interface MapResult {
  readonly entities: readonly {
    readonly entity: string;
    readonly system: string;
    readonly input: number;
    readonly mapped: number;
    readonly rejected: number;
    readonly filtered: number;
    readonly duplicates: number;
  }[];
  readonly checks: readonly {
    readonly entity: string;
    readonly name: string;
    readonly severity: 'error' | 'warning' | 'info';
    readonly count: number;
    readonly measure: string | null;
    readonly hint: string;
  }[];
  /** Rejects by entity, system, field and rule; and the CSV to mend, when there is one. */
  readonly rejects: readonly { readonly entity: string; readonly system: string; readonly field: string; readonly rule: string; readonly count: number }[];
  readonly rejectFiles: readonly string[];
}

/** The counts of the capability, and below them those of each entity. */
export interface MatchResult extends MatchCounts {
  readonly model: { readonly file: string | null; readonly hash: string | null };
  readonly entities: readonly (MatchCounts & {
    readonly entity: string;
    readonly records: { readonly legacy: number; readonly odoo: number };
    /** Which records were compared; null where no field tells two of them apart. */
    readonly blocking: { readonly candidates: number; readonly leftOut: number } | null;
    readonly model: 'trained' | 'used' | null;
    readonly decisions: { readonly applied: number; readonly stale: number };
    /** What could not be checked, in words. */
    readonly notChecked: readonly string[];
  })[];
  /** Files of the run: match.ndjson, match-worklist.csv. */
  readonly files: readonly string[];
}

/** Why two records are, or are not, one thing. Weights in bits: +1 doubles the odds. */
export interface PairExplanationResult {
  readonly entity: string;
  readonly left: string;
  readonly right: string;
  /** Before anything is compared. */
  readonly prior: number;
  /** `left` and `right`: values as they were compared; null where there is none, and where `masked`. */
  readonly evidence: readonly {
    readonly comparison: string;
    readonly level: string;
    readonly left: string | null;
    readonly right: string | null;
    readonly masked: boolean;
    readonly weight: number;
    /** The part of it that comes from how rare or usual this very value is. */
    readonly byFrequency: number;
  }[];
  readonly total: number;
  readonly thresholds: { readonly match: number; readonly review: number };
  /** An identifier that proves two things differs. */
  readonly excluded: boolean;
  readonly verdict: 'match' | 'review' | 'distinct';
  /** Decided or linked before, whatever it weighs. */
  readonly known: 'same' | 'different' | null;
}

export interface MatchCounts {
  /** Undecided pairs from the review threshold on; `match`: those from the match threshold on. */
  readonly pairs: { readonly match: number; readonly review: number };
  /** Things with two records or more. */
  readonly clusters: number;
  /** Class → conflicts found and not decided. */
  readonly conflicts: Readonly<Record<string, number>>;
  readonly crosswalk: { readonly linked: number; readonly new: number; readonly repointed: number; readonly dangling: number };
}

export interface ReconcileResult {
  readonly verdict: Verdict;
  readonly entities: readonly {
    readonly entity: string;
    readonly legacy: number;
    readonly odoo: number;
    readonly equal: number;
    readonly outsideScope: number;
    /** Class → breaks that are open; what is pending, waived or an echo is not among them. */
    readonly breaks: Readonly<Record<string, number>>;
    readonly pending: number;
    readonly waived: number;
    readonly explained: number;
  }[];
  readonly life: LifeCounts;
  readonly alarm: ReconcileReport['alarm'];
  /** The nights so far, oldest first, this one last. */
  readonly trend: ReconcileReport['trend'];
  /** The first of them by what they explain. */
  readonly patterns: readonly Pattern[];
  readonly waivers: readonly WaiverState[];
  /** What was read again because it might have been on its way; null: nothing was. */
  readonly secondLook: { readonly records: number; readonly settled: number } | null;
  readonly controls: readonly ControlTotal[];
  readonly roundings: Roundings;
  readonly coverage: readonly CoverageItem[];
  /** Every rule of `explained`, also those that explain nothing. */
  readonly explained: readonly ExplainedClass[];
  readonly allocations: readonly AllocationSummary[];
  readonly sinceAgreed: readonly StateSinceAgreed[];
  readonly checks: MapResult['checks'];
  /** Files of the run: report.json and breaks.ndjson, which every report is made from, the reports, links-to-decide.csv. */
  readonly files: readonly string[];
}

export interface PlanResult {
  readonly file: string;
  readonly nonce: string;
  readonly actions: Readonly<Record<PlanActionKind, number>>;
  readonly lines: Readonly<Record<PlanActionKind, number>>;
  readonly byEntity: readonly { readonly entity: string; readonly actions: Readonly<Record<PlanActionKind, number>> }[];
  /** A few actions of each kind, field by field, `pii` masked. */
  readonly samples: readonly {
    readonly entity: string;
    readonly key: string;
    readonly action: PlanActionKind;
    readonly reason: string | null;
    readonly fields: readonly { readonly field: string; readonly before: string | null; readonly after: string | null }[];
  }[];
  /** `rows`: source rows of the first few, each with its file or table. */
  readonly refusals: readonly { readonly entity: string; readonly reason: string; readonly count: number; readonly rows: readonly string[] }[];
  /** Differences that the plan does nothing about: accepted, explained by the contract, possibly on their way, or written by us since Odoo was pulled. */
  readonly leftAlone: readonly { readonly entity: string; readonly status: 'waived' | 'pending' | 'echo' | 'explained'; readonly count: number }[];
  /** What a rollback of this plan leaves behind or cannot undo, in documents. */
  readonly limits: readonly { readonly entity: string; readonly cannot: string; readonly count: number }[];
  /** From the rates of earlier loads or the defaults; null when nothing is to be written. */
  readonly expectedSeconds: number | null;
}

/** Where a run stood when it was taken up again, in documents. */
export interface ResumedAt {
  /** At their end before, or nothing to do. */
  readonly done: number;
  /** With calls that were begun and never answered: Odoo is asked what became of them. */
  readonly asked: number;
  readonly left: number;
}

export interface LoadRunResult extends LoadCounts {
  readonly runId: string;
  /** Left out: the run was not taken up again. */
  readonly resumed?: ResumedAt;
  /** The same counts of the documents' lines (and every single record). */
  readonly records: {
    readonly created: number;
    readonly updated: number;
    readonly deleted: number;
    readonly linked: number;
    /** Links that a rollback ended. */
    readonly detached: number;
    readonly unchanged: number;
  };
  /** The first of them. `fields` of Odoo that a user changed since the plan was made; `held`: fields left alone because they belong together with these. */
  readonly conflicts: readonly { readonly entity: string; readonly key: string; readonly fields: readonly string[]; readonly held: readonly string[] }[];
  /** What users had changed, as a worklist to be decided and taken back by `decisions import`; null: nothing is to be decided. */
  readonly conflictsFile: string | null;
  readonly refusals: readonly { readonly entity: string; readonly reason: string; readonly count: number; readonly keys: readonly string[] }[];
  readonly seconds: number;
  /** What it was allowed to begin under; of an earlier version: not known. */
  readonly conditions?: LoadConditions;
  /** Were records compared and written in one transaction, or with a window of one round trip? Left out: a run of an earlier version. */
  readonly guards?: GuardKind;
  /** How fast it went, and why not faster. Left out: a run of an earlier version. */
  readonly pace?: PaceReport;
  /** What proves the journal of the run: noted elsewhere, it tells whether somebody has made the whole chain anew. */
  readonly seal: { readonly entries: number; readonly hash: string };
}

export interface DoctorResult {
  readonly findings: readonly {
    readonly check: string;
    readonly status: 'ok' | 'warning' | 'problem' | 'not-checked';
    readonly detail: string;
    readonly fix: string | null;
  }[];
}

export interface ProfileResult {
  readonly system: string;
  readonly entities: readonly {
    readonly name: string;
    readonly rows: number;
    readonly columns: readonly {
      readonly column: string;
      readonly type: string;
      readonly nulls: number;
      readonly distinct: number;
      readonly minimum: string | null;
      readonly maximum: string | null;
      /** Lengths of the values, in characters. */
      readonly shortest: number | null;
      readonly longest: number | null;
      readonly patterns: readonly { readonly pattern: string; readonly count: number }[];
      readonly identifiers: readonly { readonly scheme: string; readonly share: number }[];
    }[];
    readonly candidateKeys: readonly (readonly string[])[];
    readonly damage: readonly {
      readonly column: string;
      readonly kind: string;
      readonly count: number;
      readonly example: string | null;
      readonly hint: string;
    }[];
  }[];
}

export interface StatusResult {
  /** Null: the workspace has no environments. */
  readonly environment: {
    readonly name: string;
    readonly production: boolean;
    readonly odoo: string;
    readonly state: 'embedded' | 'postgres';
    readonly store: string;
  } | null;
  readonly capabilities: readonly {
    readonly name: string;
    readonly phase: 'legacy-led' | 'shared' | 'odoo-led';
    /** Of the last reconcile that came to one. `overtakenBy`: the newest load or rollback since, which may have made it untrue. */
    readonly verdict: {
      readonly verdict: Verdict;
      readonly runId: string;
      readonly at: string;
      readonly overtakenBy: { readonly command: string; readonly runId: string; readonly at: string } | null;
    } | null;
    /** The last run of each command, newest first. */
    readonly runs: readonly {
      readonly command: string;
      readonly runId: string;
      readonly status: string;
      readonly startedAt: string;
      readonly seconds: number | null;
    }[];
  }[];
  /** Runs that did not come to their end, with the command that goes on. */
  readonly open: readonly {
    readonly runId: string;
    readonly command: string;
    readonly capability: string | null;
    readonly status: string;
    readonly startedAt: string;
    /** A load or rollback that somebody paused, unless it was killed since; `resume` lets it go on where it runs. */
    readonly paused: { readonly since: string; readonly resume: string } | null;
    readonly goOn: string;
  }[];
  /** What Odoo refused and nobody has settled. */
  readonly deadLetters: readonly { readonly capability: string; readonly direction: 'load' | 'rollback'; readonly open: number }[];
  /** The last one that came to its end. */
  readonly rehearsal: {
    readonly runId: string;
    readonly at: string;
    readonly capability: string;
    readonly database: string;
    readonly equal: boolean;
    readonly deadLettered: number;
    readonly loadSeconds: number;
    readonly rollbackSeconds: number;
    /** Seconds the load of the real night will take; null where it cannot be told. */
    readonly forecast: { readonly low: number; readonly typical: number; readonly high: number } | null;
  } | null;
  /** The latest snapshot of each entity of each system. */
  readonly snapshots: readonly { readonly system: string; readonly entity: string; readonly id: string; readonly asOf: string; readonly rows: number }[];
  /** Open links to records of the Odoo of this workspace; null when it did not say which it is. */
  readonly crosswalk: readonly { readonly capability: string; readonly entity: string; readonly system: string; readonly links: number }[] | null;
}

export interface RebuildResult {
  readonly entities: readonly {
    readonly entity: string;
    /** Links that are as Odoo's External IDs have them, and were so before. */
    readonly linked: number;
    readonly added: number;
    readonly repointed: number;
    /** Links for which Odoo holds no External ID: left as they are. */
    readonly withoutExternalId: number;
    /** Links made by a decision or a match that lead elsewhere than their External ID: left as they are. */
    readonly decidedOtherwise: number;
    /** External IDs that begin like those of this entity and name none of its records. */
    readonly unknown: number;
  }[];
  /** External IDs of the namespace that belong to no entity of the workspace. */
  readonly unknown: number;
  /** The first of everything that was not as it should be; all of it is in the file. `was` and `is` are database ids. */
  readonly findings: readonly RebuildFinding[];
  /** In words. */
  readonly notChecked: readonly string[];
  readonly files: readonly string[];
}

export interface RebuildFinding {
  readonly found: 'repointed' | 'decided-otherwise' | 'unknown' | 'without-external-id' | 'added';
  /** Null where it is not known, or the key is marked `pii`. */
  readonly entity: string | null;
  readonly system: string | null;
  readonly key: string | null;
  readonly externalId: string | null;
  readonly was: number | null;
  readonly is: number | null;
  readonly reason: string | null;
}
