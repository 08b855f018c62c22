import { describe, expect, test } from 'vitest';
import { OdooStates } from '../../domain/odoo-states.ts';
import { isUntouchedState, stepsBetween, stepsToReach } from './state-path.ts';

const states = OdooStates.parse({
  field: 'state',
  values: {
    draft: { is: { state: ['draft'] }, leave: ['cancel'] },
    confirmed: { is: { state: ['purchase'] }, reach: ['confirm', 'dates'], leave: ['cancel'] },
    closed: { is: { state: ['purchase'] }, reach: ['confirm', 'cancel_receipts', 'dates', 'lock'], leave: ['unlock', 'cancel'] },
    cancelled: { is: { state: ['cancel'] }, reach: ['cancel'] },
  },
  steps: { confirm: { call: 'button_confirm' }, dates: { write: ['approved_at'] }, lock: { call: 'button_lock' }, cancel: { call: 'button_cancel' } },
});

describe('the way from one state to another', () => {
  test('a new document takes every step of its state', () => {
    expect(stepsToReach(states, 'closed')).toEqual(['confirm', 'cancel_receipts', 'dates', 'lock']);
    expect(stepsToReach(states, 'draft')).toEqual([]);
  });
  test('forwards, calls are not made twice and dates are written again', () => {
    expect(stepsBetween(states, 'draft', 'confirmed')).toEqual(['confirm', 'dates']);
    expect(stepsBetween(states, 'confirmed', 'closed')).toEqual(['cancel_receipts', 'dates', 'lock']);
  });
  test('out, a locked document is unlocked first', () => {
    expect(stepsBetween(states, 'closed', 'cancelled')).toEqual(['unlock', 'cancel']);
    expect(stepsBetween(states, 'confirmed', 'cancelled')).toEqual(['cancel']);
  });
  test('there is no way back to a draft, nor out of cancelled', () => {
    expect(stepsBetween(states, 'confirmed', 'draft')).toBeNull();
    expect(stepsBetween(states, 'cancelled', 'confirmed')).toBeNull();
    expect(stepsBetween(states, 'closed', 'confirmed')).toBeNull();
  });
  test('only a draft may lose its lines', () => {
    expect(isUntouchedState(states, 'draft')).toBe(true);
    expect(isUntouchedState(states, 'confirmed')).toBe(false);
  });
});
