import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDecisions } from '../../adapters/workspace/read-decisions.ts';
import type { Mistakes } from '../../domain/mistakes.ts';
import type { Ports } from '../../domain/ports.ts';
import type { WorklistDecision } from '../../domain/report.ts';
import { Laboratory, type ReconcileWorld } from '../reconcile/reconcile-world.fixture.ts';
import { breaksOf, type JudgedRow, pull, suppliers, told } from '../reconcile/suppliers-world.fixture.ts';
import { withRows } from './decision-file.ts';
import { importDecisions } from './import-decisions.ts';
import { listDecisions } from './list-decisions.ts';
import { waiveBreaks } from './waive-breaks.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

/** V1 differs in its city, V2 in an account (pii), V3 is only in the legacy system, V4 is in Odoo and not linked. */
async function worldWithBreaks(ports: Partial<Ports> = {}): Promise<{ world: ReconcileWorld; rows: JudgedRow[] }> {
  const world = await laboratory.world(suppliers());
  mkdirSync(join(world.workspace.directory, 'decisions'), { recursive: true });
  const both = { V1: { city: 'Ghent' }, V2: { iban: 'DE02120300000000202051' }, V4: {} };
  await pull(world, { ...both, V3: {} }, { V1: { city: 'Gent' }, V2: { iban: null }, V4: {} }, ['V1', 'V2']);
  return { world, rows: await breaksOf(world, await world.night(ports)) };
}

const named = (rows: readonly JudgedRow[], name: string): JudgedRow => rows.find((row) => `${row.key} ${row.rule}` === name) as JudgedRow;

async function waive(world: ReconcileWorld, breaks: readonly string[], how: { readonly reason?: string; readonly until?: string; readonly by?: string } = {}) {
  const { workspace, capability, asOf } = world;
  return await waiveBreaks({ workspace, capability, breaks, asOf, reason: 'a known spelling', until: '2026-03-31', by: 'sue', ...how }, world.ports);
}

/** As the next command reads them. */
async function reread(world: ReconcileWorld): Promise<void> {
  const mistakes: Mistakes = [];
  const names = { entities: ['supplier'], systems: ['meditrack', 'stores', 'odoo'], odoo: 'odoo' };
  world.workspace = { ...world.workspace, ...(await readDecisions(world.workspace.directory, names, mistakes)) };
  expect(mistakes).toEqual([]);
}

const fileOf = (world: ReconcileWorld, name: string): string => join(world.workspace.directory, 'decisions', name);

