import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CutoverError } from '../../domain/errors.ts';
import type { PlanAction } from '../../domain/plan.ts';
import type { PlanResult } from '../../domain/results.ts';
import { mapCapability } from '../map/map.ts';
import { Laboratory, type ReconcileWorld, type WorldDescription } from '../reconcile/reconcile-world.fixture.ts';
import { planCapability } from './plan.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

type Check = Record<string, unknown>;
const balances: Check = {
  ...{ name: 'balances', severity: 'error', refuse: true, sums: { rest: 'entry_line.amount' } },
  ...{ when: 'rest <> 0', measure: 'rest', hint: 'Complete the entry.' },
};
const small: Check = { name: 'small', refuse: true, when: 'abs(amount) > 1000', hint: 'Split it.' };

function entries(checks: readonly Check[], lineChecks: readonly Check[] = []): WorldDescription {
  const fields = {
    'account.move': { ref: 'char', line_ids: 'one2many account.move.line' },
    'account.move.line': { name: 'char', balance: 'float', move_id: 'many2one account.move' },
  };
  const entry = {
    ...{ entity: 'entry', version: 1, key: ['no'], checks },
    fields: { no: { type: 'text', required: true }, day: { type: 'text' } },
    odoo: { model: 'account.move', fields: { no: 'ref' } },
  };
  const line = {
    ...{ entity: 'entry_line', version: 1, parent: 'entry', key: ['entry', 'no'], checks: lineChecks },
    fields: { entry: { type: 'ref', entity: 'entry', required: true }, no: { type: 'text', required: true }, amount: { type: 'money', required: true } },
    odoo: { model: 'account.move.line', in: 'line_ids', parent_field: 'move_id', fields: { entry: 'move_id', no: 'name', amount: 'balance' } },
  };
  return {
    fields,
    entities: [
      { contract: entry, sources: [{ system: 'ledger', entity: 'entry', from: 'E', row: "'entry ' || no", fields: { no: 'no' } }], lines: ['entry_line'] },
      {
        contract: line,
        sources: [{ system: 'ledger', entity: 'entry_line', from: 'L', row: "'line ' || no", fields: { entry: 'entry', no: 'no', amount: 'amount' } }],
      },
    ],
  } as unknown as WorldDescription;
}

async function worldOf(description: WorldDescription, lines: readonly (readonly [string, string | null, string])[]): Promise<ReconcileWorld> {
  const world = await laboratory.world(description);
  const documents = [...new Set(lines.map(([entry]) => entry))].map((no) => ({ no }));
  await world.legacy('ledger', 'entry', [...documents, { no: 'empty' }], ['no']);
  await world.legacy(
    'ledger',
    'entry_line',
    lines.map(([entry, no, amount]) => ({ entry, no, amount })),
    ['entry', 'no', 'amount'],
  );
  await world.odoo('entry', []);
  await world.odoo('entry_line', []);
  return world;
}

let runs = 0;
async function plan({ workspace, capability, ...world }: ReconcileWorld): Promise<{ result: PlanResult; actions: PlanAction[] }> {
  runs += 1;
  const file = join(world.laboratory.directory, `refused-${runs}.plan`);
  const request = { workspace, capability, asOf: '2026-11-23T00:00:00Z', runId: `plan-refused-${runs}`, nonce: `${runs}`.padStart(32, '0'), file };
  const result = await planCapability(request, world.ports);
  const [, ...rest] = readFileSync(file, 'utf8').trim().split('\n');
  return { result, actions: rest.slice(0, -1).map((line) => JSON.parse(line) as PlanAction) };
}

const lines = [
  ['A', '1', '0.10'],
  ['A', '2', '0.20'],
  ['A', '3', '-0.30'],
  ['B', '1', '100.00'],
  ['B', '2', '-99.99'],
] as const;

describe('a rule that refuses', () => {
  it('keeps a document out of the plan whose lines do not sum up, names its source row, and leaves the rest as it is', async () => {
    const { result, actions } = await plan(await worldOf(entries([balances]), lines));
    expect(actions.map(({ key, action, reason }) => [key, action, reason])).toEqual([
      ['A', 'create', null],
      ['B', 'refuse', 'breaks the rule balances: Complete the entry (source row entry B in E)'],
      ['empty', 'create', null],
    ]);
    expect(actions[1]?.lines.map((line) => line.action)).toEqual(['refuse', 'refuse']);
    expect(result.refusals).toEqual([{ entity: 'entry', reason: 'breaks the rule balances: Complete the entry', count: 1, rows: ['entry B in E'] }]);
  });

  it('keeps a document out for one of its lines', async () => {
    const { actions } = await plan(await worldOf(entries([], [small]), [...lines, ['A', '4', '1000.01']]));
    expect(actions.map(({ key, action }) => [key, action])).toEqual([
      ['A', 'refuse'],
      ['B', 'create'],
      ['empty', 'create'],
    ]);
    expect(actions[0]?.reason).toBe('a line is refused: breaks the rule small: Split it (source row line 4 in L)');
  });

  it('refuses nothing where the same rule is only told', async () => {
    const { actions } = await plan(await worldOf(entries([{ ...balances, refuse: false }]), lines));
    expect(new Set(actions.map(({ action }) => action))).toEqual(new Set(['create']));
  });
});

