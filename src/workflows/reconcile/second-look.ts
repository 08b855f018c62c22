/** A second look at what differs, before it is reported: somebody may be at work while the night runs. What has changed since the snapshots is pulled again by
 *  key and becomes new snapshots, so the comparison that follows is as much a function of snapshots as the first one. */
import { CutoverError } from '../../domain/errors.ts';
import { type DataPlane, OdooError, type Ports } from '../../domain/ports.ts';
import type { PullResult } from '../../domain/results.ts';
import type { OnlyRecords, RecordsAgain } from '../pull/only-records.ts';
import { pull } from '../pull/pull.ts';
import type { SidesRequest } from '../sides/sides.ts';
import type { EntityComparison } from './comparison.ts';
import type { JudgedComparison } from './judge.ts';
import { familySql, legacyIdsSql, odooIdsSql, pickedCountSql, pickedTableSql, systemsSql } from './second-look-sql.ts';

export interface SecondLook {
  /** Records that were looked at again, in Odoo or in a legacy system; a document's lines with it. */
  readonly records: number;
  /** Entities of which something had changed: they have new snapshots. */
  readonly entities: readonly string[];
}

/** Null where nothing had changed, where nothing differs, and where there was no looking: more records differ than the policies take for few, the as-of lies
 *  before the snapshots (a night of the past is not to be mended by today), or a system did not answer. The last two of these are told as warnings; none of
 *  them ends the night, and the breaks stay as they were judged. E_INTERRUPTED. */
export async function secondLook(judged: JudgedComparison, request: SidesRequest, ports: Ports): Promise<SecondLook | null> {
  if (judged.life.open + judged.life.pending === 0 || (await isReplay(judged, ports))) return null;
  const picked = await pick(judged, request, ports);
  if (picked === null) return null;
  const { odoo } = request.workspace.file;
  const legacy = [...new Set([...picked.values()].flatMap(({ legacyIds }) => [...legacyIds.keys()]))].sort();
  const snapshots: PullResult['snapshots'][number][] = [];
  for (const system of [...legacy, ...([...picked.values()].some(({ odooIds }) => odooIds.length > 0) ? [odoo] : [])])
    snapshots.push(...(await lookAgain(system, picked, request, ports)));
  if (snapshots.length === 0) return null;
  const named = new Set(snapshots.map(({ entity }) => entity));
  const records = [...picked.values()].reduce(
    (sum, one) => sum + Math.max(one.odooIds.length, ...[...one.legacyIds.values()].map((ids) => ids?.length ?? 0)),
    0,
  );
  return { records, entities: judged.entities.map(({ entity }) => entity).filter((entity) => named.has(entity)) };
}

async function isReplay(judged: JudgedComparison, ports: Ports): Promise<boolean> {
  for (const { system, entity, id } of judged.snapshots) {
    const snapshot = await ports.snapshots.get(system, entity, id);
    if (snapshot !== null && snapshot.manifest.asOf > judged.asOf) return true;
  }
  return false;
}

/** A system that does not answer is a reason to look tomorrow, not to lose tonight. */
async function lookAgain(system: string, only: OnlyRecords, request: SidesRequest, ports: Ports): Promise<PullResult['snapshots']> {
  try {
    return (await pull({ ...request, systems: [system], entity: null, full: false, only }, ports)).snapshots;
  } catch (error) {
    const isTold = error instanceof OdooError || (error instanceof CutoverError && error.code !== 'E_INTERRUPTED');
    if (!isTold) throw error;
    ports.progress({
      kind: 'warning',
      text: `second look: ${system} could not be asked again (${error.message}); its breaks stay as they are in the last snapshots`,
    });
    return [];
  }
}

