/** What a plan makes of breaks that are accepted, young, echoes, or decided. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlanAction } from '../../domain/plan.ts';
import type { PlanResult } from '../../domain/results.ts';
import { Laboratory, type ReconcileWorld } from '../reconcile/reconcile-world.fixture.ts';
import { breaksOf, decide, loaded, pull, suppliers } from '../reconcile/suppliers-world.fixture.ts';
import { planCapability } from './plan.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

let runs = 0;
async function plan(world: ReconcileWorld): Promise<{ result: PlanResult; told: string[] }> {
  runs += 1;
  const { workspace, capability, asOf } = world;
  const file = join(laboratory.directory, `decided-${runs}.plan`);
  const request = { workspace, capability, asOf, runId: `20260102T030405-plan-${runs}`, nonce: `decided-${runs}`, file };
  const result = await planCapability(request, world.ports);
  const actions = readFileSync(file, 'utf8').trimEnd().split('\n').slice(1, -1);
  const told = actions.map((text) => {
    const { action, key, patch, reason } = JSON.parse(text) as PlanAction;
    const fields = patch.flatMap((one) => (one.op === 'replace' || one.op === 'add' ? [`${one.path.slice(1)}=${one.value}`] : []));
    return [action, key, ...fields, ...(reason === null ? [] : [`(${reason})`])].join(' ');
  });
  return { result, told };
}

/** The decisions on breaks by `key rule`. */
async function decideOn(world: ReconcileWorld, decisions: Readonly<Record<string, string>>): Promise<void> {
  const rows = await breaksOf(world, await world.judge());
  decide(
    world,
    Object.entries(decisions).map(([name, decision]) => {
      const found = rows.find((row) => `${row.key} ${row.rule}` === name);
      return { break: found?.id ?? '', value_hash: found?.value_hash ?? '', decision };
    }),
  );
}

test('what is waived is left alone, what is decided is followed, and the rest is done', async () => {
  const world = await laboratory.world(suppliers({ owner: { fields: { name: 'odoo' } } }));
  const odoo = { name: 'B', city: 'Gent' };
  await pull(world, { V1: { name: 'A', city: 'Ghent' }, V2: { name: 'A', city: 'Ghent' }, V3: {}, V4: {}, V5: {} }, { V1: odoo, V2: odoo });
  await decideOn(world, { 'V1 city': 'waive', 'V1 name': 'legacy', 'V2 city': 'odoo', 'V3 only-legacy': 'waive', 'V4 only-legacy': 'odoo' });
  const { result, told } = await plan(world);
  expect(told).toEqual([
    'update V1 name=A',
    'noop V2',
    'noop V3 (waived until 2026-03-31)',
    'noop V4 (decided: it is not to be in Odoo)',
    'create V5 ref=V5 name=V5',
  ]);
  expect(result).toMatchObject({ actions: { update: 1, create: 1, noop: 3, refuse: 0 }, leftAlone: [{ entity: 'supplier', status: 'waived', count: 2 }] });
});

test('what may be on its way and what we have just written is left alone', async () => {
  const world = await laboratory.world(suppliers({ settle_minutes: 60, changed_at: 'changed' }));
  const [same, moved] = [
    { city: 'Ghent', changed: '2026-01-02 01:00:00' },
    { city: 'Lund', changed: '2026-01-02 01:00:00' },
  ];
  const odoo = { city: 'Ghent' };
  await pull(world, { V1: same, V2: same, V3: same }, { V1: odoo, V2: odoo, V3: odoo });
  await world.reconcile();
  const young = { changed: '2026-01-02 02:30:00' };
  await pull(world, { V1: { ...moved, ...young }, V2: moved, V3: moved, V4: young }, { V1: odoo, V2: odoo, V3: odoo });
  const run = { id: '20260101T120000-load-ffff', startedAt: '2026-01-01T12:00:00.000Z', endedAt: '2026-01-01T12:05:00.000Z' };
  await loaded(world, laboratory, run, { V2: { city: 'Lund' } });
  const { result, told } = await plan(world);
  expect(told).toEqual(['noop V1', 'noop V2', 'update V3 city=Lund', 'noop V4 (may be on its way: it counts as a break from 2026-01-02T03:30:00.000Z on)']);
  expect(result.leftAlone).toEqual([
    { entity: 'supplier', status: 'echo', count: 1 },
    { entity: 'supplier', status: 'pending', count: 2 },
  ]);
});
