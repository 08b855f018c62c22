/** `cutover reconcile`, whole, against the same comparison by hand and against programs that compare tables; and what the second night costs. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReconcileResult } from '../../../src/domain/results.ts';
import { cutover, type Measured, peer, pythonPeer, script } from '../child.ts';
import { type Counts, countsOf, plainFiles, sameBreaks } from '../difference.ts';
import type { StorePlaces, StoreRequest } from '../equipment-store.ts';
import { type Bench, type BenchSetting, interleaved, type Measurement, measurement, median } from '../measurement.ts';
import { npmPeer, npmPeers, pythonPeer as pythonFor, pythonPeers } from '../peers/installed.ts';

const BY_HAND = 'hand-written SQL in DuckDB';
const JUDGED = 1_000_000;
/** daff and csv-diff hold everything in memory as objects. */
const SMALL = 100_000;

export const bench: Bench = {
  about: `Reconcile of medical equipment, 20 columns, from the snapshots of both sides and a crosswalk to breaks.ndjson, whole processes, 2 threads, 1 GB for DuckDB (2 GB beyond a million records). Drift: status 3 %, price 1.5 %, blank 0.3 %, added and removed 0.1 % each, duplicate keys 0.01 %. The peer by hand reads the same two snapshots, and the links from a Parquet file, with the same threads and memory, and writes the same breaks; a time is quoted only where every break (class, key, record, field, both values) is the same. Programs that compare tables (${Object.entries(
    { ...npmPeers, ...pythonPeers },
  )
    .map(([name, version]) => `${name} ${version}`)
    .join(
      ', ',
    )}) get two CSVs of canonical values in one spelling, sorted, every key there once: they class no duplicate or missing keys, know no links, no rules and no types; their counts of changed, added and removed records must be ours. Second night: 0.1 % of the records are others, in new snapshots of everything; with --full, at a million, everything is compared again and proven to give the same bytes`,
  size: JUDGED,
  async run(setting) {
    const { size, log } = setting;
    const sizes = size > JUDGED ? [JUDGED, size] : [size];
    const all: Measurement[] = [];
    const firstNights = new Map<number, number>();
    for (const one of sizes) {
      const { measurements, seconds } = await atSize({ ...setting, size: one, rounds: one > JUDGED ? 1 : setting.rounds });
      firstNights.set(one, seconds);
      all.push(...measurements);
    }
    const [small, large] = [firstNights.get(JUDGED), firstNights.get(size)];
    if (small !== undefined && large !== undefined && size > JUDGED) {
      const facts = { case: caseOf(size), metric: 'wall time of the first night', unit: 's', value: large, peer: small, against: caseOf(JUDGED) };
      all.push(measurement(setting.name, facts, size === 10 * JUDGED ? { of: 'ratio', atMost: 12 } : undefined));
    }
    if (size >= SMALL) all.push(...(await againstPrograms({ ...setting, size: Math.min(size, JUDGED) })));
    log('done');
    return all;
  },
};

const caseOf = (size: number): string => `${size.toLocaleString('en-US')} × 20`;

