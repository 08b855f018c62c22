/** The embedded PostgreSQL (PGlite) in a directory: how it is first made, and how it is opened. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { gunzip } from 'node:zlib';
import type { PGlite } from '@electric-sql/pglite';

/** An empty cluster, made when the package is built: making one anew takes 1 GB of memory and seconds, unpacking this a fraction of both.
 *  Beside the built sources; absent only in a checkout that was never built, where the cluster is made anew. */
const template = new URL(import.meta.url.endsWith('.ts') ? '../../../dist/embedded-state.tar.gz' : '../../../embedded-state.tar.gz', import.meta.url);

/** The state is small, and every command opens it. Optimising PGlite's code takes 550 MB within a second or two and gains the state nothing
 *  (10,000 journal entries are no slower without); its default of 128 MB of buffers is as needless. */
async function open(options: { dataDir?: string }): Promise<PGlite> {
  setFlagsFromString('--no-wasm-tier-up');
  setFlagsFromString('--no-wasm-dynamic-tiering');
  const { PGlite } = await import('@electric-sql/pglite');
  const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=8MB'];
  return PGlite.create({ ...options, relaxedDurability: false, startParams });
}

/** Opens the cluster of a directory; a new one is made aside and moved into its place whole, so that a kill leaves none half made. */
export async function openCluster(directory: string): Promise<PGlite> {
  if (!existsSync(join(directory, 'PG_VERSION')) && existsSync(template)) {
    const making = `${directory}.new`;
    await rm(making, { recursive: true, force: true });
    await unpack(await promisify(gunzip)(await readFile(template)), making);
    await rm(directory, { recursive: true, force: true });
    await rename(making, directory);
  }
  return open({ dataDir: directory });
}

/** PGlite would unpack it too, by starting a cluster for it that is then closed and opened again: three times the time. What the template
 *  holds is written by PGlite: folders and files, no name longer than fits. */
async function unpack(tar: Buffer, directory: string): Promise<void> {
  for (let header = 0; tar[header] !== 0 && header < tar.length; ) {
    const field = (offset: number, length: number): string =>
      tar
        .toString('latin1', header + offset, header + offset + length)
        .split('\0', 1)
        .join();
    const path = join(directory, field(0, 100));
    const size = Number.parseInt(field(124, 12), 8);
    const start = header + TAR_BLOCK;
    if (field(156, 1) === '5') await mkdir(path, { recursive: true, mode: 0o700 });
    else await writeFile(path, tar.subarray(start, start + size), { mode: 0o600 });
    header = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
}

const TAR_BLOCK = 512;

/** For the build: writes the template. */
export async function writeTemplate(file: string): Promise<void> {
  const cluster = await open({});
  try {
    const packed = await cluster.dumpDataDir('gzip');
    await writeFile(file, Buffer.from(await packed.arrayBuffer()));
  } finally {
    await cluster.close();
  }
}
