/** Pulls legacy systems: one cut each, the columns the mappings use, snapshots that are complete or absent. */
import { join } from 'node:path';
import type { EntityContract, SourceMapping } from '../../domain/contract.ts';
import { CutoverError } from '../../domain/errors.ts';
import { type Mistake, refuseMistakes } from '../../domain/mistakes.ts';
import type { DataPlane, Ports, SourceCut, StagedSnapshot } from '../../domain/ports.ts';
import type { PullResult } from '../../domain/results.ts';
import type { Snapshot, SnapshotColumn } from '../../domain/snapshot.ts';
import { copyToParquetSql } from '../../domain/sql.ts';
import type { Capability, PositionOf, Workspace } from '../../domain/workspace.ts';
import type { OnlyRecords } from './only-records.ts';
import { columnUses } from './pull-legacy-columns.ts';
import { readEntity } from './pull-legacy-entity.ts';
import { findColumns, isSameRelation, proveCounts, refuseDrift, refuseShrunk, requestHashOf } from './pull-legacy-guards.ts';
import { contentSql, countRowsSql, highestWatermarkSql, quarantineRowsSql } from './pull-legacy-sql.ts';

export type Policies = Workspace['file']['policies'];

export interface PullLegacyRequest {
  readonly workspace: Workspace;
  readonly capability: Capability;
  /** Legacy systems only. */
  readonly systems: readonly string[];
  readonly entity: string | null;
  readonly full: boolean;
  /** Look at these records again instead. */
  readonly only?: OnlyRecords;
  readonly asOf: string;
}

/** One entity of one system, as it is to be pulled. */
export interface EntityPull {
  readonly system: string;
  readonly entity: string;
  readonly mapping: SourceMapping;
  /** Columns wanted, as the source spells them. */
  readonly columns: readonly SnapshotColumn[];
  readonly requestHash: string;
  /** The column that identifies a row of an SQL source, as it spells it. */
  readonly id: string | null;
  /** The last snapshot of the same table, file or query. */
  readonly previous: Snapshot | null;
  /** Watermark and id as the source spells them; null when the entity is always read whole. */
  readonly incremental: { readonly watermark: SnapshotColumn; readonly id: string } | null;
}

interface Prepared {
  readonly system: string;
  readonly cut: SourceCut;
  readonly entities: readonly EntityPull[];
}

/** A pull needs little: rows flow through, and what is held are the row groups being written, so it grows with the columns. The rest of the
 *  machine's memory stays with whoever has it. */
const LEAST_MEMORY_MB = 192;
const COLUMN_MEMORY_MB = 8;

/** All mappings are checked against all sources before the first row is read.
 *  Errors: E_CONFIG, E_SOURCE_DRIFT, E_SOURCE_SHRANK, E_SOURCE_UNREACHABLE, E_SOURCE_UNREADABLE, E_CONSERVATION, E_INTERRUPTED: then no snapshot of the system at hand is made. */
export async function pullLegacy(request: PullLegacyRequest, ports: Ports): Promise<PullResult['snapshots']> {
  const cuts = new Map<string, SourceCut>();
  try {
    for (const system of request.systems) {
      if (mappingsOf(request, system).length > 0) cuts.set(system, await ports.source(system).open());
    }
    const prepared = await prepare(request, cuts, ports);
    const pulled: PullResult['snapshots'][number][] = [];
    for (const one of prepared) {
      pulled.push(...(await pullSystem(request, one, ports)));
      cuts.delete(one.system);
    }
    return pulled;
  } catch (error) {
    // what is still open belongs to a pull that has failed already; that error is the one to tell
    await Promise.allSettled([...cuts.values()].map((cut) => cut.close()));
    throw error;
  }
}

function mappingsOf(
  { capability, entity, only }: PullLegacyRequest,
  system: string,
): { contract: EntityContract; mapping: SourceMapping; position: PositionOf }[] {
  return capability.entities
    .filter(({ contract }) => entity === null || contract.entity === entity)
    .filter(({ contract }) => only === undefined || only.get(contract.entity)?.legacyIds.has(system) === true)
    .flatMap(({ contract, sources }) => sources.filter(({ mapping }) => mapping.system === system).map((source) => ({ contract, ...source })));
}

async function prepare(request: PullLegacyRequest, cuts: ReadonlyMap<string, SourceCut>, ports: Ports): Promise<Prepared[]> {
  const plane = await ports.openPlane();
  try {
    const mistakes: Mistake[] = [];
    const drifted: Mistake[] = [];
    const driftedSystems = new Set<string>();
    const prepared: Prepared[] = [];
    for (const [system, cut] of cuts) {
      const entities: EntityPull[] = [];
      for (const { contract, mapping, position } of mappingsOf(request, system)) {
        const { uses, mistakes: unread } = await columnUses(contract, mapping, position, plane);
        const source = await cut.columns(mapping.from ?? null, mapping.query ?? null);
        const latest = await ports.snapshots.latest(system, mapping.entity);
        const relation = requestHashOf(mapping.from ?? null, mapping.query ?? null, [], false);
        const previous = latest !== null && isSameRelation(latest, relation) ? latest : null;
        const found = findColumns(uses, source, previous?.manifest.columns ?? null);
        mistakes.push(...unread, ...found.unknown);
        // reading everything again accepts another type; a column that is gone cannot be accepted
        const drift = [...found.gone, ...(request.full ? [] : found.retyped)];
        drifted.push(...drift);
        if (drift.length > 0) driftedSystems.add(system);
        entities.push(entityPull(request, mapping, found.columns, previous));
      }
      prepared.push({ system, cut, entities });
    }
    refuseDrift(drifted, [...driftedSystems]);
    refuseMistakes(mistakes);
    return prepared;
  } finally {
    await plane.close();
  }
}