async function atSize({ name, size, rounds, directory, log }: BenchSetting): Promise<{ measurements: readonly Measurement[]; seconds: number }> {
  const world = await worldOf(size, join(directory, `first-${size}`), log);
  const live = join(directory, `live-${size}`);
  const { left, right } = await interleaved(
    rounds,
    async () => {
      rmSync(live, { recursive: true, force: true });
      cpSync(world.workspace, live, { recursive: true });
      return reconcile(live);
    },
    () => byHand(world, 0, size, directory),
  );
  const breaks = await sameBreaks(ndjsonOf(left.at(-1)), join(directory, 'breaks-1.parquet'));
  log(`${caseOf(size)}: the same ${breaks} breaks; cutover ${lineOf(left)}; by hand ${lineOf(right)}`);
  cpSync(world.second, join(live, '.cutover'), { recursive: true });
  const second = await reconcile(live);
  const byHandSecond = await byHand(world, 1, size, directory);
  await sameBreaks(ndjsonOf(second), join(directory, 'breaks-2.parquet'));
  const full = size > JUDGED ? null : await inFull(live, ndjsonOf(second));
  log(`second night: cutover ${lineOf([second])}; by hand ${lineOf([byHandSecond])}${full === null ? '' : `; in full ${lineOf([full])}`}`);
  rmSync(live, { recursive: true, force: true });

  const first = facts(left);
  const theirs = facts(right);
  const judged = size === JUDGED;
  const metric = (what: string, unit: string, value: number, other: number) => ({
    case: caseOf(size),
    metric: what,
    unit,
    value,
    peer: other,
    against: BY_HAND,
  });
  return {
    seconds: first.seconds,
    measurements: [
      measurement(name, { case: caseOf(size), metric: 'breaks, the same as by hand', unit: '', value: breaks }),
      measurement(name, metric('wall time, first night', 's', first.seconds, theirs.seconds), judged ? { of: 'ratio', atMost: 1.5 } : undefined),
      measurement(name, metric('CPU time, first night', 's', first.cpuSeconds, theirs.cpuSeconds)),
      measurement(
        name,
        metric('peak memory, first night', 'MB', first.peakMegabytes, theirs.peakMegabytes),
        judged ? { of: 'value', atMost: 1024 } : undefined,
      ),
      measurement(
        name,
        { case: caseOf(size), metric: 'wall time, second night', unit: 's', value: second.seconds, peer: first.seconds, against: 'the first night' },
        { of: 'ratio', atMost: 0.2 },
      ),
      measurement(name, metric('wall time, second night', 's', second.seconds, byHandSecond.seconds)),
      ...(full === null ? [] : [measurement(name, metric('wall time, second night with --full', 's', full.seconds, byHandSecond.seconds))]),
      ...(full === null ? [] : [measurement(name, metric('peak memory, second night with --full', 'MB', full.peakMegabytes, byHandSecond.peakMegabytes))]),
    ],
  };
}

interface World extends StorePlaces {
  readonly directory: string;
}

/** More than a million records take minutes to make: in CUTOVER_BENCH_WORLDS, a folder, they stay for the next time. */
async function worldOf(size: number, scratch: string, log: BenchSetting['log']): Promise<World> {
  const { CUTOVER_BENCH_WORLDS: kept } = process.env;
  const directory = kept === undefined || size <= JUDGED ? scratch : join(kept, `${size}`);
  const places = join(directory, 'places.json');
  if (existsSync(places)) return { ...(JSON.parse(readFileSync(places, 'utf8')) as StorePlaces), directory };
  mkdirSync(directory, { recursive: true });
  const request: StoreRequest = { directory, size, memory: size > JUDGED ? '2GB' : '1GB' };
  const { answer, seconds } = await script<StorePlaces>('equipment-store.ts', request, {});
  log(`${caseOf(size)}: snapshots of two nights and the crosswalk written in ${seconds.toFixed(0)} s (links ${answer.linkSeconds.toFixed(0)} s)`);
  writeFileSync(places, JSON.stringify(answer));
  return { ...answer, directory };
}

/** Breaks are findings. */
function reconcile(workspace: string, ...flags: readonly string[]): Promise<Measured<ReconcileResult>> {
  return cutover<ReconcileResult>(['reconcile', 'assets', '--reports', 'none', ...flags], { workspace, accepted: [0, 3] });
}

function byHand({ workspace, links, nights }: World, night: 0 | 1, size: number, directory: string): Promise<Measured<unknown>> {
  const { legacy = '', odoo = '' } = nights[night] ?? {};
  return peer('reconcile-sql.ts', {
    ...{ legacy, odoo, links, codes: join(workspace, 'mappings/assets/codes/category.csv') },
    categories: lookupOf(workspace),
    breaks: join(directory, `breaks-${night + 1}.parquet`),
    spill: join(directory, 'spill'),
    threads: 2,
    memory: size > JUDGED ? '2GB' : '1GB',
  });
}

function lookupOf(workspace: string): string {
  return join(workspace, '.cutover/snapshots/odoo/lookup.maintenance.equipment.category/*/data.parquet');
}

