import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataRow } from '../../domain/ports.ts';
import { latestMatch } from '../sides/latest-match.ts';
import { Laboratory, type ReconcileWorld, type WorldDescription } from './reconcile-world.fixture.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

/** Suppliers of two systems: name of both, city of stores alone, amount of meditrack alone. */
const suppliers: WorldDescription = {
  fields: { 'res.partner': { ref: 'char', name: 'char', city: 'char', limit: 'float', parent_id: 'many2one res.partner' } },
  entities: [
    {
      contract: {
        entity: 'supplier',
        version: 1,
        key: ['no'],
        fields: {
          no: { type: 'text', required: true },
          name: { type: 'text' },
          city: { type: 'text' },
          limit: { type: 'money' },
          parent: { type: 'ref', entity: 'supplier' },
        },
        controls: [
          { name: 'suppliers', measure: 'count' },
          { name: 'limits', measure: 'limit' },
        ],
        odoo: {
          model: 'res.partner',
          scope: [['ref', '!=', false]],
          fields: { no: { field: 'ref', compare: false }, name: 'name', city: 'city', limit: 'limit', parent: 'parent_id' },
        },
      },
      sources: [
        { system: 'meditrack', entity: 'supplier', from: 'V', fields: { no: 'no', name: 'name', limit: 'amount', parent: 'parent' } },
        { system: 'stores', entity: 'supplier', from: 'S', fields: { no: 'no', name: 'name', city: 'city' } },
      ],
    },
  ],
};
const same = (left: string, right: string) => ({ entity: 'supplier', left, right, decision: 'same' as const });
const different = (left: string, right: string) => ({ entity: 'supplier', left, right, decision: 'different' as const });
const vendor = (no: string, more: Record<string, string> = {}) => ({ no, name: no, amount: '1', parent: null, ...more });

/** Records as `system/key class #odoo origin provenance → leader`. */
async function records(world: ReconcileWorld): Promise<string[]> {
  const comparison = await world.compare();
  const rows = await world.rows<DataRow>(`SELECT * FROM read_parquet('${comparison.entities[0]?.records}') ORDER BY _system, _key`);
  return rows.map((row) =>
    [
      `${row._system}/${row._key} ${row._class}`,
      row._odoo_id === null ? '' : ` #${row._odoo_id}`,
      row._origin === null ? '' : ` ${row._origin} ${row._provenance}`,
      row._leader_key === null ? '' : ` → ${row._leader_system}/${row._leader_key}`,
    ].join(''),
  );
}

describe('a link proposed by match', () => {
  it('is compared as a link, and what is decided or linked meanwhile comes before it', async () => {
    const matchDecisions = [different('meditrack/B', 'odoo/2'), same('meditrack/C', 'odoo/30'), different('odoo/8', 'meditrack/W')];
    const world = await laboratory.world({ ...suppliers, matchDecisions });
    await world.legacy(
      'meditrack',
      'supplier',
      [...'ABCDEW'].map((no) => vendor(no)),
    );
    await world.legacy('stores', 'supplier', [{ no: 'S', name: 'S', city: 'Ghent' }]);
    await world.odoo(
      'supplier',
      [1, 2, 3, 30, 4, 8].map((id) => ({ id, ref: `odoo ${id}`, name: id === 1 ? 'A' : 'other', limit: '1' })),
    );
    await world.link('supplier', 'meditrack', { E: 4 });
    await world.link('supplier', 'meditrack', { W: 8 }, { provenance: 'score' });
    await world.matched({
      supplier: {
        links: [
          ['meditrack', 'A', 1, 'identifier', 24_000],
          ['stores', 'S', 1, 'score', 30_000],
          ['meditrack', 'B', 2, 'key', null],
          ['meditrack', 'C', 3, 'score', 9_000],
          ['meditrack', 'D', 4, 'score', 9_000],
          ['meditrack', 'gone', 3, 'score', 9_000],
          ['stores', 'S', 99, 'score', 9_000],
        ],
      },
    });
    expect(await records(world)).toEqual([
      'meditrack/A linked #1 match identifier',
      'meditrack/B only-legacy',
      'meditrack/C linked #30 decision decision',
      'meditrack/D only-legacy',
      'meditrack/E linked #4',
      'meditrack/W only-legacy',
      'odoo/odoo 2 only-odoo #2',
      'odoo/odoo 3 only-odoo #3',
      'odoo/odoo 8 only-odoo #8',
      'stores/S only-legacy',
    ]);
    const comparison = await world.compare();
    expect(await world.breaks(comparison, 'supplier')).toEqual(
      expect.arrayContaining(['C value name C→other never-agreed', 'E value name E→other never-agreed', 'B only-legacy']),
    );
  });

  it('gives way to a person who says it is another record, also once it is in the crosswalk', async () => {
    const world = await laboratory.world({ ...suppliers, matchDecisions: [same('odoo/2', 'meditrack/A')] });
    await world.legacy('meditrack', 'supplier', [vendor('A')]);
    await world.legacy('stores', 'supplier', [], ['no', 'name', 'city']);
    await world.odoo('supplier', [
      { id: 1, ref: 'one', name: 'A', limit: '1' },
      { id: 2, ref: 'two', name: 'A', limit: '1' },
    ]);
    await world.link('supplier', 'meditrack', { A: 1 }, { provenance: 'identifier' });
    expect(await records(world)).toEqual(['meditrack/A linked #2 decision decision', 'odoo/one only-odoo #1']);
  });
});

