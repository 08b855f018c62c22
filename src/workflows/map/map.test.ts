import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { directoryRunStore } from '../../adapters/store/run-store.ts';
import { directorySnapshotStore } from '../../adapters/store/snapshot-store.ts';
import { type CanonicalDataset, canonicalRowsSql } from '../../domain/canonical.ts';
import { CodeMapRow, EntityContract, SourceMapping } from '../../domain/contract.ts';
import type { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, DataRow, Ports } from '../../domain/ports.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { Capability, EntityDefinition, PositionOf, Workspace } from '../../domain/workspace.ts';
import { ensureCanonical } from './ensure-canonical.ts';
import { mapCapability } from './map.ts';

let directory: string;
let plane: DataPlane;
let ports: Ports;
let opened = 0;

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'map-'));
  plane = await openDataPlane({ memory: '256MB', threads: 2, spillDirectory: path.join(directory, 'spill') });
});
afterAll(async () => {
  await plane.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  const store = mkdtempSync(path.join(directory, 'store-'));
  const clock = { now: () => '2026-01-02T03:04:05.000Z' };
  opened = 0;
  const unused = () => {
    throw new Error('the map asks for nothing of this');
  };
  ports = {
    openPlane: async () => {
      opened += 1;
      return openDataPlane({ memory: '256MB', threads: 2, spillDirectory: path.join(directory, 'spill') });
    },
    snapshots: directorySnapshotStore(store, clock),
    runs: directoryRunStore(store),
    state: unused,
    source: unused,
    odoo: unused,
    piiKey: async () => null,
    clock,
    progress: () => undefined,
    signal: new AbortController().signal,
  };
});

type Cell = string | null;

async function snapshot(system: string, entity: string, columns: readonly string[], rows: readonly (readonly Cell[])[], asOf = '2026-01-02T03:04:05.000Z') {
  const staged = await ports.snapshots.stage(system, entity);
  const values = rows.map((row, index) => `(${index + 1}, ${row.map(literal).join(', ')})`);
  const shape = ['_row', ...columns].map(identifier).join(', ');
  const casts = columns.map((name) => `CAST(${identifier(name)} AS VARCHAR) AS ${identifier(name)}`).join(', ');
  await plane.run(
    `COPY (SELECT CAST(_row AS BIGINT) AS _row, ${casts} FROM (VALUES ${values.join(', ')}) AS t(${shape})) TO ${literal(path.join(staged.directory, 'data.parquet'))} (FORMAT parquet)`,
  );
  return staged.commit({ asOf, rows: rows.length, quarantined: 0, columns: columns.map((name) => ({ name, type: 'VARCHAR' })), requestHash: 'r' });
}

const position =
  (file: string): PositionOf =>
  (at, offset = 0) => ({ file: `${file} ${at.join('.')}`, line: 1, column: 1 + offset });

function define(contract: unknown, ...mappings: unknown[]): EntityDefinition {
  const parsed = EntityContract.parse(contract);
  const sources = mappings.map((mapping) => {
    const one = SourceMapping.parse(mapping);
    return { mapping: one, position: position(`${one.system}/${one.entity}.yaml`) };
  });
  return { contract: parsed, position: position(`${parsed.entity}.yaml`), sources, lines: [] };
}

function capabilityOf(entities: readonly EntityDefinition[], codes: Record<string, [string, string, string?][]> = {}): Capability {
  const maps = Object.entries(codes).map(([name, rows]) => {
    return [
      name,
      { name, file: `codes/${name}.csv`, rows: rows.map(([source, target, status = 'confirmed']) => CodeMapRow.parse({ source, target, status })) },
    ] as const;
  });
  return { name: 'procurement', file: { capability: 'procurement', phase: 'legacy-led' }, entities, codes: new Map(maps), hash: 'h' };
}

const workspace = {} as Workspace;

async function canonical(entity: EntityDefinition, capability = capabilityOf([entity])) {
  const dataset = await ensureCanonical({ workspace, capability, entity, mapping: entity.sources[0]!.mapping }, ports);
  return { dataset, rows: await rowsOf(dataset), rejects: await rejectsOf(dataset) };
}
const rowsOf = (dataset: CanonicalDataset): Promise<DataRow[]> =>
  plane.rows(`SELECT * EXCLUDE (_ordinal) FROM ${canonicalRowsSql([dataset])} AS r ORDER BY _row`);
