/** Everything kept as files beside the snapshots: `runs/`, `canonical/` (by inputs hash), `baseline/`, `match/`, `reconcile/`. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { CanonicalDataset } from '../../domain/canonical.ts';
import type { RunStore } from '../../domain/ports.ts';
import { decrypted, encrypted, isEncrypted } from './confidential-file.ts';
import { absent, makePrivateDirectory, makeStagingDirectory, namesIn, putInPlace, sweepStagings, takeAway, writeWhole } from './durable-files.ts';
import { safeName } from './snapshot-store.ts';

const ROWS = 'rows.parquet';
const REJECTS = 'rejects.parquet';
const MANIFEST = 'manifest.json';

const count = z.number().int().nonnegative();
const CanonicalManifest = z.object({
  entity: z.string(),
  system: z.string(),
  snapshotId: z.string(),
  inputsHash: z.string(),
  counts: z.object({ input: count, mapped: count, rejected: count, filtered: count, duplicates: count }),
});

/** Of confidential files: who they are encrypted to, and what opens them. */
export interface Keys {
  readonly recipients: readonly string[];
  readonly identity: () => Promise<string | null>;
}

const noKeys: Keys = { recipients: [], identity: async () => null };

export function directoryRunStore(directory: string, keys: Keys = noKeys): RunStore {
  const root = resolve(directory);

  async function canonical(entity: string, system: string, inputsHash: string): Promise<CanonicalDataset | null> {
    const place = join(root, 'canonical', safeName(entity), safeName(system), safeName(inputsHash));
    const text = await readFile(join(place, MANIFEST), 'utf8').catch(absent);
    if (text === null) return null;
    const manifest = CanonicalManifest.safeParse(parseJson(text));
    // made by another version of the tool: as good as absent, it is made again from its inputs
    if (!manifest.success) return null;
    return { ...manifest.data, rows: join(place, ROWS), rejects: join(place, REJECTS) };
  }

  const folder = async (kind: string, ...names: readonly string[]) => await makePrivateDirectory(join(root, kind, ...names.map(safeName)));

  return {
    runDirectory: (runId) => folder('runs', runId),

    canonical,

    async stageCanonical(entity, system, inputsHash) {
      const parent = join(root, 'canonical', safeName(entity), safeName(system));
      const staging = await makeStagingDirectory(parent);
      await sweepStagings(parent, new Date().toISOString());
      return {
        directory: staging,
        async keep(counts, snapshotId) {
          const place = join(parent, safeName(inputsHash));
          await writeWhole(join(staging, MANIFEST), `${JSON.stringify({ entity, system, snapshotId, inputsHash, counts }, null, 2)}\n`);
          if (!(await putInPlace(staging, place))) {
            const theirs = await canonical(entity, system, inputsHash);
            // same inputs, same dataset: whoever came first has made ours, unless what is there cannot be read
            if (theirs !== null) {
              await takeAway(staging);
              return theirs;
            }
            await takeAway(place);
            await putInPlace(staging, place);
          }
          return { entity, system, snapshotId, inputsHash, counts, rows: join(place, ROWS), rejects: join(place, REJECTS) };
        },
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

    async writeFile(path, content) {
      await writeWhole(resolve(path), content);
    },

    async writeConfidential(path, content, recipients = keys.recipients) {
      await writeWhole(resolve(path), recipients.length === 0 ? content : encrypted(content, recipients));
    },

    readLines: (path) => linesOf(path, keys),

    async readFile(path) {
      return await readFile(path, 'utf8');
    },

    async exists(path) {
      return (await stat(path).catch(absent)) !== null;
    },
  };
}

/** Lines end at a line feed and nowhere else: U+2028 is a character of a value (node:readline would split there). */
async function* linesOf(path: string, keys: Keys): AsyncIterable<string> {
  const content = (await isEncrypted(path)) ? decrypted(path, await keys.identity()) : createReadStream(path, { highWaterMark: 1 << 18 });
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  for await (const chunk of content) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
