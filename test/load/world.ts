/** A small legacy system, an Odoo, and the verbs between them: what the tests of plan, load and rollback happen in. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Context, withContext } from '../../src/context.ts';
import { type Verbs, verbsOf } from '../../src/demo/verbs.ts';
import type { LoadRunResult } from '../../src/domain/results.ts';
import { loadPlan } from '../../src/workflows/load/load.ts';
import { planRollback } from '../../src/workflows/rollback/rollback.ts';

export interface Target {
  readonly url: string;
  readonly database: string;
  readonly login: string;
  readonly apiKey: string;
}

export type Rows = readonly Readonly<Record<string, string>>[];
export interface Legacy {
  units: Rows;
  categories: Rows;
  suppliers: Rows;
  banks: Rows;
  products: Rows;
  prices: Rows;
  orders: Rows;
  lines: Rows;
}

export interface World {
  readonly directory: string;
  readonly verbs: Verbs;
  readonly environment: Readonly<Record<string, string>>;
  /** Writes the legacy exports and pulls both sides. */
  pull(legacy: Legacy): Promise<void>;
  /** Takes a run up again. */
  resume(runId: string): Promise<LoadRunResult>;
  /** Writes the plan that takes a run back, and does nothing. */
  planBack(runId: string, file: string): Promise<void>;
  /** What the verbs do inside: with the workspace, the store, the state and the Odoo of this world. */
  inside<Result>(work: (context: Context) => Promise<Result>): Promise<Result>;
  /** Writes a file of the workspace. */
  write(file: string, text: string): Promise<void>;
  /** Every stored field of every record of the models a load touches; sequences, mail and who wrote when excepted. */
  dump(): Promise<Dump>;
  close(): Promise<void>;
}

export type Dump = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

const SOURCES: Readonly<Record<string, string>> = {
  unit: 'from: units.csv\nfields: {code: CODE, name: NAME, factor: FACTOR, base_unit: BASE}',
  'product-category': 'from: categories.csv\nfields: {code: CODE, name: NAME, parent: PARENT}',
  supplier: 'from: suppliers.csv\nfields: {supplier_no: NO, name: NAME, active: "ACTIVE = \'Y\'", street: STREET, city: CITY, email: EMAIL, website: WEBSITE}',
  'supplier-bank-account': 'from: banks.csv\nfields: {supplier: SUPPLIER, account_number: ACCOUNT, holder: HOLDER}',
  product: `from: products.csv\nfields: {product_no: NO, name: NAME, category: CATEGORY, unit: UNIT, kind: "'goods'", list_price: PRICE, standard_cost: COST, active: "true"}`,
  'supplier-price': 'from: prices.csv\nfields: {supplier: SUPPLIER, product: PRODUCT, minimum_quantity: QTY, price: PRICE, unit: UNIT, lead_time_days: DAYS}',
  'purchase-order':
    'from: orders.csv\nfields: {order_no: NO, supplier: SUPPLIER, supplier_reference: REF, ordered_at: ORDERED, approved_at: APPROVED, state: STATE}',
  'purchase-order-line':
    'from: lines.csv\nfields: {purchase_order: PO, line_no: LINE, product: PRODUCT, description: TEXT, quantity: QTY, unit: UNIT, unit_price: PRICE, due_at: DUE}',
};

const FILES: Readonly<Record<keyof Legacy, readonly string[]>> = {
  units: ['CODE', 'NAME', 'FACTOR', 'BASE'],
  categories: ['CODE', 'NAME', 'PARENT'],
  suppliers: ['NO', 'NAME', 'ACTIVE', 'STREET', 'CITY', 'EMAIL', 'WEBSITE'],
  banks: ['SUPPLIER', 'ACCOUNT', 'HOLDER'],
  products: ['NO', 'NAME', 'CATEGORY', 'UNIT', 'PRICE', 'COST'],
  prices: ['SUPPLIER', 'PRODUCT', 'QTY', 'PRICE', 'UNIT', 'DAYS'],
  orders: ['NO', 'SUPPLIER', 'REF', 'ORDERED', 'APPROVED', 'STATE'],
  lines: ['PO', 'LINE', 'PRODUCT', 'TEXT', 'QTY', 'UNIT', 'PRICE', 'DUE'],
};