const rejectsOf = (dataset: CanonicalDataset): Promise<DataRow[]> =>
  plane.rows(`SELECT row, key, field, rule, raw FROM read_parquet(${literal(dataset.rejects)})`);

const typed = (fields: unknown, expressions: Record<string, string>, more: Record<string, unknown> = {}) =>
  define(
    { entity: 'thing', version: 1, key: ['no'], fields: { no: { type: 'text' }, ...(fields as object) } },
    { system: 'old', entity: 'thing', from: 't', fields: { no: 'NO', ...expressions }, ...more },
  );

async function oneField(field: unknown, expression: string, values: readonly Cell[]) {
  await snapshot(
    'old',
    'thing',
    ['NO', 'V'],
    values.map((value, index) => [String(index), value]),
  );
  const { rows, rejects } = await canonical(typed({ v: field }, { v: expression }));
  return {
    values: rows.map((row) => row.v),
    rejects: rejects.map((reject) => `${String(reject.rule)}:${String(reject.raw)}`),
  };
}

describe('values become canonical', () => {
  it('decimals are exact and a value with too many decimals is rejected, not rounded', async () => {
    const found = await oneField({ type: 'money', digits: 2 }, 'V', [
      '1.10',
      '12',
      '0.1',
      '1e2',
      ' 3 ',
      null,
      '1.005',
      'abc',
      '',
      '1,5',
      '1_000',
      '99999999999999999',
    ]);
    expect(found.values).toEqual(['1.10', '12.00', '0.10', '100.00', '3.00', null]);
    expect(found.rejects).toEqual([
      'too-many-decimals:1.005',
      'not-of-type:abc',
      'not-of-type:',
      'not-of-type:1,5',
      'not-of-type:1_000',
      'not-of-type:99999999999999999',
    ]);
  });

  it('a float is read by its shortest text', async () => {
    expect((await oneField({ type: 'money', digits: 2 }, 'V::double', ['0.1', '12.35'])).values).toEqual(['0.10', '12.35']);
  });

  it('an integer keeps no half', async () => {
    const found = await oneField({ type: 'integer' }, 'V', ['14', '14.0', '-3', '14.5']);
    expect(found.values.map(String)).toEqual(['14', '14', '-3']);
    expect(found.rejects).toEqual(['too-many-decimals:14.5']);
  });

  it('a date loses no time of day', async () => {
    const found = await oneField({ type: 'date' }, 'V', ['2024-02-29', '2024-02-29 00:00:00', '2024-02-29 10:00:00', '29/02/2024', '2023-02-29']);
    expect(found.values).toEqual(['2024-02-29', '2024-02-29']);
    expect(found.rejects).toEqual(['not-of-type:2024-02-29 10:00:00', 'not-of-type:29/02/2024', 'not-of-type:2023-02-29']);
  });

  it('a moment is UTC, to the second', async () => {
    const found = await oneField({ type: 'timestamp' }, 'V', ['2024-01-05 10:00:00', '2024-01-05T10:00:00+02:00', '2024-01-05', '2024-01-05 10:00:00.75']);
    expect(found.values).toEqual(['2024-01-05 10:00:00', '2024-01-05 08:00:00', '2024-01-05 00:00:00', '2024-01-05 10:00:00']);
  });

  it('a boolean is what reads as one', async () => {
    const found = await oneField({ type: 'boolean' }, 'V', ['true', 'N', '1', '0', 'maybe']);
    expect(found.values).toEqual([true, false, true, false]);
    expect(found.rejects).toEqual(['not-of-type:maybe']);
  });

  it('an empty text is a value and NULL is none', async () => {
    const found = await oneField({ type: 'text', required: true }, 'V', ['', null, 'x']);
    expect(found.values).toEqual(['', 'x']);
    expect(found.rejects).toEqual(['required:null']);
  });

  it('a choice is one of its values', async () => {
    const found = await oneField({ type: 'choice', values: ['a', 'b'] }, 'lower(V)', ['A', 'C', null]);
    expect(found.values).toEqual(['a', null]);
    expect(found.rejects).toEqual(['not-a-choice:c']);
  });
});

