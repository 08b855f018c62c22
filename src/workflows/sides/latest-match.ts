/** What the latest match of a capability left for those after it. */
import { join } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import { MatchManifest } from '../../domain/matching.ts';
import type { Ports } from '../../domain/ports.ts';

/** The manifest, with absolute paths. */
export type LatestMatch = MatchManifest;

/** Null when there was none, or when its files are gone (runs are pruned). E_MATCH_STALE where another version of the tool wrote it. */
export async function latestMatch(ports: Ports, odooUuid: string, capability: string): Promise<LatestMatch | null> {
  const pointer = join(await ports.runs.matchDirectory(odooUuid, capability), 'latest.json');
  if (!(await ports.runs.exists(pointer))) return null;
  const manifest = parseManifest(await ports.runs.readFile(pointer), capability);
  const directory = await ports.runs.runDirectory(manifest.runId);
  const inRun = (file: string | null): string | null => (file === null ? null : join(directory, file));
  const entities = Object.fromEntries(
    Object.entries(manifest.entities).map(([entity, { links, conflicts }]) => [entity, { links: inRun(links), conflicts: inRun(conflicts) }]),
  );
  for (const { links, conflicts } of Object.values(entities)) {
    for (const file of [links, conflicts]) if (file !== null && !(await ports.runs.exists(file))) return null;
  }
  return { ...manifest, entities };
}

function parseManifest(text: string, capability: string): MatchManifest {
  const parsed = MatchManifest.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new CutoverError('E_MATCH_STALE', `the latest match of ${capability} was written by another version of cutover`, { hint: matchAgain(capability) });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function matchAgain(capability: string): string {
  return `cutover match ${capability}`;
}
