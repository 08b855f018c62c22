import { describe, expect, test } from 'vitest';
import { EntityContract } from '../../domain/contract.ts';
import { planDocument } from './plan-document.ts';
import { isLeftOut, planRecord, Refusal, refusalGroup } from './plan-record.ts';
import type { EntityToPlan, RecordToPlan } from './planning-record.ts';

type Resolved = EntityToPlan['resolved']['fields'][number];

/** An entity whose bound fields all come from the system `legacy`. */
function entityOf(contract: object, fields: Readonly<Record<string, Partial<Resolved>>>, parentField: string | null = null): EntityToPlan {
  const parsed = EntityContract.parse({ version: 1, ...contract });
  const binding = parsed.odoo;
  if (binding === undefined) throw new Error('not bound');
  const resolved = Object.entries(fields).map(([field, known]): Resolved => {
    const own = parsed.fields[field];
    if (own === undefined) throw new Error(`no field ${field}`);
    return { field, contract: own, odoo: field, type: 'char', relation: null, digits: null, by: null, send: true, compare: true, nullable: true, ...known };
  });
  return {
    ...{ contract: parsed, binding, namespace: 'm', rejectedWithoutKey: 0, isRefused: () => false },
    resolved: { model: binding.model, fields: resolved, stateField: null, stateColumns: [], parentField, related: [] } as unknown as EntityToPlan['resolved'],
    mapped: new Map(Object.keys(parsed.fields).map((field) => [field, ['legacy']])),
  };
}

function record(parts: Partial<RecordToPlan>): RecordToPlan {
  return {
    ...{ system: 'legacy', key: 'K', class: 'linked', odooId: 7, toLink: false, values: {}, references: {}, codes: {}, differing: {} },
    ...{
      direction: null,
      leftAlone: null,
      odoo: {},
      odooState: null,
      grounded: true,
      provenance: null,
      evidence: null,
      leader: null,
      ahead: null,
      conflicts: null,
    },
    ...parts,
  };
}

const supplier = entityOf(
  {
    entity: 'supplier',
    key: ['no'],
    fields: {
      no: { type: 'text' },
      city: { type: 'text' },
      country: { type: 'code', codes: 'country' },
      active: { type: 'boolean' },
      rank: { type: 'integer' },
    },
    odoo: { model: 'res.partner', set: { is_company: true }, fields: { no: 'ref', city: 'city', country: 'country_id', active: 'active', rank: 'rank' } },
  },
  {
    no: { odoo: 'ref' },
    city: {},
    country: { odoo: 'country_id', type: 'many2one', relation: 'res.country', by: 'code' },
    active: { type: 'boolean', nullable: false },
    rank: { type: 'integer', nullable: false },
  },
);

