/** match: which records are the same thing, which record of Odoo a legacy record already is, and which identifiers cannot be right. */
import { join } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import type { MatchManifest } from '../../domain/matching.ts';
import type { Ports } from '../../domain/ports.ts';
import type { MatchCounts, MatchResult } from '../../domain/results.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Capability } from '../../domain/workspace.ts';
import { gatherAvailableSides } from '../sides/gather-sides.ts';
import { type LatestMatch, latestMatch } from '../sides/latest-match.ts';
import type { EntitySides, LegacySide, Sides, SidesRequest } from '../sides/sides.ts';
import { type EntityMatch, matchEntity } from './match-entity.ts';
import type { MatchModel } from './model.ts';
import { keepModels, readModels, requireFitting } from './model-file.ts';
import { reviewFileName } from './review-file.ts';
import { writeMatchFiles } from './worklist.ts';

export interface MatchRequest extends SidesRequest {
  /** Null: every entity of the capability. */
  readonly entity: string | null;
  /** Learn anew instead of using what was learned before. */
  readonly train: boolean;
}

/** E_NO_SNAPSHOT where a legacy system was never pulled; E_MATCH_MODEL; E_LOCKED when links have to move while a load runs. */
export async function matchCapability(request: MatchRequest, ports: Ports): Promise<MatchResult> {
  const capability = narrowed(request.capability, request.entity);
  const sides = await gatherAvailableSides({ ...request, capability }, ports);
  const models = await readModels(request.workspace, request.capability, ports.runs);
  const directory = await ports.runs.runDirectory(request.runId);
  const before = sides.world === null ? null : await matchBefore(ports, sides.world.uuid, request.capability.name);
  const matched: EntityMatch[] = [];
  let isNew = false;
  for (const entity of sides.entities) {
    if (ports.signal.aborted) throw new CutoverError('E_INTERRUPTED', 'stopped between two entities', { hint: `cutover match ${capability.name}` });
    const { entity: name } = entity.definition.contract;
    const model = request.train ? null : (models.entities.get(name) ?? null);
    if (model !== null) requireFitting(model, entity.definition, request.capability);
    const one = await inOwnPlane(`match ${name}`, ports, (plane) =>
      matchEntity({ request, sides, entity, model, directory, conflictsBefore: before?.entities[name]?.conflicts ?? null }, plane, ports),
    );
    if (one.model !== null && model === null && isWorthKeeping(one.model)) {
      models.entities.set(name, one.model);
      isNew = true;
    }
    matched.push(one);
  }
  const model = await keepModels(models, isNew, ports.runs);
  if (sides.world !== null) await point({ request, sides, odooUuid: sides.world.uuid, matched }, ports);
  const entities = matched.map((one) => one.summary);
  const counts = sum(entities);
  const inRun = (file: string | null): string | null => (file === null ? null : join(directory, file));
  const files = await writeMatchFiles(
    {
      ...{ capability: request.capability.name, odooSystem: request.workspace.file.odoo, runId: request.runId, asOf: request.asOf, directory, counts },
      odooUuid: sides.world?.uuid ?? null,
      entities: matched.map(({ contract, files: left }) => ({
        contract,
        review: join(directory, reviewFileName(contract.entity)),
        conflicts: join(directory, left.conflicts),
        links: inRun(left.links),
      })),
    },
    ports,
  );
  return { ...counts, model, entities, files };
}

/** What another version of the tool left is made anew here, and no reason to stop. */
async function matchBefore(ports: Ports, odooUuid: string, capability: string): Promise<LatestMatch | null> {
  try {
    return await latestMatch(ports, odooUuid, capability);
  } catch (error) {
    if (error instanceof CutoverError && error.code === 'E_MATCH_STALE') return null;
    throw error;
  }
}

/** What a handful of records taught would be read into thousands: then it is learned anew every night, until there are enough. */
const ENOUGH_RECORDS = 100;

function isWorthKeeping({ trainedOn }: MatchModel): boolean {
  return trainedOn.records.reduce((sum, count) => sum + count, 0) >= ENOUGH_RECORDS;
}

/** A data plane per entity: what one needed is free again for the next. */
async function inOwnPlane<Result>(step: string, ports: Ports, work: (plane: Awaited<ReturnType<Ports['openPlane']>>) => Promise<Result>): Promise<Result> {
  ports.progress({ kind: 'step', step });
  const plane = await ports.openPlane();
  try {
    const result = await work(plane);
    ports.progress({ kind: 'done', step });
    return result;
  } finally {
    await plane.close();
  }
}

function narrowed(capability: Capability, entity: string | null): Capability {
  if (entity === null) return capability;
  return { ...capability, entities: capability.entities.filter((definition) => definition.contract.entity === entity) };
}

interface Pointer {
  readonly request: MatchRequest;
  readonly sides: Sides | LegacySide;
  readonly odooUuid: string;
  readonly matched: readonly EntityMatch[];
}

/** What reconcile and plan read. A match of one entity keeps what is known of the others only by a match of all: it points to nothing new. */
async function point({ request, sides, odooUuid, matched }: Pointer, ports: Ports): Promise<void> {
  if (request.entity !== null) return;
  const manifest: MatchManifest = {
    format: 'cutover-match/1',
    runId: request.runId,
    asOf: request.asOf,
    capability: request.capability.name,
    odooUuid,
    mappingHash: request.capability.hash,
    snapshots: sides.entities.flatMap(snapshotsOf).map(({ manifest: { system, entity, id } }) => ({ system, entity, id })),
    entities: Object.fromEntries(matched.map(({ summary, files }) => [summary.entity, files])),
    stale: matched.flatMap(({ summary: { entity }, stale }) => stale.map((one) => ({ ...one, entity }))),
  };
  const directory = await ports.runs.matchDirectory(odooUuid, request.capability.name);
  await ports.runs.writeFile(join(directory, 'latest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function snapshotsOf({ sources, odoo }: EntitySides): readonly Snapshot[] {
  return odoo === null ? sources : [...sources, odoo.snapshot];
}

function sum(entities: readonly MatchCounts[]): MatchCounts {
  const total = (value: (one: MatchCounts) => number): number => entities.reduce((all, one) => all + value(one), 0);
  const conflicts: Record<string, number> = {};
  for (const one of entities) for (const [name, count] of Object.entries(one.conflicts)) conflicts[name] = (conflicts[name] ?? 0) + count;
  const link = (name: keyof MatchCounts['crosswalk']): number => total((one) => one.crosswalk[name]);
  return {
    pairs: { match: total((one) => one.pairs.match), review: total((one) => one.pairs.review) },
    clusters: total((one) => one.clusters),
    conflicts: Object.fromEntries(Object.entries(conflicts).sort(([left], [right]) => (left < right ? -1 : 1))),
    crosswalk: { linked: link('linked'), new: link('new'), repointed: link('repointed'), dangling: link('dangling') },
  };
}
