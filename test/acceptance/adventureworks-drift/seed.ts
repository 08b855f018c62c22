/** What drifts, and what a reconcile has to find of it: chosen from the rows of the legacy database by a seeded generator, before anything is changed. The
 *  tool has no part in it. */

export interface LegacyOrder {
  readonly id: number;
  /** 1 draft, 2 confirmed, 3 cancelled, 4 closed. */
  readonly status: number;
}
export interface LegacyLine {
  readonly order: number;
  readonly id: number;
  readonly quantity: number;
  /** In ten-thousandths, exactly. */
  readonly price: bigint;
  /** YYYY-MM-DD */
  readonly due: string;
  readonly name: string;
}
export interface LegacyPrice {
  readonly product: number;
  readonly vendor: number;
  readonly key: string;
  readonly price: bigint;
}

export interface Drift {
  /** In the legacy database. */
  readonly legacy: {
    readonly status: readonly { readonly order: number; readonly to: number }[];
    readonly price: readonly { readonly line: LegacyLine; readonly to: bigint }[];
    readonly vendorPrice: readonly { readonly of: LegacyPrice; readonly to: bigint }[];
    readonly noDueDate: readonly LegacyLine[];
    readonly swappedDueDate: readonly { readonly line: LegacyLine; readonly to: string }[];
    /** Copied to orders of new numbers. */
    readonly added: readonly { readonly like: number; readonly id: number }[];
    readonly removed: readonly number[];
    readonly repeatedOrder: readonly number[];
    readonly repeatedLine: readonly LegacyLine[];
  };
  /** In Odoo, as people and imports do it. */
  readonly odoo: {
    readonly withoutZeros: readonly number[];
    readonly noReference: readonly number[];
    readonly cutDescription: readonly LegacyLine[];
    /** Beside the price that changes in the legacy database. */
    readonly price: readonly LegacyLine[];
    readonly quantity: readonly LegacyLine[];
    readonly removed: readonly number[];
    /** An order of the same number is made. */
    readonly repeated: readonly number[];
    readonly added: number;
    readonly cities: readonly string[];
    readonly listPrices: readonly string[];
  };
}

/** Lines whose quantity somebody edits, at most. */
const EDITS = 15;
/** Length at which an import cuts descriptions. */
export const CUT = 12;

export function orderNo(id: number): string {
  return `AW-${String(id).padStart(5, '0')}`;
}
export function lineKey({ order, id }: Pick<LegacyLine, 'order' | 'id'>): string {
  return `${orderNo(order)}/${id}`;
}

/** Mulberry32: small, and the same everywhere. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Things to draw from, each once. */
class Pool<Item> {
  #items: Item[];

