/** Everything kept as files beside the snapshots: `runs/`, `canonical/` (by inputs hash), `baseline/`, `match/`, `reconcile/`. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type CanonicalDataset, datasetFiles } from '../../domain/canonical.ts';
import type { RunStore } from '../../domain/ports.ts';
import { absent, makePrivateDirectory, makeStagingDirectory, namesIn, putInPlace, sweepStagings, takeAway, writeWhole } from './durable-files.ts';
import { filesOf, type Keys, noKeys } from './run-files.ts';
import { safeName } from './snapshot-store.ts';

const MANIFEST = 'manifest.json';

const count = z.number().int().nonnegative();
const CanonicalManifest = z.object({
  entity: z.string(),
  system: z.string(),
  snapshotId: z.string(),
  inputsHash: z.string(),
  definitionHash: z.string(),
  base: z.object({ inputsHash: z.string(), kept: z.enum(['gone', 'places']) }).nullable(),
  counts: z.object({ input: count, mapped: count, rejected: count, filtered: count, duplicates: count }),
});

export function directoryRunStore(directory: string, keys: Keys = noKeys): RunStore {
  const root = resolve(directory);

  async function canonical(entity: string, system: string, inputsHash: string): Promise<CanonicalDataset | null> {
    const place = join(root, 'canonical', safeName(entity), safeName(system), safeName(inputsHash));
    const text = await readFile(join(place, MANIFEST), 'utf8').catch(absent);
    if (text === null) return null;
    const manifest = CanonicalManifest.safeParse(parseJson(text));
    // made by another version of the tool: as good as absent, it is made again from its inputs
    if (!manifest.success) return null;
    const { base, ...facts } = manifest.data;
    const own = (name: keyof typeof datasetFiles): string => join(place, datasetFiles[name]);
    const files = { rejects: own('rejects'), duplicates: own('duplicates') };
    const below = base === null ? null : await canonical(entity, system, base.inputsHash);
    // without the rows it was made beside, a dataset is none
    if (base !== null && (below === null || below.rows.changes !== null)) return null;
    const changes = base === null ? null : base.kept === 'gone' ? { rows: own('rows'), gone: own('gone') } : { rows: own('rows'), places: own('places') };
    const rows = { base: below?.rows.base ?? own('rows'), baseRows: below?.rows.baseRows ?? facts.counts.input, changes, duplicates: files.duplicates };
    return { ...facts, rows, rejects: files.rejects };
  }

  const folder = async (kind: string, ...names: readonly string[]) => await makePrivateDirectory(join(root, kind, ...names.map(safeName)));

  return {
    runDirectory: (runId) => folder('runs', runId),
    canonical,

    async canonicalBase(entity, system, definitionHash) {
      const known: CanonicalDataset[] = [];
      for (const inputsHash of await namesIn(join(root, 'canonical', safeName(entity), safeName(system)))) {
        const dataset = await canonical(entity, system, inputsHash);
        if (dataset !== null && dataset.definitionHash === definitionHash && dataset.rows.changes === null) known.push(dataset);
      }
      return known.sort((a, b) => (a.snapshotId < b.snapshotId ? 1 : -1))[0] ?? null;
    },

    async stageCanonical(entity, system, inputsHash) {
      const parent = join(root, 'canonical', safeName(entity), safeName(system));
      const staging = await makeStagingDirectory(parent);
      await sweepStagings(parent, new Date().toISOString());
      return {
        directory: staging,
        async keep({ base, ...facts }) {
          const place = join(parent, safeName(inputsHash));
          const manifest = { entity, system, inputsHash, ...facts, base: base === null ? null : { inputsHash: base.dataset.inputsHash, kept: base.kept } };
          await writeWhole(join(staging, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
          if (!(await putInPlace(staging, place))) {
            // same inputs, same dataset: whoever came first has made ours, unless what is there cannot be read
            if ((await canonical(entity, system, inputsHash)) !== null) await takeAway(staging);
            else {
              await takeAway(place);
              await putInPlace(staging, place);
            }
          }
          const kept = await canonical(entity, system, inputsHash);
          if (kept === null) throw new Error(`the dataset ${place} vanished`);
          return kept;
        },
        abandon: () => takeAway(staging),
      };
    },

    async removeCanonical(entity, system, snapshotIds) {
      const parent = join(root, 'canonical', safeName(entity), safeName(system));
      let removed = 0;
      for (const inputsHash of await namesIn(parent)) {
        const dataset = await canonical(entity, system, inputsHash);
        if (dataset === null || !snapshotIds.has(dataset.snapshotId)) continue;
        await takeAway(join(parent, inputsHash));
        removed += 1;
      }
      return removed;
    },

    baselineDirectory: (odooUuid, capability, entity) => folder('baseline', odooUuid, capability, entity),
    matchDirectory: (odooUuid, capability) => folder('match', odooUuid, capability),
    reconcileDirectory: (odooUuid, capability) => folder('reconcile', odooUuid, capability),
    ...filesOf(keys),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
