/** What matching an entity reads, opened in the data plane: both sides as they are now and as they were the last time something else was pulled, and the
 *  links between them. */
import { type CanonicalDataset, canonicalRowsSql } from '../../domain/canonical.ts';
import type { CrosswalkLink } from '../../domain/crosswalk.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { identifier } from '../../domain/sql.ts';
import { ensureCanonical } from '../map/ensure-canonical.ts';
import { stagingTableSql } from '../pull/pull-odoo-sql.ts';
import { codesOf, odooSideSql } from '../sides/open-sides.ts';
import type { EntitySides, LegacySide, Sides, SidesRequest } from '../sides/sides.ts';
import { entityTable, legacyViewSql, rejectsViewSql } from '../sides/sides-sql.ts';
import type { ConflictNight } from './conflicts-input.ts';
import type { MatchSource } from './records-sql.ts';

export interface EntityRelations {
  /** Legacy systems in the order of their mappings, then Odoo, where it was pulled. */
  readonly sources: readonly MatchSource[];
  readonly now: ConflictNight;
  readonly previous: ConflictNight | null;
  readonly odooFields: readonly string[];
  readonly rejected: string;
  readonly counts: { readonly legacy: number; readonly odoo: number };
  /** Why there is no night before to compare with; null where there is one. */
  readonly noPrevious: string | null;
}

/** Own columns of Odoo's side that matching needs. */
const ODOO_COLUMNS = ['_odoo_id', '_key', '_external_id', '_foreign_external_id', '_in_scope', '_active'];
const LINK_COLUMNS = ['system', 'key', 'odoo_id', 'external_id', 'provenance'];

export async function openRelations(
  request: SidesRequest,
  sides: Sides | LegacySide,
  entity: EntitySides,
  ports: Ports,
  plane: DataPlane,
): Promise<EntityRelations> {
  const { contract } = entity.definition;
  await plane.run(legacyViewSql(contract, entity.datasets));
  await plane.run(
    rejectsViewSql(
      contract.entity,
      entity.datasets.map((dataset) => dataset.rejects),
    ),
  );
  const rejects = entityTable(contract.entity, 'rejects');
  await plane.run(`CREATE OR REPLACE TABLE match_rejected AS SELECT DISTINCT _system AS system, _key AS key FROM ${rejects} WHERE _key IS NOT NULL`);
  const odoo = await odooTables(entity, sides, 'match_odoo', plane);
  if (sides.world !== null) {
    const links = (await ports.state()).links(sides.world.uuid, request.capability.name, contract.entity);
    await stageLinks(plane, 'match_links_now', links);
  }
  const now: ConflictNight = {
    legacy: entityTable(contract.entity, 'legacy'),
    odoo: odoo === null ? null : 'match_odoo',
    externalIds: odoo === null ? null : 'match_odoo_names',
    links: sides.world === null || odoo === null ? null : 'match_links_now',
  };
  const previous = await openPrevious({ request, sides, entity, ports, plane });
  const count = async (relation: string): Promise<number> => Number((await plane.rows<{ n: number }>(`SELECT count(*) AS n FROM ${relation}`))[0]?.n ?? 0);
  return {
    sources: [
      ...entity.datasets.map((dataset) => ({ name: dataset.system, rows: canonicalRowsSql([dataset]) })),
      ...(odoo === null ? [] : [{ name: request.workspace.file.odoo, rows: 'match_odoo', key: '_odoo_id' }]),
    ],
    now,
    previous: previous.night,
    odooFields: odoo ?? [],
    rejected: 'match_rejected',
    counts: { legacy: await count(now.legacy ?? '(SELECT 1 WHERE false)'), odoo: odoo === null ? 0 : await count('match_odoo') },
    noPrevious: previous.why,
  };
}