describe('expressions that fail', () => {
  it('reject their row with what they were given, also where two share the part that fails', async () => {
    await snapshot(
      'old',
      'thing',
      ['NO', 'A', 'B'],
      [
        ['1', '7', '1'],
        ['2', 'x', '2'],
        ['3', '5', 'y'],
      ],
    );
    const { rows, rejects, dataset } = await canonical(typed({ v: { type: 'integer' }, w: { type: 'integer' } }, { v: 'A::int + B::int', w: 'A::int' }));
    expect(rows.map((row) => Number(row.v))).toEqual([8]);
    expect(rejects.map((reject) => [Number(reject.row), reject.key, reject.field, reject.rule, reject.raw])).toEqual([
      [2, '2', 'v', 'expression-failed', 'A=x, B=2'],
      [2, '2', 'w', 'expression-failed', 'x'],
      [3, '3', 'v', 'expression-failed', 'A=5, B=y'],
    ]);
    expect(dataset.counts).toEqual({ input: 3, mapped: 1, rejected: 2, filtered: 0, duplicates: 0 });
  });

  it('a filter leaves out what is not true and rejects what it fails on', async () => {
    await snapshot(
      'old',
      'thing',
      ['NO', 'A'],
      [
        ['1', '1'],
        ['2', '0'],
        ['3', null],
        ['4', 'x'],
      ],
    );
    const { dataset, rejects } = await canonical(typed({}, {}, { filter: 'A::int = 1' }));
    expect(dataset.counts).toEqual({ input: 4, mapped: 1, rejected: 1, filtered: 2, duplicates: 0 });
    expect(rejects).toMatchObject([{ field: 'filter', rule: 'expression-failed', raw: 'x' }]);
  });
});

describe('keys', () => {
  it('a key without a part is rejected, a key that stands twice is flagged on every row', async () => {
    await snapshot('old', 'thing', ['NO'], [['1'], ['2'], ['1'], [null], ['']]);
    const { rows, rejects, dataset } = await canonical(typed({}, {}));
    expect(rows.map((row) => [row._key, row._duplicate])).toEqual([
      ['1', true],
      ['2', false],
      ['1', true],
      ['', false],
    ]);
    expect(rejects).toMatchObject([{ field: 'no', rule: 'null-key', key: null }]);
    expect(dataset.counts.duplicates).toBe(2);
  });

  it('parts of several types keep one text each and never meet', async () => {
    const entity = define(
      { entity: 'price', version: 1, key: ['a', 'b', 'q'], fields: { a: { type: 'text' }, b: { type: 'text' }, q: { type: 'quantity', digits: 2 } } },
      { system: 'old', entity: 'price', from: 't', fields: { a: 'A', b: 'B', q: 'Q' } },
    );
    await snapshot(
      'old',
      'price',
      ['A', 'B', 'Q'],
      [
        ['x/y', 'z', '1.00'],
        ['x', 'y/z', '1'],
        ['x~', 'y', '10'],
      ],
    );
    const { rows } = await canonical(entity);
    expect(rows.map((row) => row._key)).toEqual(['x~1y/z/1', 'x/y~1z/1', 'x~0/y/10']);
  });

  it('a reference is written as the key it names', async () => {
    const parent = define({ entity: 'order', version: 1, key: ['no'], fields: { no: { type: 'integer' } } });
    const line = define(
      { entity: 'line', version: 1, parent: 'order', key: ['order', 'line'], fields: { order: { type: 'ref', entity: 'order' }, line: { type: 'integer' } } },
      { system: 'old', entity: 'line', from: 't', fields: { order: 'O', line: 'L' } },
    );
    await snapshot(
      'old',
      'line',
      ['O', 'L'],
      [
        ['007', '01'],
        ['x', '2'],
      ],
    );
    const { rows, rejects } = await canonical(line, capabilityOf([parent, line]));
    expect(rows).toMatchObject([{ _key: '7/1', order: '7' }]);
    expect(rejects).toMatchObject([{ field: 'order', rule: 'not-of-type', raw: 'x' }]);
  });
});