describe('waive', () => {
  it('writes what the next night obeys, once', async () => {
    const { world, rows } = await worldWithBreaks();
    const { id } = named(rows, 'V1 city');
    const result = await waive(world, [id.slice(0, 8).toUpperCase(), id], { reason: ' spelled, as ever, "Gent" ' });
    expect(result).toEqual({
      file: fileOf(world, 'breaks.csv'),
      waived: [{ break: id, entity: 'supplier', key: 'V1', rule: 'city', until: '2026-03-31' }],
      alreadyThere: [],
    });
    expect(statSync(fileOf(world, 'breaks.csv')).mode & 0o777).toBe(0o600);
    await reread(world);
    expect(await told(world, await world.night())).toContain('V1 city value waived new 1');
    expect(await waive(world, [id], { reason: 'spelled, as ever, "Gent"', by: 'joe' })).toEqual({ file: null, waived: [], alreadyThere: [id] });
    expect(await waive(world, [id], { until: '2026-06-30' })).toMatchObject({ alreadyThere: [], waived: [{ until: '2026-06-30' }] });
    await reread(world);
    const { workspace, capability, asOf } = world;
    expect(await listDecisions({ workspace, capability, asOf }, world.ports)).toEqual([
      {
        ...{ break: id, entity: 'supplier', key: 'V1', field: 'city', decision: 'waive', by: 'sue', reason: 'a known spelling', until: '2026-06-30' },
        ...{ daysLeft: 179, state: 'applies', problem: null, file: 'decisions/breaks.csv', line: 3 },
      },
    ]);
  });

  it('writes nothing when anything about it is off', async () => {
    const { world, rows } = await worldWithBreaks();
    const { id } = named(rows, 'V1 city');
    const wrong = (id.startsWith('0') ? '1' : '0') + id.slice(1);
    await expect(waive(world, [id, wrong])).rejects.toMatchObject({ code: 'E_BREAK_UNKNOWN', message: expect.stringContaining(`did you mean ${id}?`) });
    await expect(waive(world, [id.slice(0, 5)])).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(waive(world, ['V1'])).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringContaining('not the id of a break') });
    await expect(waive(world, [])).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(waive(world, [id], { until: '2026-01-01' })).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringContaining('has passed') });
    await expect(waive(world, [id], { until: 'soon' })).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(waive(world, [id], { reason: ' ' })).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(waive(world, [id], { by: '' })).rejects.toMatchObject({ code: 'E_USAGE' });
    const secret = waive(world, [id, named(rows, 'V2 iban').id]);
    await expect(secret).rejects.toMatchObject({ code: 'E_CONFIG', message: expect.not.stringContaining('DE02') });
    await expect(world.ports.runs.exists(fileOf(world, 'breaks.csv'))).resolves.toBe(false);
    const fresh = await laboratory.world(suppliers());
    await expect(waive(fresh, [id])).rejects.toMatchObject({ code: 'E_BREAK_UNKNOWN', hint: 'cutover reconcile procurement' });
  });

  it('binds values of pii fields by their keyed hash', async () => {
    const key = { piiKey: async () => 'a key' };
    const { world, rows } = await worldWithBreaks(key);
    await waive(world, [named(rows, 'V2 iban').id]);
    await reread(world);
    expect(await told(world, await world.judge({ ports: key }))).toContain('V2 iban missing-value waived new 1');
    expect(readFileSync(fileOf(world, 'breaks.csv'), 'utf8')).not.toContain('DE02');
  });
});