/** Tables `<name>` (Odoo's records; fields that are not bound are NULL) and `<name>_names` (every External ID); the bound fields, or null without a snapshot. */
async function odooTables(entity: EntitySides, sides: Sides | LegacySide, name: string, plane: DataPlane): Promise<string[] | null> {
  const sql = await odooSideSql(entity, codesOf(entity, sides), plane);
  if (sql === null || entity.odoo === null) return null;
  const { contract } = entity.definition;
  const bound = entity.odoo.binding.fields.map((field) => field.field);
  const known = [...bound, ...(contract.odoo?.states === undefined ? [] : [contract.odoo.states.field])];
  // a reference is a key on one side and a database id on the other: nothing to match by
  const comparable = known.filter((field) => contract.fields[field]?.type !== 'ref');
  const columns = Object.keys(contract.fields).map((field) => (comparable.includes(field) ? identifier(field) : `NULL::VARCHAR AS ${identifier(field)}`));
  const has = (column: string): boolean => entity.odoo?.snapshot.manifest.columns.some((one) => one.name === column) === true;
  const names = has('_external_ids') ? identifier('odoo__external_ids') : '[_external_id, _foreign_external_id]';
  await plane.run(`CREATE OR REPLACE TABLE ${name} AS SELECT ${[...ODOO_COLUMNS, ...columns].join(', ')}, ${names} AS _external_ids FROM (${sql})`);
  await plane.run(
    `CREATE OR REPLACE TABLE ${name}_names AS SELECT DISTINCT external_id, odoo_id FROM (SELECT unnest(_external_ids) AS external_id, _odoo_id AS odoo_id FROM ${name}) WHERE external_id IS NOT NULL`,
  );
  return comparable;
}

async function stageLinks(plane: DataPlane, table: string, links: AsyncIterable<readonly CrosswalkLink[]>): Promise<void> {
  await plane.run(stagingTableSql(table, LINK_COLUMNS));
  await plane.append(table, linkRows(links));
}

async function* linkRows(links: AsyncIterable<readonly CrosswalkLink[]>): AsyncIterable<(string | null)[][]> {
  for await (const batch of links) yield batch.map((link) => [link.system, link.key, String(link.odooId), link.externalId, link.provenance]);
}

interface PreviousRequest {
  readonly request: SidesRequest;
  readonly sides: Sides | LegacySide;
  readonly entity: EntitySides;
  readonly ports: Ports;
  readonly plane: DataPlane;
}

/** The snapshots before the present ones, mapped as today. A system that was pulled once has no past. */
async function openPrevious({ request, sides, entity, ports, plane }: PreviousRequest): Promise<{ night: ConflictNight | null; why: string | null }> {
  const { definition, sources, odoo } = entity;
  const { workspace, capability } = request;
  const { contract } = definition;
  const datasets: CanonicalDataset[] = [];
  let moment: string | null = null;
  for (const [index, { mapping }] of definition.sources.entries()) {
    const present = sources[index];
    const before = present === undefined ? null : await snapshotBefore(ports, present);
    if (before === null) continue;
    const dataset = await ensureCanonical({ workspace, capability, entity: definition, mapping, snapshot: before }, ports);
    datasets.push(dataset);
    moment = later(moment, before.manifest.asOf);
  }
  if (datasets.length === 0 || moment === null)
    return { night: null, why: 'only one snapshot so far: identifiers reused, swapped or re-linked over time cannot be told' };
  await plane.run(`CREATE OR REPLACE VIEW match_legacy_before AS FROM ${canonicalRowsSql(datasets)}`);
  const odooBefore = odoo === null ? null : await snapshotBefore(ports, odoo.snapshot);
  if (odoo !== null && odooBefore !== null) await odooTables({ ...entity, odoo: { ...odoo, snapshot: odooBefore } }, sides, 'match_odoo_before', plane);
  if (sides.world !== null) {
    const links = (await ports.state()).linksAt(sides.world.uuid, capability.name, contract.entity, moment);
    await stageLinks(plane, 'match_links_before', links);
  }
  return {
    night: {
      legacy: 'match_legacy_before',
      odoo: odooBefore !== null ? 'match_odoo_before' : null,
      externalIds: odooBefore !== null ? 'match_odoo_before_names' : null,
      links: sides.world === null || odoo === null ? null : 'match_links_before',
    },
    why: null,
  };
}

/** The newest snapshot that is older than this one and holds the same columns, of Odoo of the same database. */
async function snapshotBefore(ports: Ports, present: Snapshot): Promise<Snapshot | null> {
  const { system, entity, id, requestHash } = present.manifest;
  const all = await ports.snapshots.list(system, entity);
  const position = all.findIndex((snapshot) => snapshot.manifest.id === id);
  return all.slice(position + 1).find((snapshot) => snapshot.manifest.requestHash === requestHash) ?? null;
}

const later = (left: string | null, right: string): string => (left === null || right > left ? right : left);
