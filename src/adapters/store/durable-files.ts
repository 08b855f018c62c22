/** Files and directories that are there whole or not at all, also after a power cut: sync first, rename after. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export const PRIVATE_FILE = 0o600;
export const PRIVATE_DIRECTORY = 0o700;

/** Directories that nobody lists: what is being made, or taken away. */
const HIDDEN_PREFIX = '.staging-';
const DAY_MS = 86_400_000;

export async function makePrivateDirectory(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY });
  return path;
}

/** A hidden directory beside the one it is to become, so that the rename stays within one file system. */
export async function makeStagingDirectory(parent: string): Promise<string> {
  await makePrivateDirectory(parent);
  const staging = join(parent, `${HIDDEN_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`);
  await mkdir(staging, { mode: PRIVATE_DIRECTORY });
  return staging;
}

/** Takes away what killed processes left; a day is longer than any staging lives. */
export async function sweepStagings(parent: string, now: string): Promise<void> {
  await sweepOld(parent, await namesIn(parent, true), now);
}

/** The same for spill files: each run has a folder in `parent`, and one that has not been touched for a day is of a killed run. */
export async function sweepSpill(parent: string, now: string): Promise<void> {
  await sweepOld(parent, await namesIn(parent), now);
}

async function sweepOld(parent: string, names: readonly string[], now: string): Promise<void> {
  for (const name of names) {
    const path = join(parent, name);
    const found = await stat(path).catch(absent);
    if (found !== null && Date.parse(now) - found.mtimeMs > DAY_MS) await rm(path, { recursive: true, force: true });
  }
}

/** Names in a directory, sorted; an absent directory has none. */
export async function namesIn(directory: string, hidden = false): Promise<string[]> {
  const names = await readdir(directory).catch(absent);
  return (names ?? []).filter((name) => (hidden ? name.startsWith(HIDDEN_PREFIX) : !name.startsWith('.'))).sort();
}

/** Makes the files private, syncs them and the directory, and puts it in its place. False when the place was taken: then nothing moved. */
export async function putInPlace(staging: string, place: string): Promise<boolean> {
  for (const name of await readdir(staging)) {
    const path = join(staging, name);
    await chmod(path, PRIVATE_FILE);
    await syncPath(path);
  }
  await syncPath(staging);
  try {
    await rename(staging, place);
  } catch (error) {
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return false;
    throw error;
  }
  await syncPath(dirname(place));
  return true;
}

/** Out of sight in one step, then deleted: nobody sees half of it. */
export async function takeAway(directory: string): Promise<void> {
  const hidden = join(dirname(directory), `${HIDDEN_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    await rename(directory, hidden);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  await rm(hidden, { recursive: true, force: true });
}

/** Writes through a temporary sibling. */
export async function writeWhole(path: string, content: string | Uint8Array | AsyncIterable<string | Uint8Array>): Promise<void> {
  await makePrivateDirectory(dirname(path));
  const temporary = join(dirname(path), `${HIDDEN_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`);
  const file = await open(temporary, 'wx', PRIVATE_FILE);
  try {
    try {
      if (typeof content === 'string' || content instanceof Uint8Array) await file.writeFile(content);
      else for await (const part of content) await file.appendFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncPath(dirname(path));
}

/** SHA-256 of a file, read in chunks. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** For `.catch`: an absent file or directory is null, anything else is still an error. */
export function absent(error: unknown): null {
  if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
  throw error;
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
