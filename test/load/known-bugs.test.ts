/** What other loaders have been reported to get wrong, one test each; the name in brackets is the report.
 *
 *  Proven elsewhere, under what they are about: kill -9 between a call and its answer (kill.test.ts); a user's edit between plan and load
 *  (edits.test.ts); a partner merged in Odoo (test/rebuild, test/match-faults); a source that answers empty (test/sources/pull.test.ts); what Odoo
 *  refused stays visible and can be loaded again (test/e2e/dead-letter-suite.ts); a rollback after users have been at work (rollback-users-suite.ts);
 *  an accounting period that is locked, before the first write (test/finance/finance-suite.ts). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { type Legacy, makeWorld, manySuppliers, smallHospital, type World } from './world.ts';

const MINUTES = 60_000;

/** Each category under the one after it in the file: no parent comes before its child. */
function towerOfCategories(height: number): Legacy['categories'] {
  return Array.from({ length: height }, (_, index) => ({
    CODE: `T${index}`,
    NAME: `Floor ${index}`,
    PARENT: index === height - 1 ? '' : `T${index + 1}`,
  }));
}

describe('a load does not', () => {
  let sandbox: Sandbox;
  let world: World;
  beforeAll(async () => {
    sandbox = await startSandbox();
    world = await makeWorld(sandbox);
  });
  afterAll(async () => {
    await sandbox.stop();
    await world.close();
  });

  test('merge keys that a careless encoding would: `A B`, `A_B` and `A,B` are three records (SFDMU #931)', { timeout: 3 * MINUTES }, async () => {
    await world.pull(smallHospital());
    await world.verbs.plan('first.plan');
    expect((await world.verbs.load('first.plan', null)).data).toMatchObject({ planned: 23, applied: 23 });
    const names = await world.verbs.odoo(async (odoo) => {
      const ids = await odoo.searchIds('res.partner', [['ref', 'in', ['A B', 'A_B', 'A,B']]]);
      return [...(await odoo.externalIds('res.partner', ids, 'loadtest')).values()].sort();
    });
    expect(new Set(names).size).toBe(3);
  });

  test('apply a plan twice (Terraform #24078)', { timeout: MINUTES }, async () => {
    const before = await world.dump();
    await expect(world.verbs.load('first.plan', null)).rejects.toMatchObject({
      code: 'E_PLAN_USED',
      message: expect.stringMatching(/^the plan was loaded by run \S+$/),
    });
    expect(await world.dump()).toEqual(before);
  });

  test('refuse a plan because a night has passed in which nothing changed (Terraform #27827)', { timeout: 3 * MINUTES }, async () => {
    const changed = smallHospital();
    changed.suppliers = changed.suppliers.map((row) => (row['NO'] === 'V1' ? { ...row, CITY: 'Shelbyville' } : row));
    await world.pull(changed);
    expect((await world.verbs.plan('old.plan')).data.actions).toMatchObject({ create: 0, update: 1 });
    await world.pull(changed);
    await world.verbs.map();
    await world.verbs.reconcile();
    await world.verbs.plan('younger.plan');
    expect((await world.verbs.load('old.plan', null)).data).toMatchObject({ applied: 1, noop: 22 });
  });

  test('send the text `false` for a yes or no, which Odoo takes for yes (SFDMU #13)', { timeout: 3 * MINUTES }, async () => {
    const file = 'mappings/procurement/sources/legacy/supplier.yaml';
    const mapping = await readFile(join(world.directory, file), 'utf8');
    await world.write(file, mapping.replace(/"ACTIVE = 'Y'"/, 'ACTIVE'));
    const words: Record<string, string> = { 'A B': 'true', A_B: 'false', 'A,B': 'true', V1: 'maybe', V2: 'false' };
    const hospital = smallHospital();
    hospital.suppliers = hospital.suppliers.map((row) => ({ ...row, CITY: 'Shelbyville', ACTIVE: words[row['NO'] ?? ''] ?? '' }));
    await world.pull(hospital);
    const { data } = await world.verbs.map();
    expect(data.entities.find(({ entity }) => entity === 'supplier')).toMatchObject({ input: 5, mapped: 4, rejected: 1 });
    await world.verbs.plan('words.plan');
    await world.verbs.load('words.plan', null);
    const active = await world.verbs.odoo(async (odoo) => {
      const ids = await odoo.searchIds('res.partner', [['ref', 'in', Object.keys(words)]]);
      return Object.fromEntries((await odoo.read('res.partner', ids, ['ref', 'active'])).map((row) => [row['ref'], row['active']]));
    });
    expect(active).toEqual({ 'A B': true, A_B: false, 'A,B': true, V1: true, V2: false });
    await world.write(file, mapping);
  });

  test('load either of two rows with one key (SFDMU #931)', { timeout: 3 * MINUTES }, async () => {
    const twice = smallHospital();
    twice.suppliers = [...twice.suppliers, { ...twice.suppliers[0], NO: 'W1' }, { ...twice.suppliers[0], NO: 'W1', NAME: 'Another' }] as Legacy['suppliers'];
    await world.pull(twice);
    await world.verbs.plan('key.plan');
    await world.verbs.load('key.plan', null);
    expect(await world.verbs.odoo((odoo) => odoo.searchIds('res.partner', [['ref', '=', 'W1']]))).toEqual([]);
    const { data } = await world.verbs.reconcile();
    expect(data.entities.find(({ entity }) => entity === 'supplier')?.breaks).toMatchObject({ 'duplicate-key': expect.any(Number) });
  });

  test('lose a child whose parent comes later, or in another batch (csv_import #38)', { timeout: 3 * MINUTES }, async () => {
    const tower = { ...smallHospital(), categories: [...towerOfCategories(30), ...smallHospital().categories] };
    await world.pull(tower);
    await world.verbs.plan('tower.plan');
    expect((await world.verbs.load('tower.plan', null)).data).toMatchObject({ blocked: 0, deadLettered: 0, remaining: 0 });
    const top = await world.verbs.odoo(async (odoo) => {
      const ids = await odoo.searchIds('product.category', [['name', '=', 'Floor 0']]);
      return (await odoo.read('product.category', ids, ['complete_name'])).map((row) => String(row['complete_name']).split(' / ').length);
    });
    expect(top).toEqual([30]);
  });

  test('lose its place when a rollback of it is only looked at (gh-ost #1769)', { timeout: 3 * MINUTES }, async () => {
    await world.pull(manySuppliers(40));
    await world.verbs.plan('many.plan');
    const { runId, data } = await world.verbs.load('many.plan', 10);
    expect(data).toMatchObject({ applied: 10 });
    const before = await world.dump();
    await world.planBack(runId, 'look.plan');
    expect(await world.dump()).toEqual(before);
    expect(await world.resume(runId)).toMatchObject({ remaining: 0, unknown: 0, deadLettered: 0, conflict: 0 });
  });

  test('lose a row in a storm of transactions that cannot be serialized', { timeout: 3 * MINUTES }, async () => {
    await world.pull(manySuppliers(300));
    await world.verbs.plan('storm.plan');
    for (const nth of [1, 3, 5]) sandbox.fail({ effect: { kind: 'concurrent-update' }, model: 'res.partner', nth, times: 1 });
    expect((await world.verbs.load('storm.plan', null)).data).toMatchObject({ deadLettered: 0, conflict: 0, remaining: 0, unknown: 0 });
    expect(await world.verbs.odoo(async (odoo) => (await odoo.searchIds('res.partner', [['ref', '=like', 'S%']])).length)).toBe(300);
  });
});
