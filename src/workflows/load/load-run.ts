/** What every part of a load shares: the ports, the plan's facts, where the journal goes, and what has been found out so far. */
import type { GuardKind } from '../../domain/guarded-writes.ts';
import type { JournalEntry, JournalKind, JournalPayload } from '../../domain/journal.ts';
import type { PlanAction, PlanManifest, PlannedEntity, PlannedRecord } from '../../domain/plan.ts';
import type { OdooConnection, OdooFieldMetadata, OdooRecord, Ports, StateStore } from '../../domain/ports.ts';
import { type WireValue, wireValue } from '../plan/wire-value.ts';
import type { Settlement } from './settlement.ts';
import type { Tally } from './tally.ts';

export type Values = Readonly<Record<string, WireValue>>;

export class LoadRun {
  readonly ports: Ports;
  readonly state: StateStore;
  readonly odoo: OdooConnection;
  readonly manifest: PlanManifest;
  readonly runId: string;
  readonly segment: number;
  readonly settlement: Settlement;
  readonly tally: Tally;
  readonly userId: number;
  /** Model → records that `unlink` only archived (bank accounts): they are ours and hold nothing back. */
  readonly leftovers = new Map<string, Set<number>>();
  /** External IDs of what was deleted, for the sweep at the end of a rollback. */
  readonly deletedExternalIds: string[] = [];
  /** Documents of the batches that have begun and not ended. */
  underWay = 0;
  readonly #types = new Map<string, ReadonlyMap<string, OdooFieldMetadata>>();

  constructor(parts: Pick<LoadRun, 'ports' | 'state' | 'odoo' | 'manifest' | 'runId' | 'segment' | 'settlement' | 'tally' | 'userId'>) {
    this.ports = parts.ports;
    this.state = parts.state;
    this.odoo = parts.odoo;
    this.manifest = parts.manifest;
    this.runId = parts.runId;
    this.segment = parts.segment;
    this.settlement = parts.settlement;
    this.tally = parts.tally;
    this.userId = parts.userId;
  }

  readonly backOff = (tries: number): Promise<void> => this.odoo.backOff(tries);

  /** How the values that a plan was made on are guarded while they are written. */
  async guards(): Promise<GuardKind> {
    return (await this.odoo.helper()) === null ? 'window' : 'atomic';
  }

  entity(name: string): PlannedEntity {
    const found = this.manifest.entities[name];
    if (found === undefined) throw new Error(`the plan does not describe the entity ${name}`);
    return found;
  }

  async metadata(model: string): Promise<ReadonlyMap<string, OdooFieldMetadata>> {
    const known = this.#types.get(model) ?? (await this.odoo.fields(model));
    this.#types.set(model, known);
    return known;
  }

  /** Odoo's type of a field; only after `metadata(model)`. */
  typeOf(model: string, field: string): string {
    return this.#types.get(model)?.get(field)?.type ?? 'char';
  }

  /** Records by id, in wire form. */
  async read(model: string, ids: readonly number[], fields: readonly string[]): Promise<ReadonlyMap<number, Values>> {
    if (ids.length === 0) return new Map();
    const known = await this.metadata(model);
    const names = [...new Set(fields)].filter((field) => known.has(field));
    const records = await this.odoo.read(model, [...new Set(ids)], names.length > 0 ? names : ['id']);
    return new Map(records.map((record) => [record.id, this.wire(model, record, names)]));
  }

  wire(model: string, record: OdooRecord, fields: readonly string[]): Values {
    return Object.fromEntries(fields.map((field) => [field, wireValue(record[field], this.typeOf(model, field))]));
  }

  /** An entry about an action (or a record of it). */
  entry(kind: JournalKind, action: PlanAction, step: string, odooId: number | null, payload: JournalPayload): Omit<JournalEntry, 'sequence'> {
    return {
      runId: this.runId,
      segment: this.segment,
      kind,
      action: action.seq,
      step,
      entity: action.entity,
      system: action.system,
      key: action.key,
      externalId: action.externalId,
      model: this.entity(action.entity).model,
      odooId,
      at: this.ports.clock.now(),
      payload,
    };
  }

  async link(records: readonly { readonly record: PlannedRecord; readonly odooId: number; readonly created: boolean }[]): Promise<void> {
    const { odoo, capability } = this.manifest;
    await this.state.link(
      records.map(({ record, odooId, created }) => ({
        odooUuid: odoo.uuid,
        capability,
        entity: record.entity,
        system: record.system,
        key: record.key,
        model: this.entity(record.entity).model,
        odooId,
        externalId: created ? record.externalId : null,
        provenance: created ? ('load' as const) : (record.provenance ?? 'decision'),
        runId: this.runId,
        validFrom: this.ports.clock.now(),
      })),
    );
  }

  /** Ends the links of these records and answers those it ended. A link that has ended, or leads to another record by now, is not ours. */
  async unlink(records: readonly PlannedRecord[]): Promise<ReadonlySet<PlannedRecord>> {
    const ended = new Set<PlannedRecord>();
    const groups = Map.groupBy(records, (record) => JSON.stringify([record.entity, record.system]));
    for (const group of groups.values()) {
      const [first] = group;
      if (first === undefined) continue;
      const { uuid } = this.manifest.odoo;
      const named = group.map((record) => record.key);
      const links = await this.state.linksOf(uuid, first.entity, first.system, named);
      const ours = group.filter((record) => {
        const link = links.get(record.key);
        return link !== undefined && (record.odooId === null || record.odooId === link.odooId);
      });
      const keys = ours.map((record) => record.key);
      await this.state.unlink(uuid, first.entity, first.system, keys, this.ports.clock.now(), this.runId);
      for (const record of ours) ended.add(record);
    }
    return ended;
  }
}
