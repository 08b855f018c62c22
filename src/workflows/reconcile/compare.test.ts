import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Laboratory, type WorldDescription } from './reconcile-world.fixture.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

const supplierFields = {
  'res.partner': {
    ref: 'char',
    name: 'char!',
    city: 'char',
    active: 'boolean',
    credit: 'float 2',
    since: 'datetime',
    country_id: 'many2one res.country',
    parent_id: 'many2one res.partner',
  },
  'res.country': { name: 'char', code: 'char' },
};
const suppliers: WorldDescription = {
  fields: supplierFields,
  entities: [
    {
      contract: {
        entity: 'supplier',
        version: 1,
        key: ['supplier_no'],
        fields: {
          supplier_no: { type: 'identifier', scheme: 'code', required: true },
          name: { type: 'text', compare: ['case', 'whitespace'] },
          city: { type: 'text' },
          active: { type: 'boolean' },
          credit: { type: 'money', digits: 4, tolerance: '0.01' },
          since: { type: 'timestamp' },
          parent: { type: 'ref', entity: 'supplier' },
        },
        odoo: {
          model: 'res.partner',
          scope: [['ref', '!=', false]],
          fields: { supplier_no: 'ref', name: 'name', city: 'city', active: 'active', credit: 'credit', since: 'since', parent: 'parent_id' },
        },
      },
      sources: [
        {
          system: 'meditrack',
          entity: 'supplier',
          from: 'VENDOR',
          fields: { supplier_no: 'no', name: 'name', city: 'city', active: 'active', credit: 'credit', since: 'since', parent: 'parent' },
        },
      ],
    },
  ],
};
const legacy = (row: Record<string, string | null>) => ({ no: null, name: null, city: null, active: null, credit: null, since: null, parent: null, ...row });

