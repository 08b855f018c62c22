/** Several people on one state: a comparison that a load has overtaken keeps its hands off the baseline. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ports, StateStore } from '../../domain/ports.ts';
import { loadLock } from '../sides/load-lock.ts';
import { reconcileCapability } from './reconcile.ts';
import { Laboratory, type ReconcileWorld } from './reconcile-world.fixture.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

async function supplierWorld(): Promise<ReconcileWorld> {
  const world = await laboratory.world({
    fields: { 'res.partner': { ref: 'char', name: 'char!' } },
    entities: [
      {
        contract: {
          entity: 'supplier',
          version: 1,
          key: ['supplier_no'],
          fields: { supplier_no: { type: 'identifier', scheme: 'code', required: true }, name: { type: 'text' } },
          odoo: { model: 'res.partner', scope: [['ref', '!=', false]], fields: { supplier_no: 'ref', name: 'name' } },
        },
        sources: [{ system: 'meditrack', entity: 'supplier', from: 'VENDOR', fields: { supplier_no: 'no', name: 'name' } }],
      },
    ],
  });
  await world.legacy('meditrack', 'supplier', [{ no: 'V1', name: 'Alder' }]);
  await world.odoo('supplier', [{ id: 7, ref: 'V1', name: 'Alder' }]);
  await world.link('supplier', 'meditrack', { V1: 7 });
  return world;
}

async function reconcile(world: ReconcileWorld, state: StateStore) {
  const warnings: string[] = [];
  const ports: Ports = {
    ...world.ports,
    state: async () => state,
    progress: (event) => {
      if (event.kind === 'warning') warnings.push(event.text);
    },
  };
  const { workspace, capability } = world;
  const request = { workspace, capability, asOf: '2026-01-02T03:04:05.000Z', runId: '20260102T030405-reconcile-9999' };
  const { verdict } = await reconcileCapability({ ...request, full: false, clear: false, secondLook: false }, ports);
  const layers = await laboratory.state.baselineLayers(world.uuid, 'procurement', 'supplier');
  return { verdict, warnings, files: layers.map((layer) => layer.file) };
}

test('while a load is writing, reconcile compares, says who is writing, and leaves the baseline alone', async () => {
  const world = await supplierWorld();
  const beside = await laboratory.state.withLock(loadLock(world.uuid), 'load 20260102T000000-load-cafe', () => reconcile(world, laboratory.state));
  expect(beside).toMatchObject({ verdict: 'RECONCILED', files: [] });
  expect(beside.warnings).toEqual([expect.stringMatching(/20260102T000000-load-cafe.*reconcile again/)]);
  const alone = await reconcile(world, laboratory.state);
  expect(alone).toMatchObject({ warnings: [], files: ['20260102T030405-reconcile-9999-1.parquet'] });
});

test('a layer that came in while reconcile compared stays the newest', async () => {
  const world = await supplierWorld();
  const { state } = laboratory;
  const overtaken: StateStore = {
    ...state,
    async withLock(name, holder, work) {
      // other things are locked as well, and earlier
      if (name === loadLock(world.uuid)) await state.addBaselineLayer(world.uuid, 'procurement', { entity: 'supplier', runId: 'load', file: 'load-1.parquet' });
      return state.withLock(name, holder, work);
    },
  };
  const { verdict, warnings, files } = await reconcile(world, overtaken);
  expect([verdict, files]).toEqual(['RECONCILED', ['load-1.parquet']]);
  expect(warnings).toEqual([expect.stringContaining('another run has written to the baseline')]);
});
