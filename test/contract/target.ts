/** What the contract suites run against, and what they need of it. */
import { randomBytes } from 'node:crypto';
import { connectOdoo } from '../../src/adapters/odoo/connection.ts';
import type { OdooConnection } from '../../src/domain/ports.ts';

/** An Odoo 14 or later with purchase, stock, account and purchase_stock in one company that books in USD, reached as an administrator. */
export interface ContractTarget {
  readonly url: string;
  readonly database: string;
  readonly login: string;
  readonly password: string;
  /** Empty: JSON-RPC with the password. */
  readonly apiKey: string;
  readonly uuid: string;
  stop(): Promise<void>;
}

/** Known once the suite has begun. */
export type GiveTarget = () => ContractTarget;

/** The same Odoo, spoken to over JSON-RPC. */
export function withPassword(target: ContractTarget): ContractTarget {
  return { ...target, apiKey: '' };
}

/** With JSON-2 when the target gives a key and is new enough. */
export function connectTo(target: ContractTarget, changes: Partial<Parameters<typeof connectOdoo>[0]> = {}): Promise<OdooConnection> {
  const { url, database, login, password } = target;
  const secret = target.apiKey ? { apiKey: target.apiKey } : { password };
  return connectOdoo({ url, database, login, ...secret, concurrency: 2, timeoutSeconds: 150, ...changes });
}

export type Values = Readonly<Record<string, unknown>>;

/** Deleted in this order; what a record is used by comes before it. */
const unlinkOrder = [
  'purchase.order',
  'product.supplierinfo',
  'product.product',
  'product.template',
  'res.partner.bank',
  'res.partner',
  'product.category',
  'uom.uom',
];

/** One test's records: made with names of its own, taken away at its end. */
export interface Bench {
  readonly odoo: OdooConnection;
  /** Module part of this test's External IDs, and a word for its names: no other test has it. */
  readonly tag: string;
  externalId(name: string): string;
  create(model: string, ...values: Values[]): Promise<number[]>;
  /** As OdooConnection.load; what it made is remembered. */
  load(model: string, fields: readonly string[], rows: readonly (readonly (string | number | null)[])[], context?: Values): ReturnType<OdooConnection['load']>;
  /** Ids of a load that must work. */
  loaded(model: string, fields: readonly string[], rows: readonly (readonly (string | number | null)[])[], context?: Values): Promise<number[]>;
  first(model: string, id: number, ...fields: string[]): Promise<Values>;
  remember(model: string, ids: readonly number[]): void;
  clean(): Promise<void>;
}

export function benchOn(odoo: OdooConnection): Bench {
  const tag = `ct${randomBytes(5).toString('hex')}`;
  const made = new Map<string, Set<number>>();
  const bench: Bench = {
    odoo,
    tag,
    externalId: (name) => `${tag}.${name}`,
    remember(model, ids) {
      const known = made.get(model) ?? new Set();
      made.set(model, known);
      for (const id of ids) known.add(id);
    },
    async create(model, ...values) {
      const ids = await odoo.call<number[]>(model, 'create', { vals_list: values });
      bench.remember(model, ids);
      return ids;
    },
    async load(model, fields, rows, context = {}) {
      const result = await odoo.load(model, fields, rows, context);
      if (result.ids) bench.remember(model, result.ids);
      return result;
    },
    async loaded(model, fields, rows, context) {
      const result = await bench.load(model, fields, rows, context);
      if (!result.ids) throw new Error(`${model}.load: ${result.messages.map((message) => message.message).join('; ')}`);
      return [...result.ids];
    },
    async first(model, id, ...fields) {
      const [record] = await odoo.read(model, [id], fields);
      if (!record) throw new Error(`${model} ${id} is not there`);
      return record;
    },
    async clean() {
      for (const model of unlinkOrder) {
        const ids = await existing(odoo, model, [...(made.get(model) ?? [])]);
        if (ids.length === 0) continue;
        if (model === 'purchase.order') await unlinkOrders(odoo, ids);
        else await odoo.unlink(model, ids);
      }
      const names = await odoo.searchIds('ir.model.data', [['module', '=', tag]]);
      await odoo.unlink('ir.model.data', names);
    },
  };
  return bench;
}

export async function existing(odoo: OdooConnection, model: string, ids: readonly number[]): Promise<number[]> {
  return ids.length === 0 ? [] : odoo.searchIds(model, [['id', 'in', ids]]);
}

/** The whole way back of an order in any state, with its receipts and the vendor prices its confirmation made. */
export async function unlinkOrders(odoo: OdooConnection, ids: readonly number[]): Promise<void> {
  const context = { tracking_disable: true };
  const orders = await odoo.read('purchase.order', ids, ['locked', 'state', 'picking_ids']);
  const locked = orders.filter((order) => order.locked).map((order) => order.id);
  if (locked.length > 0) await odoo.call('purchase.order', 'button_unlock', { ids: locked, context });
  const standing = orders.filter((order) => order.state !== 'cancel').map((order) => order.id);
  if (standing.length > 0) await odoo.call('purchase.order', 'button_cancel', { ids: standing, context });
  const lines = await odoo.searchIds('purchase.order.line', [['order_id', 'in', ids]]);
  await odoo.unlink('purchase.order.line', lines, context);
  await odoo.unlink('purchase.order', ids, context);
  const pickings = orders.flatMap((order) => order.picking_ids as number[]);
  await odoo.unlink('stock.picking', await existing(odoo, 'stock.picking', pickings), context);
}

/** The OdooError (or whatever) a promise fails with. */
export async function refusal(work: Promise<unknown>): Promise<{ failure: string; exception: string; message: string }> {
  try {
    await work;
  } catch (error) {
    return error as { failure: string; exception: string; message: string };
  }
  throw new Error('it was not refused');
}
