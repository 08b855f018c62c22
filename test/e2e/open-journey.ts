/** A user with a workspace of their own and an Odoo to try things on. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import { type Desk, openDesk, type Transcript } from './transcript.ts';

export interface Journey extends Desk {
  /** Runs with --json, expects the exit code, answers the data. */
  step<Data>(exit: number, ...args: string[]): Promise<{ data: Data; runId: string; next: readonly string[]; warnings: readonly string[] }>;
  /** Runs with --json. */
  told(...args: string[]): Promise<Transcript>;
}

/** A workspace made by init, with a sandbox where its configuration looks for Odoo. */
export async function openJourney(): Promise<Journey> {
  const desk = await openDesk();
  const sandbox = await startSandbox({});
  onTestFinished(() => sandbox.stop());
  const made = await desk.run('init', 'ws', '--name', 'Test Hospital', '--json');
  expect(made.exit).toBe(0);
  const config = join(desk.directory, 'ws/cutover.yaml');
  await writeFile(config, (await readFile(config, 'utf8')).replace('http://127.0.0.1:8169', sandbox.url));
  const run = (...args: string[]) => desk.runWith({ ODOO_API_KEY: sandbox.apiKey }, ...args, '--workspace', 'ws', '--json');
  return {
    ...desk,
    told: run,
    async step(exit, ...args) {
      const told = await run(...args);
      expect([args.join(' '), told.exit, told.exit === exit ? '' : told.stdout + told.stderr]).toEqual([args.join(' '), exit, '']);
      const { data, runId, next, warnings } = told.json;
      return { data: data as never, runId: runId ?? '', next, warnings };
    },
  };
}
