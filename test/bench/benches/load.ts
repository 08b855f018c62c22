/** `cutover load` into a real Odoo 19 against a bare client that sends the same best calls, and against one `create` after the other. */
import { loadBarely, loadByCutover, onFreshOdoo, PACK_LIMITS, type Phase } from '../load-procurement.ts';
import { type Bench, interleaved, measurement, median } from '../measurement.ts';
import type { Sizes } from '../procurement.ts';

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
      () => onFreshOdoo((odoo) => loadByCutover(setting, odoo, sizes, PACK_LIMITS)),
      () => onFreshOdoo((odoo) => loadBarely(odoo, sizes, PACK_LIMITS, SAMPLE)),
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
