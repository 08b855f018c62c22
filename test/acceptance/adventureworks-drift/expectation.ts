/** What a reconcile must report of a drift: one line per break, `entity record class field movement`. */
import { type Drift, type LegacyLine, type LegacyRows, lineKey, orderNo } from './seed.ts';

export interface ExpectedBreak {
  /** What it was seeded as. */
  readonly kind: string;
  readonly text: string;
}

/** Records that only Odoo has, by what was made there. */
export interface MadeInOdoo {
  readonly orders: readonly number[];
  readonly repeatedOrders: readonly number[];
  readonly lines: readonly number[];
  readonly suppliers: readonly number[];
}

export function expectedBreaks(rows: LegacyRows, { legacy, odoo }: Drift, made: MadeInOdoo): ExpectedBreak[] {
  const breaks: ExpectedBreak[] = [];
  const add = (kind: string, ...parts: readonly string[]) => breaks.push({ kind, text: parts.join(' ') });
  const line = (one: LegacyLine, kind: string, ...rest: string[]) => add(kind, 'purchase_order_line', lineKey(one), ...rest);
  const order = (id: number, kind: string, ...rest: string[]) => add(kind, 'purchase_order', orderNo(id), ...rest);
  const linesOf = (id: number) => rows.lines.filter((one) => one.order === id);
  const both = new Set(odoo.price.map(lineKey));

  for (const { order: id } of legacy.status) order(id, 'status', 'value', 'state', 'legacy-changed');
  const totals = new Map<number, string>();
  for (const { line: one } of legacy.price) {
    const movement = both.has(lineKey(one)) ? 'both-changed' : 'legacy-changed';
    line(one, 'price', 'value', 'unit_price', movement);
    line(one, 'price', 'value', 'amount', movement);
    totals.set(one.order, movement === 'both-changed' ? movement : (totals.get(one.order) ?? movement));
  }
  for (const [id, movement] of totals) order(id, 'price', 'value', 'untaxed_amount', movement);
  for (const { of } of legacy.vendorPrice) add('vendor price', 'supplier_price', of.key, 'value', 'price', 'legacy-changed');
  for (const one of legacy.noDueDate) line(one, 'blank in legacy', 'extra-value', 'due_at', 'legacy-changed');
  for (const { line: one } of legacy.swappedDueDate) line(one, 'day and month swapped', 'value', 'due_at', 'legacy-changed');
  for (const { like, id } of legacy.added) {
    order(id, 'added to legacy', 'only-legacy');
    for (const one of linesOf(like)) line({ ...one, order: id }, 'added to legacy', 'only-legacy');
  }
  for (const id of legacy.removed) {
    order(id, 'removed from legacy', 'missing-in-legacy');
    for (const one of linesOf(id)) line(one, 'removed from legacy', 'missing-in-legacy');
  }
  for (const id of legacy.repeatedOrder) order(id, 'repeated in legacy', 'duplicate-key');
  for (const one of legacy.repeatedLine) line(one, 'repeated in legacy', 'duplicate-key');

  for (const id of odoo.withoutZeros) order(id, 'leading zeros lost', 'value', 'supplier_reference', 'odoo-changed');
  for (const id of odoo.noReference) order(id, 'blank in Odoo', 'missing-value', 'supplier_reference', 'odoo-changed');
  for (const one of odoo.cutDescription) line(one, 'truncated', 'value', 'description', 'odoo-changed');
  for (const one of odoo.quantity) {
    line(one, 'edited in Odoo', 'value', 'quantity', 'odoo-changed');
    line(one, 'edited in Odoo', 'value', 'amount', 'odoo-changed');
    order(one.order, 'edited in Odoo', 'value', 'untaxed_amount', 'odoo-changed');
  }
  for (const id of odoo.removed) {
    order(id, 'removed from Odoo', 'missing-in-odoo');
    for (const one of linesOf(id)) line(one, 'removed from Odoo', 'missing-in-odoo');
  }
  for (const key of odoo.cities) add('edited in Odoo', 'supplier', key, 'value', 'city', 'odoo-changed');
  for (const key of odoo.listPrices) add('edited in Odoo', 'product', key, 'value', 'list_price', 'odoo-changed');
  for (const id of made.orders) add('added to Odoo', 'purchase_order', `#${id}`, 'only-odoo');
  for (const id of made.repeatedOrders) add('repeated in Odoo', 'purchase_order', `#${id}`, 'duplicate-key');
  for (const id of made.lines) add('added to Odoo', 'purchase_order_line', `#${id}`, 'only-odoo');
  for (const id of made.suppliers) add('added to Odoo', 'supplier', `#${id}`, 'only-odoo');
  return breaks;
}