/** Entity → what is asked again; null: nothing, or too much. */
async function pick(judged: JudgedComparison, request: SidesRequest, ports: Ports): Promise<OnlyRecords | null> {
  const { odoo, policies } = request.workspace.file;
  const plane = await ports.openPlane();
  try {
    let records = 0;
    for (const { entity, breaks } of judged.entities) {
      await plane.run(pickedTableSql(entity, breaks));
      const [count] = await plane.rows<{ records: number }>(pickedCountSql(entity));
      records += count?.records ?? 0;
    }
    if (records > policies.new_breaks) {
      const text = `second look: ${records} records differ, which is no coincidence (policies.new_breaks: ${policies.new_breaks}); they are reported without one`;
      ports.progress({ kind: 'warning', text });
      return null;
    }
    for (const statement of await families(judged, odoo, ports)) await plane.run(statement);
    const picked = new Map<string, RecordsAgain>();
    for (const entity of judged.entities) {
      const odooIds = entity.binding === null ? [] : (await plane.rows<{ id: number }>(odooIdsSql(entity.entity))).map(({ id }) => id);
      const legacyIds = await askedOfLegacy(entity, request, plane, ports);
      if (odooIds.length > 0 || legacyIds.size > 0) picked.set(entity.entity, { odooIds, legacyIds });
    }
    return picked.size === 0 ? null : picked;
  } finally {
    await plane.close();
  }
}

async function families({ entities }: JudgedComparison, odoo: string, ports: Ports): Promise<string[]> {
  const statements: string[] = [];
  for (const { entity: lines, definition, binding, datasets, snapshots } of entities) {
    const document = definition.contract.parent;
    if (document === undefined) continue;
    const [parent = null] = Object.entries(definition.contract.fields).flatMap(([name, field]) =>
      field.type === 'ref' && field.entity === document ? [name] : [],
    );
    const id = snapshots.find(({ system }) => system === odoo)?.id;
    const snapshot = id === undefined ? null : await ports.snapshots.get(odoo, lines, id);
    const parentField = binding?.parentField ?? null;
    const inOdoo = snapshot === null || parentField === null ? null : { snapshot: snapshot.data, parentField };
    statements.push(...familySql({ document, lines, parent, datasets, odoo: inOdoo }));
  }
  return statements;
}

/** Legacy system → ids, or null for "as any pull reads it". Reading everything again for a few records is worth it only where the change may be on its way:
 *  where the entity has a settle time and one of its breaks has not settled. */
async function askedOfLegacy(
  { entity, definition, datasets }: EntityComparison,
  { workspace }: SidesRequest,
  plane: DataPlane,
  ports: Ports,
): Promise<ReadonlyMap<string, readonly string[] | null>> {
  const asked = new Map<string, readonly string[] | null>();
  for (const { system, is_pending: isPending } of await plane.rows<{ system: string; is_pending: boolean }>(systemsSql(entity))) {
    const mapping = definition.sources.find((source) => source.mapping.system === system)?.mapping;
    const dataset = datasets.find((one) => one.system === system);
    if (mapping === undefined || dataset === undefined) continue;
    const idColumn = workspace.file.systems[system]?.connector === 'sql' ? mapping.id : undefined;
    if (idColumn === undefined) {
      if (isPending) asked.set(system, null);
      continue;
    }
    const ids = mapping.watermark === undefined ? await sourceIds(entity, dataset, idColumn, plane, ports) : null;
    if (ids === null || ids.length > 0) asked.set(system, ids);
  }
  return asked;
}

async function sourceIds(entity: string, dataset: EntityComparison['datasets'][number], idColumn: string, plane: DataPlane, ports: Ports): Promise<string[]> {
  const snapshot = await ports.snapshots.get(dataset.system, entity, dataset.snapshotId);
  const column = snapshot?.manifest.columns.find(({ name }) => name.toLowerCase() === idColumn.toLowerCase());
  if (snapshot === null || column === undefined) return [];
  return (await plane.rows<{ id: string }>(legacyIdsSql(entity, dataset, snapshot.data, column.name))).map(({ id }) => id);
}
