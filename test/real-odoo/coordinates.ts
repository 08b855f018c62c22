import { mkdir, readFile, rename, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Coordinates, OdooVersion } from './harness.ts';

/** A database that the command line left up. */
export type Kept = Required<Coordinates> & { version: OdooVersion; demo: boolean; accounting?: boolean };

type KeptByName = { [database: string]: Kept };

const home = process.env.CUTOVER_TEST_HOME || '/var/tmp/cutover-real-odoo';
export const coordinatesFile = join(home, 'coordinates.json');
const lock = `${coordinatesFile}.lock`;
const lockIsStaleAfterMs = 10_000;

export async function readKept(): Promise<KeptByName> {
  try {
    return JSON.parse(await readFile(coordinatesFile, 'utf8')) as KeptByName;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return {};
    throw error;
  }
}

/** Notes a database, or forgets it. The file holds API keys, so only its owner reads it. */
export async function writeKept(database: string, kept: Kept | undefined): Promise<void> {
  await takeLock();
  try {
    const { [database]: _, ...others } = await readKept();
    const partial = `${coordinatesFile}.${process.pid}`;
    await writeFile(partial, JSON.stringify(kept ? { ...others, [database]: kept } : others, null, 2) + '\n', { mode: 0o600 });
    await rename(partial, coordinatesFile);
  } finally {
    await rmdir(lock);
  }
}

async function takeLock(): Promise<void> {
  for (;;) {
    try {
      return await mkdir(lock);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    const held = await stat(lock).catch(() => undefined);
    if (held && Date.now() - held.mtimeMs > lockIsStaleAfterMs) await rmdir(lock).catch(() => undefined);
    await wait(50);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
