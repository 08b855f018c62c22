import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReconcileReport } from '../../domain/report.ts';
import type { ReconcileResult } from '../../domain/results.ts';
import { literal } from '../../domain/sql.ts';
import { addBaselineLayer, baselineLayerSql, baselineSql, restoredLayerSql } from './baseline.ts';
import { Laboratory, type ReconcileWorld, type WorldDescription } from './reconcile-world.fixture.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

const orders: WorldDescription = {
  fields: {
    'purchase.order': { name: 'char', partner_ref: 'char', state: 'selection', locked: 'boolean', date_order: 'datetime!', amount_untaxed: 'monetary' },
    'purchase.order.line': { order_id: 'many2one purchase.order', price_subtotal: 'monetary', product_qty: 'float! 2', name: 'text!' },
  },
  entities: [
    {
      contract: {
        entity: 'purchase_order',
        version: 1,
        key: ['order_no'],
        fields: {
          order_no: { type: 'identifier', scheme: 'code', required: true },
          ordered_at: { type: 'timestamp' },
          state: { type: 'choice', values: ['draft', 'confirmed', 'closed'] },
          untaxed_amount: { type: 'money', digits: 4, rounding: { lines: 'purchase_order_line.amount' } },
          tax_amount: { type: 'money', digits: 4 },
        },
        controls: [
          { name: 'orders', measure: 'count' },
          { name: 'order-untaxed-amount', measure: 'untaxed_amount', by: { year: 'year(ordered_at)', state: 'state' } },
        ],
        odoo: {
          model: 'purchase.order',
          scope: [['name', '!=', false]],
          fields: { order_no: 'name', ordered_at: 'date_order', untaxed_amount: { field: 'amount_untaxed', send: false } },
          states: {
            field: 'state',
            values: {
              draft: { is: { state: ['draft', 'sent'] } },
              confirmed: { is: { state: ['purchase'], locked: [false] } },
              closed: { is: { state: ['purchase'], locked: [true] } },
            },
          },
        },
      },
      sources: [
        {
          system: 'meditrack',
          entity: 'purchase_order',
          from: 'PO',
          fields: { order_no: 'no', ordered_at: 'ordered', state: 'state', untaxed_amount: 'amount', tax_amount: 'tax' },
        },
      ],
    },
    {
      contract: {
        entity: 'purchase_order_line',
        version: 1,
        parent: 'purchase_order',
        key: ['purchase_order', 'line_no'],
        fields: {
          purchase_order: { type: 'ref', entity: 'purchase_order', required: true },
          line_no: { type: 'integer', required: true },
          quantity: { type: 'quantity', digits: 4 },
          amount: { type: 'money', digits: 4, rounding: 'currency' },
          description: { type: 'text' },
        },
        controls: [
          { name: 'line-amount', measure: 'amount', by: { state: 'purchase_order.state' } },
          { name: 'line-quantity', measure: 'quantity' },
        ],
        odoo: {
          model: 'purchase.order.line',
          in: 'order_line',
          parent_field: 'order_id',
          fields: { purchase_order: 'order_id', quantity: 'product_qty', amount: { field: 'price_subtotal', send: false }, description: 'name' },
        },
      },
      sources: [
        {
          system: 'meditrack',
          entity: 'purchase_order_line',
          from: 'POLINE',
          fields: { purchase_order: 'po', line_no: 'line', quantity: 'qty', amount: 'amount' },
        },
      ],
    },
  ],
};

/** Two orders: P1 of three lines of 10.005 each, P2 of one. Odoo has them rounded as `header` says. */
async function ordersWorld(rounding: 'round_per_line' | 'round_globally', header: string): Promise<ReconcileWorld> {
  const world = await laboratory.world({ ...orders, rounding });
  await world.legacy('meditrack', 'purchase_order', [
    { no: 'P1', ordered: '2025-12-31 23:00:00', state: 'confirmed', amount: '30.0150', tax: '2.4' },
    { no: 'P2', ordered: '2026-01-01 10:00:00', state: 'closed', amount: '7.5', tax: '0.6' },
  ]);
  await world.legacy('meditrack', 'purchase_order_line', [
    ...[1, 2, 3].map((line) => ({ po: 'P1', line: String(line), qty: '1.2345', amount: '10.0050' })),
    { po: 'P2', line: '1', qty: '2', amount: '7.5' },
  ]);
  await world.odoo('purchase_order', [
    { id: 1, name: 'P1', state: 'purchase', locked: false, date_order: '2025-12-31 23:00:00', amount_untaxed: header },
    { id: 2, name: 'P2', state: 'purchase', locked: true, date_order: '2026-01-01 10:00:00', amount_untaxed: '7.5' },
  ]);
  await world.odoo('purchase_order_line', [
    ...[11, 12, 13].map((id) => ({ id, order_id: 1, price_subtotal: '10.01', product_qty: '1.23', name: 'from the product' })),
    { id: 21, order_id: 2, price_subtotal: '7.5', product_qty: '2', name: 'from the product' },
  ]);
  await world.link('purchase_order', 'meditrack', { P1: 1, P2: 2 });
  await world.link('purchase_order_line', 'meditrack', { 'P1/1': 11, 'P1/2': 12, 'P1/3': 13, 'P2/1': 21 });
  return world;
}

