/** The disk of an embedded state is full while a load is under way: it says so, and goes on once there is room. */
import { appendFileSync, statfsSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verbsOf } from '../../src/demo/verbs.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { type SmallDisk, smallDisk } from '../chaos/small-disk.ts';
import { makeWorld, manySuppliers, type World } from './world.ts';

const disk: SmallDisk | null = await smallDisk();

describe.skipIf(disk === null)('a load whose disk fills up', () => {
  const { directory } = disk as SmallDisk;
  let sandbox: Sandbox;
  let world: World;
  beforeAll(async () => {
    sandbox = await startSandbox();
    world = await makeWorld(sandbox);
    await mkdir(join(directory, 'store'));
    await appendFile(join(world.directory, 'cutover.yaml'), `store: ${join(directory, 'store')}\n`);
  });
  afterAll(async () => {
    await sandbox?.stop();
    await world?.close();
    await rm(join(directory, 'store'), { recursive: true, force: true });
    await disk?.close();
  });

  test('stops with a code of its own and names the run, which ends as if nothing had happened', async () => {
    await world.pull(manySuppliers(1500));
    await world.verbs.plan('full.plan');
    const ballast = join(directory, 'ballast');
    let isFull = false;
    /** Up to the last byte, so that even the next page of a table has no room. */
    const fill = (): void => {
      isFull = true;
      const { bavail, bsize } = statfsSync(directory);
      try {
        writeFileSync(ballast, Buffer.alloc(bavail * bsize));
        for (;;) appendFileSync(ballast, Buffer.alloc(4096));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    };
    const choking = verbsOf({
      workspace: world.directory,
      signal: new AbortController().signal,
      progress: (event) => {
        if (!isFull && event.kind === 'advance' && event.step === 'Loading') fill();
      },
    });
    const error: unknown = await choking.load('full.plan', null).catch((thrown: unknown) => thrown);
    await rm(ballast);
    expect(String(error)).toContain('its disk is full');
    expect(error).toMatchObject({ code: 'E_STATE_UNWRITABLE', exitCode: 7, hint: expect.stringMatching(/^cutover load --resume \S+$/) });
    const runId = (error as { hint: string }).hint.replace('cutover load --resume ', '');
    const resumed = await world.resume(runId);
    expect(resumed).toMatchObject({ applied: 1505, noop: 0, conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 });
    const { done = 0, asked = 0, left = 0 } = resumed.resumed ?? {};
    expect(done + asked + left).toBe(1505);
    expect(done).toBeGreaterThan(0);
    expect(await world.verbs.odoo((odoo) => odoo.searchIds('res.partner', [['ref', '=like', 'S%']]))).toHaveLength(1500);
  }, 300_000);
});
