import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CutoverError } from '../../domain/errors.ts';
import type { OdooConnection } from '../../domain/ports.ts';
import { valueText } from './pull-odoo-rows.ts';
import { PullLaboratory, price, product, supplier } from './pull-odoo-world.fixture.ts';

let laboratory: PullLaboratory;
let odoo: OdooConnection;

beforeAll(async () => {
  laboratory = await PullLaboratory.open();
  odoo = laboratory.odoo;
});
afterAll(() => laboratory.close());

const workspaceOf = (...contracts: readonly unknown[]) => laboratory.world(...contracts);
const createSuppliers = (prefix: string, count: number) => laboratory.createSuppliers(prefix, count);

describe('a pull of Odoo', () => {
  it('takes archived records, External IDs of our namespace and of others, and knows the scope', async () => {
    const world = workspaceOf(supplier);
    const [first = 0, second = 0] = await createSuppliers('A', 2);
    await odoo.save('res.partner', [{ id: second, values: { active: false, country_id: 233 } }], {});
    const pulled = await world.pull();
    expect(pulled.map(({ entity }) => entity)).toEqual([
      'lookup.res.company',
      'lookup.ir.model.fields',
      'lookup.account.payment.term',
      'lookup.res.country',
      'supplier',
    ]);
    const rows = await world.rows('supplier', 'id, _active, _external_id, _foreign_external_id, _in_scope, ref, country_id');
    expect(rows.find((row) => row.id === first)).toEqual({
      id: first,
      _active: true,
      _external_id: 'hospital.A_0',
      _foreign_external_id: null,
      _in_scope: true,
      ref: 'A0',
      country_id: null,
    });
    expect(rows.find((row) => row.id === second)).toMatchObject({ _active: false, _external_id: 'hospital.A_1', country_id: 233 });
    expect(rows.find((row) => row._foreign_external_id === 'base.main_partner')).toMatchObject({ _in_scope: false, ref: null });
    expect(await world.rows('lookup.res.country', 'code, external_id')).toContainEqual({ code: 'US', external_id: 'base.us' });
    expect(await world.rows('lookup.res.company', 'uuid, currency_digits')).toEqual([{ uuid: laboratory.uuid, currency_digits: 2 }]);
  });

  it('holds all External IDs of a record, also those it got without being written to', async () => {
    const world = workspaceOf(supplier);
    const [survivor = 0, other = 0] = await createSuppliers('M', 2);
    await world.pull();
    const data = await odoo.searchIds('ir.model.data', [
      ['res_id', '=', other],
      ['model', '=', 'res.partner'],
    ]);
    await odoo.save(
      'ir.model.data',
      data.map((id) => ({ id, values: { res_id: survivor } })),
      {},
    );
    await odoo.call('ir.model.data', 'create', { vals_list: [{ module: 'elsewhere', name: 'x', model: 'res.partner', res_id: survivor }] });
    const pulled = await world.pull();
    expect(pulled.find(({ entity }) => entity === 'supplier')?.mode).toBe('incremental');
    const [row] = (await world.rows('supplier', 'id, _external_id, _foreign_external_id, _external_ids')).filter(({ id }) => id === survivor);
    expect(row).toEqual({
      id: survivor,
      _external_id: 'hospital.M_0',
      _foreign_external_id: null,
      _external_ids: ['elsewhere.x', 'hospital.M_0', 'hospital.M_1'],
    });
    expect(await world.rows('supplier', `_external_ids AS names, id = ${other} AS gone`)).toContainEqual({ names: [], gone: true });
  });

  it('names every model and field that this Odoo does not have, with its place and a suggestion', async () => {
    const wrong = { ...supplier, odoo: { ...supplier.odoo, fields: { supplier_no: 'reff', name: 'name', country: { field: 'country_id', by: 'cod' } } } };
    const absent = { ...product, odoo: { ...product.odoo, model: 'product.produkt' } };
    const error = await workspaceOf(wrong, absent)
      .pull()
      .catch((thrown: CutoverError) => thrown);
    expect(error).toMatchObject({
      code: 'E_ODOO_METADATA',
      details: [
        expect.stringMatching(/^mappings\/entity.yaml:\d+:1 'res.partner' has no field 'reff'; did you mean 'ref'\?$/),
        expect.stringMatching(/'res.country' has no field 'cod'; did you mean 'code'\?$/),
        expect.stringMatching(/this Odoo has no model 'product.produkt'/),
      ],
    });
  });

  it('reads again only what changed, and ends with what a full pull gives', async () => {
    const world = workspaceOf(supplier, product);
    const ids = await createSuppliers('B', 40);
    const [template = 0] = await odoo.call<number[]>('product.template', 'create', { vals_list: [{ name: 'Gauze', default_code: 'G1' }] });
    expect((await world.pull()).every(({ mode }) => mode === 'full')).toBe(true);
    await sleep(1100);
    await odoo.save('res.partner', [{ id: ids[3] as number, values: { name: 'Renamed' } }], {});
    await odoo.unlink('res.partner', [ids[5] as number]);
    await createSuppliers('C', 1);
    // the name stands on the template; the product's own write_date does not move
    await odoo.save('product.template', [{ id: template, values: { name: 'Gauze, sterile' } }], {});
    const second = await world.pull();
    const modes = Object.fromEntries(second.map(({ entity, mode }) => [entity, mode]));
    expect(modes.supplier).toBe('incremental');
    const manifest = (await world.ports.snapshots.latest('odoo', 'supplier'))?.manifest;
    expect(manifest?.incremental).toMatchObject({ changed: 2, deleted: 1 });
    expect(await world.rows('product', 'name')).toContainEqual({ name: 'Gauze, sterile' });
    const incremental = { supplier: await world.rows('supplier'), product: await world.rows('product') };
    const full = await world.pull(true);
    expect(full.every(({ mode }) => mode === 'full')).toBe(true);
    expect({ supplier: await world.rows('supplier'), product: await world.rows('product') }).toEqual(incremental);
    expect((await world.ports.snapshots.latest('odoo', 'supplier'))?.manifest.contentHash).toBe(manifest?.contentHash);
  });

  it('sees after a merge in Odoo that what pointed to one record points to the other, though nothing tells that it was written to', async () => {
    const world = workspaceOf(supplier, price);
    const [stays = 0, goes = 0, other = 0] = await createSuppliers('N', 3);
    const [template = 0] = await odoo.call<number[]>('product.template', 'create', { vals_list: [{ name: 'Swab' }] });
    const values = Array.from({ length: 30 }, (_, index) => ({
      partner_id: index === 0 ? goes : other,
      product_tmpl_id: template,
      price: index,
      product_code: `c${index}`,
    }));
    const [moved = 0] = await odoo.call<number[]>('product.supplierinfo', 'create', { vals_list: values });
    await world.pull();
    await sleep(1100);
    const wizard = { partner_ids: [[6, 0, [stays, goes]]], dst_partner_id: stays };
    await odoo.call('base.partner.merge.automatic.wizard', 'action_merge', {
      ids: await odoo.call<number[]>('base.partner.merge.automatic.wizard', 'create', { vals_list: [wizard] }),
    });
    const pulled = await world.pull();
    expect(pulled.find(({ entity }) => entity === 'supplier_price')?.mode).toBe('incremental');
    expect((await world.ports.snapshots.latest('odoo', 'supplier_price'))?.manifest.incremental).toMatchObject({ changed: 1, deleted: 0 });
    expect((await world.rows('supplier_price', 'id, partner_id')).find(({ id }) => id === moved)).toEqual({ id: moved, partner_id: stays });
    const [survivor] = (await world.rows('supplier', 'id, _external_id, _external_ids')).filter(({ id }) => id === stays);
    expect(survivor).toEqual({ id: stays, _external_id: 'hospital.N_0', _external_ids: ['hospital.N_0', 'hospital.N_1'] });
  });

  it('refuses an Odoo that lost its records, but not one where a load was taken back', async () => {
    const world = workspaceOf(supplier);
    const own = await createSuppliers('D', 60);
    await laboratory.link('supplier', own);
    await world.pull();
    await odoo.unlink('res.partner', own);
    await expect(world.pull()).rejects.toMatchObject({ code: 'E_SOURCE_SHRANK' });
    await laboratory.state.unlink(laboratory.uuid, 'supplier', 'meditrack', own.map(String), '2026-01-02T00:00:00.000Z', 'run');
    await expect(world.pull()).resolves.toBeDefined();
  });
});

describe('values of the API', () => {
  it.each([
    [false, 'char', null],
    ['', 'char', ''],
    [false, 'boolean', 'false'],
    [0, 'integer', '0'],
    [0.1, 'float', '0.1'],
    [1e-7, 'float', '0.0000001'],
    [1e21, 'float', '1000000000000000000000'],
    [[7, 'Name'], 'many2one', '7'],
    [[1, 2], 'many2many', '[1,2]'],
  ])('%j of a %s is %j', (value, type, expected) => {
    expect(valueText(value, type)).toBe(expected);
  });
});
