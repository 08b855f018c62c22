/** What `cutover rollback` and `cutover rehearse` answer; a contract like results.ts. */
import type { PlanResult } from './results.ts';

/** What a rollback will find, as Odoo is when it is planned. */
export interface RollbackOutlook {
  /** Documents that stay, or keep something, by why. */
  readonly stays: readonly { readonly entity: string; readonly why: StayingRecord['why']; readonly count: number }[];
  /** Documents the load made that are no longer in Odoo. */
  readonly gone: number;
  /** The first of those that stay; the plan holds all, each with its reason. */
  readonly records: readonly StayingRecord[];
  /** What could not be looked at, in words. */
  readonly notChecked: readonly string[];
}

export interface StayingRecord {
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  readonly odooId: number;
  /** changed: somebody has changed it since; used: somebody has worked with what Odoo made for it; held: records that stay refer to it; archived: Odoo only
   *  archives it, since the record it would go with stays. */
  readonly why: 'changed' | 'used' | 'held' | 'archived';
  /** Odoo fields that were changed; those of lines with their entity. */
  readonly fields: readonly string[];
  /** Who wrote the record last, and when; of those that were changed. */
  readonly by: string | null;
  readonly at: string | null;
  /** What was worked with, or refers to it. */
  readonly holders: readonly { readonly model: string; readonly count: number }[];
  readonly words: string;
}

export interface RollbackPlanResult extends PlanResult {
  readonly outlook: RollbackOutlook;
}
