/** A rollback after people have worked with half of what was loaded: what stays is told beforehand, and nothing else stays. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OdooConnection } from '../../src/domain/ports.ts';
import type { LoadRunResult } from '../../src/domain/results.ts';
import type { RollbackPlanResult } from '../../src/domain/rollback-results.ts';
import { loadPlan } from '../../src/workflows/load/load.ts';
import { planRollback } from '../../src/workflows/rollback/rollback.ts';
import { killedLoad } from './killed-load.ts';
import { smallHospital, type World } from './world.ts';

/** Somebody else than the tool's user, where the Odoo has one. */
export type AsUser = <Result>(work: (odoo: OdooConnection) => Promise<Result>) => Promise<Result>;

const MINUTES = 60_000;

interface Given {
  readonly world: World;
  readonly asUser: AsUser;
  readonly isReal: boolean;
  /** Kills the rollback at these moments, in appends to the journal, and takes it up again. */
  readonly kills: readonly number[];
}

export function describeRollbackAfterUsers(given: () => Given): void {
  test(
    'what people changed, confirmed, received and refer to stays, and was listed before; the rest goes',
    async () => {
      const { world, asUser, isReal, kills } = given();
      const { verbs } = world;
      await world.pull(smallHospital());
      const plan = await verbs.plan('users.plan');
      expect(plan.data.limits).toContainEqual({ entity: 'purchase_order', cannot: 'delete its stock.reference: Odoo lets nobody', count: 4 });
      const { runId } = await verbs.load('users.plan', null);
      await work(asUser, isReal);

      const seen = await planBack(world, runId);
      const told = Object.fromEntries(seen.outlook.records.map(({ entity, key, why }) => [`${entity} ${key}`, why]));
      expect(told).toEqual(expected(isReal));
      expect(seen.outlook.gone).toBe(1);
      const changed = seen.outlook.records.find(({ key }) => key === 'V1');
      expect(changed).toMatchObject({ fields: expect.arrayContaining(['city']), at: expect.stringMatching(/^\d{4}-/), by: expect.any(String) });
      const held = seen.outlook.records.find(({ entity, key }) => entity === 'supplier' && key === 'A,B');
      expect(held?.holders).toContainEqual({ model: 'purchase.order', count: 1 });
      expect(seen.outlook.notChecked.filter((text) => /ir.model/.test(text)).length === 0).toBe(isReal);

      const result = await takeBack(world, runId, kills);
      expect(result).toMatchObject({ blocked: 0, remaining: 0, unknown: 0 });
      expect(result.conflict + result.deadLettered).toBe(Object.values(told).filter((why) => why !== 'archived').length);
      expect(await left(world)).toEqual(expectedLeft(isReal));

      await verbs.pull(['legacy', 'odoo']);
      const { data } = await verbs.reconcile();
      const stays = Object.groupBy(Object.keys(told), (name) => name.split(' ')[0] ?? '');
      for (const { entity, legacy, breaks, equal } of data.entities) {
        if (entity === 'purchase_order_line') continue;
        const linked = entity === 'unit' ? 1 : 0;
        expect({ entity, gone: breaks['only-legacy'] ?? 0 }).toEqual({ entity, gone: legacy - (stays[entity]?.length ?? 0) - linked });
        expect(equal).toBeLessThanOrEqual((stays[entity]?.length ?? 0) + linked);
      }
    },
    4 * MINUTES,
  );
}