describe('legacy records that are one thing', () => {
  it('follow the one that is linked to Odoo longest, and say only what it does not', async () => {
    const world = await laboratory.world(suppliers);
    await world.legacy('meditrack', 'supplier', [
      vendor('V1', { name: 'Acme', amount: '10' }),
      vendor('V2', { name: 'ACME Ltd', amount: '7' }),
      vendor('V3', { parent: 'V1' }),
    ]);
    await world.legacy('stores', 'supplier', [
      { no: 'S1', name: 'Acme Inc', city: 'Ghent' },
      { no: 'S2', name: 'acme', city: 'Bruges' },
    ]);
    await world.odoo('supplier', [
      { id: 7, ref: 'V2', name: 'ACME Ltd', limit: '7', city: 'Antwerp' },
      { id: 8, ref: 'V3', name: 'V3', limit: '1', parent_id: 7 },
    ]);
    await world.link('supplier', 'meditrack', { V2: 7, V3: 8 }, { validFrom: '2025-01-01T00:00:00.000Z' });
    await world.link('supplier', 'meditrack', { V1: 7 }, { provenance: 'external-id', validFrom: '2025-12-01T00:00:00.000Z' });
    await world.link('supplier', 'stores', { S1: 7, S2: 7 });
    const result = await world.reconcile();
    expect(result.verdict).toBe('BREAKS');
    expect(await world.breaks(await world.compare(), 'supplier')).toEqual(['S1 value city Ghent→Antwerp never-agreed']);
    expect(result.controls.map(({ name, legacy, odoo, classes, residual }) => ({ name, legacy, odoo, classes, residual }))).toEqual([
      { name: 'suppliers', legacy: '5', odoo: '2', classes: { joined: '3' }, residual: '0' },
      { name: 'limits', legacy: '18', odoo: '8', classes: { joined: '10' }, residual: '0' },
    ]);
    expect(result.coverage).toContainEqual({ entity: 'supplier', field: null, reason: 'follows-another', rows: 3, sum: null });
    expect(await records(world)).toEqual([
      'meditrack/V1 linked #7 → meditrack/V2',
      'meditrack/V2 linked #7',
      'meditrack/V3 linked #8',
      'stores/S1 linked #7 → meditrack/V2',
      'stores/S2 linked #7 → meditrack/V2',
    ]);
  });

  it('keep the record of Odoo while one of them is there; the next one leads when the first is gone', async () => {
    const world = await laboratory.world(suppliers);
    await world.legacy('meditrack', 'supplier', [vendor('V1', { name: 'Acme' })]);
    await world.legacy('stores', 'supplier', [{ no: 'S1', name: 'ACME', city: 'Ghent' }]);
    await world.odoo('supplier', [{ id: 7, ref: 'V1', name: 'Acme', limit: '1', city: 'Ghent' }]);
    await world.link('supplier', 'meditrack', { V1: 7 });
    await world.link('supplier', 'stores', { S1: 7 });
    expect(await world.breaks(await world.compare(), 'supplier')).toEqual([]);
    await world.legacy('stores', 'supplier', [], ['no', 'name', 'city']);
    expect(await world.breaks(await world.compare(), 'supplier')).toEqual([]);
    await world.legacy('stores', 'supplier', [{ no: 'S1', name: 'ACME', city: 'Ghent' }]);
    await world.legacy('meditrack', 'supplier', [], ['no', 'name', 'amount', 'parent']);
    expect(await world.breaks(await world.compare(), 'supplier')).toEqual(['S1 value name ACME→Acme never-agreed']);
    await world.legacy('stores', 'supplier', [], ['no', 'name', 'city']);
    expect(await world.breaks(await world.compare(), 'supplier')).toEqual(['V1 missing-in-legacy']);
  });

  it('are joined by decision before any of them is in Odoo, and to what one of them is in Odoo', async () => {
    const matchDecisions = [
      same('stores/S1', 'meditrack/V1'),
      same('meditrack/V2', 'stores/S2'),
      same('stores/S3', 'meditrack/V3'),
      same('stores/S9', 'meditrack/V3'),
    ];
    const world = await laboratory.world({ ...suppliers, matchDecisions });
    await world.legacy('meditrack', 'supplier', [vendor('V1'), vendor('V2'), vendor('V3')]);
    await world.legacy('stores', 'supplier', [
      { no: 'S1', name: 'S1', city: 'Ghent' },
      { no: 'S2', name: 'S2', city: 'Ghent' },
      { no: 'S3', name: 'S3', city: 'Ghent' },
    ]);
    await world.odoo('supplier', [
      { id: 2, ref: 'S2', name: 'V2', limit: '1' },
      { id: 3, ref: 'S3', name: 'x', limit: '1' },
    ]);
    await world.matched({ supplier: { links: [['stores', 'S2', 2, 'key', null]] } });
    expect(await records(world)).toEqual([
      'meditrack/V1 only-legacy',
      'meditrack/V2 linked #2 joined decision',
      'meditrack/V3 exists-unlinked #3',
      'stores/S1 only-legacy → meditrack/V1',
      'stores/S2 linked #2 match key → meditrack/V2',
      'stores/S3 only-legacy → meditrack/V3',
    ]);
    const result = await world.reconcile();
    expect(result.controls[0]).toMatchObject({ legacy: '6', odoo: '2', classes: { joined: '3', 'only-legacy': '1' }, residual: '0' });
    expect(result.coverage).toContainEqual({ entity: 'supplier', field: null, reason: 'follows-another', rows: 3, sum: null });
  });
});

