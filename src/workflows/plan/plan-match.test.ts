import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlanAction } from '../../domain/plan.ts';
import type { ProgressEvent } from '../../domain/ports.ts';
import type { PlanResult } from '../../domain/results.ts';
import { Laboratory, type ReconcileWorld, type WorldDescription } from '../reconcile/reconcile-world.fixture.ts';
import { planCapability } from './plan.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

/** Suppliers of two systems that may have a parent, and orders that refer to them. */
function suppliersAndOrders(blocking: readonly ('shared-identifier' | 'malformed')[]): WorldDescription {
  return {
    fields: {
      'res.partner': { ref: 'char', name: 'char', parent_id: 'many2one res.partner', city: 'char' },
      'purchase.order': { name: 'char', partner_id: 'many2one res.partner' },
    },
    entities: [
      {
        contract: {
          ...{ entity: 'supplier', version: 1, key: ['no'] },
          fields: { no: { type: 'text', required: true }, name: { type: 'text' }, parent: { type: 'ref', entity: 'supplier' }, city: { type: 'text' } },
          match: { blocking: [...blocking] },
          odoo: {
            model: 'res.partner',
            scope: [['ref', '!=', false]],
            fields: { no: { field: 'ref', compare: false }, name: 'name', parent: 'parent_id', city: 'city' },
          },
        },
        sources: [
          { system: 'meditrack', entity: 'supplier', from: 'V', fields: { no: 'no', name: 'name', parent: 'parent' } },
          { system: 'stores', entity: 'supplier', from: 'S', fields: { no: 'no', name: 'name', city: 'city' } },
        ],
      },
      {
        contract: {
          ...{ entity: 'purchase_order', version: 1, key: ['no'] },
          fields: { no: { type: 'text', required: true }, supplier: { type: 'ref', entity: 'supplier' } },
          odoo: { model: 'purchase.order', fields: { no: 'name', supplier: 'partner_id' } },
        },
        sources: [{ system: 'meditrack', entity: 'purchase_order', from: 'PO', fields: { no: 'no', supplier: 'supplier' } }],
      },
    ],
  };
}

async function worldOf(
  given: Partial<WorldDescription> & { readonly blocking?: readonly ('shared-identifier' | 'malformed')[] },
  vendors: readonly { readonly no: string; readonly parent?: string }[],
  orders: Readonly<Record<string, string>>,
): Promise<ReconcileWorld> {
  const { blocking = [], ...rest } = given;
  const world = await laboratory.world({ ...suppliersAndOrders(blocking), ...rest });
  await world.legacy(
    'meditrack',
    'supplier',
    vendors.map(({ no, parent = null }) => ({ no, name: no, parent })),
    ['no', 'name', 'parent'],
  );
  await world.legacy('stores', 'supplier', [{ no: 'S', name: 'Stores', city: 'Ghent' }], ['no', 'name', 'city']);
  const rows = Object.entries(orders).map(([no, supplier]) => ({ no, supplier }));
  await world.legacy('meditrack', 'purchase_order', rows, ['no', 'supplier']);
  await world.odoo('supplier', [{ id: 7, ref: 'seven', name: 'A' }]);
  await world.odoo('purchase_order', []);
  return world;
}

let runs = 0;
async function plan(world: ReconcileWorld): Promise<{ result: PlanResult; actions: PlanAction[]; warnings: string[] }> {
  runs += 1;
  const { workspace, capability } = world;
  const file = join(world.laboratory.directory, `${runs}.plan`);
  const warnings: string[] = [];
  const progress = (event: ProgressEvent) => {
    if (event.kind === 'warning') warnings.push(event.text);
  };
  const request = { workspace, capability, asOf: '2026-01-02T03:04:05.000Z', runId: `20260102T030405-plan-${runs}`, nonce: `nonce-${runs}`, file };
  const result = await planCapability(request, { ...world.ports, progress });
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(1, -1);
  return { result, actions: lines.map((line) => JSON.parse(line) as PlanAction), warnings };
}

/** Actions as `action key field=value … (reason)`. */
function told(actions: readonly PlanAction[]): string[] {
  return actions.map(({ action, system, key, odooId, follows, provenance, patch, reason }) => {
    const value = (given: unknown): string =>
      typeof given === 'object' && given !== null && '$ref' in given ? Object.values(given.$ref as object).join('/') : String(given);
    const fields = patch.flatMap((one) => (one.op === 'add' || one.op === 'replace' ? [`${one.path.slice(1)}=${value(one.value)}`] : []));
    const to = [...(odooId === null ? [] : [`#${odooId}`]), ...(follows === undefined ? [] : [`→ ${value(follows)}`]), ...(provenance ?? '').split(' ', 1)];
    return [action, `${system}/${key}`, ...to.filter((text) => text !== ''), ...fields, ...(reason === null ? [] : [`(${reason})`])].join(' ');
  });
}

const same = (left: string, right: string) => ({ entity: 'supplier', left, right, decision: 'same' as const });

