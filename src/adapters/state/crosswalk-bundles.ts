/** The crosswalk for those who want all of it: a million links as some hundreds of rows, or only what has changed since the last time. */
import type { Knex } from 'knex';
import type { BundledLinks, CrosswalkMoment, LinkBundle } from '../../domain/crosswalk.ts';
import { STATE_SCHEMA } from './migrations.ts';

const TABLE = `${STATE_SCHEMA}.crosswalk`;
const CHANGE = `${STATE_SCHEMA}.crosswalk_change`;
/** Numbers of links in one page of bundles. */
const PAGE = 50_000;
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

/** A page in order of an index. Nothing ever gathers statistics of an embedded state, and without them PostgreSQL would rather collect and sort everything
 *  behind the page before it takes the page: time that grows with the square of the links. */
export async function inIndexOrder<Row>(knex: Knex, select: string, bindings: readonly (string | number | null)[]): Promise<readonly Row[]> {
  return knex.transaction(async (transaction) => {
    await transaction.raw('set local enable_sort = off');
    return (await transaction.raw<{ rows: Row[] }>(select, bindings)).rows;
  });
}

/** Paged by the number of the row, which it keeps for life, so that nothing stays open between two pages and each link comes once. What is asked of a link
 *  beside its number is put so that no other index seems to serve it: without statistics PostgreSQL would take one that finds all of them, for each page. */
async function* allOpen(knex: Knex, odooUuid: string, capability: string): AsyncIterable<readonly LinkBundle[]> {
  const { rows: ends } = await knex.raw<{ rows: { last: number }[] }>(`select coalesce(max(id), 0)::integer as last from ${TABLE}`);
  const last = ends[0]?.last ?? 0;
  for (let from = 0; from < last; from += PAGE) {
    const { rows } = await knex.raw<{ rows: BundleRow[] }>(
      `select entity, system, provenance, valid_from as "validFrom", true as open, ${LISTS} from ${TABLE}
       where id > ?::bigint and id <= ?::bigint and (valid_to is null and odoo_uuid = ? and capability = ?) is true
       group by valid_from, entity, system, provenance`,
      [from, from + PAGE, odooUuid, capability],
    );
    if (rows.length > 0) yield rows.map(bundleOf);
  }
}

function bundleOf({ entity, system, provenance, validFrom, open, keys, odooIds }: BundleRow): LinkBundle {
  return { entity, system, provenance, validFrom: new Date(validFrom).toISOString(), open, keys, odooIds };
}
