/** Gathers the two sides, once, before anything is matched or compared. Odoo is not asked: its snapshots say what it was. */
import type { CanonicalDataset } from '../../domain/canonical.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, OdooFieldMetadata, Ports } from '../../domain/ports.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { literal } from '../../domain/sql.ts';
import type { EntityDefinition, Workspace } from '../../domain/workspace.ts';
import { ensureCanonical } from '../map/ensure-canonical.ts';
import type { ModelFields } from '../pull/pull-odoo-binding.ts';
import { companySnapshot, fieldsSnapshot, resolveBindings } from '../pull/pull-odoo-facts.ts';
import { uuidOf } from '../pull/pull-odoo-session.ts';
import type { EntitySides, LegacySide, OdooWorld, Sides, SidesRequest } from './sides.ts';

/** E_NO_SNAPSHOT where a side was never pulled; E_ODOO_METADATA where a binding has changed since; what `ensureCanonical` raises. */
export async function gatherSides(request: SidesRequest, ports: Ports): Promise<Sides> {
  await requireBothSides(request, ports);
  const facts = [await odooSnapshot(ports, request.workspace, companySnapshot), await odooSnapshot(ports, request.workspace, fieldsSnapshot)] as const;
  return gather(request, ports, facts, (entity, world) => odooSnapshot(ports, request.workspace, entity, world));
}

/** The same, where Odoo may not have been pulled yet, whole or in part: what is missing is null. */
export async function gatherAvailableSides(request: SidesRequest, ports: Ports): Promise<Sides | LegacySide> {
  const { workspace, capability } = request;
  const latest = (entity: string) => ports.snapshots.latest(workspace.file.odoo, entity);
  const [company, fields] = [await latest(companySnapshot), await latest(fieldsSnapshot)];
  if (company !== null && fields !== null) {
    return gather(request, ports, [company, fields], async (entity, world) => {
      const snapshot = await latest(entity);
      return snapshot !== null && uuidOf(snapshot) === world.uuid ? snapshot : null;
    });
  }
  const entities: EntitySides[] = [];
  for (const definition of capability.entities) entities.push({ ...(await legacySide(request, definition, ports)), odoo: null });
  return { world: null, entities, lookups: new Map(), facts: [] };
}

async function gather(
  request: SidesRequest,
  ports: Ports,
  facts: readonly [Snapshot, Snapshot],
  snapshotOf: (entity: string, world: OdooWorld) => Promise<Snapshot | null>,
): Promise<Sides> {
  const { capability } = request;
  const { world, models } = await readFacts(ports, ...facts);
  const bindings = resolveBindings(capability, models, world.version);
  const entities: EntitySides[] = [];
  const lookups = new Map<string, Snapshot>();
  for (const definition of capability.entities) {
    const binding = bindings.get(definition.contract.entity);
    const legacy = await legacySide(request, definition, ports);
    const snapshot = binding === undefined ? null : await snapshotOf(definition.contract.entity, world);
    for (const field of binding?.fields ?? []) {
      if (field.by === null || field.relation === null || lookups.has(field.relation)) continue;
      const lookup = await snapshotOf(`lookup.${field.relation}`, world);
      if (lookup !== null) lookups.set(field.relation, lookup);
    }
    entities.push({ ...legacy, odoo: binding === undefined || snapshot === null ? null : { binding, snapshot } });
  }
  return { world, entities, lookups, facts };
}

async function legacySide(
  { workspace, capability, full = false }: SidesRequest,
  definition: EntityDefinition,
  ports: Ports,
): Promise<Omit<EntitySides, 'odoo'>> {
  const datasets: CanonicalDataset[] = [];
  const sources: Snapshot[] = [];
  for (const { mapping } of definition.sources) {
    const dataset = await ensureCanonical({ workspace, capability, entity: definition, mapping, full }, ports);
    const source = await ports.snapshots.get(mapping.system, definition.contract.entity, dataset.snapshotId);
    if (source === null) throw new Error(`the snapshot ${dataset.snapshotId} of a dataset just made is gone`);
    datasets.push(dataset);
    sources.push(source);
  }
  return { definition, datasets, sources, mapped: mappedFields(definition) };
}

