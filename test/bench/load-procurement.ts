/** Loads of procurement data into a real Odoo that is new each time: by cutover, and by a bare client. For the benches of loading. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadRunResult } from '../../src/domain/results.ts';
import { type RealOdoo, startRealOdoo } from '../real-odoo/harness.ts';
import { cutover, peer } from './child.ts';
import type { BenchSetting } from './measurement.ts';
import { type Procurement, procurement, type Sizes } from './procurement.ts';

export type Phase = keyof Sizes | 'confirming';
export type Seconds = Readonly<Record<Phase, number>>;

/** Documents in a batch, and calls at the same time: limits for cutover, which finds its own within them; the bare client takes them as they are. */
export interface Limits {
  readonly suppliers: number;
  readonly products: number;
  readonly orders: number;
  readonly calls: number;
}

/** Those of the pack, which were measured best. */
export const PACK_LIMITS: Limits = { suppliers: 250, products: 250, orders: 50, calls: 2 };

export async function onFreshOdoo<Result>(work: (odoo: RealOdoo) => Promise<Result>): Promise<Result> {
  const odoo = await startRealOdoo({ version: 19 });
  try {
    return await work(odoo);
  } finally {
    await odoo.stop();
  }
}

/** Seconds of each phase by the bare client; of the sample, one `create` after the other. */
export async function loadBarely(odoo: RealOdoo, sizes: Sizes, limits: Limits, sample: Sizes) {
  const { answer } = await peer<{ seconds: Seconds; single: Record<keyof Sizes, number> }>('odoo-load.ts', { odoo, sizes, limits, sample });
  return answer;
}

/** Four loads, one after the other, each of what the one before has not brought: the seconds of the loads themselves. `log`: what each cost, and the pace
 *  it found. */
export async function loadByCutover(
  { directory, log }: Pick<BenchSetting, 'directory' | 'log'>,
  odoo: RealOdoo,
  sizes: Sizes,
  limits: Limits,
): Promise<Seconds> {
  const workspace = join(directory, 'procurement');
  rmSync(workspace, { recursive: true, force: true });
  cpSync(join(import.meta.dirname, 'workspaces/procurement'), workspace, { recursive: true });
  mkdirSync(join(workspace, 'legacy'));
  setLimits(workspace, limits);
  const all = procurement(sizes);
  const environment = { ODOO_URL: odoo.url, ODOO_DB: odoo.database, ODOO_LOGIN: odoo.login, ODOO_API_KEY: odoo.apiKey ?? '' };
  const load = async (phase: Phase, data: Procurement, state: string) => {
    const records = sizes[phase === 'confirming' ? 'orders' : phase];
    writeExports(join(workspace, 'legacy'), data, state);
    await cutover(['pull'], { workspace, environment });
    await cutover(['plan', 'procurement', '--out', join(workspace, 'load.plan')], { workspace, environment });
    const { answer, cpuSeconds } = await cutover<LoadRunResult>(['load', join(workspace, 'load.plan')], { workspace, environment });
    if (answer.applied !== records) throw new Error(`${answer.applied} documents applied instead of ${records}`);
    rmSync(join(workspace, 'load.plan'));
    log(`${phase}: ${answer.seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of CPU from start to end; ${paceOf(answer)}`);
    return answer.seconds;
  };
  return {
    suppliers: await load('suppliers', { ...all, products: [], orders: [] }, 'draft'),
    products: await load('products', { ...all, orders: [] }, 'draft'),
    orders: await load('orders', all, 'draft'),
    confirming: await load('confirming', all, 'confirmed'),
  };
}

function paceOf({ pace }: LoadRunResult): string {
  if (pace === undefined) return 'no pace was told';
  const batches = pace.entities.map(({ entity, batch, mostBatch, odooSeconds }) => `${entity} in ${batch} of ${mostBatch}, Odoo busy for ${odooSeconds} s`);
  const changes = pace.changes.map(({ reason, from, to }) => `${reason} ${from.batch}×${from.concurrency} → ${to.batch}×${to.concurrency}`);
  const trouble = `${pace.lostRaces} lost races, ${pace.overloads} overloads`;
  return `${pace.calls} calls, ${pace.concurrency} at a time, ${trouble}; ${batches.join('; ')}; ${changes.join(', ') || 'never changed'}`;
}

/** Laid over the pack by the workspace's own files. */
function setLimits(workspace: string, { calls, ...batches }: Limits): void {
  const file = join(workspace, 'cutover.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('    connector: odoo\n', `    connector: odoo\n    concurrency: ${calls}\n`));
  const entities = { suppliers: 'supplier', products: 'product', orders: 'purchase-order' } as const;
  for (const [name, entity] of Object.entries(entities) as [keyof Sizes, string][]) {
    if (batches[name] !== PACK_LIMITS[name]) writeFileSync(join(workspace, 'mappings/procurement', `${entity}.yaml`), `odoo:\n  batch: ${batches[name]}\n`);
  }
}

function writeExports(directory: string, { suppliers, products, orders }: Procurement, state: string): void {
  const file = (name: string, header: string, rows: readonly (readonly string[])[]) =>
    writeFileSync(join(directory, name), `${[header, ...rows.map((row) => row.join(','))].join('\n')}\n`);
  file(
    'suppliers.csv',
    'NO,NAME,STREET,CITY,ZIP,EMAIL,PHONE',
    suppliers.map((one) => [one.no, one.name, one.street, one.city, one.zip, one.email, one.phone]),
  );
  file(
    'products.csv',
    'NO,NAME,PRICE,COST',
    products.map((one) => [one.no, one.name, one.price, one.cost]),
  );
  file(
    'orders.csv',
    'NO,SUPPLIER,ORDERED,APPROVED,STATE',
    orders.map((one) => [one.no, one.supplier, one.ordered, state === 'draft' ? '' : one.approved, state]),
  );
  file(
    'lines.csv',
    'ORDER_NO,LINE,PRODUCT,QUANTITY,PRICE,DUE,TEXT',
    orders.flatMap((one) => one.lines.map((line, index) => [one.no, String(index + 1), line.product, line.quantity, line.price, line.due, line.text])),
  );
}
