import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OdooConnection } from '../../domain/ports.ts';
import { PullLaboratory, product, supplier } from './pull-odoo-world.fixture.ts';

let laboratory: PullLaboratory;
let odoo: OdooConnection;

beforeAll(async () => {
  laboratory = await PullLaboratory.open();
  odoo = laboratory.odoo;
});
afterAll(() => laboratory.close());

describe('a second look at some records', () => {
  it('makes the snapshot again with them as they are now, and leaves the others as they were', async () => {
    const world = laboratory.world(supplier, product);
    const [edited = 0, deleted = 0, left = 0, untouched = 0] = await laboratory.createSuppliers('E', 4);
    await world.pull();
    const before = await world.latest('supplier');
    const unaware = await world.latest('product');
    for (const id of [edited, left]) await odoo.save('res.partner', [{ id, values: { name: 'Edited', ref: false } }], {});
    await odoo.unlink('res.partner', [deleted]);
    const [snapshot, ...others] = await world.again({ supplier: [edited, deleted, untouched] });
    expect(others).toEqual([]);
    expect(snapshot).toMatchObject({ entity: 'supplier', mode: 'incremental', rows: (before?.manifest.rows ?? 0) - 1 });
    const after = await world.latest('supplier');
    expect(after?.manifest).toMatchObject({
      incremental: { base: before?.manifest.id, changed: 1, deleted: 1 },
      watermark: before?.manifest.watermark,
      requestHash: before?.manifest.requestHash,
    });
    const rows = await world.rows('supplier', 'id, name, ref, _in_scope, _external_id');
    expect(rows.find(({ id }) => id === edited)).toEqual({ id: edited, name: 'Edited', ref: null, _in_scope: false, _external_id: 'hospital.E_0' });
    expect(rows.some(({ id }) => id === deleted)).toBe(false);
    // it was not asked for, so it is as it was at the pull
    expect(rows.find(({ id }) => id === left)).toMatchObject({ name: 'Supplier E2', ref: 'E2', _in_scope: true });
    expect((await world.latest('product'))?.manifest.id).toBe(unaware?.manifest.id);
  });

  it('makes no snapshot where nothing about them has changed', async () => {
    const world = laboratory.world(supplier);
    const ids = await laboratory.createSuppliers('F', 3);
    await world.pull();
    expect(await world.again({ supplier: ids })).toEqual([]);
    expect(await world.ports.snapshots.list('odoo', 'supplier')).toHaveLength(1);
  });

  it('is followed by an incremental pull that gives what a full one gives', async () => {
    const world = laboratory.world(supplier);
    const [seen = 0, unseen = 0] = await laboratory.createSuppliers('G', 30);
    await world.pull();
    await sleep(1100);
    await odoo.save('res.partner', [{ id: seen, values: { name: 'Seen' } }], {});
    await odoo.save('res.partner', [{ id: unseen, values: { name: 'Not seen' } }], {});
    await world.again({ supplier: [seen] });
    expect((await world.pull()).find(({ entity }) => entity === 'supplier')?.mode).toBe('incremental');
    const incremental = await world.latest('supplier');
    await world.pull(true);
    expect((await world.latest('supplier'))?.manifest.contentHash).toBe(incremental?.manifest.contentHash);
  });

  it('sees a value that stands on another record, whose own write_date tells nothing', async () => {
    const world = laboratory.world(product);
    const [template = 0] = await odoo.call<number[]>('product.template', 'create', { vals_list: [{ name: 'Gauze', default_code: 'G2' }] });
    const [variant = 0] = await odoo.searchIds('product.product', [['product_tmpl_id', '=', template]]);
    await world.pull();
    await odoo.save('product.template', [{ id: template, values: { name: 'Gauze, sterile' } }], {});
    await world.again({ product: [variant] });
    expect(await world.rows('product', 'id, name')).toContainEqual({ id: variant, name: 'Gauze, sterile' });
  });

  it('brings in a record that is there again, and nothing of what the entity does not hold', async () => {
    const world = laboratory.world({ ...supplier, odoo: { ...supplier.odoo, domain: [['ref', '!=', 'H1']] } });
    await world.pull();
    const [back = 0, outside = 0] = await laboratory.createSuppliers('H', 2);
    await world.again({ supplier: [back, outside, 999_999] });
    const ids = (await world.rows('supplier', 'id')).map(({ id }) => id);
    expect([back, outside, 999_999].map((id) => ids.includes(id))).toEqual([true, false, false]);
  });
});