describe('an import of decisions', () => {
  const rowOf = (row: number, one: JudgedRow, parts: Partial<WorklistDecision>): WorklistDecision => ({
    ...{ row, break: one.id, decision: 'waive', by: '', reason: 'seen', until: '2026-03-31', valueHash: one.value_hash ?? '' },
    ...parts,
  });
  const bring = async (world: ReconcileWorld, rows: readonly WorklistDecision[], partial = false) => {
    const { workspace, capability, asOf } = world;
    return await importDecisions({ workspace, capability, rows, by: 'joe', asOf, partial }, world.ports);
  };

  it('adds what was decided to the files, and finds it there the next time', async () => {
    const { world, rows } = await worldWithBreaks();
    const [city, only, unlinked] = [named(rows, 'V1 city'), named(rows, 'V3 only-legacy'), named(rows, 'V4 exists-unlinked')];
    const filled = [
      rowOf(2, city, { decision: ' Odoo ', until: '', by: 'sue' }),
      rowOf(3, only, {}),
      rowOf(4, unlinked, { decision: 'same', until: '' }),
      rowOf(5, city, { decision: '' }),
    ];
    const first = await bring(world, filled);
    expect(first).toEqual({
      applied: [
        { row: 2, break: city.id, decision: 'odoo', entity: 'supplier' },
        { row: 3, break: only.id, decision: 'waive', entity: 'supplier' },
        { row: 4, break: unlinked.id, decision: 'same', entity: 'supplier' },
      ],
      ...{ alreadyThere: [], refused: [], undecided: 1 },
      files: [fileOf(world, 'breaks.csv'), fileOf(world, 'links.csv')],
    });
    await reread(world);
    expect(world.workspace.breakDecisions.map(({ by, key, field, decision, problem }) => [by, key, field, decision, problem])).toEqual([
      ['sue', 'V1', 'city', 'odoo', null],
      ['joe', 'V3', '', 'waive', null],
    ]);
    expect(world.workspace.linkDecisions).toMatchObject([{ entity: 'supplier', system: 'meditrack', key: 'V4', odoo: '4', decision: 'same', by: 'joe' }]);
    const again = await bring(world, filled);
    expect(again).toMatchObject({ applied: [], refused: [], files: [] });
    expect(again.alreadyThere.map(({ row }) => row)).toEqual([2, 3, 4]);
    expect(await told(world, await world.judge())).toEqual([
      'V1 city value open new 1',
      'V2 iban missing-value open new 1',
      'V3 only-legacy only-legacy waived new 1',
    ]);
  });

  it('refuses each row that is off with its reason, and writes all or nothing unless told otherwise', async () => {
    const { world, rows } = await worldWithBreaks();
    const [city, iban, only, unlinked] = ['V1 city', 'V2 iban', 'V3 only-legacy', 'V4 exists-unlinked'].map((name) => named(rows, name)) as [
      JudgedRow,
      JudgedRow,
      JudgedRow,
      JudgedRow,
    ];
    const filled = [
      rowOf(2, only, {}),
      rowOf(3, city, { valueHash: '0123456789abcdef' }),
      rowOf(4, city, { valueHash: '' }),
      rowOf(5, city, { break: '0123456789abcdef' }),
      rowOf(6, city, { decision: 'wave' }),
      rowOf(7, city, { until: '2025-12-31' }),
      rowOf(8, city, { until: '' }),
      rowOf(9, city, { reason: '' }),
      rowOf(10, city, { decision: 'same' }),
      rowOf(11, unlinked, { decision: 'legacy' }),
      rowOf(12, iban, { valueHash: '0123456789abcdef' }),
      rowOf(13, only, { decision: 'odoo' }),
      rowOf(14, only, {}),
    ];
    const result = await bring(world, filled);
    expect(result.refused.map(({ row, reason }) => `${row} ${reason}`)).toEqual([
      '3 stale: the values have changed since the worklist was made',
      '4 value_hash is empty: it says which values the decision was made on',
      '5 no break of the latest reconcile has this id',
      "6 decision must be one of waive, legacy, odoo, same, different; did you mean 'waive'?",
      '7 until 2025-12-31 has passed: it is 2026-01-02',
      '8 until is empty: a waiver has an end',
      '9 reason is empty',
      '10 same is said of a record that looks the same as one of Odoo, and this is value',
      '11 exists-unlinked: no side can hold here; mend it, or waive it',
      '12 its values are marked pii, and without a pii_key a decision cannot be bound to them',
      '13 row 2 decides the same break otherwise',
    ]);
    expect(result).toMatchObject({ applied: [{ row: 2 }], alreadyThere: [{ row: 14 }], files: [] });
    expect(await bring(world, filled, true)).toMatchObject({ applied: [{ row: 2 }], files: [fileOf(world, 'breaks.csv')] });
    await reread(world);
    expect(world.workspace.breakDecisions).toHaveLength(1);
  });

  it('does not say of two records what the files deny', async () => {
    const { world, rows } = await worldWithBreaks();
    const unlinked = named(rows, 'V4 exists-unlinked');
    const links = (decision: string, odoo: string) => `entity,system,key,odoo,decision,by,at\nsupplier,meditrack,V4,${odoo},${decision},sue,2026-01-01\n`;
    for (const [decision, odoo] of [
      ['different', '4'],
      ['same', '9'],
    ] as const) {
      writeFileSync(fileOf(world, 'links.csv'), links(decision, odoo));
      await reread(world);
      const { refused } = await bring(world, [rowOf(2, unlinked, { decision: 'same' })]);
      expect(refused).toMatchObject([{ row: 2, reason: `decisions/links.csv says ${decision} of it and ${odoo}: take that row out first` }]);
    }
  });
});

describe('a file of decisions', () => {
  const of = { file: 'decisions/breaks.csv', columns: ['break', 'reason'] };

  it('keeps its columns, their order and its line ends', () => {
    expect(withRows(null, [{ break: 'a', reason: 'b, c' }], of)).toBe('break,reason\na,"b, c"\n');
    expect(withRows('\uFEFFreason,"break",more\r\nx,y,z', [{ break: 'a', reason: 'b' }], of)).toBe('\uFEFFreason,"break",more\r\nx,y,z\r\nb,a,\r\n');
  });

  it('is left alone when it lacks a column', () => {
    expect(() => withRows('break\nx\n', [{ break: 'a' }], of)).toThrow(/has no column reason/);
  });
});
