import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DataPlane } from '../../domain/ports.ts';
import { Laboratory, type ReconcileWorld, type WorldDescription } from '../reconcile/reconcile-world.fixture.ts';
import { stageCrosswalk } from './stage-crosswalk.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(() => laboratory.close());

const nothing: WorldDescription = { entities: [], fields: {} };

async function staged(world: ReconcileWorld): Promise<unknown[]> {
  const plane: DataPlane = await world.ports.openPlane();
  try {
    await stageCrosswalk({ workspace: world.workspace, capability: world.capability, asOf: '', runId: 'run' }, world.ports, world.uuid, plane);
    return await plane.rows('SELECT entity, system, key, odoo_id, provenance, valid_from FROM crosswalk ORDER BY entity, system, key');
  } finally {
    await plane.close();
  }
}

async function held(world: ReconcileWorld): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const batch of laboratory.state.links(world.uuid, 'procurement', null)) {
    for (const one of batch)
      rows.push({ entity: one.entity, system: one.system, key: one.key, odoo_id: one.odooId, provenance: one.provenance, valid_from: one.validFrom });
  }
  return rows;
}

async function copyOf(world: ReconcileWorld): Promise<string> {
  return join(await world.ports.runs.reconcileDirectory(world.uuid, 'procurement'), 'links.parquet');
}

describe('the crosswalk in the data plane', () => {
  test('is what the state holds, whatever was linked and unlinked between two looks', async () => {
    const world = await laboratory.world(nothing);
    const key = fc.constantFrom('A', 'B', 'a"b', "O'Neil", 'Ü', 'D', 'E');
    const entity = fc.constantFrom('supplier', 'product');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('link' as const), entity, links: fc.dictionary(key, fc.integer({ min: 1, max: 4 }), { minKeys: 1 }) }),
      fc.record({ kind: fc.constant('unlink' as const), entity, keys: fc.array(key, { minLength: 1 }) }),
      fc.record({ kind: fc.constant('look' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        for (const one of steps) {
          if (one.kind === 'link') await world.link(one.entity, 'stores', one.links);
          else if (one.kind === 'unlink') await world.unlink(one.entity, 'stores', one.keys);
          else expect(await staged(world)).toEqual(await held(world));
        }
        expect(await staged(world)).toEqual(await held(world));
      }),
      { numRuns: 15 },
    );
  });

  test('is read anew where its copy is damaged, or of a state that went another way', async () => {
    const world = await laboratory.world(nothing);
    await world.link('supplier', 'stores', { A: 1, B: 2 });
    expect(await staged(world)).toHaveLength(2);
    const other = await laboratory.world(nothing);
    await other.link('supplier', 'stores', { A: 7 });
    await staged(other);
    const copy = await copyOf(world);
    expect(readdirSync(join(copy, '..'))).toEqual(['links.parquet']);
    writeFileSync(copy, 'PAR1 cut off');
    expect(await staged(world)).toEqual(await held(world));
    await laboratory.plane.run(
      `COPY (SELECT 'supplier' AS entity, 'stores' AS system, 'Z' AS key, 9::BIGINT AS odoo_id, 'load' AS provenance, '' AS valid_from)
       TO '${copy}' (FORMAT parquet, KV_METADATA {change: '1', mark: '00000000-0000-4000-8000-000000000000'})`,
    );
    expect(await staged(world)).toEqual(await held(world));
  });
});
