import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Direction } from '../../../domain/difference.ts';
import { PatternBench, type SeededBreak } from './patterns.fixture.ts';

let bench: PatternBench;
beforeAll(async () => {
  bench = await PatternBench.open();
});
afterAll(async () => {
  await bench.close();
});

const many = <Item>(count: number, make: (index: number) => Item): Item[] => Array.from({ length: count }, (_, index) => make(index));
const suffixed = (count: number, more: Partial<SeededBreak> = {}): SeededBreak[] =>
  many(count, (index) => ({ legacy: `Supplier ${index * 7}`, odoo: `Supplier ${index * 7} Ltd`, ...more }));

describe('what a pattern says', () => {
  test('every break counts once, for the transformation that explains most of them', async () => {
    const breaks = [
      ...many(60, (index): SeededBreak => ({ legacy: `Name ${index}`, odoo: `NAME ${index}` })),
      ...many(20, (index): SeededBreak => ({ legacy: `Other${index} name`, odoo: `Other${index}  name` })),
      ...many(5, (index): SeededBreak => ({ legacy: `a${index}xyz`, odoo: `q${index * 3}uvw` })),
    ];
    const found = await bench.patterns({ fields: { name: { type: 'text' } }, breaks });
    expect(found.map((one) => [one.transformation, one.explains, one.of])).toEqual([
      ['case', 60, 85],
      ['whitespace', 20, 85],
    ]);
    // one line of the overlay says both
    expect(found.map((one) => one.change?.text)).toEqual(many(2, () => 'fields:\n  name: {compare: [case, whitespace]}'));
  });

  test('samples are the first five in the order of records', async () => {
    const [found] = await bench.patterns({ fields: { name: { type: 'text' } }, breaks: suffixed(30).reverse() });
    expect(found?.samples.map((one) => one.key)).toEqual(['0000000', '0000001', '0000002', '0000003', '0000004']);
    expect(found?.samples[0]).toEqual({
      id: '0000000000000000',
      system: 'meditrack',
      key: '0000000',
      legacy: 'Supplier 203',
      odoo: 'Supplier 203 Ltd',
      masked: false,
    });
  });

  test('waived breaks are not counted, and breaks that nobody has judged are open', async () => {
    const breaks = [...suffixed(10), ...suffixed(20, { status: 'waived' }), ...suffixed(5, { status: 'pending' })];
    const [found] = await bench.patterns({ fields: { name: { type: 'text' } }, breaks });
    expect([found?.explains, found?.of]).toEqual([15, 15]);
  });

  test('nothing of the contents of a pii field is told, unless it is asked for', async () => {
    const seeds = [
      suffixed(30),
      many(30, (index): SeededBreak => ({ legacy: `Secret ${index % 2}`, odoo: `Hidden ${index % 2}` })),
      many(30, (index): SeededBreak => ({ legacy: `Secret ${index}`, odoo: 'Hidden' })),
      many(30, (): SeededBreak => ({ legacy: 'Secret', odoo: null, class: 'missing-value' })),
      many(30, (): SeededBreak => ({ legacy: null, odoo: 'Secret', class: 'extra-value' })),
    ];
    for (const breaks of seeds) {
      const fields = { name: { type: 'text' as const, pii: true } };
      const found = await bench.patterns({ fields, breaks });
      expect(found).toHaveLength(1);
      expect(JSON.stringify(found)).not.toMatch(/Secret|Hidden|Supplier|Ltd/);
      expect(found[0]?.samples[0]).toMatchObject({ legacy: null, odoo: null, masked: true });
      expect(JSON.stringify(await bench.patterns({ fields, breaks, clear: true }))).toMatch(/Secret|Hidden|Supplier|Ltd/);
    }
  });

  test('a record key that is pii is not shown either', async () => {
    const fields = { no: { type: 'text' as const, pii: true }, name: { type: 'text' as const } };
    const breaks = suffixed(10, { field: 'name' });
    const [found] = await bench.patterns({ fields, breaks });
    expect(found?.samples[0]).toMatchObject({ key: null, legacy: 'Supplier 0', masked: true });
  });

  test('what several systems have in common is one pattern where one change mends it, and one for each mapping otherwise', async () => {
    const mappings = { meditrack: { no: 'NO', name: 'VEND_NAME' }, pharmacy: { no: 'ID', name: "'x' || NAME" } };
    const upper = (system: string) => many(10, (index): SeededBreak => ({ system, legacy: `Name ${index}`, odoo: `NAME ${index}` }));
    const [overlay, ...none] = await bench.patterns({ fields: { name: { type: 'text' } }, mappings, breaks: [...upper('meditrack'), ...upper('pharmacy')] });
    expect([overlay?.systems, overlay?.explains, none]).toEqual([['meditrack', 'pharmacy'], 20, []]);
    const found = await bench.patterns({ fields: { name: { type: 'text' } }, mappings, breaks: [...suffixed(10), ...suffixed(10, { system: 'pharmacy' })] });
    expect(found.map((one) => [one.change?.file, one.change?.text, one.explains, one.of])).toEqual([
      ['mappings/procurement/sources/meditrack/supplier.yaml', "name: VEND_NAME || ' Ltd'", 10, 20],
      ['mappings/procurement/sources/pharmacy/supplier.yaml', `name: "('x' || NAME) || ' Ltd'"`.replaceAll('"', ''), 10, 20],
    ]);
  });
});

