import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProfileResult } from '../../src/domain/results.ts';
import type { Workspace } from '../../src/domain/workspace.ts';
import { profileSystem } from '../../src/workflows/profile/profile.ts';
import { type LegacyWorkspace, legacyWorkspace } from './legacy-workspace.ts';

let workspace: LegacyWorkspace | undefined;
afterEach(() => workspace?.remove());

type Entity = ProfileResult['entities'][number];

async function profile(content: string): Promise<Entity> {
  workspace = await legacyWorkspace({ systems: { wards: { connector: 'files', directory: 'exports' } } });
  await writeFile(join(workspace.directory, 'exports', 'T.csv'), content);
  const { entities } = await profileSystem({ workspace: {} as Workspace, system: 'wards', entity: null }, workspace.ports);
  return entities[0] as Entity;
}

const csv = (header: string, rows: readonly string[]): string => `${header}\n${rows.join('\n')}\n`;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const damageOf = (entity: Entity) => Object.fromEntries(entity.damage.map(({ column, kind, count }) => [`${column} ${kind}`, count]));

describe('a profile', () => {
  it('names what there is when what was asked for is not there', async () => {
    await profile(csv('NO', ['1']));
    const asked = profileSystem({ workspace: {} as Workspace, system: 'wards', entity: 'S.csv' }, (workspace as LegacyWorkspace).ports);
    await expect(asked).rejects.toMatchObject({ code: 'E_USAGE', details: ['There is: T.csv.'], hint: 'cutover profile wards T.csv' });
  });

  it('counts nulls and distinct values, shows range, lengths and patterns', async () => {
    const entity = await profile(csv('NO,QTY,KIND', ['A-001,5,x', 'A-002,10,x', 'B-17,-2.5,', 'AB-3,,y']));
    expect(entity).toMatchObject({ name: 'T.csv', rows: 4, candidateKeys: [['NO']] });
    expect(entity.columns).toMatchObject([
      {
        column: 'NO',
        type: 'VARCHAR',
        nulls: 0,
        distinct: 4,
        minimum: 'A-001',
        maximum: 'B-17',
        shortest: 4,
        longest: 5,
        patterns: [{ pattern: 'A-9', count: 4 }],
      },
      {
        column: 'QTY',
        nulls: 1,
        distinct: 3,
        minimum: '-2.5',
        maximum: '10',
        patterns: [
          { pattern: '9', count: 2 },
          { pattern: '-9.9', count: 1 },
        ],
      },
      { column: 'KIND', nulls: 1, distinct: 2 },
    ]);
    expect(entity.damage).toEqual([]);
  });

  it('proves keys of one and two columns', async () => {
    const rows = numbers(40).map((n) => `${n},${Math.ceil(n / 4)},${n % 4},z`);
    expect((await profile(csv('ID,ORDER,LINE,X', rows))).candidateKeys).toEqual([['ID'], ['ORDER', 'LINE']]);
  });

  it('recognises identifiers by format and check digit', async () => {
    const entity = await profile(
      csv('G,I,E,N,V,M,BAD', [
        '4006381333931,DE89 3704 0044 0532 0130 00,12-3456789,1234567893,DE136695976,a@b.org,4006381333930',
        '96385074,GB82WEST12345698765432,98-7654321,1245319599,ATU13585627,c.d@e.com,96385075',
      ]),
    );
    expect(entity.columns.map(({ identifiers }) => identifiers.map(({ scheme, share }) => `${scheme} ${share}`))).toEqual([
      ['gtin 1'],
      ['iban 1'],
      ['us-ein 1'],
      ['npi 1'],
      ['vat 1'],
      ['email 1'],
      [],
    ]);
  });

  it('never shows a bank account or a mail address, however few there are', async () => {
    const entity = await profile(csv('A,B', ['DE89370400440532013000,a@b.org', 'GB82WEST12345698765432,c.d@e.com']));
    expect(JSON.stringify(entity)).not.toMatch(/3704|WEST|b\.org|c\.d/);
  });

  it('shows patterns instead of values where a column looks personal', async () => {
    const entity = await profile(
      csv(
        'CONTACT_NAME,KIND',
        numbers(30).map((n) => `Jane Doe ${n} ,${n % 2}`),
      ),
    );
    expect(entity.columns[0]).toMatchObject({ minimum: 'A A 9 ', maximum: 'A A 9 ' });
    expect(entity.damage).toMatchObject([{ column: 'CONTACT_NAME', kind: 'blanks-around', count: 30, example: 'A A 9 ' }]);
    expect(JSON.stringify(entity)).not.toContain('Jane');
  });
});

