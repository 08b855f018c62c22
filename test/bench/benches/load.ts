/** `cutover load` into a real Odoo 19 against a bare client that sends the same best calls, and against one `create` after the other. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadRunResult } from '../../../src/domain/results.ts';
import { type RealOdoo, startRealOdoo } from '../../real-odoo/harness.ts';
import { cutover, peer } from '../child.ts';
import { type Bench, type BenchSetting, interleaved, measurement, median } from '../measurement.ts';
import { type Procurement, procurement, type Sizes } from '../procurement.ts';

type Phase = keyof Sizes | 'confirming';
type Seconds = Readonly<Record<Phase, number>>;
const SAMPLE: Sizes = { suppliers: 60, products: 20, orders: 20 };
/** One-by-one budgets of the design. */
const FACTORS: Sizes = { suppliers: 10, products: 10, orders: 7 };

export const bench: Bench = {
  about:
    'Load into a real Odoo 19 (Debian package, 2 workers, the same two cores, fsync off), a fresh database each time: the seconds of the load itself (with its journal, guards and read-back; without process start and planning) against a bare client that sends the same best calls with nothing around them, and against one create after the other on a sample. Orders have three lines; size counts suppliers, with a quarter of products and a tenth of orders',
  size: 2000,
  async run(setting) {
    const sizes = { suppliers: setting.size, products: Math.round(setting.size / 4), orders: Math.round(setting.size / 10) };
    const { left, right } = await interleaved(
      setting.rounds,
      () => onFreshOdoo((odoo) => ours(setting, sizes, odoo)),
      () =>
        onFreshOdoo((odoo) =>
          peer<{ seconds: Seconds; single: Record<keyof Sizes, number> }>('odoo-load.ts', { odoo, sizes, sample: SAMPLE }).then(({ answer }) => answer),
        ),
    );
    const phases: readonly Phase[] = ['suppliers', 'products', 'orders', 'confirming'];
    for (const phase of phases)
      setting.log(
        `${phase}: cutover ${left.map((one) => one[phase].toFixed(2)).join(' ')} s; peer ${right.map(({ seconds }) => seconds[phase].toFixed(2)).join(' ')} s`,
      );
    return phases.flatMap((phase) => {
      const records = phase === 'confirming' ? sizes.orders : sizes[phase];
      const rate = records / median(left.map((one) => one[phase]));
      const bare = records / median(right.map(({ seconds }) => seconds[phase]));
      const of = `${records} ${phase === 'confirming' ? 'orders confirmed' : phase}`;
      const batched = measurement(
        setting.name,
        { case: of, metric: 'speed', unit: 'records/s', value: rate, peer: bare, against: 'bare client, the same calls' },
        { of: 'ratio', atLeast: 0.9 },
      );
      if (phase === 'confirming') return [batched];
      const single = SAMPLE[phase] / median(right.map((one) => one.single[phase]));
      return [
        batched,
        measurement(
          setting.name,
          { case: of, metric: 'speed', unit: 'records/s', value: rate, peer: single, against: 'one create after the other' },
          { of: 'ratio', atLeast: FACTORS[phase] },
        ),
      ];
    });
  },
};

async function onFreshOdoo<Result>(work: (odoo: RealOdoo) => Promise<Result>): Promise<Result> {
  const odoo = await startRealOdoo({ version: 19 });
  try {
    return await work(odoo);
  } finally {
    await odoo.stop();
  }
}

/** Four loads, one after the other, each of what the one before has not brought. */
async function ours({ directory }: BenchSetting, sizes: Sizes, odoo: RealOdoo): Promise<Seconds> {
  const workspace = join(directory, 'procurement');
  rmSync(workspace, { recursive: true, force: true });
  cpSync(join(import.meta.dirname, '../workspaces/procurement'), workspace, { recursive: true });
  mkdirSync(join(workspace, 'legacy'));
  const all = procurement(sizes);
  const environment = { ODOO_URL: odoo.url, ODOO_DB: odoo.database, ODOO_LOGIN: odoo.login, ODOO_API_KEY: odoo.apiKey ?? '' };
  const load = async (data: Procurement, state: string, records: number) => {
    writeExports(join(workspace, 'legacy'), data, state);
    await cutover(['pull'], { workspace, environment });
    await cutover(['plan', 'procurement', '--out', join(workspace, 'load.plan')], { workspace, environment });
    const { answer } = await cutover<LoadRunResult>(['load', join(workspace, 'load.plan')], { workspace, environment });
    if (answer.applied !== records) throw new Error(`${answer.applied} documents applied instead of ${records}`);
    rmSync(join(workspace, 'load.plan'));
    return answer.seconds;
  };
  return {
    suppliers: await load({ ...all, products: [], orders: [] }, 'draft', sizes.suppliers),
    products: await load({ ...all, orders: [] }, 'draft', sizes.products),
    orders: await load(all, 'draft', sizes.orders),
    confirming: await load(all, 'confirmed', sizes.orders),
  };
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
