/** Runs what is measured in a process of its own. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const root = join(import.meta.dirname, '../..');

export interface Measured<Answer> {
  /** Wall time from start to end of the process. */
  readonly seconds: number;
  /** Of processors, user and system together. */
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
  readonly answer: Answer;
}

/** The built command line with --json; `accepted` are the exit codes that are no failure. */
export async function cutover<Data>(
  args: readonly string[],
  options: { readonly workspace: string; readonly environment?: NodeJS.ProcessEnv; readonly accepted?: readonly number[] },
): Promise<Measured<Data>> {
  const measured = await measuredProcess<{ data: Data }>(
    [join(root, 'bin/run.js'), ...args, '--json', '--workspace', options.workspace],
    options.environment ?? {},
    options.accepted ?? [0],
  );
  return { ...measured, answer: measured.answer.data };
}

/** A script of test/bench/peers; `input` comes to it as JSON. */
export function peer<Answer>(script: string, input: unknown): Promise<Measured<Answer>> {
  return measuredProcess<Answer>(['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'peers', script), JSON.stringify(input)], {}, [0]);
}

/** A script of test/bench that drives the product from inside, where only a part of a command is to be timed. */
export function script<Answer>(file: string, input: unknown, environment: NodeJS.ProcessEnv): Promise<Measured<Answer>> {
  return measuredProcess<Answer>(['--disable-warning=ExperimentalWarning', join(import.meta.dirname, file), JSON.stringify(input)], environment, [0]);
}

/** A Python script of test/bench/peers, run by the Python of an environment of its own. */
export function pythonPeer<Answer>(python: string, file: string, input: unknown): Promise<Measured<Answer>> {
  const peers = join(import.meta.dirname, 'peers');
  return measured<Answer>(
    (usage) => ({ command: python, args: [join(peers, 'measured.py'), usage, python, join(peers, file), JSON.stringify(input)] }),
    {},
    [0],
  );
}

function measuredProcess<Answer>(args: readonly string[], environment: NodeJS.ProcessEnv, accepted: readonly number[]): Promise<Measured<Answer>> {
  const probe = pathToFileURL(join(import.meta.dirname, 'usage-probe.ts')).href;
  return measured<Answer>(() => ({ command: process.execPath, args: ['--import', probe, ...args] }), environment, accepted);
}

let count = 0;

async function measured<Answer>(
  startOf: (usageFile: string) => { readonly command: string; readonly args: readonly string[] },
  environment: NodeJS.ProcessEnv,
  accepted: readonly number[],
): Promise<Measured<Answer>> {
  count += 1;
  const usage = join(tmpdir(), `cutover-bench-${process.pid}-${count}.json`);
  const { command, args } = startOf(usage);
  const began = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...environment, BENCH_USAGE_FILE: usage }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-4000);
  });
  const code = await new Promise<number>((resolve, reject) => child.on('error', reject).on('close', (exit) => resolve(exit ?? 1)));
  const seconds = (performance.now() - began) / 1000;
  if (!accepted.includes(code)) throw new Error(`${args.slice(0, 4).join(' ')} ended with ${code}\n${stdout.slice(0, 2000)}\n${stderr}`);
  const { peakBytes, cpuSeconds } = JSON.parse(readFileSync(usage, 'utf8')) as { peakBytes: number; cpuSeconds: number };
  rmSync(usage, { force: true });
  return { seconds, cpuSeconds, peakMegabytes: peakBytes / 2 ** 20, answer: JSON.parse(stdout) as Answer };
}
