/** The lock of an embedded state: one process at a time, and whoever is turned away is told who is inside. */
import { randomUUID } from 'node:crypto';
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { CutoverError } from '../../domain/errors.ts';

interface Holder {
  readonly command: string;
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  /** Start of the process in clock ticks since boot (Linux), so that a pid given out again is not mistaken for its holder. */
  readonly started: string | null;
}

const TAKEOVER_SECONDS = 10;

/** Takes the lock or throws E_LOCKED; answers the release. The lock of a process that is gone is taken over. */
export async function lockFile(path: string, command: string, now: string): Promise<() => Promise<void>> {
  const mine: Holder = { command, pid: process.pid, host: hostname(), since: now, started: await processStart(process.pid) };
  const candidate = `${path}.${randomUUID()}`;
  await writeFile(candidate, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      if (await placed(candidate, path)) return () => release(path, mine);
      const holder = await readHolder(path);
      if (holder === null) continue;
      if (await isAlive(holder)) throw lockedBy(holder, path);
      await takeOver(path, candidate);
    }
    throw new CutoverError('E_LOCKED', 'the embedded state is fought over by several starting processes', { hint: 'run the command again' });
  } finally {
    await rm(candidate, { force: true });
  }
}

/** A hard link either makes the name or fails, also over network file systems where an exclusive create may not. */
async function placed(candidate: string, path: string): Promise<boolean> {
  try {
    await link(candidate, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Removes a dead holder's lock. Two processes may find it dead at once; the second would remove the lock the first has just made,
 *  so the removal has a short lock of its own. */
async function takeOver(path: string, candidate: string): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await placed(candidate, guard))) {
    const age = await stat(guard).then(
      (found) => (Date.now() - found.ctimeMs) / 1000,
      () => 0,
    );
    if (age > TAKEOVER_SECONDS) await rm(guard, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
    return;
  }
  try {
    const holder = await readHolder(path);
    if (holder !== null && !(await isAlive(holder))) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function release(path: string, mine: Holder): Promise<void> {
  const holder = await readHolder(path);
  if (holder !== null && holder.pid === mine.pid && holder.host === mine.host && holder.since === mine.since) await rm(path, { force: true });
}

async function readHolder(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw new CutoverError('E_LOCKED', `the lock file ${path} cannot be read`, { hint: `rm ${path}`, cause: error });
  }
}

/** A holder on another host counts as alive: nothing here can tell. */
async function isAlive(holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
  return holder.started === null || holder.started === (await processStart(holder.pid));
}

/** Null where there is no /proc. */
async function processStart(pid: number): Promise<string | null> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in brackets and may hold anything; the start time is the 20th after it.
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return null;
    throw error;
  }
}

function lockedBy(holder: Holder, path: string): CutoverError {
  const elsewhere = holder.host !== hostname();
  return new CutoverError('E_LOCKED', `the embedded state is in use by \`${holder.command}\` (pid ${holder.pid} on ${holder.host}, since ${holder.since})`, {
    hint: elsewhere
      ? `wait for it to end; if that process is gone: rm ${path}`
      : 'wait for it to end, or give the workspace a PostgreSQL state (`state: postgres://…`)',
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
