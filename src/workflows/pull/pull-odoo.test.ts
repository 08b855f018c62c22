import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { connectOdoo } from '../../adapters/odoo/connection.ts';
import { openState } from '../../adapters/state/state-store.ts';
import { directoryRunStore } from '../../adapters/store/run-store.ts';
import { directorySnapshotStore } from '../../adapters/store/snapshot-store.ts';
import { CapabilityFile, EntityContract } from '../../domain/contract.ts';
import type { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, DataRow, OdooConnection, Ports, StateStore } from '../../domain/ports.ts';
import { literal } from '../../domain/sql.ts';
import { type Capability, type Workspace, WorkspaceFile } from '../../domain/workspace.ts';
import { type Sandbox, startSandbox } from '../../sandbox/server.ts';
import { pullOdoo } from './pull-odoo.ts';
import { valueText } from './pull-odoo-rows.ts';

const supplier = {
  entity: 'supplier',
  version: 1,
  key: ['supplier_no'],
  fields: {
    supplier_no: { type: 'identifier', scheme: 'code' },
    name: { type: 'text' },
    country: { type: 'code', codes: 'country' },
    payment_term: { type: 'code', codes: 'payment-term' },
  },
  odoo: {
    model: 'res.partner',
    scope: [['ref', '!=', false]],
    fields: { supplier_no: 'ref', name: 'name', country: { field: 'country_id', by: 'code' }, payment_term: 'property_supplier_payment_term_id' },
  },
} as const;
const product = {
  entity: 'product',
  version: 1,
  key: ['product_no'],
  fields: { product_no: { type: 'text' }, name: { type: 'text' }, cost: { type: 'money', digits: 4 } },
  odoo: { model: 'product.product', fields: { product_no: 'default_code', name: ['no_such_name', 'name'], cost: 'standard_price' } },
} as const;

const price = {
  entity: 'supplier_price',
  version: 1,
  key: ['number'],
  fields: { number: { type: 'text' }, supplier: { type: 'ref', entity: 'supplier' }, price: { type: 'money', digits: 4 } },
  odoo: { model: 'product.supplierinfo', fields: { number: 'product_code', supplier: 'partner_id', price: 'price' } },
} as const;

let directory: string;
let sandbox: Sandbox;
let odoo: OdooConnection;
let state: StateStore;
let plane: DataPlane;
let stores = 0;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pull-odoo-'));
  sandbox = await startSandbox({ seed: 'bare' });
  odoo = await connectOdoo({ url: sandbox.url, database: sandbox.database, login: sandbox.login, apiKey: sandbox.apiKey, concurrency: 2, timeoutSeconds: 30 });
  state = await openState({ url: 'embedded', directory, clock: { now: () => '2026-01-02T00:00:00.000Z' }, holder: 'test' });
  plane = await openDataPlane({ memory: '256MB', threads: 2, spillDirectory: join(directory, 'spill') });
});
afterAll(async () => {
  await plane.close();
  await state.close();
  await sandbox.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** A workspace with a store of its own. Its clock is some hours ahead, so that only what changed between two pulls is read again. */
function workspaceOf(...contracts: readonly unknown[]) {
  stores += 1;
  const store = join(directory, `store-${stores}`);
  const clock = { now: () => new Date(Date.now() + 3 * 3_600_000).toISOString() };
  const entities = contracts.map((contract) => ({
    contract: EntityContract.parse(contract),
    position: (path: readonly (string | number)[]) => ({ file: 'mappings/entity.yaml', line: path.length, column: 1 }),
    sources: [],
    lines: [],
  }));
  const capability: Capability = {
    name: 'procurement',
    file: CapabilityFile.parse({ capability: 'procurement', version: 1 }),
    entities,
    codes: new Map(),
    hash: 'hash',
  };
  const file = WorkspaceFile.parse({
    version: 1,
    namespace: 'hospital',
    systems: { odoo: { connector: 'odoo', url: sandbox.url } },
    capabilities: ['procurement'],
  });
  const workspace: Workspace = {
    directory: store,
    file,
    capabilities: new Map([['procurement', capability]]),
    linkDecisions: [],
    matchDecisions: [],
    breakDecisions: [],
  };
  const ports: Ports = {
    openPlane: () => openDataPlane({ memory: '256MB', threads: 2, spillDirectory: join(directory, 'spill') }),
    snapshots: directorySnapshotStore(store, clock),
    runs: directoryRunStore(store),
    state: async () => state,
    source: () => {
      throw new Error('a pull of Odoo asks no other source');
    },
    odoo: async () => odoo,
    piiKey: async () => null,
    clock,
    progress: () => undefined,
    signal: new AbortController().signal,
  };
  let moment = 0;
  const pull = async (full = false) => {
    moment += 1;
    return await pullOdoo({ workspace, capability, entity: null, full, asOf: new Date(Date.UTC(2026, 0, 1, 0, 0, moment)).toISOString() }, ports);
  };
  const rows = async (entity: string, select = '*'): Promise<DataRow[]> => {
    const snapshot = await ports.snapshots.latest('odoo', entity);
    return await plane.rows(`SELECT ${select} FROM read_parquet(${literal(snapshot?.data ?? '')}) ORDER BY id`);
  };
  return { pull, rows, ports };
}

const createSuppliers = async (prefix: string, count: number) => {
  const values = Array.from({ length: count }, (_, index) => [`hospital.${prefix}_${index}`, `${prefix}${index}`, `Supplier ${prefix}${index}`]);
  return (await odoo.load('res.partner', ['id', 'ref', 'name'], values, {})).ids ?? [];
};

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
    expect(await world.rows('lookup.res.company', 'uuid, currency_digits')).toEqual([{ uuid: sandbox.uuid, currency_digits: 2 }]);
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
    const link = { odooUuid: sandbox.uuid, capability: 'procurement', entity: 'supplier', system: 'meditrack', model: 'res.partner', externalId: null };
    await state.link(
      own.map((odooId) => ({ ...link, key: `D${odooId}`, odooId, provenance: 'load' as const, runId: 'run', validFrom: '2026-01-01T00:00:00.000Z' })),
    );
    await world.pull();
    await odoo.unlink('res.partner', own);
    await expect(world.pull()).rejects.toMatchObject({ code: 'E_SOURCE_SHRANK' });
    await state.unlink(
      sandbox.uuid,
      'supplier',
      'meditrack',
      own.map((odooId) => `D${odooId}`),
      '2026-01-02T00:00:00.000Z',
      'run',
    );
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