describe('a plan after a match', () => {
  it('links what match proposes instead of creating it, and refers to it', async () => {
    const world = await worldOf({}, [{ no: 'A' }, { no: 'B', parent: 'A' }], { 'PO-1': 'A' });
    await world.matched({ supplier: { links: [['meditrack', 'A', 7, 'identifier', 24_000]] } });
    const { actions, warnings } = await plan(world);
    expect(told(actions)).toEqual([
      'link meditrack/A #7 identifier (is in Odoo already by identifier no)',
      'create stores/S ref=S name=Stores city=Ghent',
      'create meditrack/B ref=B name=B parent_id=7',
      'create meditrack/PO-1 name=PO-1 partner_id=7',
    ]);
    expect(warnings).toEqual([]);
    await world.legacy('stores', 'supplier', [{ no: 'S', name: 'Stores', city: 'Bruges' }]);
    expect((await plan(world)).warnings).toEqual([
      'the latest match was made on other snapshots of supplier: it proposes links as things were then; cutover match procurement',
    ]);
  });

  it('creates one of several records that are one thing, links the others to it after it, and refers to that one', async () => {
    const matchDecisions = [same('meditrack/B', 'stores/S'), same('meditrack/B', 'meditrack/Z')];
    // B leads; C refers to it through Z, whose own parent is not asked for
    const vendors = [{ no: 'B', parent: 'D' }, { no: 'C', parent: 'Z' }, { no: 'D' }, { no: 'Z', parent: 'C' }];
    const world = await worldOf({ matchDecisions }, vendors, { 'PO-1': 'Z', 'PO-2': 'B' });
    const { actions, result } = await plan(world);
    expect(result.refusals).toEqual([]);
    expect(told(actions)).toEqual([
      'create meditrack/D ref=D name=D',
      'create meditrack/B ref=B name=B parent_id=supplier/meditrack/D',
      'create meditrack/C ref=C name=C parent_id=supplier/meditrack/B',
      'link stores/S → supplier/meditrack/B decision city=Ghent (decided to be the same record)',
      'link meditrack/Z → supplier/meditrack/B decision (decided to be the same record)',
      'create meditrack/PO-1 name=PO-1 partner_id=supplier/meditrack/B',
      'create meditrack/PO-2 name=PO-2 partner_id=supplier/meditrack/B',
    ]);
  });

  it('refuses a circle that comes of joining records, and what follows or refers to it', async () => {
    const world = await worldOf({ matchDecisions: [same('meditrack/A', 'meditrack/Z')] }, [{ no: 'A', parent: 'B' }, { no: 'B', parent: 'Z' }, { no: 'Z' }], {
      'PO-1': 'Z',
    });
    const { actions } = await plan(world);
    expect(told(actions)).toEqual([
      'create stores/S ref=S name=Stores city=Ghent',
      'refuse meditrack/A (its references run in a circle (source row 1 in V))',
      'refuse meditrack/B (its references run in a circle (source row 2 in V))',
      'refuse meditrack/Z (is one thing with another legacy record, which is refused (source row 3 in V))',
      'refuse meditrack/PO-1 (supplier refers to supplier A, which is refused, rejected or missing (source row 1 in PO))',
    ]);
  });
});

describe('blocking conflicts', () => {
  const id = (digit: string) => digit.repeat(16);

  it('keep their records out of the plan, and what refers to those, until they are resolved', async () => {
    const world = await worldOf(
      { blocking: ['shared-identifier'] },
      ['A', 'B', 'C', 'D', 'E'].map((no) => ({ no })),
      { 'PO-1': 'A', 'PO-2': 'C' },
    );
    await world.link('supplier', 'meditrack', { E: 7 });
    const shared = { class: 'shared-identifier', field: 'barcode' };
    await world.matched({
      supplier: {
        conflicts: [
          {
            ...shared,
            id: id('1'),
            records: [
              ['meditrack', 'A', null],
              ['meditrack', 'B', null],
            ],
          },
          { ...shared, id: id('2'), resolved: true, records: [['meditrack', 'C', null]] },
          { id: id('3'), class: 'malformed', records: [['meditrack', 'D', null]] },
          {
            ...shared,
            id: id('4'),
            records: [
              [null, null, 7],
              [null, null, 8],
            ],
          },
        ],
      },
    });
    const { actions, result } = await plan(world);
    const why = (digit: string, row: number) =>
      `unresolved conflict shared-identifier of barcode (${id(digit)}); decide in decisions/match.csv or mend it (source row ${row} in V)`;
    expect(told(actions)).toEqual([
      `refuse meditrack/A (${why('1', 1)})`,
      `refuse meditrack/B (${why('1', 2)})`,
      'create meditrack/C ref=C name=C',
      'create meditrack/D ref=D name=D',
      `refuse meditrack/E (${why('4', 5)})`,
      'create stores/S ref=S name=Stores city=Ghent',
      'refuse meditrack/PO-1 (supplier refers to supplier A, which is refused, rejected or missing (source row 1 in PO))',
      'create meditrack/PO-2 name=PO-2 partner_id=supplier/meditrack/C',
    ]);
    expect(result.refusals[0]).toEqual({
      entity: 'supplier',
      reason: 'unresolved conflict shared-identifier of barcode; decide in decisions/match.csv or mend it',
      count: 3,
      rows: ['1 in V', '2 in V', '5 in V'],
    });
  });

  it('refuse the whole plan while it is not known which there are', async () => {
    const world = await worldOf({ blocking: ['malformed'] }, [{ no: 'A' }], { 'PO-1': 'A' });
    const refused = (message: string) => ({ code: 'E_MATCH_STALE', hint: 'cutover match procurement', message: expect.stringContaining(message) });
    await expect(plan(world)).rejects.toMatchObject(refused('no match of supplier has been made'));
    await world.matched({ supplier: {} }, { mappingHash: 'another' });
    await expect(plan(world)).rejects.toMatchObject(refused('with another mapping'));
    await world.matched({ supplier: {} });
    expect((await plan(world)).result.actions).toMatchObject({ create: 3, refuse: 0 });
    await world.odoo('supplier', [{ id: 8, ref: 'eight', name: 'B' }]);
    await expect(plan(world)).rejects.toMatchObject(refused('on other snapshots of supplier'));
  });
});
