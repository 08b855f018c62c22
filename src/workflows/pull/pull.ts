/** Snapshots of legacy systems and of Odoo. */
import type { Ports } from '../../domain/ports.ts';
import type { PullResult } from '../../domain/results.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import type { OnlyRecords } from './only-records.ts';
import { pullLegacy } from './pull-legacy.ts';
import { pullOdoo } from './pull-odoo.ts';

export interface PullRequest {
  readonly workspace: Workspace;
  readonly capability: Capability;
  /** Legacy systems, Odoo, or both. */
  readonly systems: readonly string[];
  /** Only this entity; null: all. */
  readonly entity: string | null;
  /** Read everything again instead of what changed. */
  readonly full: boolean;
  /** Look at these records again instead; answers only the snapshots in which something has changed. */
  readonly only?: OnlyRecords;
  readonly asOf: string;
  readonly runId: string;
}

/** Legacy first: what cannot be read there is known before Odoo is asked. Errors: those of pullLegacy and pullOdoo. */
export async function pull(request: PullRequest, ports: Ports): Promise<PullResult> {
  const { odoo } = request.workspace.file;
  const legacy = request.systems.filter((system) => system !== odoo);
  const snapshots = [...(await pullLegacy({ ...request, systems: legacy }, ports))];
  if (request.systems.includes(odoo)) snapshots.push(...(await pullOdoo(request, ports)));
  return { snapshots };
}
