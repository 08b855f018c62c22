/** The second night costs what changed: a reconcile says what it compared and how, and the next one takes over what it would find again. Nothing is copied;
 *  a pointer names the run whose files hold it. A run that is gone, another version or another contract: everything is compared. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { EntitySides, Sides, SidesRequest } from '../sides/sides.ts';
import { newestLayer } from './baseline.ts';
import type { Comparison } from './comparison.ts';
import type { Reusable } from './reuse-sql.ts';

/** Raised whenever the same rows would be compared in another way, or are kept in another shape. */
const COMPARE_VERSION = 2;

const Compared = z.object({
  format: z.literal('cutover-compared/1'),
  runId: z.string(),
  entities: z.record(z.string(), z.object({ rules: z.string(), baselineLayer: z.number() })),
});
type Compared = z.infer<typeof Compared>;

interface Of {
  readonly uuid: string;
  readonly capability: string;
}

/** Everything that says how the fields of an entity are compared, and nothing of its rows. SHA-256. */
export async function rulesHash(inputs: EntitySides, { world }: Sides, request: SidesRequest, followers: number, plane: DataPlane): Promise<string> {
  const [engine] = await plane.rows<{ version: string }>('SELECT version() AS version');
  const { capability, workspace } = request;
  const said = {
    ...{ version: COMPARE_VERSION, engine: engine?.version, capability: capability.name, mapping: capability.hash, odooSystem: workspace.file.odoo },
    contract: inputs.definition.contract,
    mapped: [...inputs.mapped],
    binding: inputs.odoo?.binding ?? null,
    world: [world.uuid, world.version, world.currencyDigits, world.rounding],
    follows: followers > 0,
  };
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

/** What the last reconcile left of an entity, if it was compared by the same `rules`. `runId` is the run that asks: it does not read what it is writing.
 *  `layers`: baseline layers of the entity there are now. */
export async function reusableOf(
  ports: Ports,
  { runId, entity, ...of }: Of & { readonly runId: string; readonly entity: string },
  rules: string,
  layers: readonly { readonly layer: number; readonly file: string }[],
): Promise<Reusable | null> {
  const compared = await readCompared(ports, of);
  const kept = compared?.entities[entity];
  if (compared === null || kept === undefined || kept.rules !== rules || compared.runId === runId) return null;
  const directory = await ports.runs.runDirectory(compared.runId);
  const files = { records: join(directory, `${entity}.records.parquet`), breaks: join(directory, `${entity}.breaks.parquet`) };
  if (!(await ports.runs.exists(files.records)) || !(await ports.runs.exists(files.breaks))) return null;
  return { ...files, layers: layers.filter((one) => one.layer > kept.baselineLayer).map((one) => one.file) };
}

/** Says that the files of this run hold what was compared. Only once the baseline of what was seen equal is written: what is taken over is taken for agreed. */
export async function keepCompared(comparison: Comparison, runId: string, ports: Ports): Promise<void> {
  const of = { uuid: comparison.world.uuid, capability: comparison.capability };
  const entities: Compared['entities'] = {};
  for (const { entity, rulesHash: rules } of comparison.entities) {
    entities[entity] = { rules, baselineLayer: await newestLayer(ports, { odooUuid: of.uuid, capability: of.capability, entity }) };
  }
  await write(ports, of, { format: 'cutover-compared/1', runId, entities });
}

/** From now on everything is compared again. */
export async function forgetCompared(ports: Ports, of: Of): Promise<void> {
  await write(ports, of, { format: 'cutover-compared/1', runId: '', entities: {} });
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
