/** The crosswalk: which legacy record is which Odoo record, since when and until when. */
import type { Knex } from 'knex';
import type { CrosswalkInterval, CrosswalkLink } from '../../domain/crosswalk.ts';
import { inIndexOrder, nextChange } from './crosswalk-bundles.ts';
import { STATE_SCHEMA } from './migrations.ts';

interface CrosswalkRow {
  odoo_uuid: string;
  capability: string;
  entity: string;
  system: string;
  key: string;
  model: string;
  odoo_id: number;
  external_id: string | null;
  provenance: CrosswalkLink['provenance'];
  run_id: string;
  valid_from: Date | string;
}

const PAGE = 5000;
const TABLE = `${STATE_SCHEMA}.crosswalk`;
const NAMES = 'odoo_uuid, capability, entity, system, key, model, odoo_id, external_id, provenance, run_id, valid_from';
const AFTER = '(?::text collate "C", ?::text collate "C", ?::text collate "C")';
/** Of one record, the link that is open. Without statistics, which nothing ever gathers of an embedded state, PostgreSQL would join by collecting every open
 *  link there is, for each batch; or take the index that finds all of them, were it not for "is true". */
const openLinkOf = (record: { readonly [name in 'odoo_uuid' | 'entity' | 'system' | 'key']: string }): string => `lateral (
    select * from ${TABLE} as open where (open.valid_to is null) is true
      and open.odoo_uuid = ${record.odoo_uuid} and open.entity = ${record.entity} and open.system = ${record.system} and open.key = ${record.key} limit 1)`;
const INCOMING = openLinkOf({ odoo_uuid: 'i.odoo_uuid', entity: 'i.entity', system: 'i.system', key: 'i.key' });
const KEYS = 'json_array_elements_text((?::text)::json) as wanted(key)';
const WANTED = openLinkOf({ odoo_uuid: '?', entity: '?', system: '?', key: 'wanted.key' });
const LEADS_ELSEWHERE = '(s.open_model, s.open_odoo_id) is distinct from (s.model, s.odoo_id)';
/** What leads elsewhere is closed before anything is opened: counting the closed has that done first. */
const LINK = `with incoming as materialized (
    select * from json_to_recordset((?::text)::json) as i(odoo_uuid text, capability text, entity text, system text, key text, model text, odoo_id integer,
      external_id text, provenance text, run_id text, valid_from timestamptz)
  ), standing as materialized (
    select i.*, open.id as open_id, open.model as open_model, open.odoo_id as open_odoo_id from incoming as i left join ${INCOMING} as open on true
  ), closed as (
    update ${TABLE} as open set valid_to = greatest(s.valid_from, open.valid_from), closed_by = s.run_id, changed_in = ?::integer
    from standing as s where open.id = s.open_id and ${LEADS_ELSEWHERE} returning 1
  )
  insert into ${TABLE} (${NAMES}, changed_in) select ${NAMES}, ?::integer from standing as s
    where (s.open_id is null or ${LEADS_ELSEWHERE}) and (select count(*) from closed) >= 0`;

/** Closes an open link of the same record that leads elsewhere; a link that is there already stays as it is. */
export async function link(knex: Knex, links: readonly CrosswalkLink[]): Promise<void> {
  if (links.length === 0) return;
  const last = new Map(links.map((item) => [JSON.stringify([item.odooUuid, item.entity, item.system, item.key]), item]));
  await knex.transaction(async (transaction) => {
    const change = await nextChange(transaction);
    await transaction.raw(LINK, [JSON.stringify([...last.values()].map(rowOf)), change, change]);
  });
}

export async function unlink(
  knex: Knex,
  closing: {
    readonly odooUuid: string;
    readonly entity: string;
    readonly system: string;
    readonly keys: readonly string[];
    readonly at: string;
    readonly runId: string;
  },
): Promise<void> {
  if (closing.keys.length === 0) return;
  await knex.transaction(async (transaction) => {
    const change = await nextChange(transaction);
    await transaction.raw(
      `with standing as materialized (select open.id from ${KEYS}, ${WANTED} as open)
       update ${TABLE} as open set valid_to = greatest(?::timestamptz, valid_from), closed_by = ?, changed_in = ?::integer from standing where open.id = standing.id`,
      [JSON.stringify(closing.keys), closing.odooUuid, closing.entity, closing.system, closing.at, closing.runId, change],
    );
  });
}

