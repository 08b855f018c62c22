/** What `cutover rehearse` answers; a contract like results.ts, and kept, so that the next rehearsal can be compared. */

import type { LoadRunResult } from './results.ts';
import type { RollbackOutlook } from './rollback-results.ts';

export interface RehearsalResult {
  readonly capability: string;
  readonly database: string;
  /** Runs of the load and of its rollback. */
  readonly loadRunId: string;
  readonly rollbackRunId: string;
  readonly load: LoadRunResult;
  readonly rollback: LoadRunResult;
  readonly outlook: RollbackOutlook;
  readonly proof: RehearsalProof;
  /** In the order they were gone through. */
  readonly phases: readonly { readonly phase: RehearsalPhase; readonly seconds: number }[];
  readonly entities: readonly RehearsedEntity[];
  readonly comparison: RehearsalComparison | null;
  readonly forecast: RehearsalForecast;
}

export type RehearsalPhase = 'plan' | 'count before' | 'load' | 'rollback' | 'count after' | 'compare';

/** Every field of every record of the models that a load can touch, before and after. */
export interface RehearsalProof {
  readonly equal: boolean;
  /** Compared: records that were there before, and their values. */
  readonly records: number;
  readonly values: number;
  /** By model; empty when all is as before. `ids`: the first of them. */
  readonly different: readonly {
    readonly model: string;
    readonly came: number;
    readonly gone: number;
    readonly changed: number;
    readonly fields: readonly { readonly field: string; readonly count: number }[];
    readonly ids: { readonly came: readonly number[]; readonly gone: readonly number[]; readonly changed: readonly number[] };
  }[];
  /** What no rollback takes back, and is no difference. */
  readonly stays: readonly { readonly model: string; readonly count: number; readonly words: string }[];
  readonly notCompared: readonly string[];
}

/** Of the load and of the rollback, from their journals. */
export interface RehearsedEntity {
  readonly entity: string;
  readonly load: EntityPace;
  readonly rollback: EntityPace;
}

export interface EntityPace {
  readonly documents: number;
  /** Lines of documents counted in. */
  readonly records: number;
  /** The time until each entry of the journal is that of its entity, so that the sum is the time of the run. */
  readonly seconds: number;
  /** Seconds for one document: in the quick and in the slow stretches. */
  readonly low: number;
  readonly high: number;
}

/** Against the rehearsal before. */
export interface RehearsalComparison {
  readonly runId: string;
  readonly at: string;
  readonly documents: { readonly now: number; readonly before: number };
  readonly load: { readonly seconds: number; readonly before: number };
  readonly rollback: { readonly seconds: number; readonly before: number };
  /** Documents a second. */
  readonly entities: readonly { readonly entity: string; readonly rate: number; readonly before: number }[];
  /** Dead letters by entity and reason. */
  readonly newRefusals: readonly { readonly entity: string; readonly reason: string; readonly count: number }[];
  readonly goneRefusals: readonly { readonly entity: string; readonly reason: string; readonly count: number }[];
  readonly conflicts: { readonly now: number; readonly before: number };
}

/** The length of the real night: what the plan writes, at the rates that were measured. */
export interface RehearsalForecast {
  /** Documents the plan writes. */
  readonly documents: number;
  /** Rehearsals the rates are from. */
  readonly rehearsals: number;
  /** Null where an entity of the plan was never measured. */
  readonly load: Spread | null;
  readonly rollback: Spread | null;
}

export interface Spread {
  readonly low: number;
  readonly typical: number;
  readonly high: number;
}
