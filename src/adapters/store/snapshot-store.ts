/** Snapshots in a directory that several machines may share: `<store>/snapshots/<system>/<entity>/<id>/`. */
import { readFile, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { CutoverError } from '../../domain/errors.ts';
import type { Clock, SnapshotStore, StagedSnapshot } from '../../domain/ports.ts';
import type { Snapshot, SnapshotManifest } from '../../domain/snapshot.ts';
import { absent, hashFile, makeStagingDirectory, namesIn, putInPlace, sweepStagings, takeAway, writeWhole } from './durable-files.ts';

const DATA = 'data.parquet';
const QUARANTINE = 'quarantine.parquet';
const MANIFEST = 'manifest.json';

const Manifest = z.object({
  format: z.literal(1),
  id: z.string(),
  system: z.string(),
  entity: z.string(),
  asOf: z.string(),
  rows: z.number().int().nonnegative(),
  quarantined: z.number().int().nonnegative(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  requestHash: z.string(),
  contentHash: z.string(),
  incremental: z.object({ base: z.string(), since: z.string(), changed: z.number(), deleted: z.number() }).exactOptional(),
  restricted: z.number().int().positive().exactOptional(),
  restrictedIds: z.array(z.number().int()).exactOptional(),
  watermark: z.string().exactOptional(),
});

/** `clock` only tells which unfinished stagings are old enough to be swept. */
export function directorySnapshotStore(directory: string, clock: Clock): SnapshotStore {
  const root = join(resolve(directory), 'snapshots');

  async function read(system: string, entity: string, id: string): Promise<Found | null> {
    const place = join(root, system, entity, id);
    const path = join(place, MANIFEST);
    const text = await readFile(path, 'utf8').catch(absent);
    // a directory without a manifest is not a snapshot: nothing of ours makes one
    if (text === null) return null;
    const manifest = parseManifest(text, path);
    const quarantine = join(place, QUARANTINE);
    const hasQuarantine = (await stat(quarantine).catch(absent)) !== null;
    const madeAt = (await stat(path)).mtimeMs;
    return { snapshot: { manifest, data: join(place, DATA), quarantine: hasQuarantine ? quarantine : null }, madeAt };
  }

  async function newestFirst(system: string, entity: string, ids: readonly string[]): Promise<Snapshot[]> {
    const found = await Promise.all(ids.map((id) => read(system, entity, id)));
    return found
      .filter((one) => one !== null)
      .sort((a, b) => compareText(b.snapshot.manifest.asOf, a.snapshot.manifest.asOf) || b.madeAt - a.madeAt)
      .map((one) => one.snapshot);
  }

  return {
    async stage(system, entity) {
      const parent = join(root, safeName(system), safeName(entity));
      const staging = await makeStagingDirectory(parent);
      await sweepStagings(parent, clock.now());
      return stagedSnapshot({ system, entity, parent, staging, read });
    },

    async list(system, entity) {
      const all: Snapshot[] = [];
      for (const oneSystem of system === undefined ? await namesIn(root) : [safeName(system)]) {
        for (const oneEntity of entity === undefined ? await namesIn(join(root, oneSystem)) : [safeName(entity)]) {
          all.push(...(await newestFirst(oneSystem, oneEntity, await namesIn(join(root, oneSystem, oneEntity)))));
        }
      }
      return all.sort((a, b) => compareText(b.manifest.asOf, a.manifest.asOf));
    },

    async latest(system, entity) {
      const ids = (await namesIn(join(root, safeName(system), safeName(entity)))).reverse();
      const newest = ids[0]?.split('-')[0];
      // several of one moment differ in their hash only: the one made last is the latest
      const [snapshot] = await newestFirst(
        system,
        entity,
        ids.filter((id) => id.split('-')[0] === newest),
      );
      return snapshot ?? null;
    },

    async get(system, entity, id) {
      return (await read(safeName(system), safeName(entity), safeName(id)))?.snapshot ?? null;
    },

    async verify(snapshot) {
      const hash = await hashFile(snapshot.data).catch(absent);
      if (hash === snapshot.manifest.contentHash) return;
      const { system, entity, id } = snapshot.manifest;
      throw new CutoverError('E_SNAPSHOT_CORRUPT', `snapshot ${id} of ${system}/${entity} ${hash === null ? 'has no data file' : 'is not what was written'}`, {
        hint: `cutover pull ${system} --entity ${entity} --full`,
        details: [snapshot.data],
      });
    },

    async remove(snapshot) {
      const { system, entity, id } = snapshot.manifest;
      await takeAway(join(root, safeName(system), safeName(entity), safeName(id)));
    },
  };
}

interface Found {
  readonly snapshot: Snapshot;
  readonly madeAt: number;
}

interface Staging {
  readonly system: string;
  readonly entity: string;
  readonly parent: string;
  readonly staging: string;
  readonly read: (system: string, entity: string, id: string) => Promise<Found | null>;
}

function stagedSnapshot({ system, entity, parent, staging, read }: Staging): StagedSnapshot {
  return {
    directory: staging,
    async commit(facts) {
      const contentHash = await hashFile(join(staging, DATA));
      const moment = new Date(facts.asOf).toISOString();
      const id = `${moment.replaceAll(/[-:.]/g, '')}-${contentHash.slice(0, 8)}`;
      const manifest: SnapshotManifest = { format: 1, id, system, entity, ...facts, asOf: moment, contentHash };
      await writeWhole(join(staging, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
      const place = join(parent, id);
      // the same moment and content again (a repeated pull with a fixed as-of): the later manifest stands
      if (!(await putInPlace(staging, place))) {
        await takeAway(place);
        if (!(await putInPlace(staging, place))) throw new Error(`${basename(place)} is being written by another process`);
      }
      const found = await read(system, entity, id);
      if (found === null) throw new Error(`${place} vanished`);
      return found.snapshot;
    },
    async abandon() {
      await rm(staging, { recursive: true, force: true });
    },
  };
}

function parseManifest(text: string, path: string): SnapshotManifest {
  try {
    return Manifest.parse(JSON.parse(text));
  } catch (cause) {
    throw new CutoverError('E_SNAPSHOT_CORRUPT', 'a snapshot manifest cannot be read', {
      hint: `remove the directory of ${path}, then pull again`,
      details: [path],
      cause,
    });
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Names become directories: they are checked where the workspace is read, and here once more. */
export function safeName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) throw new Error(`not a name for a directory: ${name}`);
  return name;
}