export function links(knex: Knex, odooUuid: string, capability: string, entity: string | null): AsyncIterable<readonly CrosswalkLink[]> {
  const select = `select ${NAMES} from ${TABLE}
    where valid_to is null and odoo_uuid = ? and capability = ? and entity = coalesce(?::text, entity) and (entity, system, key) > ${AFTER}
    order by entity, system, key limit ?`;
  return pages(knex, select, [odooUuid, capability, entity]);
}

/** Entity by entity, which the index of the history serves in order. Should a clock have gone back and two intervals of a record overlap, the
 *  later one tells. */
export async function* linksAt(knex: Knex, odooUuid: string, capability: string, entity: string | null, at: string): AsyncIterable<readonly CrosswalkLink[]> {
  const select = `select distinct on (entity, system, key) ${NAMES} from ${TABLE}
    where odoo_uuid = ? and entity = ? and capability = ?
      and valid_from <= ?::timestamptz and (valid_to is null or valid_to > ?::timestamptz) and (entity, system, key) > ${AFTER}
    order by entity, system, key, valid_from desc, id desc limit ?`;
  const entities = entity === null ? await entitiesOf(knex, odooUuid, capability) : [entity];
  for (const one of entities) yield* pages(knex, select, [odooUuid, one, capability, at, at]);
}

async function entitiesOf(knex: Knex, odooUuid: string, capability: string): Promise<string[]> {
  const select = `select distinct entity from ${TABLE} where odoo_uuid = ? and capability = ? order by entity`;
  const { rows } = await knex.raw<{ rows: { entity: string }[] }>(select, [odooUuid, capability]);
  return rows.map((row) => row.entity);
}

/** Paged by key and not by cursor, so that nothing stays open between two pages. */
async function* pages(knex: Knex, select: string, bindings: readonly (string | null)[]): AsyncIterable<readonly CrosswalkLink[]> {
  let after: readonly [string, string, string] = ['', '', ''];
  for (;;) {
    const rows = await inIndexOrder<CrosswalkRow>(knex, select, [...bindings, ...after, PAGE]);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(linkOf);
    after = [last.entity, last.system, last.key];
  }
}

export async function history(knex: Knex, odooUuid: string, entity: string, system: string, key: string): Promise<readonly CrosswalkInterval[]> {
  const { rows } = await knex.raw<{ rows: (CrosswalkRow & { valid_to: Date | string | null; closed_by: string | null })[] }>(
    `select ${NAMES}, valid_to, closed_by from ${TABLE} where odoo_uuid = ? and entity = ? and system = ? and key = ? order by valid_from, id`,
    [odooUuid, entity, system, key],
  );
  return rows.map((row) => ({ ...linkOf(row), validTo: row.valid_to === null ? null : new Date(row.valid_to).toISOString(), closedBy: row.closed_by }));
}

export async function linksOf(
  knex: Knex,
  odooUuid: string,
  entity: string,
  system: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, CrosswalkLink>> {
  if (keys.length === 0) return new Map();
  const { rows } = await knex.raw<{ rows: CrosswalkRow[] }>(`select open.* from ${KEYS}, ${WANTED} as open`, [
    JSON.stringify(keys),
    ...[odooUuid, entity, system],
  ]);
  return new Map(rows.map((row) => [row.key, linkOf(row)]));
}

function rowOf(item: CrosswalkLink): CrosswalkRow {
  return {
    odoo_uuid: item.odooUuid,
    capability: item.capability,
    entity: item.entity,
    system: item.system,
    key: item.key,
    model: item.model,
    odoo_id: item.odooId,
    external_id: item.externalId,
    provenance: item.provenance,
    run_id: item.runId,
    valid_from: item.validFrom,
  };
}

function linkOf(row: CrosswalkRow): CrosswalkLink {
  return {
    odooUuid: row.odoo_uuid,
    capability: row.capability,
    entity: row.entity,
    system: row.system,
    key: row.key,
    model: row.model,
    odooId: row.odoo_id,
    externalId: row.external_id,
    provenance: row.provenance,
    runId: row.run_id,
    validFrom: new Date(row.valid_from).toISOString(),
  };
}
