/** Random worlds to reconcile: two legacy systems and an Odoo whose records are alike, differ, repeat their keys, refer to each other, round, are linked by
 *  each other's links or by none; and what may happen to such a world between two nights. Small pools of values, so that everything meets everything. */
import fc from 'fast-check';
import type { CodeMap } from '../../domain/workspace.ts';
import type { Laboratory, ReconcileWorld, Row, WorldDescription } from './reconcile-world.fixture.ts';

type Fields = WorldDescription['entities'][number]['contract']['fields'];
const wardFields: Fields = { ward_no: { type: 'identifier', scheme: 'code', required: true }, name: { type: 'text' } };
const ownFields: Fields = {
  item_no: { type: 'identifier', scheme: 'code', required: true },
  name: { type: 'text', compare: ['case', 'whitespace'] },
  note: { type: 'text' },
  kind: { type: 'choice', values: ['drug', 'device'] },
  ward: { type: 'ref', entity: 'ward' },
  term: { type: 'code', codes: 'term' },
  price: { type: 'money', digits: 4 },
  weight: { type: 'quantity', digits: 4, tolerance: '0.005' },
  total: { type: 'money', digits: 4, rounding: { lines: 'item_line.amount' } },
};
const itemColumns = { item_no: 'no', name: 'name', kind: 'kind', ward: 'ward', term: "code('term', term)", price: 'price', weight: 'weight' };

const description: WorldDescription = {
  fields: {
    ward: { code: 'char', name: 'char' },
    item: {
      ...{ no: 'char', name: 'char', note: 'char', kind: 'char', ward_id: 'many2one ward', term_id: 'many2one term' },
      ...{ price: 'float 2', weight: 'float 4', total: 'monetary' },
    },
    line: { item_id: 'many2one item', amount: 'monetary' },
    term: { name: 'char' },
  },
  entities: [
    {
      contract: {
        entity: 'ward',
        version: 1,
        key: ['ward_no'],
        fields: wardFields,
        odoo: { model: 'ward', scope: [], fields: { ward_no: 'code', name: 'name' } },
      },
      sources: [{ system: 'meditrack', entity: 'ward', from: 'WARD', fields: { ward_no: 'no', name: 'name' } }],
    },
    {
      contract: {
        ...{ entity: 'item', version: 1, key: ['item_no'], fields: ownFields },
        controls: [
          { name: 'items', measure: 'count', by: { kind: 'kind' } },
          { name: 'price', measure: 'price', by: { kind: 'kind', ward: 'ward.name' } },
          { name: 'weight', measure: 'weight' },
          { name: 'total', measure: 'total', by: { kind: 'kind' } },
        ],
        owner: { default: 'legacy', fields: { note: 'odoo' } },
        odoo: {
          ...{ model: 'item', scope: [['no', '!=', false]] },
          fields: {
            ...{
              item_no: 'no',
              name: 'name',
              note: 'note',
              kind: 'kind',
              ward: 'ward_id',
              term: { field: 'term_id', by: 'name' },
              price: 'price',
              weight: 'weight',
            },
            total: { field: 'total', send: false },
          },
        },
      },
      sources: [
        { system: 'meditrack', entity: 'item', from: 'ITEM', fields: { ...itemColumns, note: 'note', total: 'total' } },
        { system: 'stores', entity: 'item', from: 'ITEM', fields: itemColumns },
      ],
    },
    {
      contract: {
        ...{ entity: 'item_line', version: 1, parent: 'item', key: ['item', 'line_no'] },
        fields: {
          item: { type: 'ref', entity: 'item', required: true },
          line_no: { type: 'integer', required: true },
          amount: { type: 'money', digits: 4, rounding: 'currency' },
        },
        controls: [{ name: 'lines', measure: 'amount', by: { kind: 'item.kind' } }],
        odoo: { model: 'line', in: 'line_ids', parent_field: 'item_id', fields: { item: 'item_id', amount: 'amount' } },
      },
      sources: [{ system: 'meditrack', entity: 'item_line', from: 'LINE', fields: { item: 'item', line_no: 'line', amount: 'amount' } }],
    },
  ],
};

const systems = ['meditrack', 'stores'] as const;
const numbers = ['1', '2', '3', '4', '5', '6'] as const;
const wardNumbers = ['W1', 'W2', 'W3'] as const;
const text = (...values: readonly (string | null)[]): fc.Arbitrary<string | null> => fc.constantFrom(...values);
const amount = text(null, '0', '1', '1.005', '1.0049', '2.5', '-2.5', '99999999.99', '100000005.99');