describe('a record', () => {
  test('that is only in the legacy system is created with what it has, and what the binding sets', () => {
    const planned = planRecord(record({ class: 'only-legacy', odooId: null, values: { no: 'A', city: null, active: true }, codes: {} }), supplier);
    expect(planned).toMatchObject({ action: 'create', odooId: null });
    expect(planned.patch).toEqual([
      { op: 'add', path: '/ref', value: 'A' },
      { op: 'add', path: '/active', value: true },
      { op: 'add', path: '/is_company', value: true },
    ]);
  });

  test('that differs is updated where it differs, each write behind a test of the value it was made on', () => {
    const planned = planRecord(record({ values: { no: 'A', city: 'New' }, differing: { city: 'update-odoo' }, odoo: { ref: 'A', city: 'Old' } }), supplier);
    expect(planned.action).toBe('update');
    expect(planned.patch).toEqual([
      { op: 'test', path: '/city', value: 'Old' },
      { op: 'replace', path: '/city', value: 'New' },
    ]);
  });

  test('that is equal, or differs only where Odoo leads, is left alone', () => {
    expect(planRecord(record({ values: { city: 'A' } }), supplier)).toMatchObject({ action: 'noop', patch: [] });
    expect(planRecord(record({ values: { city: 'A' }, differing: { city: 'return-to-legacy' } }), supplier)).toMatchObject({ action: 'noop', patch: [] });
  });

  test('without a value clears a field that can be empty, and says nothing about one that cannot', () => {
    const differing = { city: 'update-odoo', rank: 'update-odoo' } as const;
    expect(planRecord(record({ values: { city: null, rank: null }, differing, odoo: { city: 'Old', rank: 3 } }), supplier).patch).toEqual([
      { op: 'test', path: '/city', value: 'Old' },
      { op: 'replace', path: '/city', value: null },
    ]);
  });

  test('that is known to be in Odoo is linked with what differs, and says how that is known', () => {
    const known = { toLink: true, values: { city: 'New' }, differing: { city: 'update-odoo' as const }, odoo: { city: 'Old' } };
    expect(planRecord(record({ ...known, provenance: 'identifier', evidence: 'identifier tax_id, 24.0 bits' }), supplier)).toMatchObject({
      ...{ action: 'link', odooId: 7, provenance: 'identifier', reason: 'is in Odoo already by identifier tax_id, 24.0 bits' },
      patch: [{ op: 'test' }, { op: 'replace', path: '/city', value: 'New' }],
    });
    expect(planRecord(record({ toLink: true, provenance: 'decision' }), supplier)).toMatchObject({
      ...{ action: 'link', provenance: 'decision', reason: 'decided to be the same record', patch: [] },
    });
  });

  test('that follows one to be created is linked to what that one becomes, with what it alone says', () => {
    const leader = { system: 'stores', key: 'L' };
    const follower = record({ class: 'only-legacy', odooId: null, leader, ahead: ['stores'], values: { no: 'K', city: 'Ghent', rank: 3 } });
    const shared = { ...supplier, mapped: new Map([...supplier.mapped, ['no', ['legacy', 'stores']], ['rank', ['legacy', 'stores']]]) };
    expect(planRecord(follower, shared)).toEqual({
      ...{ action: 'link', entity: 'supplier', system: 'legacy', key: 'K', externalId: 'm.supplier__legacy__K', odooId: null },
      ...{ reason: 'decided to be the same record', provenance: 'decision', follows: { $ref: { entity: 'supplier', ...leader } } },
      patch: [{ op: 'add', path: '/city', value: 'Ghent' }],
    });
    const isRefused = (_: string, system: string, key: string) => system === 'stores' && key === 'L';
    expect(planRecord(follower, { ...shared, isRefused })).toMatchObject({ action: 'refuse', reason: Refusal.follows });
  });

  test('with an unresolved conflict is refused whatever would be done, and the reason is the same for all but the ids', () => {
    const conflicts = [
      { class: 'shared-identifier', field: 'barcode', ids: ['0123456789abcdef', '123456789abcdef0'] },
      { class: 'key-not-unique', field: null, ids: ['23456789abcdef01'] },
    ];
    for (const given of ['linked', 'only-legacy', 'missing-in-legacy'] as const) {
      const { action, reason } = planRecord(record({ class: given, conflicts }), supplier);
      expect(action).toBe('refuse');
      expect(reason).toBe(
        'unresolved conflict shared-identifier of barcode (0123456789abcdef, 123456789abcdef0) and key-not-unique (23456789abcdef01); decide in decisions/match.csv or mend it',
      );
      expect(refusalGroup(reason ?? '')).toBe('unresolved conflict shared-identifier of barcode and key-not-unique; decide in decisions/match.csv or mend it');
    }
  });

  test('that is gone is archived; not when it may be one of the unreadable rows, and not twice', () => {
    const gone = record({ class: 'missing-in-legacy', values: null, odoo: { active: true } });
    expect(planRecord(gone, supplier)).toMatchObject({ action: 'archive', odooId: 7 });
    expect(planRecord(gone, { ...supplier, rejectedWithoutKey: 1 })).toMatchObject({ action: 'refuse', reason: Refusal.goneUncertain });
    expect(planRecord({ ...gone, odoo: { active: false } }, supplier)).toMatchObject({ action: 'noop', patch: [] });
  });

  test.each([
    [{ status: 'waived', until: '2026-03-31' }, 'waived until 2026-03-31'],
    [{ status: 'pending', until: '2026-01-02T04:00:00.000Z' }, 'may be on its way: it counts as a break from 2026-01-02T04:00:00.000Z on'],
    [{ status: 'echo', until: null }, 'was written by one of our own loads since Odoo was pulled'],
  ] as const)('whose break is %o is left alone, whatever it is', (leftAlone, reason) => {
    for (const one of ['only-legacy', 'missing-in-odoo', 'exists-unlinked', 'duplicate-key', 'rejected'] as const) {
      const planned = planRecord(record({ class: one, leftAlone }), supplier);
      expect(planned).toMatchObject({ action: 'noop', reason, patch: [], odooId: null });
      expect(isLeftOut(planned)).toBe(true);
    }
    const gone = planRecord(record({ class: 'missing-in-legacy', values: null, odoo: { active: true }, leftAlone }), supplier);
    expect([gone.action, gone.odooId, isLeftOut(gone)]).toEqual(['noop', 7, false]);
  });

  test('that is decided not to be in Odoo is not created, and one decided to be there is', () => {
    for (const one of ['only-legacy', 'missing-in-odoo'] as const) {
      const { action, reason } = planRecord(record({ class: one, direction: 'return-to-legacy' }), supplier);
      expect([action, reason]).toEqual(['noop', 'decided: it is not to be in Odoo']);
      expect(planRecord(record({ class: one, direction: 'create-in-odoo' }), supplier).action).toBe('create');
    }
    expect(planRecord(record({ class: 'missing-in-legacy', values: null, odoo: { active: true }, direction: 'return-to-legacy' }), supplier).action).toBe(
      'noop',
    );
  });

  test.each([
    [{ class: 'exists-unlinked' }, Refusal.existsUnlinked],
    [{ class: 'duplicate-key' }, Refusal.duplicateKey],
    [{ class: 'rejected', faults: 'tax: unmapped-code' }, Refusal.rejected('tax: unmapped-code')],
    [{ class: 'missing-in-odoo', direction: 'decide' }, Refusal.deletedInOdoo],
    [{ class: 'only-legacy', grounded: false }, Refusal.circle],
    [{ class: 'linked', differing: { city: 'decide' }, values: { city: 'A' } }, Refusal.undecided],
    [{ class: 'only-legacy', values: { country: 'XX' } }, Refusal.code('country')],
    [{ class: 'only-legacy', values: { city: 'A\0B' } }, Refusal.nul('city')],
  ] as const)('%o is refused with its reason', (parts, reason) => {
    expect(planRecord(record(parts as Partial<RecordToPlan>), supplier)).toMatchObject({ action: 'refuse', reason, patch: [] });
  });
});