/** Before the first pull both sides are missing, and one command pulls them. */
async function requireBothSides({ workspace, capability }: SidesRequest, ports: Ports): Promise<void> {
  if ((await ports.snapshots.latest(workspace.file.odoo, companySnapshot)) !== null) return;
  for (const { contract, sources } of capability.entities) {
    for (const { mapping } of sources) {
      if ((await ports.snapshots.latest(mapping.system, contract.entity)) !== null) continue;
      throw new CutoverError(
        'E_NO_SNAPSHOT',
        `nothing has been pulled yet for ${capability.name}, neither of ${mapping.system} nor of ${workspace.file.odoo}`,
        {
          hint: `cutover pull --capability ${capability.name}`,
        },
      );
    }
  }
}

/** Field → systems whose mapping yields it. */
function mappedFields(definition: EntityDefinition): ReadonlyMap<string, readonly string[]> {
  const systems = (field: string) => definition.sources.filter(({ mapping }) => mapping.fields[field] !== undefined).map(({ mapping }) => mapping.system);
  return new Map(Object.keys(definition.contract.fields).map((field) => [field, systems(field)]));
}

async function odooSnapshot(ports: Ports, workspace: Workspace, entity: string, world?: OdooWorld): Promise<Snapshot> {
  const system = workspace.file.odoo;
  const hint = `cutover pull ${system}`;
  const snapshot = await ports.snapshots.latest(system, entity);
  if (snapshot === null) throw new CutoverError('E_NO_SNAPSHOT', `nothing has been pulled yet for ${entity} of ${system}`, { hint });
  if (world !== undefined && uuidOf(snapshot) !== world.uuid) {
    throw new CutoverError('E_NO_SNAPSHOT', `the latest snapshot of ${system}/${entity} is of another database than ${world.database}`, { hint });
  }
  return snapshot;
}

async function readFacts(ports: Ports, company: Snapshot, fields: Snapshot): Promise<{ world: OdooWorld; models: ModelFields }> {
  const plane = await ports.openPlane();
  try {
    const [row] = await plane.rows<Record<string, string | number>>(`SELECT * FROM read_parquet(${literal(company.data)})`);
    if (row === undefined) throw new CutoverError('E_SNAPSHOT_CORRUPT', 'the snapshot of the Odoo company is empty', { hint: 'cutover pull --full' });
    const world: OdooWorld = {
      ...{ url: String(row.url), database: String(row.database), uuid: String(row.uuid), version: String(row.version) },
      company: { id: Number(row.id), name: String(row.name) },
      currencyDigits: Number(row.currency_digits),
      ...(typeof row.currency === 'string' ? { currency: row.currency } : {}),
      ...(typeof row.currencies === 'string' ? { currencies: JSON.parse(row.currencies) as Record<string, string> } : {}),
      rounding: row.rounding === 'round_globally' ? 'round_globally' : 'round_per_line',
      // A snapshot taken before they were asked for has none.
      lockDates: typeof row.lock_dates === 'string' ? (JSON.parse(row.lock_dates) as Record<string, string>) : {},
    };
    return { world, models: await readFields(plane, fields.data) };
  } finally {
    await plane.close();
  }
}

interface FieldRow {
  readonly [column: string]: string | number | boolean | null;
  readonly model: string;
  readonly name: string;
  readonly type: string;
  readonly relation: string | null;
  readonly required: boolean;
  readonly readonly: boolean;
  readonly store: boolean;
  readonly company_dependent: boolean;
  readonly precision: number | null;
  readonly scale: number | null;
}

async function readFields(plane: DataPlane, file: string): Promise<ModelFields> {
  const models = new Map<string, Map<string, OdooFieldMetadata>>();
  for (const row of await plane.rows<FieldRow>(`SELECT * FROM read_parquet(${literal(file)}) ORDER BY model, name`)) {
    const fields = models.get(row.model) ?? new Map<string, OdooFieldMetadata>();
    models.set(row.model, fields);
    fields.set(row.name, {
      ...{ name: row.name, type: row.type, relation: row.relation, required: row.required, readonly: row.readonly, store: row.store },
      selection: null,
      digits: row.precision === null || row.scale === null ? null : [row.precision, row.scale],
      companyDependent: row.company_dependent,
    });
  }
  return models;
}
