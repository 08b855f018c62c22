/** `cutover pull odoo` of many suppliers from a real Odoo 19 against two bare parallel streams of `read`. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startRealOdoo } from '../../real-odoo/harness.ts';
import { peer, script } from '../child.ts';
import { loadBarely, PACK_LIMITS } from '../load-procurement.ts';
import { type Bench, interleaved, measurement, median } from '../measurement.ts';

/** What the shipped pack reads of a supplier. */
const FIELDS = [
  'active',
  'city',
  'country_id',
  'email',
  'name',
  'phone',
  'property_supplier_payment_term_id',
  'ref',
  'state_id',
  'street',
  'street2',
  'vat',
  'website',
  'write_date',
  'zip',
];
const PEER = 'two bare parallel streams';

interface Timed {
  readonly rows: number;
  readonly seconds: number;
}

export const bench: Bench = {
  about:
    'Pull of the suppliers of a real Odoo 19 (Debian package, 2 workers, the same two cores) into a snapshot: the pull itself with External IDs, scope, value tables and Parquet, without process start and opening of the state, against two bare parallel streams of `read` of the same fields that keep nothing; then again with nothing changed, against the same streams with the write date alone',
  size: 20_000,
  async run({ name, size, rounds, directory, log }) {
    const odoo = await startRealOdoo({ version: 19 });
    try {
      cpSync(join(import.meta.dirname, '../workspaces/procurement'), directory, { recursive: true });
      mkdirSync(join(directory, 'legacy'), { recursive: true });
      log('filling Odoo');
      await loadBarely(odoo, { suppliers: size, products: 0, orders: 0 }, PACK_LIMITS, { suppliers: 0, products: 0, orders: 0 });
      const environment = { ODOO_URL: odoo.url, ODOO_DB: odoo.database, ODOO_LOGIN: odoo.login, ODOO_API_KEY: odoo.apiKey ?? '' };
      const { left, right } = await interleaved(
        rounds,
        () => script<{ full: Timed; unchanged: Timed & { mode: string } }>('pull-odoo-entity.ts', { workspace: directory, entity: 'supplier' }, environment),
        () => peer<{ read: Timed; sweep: Timed }>('odoo-read.ts', { odoo, model: 'res.partner', fields: FIELDS }),
      );
      const rate = (all: readonly Timed[]) => median(all.map(({ rows, seconds }) => rows / seconds));
      const [full, unchanged] = [rate(left.map(({ answer }) => answer.full)), rate(left.map(({ answer }) => answer.unchanged))];
      const [bare, sweep] = [rate(right.map(({ answer }) => answer.read)), rate(right.map(({ answer }) => answer.sweep))];
      const of = `${size.toLocaleString('en-US')} suppliers`;
      return [
        measurement(name, { case: of, metric: 'full pull', unit: 'records/s', value: full, peer: bare, against: PEER }, { of: 'ratio', atLeast: 0.9 }),
        measurement(
          name,
          { case: of, metric: 'unchanged night', unit: 'records/s', value: unchanged, peer: sweep, against: `${PEER}, write_date alone` },
          { of: 'value', atLeast: 50_000 },
        ),
      ];
    } finally {
      await odoo.stop();
    }
  },
};