function control(result: ReconcileResult, name: string, dimension: Record<string, string | null> = {}) {
  const found = result.controls.find((one) => one.name === name && JSON.stringify(one.dimension) === JSON.stringify(dimension));
  if (found === undefined) throw new Error(`no control ${name} ${JSON.stringify(dimension)}`);
  const { entity: _entity, name: _name, dimension: _dimension, ...amounts } = found;
  return amounts;
}

describe('control totals', () => {
  it.each([
    ['round_per_line', '30.03', '-0.015', 'half-up per line to 0.01 (company: round_per_line)'],
    ['round_globally', '30.02', '-0.005', 'half-up of the sum of the lines to 0.01 (company: round_globally)'],
  ] as const)('explain what Odoo rounds by the method of the company: %s', async (method, header, difference, rule) => {
    const result = await (await ordersWorld(method, header)).reconcile();
    expect(result.verdict).toBe('RECONCILED');
    const odoo = header === '30.03' ? '37.53' : '37.52';
    expect(control(result, 'order-untaxed-amount')).toMatchObject({
      legacy: '37.515',
      odoo,
      difference,
      classes: { rounding: difference },
      residual: '0',
      rule,
    });
    expect(control(result, 'order-untaxed-amount', { year: '2026' })).toMatchObject({
      legacy: '7.5',
      odoo: '7.5',
      difference: '0',
      classes: {},
      residual: '0',
      rule: null,
    });
    expect(control(result, 'order-untaxed-amount', { state: 'confirmed' }).classes).toEqual({ rounding: difference });
    expect(control(result, 'line-amount', { state: 'confirmed' })).toMatchObject({
      legacy: '30.015',
      odoo: '30.03',
      classes: { rounding: '-0.015' },
      residual: '0',
    });
    expect(control(result, 'line-quantity')).toMatchObject({
      legacy: '5.7035',
      odoo: '5.69',
      classes: { rounding: '0.0135' },
      rule: 'half-up to 0.01 (Odoo keeps 2 decimals)',
    });
  });

  it('call an amount that is not what its lines come to a difference, not rounding', async () => {
    const result = await (await ordersWorld('round_per_line', '30.04')).reconcile();
    expect(result.verdict).toBe('BREAKS');
    expect(control(result, 'order-untaxed-amount')).toMatchObject({ difference: '-0.025', classes: { value: '-0.025' }, residual: '0' });
  });

  it('say by which records the two sides differ, and put what moved between dimensions in both', async () => {
    const world = await ordersWorld('round_per_line', '30.03');
    await world.odoo('purchase_order', [
      { id: 1, name: 'P1', state: 'draft', locked: false, date_order: '2025-12-31 23:00:00', amount_untaxed: '30.03' },
      { id: 3, name: 'P3', state: 'draft', locked: false, date_order: '2026-05-01 10:00:00', amount_untaxed: '100' },
      { id: 4, name: 'P4', state: 'draft', locked: false, date_order: '2026-05-01 10:00:00', amount_untaxed: '5000', _in_scope: false },
    ]);
    const result = await world.reconcile();
    expect(control(result, 'orders')).toMatchObject({
      legacy: '2',
      odoo: '2',
      difference: '0',
      classes: { 'missing-in-odoo': '1', 'only-odoo': '-1' },
      residual: '0',
    });
    expect(control(result, 'order-untaxed-amount')).toMatchObject({
      ...{ legacy: '37.515', odoo: '130.03', difference: '-92.515', residual: '0' },
      classes: { 'missing-in-odoo': '7.5', 'only-odoo': '-100', rounding: '-0.015' },
    });
    expect(control(result, 'order-untaxed-amount', { state: 'confirmed' })).toMatchObject({
      legacy: '30.015',
      odoo: '0',
      classes: { 'other-dimension': '30.015' },
    });
    expect(control(result, 'order-untaxed-amount', { state: 'draft' })).toMatchObject({
      odoo: '130.03',
      classes: { 'other-dimension': '-30.03', 'only-odoo': '-100' },
    });
    expect(result.coverage).toContainEqual({ entity: 'purchase_order', field: null, reason: 'outside-scope', rows: 1, sum: null });
  });

  it('count rejected rows, and explain them', async () => {
    const world = await ordersWorld('round_per_line', '30.03');
    await world.legacy('meditrack', 'purchase_order', [
      { no: 'P1', ordered: '2025-12-31 23:00:00', state: 'confirmed', amount: '30.0150', tax: '2.4' },
      { no: 'P2', ordered: '2026-01-01 10:00:00', state: 'who knows', amount: '7.5', tax: '0.6' },
      { no: null, ordered: '2026-01-01 10:00:00', state: 'closed', amount: '8', tax: '0' },
    ]);
    const result = await world.reconcile();
    expect(result.verdict).toBe('BREAKS');
    expect(control(result, 'orders')).toMatchObject({ legacy: '3', odoo: '2', difference: '1', classes: { rejected: '0', 'null-key': '1' }, residual: '0' });
    expect(control(result, 'order-untaxed-amount')).toMatchObject({ difference: '-7.515', classes: { rejected: '-7.5', rounding: '-0.015' }, residual: '0' });
  });
});

