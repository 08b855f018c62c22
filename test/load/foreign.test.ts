/** Two machines that do not know of each other: each has a state of its own, and both load into one Odoo. Nothing is made twice and nothing overwritten. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LoadRunResult } from '../../src/domain/results.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { loadPlan } from '../../src/workflows/load/load.ts';
import { type Legacy, makeWorld, manySuppliers, type World } from './world.ts';

const SUPPLIERS = 120;
let sandbox: Sandbox;
let one: World;
let two: World;
beforeAll(async () => {
  sandbox = await startSandbox();
  [one, two] = [await makeWorld(sandbox), await makeWorld(sandbox)];
});
afterAll(async () => {
  await sandbox.stop();
  await one.close();
  await two.close();
});

/** Every third supplier has another name on the second machine. */
const named = (word: string): Legacy => {
  const legacy = manySuppliers(SUPPLIERS);
  return { ...legacy, suppliers: legacy.suppliers.map((row, index) => (index % 3 === 0 ? { ...row, NAME: `${word} ${row['NO']}` } : row)) };
};

/** Loads a plan; after so many appends to the journal something else happens first. */
function loadWith(world: World, file: string, appends: number, meanwhile: () => Promise<unknown>): Promise<LoadRunResult> {
  return world.inside(async ({ workspace, ports, asOf, runId }) => {
    const state = await ports.state();
    let left = appends;
    const journal: typeof state.journal = async (entries) => {
      left -= 1;
      if (left === 0) await meanwhile();
      await state.journal(entries);
    };
    const request = { workspace, file: join(world.directory, file), limit: null, resume: null, runId, asOf };
    return loadPlan(request, { ...ports, state: async () => ({ ...state, journal }) });
  });
}

test('records under our External IDs that appear while a load runs are taken for what they are: the same, or a conflict', { timeout: 300_000 }, async () => {
  await one.pull(named('mine'));
  await two.pull(named('theirs'));
  await one.verbs.plan('one.plan');
  await two.verbs.plan('two.plan');
  let other: LoadRunResult | null = null;
  // Units and categories are there, the suppliers come: then the other machine loads everything.
  const mine = await loadWith(one, 'one.plan', 5, async () => {
    other = (await two.verbs.load('two.plan', null)).data;
  });
  const theirs = other as LoadRunResult | null;
  for (const data of [mine, theirs]) {
    if (data === null) throw new Error('the other machine did not load');
    const { planned, applied, noop, conflict, remaining, unknown } = data;
    expect(planned).toBe(applied + noop + conflict);
    expect(remaining + unknown).toBe(0);
  }
  const differing = SUPPLIERS / 3;
  expect(mine.conflict + (theirs?.conflict ?? 0)).toBe(differing);
  const suppliers = await one.verbs.odoo(async (odoo) =>
    odoo.read('res.partner', await odoo.searchIds('res.partner', [['ref', '=like', 'S%']]), ['ref', 'name']),
  );
  expect(new Set(suppliers.map((record) => record['ref'])).size).toBe(SUPPLIERS);
  expect(suppliers).toHaveLength(SUPPLIERS);
  const names = suppliers.map((record) => String(record['name']).split(' ')[0]);
  expect(names.filter((name) => name === 'mine').length).toBe(theirs?.conflict);
  expect(names.filter((name) => name === 'theirs').length).toBe(mine.conflict);
  for (const data of [mine, theirs]) if ((data?.conflict ?? 0) > 0) expect(data?.conflictsFile).toMatch(/conflicts\.csv$/);
});