describe('a decision on a duplicate', () => {
  it('joins its records while they are what they were, or holds them apart', async () => {
    const said = (conflict: string, decision: 'same' | 'different', value_hash: string) => ({ entity: 'supplier', conflict, decision, value_hash });
    const matchDecisions = [said('one', 'same', 'hash'), said('two', 'same', 'old'), said('three', 'different', ''), said('four', 'same', '')];
    const world = await laboratory.world({ ...suppliers, matchDecisions });
    await world.legacy(
      'meditrack',
      'supplier',
      [...'ABCDEF'].map((no) => vendor(no)),
    );
    await world.legacy('stores', 'supplier', [{ no: 'S', name: 'S', city: 'Ghent' }]);
    await world.odoo('supplier', [
      { id: 7, ref: 'seven', name: 'A', limit: '1' },
      { id: 8, ref: 'eight', name: 'E', limit: '1' },
    ]);
    const duplicate = (id: string, ...records: [string | null, string | null, number | null][]) => ({ id, class: 'duplicate-record', records });
    await world.matched({
      supplier: {
        links: [['meditrack', 'E', 8, 'score', 9_000]],
        conflicts: [
          duplicate('one', ['meditrack', 'A', null], ['stores', 'S', null], [null, null, 7]),
          duplicate('two', ['meditrack', 'B', null], ['meditrack', 'C', null]),
          duplicate('three', ['meditrack', 'E', null], [null, null, 8]),
          {
            id: 'four',
            class: 'shared-identifier',
            field: 'no',
            records: [
              ['meditrack', 'D', null],
              ['meditrack', 'F', null],
            ],
          },
        ],
      },
    });
    expect(await records(world)).toEqual([
      'meditrack/A linked #7 decision decision',
      ...[...'BCDEF'].map((no) => `meditrack/${no} only-legacy`),
      'odoo/eight only-odoo #8',
      'stores/S linked #7 decision decision → meditrack/A',
    ]);
  });
});

describe('the latest match', () => {
  it('is none where none was run or its files are gone, and refused where another version wrote it', async () => {
    const world = await laboratory.world(suppliers);
    const { ports, uuid } = world;
    expect(await latestMatch(ports, uuid, 'procurement')).toBeNull();
    await world.matched({ supplier: {} });
    const found = await latestMatch(ports, uuid, 'procurement');
    expect(found?.entities.supplier?.links).toBe(join(await ports.runs.runDirectory(found?.runId ?? ''), 'supplier.links.parquet'));
    await world.matched({}, { entities: { supplier: { links: 'pruned.parquet', conflicts: null } } });
    expect(await latestMatch(ports, uuid, 'procurement')).toBeNull();
    await world.matched({}, { format: 'cutover-match/2' as 'cutover-match/1' });
    await expect(latestMatch(ports, uuid, 'procurement')).rejects.toMatchObject({ code: 'E_MATCH_STALE', hint: 'cutover match procurement' });
  });
});
