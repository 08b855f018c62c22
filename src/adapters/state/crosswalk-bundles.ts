/** The crosswalk for those who want all of it: a million links as some hundreds of rows, or only what has changed since the last time. */
import type { Knex } from 'knex';
import type { BundledLinks, CrosswalkMoment, LinkBundle } from '../../domain/crosswalk.ts';
import { STATE_SCHEMA } from './migrations.ts';

const TABLE = `${STATE_SCHEMA}.crosswalk`;
const CHANGE = `${STATE_SCHEMA}.crosswalk_change`;
/** Links in one page of bundles. */
const PAGE = 25_000;
/** Beyond this many links it is as well to read them all, in pages: the changes come in one answer. */
const FEW = 200_000;

/** Numbers a change of the crosswalk; the first statement of the transaction that makes it. One such transaction at a time: numbers are committed in
 *  their order, so that nobody who has seen one has missed an earlier one. */
export async function nextChange(transaction: Knex.Transaction): Promise<number> {
  await transaction.raw("select pg_advisory_xact_lock(hashtextextended('cutover crosswalk', 0))");
  const { rows } = await transaction.raw<{ rows: { number: number }[] }>(`insert into ${CHANGE} default values returning number`);
  const number = rows[0]?.number;
  if (number === undefined) throw new Error('a change of the crosswalk was not given a number');
  return number;
}

/** The moment is read before the links: what comes in between is part of the next reading's changes too, and changes nothing twice. */
export async function bundledLinks(knex: Knex, odooUuid: string, capability: string, since: CrosswalkMoment | null): Promise<BundledLinks> {
  const { rows } = await knex.raw<{ rows: CrosswalkMoment[] }>(`select number as change, mark from ${CHANGE} order by number desc limit 1`);
  const moment = rows[0];
  if (moment === undefined) throw new Error('the crosswalk has no first change');
  const isChange = since !== null && (await isOnTheWay(knex, since)) && (await isLittle(knex, since.change));
  const bundles = isChange ? changedSince(knex, odooUuid, capability, since.change) : allOpen(knex, odooUuid, capability);
  return { moment, isChange, bundles };
}

async function isOnTheWay(knex: Knex, { change, mark }: CrosswalkMoment): Promise<boolean> {
  const { rows } = await knex.raw<{ rows: unknown[] }>(`select 1 from ${CHANGE} where number = ? and mark = ?::uuid`, [change, mark]);
  return rows.length === 1;
}

async function isLittle(knex: Knex, change: number): Promise<boolean> {
  const { rows } = await knex.raw<{ rows: { links: number }[] }>(
    `select count(*)::integer as links from (select 1 from ${TABLE} where changed_in > 0 and changed_in > ?::integer limit ${FEW + 1}) as changed`,
    [change],
  );
  return (rows[0]?.links ?? 0) <= FEW;
}

type BundleRow = Omit<LinkBundle, 'validFrom'> & { readonly validFrom: Date | string };
const LISTS = 'json_agg(key)::text as keys, json_agg(odoo_id)::text as "odooIds"';

async function* changedSince(knex: Knex, odooUuid: string, capability: string, change: number): AsyncIterable<readonly LinkBundle[]> {
  const { rows } = await knex.raw<{ rows: BundleRow[] }>(
    `select entity, system, provenance, valid_from as "validFrom", valid_to is null as open, ${LISTS} from ${TABLE}
     where changed_in > 0 and changed_in > ?::integer and odoo_uuid = ? and capability = ? group by entity, system, provenance, valid_from, valid_to is null`,
    [change, odooUuid, capability],
  );
  yield rows.map(bundleOf);
}

type Place = readonly [entity: string, system: string, key: string];

/** A page in order of an index. Nothing ever gathers statistics of an embedded state, and without them PostgreSQL would rather collect and sort everything
 *  behind the page before it takes the page: time that grows with the square of the links. */
export async function inIndexOrder<Row>(knex: Knex, select: string, bindings: readonly (string | number | null)[]): Promise<readonly Row[]> {
  return knex.transaction(async (transaction) => {
    await transaction.raw('set local enable_sort = off');
    return (await transaction.raw<{ rows: Row[] }>(select, bindings)).rows;
  });
}

/** Paged by key and not by cursor, so that nothing stays open between two pages and each record comes once. */
async function* allOpen(knex: Knex, odooUuid: string, capability: string): AsyncIterable<readonly LinkBundle[]> {
  let after: Place = ['', '', ''];
  for (;;) {
    const rows = await inIndexOrder<BundleRow & { readonly last: Place }>(
      knex,
      `with page as materialized (
         select entity, system, key, odoo_id, provenance, valid_from from ${TABLE}
         where valid_to is null and odoo_uuid = ? and capability = ? and (entity, system, key) > (?::text collate "C", ?::text collate "C", ?::text collate "C")
         order by entity, system, key limit ${PAGE}
       ), last as (select json_build_array(entity, system, key) as last from page order by entity desc, system desc, key desc limit 1)
       select entity, system, provenance, valid_from as "validFrom", true as open, ${LISTS}, (select last from last) as last
       from page group by entity, system, provenance, valid_from`,
      [odooUuid, capability, ...after],
    );
    const last = rows[0]?.last;
    if (last === undefined) return;
    yield rows.map(bundleOf);
    after = last;
  }
}

function bundleOf({ entity, system, provenance, validFrom, open, keys, odooIds }: BundleRow): LinkBundle {
  return { entity, system, provenance, validFrom: new Date(validFrom).toISOString(), open, keys, odooIds };
}