describe('a profile finds extraction damage', () => {
  it.each<[string, string, string[], Record<string, number>]>([
    ['integers written as floats, where some are missing', 'A,B', ['14.0,1.0', ',2.0', '7.0,3.0'], { 'A integer-as-float': 2 }],
    ['words for no value', 'A,B', ['N/A,x', 'NULL,x', 'b,x'], { 'A null-word': 2 }],
    ['errors of a spreadsheet', 'A,B', ['#REF!,x', '####,x', 'b,x'], { 'A formula-error': 2 }],
    ['long numbers in scientific notation', 'A,B', ['4.00638E+12,x', '12345,x'], { 'A scientific-notation': 1 }],
    ['dates as serial numbers', 'DUE_DATE,B', ['43831,x', '44562,x'], { 'DUE_DATE excel-date': 2 }],
    ['a wrong encoding', 'A,B', ['MÃ¼ller,x', 'Cafâ€™e,x', 'ok,x'], { 'A encoding': 2 }],
    ['characters that are lost', 'A,B', ['M\ufffdller,x', 'ok,x'], { 'A lost-characters': 1 }],
    ['several date formats', 'A,B', ['2020-01-31,x', '2020-02-01,x', '31.01.2020,x'], { 'A mixed-date-formats': 1 }],
    ['totals between the rows', 'A,B', ['x,1', 'Total,1', 'Subtotal:,1'], { 'A trailer-row': 2 }],
    ['the header between the rows', 'CODE,QTY', ['x,1', 'CODE,QTY', 'y,2'], { 'CODE header-repeated': 1 }],
    ['rows that cannot be read', 'A,B', ['x,1', 'y', 'z,2'], { '* unreadable-rows': 1 }],
  ])('%s', async (_, header, rows, expected) => {
    expect(damageOf(await profile(csv(header, rows)))).toEqual(expected);
  });

  it('decimal commas', async () => {
    expect(damageOf(await profile(csv('A,B', ['"1.234,50",x', '"7,5",x', '8,x'])))).toEqual({ 'A decimal-comma': 2 });
  });

  it('leading zeros lost from numbers of a fixed length, but not where numbers just count', async () => {
    const zip = numbers(100).map((n) => `${n <= 10 ? 1000 + n * 7 : 10000 + n * 791},${n}`);
    expect(damageOf(await profile(csv('ZIP,N', zip)))).toEqual({ 'ZIP leading-zeros-lost': 10 });
  });

  it('the code NA lost from a list of codes', async () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    const codes = letters.map((letter) => `A${letter},x`);
    expect(damageOf(await profile(csv('CODE,NAME', [...codes, ',Namibia'])))).toEqual({ 'CODE code-na-lost': 1 });
  });

  it("a code for 'not applicable' lost, confirmed by another column", async () => {
    const rows = numbers(100).map((n) => (n % 4 === 0 ? `${n},,0` : `${n},${'ABC'[n % 3]},${(n % 9) + 1}`));
    expect(damageOf(await profile(csv('N,SHELF,BIN', rows)))).toEqual({ 'SHELF not-applicable-lost': 25 });
    const unrelated = numbers(100).map((n) => `${n},${n % 4 === 0 ? '' : 'ABC'[n % 3]},${n % 9}`);
    expect(damageOf(await profile(csv('N,SHELF,BIN', unrelated)))).toEqual({});
  });
});

const adventureWorks = resolve(import.meta.dirname, '../../../shared/data/adventureworks');

describe.skipIf(!existsSync(adventureWorks))('the raw export of AdventureWorks (skipped where ../shared/data is absent)', () => {
  it("shows the country code NA lost once, the shelf N/A lost 290 times, and '14.0' for integers", async () => {
    const columns = JSON.parse(await readFile(join(adventureWorks, 'columns.json'), 'utf8')) as Record<string, string[]>;
    workspace = await legacyWorkspace({
      systems: { raw: { connector: 'files', directory: join(adventureWorks, 'data'), delimiter: '\t', header: false, columns } },
    });
    const counts: Record<string, number> = {};
    for (const entity of ['CountryRegion', 'ProductInventory', 'Product', 'ProductVendor', 'BillOfMaterials']) {
      const result = await profileSystem({ workspace: {} as Workspace, system: 'raw', entity: `${entity}.csv` }, workspace.ports);
      for (const { kind, count } of result.entities[0]?.damage ?? []) {
        if (kind === 'blanks-around') continue;
        counts[`${entity} ${kind}`] = (counts[`${entity} ${kind}`] ?? 0) + count;
      }
    }
    expect(counts).toEqual({
      'CountryRegion code-na-lost': 1,
      'ProductInventory not-applicable-lost': 290,
      'Product integer-as-float': 590,
      'ProductVendor integer-as-float': 155,
      'BillOfMaterials integer-as-float': 2576,
    });
  });
});
