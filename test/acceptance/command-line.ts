/** Runs the built `cutover` as a user would: a process of its own, its answer read from stdout. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Answer<Data> {
  readonly exitCode: number;
  readonly runId: string | null;
  readonly status: string;
  readonly data: Data;
  readonly seconds: number;
}

/** `accepted` names the exit codes that are no surprise; any other ends the acceptance run with what the command said. */
export async function cutover<Data>(
  args: readonly string[],
  options: { workspace: string; environment: NodeJS.ProcessEnv; accepted?: readonly number[] },
): Promise<Answer<Data>> {
  const started = performance.now();
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../bin/run.js'), ...args, '--json', '--workspace', options.workspace], {
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-4000);
  });
  const exitCode = await new Promise<number>((resolve, reject) => child.on('error', reject).on('close', (code) => resolve(code ?? 1)));
  if (!(options.accepted ?? [0]).includes(exitCode)) throw new Error(`cutover ${args.join(' ')} ended with ${exitCode}\n${stdout.slice(0, 3000)}\n${stderr}`);
  const envelope = JSON.parse(stdout) as { runId: string | null; status: string; data: Data };
  return { exitCode, runId: envelope.runId, status: envelope.status, data: envelope.data, seconds: (performance.now() - started) / 1000 };
}