describe('a rule of what is not bound to Odoo', () => {
  it('keeps out the records that refer to what breaks it, whose row is named, and no other', async () => {
    const description = entries([]);
    const [entry, line] = description.entities as unknown as [{ contract: Check & { fields: Check }; sources: [{ fields: Check }] }, object];
    const total = {
      contract: {
        ...{ entity: 'total', version: 1, key: ['day'] },
        fields: { day: { type: 'text', required: true }, amount: { type: 'money', required: true } },
        checks: [{ name: 'ties', refuse: true, sums: { entries: 'entry.amount' }, when: 'amount <> entries', hint: 'Find the entry.' }],
      },
      sources: [{ system: 'ledger', entity: 'total', from: 'T', row: "'total ' || day", fields: { day: 'day', amount: 'amount' } }],
    };
    Object.assign(entry.contract.fields, { total: { type: 'ref', entity: 'total' }, amount: { type: 'money' } });
    Object.assign(entry.sources[0].fields, { total: 'total', amount: 'amount' });
    const world = await laboratory.world({ ...description, entities: [total, entry, line] } as unknown as WorldDescription);
    const rows: readonly (readonly [string, string | null, string])[] = [
      ['A', 'mon', '5.00'],
      ['B', 'mon', '7.01'],
      ['C', 'tue', '3.00'],
      ['D', null, '1.00'],
    ];
    const entriesOf = rows.map(([no, day, amount]) => ({ no, total: day, amount }));
    await world.legacy(
      'ledger',
      'total',
      [
        { day: 'mon', amount: '12.00' },
        { day: 'tue', amount: '3.00' },
      ],
      ['day', 'amount'],
    );
    await world.legacy('ledger', 'entry', entriesOf, ['no', 'total', 'amount']);
    await world.legacy('ledger', 'entry_line', [], ['entry', 'no', 'amount']);
    await world.odoo('entry', []);
    await world.odoo('entry_line', []);
    const broken = 'breaks the rule ties: Find the entry (source row total mon in T)';
    expect((await plan(world)).actions.map(({ key, reason }) => [key, reason])).toEqual([
      ['A', broken],
      ['B', broken],
      ['C', null],
      ['D', null],
    ]);
  });
});

describe('a document with a line that cannot be read', () => {
  it('is refused whole, and so is one with two lines of the same key, or with a line that has none', async () => {
    const unread = [
      ['A', '1', '0.10'],
      ['A', '2', 'ten'],
      ['B', '1', '100.00'],
      ['B', '1', '-99.99'],
      ['C', null, '5.00'],
      ['D', '1', '1.00'],
    ] as const;
    const { actions, result } = await plan(await worldOf(entries([]), unread));
    expect(actions.map(({ key, action, reason, lines: own }) => [key, action, reason, own.map((line) => line.key)])).toEqual([
      ['A', 'refuse', 'a line is refused: the legacy row was rejected by the mapping (amount: not-of-type) (source row line 2 in L)', ['A/1', 'A/2']],
      ['B', 'refuse', 'a line is refused: its key is not unique in the legacy system (source row line 1, line 1 in L)', ['B/1']],
      [
        'C',
        'refuse',
        'a line is refused: the legacy row was rejected by the mapping (no: null-key) (source row 5 in L)',
        [expect.stringMatching(/^row line|^row \d+$/)],
      ],
      ['D', 'create', null, ['D/1']],
      ['empty', 'create', null, []],
    ]);
    expect(result.refusals.filter(({ entity }) => entity === 'entry').map(({ count }) => count)).toEqual([1, 1, 1]);
  });
});

describe('sums over the lines of a document', () => {
  it('are exact, and 0 where there are no lines', async () => {
    const world = await worldOf(
      entries([balances, { name: 'empty', sums: { total: 'entry_line.amount' }, when: "total = 0 and no = 'empty'", hint: 'None.' }]),
      lines,
    );
    const { capability, workspace } = world;
    const mapped = await mapCapability({ workspace, capability, entity: 'entry', asOf: '2026-11-23T00:00:00Z', runId: 'map-sums' }, world.ports);
    expect(mapped.checks.map(({ name, count, measure }) => ({ name, count, measure }))).toEqual([
      { name: 'balances', count: 1, measure: '0.01' },
      { name: 'empty', count: 1, measure: null },
    ]);
  });

  it('must be of lines or of what refers to the record, of an amount, and under a name of their own', async () => {
    const sums = { no: 'entry_line.amount', a: 'entry_line.no', b: 'entry.no', c: 'entry_line.amounts' };
    const world = await worldOf(entries([{ ...balances, sums, when: 'true', measure: undefined }]), lines);
    const { capability, workspace } = world;
    const refused = mapCapability({ workspace, capability, entity: null, asOf: '2026-11-23T00:00:00Z', runId: 'map-wrong' }, world.ports).catch(
      (error: CutoverError) => error.details.map((detail) => detail.replace(/^\S+( \S+)? /, '')),
    );
    expect((await refused).toString()).toMatch(/needs a name of its own.*has no sum.*neither a line of.*no field 'amounts'.*did you mean/is);
  });
});
