/** A file system small enough to be filled; only root on Linux can make one. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEGABYTES = 512;

export interface SmallDisk {
  readonly directory: string;
  close(): Promise<void>;
}

/** Null where it cannot be made. */
export async function smallDisk(): Promise<SmallDisk | null> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  const directory = await mkdtemp(join(tmpdir(), 'cutover-chaos-disk-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', directory]).status !== 0) {
    await rmdir(directory);
    return null;
  }
  return {
    directory,
    async close() {
      // lazily: an engine that broke down on a full disk holds its files until its process ends
      spawnSync('umount', ['-l', directory]);
      await rmdir(directory);
    },
  };
}