function entityPull({ workspace }: PullLegacyRequest, mapping: SourceMapping, columns: readonly SnapshotColumn[], previous: Snapshot | null): EntityPull {
  const { system, entity } = mapping;
  const named = (name: string | undefined) => columns.find((column) => column.name.toLowerCase() === name?.toLowerCase());
  const watermark = named(mapping.watermark);
  const id = named(mapping.id);
  // a file has no cheaper way than being read whole
  const isSql = workspace.file.systems[system]?.connector === 'sql';
  const canBeIncremental = isSql && watermark !== undefined && id !== undefined;
  const incremental = canBeIncremental ? { watermark, id: id.name } : null;
  const names = columns.map(({ name }) => name);
  const requestHash = requestHashOf(mapping.from ?? null, mapping.query ?? null, names, incremental !== null);
  return { system, entity, mapping, columns, requestHash, id: isSql ? (id?.name ?? null) : null, previous, incremental };
}

/** Everything is staged, then the cut is closed (which proves that it was one), then everything is committed. */
async function pullSystem(request: PullLegacyRequest, { cut, entities }: Prepared, ports: Ports): Promise<PullResult['snapshots'][number][]> {
  const staged: { readonly snapshot: StagedSnapshot; readonly commit: () => Promise<PullResult['snapshots'][number] | null> }[] = [];
  try {
    for (const entity of entities) {
      if (ports.signal.aborted) throw new CutoverError('E_INTERRUPTED', 'stopped between two entities', { hint: `cutover pull ${entity.system}` });
      const snapshot = await ports.snapshots.stage(entity.system, entity.entity);
      staged.push({ snapshot, commit: async () => await Promise.reject(new Error('not staged')) });
      const commit = await stageEntity(request, entity, { cut, snapshot }, ports);
      staged[staged.length - 1] = { snapshot, commit };
    }
    await cut.close();
    const committed: PullResult['snapshots'][number][] = [];
    for (const { commit } of staged) committed.push(...[await commit()].filter((one) => one !== null));
    return committed;
  } catch (error) {
    await Promise.allSettled(staged.map(({ snapshot }) => snapshot.abandon()));
    throw error;
  }
}

interface Staging {
  readonly cut: SourceCut;
  readonly snapshot: StagedSnapshot;
}

async function stageEntity(
  request: PullLegacyRequest,
  entity: EntityPull,
  { cut, snapshot }: Staging,
  ports: Ports,
): Promise<() => Promise<PullResult['snapshots'][number] | null>> {
  const source = `${entity.system}/${entity.entity}`;
  const { policies } = request.workspace.file;
  const plane = await ports.openPlane();
  try {
    await boundMemory(plane, policies, entity.columns.length);
    ports.progress({ kind: 'step', step: source, ...(entity.previous === null ? {} : { total: entity.previous.manifest.rows }) });
    const read = await readEntity(request, entity, cut, plane, ports.progress);
    const file = join(snapshot.directory, 'data.parquet');
    await plane.run(copyToParquetSql(read.rowsSql, file));
    const rows = await countRows(plane, file);
    proveCounts(source, read.rows, rows);
    const quarantined = read.quarantine?.rows ?? 0;
    if (read.quarantine !== null) {
      const aside = join(snapshot.directory, 'quarantine.parquet');
      await plane.run(copyToParquetSql(quarantineRowsSql(read.quarantine.table), aside));
      proveCounts(`${source} quarantine`, quarantined, await countRows(plane, aside));
    }
    refuseShrunk({ system: entity.system, entity: entity.entity, rows, quarantined, before: entity.previous?.manifest.rows ?? null }, policies);
    const [watermark] =
      entity.incremental === null ? [] : await plane.rows<{ highest: string | null }>(highestWatermarkSql(file, entity.incremental.watermark.name));
    const highest = watermark?.highest ?? null;
    ports.progress({ kind: 'done', step: source, note: `${rows} rows` });
    const { asOf } = request;
    const { requestHash, columns } = entity;
    const facts = { asOf, rows, quarantined, columns, requestHash };
    const isUnchanged = request.only !== undefined && entity.previous !== null && (await isSameContent(plane, entity.previous.data, file));
    return async () => {
      if (isUnchanged) {
        await snapshot.abandon();
        return null;
      }
      const { manifest } = await snapshot.commit({
        ...facts,
        ...(read.incremental === null ? {} : { incremental: read.incremental }),
        ...(highest === null ? {} : { watermark: highest }),
      });
      const mode = read.incremental === null ? 'full' : 'incremental';
      return { system: entity.system, entity: entity.entity, id: manifest.id, rows, quarantined, mode };
    };
  } finally {
    await plane.close();
  }
}

async function countRows(plane: DataPlane, file: string): Promise<number> {
  const [row] = await plane.rows<{ n: number }>(countRowsSql(file));
  return row?.n ?? 0;
}

async function isSameContent(plane: DataPlane, before: string, now: string): Promise<boolean> {
  const [one] = await plane.rows<{ content: string }>(contentSql(before));
  const [other] = await plane.rows<{ content: string }>(contentSql(now));
  return one?.content === other?.content;
}

async function boundMemory(plane: DataPlane, { memory }: Policies, columns: number): Promise<void> {
  const allowed = Number.parseInt(memory, 10) * (memory.endsWith('GB') ? 1000 : 1);
  const needed = Math.max(LEAST_MEMORY_MB, columns * COLUMN_MEMORY_MB);
  if (needed < allowed) await plane.run(`SET memory_limit = '${needed}MB'`);
}