const order = entityOf(
  {
    entity: 'order',
    key: ['no'],
    fields: { no: { type: 'text' }, approved: { type: 'timestamp' }, state: { type: 'choice', values: ['draft', 'confirmed', 'closed'] } },
    odoo: {
      model: 'purchase.order',
      fields: { no: 'name', approved: 'date_approve' },
      states: {
        field: 'state',
        values: {
          draft: { is: { state: ['draft'] } },
          confirmed: { is: { state: ['purchase'], locked: [false] }, reach: ['confirm', 'dates'], leave: ['cancel'], back: { draft: ['cancel', 'redraft'] } },
          closed: { is: { state: ['purchase'] }, reach: ['confirm', 'receipts', 'dates'], leave: ['cancel'] },
        },
        steps: {
          ...{ confirm: { call: 'button_confirm' }, receipts: { call: 'action_cancel', on: 'picking_ids' }, dates: { write: ['approved'] } },
          ...{ cancel: { call: 'button_cancel' }, redraft: { call: 'button_draft' } },
        },
      },
      byproducts: [
        { model: 'stock.picking', through: 'picking_ids', step: 'confirm' },
        { model: 'stock.reference', through: 'reference_ids', step: 'confirm', rollback: 'keep' },
      ],
    },
  },
  { no: { odoo: 'name' }, approved: { odoo: 'date_approve', type: 'datetime' } },
);
const line = entityOf(
  {
    entity: 'line',
    parent: 'order',
    key: ['no'],
    fields: { no: { type: 'text' }, order: { type: 'ref', entity: 'order' }, quantity: { type: 'quantity' }, price: { type: 'money' } },
    odoo: {
      ...{ model: 'purchase.order.line', in: 'order_line', parent_field: 'order_id' },
      fields: { order: 'order_id', quantity: { field: 'product_qty', along: ['price'] }, price: 'price_unit' },
    },
  },
  {
    order: { odoo: 'order_id', type: 'many2one' },
    quantity: { odoo: 'product_qty', type: 'float', nullable: false },
    price: { odoo: 'price_unit', type: 'float' },
  },
  'order_id',
);
const newOrder = (state: string): RecordToPlan => record({ class: 'only-legacy', odooId: null, values: { no: 'PO', approved: null, state } });
const onOrder = (parts: Partial<RecordToPlan>): RecordToPlan =>
  record({ key: 'L', values: { quantity: '9', price: '1.5' }, odoo: { product_qty: '7', price_unit: '1.5' }, ...parts });
const plan = (document: RecordToPlan, ...lines: readonly RecordToPlan[]) => planDocument(document, order, [{ entity: line, records: lines }]);

