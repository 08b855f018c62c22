/** Runs the command line as a user does: a process of its own, in a workspace of its own. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Envelope } from '../../src/cli/envelope.ts';

export const root = join(import.meta.dirname, '../..');

export interface Transcript {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The envelope, when --json was among the arguments. */
  readonly json: Envelope;
}

export interface Desk {
  readonly directory: string;
  run(...args: string[]): Promise<Transcript>;
  /** The same with variables of the environment. */
  runWith(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<Transcript>;
  has(path: string): boolean;
}

/** An empty folder, removed when the test is over. */
export async function openDesk(): Promise<Desk> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-e2e-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const runWith = (environment: Readonly<Record<string, string>>, ...args: string[]) => runProcess(args, directory, environment);
  return { directory, run: (...args) => runWith({}, ...args), runWith, has: (path) => existsSync(join(directory, path)) };
}

async function runProcess(args: readonly string[], directory: string, environment: Readonly<Record<string, string>>): Promise<Transcript> {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(root, 'bin/dev.js'), ...args], {
    cwd: directory,
    env: { ...inherited, NO_COLOR: '1', COLUMNS: '100', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const exit = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  return {
    exit,
    stdout,
    stderr,
    get json() {
      return JSON.parse(stdout) as Envelope;
    },
  };
}
