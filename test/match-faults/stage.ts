/** Puts a world on a data plane and looks for its conflicts. */
import { EntityContract } from '../../src/domain/contract.ts';
import type { DataPlane } from '../../src/domain/ports.ts';
import { conflictSteps } from '../../src/workflows/match/conflicts.ts';
import type { ConflictInput, ConflictNight } from '../../src/workflows/match/conflicts-input.ts';
import { runConflicts } from '../../src/workflows/match/conflicts-run.ts';
import { matchRecords } from '../../src/workflows/match/match-records.ts';
import { cleanCases, cleanProducts, cleanSuppliers, rejectedCase } from './cases-clean.ts';
import { damageCases } from './cases-damage.ts';
import { oneThingCases, productWords, sharingCases, supplierWords } from './cases-entities.ts';
import { crosswalkCases, keyCases, timeCases } from './cases-time.ts';
import { chanceOf } from './chance.ts';
import { fresher, nameMaker, productFields, supplierFields, worldOf } from './things.ts';
import { type Link, seedAll, type Values, type World } from './world.ts';

export const contracts = {
  supplier: EntityContract.parse({
    ...{ entity: 'supplier', version: 1, key: ['supplier_no'] },
    fields: {
      ...{ supplier_no: { type: 'identifier', scheme: 'code', required: true }, name: { type: 'text', required: true } },
      ...Object.fromEntries(['gln', 'npi', 'lei', 'duns', 'vat'].map((scheme) => [scheme, { type: 'identifier', scheme }])),
      ...{ ein: { type: 'identifier', scheme: 'us-ein' }, iban: { type: 'identifier', scheme: 'iban', pii: true } },
      ...{ account_no: { type: 'identifier', scheme: 'code' }, vendor_ref: { type: 'identifier', scheme: 'code' } },
      ...Object.fromEntries(['street', 'city', 'phone', 'email'].map((name) => [name, { type: 'text' }])),
    },
  }),
  product: EntityContract.parse({
    ...{ entity: 'product', version: 1, key: ['product_no'] },
    fields: {
      ...{ product_no: { type: 'identifier', scheme: 'code', required: true }, name: { type: 'text', required: true } },
      ...Object.fromEntries(['gtin', 'ndc', 'pzn'].map((scheme) => [scheme, { type: 'identifier', scheme }])),
      ...{ catalogue_no: { type: 'identifier', scheme: 'code' }, maker_ref: { type: 'identifier', scheme: 'code' } },
      ...{ maker: { type: 'text' }, size: { type: 'text' } },
    },
  }),
} as const;
export type Entity = keyof typeof contracts;

export interface Seeded {
  readonly world: World;
  readonly rejected: readonly { readonly system: string; readonly key: string }[];
}

/** Cases per thousand things; at least one of each. */
const SHARE = 1.5;

export function seededWorld(entity: Entity, size: number, seed: number): Seeded {
  const chance = chanceOf(`faults ${entity} ${seed}`);
  const fresh = fresher(chanceOf(`numbers ${entity} ${seed}`));
  const freshName = nameMaker(entity, chanceOf(`names ${entity} ${seed}`));
  const world = worldOf(entity, size, seed, fresh, freshName);
  const words = entity === 'supplier' ? supplierWords : productWords;
  const fields = entity === 'supplier' ? supplierFields : productFields;
  const rejected: { system: string; key: string }[] = [];
  const cases = [
    ...damageCases(fields),
    ...sharingCases(words),
    ...oneThingCases(words),
    ...timeCases(words),
    ...crosswalkCases(),
    ...keyCases(words),
    ...cleanCases(words),
    ...(entity === 'supplier' ? cleanSuppliers : cleanProducts),
    rejectedCase(rejected),
  ];
  seedAll({ world, cases, chance, times: Math.max(1, Math.round((size * SHARE) / 1_000)), fresh, freshName });
  return { world, rejected };
}

/** What of a world is there: all of it, or tonight's legacy data alone. */
export type Evidence = 'all' | 'legacy';

/** Leaves `conflict_findings` in the plane; answers seconds of CPU by step. */
export async function findConflicts(
  plane: DataPlane,
  entity: Entity,
  seeded: Seeded,
  { evidence, matched }: { readonly evidence: Evidence; readonly matched: boolean },
): Promise<ReadonlyMap<string, number>> {
  const given = await staged(plane, entity, seeded, evidence);
  const input = matched ? { ...given, clusters: await clustersOf(plane, entity, evidence) } : given;
  const seconds = new Map<string, number>();
  for (const step of conflictSteps(input)) {
    const began = process.cpuUsage();
    await runConflicts([step], plane);
    const { user, system } = process.cpuUsage(began);
    seconds.set(step.name, (user + system) / 1e6);
  }
  return seconds;
}

export async function staged(plane: DataPlane, entity: Entity, { world, rejected }: Seeded, evidence: Evidence): Promise<ConflictInput> {
  const contract = contracts[entity];
  const now = await night(plane, 'now', world, contract.key[0] as string);
  const none: ConflictNight = { legacy: now.legacy, odoo: null, externalIds: null, links: null };
  const previous = evidence === 'all' ? await night(plane, 'before', world, contract.key[0] as string) : null;
  await table(
    plane,
    'rejected',
    ['system', 'key'],
    rejected.map(({ system, key }) => [system, key]),
    '*',
  );
  return { contract, now: evidence === 'legacy' ? none : now, previous, odooFields: world.fields, rejected: 'rejected', clusters: null };
}

