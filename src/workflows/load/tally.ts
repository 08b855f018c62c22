/** The counts of a load. Every document ends in exactly one of them. */
import type { JournalPlace, LoadCounts } from '../../domain/journal.ts';
import type { PlanAction, PlanManifest, PlannedRecord } from '../../domain/plan.ts';
import type { LoadRunResult } from '../../domain/results.ts';
import { referenceName } from './references.ts';

export type Outcome = 'applied' | 'noop' | 'conflict' | 'deadLettered' | 'blocked';

const KEYS_SHOWN = 20;
const CONFLICTS_SHOWN = 200;
const MASK = '•••';

/** An earlier run's dead letter about a record of this plan. */
export interface Settled {
  readonly action: PlanAction;
  readonly ends: readonly JournalPlace[];
}

export class Tally {
  readonly #manifest: PlanManifest;
  readonly #ended = new Map<number, Outcome>();
  readonly #records = { created: 0, updated: 0, deleted: 0, linked: 0, detached: 0, unchanged: 0 };
  readonly #conflicts: LoadRunResult['conflicts'][number][] = [];
  readonly #refusals = new Map<string, { entity: string; reason: string; count: number; keys: string[] }>();
  readonly #altered = new Map<string, number>();
  readonly #counts: LoadCounts = { planned: 0, applied: 0, noop: 0, conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 };

  readonly #deadLetters: ReadonlyMap<string, readonly JournalPlace[]>;
  /** The worklist of what users had changed, once it is written. */
  conflictsFile: string | null = null;
  /** What turned out well in this run and had been refused in an earlier one. */
  readonly settled: Settled[] = [];

  /** `deadLetters`: open ones of earlier runs, by `referenceName`. */
  constructor(manifest: PlanManifest, deadLetters: ReadonlyMap<string, readonly JournalPlace[]> = new Map()) {
    this.#manifest = manifest;
    this.#deadLetters = deadLetters;
  }

  plan(): void {
    this.#counts.planned += 1;
  }

  /** The first end of a document holds; a second would count it twice. */
  end(action: PlanAction, outcome: Outcome): void {
    if (this.#ended.has(action.seq)) throw new Error(`action ${action.seq} ended twice`);
    // Quiet and applied documents are the many; only their count is kept.
    if (outcome !== 'noop' && outcome !== 'applied') this.#ended.set(action.seq, outcome);
    this.#counts[outcome] += 1;
    const ends = outcome === 'noop' || outcome === 'applied' ? this.#deadLetters.get(referenceName(action)) : undefined;
    if (ends !== undefined) this.settled.push({ action, ends });
    if (outcome === 'noop') this.#records.unchanged += 1 + action.lines.length;
    if (outcome === 'applied') for (const record of [action, ...action.lines]) this.#count(record);
  }

  hasEnded(action: PlanAction): boolean {
    return this.#ended.has(action.seq);
  }

  unknown(by: 1 | -1): void {
    this.#counts.unknown += by;
  }

  /** `fields` of Odoo that a user changed, `held`: those left alone with them. */
  conflict(record: Pick<PlannedRecord, 'entity' | 'key'>, { fields, held }: { readonly fields: readonly string[]; readonly held: readonly string[] }): void {
    if (this.#conflicts.length < CONFLICTS_SHOWN) this.#conflicts.push({ entity: record.entity, key: this.#shown(record), fields, held });
  }

  refuse(record: PlannedRecord, reason: string): void {
    const group = JSON.stringify([record.entity, reason]);
    const found = this.#refusals.get(group) ?? { entity: record.entity, reason, count: 0, keys: [] };
    found.count += 1;
    if (found.keys.length < KEYS_SHOWN) found.keys.push(this.#shown(record));
    this.#refusals.set(group, found);
  }

  /** Odoo kept something else than what was sent, beyond rounding. */
  alter(entity: string, field: string): void {
    const name = `${entity}.${field}`;
    this.#altered.set(name, (this.#altered.get(name) ?? 0) + 1);
  }

  get altered(): ReadonlyMap<string, number> {
    return this.#altered;
  }

  counts(): LoadCounts {
    const { planned, applied, noop, conflict, deadLettered, blocked } = this.#counts;
    return { ...this.#counts, remaining: planned - applied - noop - conflict - deadLettered - blocked };
  }

  result(runId: string, seconds: number, seal: LoadRunResult['seal']): LoadRunResult {
    return {
      ...this.counts(),
      runId,
      records: { ...this.#records },
      conflicts: this.#conflicts,
      conflictsFile: this.conflictsFile,
      refusals: [...this.#refusals.values()],
      seconds,
      seal,
    };
  }

  #count(record: PlannedRecord): void {
    if (record.action === 'create') this.#records.created += 1;
    else if (record.action === 'update' || record.action === 'archive') this.#records.updated += 1;
    else if (record.action === 'delete') this.#records.deleted += 1;
    else if (record.action === 'link') this.#records.linked += 1;
    else if (record.action === 'detach') this.#records.detached += 1;
    else this.#records.unchanged += 1;
  }

  #shown(record: Pick<PlannedRecord, 'entity' | 'key'>): string {
    return this.#manifest.entities[record.entity]?.keyIsPii === true ? MASK : record.key;
  }
}
