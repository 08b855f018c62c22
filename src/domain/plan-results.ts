/** What `plan list|show|verify|approve` answer; contracts like results.ts. Values of fields marked `pii` never come here. */
import type { Person } from './person.ts';
import type { PlanActionKind } from './plan.ts';

/** An approval as it stands in a journal. `problem`: why it does not count; null: it does. */
export interface ApprovalOnFile {
  readonly by: Person;
  readonly at: string;
  readonly comment: string | null;
  /** Run whose journal holds it, and the last hash of that journal. */
  readonly runId: string;
  readonly seal: string;
  readonly problem: string | null;
}

/** Who has approved a plan, and whether that is enough where it would be loaded. */
export interface ApprovalState {
  /** 0: its environment asks for none. */
  readonly required: number;
  /** Different people whose approvals count. */
  readonly counting: number;
  readonly approvals: readonly ApprovalOnFile[];
}

/** A plan as a whole: what its manifest says, and what the state knows of it. */
export interface PlanHead {
  readonly file: string;
  readonly kind: 'load' | 'rollback';
  readonly capability: string;
  readonly environment: string | null;
  readonly nonce: string;
  readonly sha256: string;
  readonly asOf: string;
  /** Run that made it, and for a rollback the run it takes back. */
  readonly runId: string;
  readonly reverses: string | null;
  readonly odoo: { readonly database: string; readonly uuid: string };
  readonly actions: number;
  /** Null: the state has no such plan, or an earlier version made it. */
  readonly author: Person | null;
  readonly registeredAt: string | null;
  readonly consumedBy: string | null;
  readonly approval: ApprovalState;
}

export interface PlanShowResult {
  readonly plan: PlanHead;
  /** Actions and lines of the whole plan, by kind. */
  readonly counts: Readonly<Partial<Record<PlanActionKind, number>>>;
  /** How many documents were asked for; `shown` are the first of them. */
  readonly matching: number;
  readonly shown: readonly ShownAction[];
}

export interface ShownRecord {
  readonly action: PlanActionKind;
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  readonly odooId: number | null;
  readonly reason: string | null;
  readonly fields: readonly {
    readonly field: string;
    readonly odooField: string;
    readonly before: string | null;
    readonly after: string | null;
    readonly masked: boolean;
  }[];
}

export interface ShownAction extends ShownRecord {
  readonly seq: number;
  readonly lines: readonly ShownRecord[];
  readonly steps: readonly string[];
  readonly rollback: { readonly will: string; readonly cannot: string | null };
}

export interface PlanVerifyResult {
  readonly plan: PlanHead;
  /** What speaks against loading the plan as a whole; empty: nothing does. */
  readonly problems: readonly string[];
  /** What could not be looked at, in words. */
  readonly notChecked: readonly string[];
  /** Records that were read again. */
  readonly checked: number;
  /** Of these: as the plan has them, already as it would make them, and changed since. */
  readonly fresh: number;
  readonly already: number;
  readonly stale: number;
  /** Where they went stale, the most first. */
  readonly byField: readonly { readonly entity: string; readonly field: string; readonly count: number }[];
  readonly shown: readonly StaleRecord[];
}

export interface StaleRecord {
  readonly seq: number;
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  readonly odooId: number | null;
  /** `gone`: no such record any more; `exists`: it was to be made, and there is one of its name. */
  readonly problem: 'changed' | 'gone' | 'exists';
  readonly fields: readonly { readonly field: string; readonly planned: string | null; readonly now: string | null; readonly masked: boolean }[];
  /** Who wrote it last, as far as this user may know, and when (UTC). */
  readonly writtenBy: string | null;
  readonly writtenAt: string | null;
}

export interface PlanApproveResult {
  readonly plan: PlanHead;
  readonly by: Person;
  readonly comment: string | null;
  readonly seal: { readonly entries: number; readonly hash: string };
  /** It was approved from the account and the machine it was made with. */
  readonly isSameAccount: boolean;
}

export interface PlanListResult {
  readonly plans: readonly {
    readonly nonce: string;
    readonly kind: 'load' | 'rollback';
    readonly capability: string;
    readonly environment: string | null;
    readonly file: string;
    readonly isThere: boolean;
    readonly author: string | null;
    readonly registeredAt: string;
    readonly approvals: number;
    readonly consumedBy: string | null;
  }[];
}
