/** The curve of `cutover load` into a real Odoo 19 over the size of batches and the calls at the same time, beside a bare client at the same settings. */
import { type Limits, loadBarely, loadByCutover, onFreshOdoo, PACK_LIMITS } from '../load-procurement.ts';
import { type Bench, interleaved, measurement, median } from '../measurement.ts';

const BATCHES = [{ suppliers: 50, products: 50, orders: 10 }, PACK_LIMITS, { suppliers: 1000, products: 1000, orders: 200 }];
const CALLS = [1, 2, 4];
const NOTHING = { suppliers: 0, products: 0, orders: 0 };

export const bench: Bench = {
  about:
    'Load into a real Odoo 19 (Debian package, 2 workers, the same two cores, fsync off), a fresh database each time, over documents in a batch and calls at the same time: limits for cutover, which finds its own pace within them and journals, guards and reads back; the bare client takes them as they are and does nothing around its calls. Seconds of the load itself. Orders have three lines, and are a fifth as many as suppliers',
  size: 1000,
  async run(setting) {
    const sizes = { suppliers: setting.size, products: 50, orders: Math.round(setting.size / 5) };
    const rows = [];
    for (const batches of BATCHES) {
      for (const calls of CALLS) {
        const limits: Limits = { ...batches, calls };
        const { left, right } = await interleaved(
          setting.rounds,
          () => onFreshOdoo((odoo) => loadByCutover(setting, odoo, sizes, limits)),
          () => onFreshOdoo((odoo) => loadBarely(odoo, sizes, limits, NOTHING)),
        );
        for (const phase of ['suppliers', 'orders'] as const) {
          const value = sizes[phase] / median(left.map((one) => one[phase]));
          const peer = sizes[phase] / median(right.map(({ seconds }) => seconds[phase]));
          const of = `${sizes[phase]} ${phase}, batches of ${batches[phase]}, ${calls} at a time`;
          setting.log(`${of}: cutover ${value.toFixed(1)}/s, peer ${peer.toFixed(1)}/s`);
          rows.push(measurement(setting.name, { case: of, metric: 'speed', unit: 'records/s', value, peer, against: 'bare client, the same limits' }));
        }
      }
    }
    return rows;
  },
};
