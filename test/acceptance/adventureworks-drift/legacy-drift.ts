/** The legacy database: its rows as the drift is chosen from them, and the drift itself. */
import type pg from 'pg';
import type { Drift, LegacyLine, LegacyRows } from './seed.ts';

/** Leaves this many orders, evenly spread over the years, with their lines. */
export async function keepOrders(database: pg.Client, orders: number): Promise<void> {
  const numbered =
    'select purchaseorderid, row_number() over (order by purchaseorderid) as nth, count(*) over () as number from purchasing.purchaseorderheader';
  const others = `select purchaseorderid from (${numbered}) as o where nth * ${orders} % number >= ${orders}`;
  await database.query(`create temporary table others as ${others}`);
  for (const table of ['purchaseorderdetail', 'purchaseorderheader'])
    await database.query(`delete from purchasing.${table} where purchaseorderid in (select purchaseorderid from others)`);
}

export async function legacyRows(database: pg.Client): Promise<LegacyRows> {
  const orders = await database.query<{ id: number; status: number }>(
    'select purchaseorderid as id, status from purchasing.purchaseorderheader order by purchaseorderid',
  );
  const lines = await database.query<{ order: number; id: number; quantity: number; price: string; due: string; name: string }>(
    `select d.purchaseorderid as order, d.purchaseorderdetailid as id, d.orderqty as quantity, (d.unitprice * 10000)::bigint::text as price,
       to_char(d.duedate, 'YYYY-MM-DD') as due, p.name
     from purchasing.purchaseorderdetail d join production.product p using (productid) order by 1, 2`,
  );
  const prices = await database.query<{ product: number; vendor: number; key: string; price: string }>(
    `select productid as product, businessentityid as vendor, v.accountnumber || '/' || p.productnumber || '/' || minorderqty as key,
       (pv.standardprice * 10000)::bigint::text as price
     from purchasing.productvendor pv join purchasing.vendor v using (businessentityid) join production.product p using (productid) order by 1, 2`,
  );
  const suppliers = await database.query<{ key: string }>('select accountnumber as key from purchasing.vendor order by 1');
  const products = await database.query<{ key: string }>('select productnumber as key from production.product order by 1');
  return {
    orders: orders.rows,
    lines: lines.rows.map((row) => ({ ...row, price: BigInt(row.price) })),
    prices: prices.rows.map((row) => ({ ...row, price: BigInt(row.price) })),
    suppliers: suppliers.rows.map(({ key }) => key),
    products: products.rows.map(({ key }) => key),
  };
}

/** Ten-thousandths as a decimal text. */
export function amount(tenThousandths: bigint): string {
  return `${tenThousandths / 10_000n}.${String(tenThousandths % 10_000n).padStart(4, '0')}`;
}

export async function driftLegacy(database: pg.Client, drift: Drift['legacy']): Promise<void> {
  const ofLine = ({ order, id }: LegacyLine) => `purchaseorderid = ${order} and purchaseorderdetailid = ${id}`;
  const statements = [
    'alter table purchasing.purchaseorderdetail drop constraint purchaseorderdetail_pkey, drop constraint purchaseorderdetail_purchaseorderid_fkey',
    'alter table purchasing.purchaseorderheader drop constraint purchaseorderheader_pkey',
    'alter table purchasing.purchaseorderdetail alter column duedate drop not null',
    ...drift.status.map(({ order, to }) => `update purchasing.purchaseorderheader set status = ${to} where purchaseorderid = ${order}`),
    ...drift.price.flatMap(({ line, to }) => [
      `update purchasing.purchaseorderdetail set unitprice = ${amount(to)}, linetotal = orderqty * ${amount(to)} where ${ofLine(line)}`,
      `update purchasing.purchaseorderheader set subtotal = subtotal + ${line.quantity} * (${amount(to)} - ${amount(line.price)}) where purchaseorderid = ${line.order}`,
    ]),
    ...drift.vendorPrice.map(
      ({ of, to }) => `update purchasing.productvendor set standardprice = ${amount(to)} where productid = ${of.product} and businessentityid = ${of.vendor}`,
    ),
    ...drift.noDueDate.map((line) => `update purchasing.purchaseorderdetail set duedate = null where ${ofLine(line)}`),
    ...drift.swappedDueDate.map(({ line, to }) => `update purchasing.purchaseorderdetail set duedate = '${to}' where ${ofLine(line)}`),
    ...drift.removed.flatMap((order) => [
      `delete from purchasing.purchaseorderdetail where purchaseorderid = ${order}`,
      `delete from purchasing.purchaseorderheader where purchaseorderid = ${order}`,
    ]),
    ...drift.added.flatMap(({ like, id }) => ['header', 'detail'].map((part) => copySql(`purchaseorder${part}`, `purchaseorderid = ${like}`, id))),
    ...drift.repeatedOrder.map((order) => copySql('purchaseorderheader', `purchaseorderid = ${order}`, order)),
    ...drift.repeatedLine.map((line) => copySql('purchaseorderdetail', ofLine(line), line.order)),
  ];
  await database.query(statements.join(';\n'));
}

/** The same rows again, of an order of this number. */
function copySql(table: string, where: string, order: number): string {
  const changed = `json_build_object('purchaseorderid', ${order})::jsonb`;
  return `insert into purchasing.${table} select (jsonb_populate_record(t, ${changed})).* from purchasing.${table} t where ${where}`;
}
