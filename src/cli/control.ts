/** How a person steers a run that goes on: by keys where there is a terminal, by its control file everywhere. */
import { existsSync, readFileSync } from 'node:fs';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Control, type ControlRequest, PAUSE_MARK } from '../domain/pace.ts';
import type { Progress } from '../domain/ports.ts';

/** Of a terminal, as far as keys go. */
export interface KeySource {
  setRawMode(raw: boolean): unknown;
  on(event: 'data', heard: (piece: Buffer) => void): unknown;
  off(event: 'data', heard: (piece: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface ControlOptions {
  /** Of the run; the file is `control` in it. */
  readonly directory: string;
  /** Null: nobody can press a key. */
  readonly keys: KeySource | null;
  readonly progress: Progress;
  /** What Ctrl-C does. */
  readonly interrupt: () => void;
  /** The same, only that asking twice does no more than asking once. */
  readonly stop: () => void;
  readonly milliseconds?: number;
}

const MILLISECONDS_BETWEEN_LOOKS = 500;
const WORDS = 'pause, resume, stop or concurrency N';
const CTRL_C = '\u0003';

/** Makes the control file (0600), looks at it twice a second, and says where it is. */
export async function openControl(options: ControlOptions): Promise<Control> {
  const { directory, keys, progress } = options;
  const file = join(directory, 'control');
  await writeFile(file, '', { mode: 0o600 });
  // One that was left by a killed process may have been made readable to others.
  await chmod(file, 0o600);
  const mark = await pauseMark(directory, progress);
  const byFile = `echo pause > ${file} (or ${WORDS.slice('pause, '.length)})`;
  progress({
    kind: 'note',
    text: keys === null ? `To steer it: ${byFile}` : `Keys: p pause, r resume, + and - calls at a time, s stop. From elsewhere: ${byFile}`,
  });
  let stopListening: () => Promise<void> = () => Promise.resolve();
  return {
    listen(heard) {
      const obey = (request: ControlRequest) => {
        if (request.kind === 'stop') options.stop();
        mark.heard(request);
        heard(request);
      };
      const stopWatching = watch(file, options, obey);
      const stopReading = keys === null ? () => undefined : readKeys(keys, options, obey);
      stopListening = async () => {
        stopReading();
        await stopWatching();
      };
    },
    async close() {
      await stopListening();
      await mark.close();
      await rm(file, { force: true });
    },
  };
}

/** A file beside the control file for as long as the run is paused, with the moment since when: `status` tells it elsewhere. */
async function pauseMark(directory: string, progress: Progress) {
  const file = join(directory, PAUSE_MARK);
  // Left by a process that was killed.
  await rm(file, { force: true });
  let isThere = false;
  let writing: Promise<void> = Promise.resolve();
  const set = (paused: boolean): void => {
    if (paused === isThere) return;
    isThere = paused;
    const since = new Date().toISOString();
    writing = writing
      .then(() => (paused ? writeFile(file, since, { mode: 0o600 }) : rm(file, { force: true })))
      .catch((error: unknown) =>
        progress({ kind: 'warning', text: `status will not tell of the pause (${error instanceof Error ? error.message : String(error)})` }),
      );
  };
  return {
    heard({ kind }: ControlRequest): void {
      if (kind === 'pause' || kind === 'resume') set(kind === 'pause');
    },
    async close(): Promise<void> {
      set(false);
      await writing;
    },
  };
}

/** The last line counts, whenever the file was written anew. The watch keeps the process alive: a paused run has nothing else to do. */
function watch(file: string, { progress, milliseconds }: ControlOptions, obey: (request: ControlRequest) => void): () => Promise<void> {
  let known = '';
  const look = async () => {
    const version = await versionOf(file);
    if (version === known) return;
    const line = (await readFile(file, 'utf8')).trim().split('\n').at(-1)?.trim() ?? '';
    // It is being written: looked at again the next time.
    if ((await versionOf(file)) !== version) return;
    known = version;
    if (line === '') return;
    const request = requestOf(line);
    if (request === null) progress({ kind: 'warning', text: `the control file says ${JSON.stringify(line.slice(0, 40))}; it takes ${WORDS}` });
    else obey(request);
  };
  let looking: Promise<void> = Promise.resolve();
  let isOver = false;
  const timer = setInterval(() => {
    looking = looking.then(look).catch((error: unknown) => {
      if (isOver) return;
      isOver = true;
      clearInterval(timer);
      progress({ kind: 'warning', text: `the control file cannot be read any more (${error instanceof Error ? error.message : String(error)})` });
    });
  }, milliseconds ?? MILLISECONDS_BETWEEN_LOOKS);
  return async () => {
    isOver = true;
    clearInterval(timer);
    await looking;
  };
}

async function versionOf(file: string): Promise<string> {
  const { mtimeMs, size } = await stat(file);
  return `${mtimeMs} ${size}`;
}

export function requestOf(line: string): ControlRequest | null {
  const [word = '', number, ...more] = line.toLowerCase().split(/\s+/);
  if (word === 'concurrency' && number !== undefined && /^[1-9]\d{0,2}$/.test(number) && more.length === 0)
    return { kind: 'concurrency', calls: Number(number) };
  if (number !== undefined || (word !== 'pause' && word !== 'resume' && word !== 'stop')) return null;
  return { kind: word };
}

/** In raw mode the terminal makes no signal of Ctrl-C. */
function readKeys(keys: KeySource, { interrupt }: ControlOptions, obey: (request: ControlRequest) => void): () => void {
  const heard = (piece: Buffer) => {
    for (const key of piece.toString('utf8')) {
      const request = requestOfKey(key);
      if (key === CTRL_C) interrupt();
      else if (request !== null) obey(request);
    }
  };
  keys.setRawMode(true);
  keys.on('data', heard);
  keys.resume();
  return () => {
    keys.off('data', heard);
    keys.setRawMode(false);
    keys.pause();
  };
}

export function requestOfKey(key: string): ControlRequest | null {
  switch (key.toLowerCase()) {
    case 'p':
      return { kind: 'pause' };
    case 'r':
      return { kind: 'resume' };
    case 's':
      return { kind: 'stop' };
    case '+':
    case '=':
      return { kind: 'concurrency-by', calls: 1 };
    case '-':
      return { kind: 'concurrency-by', calls: -1 };
    default:
      return null;
  }
}

/** The terminal, where keys reach this process: one in the background would be stopped by the system as soon as it asked for them. */
export function terminalKeys(): KeySource | null {
  if (process.stdin.isTTY !== true || !isInForeground()) return null;
  return process.stdin;
}

/** The process group of the terminal is ours. Known on Linux; elsewhere it is taken to be. */
function isInForeground(): boolean {
  const place = '/proc/self/stat';
  if (!existsSync(place)) return true;
  const text = readFileSync(place, 'utf8');
  // What follows the name, which may hold spaces: state, parent, group, session, terminal, group of the terminal.
  const [, , group, , , ofTerminal] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return group === ofTerminal;
}
