/** Brings the rows of one entity into the data plane: all of them, or what changed since the last snapshot. */
import type { DataPlane, Extract, ExtractRequest, Progress, SourceCut } from '../../domain/ports.ts';
import type { SnapshotManifest } from '../../domain/snapshot.ts';
import { identifier } from '../../domain/sql.ts';
import type { EntityPull, PullLegacyRequest } from './pull-legacy.ts';
import { incrementalFactsSql, laidOverFactsSql, laidOverSql, mergedRowsSql, sinceSql, snapshotRowsSql } from './pull-legacy-sql.ts';

/** What the snapshot is to be written from. */
export interface ReadEntity {
  /** The rows of the snapshot: `_row` and the columns. */
  readonly rowsSql: string;
  /** How many there must be. */
  readonly rows: number;
  readonly quarantine: Extract['quarantine'];
  readonly incremental: NonNullable<SnapshotManifest['incremental']> | null;
}

export async function readEntity(request: PullLegacyRequest, entity: EntityPull, cut: SourceCut, plane: DataPlane, progress: Progress): Promise<ReadEntity> {
  const report: Progress = (event) => progress('step' in event ? { ...event, step: `${entity.system}/${entity.entity}` } : event);
  const changed = (await readOnly(request, entity, cut, plane, report)) ?? (await readChanged(request, entity, cut, plane, report));
  if (changed !== null) return changed;
  const extract = await cut.extract(extractRequest(entity, null), plane, report);
  const query = { columns: extract.columns.map(({ name }) => name), table: extract.table, numberBy: entity.incremental?.id ?? null };
  return { rowsSql: snapshotRowsSql(query), rows: extract.rows, quarantine: extract.quarantine, incremental: null };
}

function extractRequest({ entity, mapping, columns }: EntityPull, since: ExtractRequest['since']): ExtractRequest {
  return { entity, from: mapping.from ?? null, query: mapping.query ?? null, columns: columns.map(({ name }) => name), since };
}

/** Some rows by their ids, laid over the last snapshot. Null where the watermark tells what has changed, where ids cannot be asked for, and where they do not
 *  identify a row. */
async function readOnly(request: PullLegacyRequest, entity: EntityPull, cut: SourceCut, plane: DataPlane, progress: Progress): Promise<ReadEntity | null> {
  const { previous, id, system } = entity;
  const ids = request.only?.get(entity.entity)?.legacyIds.get(system) ?? null;
  if (ids === null || ids.length === 0 || id === null || previous === null || entity.incremental !== null) return null;
  if (previous.manifest.requestHash !== entity.requestHash || previous.manifest.quarantined > 0) return null;
  const extract = await cut.extract({ ...extractRequest(entity, null), only: { idColumn: id, ids } }, plane, progress);
  if (extract.quarantine !== null) return null;
  const asked = `${extract.table}_asked`;
  await plane.run(`CREATE TABLE ${identifier(asked)} (id VARCHAR)`);
  await plane.append(asked, once(ids.map((one) => [one])));
  const query = { columns: extract.columns.map(({ name }) => name), table: extract.table, numberBy: null };
  const [facts] = await plane.rows<{ rows: number; repeated: number; deleted: number }>(laidOverFactsSql(query, previous.data, id, asked));
  if (facts === undefined || facts.repeated > 0) return null;
  return {
    rowsSql: laidOverSql(query, previous.data, id, asked),
    rows: facts.rows,
    quarantine: null,
    incremental: { base: previous.manifest.id, since: previous.manifest.asOf, changed: extract.rows, deleted: facts.deleted },
  };
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}

/** Null when there is nothing to build on, or when the ids show that what changed is not all there is to know. */
async function readChanged(request: PullLegacyRequest, entity: EntityPull, cut: SourceCut, plane: DataPlane, progress: Progress): Promise<ReadEntity | null> {
  const { previous, incremental } = entity;
  const watermark = previous?.manifest.watermark;
  if (request.full || incremental === null || previous === null || watermark === undefined) return null;
  // rows that could not be read are in no snapshot: without them the base is not all there was
  if (previous.manifest.requestHash !== entity.requestHash || previous.manifest.quarantined > 0) return null;
  const [start] = await plane.rows<{ since: string }>(sinceSql(watermark, incremental.watermark.type, request.workspace.file.policies.overlap_minutes));
  const since = start?.since ?? watermark;
  const extract = await cut.extract(
    extractRequest(entity, { watermarkColumn: incremental.watermark.name, idColumn: incremental.id, value: since }),
    plane,
    progress,
  );
  const { ids } = extract;
  if (ids === null || extract.quarantine !== null) return null;
  const query = { columns: extract.columns.map(({ name }) => name), table: extract.table, numberBy: incremental.id };
  const [facts] = await plane.rows<IncrementalFacts>(incrementalFactsSql(query, previous.data, ids));
  if (facts === undefined || facts.ids !== facts.distinct_ids || facts.unseen > 0) {
    progress({ kind: 'warning', text: `${entity.system}/${entity.entity}: ${reasonForFull(facts, incremental.id)}; it is read whole` });
    return null;
  }
  return {
    rowsSql: mergedRowsSql(query, previous.data, ids),
    rows: facts.ids,
    quarantine: null,
    incremental: { base: previous.manifest.id, since, changed: extract.rows, deleted: facts.deleted },
  };
}

interface IncrementalFacts {
  readonly [name: string]: number;
  readonly ids: number;
  readonly distinct_ids: number;
  readonly unseen: number;
  readonly deleted: number;
}

function reasonForFull(facts: IncrementalFacts | undefined, id: string): string {
  if (facts === undefined || facts.ids !== facts.distinct_ids) return `${id} does not identify a row`;
  return `${facts.unseen} rows came in with a watermark older than the overlap`;
}
