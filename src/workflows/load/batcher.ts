/** Actions in plan order become batches that can be sent together. */
import type { PlanAction, PlanManifest } from '../../domain/plan.ts';
import { createSignature } from './load-table.ts';
import { referenceName, referencesOf } from './references.ts';

/** Actions kept waiting for their batch to fill, over all groups. */
const WAITING = 4000;
/** Deletes in one batch, where the entity's own batches are small. */
const DELETES = 250;

export interface BatchSink {
  /** Resolves when the batch has begun. */
  readonly start: (batch: readonly PlanAction[]) => Promise<void>;
  /** Resolves when everything begun has ended. */
  readonly drain: () => Promise<void>;
  /** How many documents a batch of the entity has, where `most` is allowed. */
  readonly size: (entity: string, most: number) => number;
  /** Do records of the entity refer to each other? */
  readonly refersToItself: (entity: string) => Promise<boolean>;
}

/** Creates share a batch when they give the same fields; changes and deletes share theirs. What refers to a record that is still waiting or
 *  under way, or changes the same record of Odoo, is held until that has landed; an entity begins when the one before it has ended. */
export class Batcher {
  readonly #manifest: PlanManifest;
  readonly #sink: BatchSink;
  readonly #groups = new Map<string, PlanAction[]>();
  readonly #unlanded = new Set<string>();
  /** Records of Odoo, of the one entity that is under way. */
  readonly #changed = new Set<number | null>();
  #entity: string | null = null;
  #waiting = 0;

  constructor(manifest: PlanManifest, sink: BatchSink) {
    this.#manifest = manifest;
    this.#sink = sink;
  }

  async add(action: PlanAction): Promise<void> {
    if (action.entity !== this.#entity) {
      await this.flush();
      this.#entity = action.entity;
    }
    const refersToUnlanded = [action, ...action.lines].some((record) => referencesOf(record).some((reference) => this.#unlanded.has(referenceName(reference))));
    if (refersToUnlanded || this.#changed.has(action.odooId)) await this.flush();
    const kind = action.action === 'create' ? `create ${createSignature(action)}` : action.action === 'delete' ? 'delete' : 'change';
    const group = this.#groups.get(kind) ?? [];
    group.push(action);
    this.#groups.set(kind, group);
    this.#waiting += 1;
    if (action.action === 'create') this.#unlanded.add(referenceName(action));
    if (action.odooId !== null) this.#changed.add(action.odooId);
    const batch = this.#manifest.entities[action.entity]?.batch ?? 250;
    // A delete costs little beside the looks taken before it.
    const most = action.action === 'delete' ? Math.max(batch, Math.min(DELETES, batch * 4)) : batch;
    if (group.length >= this.#sink.size(action.entity, most)) await this.#send(kind);
    else if (this.#waiting >= WAITING) await this.#send([...this.#groups].sort(([, left], [, right]) => right.length - left.length)[0]?.[0] ?? kind);
  }

  /** Everything waiting is sent, everything sent has ended. */
  async flush(): Promise<void> {
    for (const kind of [...this.#groups.keys()]) await this.#send(kind);
    await this.#sink.drain();
    this.#unlanded.clear();
    this.#changed.clear();
  }

  async #send(kind: string): Promise<void> {
    const batch = this.#groups.get(kind) ?? [];
    this.#groups.delete(kind);
    this.#waiting -= batch.length;
    if (batch.length === 0) return;
    // A parent may be in the batch behind its children.
    if (batch[0]?.action === 'delete' && (await this.#sink.refersToItself(batch[0].entity))) await this.#sink.drain();
    await this.#sink.start(batch);
  }
}
