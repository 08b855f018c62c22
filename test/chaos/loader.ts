/** The loader as a person meets it: `cutover load` in a process of its own, killed, and taken up again with the command it names. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadRunResult, StatusResult } from '../../src/domain/results.ts';

const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const sources = fileURLToPath(new URL('../../bin/dev.js', import.meta.url));

export interface Ending<Data> {
  readonly exit: number | null;
  readonly killed: boolean;
  readonly runId: string | null;
  readonly data: Data | null;
  /** Code and message; null when it ended well or was killed. */
  readonly error: string | null;
  readonly seconds: number;
  readonly stderr: string;
}

export interface Running<Data> {
  readonly child: ChildProcess;
  readonly ending: Promise<Ending<Data>>;
}

export interface Place {
  readonly workspace: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** `unbuilt`: straight from the sources. */
export function cutover<Data>(place: Place, args: readonly string[], unbuilt = false): Running<Data> {
  const child = spawn(process.execPath, [unbuilt ? sources : program, ...args, '--workspace', place.workspace, '--json'], {
    env: { ...process.env, ...place.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: string[] = [];
  const err: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => out.push(text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => err.push(text));
  const began = performance.now();
  const ending = new Promise<Ending<Data>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => {
      const envelope = parsed(out.join(''));
      const error = envelope?.error;
      resolve({
        ...{ exit, killed: signal === 'SIGKILL', runId: envelope?.runId ?? null, data: (envelope?.data ?? null) as Data | null },
        error:
          error === undefined ? (envelope === null && signal === null ? `no answer: ${err.join('').slice(-400)}` : null) : `${error.code}: ${error.message}`,
        ...{ seconds: (performance.now() - began) / 1000, stderr: err.join('') },
      });
    });
  });
  return { child, ending };
}

interface Envelope {
  readonly runId: string | null;
  readonly data: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

function parsed(text: string): Envelope | null {
  try {
    return JSON.parse(text) as Envelope;
  } catch {
    // Killed before or while it answered.
    return null;
  }
}

export type LoadEnding = Ending<LoadRunResult>;

/** What `cutover status` says goes on with a load that did not come to its end; null when there is none. */
export async function goOn(place: Place): Promise<readonly string[] | null> {
  const { data, error } = await cutover<StatusResult>(place, ['status']).ending;
  if (data === null) throw new Error(`cutover status: ${error}`);
  const open = data.open.find(({ command }) => command === 'load' || command === 'rollback');
  return open === undefined ? null : open.goOn.split(' ').slice(1);
}
