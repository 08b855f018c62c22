/** A rehearsal that is killed: the run of its load was named, and what it left is taken back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StatusResult } from '../../src/domain/results.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { cutover, type Place, type Running } from '../chaos/loader.ts';
import { expectSame } from '../load/load-suite.ts';
import { makeWorld, smallHospital, type World } from '../load/world.ts';

describe('a rehearsal', () => {
  let sandbox: Sandbox;
  let world: World;
  let place: Place;
  beforeAll(async () => {
    sandbox = await startSandbox();
    world = await makeWorld(sandbox);
    place = { workspace: world.directory, environment: world.environment };
  });
  afterAll(async () => {
    await sandbox.stop();
    await world.close();
  });

  const run = <Data>(...args: readonly string[]): Running<Data> => cutover<Data>(place, args, true);

  test('is not begun where nothing says that the Odoo is a copy', async () => {
    const ending = await run('rehearse', 'procurement').ending;
    expect(ending).toMatchObject({ exit: 5, error: expect.stringContaining('E_ENVIRONMENT: nothing says that this Odoo is a copy') });
  }, 60_000);

  test('that is killed in its load names the run, and status says how it is taken back', async () => {
    await world.pull(smallHospital());
    const before = await world.dump();
    const { child, ending } = run('rehearse', 'procurement', '--copy', sandbox.database);
    let said = '';
    child.stderr?.on('data', (text: string) => {
      said += text;
    });
    // Killed as soon as there is something of it in Odoo.
    while (child.exitCode === null && (await world.verbs.odoo((odoo) => odoo.searchIds('product.product', [['default_code', '=', 'P1']]))).length === 0);
    child.kill('SIGKILL');
    expect(await ending).toMatchObject({ killed: true });
    expect(said).toMatch(/The load of this rehearsal is run \S+-load\. Should it break off: cutover rollback \S+-load/);
    const status = await run<StatusResult>('status').ending;
    const [open, ...others] = status.data?.open ?? [];
    expect(others).toEqual([]);
    expect(open?.goOn).toMatch(/^cutover rollback \d{8}T\d{6}-rehearse-[0-9a-f]+-load$/);
    const back = await run(...(open?.goOn ?? '').split(' ').slice(1)).ending;
    expect(back).toMatchObject({ exit: 0 });
    expectSame(await world.dump(), before);
    expect((await run<StatusResult>('status').ending).data?.open).toEqual([]);
  }, 240_000);
});
