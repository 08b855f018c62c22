/** `cutover pull` of one large file against DuckDB's own reader. */
import { closeSync, openSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cutover, type Measured, peer } from '../child.ts';
import { itemsFrom, itemsWorkspace } from '../items.ts';
import { type Bench, type BenchSetting, interleaved, type Measurement, measurement, median } from '../measurement.ts';

const PEER = "DuckDB's read_csv to Parquet";

export const bench: Bench = {
  about:
    'Pull of a CSV with 20 columns into a snapshot, whole process, against a process that runs DuckDB’s read_csv to Parquet (zstd) on the same file with the same threads and memory. The state of the workspace is there already (made once, by the first command)',
  size: 1_000_000,
  async run(setting) {
    return [
      ...(await regular(setting, setting.size)),
      ...(await irregular(setting, Math.round(setting.size / 5))),
      ...(await twice(setting, setting.size * 2)),
    ];
  },
};

interface Pulled {
  readonly snapshots: readonly { readonly rows: number; readonly quarantined: number }[];
}

/** The first lines of a file that may be too large to read. */
function head(file: string, lines: number): string {
  const buffer = Buffer.alloc(64 * 1024);
  const descriptor = openSync(file, 'r');
  const length = readSync(descriptor, buffer);
  closeSync(descriptor);
  return `${buffer.toString('utf8', 0, length).split('\n', lines).join('\n')}\n`;
}

/** The state of a workspace is made by its first command, once in its life: by this one, with a file of ten rows. */
async function firstPull(directory: string, system: string): Promise<Measured<unknown>> {
  const large = join(directory, 'legacy/items.csv');
  renameSync(large, `${large}.large`);
  writeFileSync(large, head(`${large}.large`, 11));
  const pulled = await cutover(['pull', system], { workspace: directory });
  renameSync(`${large}.large`, large);
  return pulled;
}

async function rounds(setting: BenchSetting, directory: string, system: string, rows: number, count: number) {
  const first = await firstPull(directory, system);
  setting.log(`first pull of the workspace, ten rows: ${shown([first])}`);
  const results = await interleaved(
    count,
    async () => {
      rmSync(join(directory, '.cutover/snapshots'), { recursive: true, force: true });
      const pulled = await cutover<Pulled>(['pull', system], { workspace: directory });
      expectRows(rows, pulled.answer.snapshots[0]?.rows);
      return pulled;
    },
    async () => {
      const read = await peer<{ rows: number }>('read-csv.ts', {
        csv: join(directory, 'legacy/items.csv'),
        parquet: join(directory, 'peer.parquet'),
        threads: 2,
        memory: '1GB',
      });
      expectRows(rows, read.answer.rows);
      return read;
    },
  );
  setting.log(`${system}, ${rows} rows: cutover ${shown(results.left)}; peer ${shown(results.right)}`);
  return results;
}

function expectRows(expected: number, found: number | undefined): void {
  if (found !== expected) throw new Error(`${found} rows instead of ${expected}`);
}

function shown(all: readonly Measured<unknown>[]): string {
  return all.map((one) => `${one.seconds.toFixed(2)} s, ${one.peakMegabytes.toFixed(0)} MB`).join(' / ');
}

const seconds = (all: readonly Measured<unknown>[]) => median(all.map((one) => one.seconds));
const megabytes = (all: readonly Measured<unknown>[]) => median(all.map((one) => one.peakMegabytes));

async function regular(setting: BenchSetting, rows: number): Promise<readonly Measurement[]> {
  const directory = join(setting.directory, 'regular');
  await itemsWorkspace(directory, rows, ',');
  const { left, right } = await rounds(setting, directory, 'extract', rows, setting.rounds);
  const name = `regular file, ${rows.toLocaleString('en-US')} rows`;
  return [
    measurement(
      setting.name,
      { case: name, metric: 'wall time', unit: 's', value: seconds(left), peer: seconds(right), against: PEER },
      { of: 'ratio', atMost: 3 },
    ),
    measurement(setting.name, { case: name, metric: 'peak memory', unit: 'MB', value: megabytes(left), peer: megabytes(right), against: PEER }),
  ];
}

/** Semicolons and Windows-1252: read by csv-parse. */
async function irregular(setting: BenchSetting, rows: number): Promise<readonly Measurement[]> {
  const directory = join(setting.directory, 'irregular');
  await itemsWorkspace(directory, rows, ';');
  const mapping = readFileSync(join(directory, 'mappings/stock/sources/extract/item.yaml'), 'utf8');
  rmSync(join(directory, 'mappings/stock/sources/extract'), { recursive: true });
  itemsFrom(directory, 'semicolons', mapping.replace('system: extract', 'system: semicolons'));
  const { left, right } = await rounds(setting, directory, 'semicolons', rows, Math.min(2, setting.rounds));
  const name = `other encoding (csv-parse), ${rows.toLocaleString('en-US')} rows`;
  return [
    measurement(setting.name, { case: name, metric: 'wall time', unit: 's', value: seconds(left), peer: seconds(right), against: PEER }),
    measurement(setting.name, { case: name, metric: 'peak memory', unit: 'MB', value: megabytes(left), peer: megabytes(right), against: PEER }),
  ];
}

async function twice(setting: BenchSetting, rows: number): Promise<readonly Measurement[]> {
  const directory = join(setting.directory, 'twice');
  await itemsWorkspace(directory, rows, ',');
  const { left, right } = await rounds(setting, directory, 'extract', rows, 1);
  const name = `regular file, ${rows.toLocaleString('en-US')} rows`;
  return [
    measurement(
      setting.name,
      { case: name, metric: 'peak memory', unit: 'MB', value: megabytes(left), peer: megabytes(right), against: PEER },
      { of: 'value', atMost: 600 },
    ),
  ];
}
