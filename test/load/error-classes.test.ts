/** What a load does with each class of error: tried again with waits, isolated to the record, or the end of the run. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CutoverError } from '../../src/domain/errors.ts';
import type { FailureEffect } from '../../src/sandbox/failure-injection.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { makeWorld, manySuppliers, type World } from './world.ts';

const MINUTES = 60_000;
const SUPPLIERS = 300;

describe('a load into an Odoo that fails', () => {
  let sandbox: Sandbox;
  let world: World;
  beforeEach(async () => {
    sandbox = await startSandbox();
    world = await makeWorld(sandbox);
    await world.pull(manySuppliers(SUPPLIERS));
    await world.verbs.plan('p.plan');
  });
  afterEach(async () => {
    await sandbox.stop();
    await world.close();
  });

  const suppliers = (): Promise<number> => world.verbs.odoo(async (odoo) => (await odoo.searchIds('res.partner', [['ref', '=like', 'S%']])).length);
  const stoppedBy = async (effect: FailureEffect, method: string): Promise<CutoverError> => {
    sandbox.fail({ effect, model: 'res.partner', method, nth: 2, times: 50 });
    const error = await world.verbs.load('p.plan', null).then(
      () => expect.fail('the load went through'),
      (failure: unknown) => failure,
    );
    expect(error).toBeInstanceOf(CutoverError);
    return error as CutoverError;
  };

  const passing: readonly (readonly [string, FailureEffect, number])[] = [
    ['asks for fewer calls (429)', { kind: 'status', status: 429 }, 3],
    ['is answered for by a proxy (502), whatever became of the call', { kind: 'status', status: 502 }, 3],
    ['is overloaded (503)', { kind: 'status', status: 503 }, 4],
    ['loses races', { kind: 'concurrent-update' }, 4],
    [
      'has no connection to its database left',
      { kind: 'exception', status: 500, exception: 'psycopg2.pool.PoolError', message: 'The Connection Pool Is Full' },
      3,
    ],
  ];
  test.each(passing)(
    'that %s is waited for, and no record is lost or made twice',
    async (_, effect, times) => {
      sandbox.fail({ effect, model: 'res.partner', method: 'load', times });
      const started = performance.now();
      const { data } = await world.verbs.load('p.plan', null);
      expect(data).toMatchObject({ deadLettered: 0, conflict: 0, remaining: 0, unknown: 0 });
      expect(await suppliers()).toBe(SUPPLIERS);
      // At least half of 250 ms before the second attempt and half of 500 ms before the third.
      expect(performance.now() - started).toBeGreaterThan(375);
    },
    3 * MINUTES,
  );

  const ending: readonly (readonly [string, FailureEffect, string])[] = [
    [
      'a right is missing',
      { kind: 'exception', status: 403, exception: 'odoo.exceptions.AccessError', message: "You are not allowed to create 'Contact' (res.partner) records." },
      'E_ODOO_ACCESS',
    ],
    [
      'a model is gone with its module',
      { kind: 'exception', status: 404, exception: 'werkzeug.exceptions.NotFound', message: "the model 'res.partner' does not exist" },
      'E_ODOO_METADATA',
    ],
    [
      'a field is gone with its module',
      { kind: 'exception', status: 500, exception: 'builtins.ValueError', message: "Invalid field name 'supplier_rank'" },
      'E_ODOO_METADATA',
    ],
  ];
  test.each(ending)(
    '%s: the run stops at once, nothing is dead-lettered, and it goes on when that is mended',
    async (_, effect, code) => {
      const error = await stoppedBy(effect, 'load');
      expect(error.code).toBe(code);
      expect(error.hint).toMatch(/^cutover load --resume /);
      expect(error.details[0]).toContain('0 dead letters');
      expect(error.details[0]).not.toContain(' 0 remaining');
      const made = await suppliers();
      expect(made).toBeLessThan(SUPPLIERS);
      const runId = (error.hint ?? '').split(' ').at(-1) ?? '';
      // Of the failures that were to come only the first was met.
      for (let left = 1; left < 50; left += 1) await world.verbs.odoo((odoo) => odoo.load('res.partner', ['id'], [], {}).catch(() => null));
      expect(await world.resume(runId)).toMatchObject({ deadLettered: 0, remaining: 0, unknown: 0 });
      expect(await suppliers()).toBe(SUPPLIERS);
    },
    3 * MINUTES,
  );
});
