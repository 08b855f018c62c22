/** Loads the same records with the best calls known (measured: `load` in batches, some at a time, chatter off), and nothing around them:
 *  no plan, no journal, no read-back. Then, on a sample, the way it is usually done: one `create` after the other. */
import { procurement, type Sizes } from '../procurement.ts';
import { call, inLanes, type Target } from './json-2.ts';

const { odoo, sizes, limits, sample } = JSON.parse(process.argv[2] ?? '{}') as { odoo: Target; sizes: Sizes; limits: Sizes & { calls: number }; sample: Sizes };
const { suppliers, products, orders } = procurement(sizes);
const context = { tz: 'UTC', tracking_disable: true, mail_create_nolog: true, mail_notrack: true };
const ids = new Map<string, number>();

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

async function load(model: string, fields: readonly string[], rows: readonly (readonly string[])[]): Promise<readonly number[]> {
  const answer = await call<{ ids: number[] | false; messages: unknown[] }>(odoo, model, 'load', { fields, data: rows, context });
  if (answer.ids === false) throw new Error(`${model}.load: ${JSON.stringify(answer.messages).slice(0, 500)}`);
  return answer.ids;
}

const seconds = {
  suppliers: await timed(() =>
    inLanes(limits.calls, suppliers, limits.suppliers, async (batch) => {
      const fields = ['id', 'ref', 'name', 'active', 'street', 'city', 'zip', 'email', 'phone', 'is_company', 'supplier_rank'];
      const rows = batch.map((one) => [`peer.s_${one.no}`, one.no, one.name, 'True', one.street, one.city, one.zip, one.email, one.phone, 'True', '1']);
      const made = await load('res.partner', fields, rows);
      for (const [index, one] of batch.entries()) ids.set(one.no, made[index] as number);
    }),
  ),
  products: await timed(() =>
    inLanes(limits.calls, products, limits.products, async (batch) => {
      const fields = ['id', 'default_code', 'name', 'type', 'list_price', 'standard_price', 'active', 'purchase_ok'];
      const rows = batch.map((one) => [`peer.p_${one.no}`, one.no, one.name, 'consu', one.price, one.cost, 'True', 'True']);
      const made = await load('product.product', fields, rows);
      for (const [index, one] of batch.entries()) ids.set(one.no, made[index] as number);
    }),
  ),
  orders: await timed(() =>
    inLanes(limits.calls, orders, limits.orders, async (batch) => {
      const line = ['id', 'product_id/.id', 'name', 'product_qty', 'price_unit', 'date_planned', 'tax_ids/.id'].map((name) => `order_line/${name}`);
      const rows = batch.flatMap((order) =>
        order.lines.map((one, index) => [
          ...(index === 0 ? [`peer.o_${order.no}`, order.no, String(ids.get(order.supplier)), order.ordered] : ['', '', '', '']),
          ...[`peer.o_${order.no}_${index}`, String(ids.get(one.product)), one.text, one.quantity, one.price, one.due, ''],
        ]),
      );
      const made = await load('purchase.order', ['id', 'name', 'partner_id/.id', 'date_order', ...line], rows);
      for (const [index, order] of batch.entries()) ids.set(order.no, made[index] as number);
    }),
  ),
  confirming: await timed(() =>
    inLanes(limits.calls, orders, Math.ceil(limits.orders / 2), async (batch) => {
      const records = batch.map((order) => ids.get(order.no) as number);
      await call(odoo, 'purchase.order', 'button_confirm', { ids: records, context });
      const values = batch.map((order) => ({ date_approve: order.approved, date_order: order.ordered }));
      await call(odoo, 'purchase.order', 'web_save_multi', { ids: records, vals_list: values, specification: {}, context });
    }),
  ),
};

/** No batches, no parallel calls, chatter as it comes. */
const single = {
  suppliers: await timed(async () => {
    for (const one of suppliers.slice(0, sample.suppliers)) {
      const { no, name, street, city, zip, email, phone } = one;
      await call(odoo, 'res.partner', 'create', { vals_list: [{ ref: `1-${no}`, name, street, city, zip, email, phone, is_company: true, supplier_rank: 1 }] });
    }
  }),
  products: await timed(async () => {
    for (const one of products.slice(0, sample.products)) {
      const vals = {
        default_code: `1-${one.no}`,
        name: one.name,
        type: 'consu',
        list_price: Number(one.price),
        standard_price: Number(one.cost),
        purchase_ok: true,
      };
      await call(odoo, 'product.product', 'create', { vals_list: [vals] });
    }
  }),
  orders: await timed(async () => {
    for (const one of orders.slice(0, sample.orders)) {
      const order_line = one.lines.map((line) => [
        0,
        0,
        {
          product_id: ids.get(line.product),
          name: line.text,
          product_qty: Number(line.quantity),
          price_unit: Number(line.price),
          date_planned: line.due,
          tax_ids: [],
        },
      ]);
      await call(odoo, 'purchase.order', 'create', {
        vals_list: [{ name: `1-${one.no}`, partner_id: ids.get(one.supplier), date_order: one.ordered, order_line }],
      });
    }
  }),
};
console.log(JSON.stringify({ seconds, single }));