describe('records that Odoo does not show to the user', () => {
  const hide = async (ids: readonly number[]) => {
    const model = (await odoo.resolveExternalIds(['base.model_res_partner'])).get('base.model_res_partner')?.id;
    const values = { name: 'hidden', model_id: model, domain_force: `[('id', 'not in', [${ids.join(', ')}])]` };
    const [rule = 0] = await odoo.call<number[]>('ir.rule', 'create', { vals_list: [values] });
    return () => odoo.unlink('ir.rule', [rule]);
  };
  const warnings = (world: ReturnType<PullLaboratory['world']>) => world.events.flatMap((event) => (event.kind === 'warning' ? [event.text] : []));

  it('are counted and named, and are not taken for deleted ones', async () => {
    const world = laboratory.world(supplier);
    const ids = await laboratory.createSuppliers('R', 40);
    await laboratory.link('supplier', ids);
    await world.pull();
    expect((await world.latest('supplier'))?.manifest.restricted).toBeUndefined();
    const [first = 0, second = 0, , gone = 0] = ids;
    await odoo.unlink('res.partner', [gone]);
    const lift = await hide([second, first]);
    try {
      await world.pull();
      expect((await world.latest('supplier'))?.manifest).toMatchObject({ restricted: 2, restrictedIds: [first, second] });
      expect(warnings(world)).toEqual([
        'supplier: 2 records of res.partner are in Odoo and are not shown to this user (record rules, another company): they cannot be compared',
      ]);
    } finally {
      await lift();
    }
    await world.pull();
    expect((await world.latest('supplier'))?.manifest.restricted).toBeUndefined();
  });

  it('are known by their External IDs where the crosswalk does not know them', async () => {
    const world = laboratory.world(supplier);
    const names = ['supplier__meditrack__S0', 'customer__meditrack__S1'].map((name) => [`hospital.${name}`, name]);
    // the other one is of another entity, which has its own snapshot
    const [hidden = 0, other = 0] = (await odoo.load('res.partner', ['id', 'name'], names, {})).ids ?? [];
    const lift = await hide([hidden, other]);
    try {
      await world.pull();
      expect((await world.latest('supplier'))?.manifest).toMatchObject({ restricted: 1, restrictedIds: [hidden] });
    } finally {
      await lift();
    }
  });

  it('are counted by a second look as well', async () => {
    const world = laboratory.world(supplier);
    const [early = 0, late = 0, gone = 0] = await laboratory.createSuppliers('T', 3);
    await laboratory.link('supplier', [early, late, gone]);
    const first = await hide([early]);
    let second: (() => Promise<void>) | null = null;
    try {
      await world.pull();
      second = await hide([late]);
      await odoo.unlink('res.partner', [gone]);
      await world.again({ supplier: [late, gone] });
      expect((await world.latest('supplier'))?.manifest).toMatchObject({ restricted: 2, restrictedIds: [early, late], incremental: { deleted: 2 } });
    } finally {
      await first();
      await second?.();
    }
    await world.again({ supplier: [early, late] });
    expect((await world.latest('supplier'))?.manifest.restricted).toBeUndefined();
    expect((await world.rows('supplier', 'id')).map(({ id }) => id)).toEqual(expect.arrayContaining([early, late]));
  });
});
