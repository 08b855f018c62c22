/** One pull of Odoo under way, and how its snapshots name the database they are of. */
import { sha256 } from '../../domain/digest.ts';
import type { DataPlane, OdooConnection, OdooIdentity, Ports } from '../../domain/ports.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import type { OnlyRecords } from './only-records.ts';
import type { ModelFields } from './pull-odoo-binding.ts';

export interface PullOdooRequest {
  readonly workspace: Workspace;
  readonly capability: Capability;
  /** Only this entity (and the facts); null: all. */
  readonly entity: string | null;
  /** Read everything again, whatever an earlier snapshot holds. */
  readonly full: boolean;
  /** Look at these records again instead. */
  readonly only?: OnlyRecords;
  readonly asOf: string;
}

/** One pull under way. */
export interface OdooPull {
  readonly request: PullOdooRequest;
  readonly ports: Ports;
  readonly system: string;
  readonly connection: OdooConnection;
  readonly identity: OdooIdentity;
  readonly models: ModelFields;
  readonly plane: DataPlane;
}

/** The database a snapshot was taken from stands before the `:`, so that another database is never taken for one that shrank. */
export function requestHash(identity: OdooIdentity, request: unknown): string {
  return `${identity.uuid}:${sha256(JSON.stringify(request))}`;
}

export function uuidOf(snapshot: Snapshot): string {
  return snapshot.manifest.requestHash.split(':')[0] ?? '';
}