describe('code maps', () => {
  const entity = typed({ term: { type: 'code', codes: 'terms' }, land: { type: 'code', codes: 'country' } }, { term: 'T', land: "code('land', trim(L))" });
  const codes: Record<string, [string, string, string?][]> = {
    terms: [
      ['A', 'net30'],
      ['B', 'net60', 'proposed'],
    ],
    country: [],
    land: [['DE', 'de']],
  };

  it('translate; what is unmapped or only proposed is a reject of its own', async () => {
    await snapshot(
      'old',
      'thing',
      ['NO', 'T', 'L'],
      [
        ['1', 'A', ' DE '],
        ['2', 'B', 'DE'],
        ['3', 'Z', 'XX'],
        ['4', null, null],
      ],
    );
    const { rows, rejects } = await canonical(entity, capabilityOf([entity], codes));
    expect(rows.map((row) => [row.no, row.term, row.land])).toEqual([
      ['1', 'net30', 'de'],
      ['4', null, null],
    ]);
    expect(rejects.map((reject) => [reject.field, reject.rule, reject.raw])).toEqual([
      ['term', 'unconfirmed-code', 'B'],
      ['term', 'unmapped-code', 'Z'],
      ['land', 'unmapped-code', 'XX'],
    ]);
  });

  it('are part of the inputs: the same inputs cost nothing, a confirmed code makes the rows again', async () => {
    await snapshot('old', 'thing', ['NO', 'T', 'L'], [['1', 'B', 'DE']]);
    const first = await canonical(entity, capabilityOf([entity], codes));
    const planes = opened;
    const second = await canonical(entity, capabilityOf([entity], codes));
    expect(opened).toBe(planes);
    expect(second.dataset).toEqual(first.dataset);
    const third = await canonical(entity, capabilityOf([entity], { ...codes, terms: [['B', 'net60']] }));
    expect(third.dataset.inputsHash).not.toBe(first.dataset.inputsHash);
    expect(third.rows).toMatchObject([{ term: 'net60' }]);
  });
});

describe('the second night', () => {
  const fields = { name: { type: 'text' }, price: { type: 'money' } };
  const thing = typed(fields, { name: 'NAME', price: 'PRICE' }, { filter: "NAME <> 'test'" });
  const row = (no: string | null, name = 'n', price: string | null = '1') => [no, name, price];

  it('maps what changed, wherever the rows are by then, and nothing else', async () => {
    await snapshot(
      'old',
      'thing',
      ['NO', 'NAME', 'PRICE'],
      [row('1'), row('2'), row('2'), row('3', 'test'), row('4', 'n', 'dear'), row('5'), row('5', 'm'), row(null)],
    );
    await canonical(thing);
    const nights = [
      [row('1'), row('2'), row('2'), row('3', 'test'), row('4', 'n', 'dear'), row('5', 'm'), row('6'), row(null)],
      [row('0'), row('1', 'N'), row('2'), row('5'), row('4', 'n', 'dear'), row('4'), row('1'), row('3', 'n', 'x'), row(null), row(null)],
    ];
    const mapped = [
      ['1 1 n', '2 2 n twice', '3 2 n twice', '6 5 m', '7 6 n'],
      ['1 0 n', '2 1 N twice', '3 2 n', '4 5 n', '6 4 n', '7 1 n twice'],
    ];
    const rejected = [
      ['5 not-of-type', '8 null-key'],
      ['5 not-of-type', '8 not-of-type', '9 null-key', '10 null-key'],
    ];
    for (const [day, rows] of nights.entries()) {
      await snapshot('old', 'thing', ['NO', 'NAME', 'PRICE'], rows, `2026-01-1${day}T00:00:00.000Z`);
      const found = await canonical(thing);
      expect(found.dataset.rows.changes).not.toBeNull();
      // maps all of them again, and compares row by row
      await ensureCanonical({ workspace, capability: capabilityOf([thing]), entity: thing, mapping: thing.sources[0]!.mapping, full: true }, ports);
      expect(found.rows.map((one) => `${one._row} ${one._key} ${one.name}${one._duplicate === true ? ' twice' : ''}`)).toEqual(mapped[day]);
      expect(found.rejects.map((one) => `${one.row} ${one.rule}`)).toEqual(rejected[day]);
    }
  });

  it('is told, and made right, when what it took over does not hold', async () => {
    await snapshot('old', 'thing', ['NO', 'NAME', 'PRICE'], [row('1'), row('2')]);
    await canonical(thing);
    await snapshot('old', 'thing', ['NO', 'NAME', 'PRICE'], [row('1'), row('2', 'm')], '2026-01-10T00:00:00.000Z');
    const { dataset } = await canonical(thing);
    const changed = literal(dataset.rows.changes?.rows ?? '');
    await plane.run(`CREATE OR REPLACE TABLE other AS SELECT * REPLACE ('wrong' AS name) FROM read_parquet(${changed})`);
    await plane.run(`COPY other TO ${changed} (FORMAT parquet)`);
    const full = { workspace, capability: capabilityOf([thing]), entity: thing, mapping: thing.sources[0]!.mapping, full: true };
    await expect(ensureCanonical(full, ports)).rejects.toMatchObject({
      code: 'E_REUSE_DIFFERS',
      message: 'thing of old: 1 row comes out otherwise when all of them are mapped again',
    });
    expect((await canonical(thing)).rows).toMatchObject([{ name: 'n' }, { name: 'm' }]);
  });

  it('maps everything when the mapping is another', async () => {
    await snapshot('old', 'thing', ['NO', 'NAME', 'PRICE'], [row('1')]);
    await canonical(thing);
    await snapshot('old', 'thing', ['NO', 'NAME', 'PRICE'], [row('1')], '2026-01-10T00:00:00.000Z');
    const other = await canonical(typed(fields, { name: 'upper(NAME)', price: 'PRICE' }));
    expect(other.dataset.rows.changes).toBeNull();
    expect(other.rows).toMatchObject([{ name: 'N' }]);
  });
});