async function work(asUser: AsUser, isReal: boolean): Promise<void> {
  await asUser(async (odoo) => {
    const one = async (model: string, field: string, value: string): Promise<number> => (await odoo.searchIds(model, [[field, '=', value]]))[0] as number;
    await odoo.save('res.partner', [{ id: await one('res.partner', 'ref', 'V1'), values: { city: 'Shelbyville' } }], {});
    await odoo.call('purchase.order', 'button_confirm', { ids: [await one('purchase.order', 'name', 'PO-1')] });
    const receipts = await odoo.read('purchase.order', [await one('purchase.order', 'name', 'PO-2')], ['picking_ids']);
    expect(await odoo.call('stock.picking', 'button_validate', { ids: receipts[0]?.['picking_ids'] as number[] })).toBe(true);
    const supplier = await one('res.partner', 'ref', 'A,B');
    const product = await one('product.product', 'default_code', 'P3');
    await odoo.call('purchase.order', 'create', {
      vals_list: [{ partner_id: supplier, order_line: [[0, 0, { product_id: product, product_qty: 1, price_unit: 1 }]] }],
    });
    const prices = await odoo.searchIds('product.supplierinfo', [['partner_id', '=', await one('res.partner', 'ref', 'V1')]]);
    await odoo.unlink('product.supplierinfo', prices.slice(0, 1));
    if (!isReal) return;
    // Of these nothing is bound: the sandbox cannot be asked who points where.
    await odoo.save('res.partner', [{ id: await one('res.partner', 'ref', 'A_B'), values: { comment: 'call before noon' } }], {});
    await odoo.call('res.partner', 'create', { vals_list: [{ name: 'Their driver', parent_id: await one('res.partner', 'ref', 'V2') }] });
    await odoo.call('product.template', 'create', { vals_list: [{ name: 'Their own', uom_id: await one('uom.uom', 'name', 'Case of 10 boxes') }] });
    const [own] = await odoo.read('product.product', [await one('product.product', 'default_code', 'P2')], ['product_tmpl_id']);
    await odoo.call('product.supplierinfo', 'create', {
      vals_list: [
        {
          partner_id: await odoo.call<number[]>('res.partner', 'create', { vals_list: [{ name: 'Theirs' }] }).then(([id]) => id),
          product_tmpl_id: own?.['product_tmpl_id'],
          price: 3,
        },
      ],
    });
  });
}

async function planBack(world: World, of: string): Promise<RollbackPlanResult> {
  return world.inside(({ workspace, runId, asOf, newNonce, ports }) =>
    planRollback({ workspace, of, runId, asOf, nonce: newNonce(), file: join(world.directory, `${runId}.plan`) }, ports),
  );
}

async function takeBack(world: World, of: string, kills: readonly number[]): Promise<LoadRunResult> {
  await world.planBack(of, 'back.plan');
  let runId: string | null = null;
  for (const moment of kills) {
    const killed = await killedLoad(world, 'back.plan', runId, moment);
    runId = killed.runId;
    if (!killed.killed) break;
  }
  if (runId !== null) return world.resume(runId);
  return world.inside(async ({ workspace, runId: own, asOf, ports }) => {
    await (await ports.state()).startRun({ id: own, command: 'rollback', capability: 'procurement', startedAt: asOf, asOf });
    return loadPlan({ workspace, file: join(world.directory, 'back.plan'), limit: null, resume: null, runId: own, asOf }, ports);
  });
}

/** V1's order PO-4 and its products are gone; what the orders that stay are made of is not. */
function expected(isReal: boolean): Readonly<Record<string, string>> {
  const orders = { 'purchase_order PO-1': 'changed', 'purchase_order PO-2': 'used' };
  const held = ['product P2', 'product P3', 'product P4', 'product_category C1', 'product_category C2', 'supplier A B', 'supplier A_B', 'supplier A,B'];
  const alone = isReal ? ['supplier V2', 'unit CS', 'unit BX12'] : [];
  const changed = { 'supplier V1': 'changed', 'supplier_bank_account •••': 'archived', ...(isReal ? { 'supplier A_B': 'changed' } : {}) };
  return { ...orders, ...Object.fromEntries([...held, ...alone].map((name) => [name, 'held'])), ...changed };
}

function expectedLeft(isReal: boolean): Readonly<Record<string, readonly unknown[]>> {
  return {
    orders: ['PO-1', 'PO-2'],
    suppliers: ['A B', 'A,B', 'A_B', 'V1', ...(isReal ? ['V2'] : [])].sort(),
    products: ['P2', 'P3', 'P4'],
    units: isReal ? ['Box of 12', 'Case of 10 boxes'] : [],
  };
}

/** What is still there of the load. */
async function left(world: World): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const dump = await world.dump();
  const names = (model: string, field: string): unknown[] =>
    Object.values(dump[model] ?? {})
      .map((record) => record[field])
      .sort();
  return {
    orders: names('purchase.order', 'name').filter((name) => String(name).startsWith('PO-')),
    suppliers: names('res.partner', 'ref').filter((ref) => ref !== false),
    products: names('product.product', 'default_code').filter((code) => code !== false),
    units: names('uom.uom', 'name').filter((name) => /Box of 12|Case of/.test(String(name))),
  };
}
