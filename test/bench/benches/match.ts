/** Matching up to millions of suppliers with one another: what a pair costs, whatever their number, and whether the same comes out every time. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { script } from '../child.ts';
import type { MatchFigures, MatchRun } from '../match-suppliers.ts';
import { type Bench, type Measurement, measurement, median } from '../measurement.ts';
import { supplierStatements } from '../suppliers.ts';

const CURVE = [100_000, 300_000, 1_000_000, 3_000_000];
const JUDGED = 1_000_000;

export const bench: Bench = {
  about:
    'Probabilistic matching of generated suppliers (name, street, city, postcode, phone, e-mail, tax number; a quarter of the rows is another row again, damaged) from canonical Parquet to clusters, trained on the spot: the process from its start to the last cluster, 2 threads, 1 GB for DuckDB. Figures against the truth of the generator are of pairs in one cluster. Same bytes on repeat, with 1 and with 2 threads, is checked, else the bench fails',
  size: JUDGED,
  async run({ name, size, rounds, directory, log }) {
    const sizes = [...CURVE.filter((one) => one < size), size];
    const curve: { size: number; runs: readonly MatchFigures[] }[] = [];
    for (const one of sizes) {
      const set = await generate(one, directory);
      const run = (threads: number, mode: MatchRun['mode'] = 'dedupe'): Promise<MatchFigures> =>
        matched({ ...set, threads, mode, spill: join(directory, 'spill') });
      const runs: MatchFigures[] = [];
      for (let round = 0; round < (one === size ? rounds : 1); round += 1) runs.push(await run(2));
      curve.push({ size: one, runs });
      log(lineOf(runs));
      const last = one === size;
      if (last || one === sizes[0]) same(`${one} suppliers`, [...runs, ...(last ? [] : [await run(2)]), ...(one <= JUDGED ? [await run(1)] : [])]);
      if (one === sizes[0]) same(`links of ${one} suppliers`, [await run(2, 'link'), await run(1, 'link')]);
      for (const file of [set.rows, set.truth]) rmSync(file);
    }
    return curve.flatMap((point) => measurementsOf(name, point, curve[0]?.runs ?? []));
  },
};

async function generate(size: number, directory: string): Promise<{ rows: string; truth: string }> {
  const files = { rows: join(directory, `suppliers-${size}.parquet`), truth: join(directory, `truth-${size}.parquet`) };
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '2GB', threads: '2', temp_directory: directory });
  const connection = await instance.connect();
  for (const statement of supplierStatements(size, files.rows, files.truth)) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
  return files;
}

async function matched(run: MatchRun): Promise<MatchFigures> {
  return (await script<MatchFigures>('match-suppliers.ts', run, {})).answer;
}

function same(what: string, runs: readonly MatchFigures[]): void {
  const digests = new Set(runs.map(({ digest }) => digest));
  if (digests.size > 1) throw new Error(`${what}: not the same in every run: ${[...digests].join(', ')}`);
}

const pairCost = (runs: readonly MatchFigures[], of: 'seconds' | 'cpuSeconds'): number => median(runs.map((run) => (run[of] * 1e6) / run.candidates));

function lineOf(runs: readonly MatchFigures[]): string {
  const [first] = runs;
  const cost = runs.map(({ seconds, cpuSeconds, peakMegabytes }) => `${seconds.toFixed(1)} s (CPU ${cpuSeconds.toFixed(1)} s, ${peakMegabytes.toFixed(0)} MB)`);
  return `${first?.records.toLocaleString('en-US')} records, ${first?.candidates.toLocaleString('en-US')} candidate pairs: ${cost.join(', ')}; ${pairCost(runs, 'seconds').toFixed(1)} µs a pair; precision ${first?.precision.toFixed(4)}, recall ${first?.recall.toFixed(4)}, block recall ${first?.blockRecall.toFixed(4)}`;
}

function measurementsOf(name: string, { size, runs }: { size: number; runs: readonly MatchFigures[] }, smallest: readonly MatchFigures[]): Measurement[] {
  const [first] = runs;
  if (first === undefined) return [];
  const facts = (metric: string, unit: string, value: number) => ({ case: `${size.toLocaleString('en-US')} suppliers`, metric, unit, value });
  const judged = (atMost: number) => (size === JUDGED ? { of: 'value' as const, atMost } : undefined);
  const perPair = { peer: pairCost(smallest, 'cpuSeconds'), against: 'the smallest set' };
  return [
    measurement(name, facts('candidate pairs', '', first.candidates)),
    measurement(name, facts('wall time', 's', median(runs.map(({ seconds }) => seconds))), judged(20)),
    measurement(name, facts('CPU time', 's', median(runs.map(({ cpuSeconds }) => cpuSeconds)))),
    measurement(name, facts('peak memory', 'MB', median(runs.map(({ peakMegabytes }) => peakMegabytes))), judged(1500)),
    measurement(name, { ...facts('CPU time a candidate pair', 'µs', pairCost(runs, 'cpuSeconds')), ...perPair }, { of: 'ratio', atMost: 1.5 }),
    measurement(name, facts('precision', '', first.precision)),
    measurement(name, facts('recall', '', first.recall)),
    measurement(name, facts('block recall', '', first.blockRecall)),
  ];
}