describe('a capability', () => {
  const supplier = define(
    { entity: 'supplier', version: 1, key: ['no'], fields: { no: { type: 'text' }, active: { type: 'boolean' }, iban: { type: 'text', pii: true } } },
    { system: 'old', entity: 'supplier', from: 's', fields: { no: 'NO', active: 'ACTIVE', iban: 'IBAN' } },
  );
  const order = define(
    {
      entity: 'purchase_order',
      version: 1,
      key: ['no'],
      fields: { no: { type: 'text' }, supplier: { type: 'ref', entity: 'supplier' }, amount: { type: 'money', digits: 4 }, active: { type: 'boolean' } },
      checks: [
        { name: 'inactive', when: 'supplier.active = false', measure: 'amount', hint: 'reactivate' },
        { name: 'large', severity: 'error', when: 'amount > 100 /* active */', hint: 'ask' },
      ],
    },
    { system: 'old', entity: 'purchase_order', from: 'o', fields: { no: 'NO', supplier: 'SUP', amount: 'AMT' } },
  );
  const request = (entities: EntityDefinition[], entity: string | null = null) => ({
    workspace,
    capability: capabilityOf(entities),
    entity,
    asOf: '2026-01-02T03:04:05.000Z',
    runId: 'run-1',
  });

  it('counts findings, sums them exactly and names each in checks.ndjson', async () => {
    await snapshot(
      'old',
      'supplier',
      ['NO', 'ACTIVE', 'IBAN'],
      [
        ['S1', '0', 'DE1'],
        ['S2', '1', 'DE2'],
      ],
    );
    await snapshot(
      'old',
      'purchase_order',
      ['NO', 'SUP', 'AMT'],
      [
        ['P1', 'S1', '0.1'],
        ['P2', 'S1', '0.2'],
        ['P3', 'S2', '500'],
        ['P4', 'S9', 'x'],
      ],
    );
    const result = await mapCapability(request([supplier, order]), ports);
    expect(result.checks).toEqual([
      { entity: 'purchase_order', name: 'inactive', severity: 'warning', count: 2, measure: '0.3', hint: 'reactivate' },
      { entity: 'purchase_order', name: 'large', severity: 'error', count: 1, measure: null, hint: 'ask' },
    ]);
    expect(result.entities.map(({ entity, input, mapped, rejected }) => [entity, input, mapped, rejected])).toEqual([
      ['supplier', 2, 2, 0],
      ['purchase_order', 4, 3, 1],
    ]);
    expect(result.rejects).toEqual([{ entity: 'purchase_order', system: 'old', field: 'amount', rule: 'not-of-type', count: 1 }]);
    const run = await ports.runs.runDirectory('run-1');
    const findings = readFileSync(path.join(run, 'checks.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(findings).toMatchObject([{ key: 'P1', measure: '0.1', failed: false }, { key: 'P2' }, { key: 'P3', check: 'large' }]);
    const [file] = result.rejectFiles as [string];
    expect(readFileSync(file, 'utf8')).toBe(
      "row,ref,field,rule,value,reason,NO,SUP,AMT\n4,4,amount,not-of-type,x,the value is not of the field's type,P4,S9,x\n",
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('tells every mistake of every mapping and check before anything runs', async () => {
    await snapshot('old', 'supplier', ['NO', 'ACTIVE'], [['S1', '0']]);
    const wrong = define(
      {
        ...supplier.contract,
        checks: [
          { name: 'a', when: 'activ = false', hint: 'h' },
          { name: 'b', when: 'no', hint: 'h' },
          { name: 'c', when: 'no.x = 1', hint: 'h' },
        ],
      },
      { system: 'old', entity: 'supplier', from: 's', filter: 'NUMBER = 1', fields: { no: 'N0 || now()', active: 'trim(ACTIV)', iban: "list_value('a')" } },
    );
    const error = (await mapCapability(request([wrong]), ports).catch((caught: unknown) => caught)) as CutoverError;
    expect(error.code).toBe('E_CONFIG');
    expect(error.details).toEqual([
      "old/supplier.yaml fields.active:1:6  no column 'ACTIV'; did you mean 'ACTIVE'?",
      "old/supplier.yaml fields.iban:1:1  this gives VARCHAR[], which cannot become the text that 'iban' is",
      'old/supplier.yaml fields.no:1:7  now() answers differently each time; the same snapshot must give the same rows',
      "old/supplier.yaml filter:1:1  no column 'NUMBER'",
      "supplier.yaml checks.0.when:1:1  no field 'activ' in supplier; did you mean 'active'?",
      'supplier.yaml checks.1.when:1:1  this gives VARCHAR, which is no condition',
      "supplier.yaml checks.2.when:1:1  'no' is of type text and names no record",
    ]);
  });

  it('refuses to compare text with a number, which would round it: 0.04 would be no amount; in sources, checks, controls and rules alike', async () => {
    await snapshot('old', 'supplier', ['NO', 'ACTIVE'], [['S1', '0.04']]);
    const problems = async (filter: string, more: Partial<EntityContract> = {}): Promise<readonly string[]> => {
      const contract = { ...supplier.contract, ...more };
      const one = define(contract, { system: 'old', entity: 'supplier', from: 's', filter, fields: { no: 'NO', active: "'true'", iban: "'x'" } });
      return mapCapability(request([one]), ports).then(
        () => [],
        (error: unknown) => (error as CutoverError).details,
      );
    };
    const whole = ['ACTIVE <> 0', '-1 = ACTIVE', 'trim(ACTIVE) IN (1, 2)', 'CASE ACTIVE WHEN 1 THEN true END', "NO = 'S1' AND 0 <> coalesce(ACTIVE, '0')"];
    const others = ['ACTIVE = 0.0', 'nullif(ACTIVE, 0) IS NULL', 'ACTIVE = TRY_CAST(NO AS INTEGER)'];
    for (const filter of [...whole, ...others])
      expect(await problems(filter), filter).toEqual([expect.stringContaining('filter:1:1  text is compared with a number here')]);
    const elsewhere = {
      checks: [{ name: 'a', severity: 'error', when: 'iban <> 0', measure: 'case no when 0 then 1 else 0 end', hint: 'h' }],
      controls: [{ name: 'c', measure: 'count', by: { zero: 'no = 0' } }],
      explained: [{ class: 'e', when: 'odoo.no = 0', reason: 'r', field: 'iban' }],
    } as Partial<EntityContract>;
    expect((await problems('true', elsewhere)).map((problem) => problem.replace(/:1:1 .*?(text is compared).*/, ' $1'))).toEqual(
      ['checks.0.measure', 'checks.0.when', 'controls.0.by.zero', 'explained.0.when'].map((place) => `supplier.yaml ${place} text is compared`),
    );
    const right = ["ACTIVE <> '0'", 'TRY_CAST(ACTIVE AS DECIMAL(9,2)) <> 0', 'length(ACTIVE) = 4', "ACTIVE IS NOT NULL AND substr(ACTIVE, 1, 1) = '0'"];
    for (const filter of right) expect(await problems(filter), filter).toEqual([]);
  });

  it('says what has not been pulled', async () => {
    await expect(mapCapability(request([supplier, order]), ports)).rejects.toMatchObject({
      code: 'E_NO_SNAPSHOT',
      details: ['old supplier', 'old purchase_order'],
      hint: 'cutover pull old',
    });
  });

  it('cannot read another file even if an expression got past the parser', async () => {
    await snapshot('old', 'supplier', ['NO', 'ACTIVE', 'IBAN'], [['S1', '0', 'x']]);
    const locked = await ports.openPlane();
    await locked.lockDown([directory]);
    await expect(locked.rows("SELECT * FROM read_text('/etc/passwd')")).rejects.toThrow();
    await locked.close();
  });
});
