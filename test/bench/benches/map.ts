/** `cutover map` of a million rows against the same transformation as hand-written SQL. */
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MapResult } from '../../../src/domain/results.ts';
import { cutover, peer } from '../child.ts';
import { itemsWorkspace } from '../items.ts';
import { type Bench, interleaved, measurement, median } from '../measurement.ts';

const PEER = 'hand-written SQL in DuckDB';

export const bench: Bench = {
  about:
    'Mapping of a snapshot with 20 fields (casts, a code map, rejects, duplicate keys) to canonical Parquet, whole process, against a process that runs the same transformation as hand-written SQL with the same threads and memory',
  size: 1_000_000,
  async run({ name, size, rounds, directory, log }) {
    await itemsWorkspace(directory, size, ',');
    await cutover(['pull', 'extract'], { workspace: directory });
    const [snapshot] = globSync(join(directory, '.cutover/snapshots/**/data.parquet'));
    if (snapshot === undefined) throw new Error('the pull left no snapshot');
    const { left, right } = await interleaved(
      rounds,
      async () => {
        // A canonical dataset is kept by its inputs: without this the second round would find it made.
        rmSync(join(directory, '.cutover/canonical'), { recursive: true, force: true });
        return cutover<MapResult>(['map', 'stock'], { workspace: directory });
      },
      () =>
        peer<{ mapped: number; rejected: number; duplicates: number }>('map-sql.ts', {
          snapshot,
          codes: join(directory, 'mappings/stock/codes/category.csv'),
          rows: join(directory, 'peer-rows.parquet'),
          rejects: join(directory, 'peer-rejects.parquet'),
          threads: 2,
          memory: '1GB',
        }),
    );
    const ours = left[0]?.answer.entities[0];
    const theirs = right[0]?.answer;
    const counts = (one: { mapped: number; rejected: number; duplicates: number } | undefined) =>
      `${one?.mapped} mapped, ${one?.rejected} rejected, ${one?.duplicates} duplicates`;
    if (counts(ours) !== counts(theirs)) throw new Error(`cutover: ${counts(ours)}; peer: ${counts(theirs)}`);
    log(
      `${counts(ours)}; cutover ${left.map(({ seconds }) => seconds.toFixed(1)).join(' ')} s; peer ${right.map(({ seconds }) => seconds.toFixed(1)).join(' ')} s`,
    );
    const of = `${size.toLocaleString('en-US')} rows × 20 fields`;
    const seconds = { value: median(left.map((one) => one.seconds)), peer: median(right.map((one) => one.seconds)) };
    const memory = { value: median(left.map((one) => one.peakMegabytes)), peer: median(right.map((one) => one.peakMegabytes)) };
    return [
      measurement(name, { case: of, metric: 'wall time', unit: 's', ...seconds, against: PEER }),
      measurement(name, { case: of, metric: 'peak memory', unit: 'MB', ...memory, against: PEER }),
    ];
  },
};
