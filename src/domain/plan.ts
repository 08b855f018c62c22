/** A plan: the exact writes a load (or a rollback) will make, as data. Load reads nothing but the plan, the crosswalk and Odoo.
 *
 *  File: one JSON object a line. First the manifest, then one action per document in order (parents first), last the end line with the
 *  count and the SHA-256 of everything before it. A file without its end line is refused. */
import type { Operation } from 'fast-json-patch';
import type { Provenance } from './matching.ts';
import type { Person } from './person.ts';

export const PLAN_FORMAT = 'cutover-plan';
export const PLAN_VERSION = 1;

/** A value on its way to Odoo: a JSON scalar as Odoo takes it (decimals as text), or the record another action of this plan makes. */
export type PlannedValue = string | number | boolean | null | readonly number[] | PlannedReference;
/** Resolved through the crosswalk when the action is applied. */
export interface PlannedReference {
  readonly $ref: { readonly entity: string; readonly system: string; readonly key: string };
}

/** How an entity's records are written; copied from the binding so that a plan stands alone. */
export interface PlannedEntity {
  readonly model: string;
  readonly batch: number;
  readonly context: Readonly<Record<string, unknown>>;
  /** For lines: one2many field of the parent, and many2one field to it. */
  readonly in: string | null;
  readonly parentField: string | null;
  readonly byproducts: readonly {
    readonly model: string;
    readonly through: string | null;
    readonly domain: readonly unknown[] | null;
    readonly rollback: 'unlink' | 'with' | 'keep';
    /** Step that makes it; a new record that does not take it has none. */
    readonly step?: string | null;
    /** How it reads once somebody has worked with it: its document is then kept. */
    readonly used?: Readonly<Record<string, readonly (string | boolean)[]>> | null;
  }[];
  /** Odoo fields that tell the state of a record; read again around every step. */
  readonly stateFields: readonly string[];
  /** The record key holds a field marked `pii`: it is not shown. */
  readonly keyIsPii: boolean;
  /** Odoo field → what it is: canonical name, kind for the wire, whether its values may be shown. */
  readonly fields: Readonly<Record<string, { readonly field: string | null; readonly type: string; readonly pii: boolean } & PlannedFieldRules>>;
  /** Odoo fields that are given on create only; a deleted line gets them back. */
  readonly set?: readonly string[];
  /** Documents whose lines Odoo accepts only together: the one2many field in which their changes are written at once. */
  readonly linesTogether?: string;
  /** Odoo field of a date → lock dates of the company that are looked at again before a method is called. */
  readonly locks?: Readonly<Record<string, readonly string[]>>;
}

export interface PlannedFieldRules {
  /** Odoo fields that go along whenever this one is written: Odoo would compute them anew. */
  readonly along?: readonly string[];
  /** Odoo computes it; never written. */
  readonly computed?: boolean;
}

export interface PlanManifest {
  readonly format: typeof PLAN_FORMAT;
  readonly version: typeof PLAN_VERSION;
  readonly kind: 'load' | 'rollback';
  readonly capability: string;
  /** Run that made the plan. */
  readonly runId: string;
  /** Consumed once in the state when the plan is loaded. */
  readonly nonce: string;
  readonly asOf: string;
  /** Environment it was made for and may be loaded into; null or left out: the workspace had none. */
  readonly environment?: string | null;
  readonly namespace: string;
  readonly odoo: { readonly uuid: string; readonly database: string; readonly version: string };
  readonly snapshots: readonly { readonly system: string; readonly entity: string; readonly id: string }[];
  readonly mappingHash: string;
  /** Rollback: the run that is taken back. */
  readonly reverses: string | null;
  readonly entities: Readonly<Record<string, PlannedEntity>>;
  /** In load order. */
  readonly order: readonly string[];
}

/** Load plans use the first six; rollback plans use `update` (restore a before-image), `delete`, `archive`, `detach` (end a crosswalk link), `noop` and `refuse`. */
export type PlanActionKind = 'create' | 'update' | 'link' | 'archive' | 'noop' | 'refuse' | 'delete' | 'detach';

/** One step after (create) or before (delete) the record itself; each is a journal step of its own. */
export interface PlannedStep {
  readonly name: string;
  readonly call: string | null;
  readonly on: string | null;
  readonly unless: Readonly<Record<string, readonly (string | boolean)[]>> | null;
  readonly context: Readonly<Record<string, unknown>>;
  /** Named arguments of the call, with the placeholders of the binding. */
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** The method is called on a record of this model that is made for it. */
  readonly wizard?: { readonly model: string; readonly values: Readonly<Record<string, unknown>> };
  readonly write: Readonly<Record<string, PlannedValue>> | null;
  readonly unlink: string | null;
  /** Rollback: records Odoo had made by itself, known by id from the journal, to be deleted at this point. */
  readonly byproducts?: readonly { readonly model: string; readonly ids: readonly number[] }[];
}

export interface PlannedRecord {
  readonly action: PlanActionKind;
  readonly entity: string;
  readonly system: string;
  readonly key: string;
  readonly externalId: string;
  readonly odooId: number | null;
  /** Why it is refused, or why it is there at all (shown, never acted upon). */
  readonly reason: string | null;
  /** RFC 6902 over an object of Odoo fields: `test` holds the values it was made on, `add`/`replace` what is written (a `PlannedValue`). */
  readonly patch: readonly Operation[];
  /** Link: how it is known to be that record. Left out: by decision. */
  readonly provenance?: Provenance;
  /** Link: the record is the one that another action of this plan makes; `odooId` is null then. */
  readonly follows?: PlannedReference;
}

export interface PlanAction extends PlannedRecord {
  /** 1-based position in the plan. */
  readonly seq: number;
  readonly lines: readonly PlannedRecord[];
  readonly steps: readonly PlannedStep[];
  /** Rollback: what was found to depend on the record when the plan was made. It is looked at again before the record is touched. */
  readonly heldBy?: readonly Holder[];
  /** What a rollback of this action will do, and what it cannot. */
  readonly rollback: { readonly will: string; readonly cannot: string | null };
}

/** Records of others that refer to one that a rollback would delete. */
export interface Holder {
  readonly model: string;
  /** The field in which they do. */
  readonly field: string;
  /** Model of the record they refer to: that of the document, of a line of it, or of a record that goes with it, as the template of a product. */
  readonly of: string;
  readonly count: number;
}

export interface PlanEnd {
  readonly end: true;
  readonly actions: number;
  readonly sha256: string;
}

/** What the state knows of a plan: when and by whom it was made, and what became of it. */
export interface RegisteredPlan {
  readonly nonce: string;
  readonly kind: 'load' | 'rollback';
  readonly capability: string;
  /** Run that made it. */
  readonly runId: string;
  readonly sha256: string;
  readonly file: string;
  readonly registeredAt: string;
  readonly environment: string | null;
  /** Null: made by an earlier version. */
  readonly author: Person | null;
  readonly consumedBy: string | null;
  readonly consumedAt: string | null;
}

/** An action none of whose parts writes anything. */
export function isQuiet(action: PlanAction): boolean {
  return action.action === 'noop' && action.lines.every((line) => line.action === 'noop') && action.steps.length === 0;
}
