/** The second night costs what changed: a reconcile that has compared everything says how it did, and the next ones take over what they would find again. Nothing is
 *  copied; a pointer names the run whose files hold it. A run that is gone, another version or another contract: everything is compared. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { CanonicalDataset } from '../../domain/canonical.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { EntitySides, Sides, SidesRequest } from '../sides/sides.ts';
import type { ComparedWhole } from './again-sql.ts';
import { newestLayer } from './baseline.ts';
import type { Comparison } from './comparison.ts';

/** Raised whenever the same rows would be compared in another way, or are kept in another shape. */
const COMPARE_VERSION = 4;

const Compared = z.object({
  format: z.literal('cutover-compared/2'),
  entities: z.record(
    z.string(),
    z.object({ runId: z.string(), rules: z.string(), baselineLayer: z.number(), datasets: z.array(z.object({ system: z.string(), inputsHash: z.string() })) }),
  ),
});
type Compared = z.infer<typeof Compared>;

interface Of {
  readonly uuid: string;
  readonly capability: string;
}

/** Everything that says how the fields of an entity are compared, and nothing of its rows but what codes stand for. SHA-256. */
export async function rulesHash(inputs: EntitySides, { world, lookups }: Sides, request: SidesRequest, followers: number, plane: DataPlane): Promise<string> {
  const [engine] = await plane.rows<{ version: string }>('SELECT version() AS version');
  const { capability, workspace } = request;
  const said = {
    ...{ version: COMPARE_VERSION, engine: engine?.version, capability: capability.name, mapping: capability.hash, odooSystem: workspace.file.odoo },
    contract: inputs.definition.contract,
    mapped: [...inputs.mapped],
    binding: inputs.odoo?.binding ?? null,
    world: [world.uuid, world.version, world.currencyDigits, world.rounding],
    follows: followers > 0,
    columns: inputs.odoo?.snapshot.manifest.columns ?? null,
    lookups: [...lookups].map(([model, { manifest }]) => [model, manifest.contentHash]),
  };
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

/** Files of an entity in the directory of a run that has compared everything. Match may have left `<entity>.links.parquet` in the same one. */
export const wholeFiles = (file: (part: string) => string): Omit<ComparedWhole, 'datasets' | 'layers'> => ({
  ...{ records: file('records'), breaks: file('breaks'), marks: file('legacy'), classes: file('odoo') },
  ...{ candidates: file('candidates'), links: file('compared-links'), seen: file('seen') },
});

/** What an earlier reconcile left of an entity, if it was compared by the same `rules` and its rows are of the same base as those of `datasets`. `runId` is the run that
 *  asks: it does not read what it is writing. `layers`: baseline layers of the entity there are now. */
export async function comparedWhole(
  ports: Ports,
  { runId, entity, ...of }: Of & { readonly runId: string; readonly entity: string },
  rules: string,
  datasets: readonly CanonicalDataset[],
  layers: readonly { readonly layer: number; readonly file: string }[],
): Promise<ComparedWhole | null> {
  const kept = (await readCompared(ports, of))?.entities[entity];
  if (kept === undefined || kept.rules !== rules || kept.runId === runId || kept.datasets.length !== datasets.length) return null;
  const earlier: CanonicalDataset[] = [];
  for (const { system, inputsHash } of kept.datasets) {
    const dataset = await ports.runs.canonical(entity, system, inputsHash);
    if (dataset === null || datasets.find((one) => one.system === system)?.rows.base !== dataset.rows.base) return null;
    earlier.push(dataset);
  }
  const directory = await ports.runs.runDirectory(kept.runId);
  const files = wholeFiles((part) => join(directory, `${entity}.${part}.parquet`));
  for (const file of Object.values(files)) if (!(await ports.runs.exists(file))) return null;
  return { ...files, datasets: earlier, layers: layers.filter((one) => one.layer > kept.baselineLayer).map((one) => one.file) };
}

/** Says that the files of this run hold what was compared, of the entities that were compared as a whole. Only once the baseline of what was seen equal is written: what
 *  is taken over is taken for agreed. */
export async function keepCompared(comparison: Comparison, runId: string, ports: Ports): Promise<void> {
  const of = { uuid: comparison.world.uuid, capability: comparison.capability };
  const entities: Compared['entities'] = { ...(await readCompared(ports, of))?.entities };
  for (const { entity, rulesHash: rules, isWhole, datasets } of comparison.entities) {
    if (!isWhole) continue;
    const baselineLayer = await newestLayer(ports, { odooUuid: of.uuid, capability: of.capability, entity });
    entities[entity] = { runId, rules, baselineLayer, datasets: datasets.map(({ system, inputsHash }) => ({ system, inputsHash })) };
  }
  await write(ports, of, { format: 'cutover-compared/2', entities });
}

/** From now on everything is compared again. */
export async function forgetCompared(ports: Ports, of: Of): Promise<void> {
  await write(ports, of, { format: 'cutover-compared/2', entities: {} });
}

async function readCompared(ports: Ports, of: Of): Promise<Compared | null> {
  const file = await pointer(ports, of);
  if (!(await ports.runs.exists(file))) return null;
  const parsed = Compared.safeParse(JSON.parse(await ports.runs.readFile(file)));
  return parsed.success ? parsed.data : null;
}

async function write(ports: Ports, of: Of, compared: Compared): Promise<void> {
  await ports.runs.writeFile(await pointer(ports, of), `${JSON.stringify(compared)}\n`);
}

async function pointer(ports: Ports, { uuid, capability }: Of): Promise<string> {
  return join(await ports.runs.reconcileDirectory(uuid, capability), 'compared.json');
}
