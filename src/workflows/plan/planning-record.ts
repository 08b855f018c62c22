/** What a plan is made from: one record of an entity with both sides, as the comparison left it. Plain data; tests write it as literals. */
import { createHash } from 'node:crypto';
import type { EntityContract, OdooBinding } from '../../domain/contract.ts';
import type { BreakStatus, Direction, RecordClass } from '../../domain/difference.ts';
import type { Provenance, RecordName } from '../../domain/matching.ts';
import { externalId } from '../../domain/record-key.ts';
import type { ResolvedBinding, ResolvedField } from '../pull/pull-odoo-binding.ts';
import type { Hindrances } from './hindrances.ts';
import type { BrokenRule } from './refused-by-check.ts';
import type { WireValue } from './wire-value.ts';

export interface RecordToPlan {
  readonly system: string;
  readonly key: string;
  readonly class: RecordClass;
  readonly odooId: number | null;
  /** It is known to be its record of Odoo, and the crosswalk does not hold that yet. */
  readonly toLink: boolean;
  /** How it is known, and in a few words by what (without cell contents); null where it is not linked. */
  readonly provenance: Provenance | null;
  readonly evidence: string | null;
  /** The legacy record that is the same thing and says what it is; null: it is that one itself, or there is no other. */
  readonly leader: RecordName | null;
  /** Systems of the records before it in that: what they yield is not its to say. */
  readonly ahead: readonly string[] | null;
  /** Unresolved conflicts that its contract does not let into a plan, by class and field. */
  readonly conflicts: readonly BlockingConflict[] | null;
  /** Rules of its contract that it breaks and that keep it out of a plan; left out: none. */
  readonly broken?: readonly BrokenRule[] | null;
  /** The source row, or the rows where several have its key, as a person knows them. */
  readonly ref?: string | null;
  /** Of a rejected row: the rules that its fields break, without values. */
  readonly faults?: string | null;
  /** Canonical field → legacy value in wire form; null when there is no legacy row (or more than one). */
  readonly values: Readonly<Record<string, WireValue>> | null;
  /** Ref field → what it refers to: Odoo id, and its class when it is a record of this capability. */
  readonly references: Readonly<Record<string, ReferenceToPlan>>;
  /** Code field → Odoo id of the related record. */
  readonly codes: Readonly<Record<string, number | null>>;
  /** Canonical field → what is expected to happen to it. */
  readonly differing: Readonly<Record<string, Direction>>;
  /** What is expected to happen to the record as a whole. */
  readonly direction: Direction | null;
  /** Why the record as a whole is left alone; null: it is not. Fields that are left alone are not in `differing`. */
  readonly leftAlone: LeftAlone | null;
  /** Odoo field → value in the snapshot; null when the record is not in it. */
  readonly odoo: Readonly<Record<string, WireValue>> | null;
  /** Canonical state in Odoo. */
  readonly odooState: string | null;
  /** For entities that refer to themselves: false when the references run in a circle. */
  readonly grounded: boolean;
}

/** A break that is accepted, that may be on its way, or that we have mended since the snapshot was taken. */
export interface LeftAlone {
  readonly status: Exclude<BreakStatus, 'open'>;
  /** Until when it is waived, or from when on it is a break. */
  readonly until: string | null;
}

/** What a field refers to. `leader`: the record that leads it, where several are one thing. */
export interface ReferenceToPlan {
  readonly id: number | null;
  readonly class: RecordClass | null;
  readonly leader: RecordName | null;
}

export interface BlockingConflict {
  readonly class: string;
  readonly field: string | null;
  readonly ids: readonly string[];
}

/** What the planning functions know of an entity. */
export interface EntityToPlan {
  readonly contract: EntityContract;
  readonly binding: OdooBinding;
  readonly resolved: ResolvedBinding;
  /** Field → the systems whose mapping yields it. */
  readonly mapped: ReadonlyMap<string, readonly string[]>;
  readonly namespace: string;
  /** Rows without a readable key were rejected: what looks gone may be one of them. */
  readonly rejectedWithoutKey: number;
  /** Lock dates of Odoo's company: field → last locked day. */
  readonly lockDates?: Readonly<Record<string, string>>;
  /** What stands in the way of its states in Odoo now. */
  readonly hindrances?: Hindrances;
  /** System → the file or table of its rows, in words. */
  readonly places?: ReadonlyMap<string, string>;
  /** Was this record refused earlier in this plan for what it is? Nothing may refer to it then, be it in Odoo or not. */
  readonly isRuledOut?: (entity: string, system: string, key: string) => boolean;
  /** Was this record refused earlier in this plan? */
  readonly isRefused: (entity: string, system: string, key: string) => boolean;
}

/** Fields a load may write for records of a system: sent, fed by its mapping, and not the line's reference to its document. */
export function writableFields(entity: EntityToPlan, system: string): readonly ResolvedField[] {
  return entity.resolved.fields.filter((field) => field.send && isFed(entity, field.field, system) && field.odoo !== entity.resolved.parentField);
}

export function isFed(entity: EntityToPlan, field: string, system: string): boolean {
  return entity.mapped.get(field)?.includes(system) ?? false;
}

export function externalIdOf(entity: EntityToPlan, system: string, key: string): string {
  return externalId(entity.namespace, entity.contract.entity, system, key, (text) => createHash('sha256').update(text).digest('hex').slice(0, 16));
}

/** What goes along when a field of an existing record is written: Odoo computes it anew otherwise (a line's price when its quantity changes). */
export function companionsOf(binding: OdooBinding | undefined, fields: readonly ResolvedField[], name: string): readonly ResolvedField[] {
  const along = binding?.fields[name]?.along ?? [];
  return fields.filter((field) => along.includes(field.field) && field.send);
}