describe('two sources', () => {
  const suppliers: WorldDescription = {
    fields: { 'res.partner': { ref: 'char', name: 'char', city: 'char', limit: 'float' } },
    entities: [
      {
        contract: {
          entity: 'supplier',
          version: 1,
          key: ['no'],
          fields: { no: { type: 'text', required: true }, name: { type: 'text' }, city: { type: 'text' }, limit: { type: 'money' } },
          controls: [
            { name: 'suppliers', measure: 'count' },
            { name: 'limits', measure: 'limit' },
          ],
          odoo: { model: 'res.partner', fields: { no: { field: 'ref', compare: false }, name: 'name', city: 'city', limit: 'limit' } },
        },
        sources: [
          { system: 'meditrack', entity: 'supplier', from: 'V', fields: { no: 'no', name: 'name', limit: 'amount' } },
          { system: 'stores', entity: 'supplier', from: 'S', fields: { no: 'no', name: 'name', city: 'city' } },
        ],
      },
    ],
  };

  it('may be one record of Odoo by decision, and each is compared in what it alone yields', async () => {
    const decisions = [{ entity: 'supplier', system: 'stores', key: 'S1', odoo: '7', decision: 'same' as const }];
    const world = await laboratory.world({ ...suppliers, decisions });
    await world.legacy('meditrack', 'supplier', [{ no: 'V1', name: 'Acme', amount: '10' }]);
    await world.legacy('stores', 'supplier', [{ no: 'S1', name: 'ACME Ltd', city: 'Ghent' }]);
    await world.odoo('supplier', [{ id: 7, ref: 'V1', name: 'Acme', limit: '12.5', city: 'Antwerp' }]);
    await world.link('supplier', 'meditrack', { V1: 7 });
    const result = await world.reconcile();
    expect(result.entities[0]).toMatchObject({ legacy: 2, odoo: 1, breaks: { value: 2 } });
    expect(control(result, 'suppliers')).toMatchObject({ legacy: '2', odoo: '1', classes: { joined: '1' }, residual: '0' });
    expect(control(result, 'limits')).toMatchObject({ legacy: '10', odoo: '12.5', classes: { value: '-2.5' }, residual: '0' });
    expect(result.coverage).toContainEqual({ entity: 'supplier', field: 'no', reason: 'not-compared', rows: 2, sum: null });
    expect(result.coverage).toContainEqual({ entity: 'supplier', field: null, reason: 'follows-another', rows: 1, sum: null });
  });
});

describe('coverage', () => {
  it('lists with exact sums what is not carried, and what no source yields', async () => {
    const { coverage } = await (await ordersWorld('round_per_line', '30.03')).reconcile();
    expect(coverage).toEqual([
      { entity: 'purchase_order', field: 'tax_amount', reason: 'not-carried', rows: 2, sum: '3' },
      { entity: 'purchase_order_line', field: 'line_no', reason: 'not-carried', rows: 4, sum: null },
      { entity: 'purchase_order_line', field: 'description', reason: 'not-pulled', rows: 4, sum: null },
    ]);
  });
});

