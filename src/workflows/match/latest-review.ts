/** Where the items wait that the latest match left for people: entity by entity, since a match may be of one entity only. */
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Ports } from '../../domain/ports.ts';
import { companySnapshot } from '../pull/pull-odoo-facts.ts';
import { uuidOf } from '../pull/pull-odoo-session.ts';

const Pointer = z.object({ format: z.literal('cutover-review/1'), entities: z.record(z.string(), z.object({ runId: z.string(), file: z.string() })) });
type Pointer = z.infer<typeof Pointer>;

/** Stands for the Odoo of a workspace that has pulled none yet. */
const NO_ODOO = 'no-odoo';
const POINTER = 'review.json';

export interface ReviewFile {
  readonly entity: string;
  readonly runId: string;
  /** Absolute path. */
  readonly file: string;
}

/** `file` is relative to the directory of the run. Entities that this match did not look at keep what they have. */
export async function keepReview(
  of: { readonly odooUuid: string | null; readonly capability: string; readonly runId: string; readonly files: ReadonlyMap<string, string> },
  ports: Ports,
): Promise<void> {
  const path = join(await ports.runs.matchDirectory(of.odooUuid ?? NO_ODOO, of.capability), POINTER);
  const before = await readPointer(path, ports);
  const now = Object.fromEntries([...of.files].map(([entity, file]) => [entity, { runId: of.runId, file }]));
  const pointer: Pointer = { format: 'cutover-review/1', entities: { ...before, ...now } };
  await ports.runs.writeFile(path, `${JSON.stringify(pointer, null, 2)}\n`);
}

/** Of the entities in the order asked for; those whose run is gone are left out. */
export async function latestReview(
  of: { readonly odooSystem: string; readonly capability: string; readonly entities: readonly string[] },
  ports: Ports,
): Promise<readonly ReviewFile[]> {
  const company = await ports.snapshots.latest(of.odooSystem, companySnapshot);
  const directory = await ports.runs.matchDirectory(company === null ? NO_ODOO : uuidOf(company), of.capability);
  const known = await readPointer(join(directory, POINTER), ports);
  const found: ReviewFile[] = [];
  for (const entity of of.entities) {
    const kept = known[entity];
    if (kept === undefined) continue;
    const file = join(await ports.runs.runDirectory(kept.runId), kept.file);
    if (await ports.runs.exists(file)) found.push({ entity, runId: kept.runId, file });
  }
  return found;
}

export const directoryOf = ({ file }: ReviewFile): string => dirname(file);

/** Made by another version of the tool it is as good as absent: the next match writes it anew. */
async function readPointer(path: string, ports: Ports): Promise<Pointer['entities']> {
  if (!(await ports.runs.exists(path))) return {};
  const text = await ports.runs.readFile(path);
  const parsed = Pointer.safeParse(parseJson(text));
  return parsed.success ? parsed.data.entities : {};
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
