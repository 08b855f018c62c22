/** Peers that are no dependency of this repository: installed beside it when a bench needs them, in the versions named here. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Outside the work tree; kept between runs. */
const place = process.env.BENCH_PEERS ?? join(process.platform === 'linux' ? '/var/tmp' : tmpdir(), 'cutover-bench-peers');

export const npmPeers = { daff: '1.4.2', 'tabular-data-differ': '1.1.8' } as const;
export const pythonPeers = { datacompy: '1.1.0', 'csv-diff': '1.2', compara: '0.6.0' } as const;

/** The folder of a package of npm; null where it cannot be had, after telling why. */
export async function npmPeer(name: keyof typeof npmPeers, log: (text: string) => void): Promise<string | null> {
  const version = npmPeers[name];
  const directory = join(place, `npm-${name}-${version}`);
  const folder = join(directory, 'node_modules', name);
  return installed(folder, `npm ${name} ${version}`, log, async () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{"private": true}\n');
    await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${version}`], { cwd: directory });
  });
}

/** A Python with the package, in an environment of its own; null where it cannot be had, after telling why. */
export async function pythonPeer(name: keyof typeof pythonPeers, log: (text: string) => void): Promise<string | null> {
  const version = pythonPeers[name];
  const directory = join(place, `python-${name}-${version}`);
  const python = join(directory, 'bin', 'python');
  const mark = join(directory, 'installed');
  const found = await installed(mark, `PyPI ${name} ${version}`, log, async () => {
    await run('python3', ['-m', 'venv', directory]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `${name}==${version}`]);
    writeFileSync(mark, version);
  });
  return found === null ? null : python;
}

async function installed(there: string, name: string, log: (text: string) => void, install: () => Promise<void>): Promise<string | null> {
  if (existsSync(there)) return there;
  try {
    await install();
    return there;
  } catch (error) {
    log(`${name} is left out, it cannot be installed here: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    return null;
  }
}
