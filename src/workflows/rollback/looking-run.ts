/** What looks at Odoo as a load does, and writes nothing. */
import type { PlanManifest } from '../../domain/plan.ts';
import type { Ports } from '../../domain/ports.ts';
import { LoadRun } from '../load/load-run.ts';
import { Settlement } from '../load/settlement.ts';
import { Tally } from '../load/tally.ts';

export async function lookingRun(manifest: PlanManifest, runId: string, ports: Ports): Promise<LoadRun> {
  const odoo = await ports.odoo();
  const { userId } = await odoo.identity();
  const parts = { ports, state: await ports.state(), odoo, manifest, runId, segment: 1, userId };
  const run = new LoadRun({ ...parts, settlement: new Settlement(), tally: new Tally(manifest) });
  for (const { model } of Object.values(manifest.entities)) await run.metadata(model);
  return run;
}