/** Suppliers with keys that a careless encoding would merge, a tree of categories, a pack, orders in every state. */
export function smallHospital(): Legacy {
  const suppliers = ['A B', 'A_B', 'A,B', 'V1', 'V2'];
  const products = ['P1', 'P2', 'P3', 'P4'];
  const states = ['draft', 'confirmed', 'closed', 'cancelled', 'confirmed', 'closed'];
  return {
    units: [
      { CODE: 'EA', NAME: 'Units', FACTOR: '', BASE: '' },
      { CODE: 'BX12', NAME: 'Box of 12', FACTOR: '12', BASE: 'EA' },
      { CODE: 'CS', NAME: 'Case of 10 boxes', FACTOR: '10', BASE: 'BX12' },
    ],
    categories: [
      { CODE: 'C2', NAME: 'Gloves', PARENT: 'C1' },
      { CODE: 'C1', NAME: 'Supplies', PARENT: '' },
    ],
    suppliers: suppliers.map((no, index) => ({
      ...{ NO: no, NAME: `Supplier ${no}`, ACTIVE: no === 'V2' ? 'N' : 'Y', STREET: index % 2 === 0 ? `${index} Main St` : '', CITY: 'Springfield' },
      ...{ EMAIL: `orders${index}@example.org`, WEBSITE: index === 0 ? 'http://www.example.org' : '' },
    })),
    banks: [{ SUPPLIER: 'V1', ACCOUNT: 'DE02120300000000202051', HOLDER: 'Supplier V1' }],
    products: products.map((no, index) => ({
      NO: no,
      NAME: `Product ${no}`,
      CATEGORY: index % 2 === 0 ? 'C2' : 'C1',
      UNIT: 'EA',
      PRICE: `${index + 1}.25`,
      COST: index === 0 ? '' : '0.4705',
    })),
    prices: [
      { SUPPLIER: 'V1', PRODUCT: 'P1', QTY: '1', PRICE: '47.4705', UNIT: 'EA', DAYS: '17' },
      { SUPPLIER: 'A B', PRODUCT: 'P2', QTY: '12', PRICE: '3.5', UNIT: 'EA', DAYS: '3' },
    ],
    orders: states.map((state, index) => ({
      ...{ NO: `PO-${index + 1}`, SUPPLIER: suppliers[index % 4] as string, REF: index === 0 ? 'theirs' : '', ORDERED: `2025-0${index + 1}-02 03:04:05` },
      ...{ APPROVED: state === 'confirmed' || state === 'closed' ? `2025-0${index + 1}-05 10:00:00` : '', STATE: state },
    })),
    lines: states.flatMap((_, index) =>
      [1, 2].map((line) => ({
        ...{ PO: `PO-${index + 1}`, LINE: String(line), PRODUCT: products[(index + line) % 4] as string, TEXT: line === 1 ? 'as agreed' : '' },
        ...{ QTY: String(line * 7), UNIT: 'EA', PRICE: '47.4705', DUE: `2025-1${line}-01 08:00:00` },
      })),
    ),
  };
}

/** Many suppliers and nothing else. */
export function manySuppliers(count: number): Legacy {
  const nothing = smallHospital();
  return {
    ...{ units: nothing.units, categories: nothing.categories, banks: [], products: [], prices: [], orders: [], lines: [] },
    suppliers: Array.from({ length: count }, (_, index) => ({
      ...{ NO: `S${String(index).padStart(6, '0')}`, NAME: `Supplier ${index}`, ACTIVE: 'Y', STREET: `${index} Main St`, CITY: 'Springfield' },
      ...{ EMAIL: `s${index}@example.org`, WEBSITE: '' },
    })),
  };
}