describe('the baseline', () => {
  it('says who moved since the two sides last agreed', async () => {
    const world = await ordersWorld('round_per_line', '30.03');
    const movements = async () => {
      const comparison = await world.compare();
      const rows = await world.rows(`SELECT key, field, movement, baseline FROM read_parquet('${comparison.entities[0]?.breaks}')`);
      return rows.map((row) => `${row.key} ${row.field} ${row.movement} ${row.baseline}`);
    };
    const order = (no: string, ordered: string, state: string) => ({ no, ordered, state, amount: no === 'P1' ? '30.0150' : '7.5', tax: '1' });
    await world.reconcile();
    expect(await movements()).toEqual([]);
    await world.legacy('meditrack', 'purchase_order', [order('P1', '2025-12-30 00:00:00', 'closed'), order('P2', '2026-01-01 10:00:00', 'closed')]);
    await world.odoo('purchase_order', [
      { id: 1, name: 'P1', state: 'draft', locked: false, date_order: '2025-12-31 23:00:00', amount_untaxed: '30.03' },
      { id: 2, name: 'P2', state: 'purchase', locked: true, date_order: '2026-02-02 10:00:00', amount_untaxed: '7.5' },
    ]);
    expect(await movements()).toEqual([
      'P1 ordered_at legacy-changed 2025-12-31 23:00:00',
      'P1 state both-changed confirmed',
      'P2 ordered_at odoo-changed 2026-01-01 10:00:00',
    ]);
  });

  it('is written once per agreed value', async () => {
    const world = await ordersWorld('round_per_line', '30.03');
    await world.reconcile();
    await world.reconcile();
    const layers = await laboratory.state.baselineLayers(world.uuid, 'procurement', 'purchase_order');
    expect(layers.map((layer) => layer.layer)).toEqual([1]);
  });

  it('grows by a layer of what was agreed newly', async () => {
    const world = await ordersWorld('round_per_line', '30.04');
    await world.reconcile();
    await world.odoo('purchase_order', [
      { id: 1, name: 'P1', state: 'purchase', locked: false, date_order: '2025-12-31 23:00:00', amount_untaxed: '30.03' },
      { id: 2, name: 'P2', state: 'purchase', locked: true, date_order: '2026-01-01 10:00:00', amount_untaxed: '7.5' },
    ]);
    await world.reconcile();
    const layers = await laboratory.state.baselineLayers(world.uuid, 'procurement', 'purchase_order');
    expect(layers).toHaveLength(2);
    const directory = await world.ports.runs.baselineDirectory(world.uuid, 'procurement', 'purchase_order');
    const rows = await world.rows(`SELECT _key, order_no, untaxed_amount.v AS amount FROM read_parquet('${directory}/${layers[1]?.file}')`);
    expect(rows).toEqual([{ _key: 'P1', order_no: null, amount: '30.03' }]);
  });
});

describe('baseline layers', () => {
  const values = (rows: readonly (readonly [string, string, string | null])[]) =>
    rows
      .map(([key, field, value]) => `SELECT 'meditrack' AS _system, ${literal(key)} AS _key, ${literal(field)} AS _field, ${literal(value)} AS _value`)
      .join(' UNION ALL ');
  const fields = ['name', 'city'];

  it('let the newest layer win field by field, tell "agreed on nothing" from "never agreed", and forget what a rollback took back', async () => {
    const world = await laboratory.world(orders);
    const { ports } = world;
    const of = { odooUuid: world.uuid, capability: 'procurement', entity: 'supplier' };
    const plane = await ports.openPlane();
    const merged = async (below?: number) =>
      await plane.rows(
        `SELECT _key, name IS NULL AS never, name.v AS name, city.v AS city FROM (${await baselineSql(ports, plane, of, fields, below)}) ORDER BY _key`,
      );
    const add = (runId: string, sql: string) => addBaselineLayer(ports, plane, of, runId, sql);
    try {
      await add(
        'run-1',
        baselineLayerSql(
          values([
            ['A', 'name', 'a'],
            ['A', 'city', 'Ghent'],
            ['B', 'city', null],
          ]),
          fields,
        ),
      );
      await add(
        'run-2',
        baselineLayerSql(
          values([
            ['A', 'name', 'b'],
            ['C', 'name', 'c'],
          ]),
          fields,
        ),
      );
      expect(await merged()).toEqual([
        { _key: 'A', never: false, name: 'b', city: 'Ghent' },
        { _key: 'B', never: true, name: null, city: null },
        { _key: 'C', never: false, name: 'c', city: null },
      ]);
      const touched = "SELECT 'meditrack' AS _system, unnest(['A', 'C']) AS _key";
      await add('run-3', restoredLayerSql(touched, await baselineSql(ports, plane, of, fields, 2), fields));
      expect(await merged()).toEqual([
        { _key: 'A', never: false, name: 'a', city: 'Ghent' },
        { _key: 'B', never: true, name: null, city: null },
        { _key: 'C', never: true, name: null, city: null },
      ]);
      expect(await add('run-4', baselineLayerSql(`SELECT * FROM (${values([['A', 'name', 'a']])}) WHERE false`, fields))).toBe(0);
      expect(await laboratory.state.baselineLayers(world.uuid, 'procurement', 'supplier')).toHaveLength(3);
    } finally {
      await plane.close();
    }
  });
});