/** The same snapshots once more, everything compared again beside what is taken over from the night before. Fails unless the bytes are the same. */
async function inFull(workspace: string, ndjson: string): Promise<Measured<ReconcileResult>> {
  const full = await reconcile(workspace, '--full');
  if (!readFileSync(ndjson).equals(readFileSync(ndjsonOf(full)))) throw new Error('reconcile --full gave other bytes than the run before it');
  return full;
}

function ndjsonOf(run: Measured<ReconcileResult> | undefined): string {
  const file = run?.answer.files.find((one) => one.endsWith('breaks.ndjson'));
  if (file === undefined) throw new Error('the run names no breaks.ndjson');
  return file;
}

function facts(runs: readonly Measured<unknown>[]): { seconds: number; cpuSeconds: number; peakMegabytes: number } {
  const of = (metric: 'seconds' | 'cpuSeconds' | 'peakMegabytes'): number => median(runs.map((run) => run[metric]));
  return { seconds: of('seconds'), cpuSeconds: of('cpuSeconds'), peakMegabytes: of('peakMegabytes') };
}

function lineOf(runs: readonly Measured<unknown>[]): string {
  return runs.map((run) => `${run.seconds.toFixed(1)} s (CPU ${run.cpuSeconds.toFixed(1)} s, ${run.peakMegabytes.toFixed(0)} MB)`).join(', ');
}

interface Program {
  readonly name: string;
  /** Largest number of records it is asked to compare. */
  readonly atMost: number;
  run(input: unknown): Promise<Measured<Counts>>;
}

async function programs(log: BenchSetting['log']): Promise<readonly Program[]> {
  const found: Program[] = [];
  for (const [name, file, atMost] of [
    ['tabular-data-differ', 'diff-tabular.ts', JUDGED],
    ['daff', 'diff-daff.ts', SMALL],
  ] as const) {
    const folder = await npmPeer(name, log);
    if (folder !== null) found.push({ name: `npm ${name}`, atMost, run: (input) => peer<Counts>(file, { ...(input as object), folder }) });
  }
  for (const [name, file, atMost] of [
    ['compara', 'diff_compara.py', JUDGED],
    ['datacompy', 'diff_datacompy.py', JUDGED],
    ['csv-diff', 'diff_csv_diff.py', SMALL],
  ] as const) {
    const python = await pythonFor(name, log);
    if (python !== null) found.push({ name: `PyPI ${name}`, atMost, run: (input) => pythonPeer<Counts>(python, file, input) });
  }
  return found;
}

async function againstPrograms(setting: BenchSetting): Promise<Measurement[]> {
  const { name, directory, log } = setting;
  const all: Measurement[] = [];
  const found = await programs(log);
  for (const size of [...new Set([SMALL, setting.size])]) {
    const world = await worldOf(size, join(directory, `plain-${size}`), log);
    const { legacy = '', odoo = '' } = world.nights[0] ?? {};
    const files = { legacy: join(world.directory, 'legacy.csv'), odoo: join(world.directory, 'odoo.csv') };
    await plainFiles({ legacy, odoo, links: world.links }, files);
    const ours = await reconcile(world.workspace);
    const expected = await countsOf(ndjsonOf(ours));
    for (const program of found.filter(({ atMost }) => size <= atMost)) {
      const output = join(world.directory, 'output');
      const theirs = await program.run({ ...files, key: 'asset_no', output, threads: 2, memory: '2G' });
      rmSync(output, { recursive: true, force: true });
      if (JSON.stringify(theirs.answer) !== JSON.stringify(expected))
        throw new Error(`${program.name}: ${JSON.stringify(theirs.answer)}, but the breaks say ${JSON.stringify(expected)}`);
      log(`${caseOf(size)}: ${program.name} ${lineOf([theirs])}; cutover ${lineOf([ours])}`);
      const metric = (what: string, unit: string, value: number, other: number) => ({
        case: caseOf(size),
        metric: what,
        unit,
        value,
        peer: other,
        against: program.name,
      });
      all.push(measurement(name, metric('wall time', 's', ours.seconds, theirs.seconds)));
      all.push(measurement(name, metric('CPU time', 's', ours.cpuSeconds, theirs.cpuSeconds)));
      all.push(measurement(name, metric('peak memory', 'MB', ours.peakMegabytes, theirs.peakMegabytes)));
    }
  }
  return all;
}
