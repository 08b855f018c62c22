/** Silent wrong answers that other comparing tools have given, one test each. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControlTotal } from '../../domain/difference.ts';
import type { ReconcileResult } from '../../domain/results.ts';
import { Laboratory, type ReconcileWorld, type Row } from './reconcile-world.fixture.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

/** Items by ward and number, with two texts and an amount; each side as given, linked by key where both have the record. */
async function items(legacy: readonly Row[], odoo: readonly Row[]): Promise<ReconcileWorld> {
  const world = await laboratory.world({
    fields: { item: { ward: 'char', number: 'char', name: 'char', note: 'char', amount: 'monetary', units: 'float 4' } },
    entities: [
      {
        contract: {
          entity: 'item',
          version: 1,
          key: ['ward', 'number'],
          fields: {
            ward: { type: 'text', required: true },
            number: { type: 'text', required: true },
            name: { type: 'text' },
            note: { type: 'text' },
            amount: { type: 'money', digits: 2 },
            units: { type: 'quantity', digits: 4 },
          },
          controls: [
            { name: 'items', measure: 'count' },
            { name: 'amount', measure: 'amount', by: { ward: 'ward' } },
            { name: 'units', measure: 'units' },
          ],
          odoo: {
            model: 'item',
            scope: [['name', '!=', false]],
            fields: { ward: 'ward', number: 'number', name: 'name', note: 'note', amount: 'amount', units: 'units' },
          },
        },
        sources: [
          {
            system: 'meditrack',
            entity: 'item',
            from: 'ITEM',
            fields: { ward: 'ward', number: 'number', name: 'name', note: 'note', amount: 'amount', units: 'units' },
          },
        ],
      },
    ],
  });
  const columns = ['ward', 'number', 'name', 'note', 'amount', 'units'];
  await world.legacy('meditrack', 'item', legacy, columns);
  await world.odoo('item', odoo);
  const escaped = (part: unknown) => String(part).replaceAll('~', '~0').replaceAll('/', '~1');
  const ids = new Map(odoo.map((row) => [`${escaped(row.ward)}/${escaped(row.number)}`, Number(row.id)]));
  const keys = legacy
    .filter((row) => row.ward !== null && row.number !== null)
    .map((row) => `${escaped(row.ward)}/${escaped(row.number)}`)
    .filter((key) => ids.has(key));
  await world.link('item', 'meditrack', Object.fromEntries(keys.map((key) => [key, ids.get(key) as number])));
  return world;
}

const total = (result: ReconcileResult, name: string, dimension = {}): ControlTotal =>
  result.controls.find((one) => one.name === name && JSON.stringify(one.dimension) === JSON.stringify(dimension)) as ControlTotal;

describe('values', () => {
  it('no value is not the text "<null>", nor the empty text, nor the text NULL', async () => {
    const texts = ['<null>', '', 'NULL', 'None', '\\N'];
    const world = await items(
      [...texts.map((_, index) => ({ ward: 'A', number: String(index), name: null })), { ward: 'A', number: 'same', name: '<null>' }],
      [...texts.map((name, index) => ({ id: index + 1, ward: 'A', number: String(index), name })), { id: 99, ward: 'A', number: 'same', name: '<null>' }],
    );
    expect(await world.breaks(await world.compare(), 'item')).toEqual(texts.map((text, index) => `A/${index} extra-value name null→${text} never-agreed`));
  });

  it('a separator inside a value moves nothing from one field to the next', async () => {
    const world = await items(
      [
        { ward: 'A', number: '1', name: 'a|b', note: 'c' },
        { ward: 'A', number: '2', name: 'a,b', note: 'c' },
        { ward: 'A', number: '3', name: 'a', note: '' },
      ],
      [
        { id: 1, ward: 'A', number: '1', name: 'a', note: 'b|c' },
        { id: 2, ward: 'A', number: '2', name: 'a', note: 'b,c' },
        { id: 3, ward: 'A', number: '3', name: '', note: 'a' },
      ],
    );
    expect(await world.breaks(await world.compare(), 'item')).toEqual([
      'A/1 value name a|b→a never-agreed',
      'A/1 value note c→b|c never-agreed',
      'A/2 value name a,b→a never-agreed',
      'A/2 value note c→b,c never-agreed',
      'A/3 value name a→ never-agreed',
      'A/3 value note →a never-agreed',
    ]);
  });

  it('a separator inside a key makes no two records one', async () => {
    const pairs = [
      ['a/b', 'c'],
      ['a', 'b/c'],
      ['a~1b', 'c'],
      ['a|b', 'c'],
      ['a', 'b|c'],
    ] as const;
    const world = await items(
      pairs.map(([ward, number], index) => ({ ward, number, name: `${index}` })),
      pairs.map(([ward, number], index) => ({ id: index + 1, ward, number, name: `${index}` })),
    );
    const comparison = await world.compare();
    expect(await world.breaks(comparison, 'item')).toEqual([]);
    expect(comparison.entities[0]?.counts.linked).toBe(pairs.length);
  });

  it('a difference in the last digits of a large amount is not rounded away', async () => {
    const world = await items(
      [
        { ward: 'A', number: '1', name: 'x', amount: '123456789.00' },
        { ward: 'A', number: '2', name: 'x', amount: '9007199254740993.01' },
      ],
      [
        { id: 1, ward: 'A', number: '1', name: 'x', amount: '123456795.0' },
        { id: 2, ward: 'A', number: '2', name: 'x', amount: '9007199254740993.02' },
      ],
    );
    const result = await world.reconcile();
    expect(total(result, 'amount')).toMatchObject({ difference: '-6.01', classes: { value: '-6.01' }, residual: '0', gross: '6.01', offsetting: false });
    expect(result.entities[0]?.breaks).toEqual({ value: 2 });
  });

  it('many small amounts add up exactly', async () => {
    const rows = Array.from({ length: 1000 }, (_, index) => ({ ward: 'A', number: String(index), name: 'x', amount: '0.10', units: '0.0001' }));
    const world = await items(
      rows,
      rows.map((row, index) => ({ id: index + 1, ...row })),
    );
    const result = await world.reconcile();
    expect(total(result, 'amount')).toMatchObject({ legacy: '100', odoo: '100', difference: '0', residual: '0' });
    expect(total(result, 'units')).toMatchObject({ legacy: '0.1', odoo: '0.1' });
    expect(result.verdict).toBe('RECONCILED');
  });

  it('amounts beyond a million millions are compared to the last decimal', async () => {
    const world = await items(
      [{ ward: 'A', number: '1', name: 'x', units: '12345678901234.5678' }],
      [{ id: 1, ward: 'A', number: '1', name: 'x', units: '12345678901234.5679' }],
    );
    expect(await world.breaks(await world.compare(), 'item')).toEqual(['A/1 value units 12345678901234.5678→12345678901234.5679 never-agreed']);
  });
});