describe('classes of records', () => {
  it('tells linked, missing, new, existing and foreign records apart', async () => {
    const world = await laboratory.world({
      ...suppliers,
      decisions: [{ entity: 'supplier', system: 'meditrack', key: 'D', odoo: 'base.main_partner', decision: 'same' }],
    });
    await world.legacy(
      'meditrack',
      'supplier',
      ['A', 'B', 'C', 'D', 'E'].map((no) => legacy({ no, name: no })),
    );
    await world.odoo('supplier', [
      { id: 1, ref: 'A', name: 'A' },
      { id: 3, ref: 'C', name: 'C', _in_scope: false },
      { id: 4, ref: 'whatever', name: 'D', _foreign_external_id: 'base.main_partner', _in_scope: false },
      { id: 5, ref: 'X', name: 'X' },
      { id: 6, ref: null, name: 'Somebody', _in_scope: false },
      { id: 7, ref: 'gone', name: 'Gone from legacy' },
    ]);
    await world.link('supplier', 'meditrack', { A: 1, B: 2, Z: 7 });
    const comparison = await world.compare();
    expect(comparison.entities[0]?.counts).toEqual({
      ...{ linked: 2, 'only-legacy': 1, 'only-odoo': 1, 'exists-unlinked': 1, 'duplicate-key': 0, 'null-key': 0, rejected: 0 },
      ...{ 'missing-in-odoo': 1, 'missing-in-legacy': 1, 'outside-scope': 1 },
    });
    expect(await world.breaks(comparison, 'supplier')).toEqual([
      'B missing-in-odoo',
      'C exists-unlinked',
      'D value supplier_no D→whatever never-agreed',
      'E only-legacy',
      'Z missing-in-legacy',
      'X only-odoo',
    ]);
  });

  it('lists every candidate, and none that was decided to be different', async () => {
    const decisions = [{ entity: 'supplier', system: 'meditrack', key: 'B', odoo: '3', decision: 'different' as const }];
    const world = await laboratory.world({ ...suppliers, decisions });
    await world.legacy(
      'meditrack',
      'supplier',
      ['A', 'B'].map((no) => legacy({ no, name: no })),
    );
    await world.odoo('supplier', [
      { id: 1, ref: 'A', name: 'A' },
      { id: 2, ref: 'A', name: 'A again' },
      { id: 3, ref: 'B', name: 'B' },
    ]);
    const comparison = await world.compare();
    const rows = await world.rows(`SELECT key, odoo_id, class, odoo FROM read_parquet('${comparison.entities[0]?.breaks}')`);
    expect(rows).toEqual([
      { key: 'A', odoo_id: null, class: 'exists-unlinked', odoo: '#1, #2' },
      { key: 'B', odoo_id: null, class: 'only-legacy', odoo: null },
      { key: 'B', odoo_id: 3, class: 'only-odoo', odoo: null },
    ]);
    const records = await world.rows(`SELECT _key, _odoo_id, _class, _decision FROM read_parquet('${comparison.entities[0]?.records}')`);
    expect(records).toContainEqual({ _key: 'B', _odoo_id: null, _class: 'only-legacy', _decision: 'different' });
  });

  it('classes duplicate and null keys of both sides before anything is joined', async () => {
    const world = await laboratory.world(suppliers);
    await world.legacy('meditrack', 'supplier', [
      legacy({ no: 'A', name: 'one' }),
      legacy({ no: 'A', name: 'two' }),
      legacy({ no: 'A', name: 'three' }),
      legacy({ no: null, name: 'nobody' }),
      legacy({ no: null, name: 'nobody either' }),
      legacy({ no: 'B', name: 'B' }),
    ]);
    await world.odoo('supplier', [
      { id: 1, ref: 'A', name: 'one' },
      { id: 2, ref: 'B', name: 'B' },
      { id: 3, ref: 'K', name: 'K' },
      { id: 4, ref: 'K', name: 'K' },
    ]);
    await world.link('supplier', 'meditrack', { A: 1, B: 2 });
    const comparison = await world.compare();
    expect(await world.breaks(comparison, 'supplier')).toEqual(
      ['A duplicate-key', '# null-key', '# null-key', 'K duplicate-key', 'K duplicate-key'].map((text) => text.replace('# ', '#null ')),
    );
    expect(comparison.entities[0]?.counts).toMatchObject({ linked: 1, 'duplicate-key': 3, 'null-key': 2, 'missing-in-legacy': 0 });
  });

  it('does not take a linked record whose row was rejected for one that legacy deleted', async () => {
    const world = await laboratory.world(suppliers);
    await world.legacy('meditrack', 'supplier', [legacy({ no: 'A', name: 'A', credit: 'a lot' }), legacy({ no: 'B', name: 'B' })]);
    await world.odoo('supplier', [
      { id: 1, ref: 'A', name: 'A' },
      { id: 2, ref: 'B', name: 'B' },
    ]);
    await world.link('supplier', 'meditrack', { A: 1, B: 2 });
    const comparison = await world.compare();
    expect(comparison.entities[0]?.counts).toMatchObject({ linked: 1, rejected: 1, 'missing-in-legacy': 0, 'only-odoo': 0 });
    expect(await world.breaks(comparison, 'supplier')).toEqual(['A rejected']);
  });
});

type Given = Record<string, string | boolean | null>;
/** One supplier each: what legacy says, what Odoo says, and the breaks that come of it. */
const values: [string, Record<string, string | null>, Given, string[]][] = [
  ['NULL is not the text "<null>"', { city: null }, { city: '<null>' }, ['extra-value city null→<null>']],
  ['NULL is not an empty text', { city: '' }, { city: null }, ['missing-value city →null']],
  ['case and whitespace count where no rule says otherwise', { city: 'Ghent' }, { city: 'GHENT' }, ['value city Ghent→GHENT']],
  ['case and whitespace do not count where a rule says so', { name: ' St.\u00a0 Mary  ' }, { name: 'ST. MARY' }, []],
  ['a difference within the tolerance is none', { credit: '10.0100' }, { credit: '10.02' }, []],
  ['a difference beyond the tolerance is one', { credit: '10.0000' }, { credit: '10.02' }, ['value credit 10→10.02']],
  ['an amount is compared as Odoo keeps it', { credit: '10.0250' }, { credit: '10.03' }, []],
  ['money is exact where a float is not', { credit: '0.3' }, { credit: '0.30000000000000004' }, []],
  ['large amounts keep their cents', { credit: '12345678901234.56' }, { credit: '12345678901234.59' }, ['value credit 12345678901234.56→12345678901234.59']],
  ['an amount that only Odoo can hold is told whole', { credit: '1' }, { credit: '123456789012345678.9' }, ['value credit 1→123456789012345678.9']],
  ['moments are compared to the second', { since: '2026-01-02 03:04:05.7' }, { since: '2026-01-02 03:04:05' }, []],
  ['a moment without a counterpart is missing', { since: '2026-01-02 03:04:05' }, { since: null }, ['missing-value since 2026-01-02 03:04:05→null']],
  ['booleans without a legacy value are not carried', { active: null }, { active: true }, []],
  ['false is a value', { active: 'false' }, { active: true }, ['value active false→true']],
  ['numbers without a legacy value are not carried', { credit: null }, { credit: '1' }, []],
];