const systems = ['erp', 'wms', 'lab'];

/** What the matcher makes of tonight's records, with the links as known pairs; a relation of `system`, `key`, `cluster`. */
async function clustersOf(plane: DataPlane, entity: Entity, evidence: Evidence): Promise<string> {
  const { key, fields } = contracts[entity];
  for (const system of systems) await plane.run(`CREATE OR REPLACE TABLE "now ${system}" AS SELECT * FROM "now legacy" WHERE _system = '${system}'`);
  const legacy = systems.map((name) => ({ name, rows: `now ${name}` }));
  const odoo = evidence === 'all' ? [{ name: 'odoo', rows: 'now odoo', key: '_odoo_id' }] : [];
  const number = `CASE system ${systems.map((name, index) => `WHEN '${name}' THEN ${index}`).join(' ')} END`;
  if (evidence === 'all') {
    await plane.run(`CREATE OR REPLACE TABLE "known same" AS SELECT ${number} AS l_source, l.key AS l_key, ${systems.length} AS r_source, CAST(l.odoo_id AS VARCHAR) AS r_key
      FROM "now links" AS l SEMI JOIN "now odoo" AS o ON o._odoo_id = l.odoo_id`);
    await plane.run('CREATE OR REPLACE TABLE "known apart" AS SELECT * FROM "known same" WHERE false');
  }
  const known = evidence === 'all' ? { known: { same: 'known same', apart: 'known apart' } } : {};
  await matchRecords({ plane, entity, sources: [...legacy, ...odoo], fields, key, mode: 'dedupe', ...known });
  const names = [...systems.map((name, index) => `WHEN ${index} THEN '${name}'`)].join(' ');
  return `(SELECT CASE source ${names} END AS system, key, cluster FROM match_clusters JOIN match_records USING (rid))`;
}

async function night(plane: DataPlane, name: 'now' | 'before', world: World, keyField: string): Promise<ConflictNight> {
  const isNow = name === 'now';
  const { fields, things } = world;
  const columns = fields.map((field) => `"${field}"`).join(', ');
  const texts = (values: Values) => fields.map((field) => values[field] ?? null);
  const kept = (nights: 'both' | 'now') => isNow || nights === 'both';
  const legacy = [
    ...things.flatMap((thing) => {
      const values = isNow ? thing.legacy : thing.legacyBefore;
      return values === null ? [] : [[...texts(values), thing.system, thing.key]];
    }),
    ...world.moreLegacy.flatMap((row) => (kept(row.nights) ? [[...texts(row.values), row.system, row.key]] : [])),
  ].map((row, at) => [...row, String(at)]);
  const odoo = [
    ...things.flatMap((thing) => {
      const values = isNow ? thing.odoo : thing.odooBefore;
      return values === null ? [] : [[...texts(values), String(thing.odooId)]];
    }),
    ...world.moreOdoo.flatMap((row) => (kept(row.nights) ? [[...texts(row.values), String(row.id)]] : [])),
  ];
  const links = (isNow ? world.links : world.linksBefore).map((link: Link) => [link.system, link.key, String(link.odooId), link.externalId, link.provenance]);
  const ids = [...(isNow ? world.externalIds : world.externalIdsBefore)].map(([externalId, id]) => [externalId, String(id)]);
  const id = 'CAST(odoo_id AS BIGINT) AS odoo_id';
  return {
    legacy: await table(plane, `${name} legacy`, [...fields, '_system', '_key', 'row'], legacy, `_system, _key, CAST(row AS BIGINT) AS _row, ${columns}`),
    odoo: await table(
      plane,
      `${name} odoo`,
      [...fields, 'id'],
      odoo,
      `CAST(id AS BIGINT) AS _odoo_id, "${keyField}" AS _key, NULL::VARCHAR AS _external_id, true AS _in_scope, ${columns}`,
    ),
    links: await table(plane, `${name} links`, ['system', 'key', 'odoo_id', 'external_id', 'provenance'], links, `* REPLACE (${id})`),
    externalIds: await table(plane, `${name} ids`, ['external_id', 'odoo_id'], ids, `* REPLACE (${id})`),
  };
}

async function table(
  plane: DataPlane,
  name: string,
  columns: readonly string[],
  rows: readonly (readonly (string | null)[])[],
  select: string,
): Promise<string> {
  await plane.run(`CREATE OR REPLACE TABLE "${name} text" (${columns.map((column) => `"${column}" VARCHAR`).join(', ')})`);
  await plane.append(`${name} text`, batches(rows));
  await plane.run(`CREATE OR REPLACE TABLE "${name}" AS SELECT ${select} FROM "${name} text"`);
  await plane.run(`DROP TABLE "${name} text"`);
  return `"${name}"`;
}

async function* batches<Row>(rows: readonly Row[]): AsyncIterable<readonly Row[]> {
  for (let at = 0; at < rows.length; at += 10_000) yield rows.slice(at, at + 10_000);
}