describe('who mends it', () => {
  test('a value that was cut in Odoo is repaired by the next load, or where Odoo owns it', async () => {
    const cut = (direction: Direction) =>
      many(20, (index): SeededBreak => ({ legacy: `Long name number ${index} of them`, odoo: `Long name number ${index} of them`.slice(0, 14), direction }));
    const [load] = await bench.patterns({ fields: { name: { type: 'text' } }, breaks: cut('update-odoo') });
    expect([load?.sentence, load?.change]).toEqual(['Odoo has only its first 14 characters; the next load repairs it.', null]);
    const [owned] = await bench.patterns({ fields: { name: { type: 'text' } }, breaks: cut('return-to-legacy') });
    expect(owned?.sentence).toContain('Odoo owns the field');
  });

  test('a mapping is not changed for what somebody has changed in Odoo', async () => {
    const [found] = await bench.patterns({ fields: { name: { type: 'text' } }, breaks: suffixed(20, { movement: 'odoo-changed' }) });
    expect([found?.sentence, found?.change]).toEqual([
      'Odoo has ‘ Ltd’ after it; it was changed in Odoo after the two had agreed; the next load repairs it.',
      null,
    ]);
  });

  test('a mapping is not changed for a few records when the change would break the rest', async () => {
    const breaks = many(20, (index): SeededBreak => ({ legacy: String(index + 1), odoo: String(-index - 1) }));
    const agreed = many(100, (index) => ({ name: String(index) }));
    const [found] = await bench.patterns({ fields: { name: { type: 'money' } }, breaks, agreed });
    expect([found?.change, found?.sentence]).toEqual([
      null,
      'Odoo has the opposite sign; 20 of 120 compared records, so that no change of the mapping mends it.',
    ]);
  });

  test('a change that leaves right values alone is offered for a few records too', async () => {
    const breaks = many(20, (index): SeededBreak => ({ legacy: String(index + 1), odoo: String(index + 1).padStart(6, '0') }));
    const agreed = many(100, (index) => ({ name: String(index + 100).padStart(6, '0') }));
    const [found] = await bench.patterns({ fields: { name: { type: 'text' } }, breaks, agreed });
    expect(found?.change).toEqual({ file: 'mappings/procurement/sources/meditrack/supplier.yaml', text: "name: lpad(NAME, 6, '0')" });
  });
});

describe('patterns over more than one value', () => {
  test('two fields that have changed places', async () => {
    const breaks = many(20, (index) => [
      { field: 'street', key: `k${index}`, legacy: `Main street ${index}`, odoo: `Backyard ${index}` },
      { field: 'street2', key: `k${index}`, legacy: `Backyard ${index}`, odoo: `Main street ${index}` },
    ]).flat();
    const found = await bench.patterns({ fields: { street: { type: 'text' }, street2: { type: 'text' } }, breaks });
    expect(found.map((one) => [one.field, one.transformation, one.parameter, one.explains])).toEqual([
      ['street', 'swapped', 'street2', 20],
      ['street2', 'swapped', 'street', 20],
    ]);
    expect(found[0]?.change?.text).toBe('street: STREET2\nstreet2: STREET');
  });

  test('a factor that depends on the unit', async () => {
    const units = [
      ['BX', 10],
      ['CS', 24],
      ['EA', 1],
    ] as const;
    const breaks = many(60, (index) => {
      const [unit, factor] = units[index % 3] as (typeof units)[number];
      const legacy = (index % 17) + 2;
      return [
        { field: 'quantity', key: `k${index}`, legacy: String(legacy), odoo: String(legacy * factor), isBreak: factor !== 1 },
        { field: 'unit', key: `k${index}`, legacy: unit, odoo: unit, isBreak: false },
      ];
    }).flat();
    const fields = { quantity: { type: 'quantity' as const, unit: 'unit', digits: 2 }, unit: { type: 'text' as const } };
    const found = await bench.patterns({
      fields,
      breaks: breaks.map(({ isBreak, ...one }) => ({ ...one, status: isBreak ? ('open' as const) : ('waived' as const) })),
    });
    expect(found.map((one) => [one.transformation, one.parameter, one.explains, one.of])).toEqual([['unit-factor', 'BX × 10, CS × 24', 40, 40]]);
    expect(found[0]?.change?.text).toBe("quantity: CAST(QUANTITY AS DECIMAL(18,2)) * CASE UNIT WHEN 'BX' THEN 10 WHEN 'CS' THEN 24 ELSE 1 END");
  });

  test('codes go into the code map as proposals', async () => {
    const row = (source: string, target: string) => ({ source, target, status: 'confirmed' as const, by: 'steward', at: '2026-01-01', reason: '' });
    const codes = { terms: [row('30', 'N30'), row('30D', 'N30'), row('60', 'N60')] };
    const mappings = { meditrack: { no: 'NO', terms: "code('terms', TERMS)" } };
    const fields = { terms: { type: 'code' as const, codes: 'terms' } };
    const mapped = await bench.patterns({ fields, mappings, codes, breaks: many(20, () => ({ legacy: 'N30', odoo: 'NET30' })) });
    expect(mapped.map((one) => [one.transformation, one.change])).toEqual([
      ['value-map', { file: 'mappings/procurement/codes/terms.csv', text: '30,NET30,proposed,"","",""\n30D,NET30,proposed,"","",""' }],
    ]);
    const unmapped = await bench.patterns({
      fields,
      mappings,
      codes,
      breaks: many(20, () => ({ legacy: 'N60', odoo: null, class: 'unmapped-code' as const })),
    });
    expect(unmapped.map((one) => [one.transformation, one.sentence])).toEqual([['unmapped-code', 'Odoo has no record for this code: N60.']]);
  });

  test('single edits of a field with few values are no value map', async () => {
    const breaks = many(30, (index): SeededBreak => ({ legacy: index % 2 === 0 ? 'open' : 'closed', odoo: index % 2 === 0 ? 'closed' : 'open' }));
    const agreed = many(900, (index) => ({ name: index % 2 === 0 ? 'open' : 'closed' }));
    expect(await bench.patterns({ fields: { name: { type: 'choice', values: ['open', 'closed'] } }, breaks, agreed })).toEqual([]);
  });
});