const legacyItem = fc.record({
  system: fc.constantFrom(...systems),
  no: fc.option(fc.constantFrom(...numbers), { freq: 20 }),
  name: text(null, '', 'a', 'A ', 'b|c', '<null>'),
  note: text(null, 'x', 'y'),
  kind: text(null, 'drug', 'device', 'other'),
  ward: text(null, ...wardNumbers, 'W9'),
  term: text(null, '30 days', '60 days'),
  ...{ price: amount, weight: amount, total: amount },
});
const odooItem = fc.record({
  id: fc.integer({ min: 1, max: 8 }),
  no: fc.constantFrom(null, ...numbers),
  name: text(null, '', 'a', 'A', 'b', '<null>'),
  note: text(null, 'x'),
  kind: text(null, 'drug', 'device'),
  ward_id: fc.constantFrom(null, 1, 2, 3),
  term_id: fc.constantFrom(null, 1, 2),
  ...{ price: amount, weight: amount, total: amount },
  _in_scope: fc.constantFrom(true, true, true, false),
});
const legacyLine = fc.record({ item: fc.constantFrom(...numbers), line: fc.constantFrom('1', '2'), amount });
const odooLine = fc.record({ id: fc.integer({ min: 1, max: 6 }), item_id: fc.integer({ min: 1, max: 4 }), amount });
const link = fc
  .record({ system: fc.constantFrom(...systems), no: fc.constantFrom(...numbers), other: fc.option(fc.integer({ min: 1, max: 9 }), { freq: 1 }) })
  .map(({ system, no, other }) => ({ system, no, id: other ?? Number(no) }));

export const randomState = fc.record({
  wardNames: fc.tuple(...wardNumbers.map(() => fc.constantFrom('Surgery', 'Dialysis', null))),
  items: fc.array(legacyItem, { minLength: 2, maxLength: 8 }),
  lines: fc.array(legacyLine, { maxLength: 5 }),
  odooItems: fc.uniqueArray(odooItem, { minLength: 2, maxLength: 8, selector: (one) => one.id }),
  odooLines: fc.uniqueArray(odooLine, { maxLength: 5, selector: (one) => one.id }),
  terms: fc.constantFrom(['30 days', '60 days'], ['30 days', 'other'], ['60 days', '60 days']),
});
type ValueOf<Source> = Source extends fc.Arbitrary<infer Value> ? Value : never;
export type RandomState = ValueOf<typeof randomState>;

/** What is known of links, and how that changes: an id of 9 names a record that Odoo does not have. */
export const randomLinks = fc.array(link, { minLength: 2, maxLength: 8 });
export type RandomLinks = ValueOf<typeof randomLinks>;

/** Of two states each entity's rows, or only a few of them, are those of the other. */
export function withSomeOf(state: RandomState, other: RandomState, which: number): RandomState {
  const some = <Item>(own: readonly Item[], others: readonly Item[], shift: number): Item[] =>
    ((which >> shift) & 3) === 0 ? [...own] : own.flatMap((one, index) => (index % 3 === ((which >> shift) & 3) - 1 ? others.slice(index, index + 1) : [one]));
  const unique = <Item extends { id: number }>(rows: Item[]): Item[] => rows.filter((row, index) => rows.findIndex((one) => one.id === row.id) === index);
  return {
    wardNames: (which & 256) === 0 ? state.wardNames : other.wardNames,
    items: some(state.items, other.items, 0),
    lines: some(state.lines, other.lines, 2),
    odooItems: unique(some(state.odooItems, other.odooItems, 4)),
    odooLines: unique(some(state.odooLines, other.odooLines, 6)),
    terms: (which & 512) === 0 ? state.terms : other.terms,
  };
}

export async function randomWorld(laboratory: Laboratory): Promise<ReconcileWorld> {
  const world = await laboratory.world(description);
  const rows = ['30 days', '60 days'].map((term) => ({ source: term, target: term, status: 'confirmed' as const, by: '', at: '', reason: '' }));
  (world.capability.codes as Map<string, CodeMap>).set('term', { name: 'term', file: 'codes/term.csv', rows });
  await world.link('ward', 'meditrack', { W1: 1, W2: 2, W3: 3 });
  return world;
}

/** Pulls a state of things on both sides. */
export async function pullState(world: ReconcileWorld, state: RandomState): Promise<void> {
  const columns = ['no', 'name', 'note', 'kind', 'ward', 'term', 'price', 'weight', 'total'];
  const rows = (system: string): Row[] => state.items.filter((one) => one.system === system).map(({ system: _, ...row }) => row);
  const wards = wardNumbers.map((no, index) => ({ no, name: state.wardNames[index] ?? null }));
  await world.legacy('meditrack', 'ward', wards, ['no', 'name']);
  for (const system of systems) await world.legacy(system, 'item', rows(system), columns);
  await world.legacy('meditrack', 'item_line', state.lines, ['item', 'line', 'amount']);
  await world.odoo(
    'ward',
    wards.map(({ no }, index) => ({ id: index + 1, code: no, name: 'Surgery' })),
  );
  await world.odoo('item', state.odooItems);
  await world.odoo('item_line', state.odooLines);
  await world.lookup(
    'term',
    state.terms.map((name, index) => ({ id: index + 1, external_id: null, name })),
  );
}

/** Links are made and, where they say so, moved; lines are linked as their numbers are. */
export async function linkItems(world: ReconcileWorld, links: RandomLinks): Promise<void> {
  for (const { system, no, id } of links) await world.link('item', system, { [no]: id });
  await world.link('item_line', 'meditrack', { '1/1': 1, '1/2': 2, '2/1': 3 });
}
