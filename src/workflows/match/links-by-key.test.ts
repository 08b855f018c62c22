import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlanResult } from '../../domain/results.ts';
import { planCapability } from '../plan/plan.ts';
import { Laboratory, type ReconcileWorld, type WorldDescription } from '../reconcile/reconcile-world.fixture.ts';
import { matchCapability } from './match.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

function accounts(): WorldDescription {
  return {
    fields: { 'account.account': { code: 'char', name: 'char' } },
    entities: [
      {
        contract: {
          ...{ entity: 'account', version: 1, key: ['code'], match: { link: 'key' } },
          fields: { code: { type: 'text', required: true }, name: { type: 'text' } },
          odoo: { model: 'account.account', fields: { code: 'code', name: { field: 'name', compare: false } } },
        },
        sources: [{ system: 'ledger', entity: 'account', from: 'A', fields: { code: 'code', name: 'name' } }],
      },
    ],
  } as unknown as WorldDescription;
}

async function worldOf(): Promise<ReconcileWorld> {
  const world = await laboratory.world(accounts());
  const legacy = { '400': 'Suppliers', '430': 'Customers', '570': 'Cash', '999': 'Clearing' };
  await world.legacy(
    'ledger',
    'account',
    Object.entries(legacy).map(([code, name]) => ({ code, name })),
    ['code', 'name'],
  );
  await world.odoo('account', [
    { id: 1, code: '400', name: 'Proveedores' },
    { id: 2, code: '430', name: 'Clientes' },
    // two with one code: which is meant cannot be known
    { id: 3, code: '570', name: 'Caja' },
    { id: 4, code: '570', name: 'Caja, otra' },
    { id: 5, code: '101', name: 'Clearing' },
  ]);
  return world;
}

let runs = 0;
async function matchedAndPlanned({ workspace, capability, ports, laboratory: { directory } }: ReconcileWorld) {
  runs += 1;
  const asOf = '2026-11-23T00:00:00Z';
  const matched = await matchCapability({ workspace, capability, entity: null, train: false, asOf, runId: `match-by-key-${runs}` }, ports);
  const file = join(directory, `by-key-${runs}.plan`);
  const planned: PlanResult = await planCapability(
    { workspace, capability, asOf, runId: `plan-by-key-${runs}`, nonce: `${runs}`.padStart(32, '0'), file },
    ports,
  );
  return { matched: matched.entities[0], planned };
}

it('a record whose key stands once in Odoo is that one, whatever the names; two with one key are left to a person', async () => {
  const { matched, planned } = await matchedAndPlanned(await worldOf());
  expect(matched?.crosswalk).toMatchObject({ linked: 0, new: 2 });
  expect(matched?.pairs).toEqual({ match: 0, review: 0 });
  expect(planned.actions).toMatchObject({ link: 2, create: 1, refuse: 1 });
  expect(planned.samples.filter(({ action }) => action === 'link').map(({ key, reason, fields }) => [key, reason, fields])).toEqual([
    ['400', 'is in Odoo already by key code', []],
    ['430', 'is in Odoo already by key code', []],
  ]);
});
