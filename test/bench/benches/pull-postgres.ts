/** `cutover pull` of one large PostgreSQL table against a bare cursor that reads the same rows and throws them away. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../sources/postgres-server.ts';
import { cutover, peer } from '../child.ts';
import { itemColumns, itemsFrom, itemsWorkspace } from '../items.ts';
import { type Bench, interleaved, measurement, median } from '../measurement.ts';

const PEER = 'bare pg cursor, rows thrown away';

export const bench: Bench = {
  about:
    'Pull of a PostgreSQL table with 20 text columns into a Parquet snapshot, whole process, against a process that reads the same rows through a cursor of 10,000 and keeps nothing. The state of the workspace is there already',
  size: 1_000_000,
  async run({ name, size, rounds, directory, log }) {
    const postgres = await startPostgres();
    if (postgres === null) throw new Error('there is no PostgreSQL on this machine: set POSTGRES_URL, or install it');
    try {
      await itemsWorkspace(directory, 1000, ',');
      const mapping = readFileSync(join(directory, 'mappings/stock/sources/extract/item.yaml'), 'utf8');
      rmSync(join(directory, 'mappings/stock/sources/extract'), { recursive: true });
      const quoted = itemColumns.reduce((text, column) => text.replaceAll(new RegExp(`\\b${column}\\b`, 'g'), column.toLowerCase()), mapping);
      itemsFrom(directory, 'database', quoted.replace('system: extract', 'system: database').replace('from: items.csv', 'from: public.items'));
      await fill(postgres.url, 10);
      // The state of a workspace is made by its first command, once in its life.
      await cutover(['pull', 'database'], { workspace: directory, environment: { BENCH_POSTGRES_URL: postgres.url } });
      await fill(postgres.url, size);
      const query = `SELECT ${itemColumns.map((column) => column.toLowerCase()).join(', ')} FROM public.items`;
      const { left, right } = await interleaved(
        rounds,
        async () => {
          rmSync(join(directory, '.cutover/snapshots'), { recursive: true, force: true });
          const pulled = await cutover<{ snapshots: readonly { rows: number }[] }>(['pull', 'database'], {
            workspace: directory,
            environment: { BENCH_POSTGRES_URL: postgres.url },
          });
          if (pulled.answer.snapshots[0]?.rows !== size) throw new Error(`${pulled.answer.snapshots[0]?.rows} rows instead of ${size}`);
          return pulled;
        },
        () => peer<{ rows: number }>('pg-cursor.ts', { url: postgres.url, query, page: 10_000 }),
      );
      log(`cutover ${left.map(({ seconds }) => seconds.toFixed(1)).join(' ')} s; peer ${right.map(({ seconds }) => seconds.toFixed(1)).join(' ')} s`);
      const of = `${size.toLocaleString('en-US')} rows`;
      const seconds = (all: typeof left) => median(all.map((one) => one.seconds));
      return [
        measurement(name, { case: of, metric: 'wall time', unit: 's', value: seconds(left), peer: median(right.map((one) => one.seconds)), against: PEER }),
        measurement(name, { case: of, metric: 'speed', unit: 'rows/s', value: size / seconds(left) }),
        measurement(name, {
          case: of,
          metric: 'peak memory',
          unit: 'MB',
          value: median(left.map((one) => one.peakMegabytes)),
          peer: median(right.map((one) => one.peakMegabytes)),
          against: PEER,
        }),
      ];
    } finally {
      await postgres.stop();
    }
  },
};

async function fill(url: string, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const columns = itemColumns.map((column) => `${column.toLowerCase()} text`).join(', ');
  await client.query('DROP TABLE IF EXISTS public.items');
  await client.query(`CREATE TABLE public.items (${columns})`);
  await client.query(`INSERT INTO public.items SELECT
    'I' || lpad(i::text, 8, '0'), 'Item ' || i, CASE WHEN i % 3 = 0 THEN 'Sterile, single use, size ' || (i % 40) ELSE 'Pack of ' || (i % 500) END,
    'G' || lpad((i % 50)::text, 2, '0'), CASE WHEN i % 11 = 0 THEN 'S' ELSE 'G' END, CASE WHEN i % 13 = 0 THEN 'I' ELSE 'A' END,
    ((i * 37) % 5000) || '.' || lpad(((i * 79) % 10000)::text, 4, '0'), ((i * 31) % 4000) || '.' || lpad((i % 100)::text, 2, '0'), (i % 900) || '.5', (i % 250)::text,
    to_char(date '2015-01-01' + i % 4000, 'YYYY-MM-DD'), to_char(timestamp '2024-01-01' + (i % 60000) * interval '1 minute', 'YYYY-MM-DD HH24:MI:SS'),
    (i % 12000)::text, lpad((i::bigint * 17)::text, 13, '0'), 'Orders' || (i % 12000) || '@Vendor.example', 'Springfield', lpad(((i * 97) % 100000)::text, 5, '0'),
    CASE WHEN i % 9 = 0 THEN 'ca' ELSE 'us' END, CASE WHEN i % 4 = 0 THEN 'checked by ' || (i % 77) ELSE '' END, (i % 40) || '.' || lpad((i % 1000)::text, 3, '0')
    FROM generate_series(1, ${rows}) AS i`);
  await client.query('ANALYZE public.items');
  await client.end();
}
