import fc from 'fast-check';
import { applyPatch, type Operation } from 'fast-json-patch';
import { describe, expect, test } from 'vitest';
import { OdooBinding } from '../../domain/contract.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import type { PlannedEntity } from '../../domain/plan.ts';
import { type EntityToInvert, invertAction } from './invert.ts';

const planned: PlannedEntity = {
  ...{ model: 'purchase.order', batch: 50, context: {}, in: null, parentField: null, byproducts: [], stateFields: ['state', 'locked'], keyIsPii: false },
  fields: {
    name: { field: 'name', type: 'char', pii: false },
    amount: { field: 'amount', type: 'float', pii: false },
    partner_id: { field: 'supplier', type: 'many2one', pii: false },
  },
};
const binding = OdooBinding.parse({
  model: 'purchase.order',
  fields: { name: 'name' },
  states: {
    field: 'state',
    values: {
      draft: { is: { state: ['draft'] }, leave: ['cancel'] },
      closed: { is: { state: ['purchase'], locked: [true] }, reach: ['confirm', 'lock'], leave: ['unlock', 'cancel'] },
    },
    steps: { confirm: { call: 'button_confirm' }, lock: { call: 'button_lock' }, unlock: { call: 'button_unlock' }, cancel: { call: 'button_cancel' } },
  },
});
const entity: EntityToInvert = { planned, binding, holder: 'order_line', lines: {} };

function entry(step: string, payload: JournalEntry['payload']): JournalEntry {
  return {
    ...{ runId: 'r', segment: 1, sequence: 1, kind: 'answer', action: 1, step, entity: 'purchase_order', system: 'legacy', key: 'PO-1' },
    ...{ externalId: 'm.po', model: 'purchase.order', odooId: 7, at: 't', payload },
  };
}

const scalar = fc.oneof(fc.string(), fc.integer(), fc.constant(null));
const record = fc.record({ name: scalar, note: scalar, partner_id: fc.oneof(fc.integer({ min: 1 }), fc.constant(null)) });

describe('taking back what the journal says was done', () => {
  test('an update and its inverse leave every record as it was', () => {
    fc.assert(
      fc.property(record, record, (before, after) => {
        const action = invertAction([entry('record', { action: 'update', before, after })], entity);
        const restored = action === null ? after : applyPatch(structuredClone(after), structuredClone(action.patch) as Operation[], true).newDocument;
        expect(restored).toEqual(before);
      }),
    );
  });

  test('the inverse of an update does not apply to a record that was changed since', () => {
    const action = invertAction([entry('record', { action: 'update', before: { name: 'old' }, after: { name: 'ours' } })], entity);
    expect(() => applyPatch({ name: 'theirs' }, action?.patch as Operation[], true)).toThrow();
  });

  test('a document is led out of the state its last step left it in, and its by-products and lines go with it', () => {
    const line = {
      entity: 'purchase_order_line',
      system: 'legacy',
      key: 'PO-1/1',
      externalId: 'm.l1',
      action: 'create',
      odooId: 9,
      before: null,
      after: { product_qty: '7' },
    };
    const action = invertAction(
      [
        entry('record', { action: 'create', before: null, after: { name: 'PO-1', date_approve: null, state: 'draft', locked: false }, lines: [line] }),
        entry('confirm', { before: {}, after: { state: 'purchase', locked: false, date_approve: '2026-01-01 00:00:00' } }),
        entry('lock', { before: {}, after: { state: 'purchase', locked: true } }),
        entry('byproducts', { byproducts: [{ model: 'stock.picking', ids: [3] }] }),
      ],
      entity,
    );
    expect(action?.action).toBe('delete');
    expect(action?.steps.map((step) => step.name)).toEqual(['unlock', 'cancel', 'byproducts']);
    expect(action?.lines).toMatchObject([{ action: 'delete', odooId: 9, patch: [{ op: 'test', path: '/product_qty', value: '7' }] }]);
    expect(action?.patch).toContainEqual({ op: 'test', path: '/date_approve', value: '2026-01-01 00:00:00' });
    expect(action?.patch).toContainEqual({ op: 'test', path: '/locked', value: true });
  });

  test('a state whose records are not deleted is left by its steps, and the record stays', () => {
    const posted = OdooBinding.parse({
      model: 'account.move',
      fields: { name: 'name' },
      states: {
        field: 'state',
        values: {
          draft: { is: { state: ['draft'] } },
          posted: { is: { state: ['posted'] }, reach: ['post'], leave: ['reverse'], rollback: 'keep' },
        },
        steps: {
          post: { call: 'action_post' },
          reverse: {
            call: 'reverse_moves',
            wizard: { model: 'account.move.reversal', values: { date: '$today', journal_id: '$journal' } },
            unless: { reversal_move_ids: [true] },
          },
        },
      },
    });
    const made = entry('record', { action: 'create', before: null, after: { name: 'E-1', state: 'draft' } });
    const kept = invertAction([made, entry('post', { before: {}, after: { state: 'posted' } })], { ...entity, binding: posted });
    expect(kept).toMatchObject({ action: 'update', rollback: { cannot: 'delete it: it stays, after reverse' } });
    expect(kept?.steps).toMatchObject([{ name: 'reverse', call: 'reverse_moves', wizard: { model: 'account.move.reversal' } }]);
    expect(kept?.patch).toContainEqual({ op: 'test', path: '/state', value: 'posted' });
    expect(invertAction([made], { ...entity, binding: posted })?.action).toBe('delete');
  });

  test('what was never made is not taken back', () => {
    expect(invertAction([], entity)).toBeNull();
  });

  test('methods called on a record that was there before stay, and it is said', () => {
    const action = invertAction([entry('record', { action: 'update', before: {}, after: {} }), entry('confirm', { after: { state: 'purchase' } })], entity);
    expect(action?.rollback.cannot).toContain('confirm');
  });
});