describe('values', () => {
  let found: string[];
  beforeAll(async () => {
    const world = await laboratory.world(suppliers);
    await world.legacy(
      'meditrack',
      'supplier',
      values.map(([, left], index) => legacy({ no: `S${index}`, name: 'A', ...left })),
    );
    await world.odoo(
      'supplier',
      values.map(([, , right], index) => ({ id: index + 1, ref: `S${index}`, name: 'A', active: false, credit: '0', ...right })),
    );
    await world.link('supplier', 'meditrack', Object.fromEntries(values.map((_, index) => [`S${index}`, index + 1])));
    found = await world.breaks(await world.compare(), 'supplier');
  });

  it.each(values.map(([name, , , expected], index) => [name, index, expected] as const))('%s', (_, index, expected) => {
    expect(found.filter((text) => text.startsWith(`S${index} `))).toEqual(expected.map((text) => `S${index} ${text} never-agreed`));
  });

  it('keeps apart keys and values that read alike when joined', async () => {
    const world = await laboratory.world(suppliers);
    await world.legacy('meditrack', 'supplier', [legacy({ no: 'a|b', name: 'c', city: 'x' }), legacy({ no: 'a', name: 'b|c', city: 'x' })]);
    await world.odoo('supplier', [
      { id: 1, ref: 'a', name: 'b|c', city: 'x' },
      { id: 2, ref: 'a|b', name: 'c', city: 'x' },
    ]);
    await world.link('supplier', 'meditrack', { 'a|b': 1, a: 2 });
    expect(await world.breaks(await world.compare(), 'supplier')).toEqual(
      [
        'a value supplier_no a→a|b never-agreed',
        'a value name b|c→c never-agreed',
        'a|b value supplier_no a|b→a never-agreed',
        'a|b value name c→b|c never-agreed',
      ].sort(),
    );
  });

  it('compares references as what they are in Odoo, and says when they are not linked yet', async () => {
    const world = await laboratory.world(suppliers);
    const large = 2_147_483_646;
    await world.legacy('meditrack', 'supplier', [
      legacy({ no: 'A', name: 'A' }),
      legacy({ no: 'B', name: 'B', parent: 'A' }),
      legacy({ no: 'C', name: 'C', parent: 'A' }),
      legacy({ no: 'D', name: 'D', parent: 'new' }),
      legacy({ no: 'new', name: 'new' }),
    ]);
    await world.odoo('supplier', [
      { id: large, ref: 'A', name: 'A' },
      { id: 2, ref: 'B', name: 'B', parent_id: large },
      { id: 3, ref: 'C', name: 'C', parent_id: '2147483647' },
      { id: 4, ref: 'D', name: 'D' },
    ]);
    await world.link('supplier', 'meditrack', { A: large, B: 2, C: 3, D: 4 });
    expect(await world.breaks(await world.compare(), 'supplier')).toEqual([
      'C value parent A→#2147483647 never-agreed',
      'D unresolved-reference parent new→null never-agreed',
      'new only-legacy',
    ]);
  });
});