/** `state`: URL of a PostgreSQL; embedded by default. */
export async function makeWorld(target: Target, options: { readonly progress?: (text: string) => void; readonly state?: string } = {}): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-load-'));
  const environment = { ODOO_URL: target.url, ODOO_DB: target.database, ODOO_LOGIN: target.login, ODOO_API_KEY: target.apiKey };
  Object.assign(process.env, environment, options.state === undefined ? {} : { LOAD_TEST_STATE: options.state });
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), text);
  };
  await write(
    'cutover.yaml',
    `version: 1\nnamespace: loadtest\nsystems:\n  legacy: {connector: files, directory: legacy}\n  odoo: {connector: odoo, url: "\${ODOO_URL}", database: "\${ODOO_DB}", login: "\${ODOO_LOGIN}", api_key: "\${ODOO_API_KEY}"}\ncapabilities: [procurement]\n${options.state === undefined ? '' : 'state: "${LOAD_TEST_STATE}"\n'}policies: {shrink_percent: 100, allow_empty: [legacy/supplier_bank_account, legacy/product, legacy/supplier_price, legacy/purchase_order, legacy/purchase_order_line]}\n`,
  );
  await write('mappings/procurement/capability.yaml', 'capability: procurement\nextends: procurement@1\n');
  for (const [entity, text] of Object.entries(SOURCES)) {
    await write(`mappings/procurement/sources/legacy/${entity}.yaml`, `system: legacy\nentity: ${entity.replaceAll('-', '_')}\n${text}\n`);
  }
  await write('decisions/links.csv', 'entity,system,key,odoo,decision,by,at,reason\nunit,legacy,EA,uom.product_uom_unit,same,test,2026-11-23,the same unit\n');
  const verbs = verbsOf({
    workspace: directory,
    signal: new AbortController().signal,
    progress: (event) => {
      if (event.kind === 'warning') options.progress?.(event.text);
    },
  });
  return {
    directory,
    verbs,
    environment,
    async pull(legacy) {
      for (const [name, columns] of Object.entries(FILES) as [keyof Legacy, readonly string[]][]) {
        const quoted = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
        const rows = legacy[name].map((row) => columns.map((column) => quoted(row[column] ?? '')).join(','));
        await write(`legacy/${name}.csv`, `${[columns.join(','), ...rows].join('\n')}\n`);
      }
      await verbs.pull(['legacy', 'odoo']);
    },
    async resume(resume) {
      const invocation = {
        command: 'load',
        workspace: directory,
        asOf: null,
        progress: () => undefined,
        signal: new AbortController().signal,
        onRun: () => undefined,
      };
      const { data } = await withContext(invocation, async ({ workspace, runId, asOf, ports }) => ({
        ...{ status: 'ok' as const, text: () => '' },
        data: await loadPlan({ workspace, file: null, limit: null, resume, runId, asOf }, ports),
      }));
      return data;
    },
    async planBack(of, file) {
      const invocation = { ...{ command: 'rollback', workspace: directory, asOf: null }, progress: () => undefined, signal: new AbortController().signal };
      await withContext({ ...invocation, onRun: () => undefined }, async ({ workspace, runId, asOf, newNonce, ports }) => ({
        ...{ status: 'ok' as const, text: () => '' },
        data: await planRollback({ workspace, of, runId, asOf, nonce: newNonce(), file: join(directory, file) }, ports),
      }));
    },
    async inside(work) {
      const invocation = { ...{ command: 'test', workspace: directory, asOf: null }, progress: () => undefined, signal: new AbortController().signal };
      const { data } = await withContext({ ...invocation, onRun: () => undefined }, async (context) => ({
        ...{ status: 'ok' as const, text: () => '' },
        data: await work(context),
      }));
      return data;
    },
    write,
    dump: () => verbs.odoo(dumpOf),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

const MODELS = [
  ...['res.partner', 'res.partner.bank', 'uom.uom', 'product.category', 'product.template', 'product.product', 'product.supplierinfo', 'product.value'],
  ...['purchase.order', 'purchase.order.line', 'stock.picking', 'stock.move', 'stock.move.line', 'ir.model.data'],
];
const MOVING = new Set([
  'write_date',
  'write_uid',
  '__last_update',
  'message_ids',
  'message_follower_ids',
  'activity_ids',
  'website_message_ids',
  'rating_ids',
]);

async function dumpOf(odoo: Parameters<Parameters<Verbs['odoo']>[0]>[0]): Promise<Dump> {
  const result: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const model of MODELS) {
    const known = await odoo.fields(model).catch(() => null);
    if (known === null) continue;
    const stored = [...known.values()]
      .filter((field) => field.store && !MOVING.has(field.name) && field.type !== 'binary' && field.type !== 'one2many')
      .map((field) => field.name);
    const records: Record<string, Record<string, unknown>> = {};
    for await (const page of odoo.pages(model, [], stored)) for (const record of page) records[String(record.id)] = { ...record };
    result[model] = records;
  }
  return result;
}