describe('keys', () => {
  it('keys that stand twice on both sides are named as such and multiply nothing', async () => {
    const twice = { ward: 'A', number: '1', name: 'x', amount: '5.00' };
    const world = await items(
      [twice, twice, { ward: 'A', number: '2', name: 'y', amount: '7.00' }],
      [
        { id: 1, ...twice },
        { id: 2, ...twice },
        { id: 3, ...twice },
        { id: 4, ward: 'A', number: '2', name: 'y', amount: '7.00' },
      ],
    );
    const result = await world.reconcile();
    expect(total(result, 'items')).toMatchObject({ legacy: '3', odoo: '4', difference: '-1', residual: '0' });
    expect(total(result, 'amount')).toMatchObject({ legacy: '17', odoo: '22', difference: '-5', residual: '0' });
    expect(Object.keys(result.entities[0]?.breaks ?? {})).toContain('duplicate-key');
    expect(result.entities[0]?.equal).toBe(1);
  });

  it('a record without a key is named and joined with nothing', async () => {
    const world = await items(
      [
        { ward: 'A', number: null, name: 'x' },
        { ward: 'A', number: null, name: 'y' },
        { ward: null, number: null, name: 'z' },
      ],
      [{ id: 1, ward: null, number: null, name: 'x' }],
    );
    const result = await world.reconcile();
    expect(result.entities[0]?.breaks).toEqual({ 'null-key': 3, 'only-odoo': 1 });
    expect(total(result, 'items')).toMatchObject({ legacy: '3', odoo: '1', difference: '2', residual: '0' });
  });

  it('neither case, nor space, nor an accent makes two keys one', async () => {
    const keys = ['a', 'A', 'a ', ' a', 'ä', 'a\u0308'];
    const world = await items(
      keys.map((number) => ({ ward: 'W', number, name: 'x' })),
      keys.map((number, index) => ({ id: index + 1, ward: 'W', number, name: 'x' })),
    );
    const comparison = await world.compare();
    expect(comparison.entities[0]?.counts).toMatchObject({ linked: keys.length, 'duplicate-key': 0 });
    expect(await world.breaks(comparison, 'item')).toEqual([]);
  });
});

describe('totals', () => {
  it('two differences that cancel out are no agreement', async () => {
    const world = await items(
      [
        { ward: 'A', number: '1', name: 'x', amount: '2000.00' },
        { ward: 'B', number: '2', name: 'x', amount: '1000.00' },
      ],
      [
        { id: 1, ward: 'A', number: '1', name: 'x', amount: '1000.00' },
        { id: 2, ward: 'B', number: '2', name: 'x', amount: '2000.00' },
      ],
    );
    const result = await world.reconcile();
    expect(result.verdict).toBe('BREAKS');
    expect(total(result, 'amount')).toMatchObject({ difference: '0', gross: '2000', offsetting: true, residual: '0' });
    expect(total(result, 'amount', { ward: 'A' })).toMatchObject({ difference: '1000', gross: '1000', offsetting: false });
  });

  it('an amount that moved to another dimension is told there, and cancels out in the whole', async () => {
    const world = await items([{ ward: 'A', number: '1', name: 'x', amount: '10.00' }], [{ id: 1, ward: 'B', number: '1', name: 'x', amount: '10.00' }]);
    await world.link('item', 'meditrack', { 'A/1': 1 });
    const result = await world.reconcile();
    expect(total(result, 'amount')).toMatchObject({ difference: '0', gross: '0', offsetting: false });
    expect(total(result, 'amount', { ward: 'A' })).toMatchObject({ difference: '10', gross: '10', classes: { 'other-dimension': '10' }, residual: '0' });
    expect(total(result, 'amount', { ward: 'B' })).toMatchObject({ difference: '-10', gross: '10', residual: '0' });
  });
});

it('the same snapshots give the same bytes', async () => {
  const rows = Array.from({ length: 200 }, (_, index) => ({
    ward: `W${index % 7}`,
    number: String(index),
    name: index % 3 === 0 ? 'Müller' : `n${index}`,
    amount: `${index}.25`,
  }));
  const world = await items(
    rows,
    rows.slice(20).map((row, index) => ({ id: index + 1, ...row, name: row.name.toUpperCase() })),
  );
  const contents = async () =>
    Object.fromEntries((await world.reconcile()).files.map((file) => [file.slice(file.lastIndexOf('/') + 1), readFileSync(file, 'utf8')]));
  const first = await contents();
  expect(Object.keys(first).length).toBeGreaterThan(1);
  expect(await contents()).toEqual(first);
});