describe('a document', () => {
  test('takes the steps of its state, and the plan says what a rollback cannot', () => {
    const planned = plan(newOrder('confirmed'));
    expect(planned.steps.map((step) => step.name)).toEqual(['confirm', 'dates']);
    expect(planned.rollback).toEqual({ will: 'cancel, then delete it, then delete its stock.picking', cannot: 'delete its stock.reference: Odoo lets nobody' });
    expect(plan(newOrder('draft'))).toMatchObject({ steps: [], rollback: { will: 'delete it', cannot: null } });
  });

  test('clears the date a method gave where the legacy system has none', () => {
    expect(plan(newOrder('confirmed')).steps[1]?.write).toEqual({ date_approve: null });
  });

  test('is created whole or not at all', () => {
    const planned = plan(newOrder('draft'), onOrder({ class: 'only-legacy', odooId: null }), onOrder({ class: 'rejected' }));
    expect(planned).toMatchObject({ action: 'refuse', reason: Refusal.lineRefused(Refusal.rejected(null)) });
    expect(planned.lines.map((one) => one.action)).toEqual(['refuse', 'refuse']);
  });

  test('is left alone with its lines, and waits for a line that is left alone', () => {
    const waived = { status: 'waived', until: '2026-03-31' } as const;
    const added = onOrder({ class: 'only-legacy', odooId: null });
    const planned = plan({ ...newOrder('draft'), leftAlone: waived }, added);
    expect(planned).toMatchObject({ action: 'noop', reason: 'waived until 2026-03-31', steps: [] });
    expect(planned.lines).toMatchObject([{ action: 'noop', reason: 'its document is left alone: waived until 2026-03-31' }]);
    expect(plan({ ...newOrder('draft'), direction: 'return-to-legacy' }, added).lines).toMatchObject([{ action: 'noop' }]);
    expect(plan(newOrder('draft'), added, { ...added, leftAlone: waived })).toMatchObject({
      ...{ action: 'noop', reason: 'a line of it is left alone: waived until 2026-03-31' },
      lines: [{ action: 'noop' }, { action: 'noop' }],
    });
    const there = record({ values: { state: 'draft' }, odooState: 'draft' });
    expect(plan(there, added, { ...added, leftAlone: waived })).toMatchObject({ action: 'update', lines: [{ action: 'create' }, { action: 'noop' }] });
  });

  test('that was there before goes back where there is a way, and the plan says where there is none', () => {
    const moved = (state: string) => plan(record({ values: { state }, differing: { state: 'update-odoo' }, odooState: 'draft' }));
    expect(moved('confirmed').rollback).toEqual({
      will: 'cancel, then redraft, then restore the values',
      cannot: 'delete its stock.reference: Odoo lets nobody',
    });
    expect(moved('closed').rollback).toEqual({ will: 'restore the values', cannot: 'undo confirm, receipts' });
  });
});

describe('a line', () => {
  test('of a document that follows another is left to that one', () => {
    const document = record({ values: { state: 'confirmed' }, odooState: 'confirmed', leader: { system: 'stores', key: 'L' } });
    const planned = plan(document, onOrder({ class: 'only-legacy', odooId: null }));
    expect(planned.action).toBe('noop');
    expect(planned.lines).toMatchObject([{ action: 'refuse', reason: Refusal.lineOfFollower }]);
  });

  const confirmed = record({ values: { state: 'confirmed' }, odooState: 'confirmed' });

  test('whose quantity changes sends its price along, though it is the same', () => {
    expect(plan(confirmed, onOrder({ differing: { quantity: 'update-odoo' } })).lines[0]?.patch).toEqual([
      { op: 'test', path: '/product_qty', value: '7' },
      { op: 'replace', path: '/product_qty', value: '9' },
      { op: 'test', path: '/price_unit', value: '1.5' },
      { op: 'replace', path: '/price_unit', value: '1.5' },
    ]);
  });

  test('that is gone stays where that is accepted or decided', () => {
    const draft = { ...confirmed, odooState: 'draft', values: { state: 'draft' } };
    const gone = onOrder({ class: 'missing-in-legacy', values: null });
    const kept = [
      { ...gone, leftAlone: { status: 'waived', until: '2026-03-31' } as const },
      { ...gone, direction: 'return-to-legacy' as const },
    ];
    expect(plan(draft, ...kept)).toMatchObject({ action: 'noop', lines: [{ action: 'noop' }, { action: 'noop' }] });
  });

  test('that is gone is deleted from a draft; on a confirmed document its quantity becomes 0, with its price', () => {
    const gone = onOrder({ class: 'missing-in-legacy', values: null });
    expect(plan({ ...confirmed, odooState: 'draft', values: { state: 'draft' } }, gone).lines[0]).toMatchObject({ action: 'delete', odooId: 7 });
    expect(plan(confirmed, gone).lines[0]?.patch.filter((operation) => operation.op === 'replace')).toEqual([
      { op: 'replace', path: '/product_qty', value: '0' },
      { op: 'replace', path: '/price_unit', value: '1.5' },
    ]);
    expect(plan(confirmed, { ...gone, odoo: { product_qty: '0' } }).action).toBe('noop');
  });
});