describe('files', () => {
  const accounts: WorldDescription = {
    fields: { 'res.partner.bank': { acc_number: 'char', acc_holder_name: 'char', note: 'char' } },
    entities: [
      {
        contract: {
          entity: 'account',
          version: 1,
          key: ['number'],
          fields: {
            number: { type: 'identifier', scheme: 'iban', required: true, pii: true },
            holder: { type: 'text', pii: true },
            note: { type: 'text' },
          },
          odoo: { model: 'res.partner.bank', fields: { number: 'acc_number', holder: 'acc_holder_name', note: 'note' } },
        },
        sources: [{ system: 'meditrack', entity: 'account', from: 'BANK', fields: { number: 'number', holder: 'holder', note: 'note' } }],
      },
    ],
  };

  it('show no value of a pii field and no key made of one', async () => {
    const world = await laboratory.world(accounts);
    await world.legacy('meditrack', 'account', [
      { number: 'BE71096123456769', holder: 'Ada Lovelace', note: 'left' },
      { number: 'BE02001234567840', holder: 'Grace Hopper', note: 'x' },
    ]);
    await world.odoo('account', [
      { id: 1, acc_number: 'BE71096123456769', acc_holder_name: 'A. Lovelace', note: 'right' },
      { id: 2, acc_number: 'BE02001234567840', acc_holder_name: 'Grace Hopper', note: 'x' },
    ]);
    await world.link('account', 'meditrack', { BE71096123456769: 1 });
    const result = await world.reconcile();
    expect(result.entities[0]?.breaks).toEqual({ 'exists-unlinked': 1, value: 2 });
    const texts = result.files.map((file) => readFileSync(file, 'utf8'));
    for (const text of texts) expect(text).not.toMatch(/Lovelace|Hopper|BE\d/);
    expect(result.files.map((file) => basename(file))).toEqual(['report.json', 'breaks.ndjson', 'links-to-decide.csv']);
    expect(
      texts[1]
        ?.trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toContainEqual(expect.objectContaining({ field: 'note', key: null, odooId: 1, legacy: 'left', odoo: 'right', masked: true }));
    for (const file of result.files) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('are the same bytes for the same snapshots', async () => {
    const world = await ordersWorld('round_per_line', '30.04');
    await world.odoo('purchase_order', [{ id: 3, name: 'P2', state: 'draft', locked: false, date_order: '2026-05-01 10:00:00', amount_untaxed: '100' }]);
    const [first, second] = [await world.reconcile(), await world.reconcile()];
    expect(second.files.map((file) => readFileSync(file, 'utf8'))).toEqual(first.files.map((file) => readFileSync(file, 'utf8')));
    expect({ ...second, files: [] }).toEqual({ ...first, files: [] });
    const report = JSON.parse(readFileSync(first.files[0] as string, 'utf8')) as ReconcileReport;
    const lines = readFileSync(first.files[1] as string, 'utf8');
    expect(report).toMatchObject({
      verdict: first.verdict,
      breaks: lines.trimEnd().split('\n').length,
      sha256: createHash('sha256').update(lines).digest('hex'),
    });
  });

  it('ask for a decision on every record that may exist already', async () => {
    const world = await ordersWorld('round_per_line', '30.03');
    await world.unlink('purchase_order', 'meditrack', ['P2']);
    const result = await world.reconcile();
    expect(readFileSync(result.files[2] as string, 'utf8')).toBe(
      'entity,system,key,odoo,decision,by,at,reason\npurchase_order,meditrack,P2,2,"","","",same order_no\n',
    );
  });
});
