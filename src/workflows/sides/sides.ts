/** The two sides of a capability before anything is matched or compared: the canonical rows of the legacy systems, the snapshots of Odoo, and
 *  what Odoo's snapshots say about the Odoo they were taken from. */
import type { CanonicalDataset } from '../../domain/canonical.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Capability, EntityDefinition, Workspace } from '../../domain/workspace.ts';
import type { ResolvedBinding } from '../pull/pull-odoo-binding.ts';

/** The Odoo the snapshots were taken from, as it was then. */
export interface OdooWorld {
  readonly url: string;
  readonly database: string;
  readonly uuid: string;
  readonly version: string;
  readonly company: { readonly id: number; readonly name: string };
  /** Decimals of the company's currency. */
  readonly currencyDigits: number;
  /** Its name; a snapshot taken before it was asked for has none. */
  readonly currency?: string;
  /** Currencies in use → the unit that Odoo rounds them to, as in `0.01`. */
  readonly currencies?: Readonly<Record<string, string>>;
  /** `res.company.tax_calculation_rounding_method`. */
  readonly rounding: 'round_per_line' | 'round_globally';
  /** Lock dates of the company that are set: Odoo field → last locked day. */
  readonly lockDates?: Readonly<Record<string, string>>;
}

export interface SidesRequest {
  readonly workspace: Workspace;
  readonly capability: Capability;
  readonly asOf: string;
  readonly runId: string;
  /** Do everything again, and prove that doing what changed gave the same. False by default. */
  readonly full?: boolean;
}

export interface EntitySides {
  readonly definition: EntityDefinition;
  readonly datasets: readonly CanonicalDataset[];
  /** Legacy snapshots of the datasets. */
  readonly sources: readonly Snapshot[];
  /** Null for an entity that is not bound to Odoo (or, where that is allowed, was not pulled from it yet). */
  readonly odoo: { readonly snapshot: Snapshot; readonly binding: ResolvedBinding } | null;
  readonly mapped: ReadonlyMap<string, readonly string[]>;
}

export interface Sides {
  readonly world: OdooWorld;
  readonly entities: readonly EntitySides[];
  /** Model → snapshot of its value table. */
  readonly lookups: ReadonlyMap<string, Snapshot>;
  /** The snapshots of Odoo's facts. */
  readonly facts: readonly Snapshot[];
}

/** Before Odoo was pulled for the first time. */
export interface LegacySide extends Omit<Sides, 'world'> {
  readonly world: null;
}
