/** A general ledger reconciled by account, period and currency and by line, against the same by hand; and how its cost grows. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ReconcileResult } from '../../../src/domain/results.ts';
import { cutover, type Measured, peer, script } from '../child.ts';
import { sameBreaks, sameTotals } from '../difference.ts';
import type { LedgerPlaces, LedgerRequest } from '../ledger-store.ts';
import { type Bench, type BenchSetting, interleaved, type Measurement, measurement, median } from '../measurement.ts';

const BY_HAND = 'hand-written SQL in DuckDB';
const JUDGED = 1_000_000;

export const bench: Bench = {
  about:
    'Reconcile of a general ledger (200 accounts, 12 periods, 3 currencies, 9 columns) by account × period × currency and by line, from the snapshots of both sides and a crosswalk, whole processes, 2 threads, 1 GB for DuckDB. Drift: amount 0.2 %, account and label 0.1 % each, only on one side 0.2 %. The peer by hand reads the same two snapshots, and the links from a Parquet file; a time is quoted only where every total of both sides and every break (class, key, line, field, both values) is the same. Growth: a tenth and three tenths of the lines',
  size: JUDGED,
  async run(setting) {
    const sizes = [Math.round(setting.size / 10), Math.round((setting.size * 3) / 10), setting.size];
    const all: Measurement[] = [];
    let least: Figures | null = null;
    for (const size of sizes) {
      const { ours, measurements } = await atSize({ ...setting, size });
      all.push(...measurements);
      if (least !== null) {
        const growth = (metric: string, unit: string, value: number, other: number) => ({
          ...{ case: caseOf(size), metric, unit, value, peer: other, against: caseOf(sizes[0] as number) },
        });
        all.push(measurement(setting.name, growth('CPU time, growth', 's', ours.cpuSeconds, least.cpuSeconds)));
        all.push(measurement(setting.name, growth('peak memory, growth', 'MB', ours.peakMegabytes, least.peakMegabytes)));
      }
      least ??= ours;
    }
    return all;
  },
};

const caseOf = (size: number): string => `${size.toLocaleString('en-US')} lines`;

interface Figures {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

async function atSize({ name, size, rounds, directory, log }: BenchSetting): Promise<{ ours: Figures; measurements: readonly Measurement[] }> {
  const place = join(directory, `ledger-${size}`);
  const request: LedgerRequest = { directory: place, size };
  const { answer: world } = await script<LedgerPlaces>('ledger-store.ts', request, {});
  const live = join(place, 'live');
  const files = { breaks: join(place, 'breaks.parquet'), totals: join(place, 'totals.parquet') };
  const { left, right } = await interleaved(
    rounds,
    async () => {
      rmSync(live, { recursive: true, force: true });
      cpSync(world.workspace, live, { recursive: true });
      return cutover<ReconcileResult>(['reconcile', 'books', '--reports', 'none'], { workspace: live, accepted: [0, 3] });
    },
    () => peer('ledger-sql.ts', { ...world, ...files, spill: join(place, 'spill'), threads: 2, memory: '1GB' }),
  );
  const result = left.at(-1)?.answer as ReconcileResult;
  const breaks = await sameBreaks(result.files.find((file) => file.endsWith('breaks.ndjson')) as string, files.breaks);
  const totals = await sameTotals(result.controls, { control: 'ledger', dimension: 'ledger', parquet: files.totals });
  const [ours, theirs] = [figures(left), figures(right)];
  log(
    `${caseOf(size)}: the same ${totals} totals and ${breaks} breaks; cutover ${ours.seconds.toFixed(1)} s (CPU ${ours.cpuSeconds.toFixed(1)} s, ${ours.peakMegabytes.toFixed(0)} MB); by hand ${theirs.seconds.toFixed(1)} s (CPU ${theirs.cpuSeconds.toFixed(1)} s)`,
  );
  rmSync(place, { recursive: true, force: true });
  const metric = (what: string, unit: string, value: number, other: number) => ({
    ...{ case: caseOf(size), metric: what, unit, value, peer: other, against: BY_HAND },
  });
  const judged = size === JUDGED;
  return {
    ours,
    measurements: [
      measurement(name, { case: caseOf(size), metric: 'totals, the same as by hand', unit: '', value: totals }),
      measurement(name, { case: caseOf(size), metric: 'breaks, the same as by hand', unit: '', value: breaks }),
      measurement(name, metric('wall time', 's', ours.seconds, theirs.seconds)),
      measurement(name, metric('CPU time', 's', ours.cpuSeconds, theirs.cpuSeconds)),
      measurement(name, metric('peak memory', 'MB', ours.peakMegabytes, theirs.peakMegabytes), judged ? { of: 'value', atMost: 1024 } : undefined),
    ],
  };
}

function figures(runs: readonly Measured<unknown>[]): Figures {
  const of = (metric: keyof Figures): number => median(runs.map((run) => run[metric]));
  return { seconds: of('seconds'), cpuSeconds: of('cpuSeconds'), peakMegabytes: of('peakMegabytes') };
}
