/** What the two sides were found to be: the latest night where it was made from the snapshots there are now, else a comparison for this answer alone. */
import { join } from 'node:path';
import { sha256 } from '../../domain/digest.ts';
import type { Ports } from '../../domain/ports.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { compareCapability } from '../reconcile/compare.ts';
import { judgeBreaks, judgedFile } from '../reconcile/judge.ts';
import { readNights } from '../reconcile/ledger.ts';
import { gatherSides } from '../sides/gather-sides.ts';
import type { Sides, SidesRequest } from '../sides/sides.ts';

export interface Compared {
  readonly sides: Sides;
  /** Null: made for this answer. */
  readonly runId: string | null;
  readonly asOf: string;
  /** Entity → its Parquet files (reconcile/comparison.ts, reconcile/judge-sql.ts). */
  readonly files: ReadonlyMap<string, ComparedFiles>;
}

export interface ComparedFiles {
  readonly judged: string;
  readonly records: string;
}

/** What `compareCapability` and `judgeBreaks` raise. */
export async function comparedFiles(request: SidesRequest, ports: Ports): Promise<Compared> {
  const sides = await gatherSides(request, ports);
  const night = (await readNights(ports, sides.world.uuid, request.capability.name))?.nights.at(-1);
  const runId = night?.runs.at(-1);
  if (night !== undefined && runId !== undefined && night.snapshots === snapshotsHash(sides)) {
    const files = await filesOf(request, runId, ports);
    if (files !== null) return { sides, runId, asOf: night.asOf, files };
  }
  await judgeBreaks(await compareCapability(request, ports), request, ports);
  const files = await filesOf(request, request.runId, ports);
  if (files === null) throw new Error('a comparison has left no files');
  return { sides, runId: null, asOf: request.asOf, files };
}

/** Which night it is, by its snapshots (reconcile/ledger.ts). */
function snapshotsHash({ entities, lookups, facts }: Sides): string {
  const all: Snapshot[] = [...facts, ...lookups.values(), ...entities.flatMap(({ sources, odoo }) => (odoo === null ? sources : [...sources, odoo.snapshot]))];
  const unique = new Map(all.map(({ manifest: { system, entity, id } }) => [`${system} ${entity}`, [system, entity, id]] as const));
  return sha256(JSON.stringify([...unique].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, identity]) => identity)));
}

/** Null when one of them is gone: runs are pruned. */
async function filesOf({ capability }: SidesRequest, runId: string, ports: Ports): Promise<ReadonlyMap<string, ComparedFiles> | null> {
  const directory = await ports.runs.runDirectory(runId);
  const files = new Map<string, ComparedFiles>();
  for (const { contract } of capability.entities) {
    const own = { judged: judgedFile(directory, contract.entity), records: join(directory, `${contract.entity}.records.parquet`) };
    if (!(await ports.runs.exists(own.judged)) || !(await ports.runs.exists(own.records))) return null;
    files.set(contract.entity, own);
  }
  return files;
}