  constructor(items: readonly Item[], random: () => number) {
    this.#items = [...items];
    for (let last = this.#items.length - 1; last > 0; last -= 1) {
      const other = Math.floor(random() * (last + 1));
      [this.#items[last], this.#items[other]] = [this.#items[other] as Item, this.#items[last] as Item];
    }
  }

  draw(count: number, fits: (item: Item) => boolean = () => true): Item[] {
    const drawn = new Set(this.#items.filter(fits).slice(0, count));
    if (drawn.size < count) throw new Error(`only ${drawn.size} of ${count} to draw`);
    this.#items = this.#items.filter((item) => !drawn.has(item));
    return [...drawn];
  }

  /** All that fit and are not drawn yet, in the order in which they would be. */
  all(fits: (item: Item) => boolean): readonly Item[] {
    return this.#items.filter(fits);
  }

  /** This share of all that fit. */
  share(share: number, fits: (item: Item) => boolean = () => true): Item[] {
    return this.draw(Math.max(1, Math.ceil(this.#items.filter(fits).length * share)), fits);
  }
}

/** approved_at goes by the state as well: these swaps leave it as it is. */
const otherStatus: Readonly<Record<number, number>> = { 1: 3, 2: 4, 3: 1, 4: 2 };

export interface LegacyRows {
  readonly orders: readonly LegacyOrder[];
  readonly lines: readonly LegacyLine[];
  readonly prices: readonly LegacyPrice[];
  readonly suppliers: readonly string[];
  readonly products: readonly string[];
}

export function chooseDrift(rows: LegacyRows, random: () => number): Drift {
  const status = new Map(rows.orders.map((order) => [order.id, order.status]));
  const allOrders = new Pool(
    rows.orders.map(({ id }) => id),
    random,
  );
  const few = Math.max(2, Math.ceil(rows.orders.length * 0.001));
  const last = Math.max(...status.keys());
  const added = allOrders.draw(few).map((like, index) => ({ like, id: last + 1 + index }));
  const [removedThere, removedHere] = [allOrders.draw(few), allOrders.draw(few)];
  const repeatedOrder = allOrders.draw(Math.max(1, Math.ceil(rows.orders.length * 0.0001)));
  const repeatedHere = allOrders.draw(1);
  const withRepeatedLine = new Set(allOrders.draw(Math.max(1, Math.ceil(rows.lines.length * 0.0001))));
  const apart = new Set([...removedThere, ...removedHere, ...repeatedOrder, ...repeatedHere, ...withRepeatedLine]);

  const orders = rows.orders.filter(({ id }) => !apart.has(id)).map(({ id }) => id);
  const lines = rows.lines.filter(({ order }) => !apart.has(order));
  const byReference = new Pool(orders, random);
  const byPrice = new Pool(lines, random);
  const byDue = new Pool(lines, random);
  const price = byPrice.share(0.015).map((line) => ({ line, to: otherPrice(line, random) }));
  const touched = new Set(price.map(({ line }) => line.order));
  const repricedHere = price.slice(0, Math.max(2, Math.floor(price.length * 0.05))).map(({ line }) => line);
  const quantity: LegacyLine[] = [];
  // one per order, so that no two edits of one total cancel out
  for (const line of byPrice.all(({ order }) => status.get(order) === 1 && !touched.has(order)))
    if (quantity.length < EDITS && !quantity.some(({ order }) => order === line.order)) quantity.push(line);
  return {
    legacy: {
      status: new Pool(orders, random).share(0.03).map((order) => ({ order, to: otherStatus[status.get(order) as number] as number })),
      price,
      vendorPrice: new Pool(rows.prices, random).share(0.015).map((of) => ({ of, to: of.price + BigInt(10_000 + Math.floor(random() * 90_000)) })),
      noDueDate: byDue.share(0.003),
      swappedDueDate: byDue.share(0.25, ({ due }) => swappedDay(due) !== null).map((line) => ({ line, to: swappedDay(line.due) as string })),
      ...{ added, removed: removedThere, repeatedOrder },
      repeatedLine: [...withRepeatedLine].map((order) => rows.lines.find((line) => line.order === order) as LegacyLine),
    },
    odoo: {
      withoutZeros: byReference.share(0.2),
      noReference: byReference.share(0.003),
      cutDescription: new Pool(lines, random).share(0.12, ({ name }) => name.length > CUT + 1),
      ...{ price: repricedHere, quantity, removed: removedHere, repeated: repeatedHere, added: 2 },
      cities: new Pool(rows.suppliers, random).draw(5),
      listPrices: new Pool(rows.products, random).draw(5),
    },
  };
}

/** Up or down by two to twenty per cent, and by a dollar or more on the line. */
function otherPrice({ price, quantity }: LegacyLine, random: () => number): bigint {
  const change = (price * BigInt(200 + Math.floor(random() * 1800))) / 10_000n;
  const least = BigInt(Math.ceil(10_000 / quantity));
  const by = change > least ? change : least;
  return random() < 0.5 && price > by * 2n ? price - by : price + by;
}

/** Null where the day cannot be a month, or where nothing would change. */
export function swappedDay(date: string): string | null {
  const [year = '', month = '', day = ''] = date.split('-');
  return Number(day) <= 12 && day !== month ? `${year}-${day}-${month}` : null;
}
