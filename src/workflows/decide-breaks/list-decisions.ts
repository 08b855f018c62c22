/** The decisions on breaks there are, and what has become of them by the latest night. */
import type { Ports } from '../../domain/ports.ts';
import type { WaiverState } from '../../domain/report.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import { stageBreakDecisions, waiverStates } from '../reconcile/waivers.ts';
import { latestBreaks } from './latest-breaks.ts';

export interface ListDecisionsRequest {
  readonly workspace: Workspace;
  /** Null: of all capabilities. */
  readonly capability: Capability | null;
  readonly asOf: string;
}

/** In the order of files and rows. E_BREAK_UNKNOWN where nothing was reconciled yet. */
export async function listDecisions({ workspace, capability, asOf }: ListDecisionsRequest, ports: Ports): Promise<readonly WaiverState[]> {
  const { files, entities } = await latestBreaks(workspace, capability, ports);
  const plane = await ports.openPlane();
  try {
    await stageBreakDecisions(plane, workspace);
    return await waiverStates(plane, { breaks: files, entities, day: asOf.slice(0, 10) });
  } finally {
    await plane.close();
  }
}