describe('patterns of records', () => {
  const sides = (legacy: (index: number) => string, odoo: (index: number) => string): SeededBreak[] => [
    ...many(30, (index): SeededBreak => ({ field: null, class: 'only-legacy', key: legacy(index) })),
    ...many(30, (index): SeededBreak => ({ field: null, class: 'only-odoo', system: 'odoo', key: odoo(index) })),
  ];
  const fields = { name: { type: 'text' as const } };

  test.each([
    [
      'leading-zeros',
      sides(
        (index) => String(index + 1),
        (index) => String(index + 1).padStart(6, '0'),
      ),
      "no: lpad(NO, 6, '0')",
    ],
    [
      'case',
      sides(
        (index) => `v${index}a`,
        (index) => `V${index}A`,
      ),
      'no: upper(NO)',
    ],
    [
      'whitespace',
      sides(
        (index) => `V ${index}`,
        (index) => `V${index}`,
      ),
      String.raw`no: regexp_replace(NO, '[\s\p{Z}\x{200B}-\x{200F}\x{FEFF}]+', '', 'g')`,
    ],
    [
      'prefix',
      sides(
        (index) => `${index}7`,
        (index) => `VEN-${index}7`,
      ),
      'no: "\'VEN-\' || NO"',
    ],
    [
      'suffix',
      sides(
        (index) => `${index}7/DE`,
        (index) => `${index}7`,
      ),
      "no: CASE WHEN ends_with(NO, '/DE') THEN left(NO, -3) ELSE NO END",
    ],
  ])('keys that differ by %s', async (name, breaks, change) => {
    const found = await bench.patterns({ fields, breaks });
    expect(found.map((one) => [one.transformation, one.field, one.explains, one.of, one.change?.text])).toEqual([[`key-${name}`, 'no', 60, 60, change]]);
  });

  test('keys that have nothing in common are no pattern', async () => {
    expect(
      await bench.patterns({
        fields,
        breaks: sides(
          (index) => `A${index * 7919}`,
          (index) => `B${index * 104729 + 3}`,
        ),
      }),
    ).toEqual([]);
  });

  test('a change of the key is not offered when linked records would get another key by it', async () => {
    const breaks = sides(
      (index) => `${index}7`,
      (index) => `VEN-${index}7`,
    );
    const [found] = await bench.patterns({ fields, breaks, agreed: many(10, () => ({ name: 'linked' })) });
    expect(found?.change).toBeNull();
    expect(found?.sentence).toContain('10 linked records');
  });

  test('rows that one rule rejected, with the rows the code map lacks', async () => {
    const breaks = many(
      12,
      (index): SeededBreak => ({ field: null, class: 'rejected', key: `k${index}`, legacy: 'amount: not-of-type, terms: unmapped-code' }),
    );
    const found = await bench.patterns({
      fields: { amount: { type: 'money' }, terms: { type: 'code', codes: 'terms' } },
      mappings: { meditrack: { no: 'NO', amount: 'AMT', terms: "code('terms', TERMS)" } },
      breaks,
      rejects: [
        ...many(12, () => ({ field: 'amount', rule: 'not-of-type', raw: '1.234,50' })),
        ...many(12, (index) => ({ field: 'terms', rule: 'unmapped-code', raw: `T${index % 2}` })),
      ],
    });
    expect(found.map((one) => [one.field, one.transformation, one.parameter, one.explains, one.change?.file])).toEqual([
      ['amount', 'rejected', 'not-of-type', 12, 'mappings/procurement/sources/meditrack/supplier.yaml'],
      ['terms', 'rejected', 'unmapped-code', 12, 'mappings/procurement/codes/terms.csv'],
    ]);
    expect(found[1]?.change?.text).toBe('T0,"",proposed,,,\nT1,"",proposed,,,');
  });
});