describe('a locked period', () => {
  const bill = entityOf(
    {
      entity: 'bill',
      key: ['no'],
      fields: { no: { type: 'text' }, posted_on: { type: 'date' } },
      odoo: { model: 'account.move', fields: { no: 'ref', posted_on: 'date' }, locks: { posted_on: ['fiscalyear_lock_date', 'hard_lock_date'] } },
    },
    { no: { odoo: 'ref' }, posted_on: { odoo: 'date', type: 'date' } },
  );
  const locked = { ...bill, lockDates: { fiscalyear_lock_date: '2011-03-31', sale_lock_date: '2020-12-31' } };
  const made = (day: string) => record({ class: 'only-legacy', odooId: null, values: { no: 'A', posted_on: day }, ref: 'bill A' });

  test('takes no document, up to its last day, and the row is named', () => {
    expect(planRecord(made('2011-03-31'), locked)).toMatchObject({
      action: 'refuse',
      reason: 'posted_on lies in a period that is locked in Odoo (fiscalyear_lock_date 2011-03-31) (source row bill A)',
    });
    expect(refusalGroup(`${Refusal.locked('posted_on', 'hard_lock_date', '2011-03-31')} (source row bill A in bills.csv)`)).toBe(
      'posted_on lies in a period that is locked in Odoo (hard_lock_date 2011-03-31)',
    );
  });

  test('ends with its last day, and is none where Odoo has no lock or another than the binding names', () => {
    expect(planRecord(made('2011-04-01'), locked)).toMatchObject({ action: 'create' });
    expect(planRecord(made('2011-03-31'), bill)).toMatchObject({ action: 'create' });
  });

  test('leaves alone what is in Odoo already, as long as nothing of it is written', () => {
    const there = record({ values: { no: 'A', posted_on: '2011-03-31' }, odoo: { ref: 'A' } });
    expect(planRecord(there, locked)).toMatchObject({ action: 'noop' });
    expect(planRecord({ ...there, differing: { no: 'update-odoo' } }, locked)).toMatchObject({ action: 'refuse' });
  });
});

describe('a record of Odoo that a legacy one is linked to', () => {
  const account = entityOf(
    {
      entity: 'account',
      key: ['code'],
      fields: { code: { type: 'text' }, kind: { type: 'code', codes: 'kind' } },
      odoo: { model: 'account.account', fields: { code: 'code', kind: { field: 'account_type', compare: false, fits: [['asset_cash', 'asset_current']] } } },
    },
    { code: { odoo: 'code' }, kind: { odoo: 'account_type', type: 'selection' } },
  );
  const linked = (own: string, there: string, toLink = true) =>
    planRecord(record({ toLink, values: { code: '1', kind: own }, odoo: { code: '1', account_type: there }, ref: 'account 1' }), account);

  test('must be of the same kind or of one that stands for it, whether it is linked already or about to be', () => {
    expect(linked('liability_payable', 'income')).toMatchObject({
      action: 'refuse',
      reason: 'kind is liability_payable, and income on the record of Odoo that it is linked to (source row account 1)',
    });
    expect(linked('liability_payable', 'asset_cash', false).action).toBe('refuse');
    expect(linked('asset_current', 'asset_cash').action).toBe('link');
    expect(linked('income', 'income', false).action).toBe('noop');
  });

  test('is not referred to, though it is there', () => {
    const line = (isRuledOut: boolean) =>
      planRecord(record({ class: 'only-legacy', odooId: null, values: { account: '1' }, references: { account: { id: 7, class: 'linked', leader: null } } }), {
        ...entityOf(
          {
            entity: 'line',
            key: ['account'],
            fields: { account: { type: 'ref', entity: 'account' } },
            odoo: { model: 'account.move.line', fields: { account: 'account_id' } },
          },
          { account: { odoo: 'account_id', type: 'many2one' } },
        ),
        isRuledOut: () => isRuledOut,
      });
    expect(line(true)).toMatchObject({ action: 'refuse', reason: 'account refers to account 1, which is refused, rejected or missing' });
    expect(line(false).action).toBe('create');
  });
});
