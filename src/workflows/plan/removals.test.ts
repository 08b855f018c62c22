import { expect, test } from 'vitest';
import type { PlanAction, PlanActionKind, PlannedRecord } from '../../domain/plan.ts';
import type { EntityComparison } from '../reconcile/comparison.ts';
import { Removals } from './removals.ts';

const record = (entity: string, action: PlanActionKind, patch: PlannedRecord['patch'] = []): PlannedRecord => ({
  ...{ action, entity, system: 'legacy', key: 'K', externalId: 'x', odooId: 7, reason: null, patch },
});
const documentOf = (one: PlannedRecord, lines: readonly PlannedRecord[] = []): Omit<PlanAction, 'seq'> => ({
  ...one,
  ...{ lines, steps: [], rollback: { will: 'restore', cannot: null } },
});
const counts = (linked: number, gone: number): Pick<EntityComparison, 'entity' | 'counts'>['counts'] => ({
  ...{ linked, 'missing-in-legacy': gone, 'only-legacy': 0, 'only-odoo': 0, 'exists-unlinked': 0, 'duplicate-key': 0, 'null-key': 0, rejected: 0 },
  ...{ 'missing-in-odoo': 0, 'outside-scope': 0 },
});
const policy = { archive_percent: 20, allow_archive: [] };

function removing(action: Omit<PlanAction, 'seq'>, times: number): Removals {
  const removals = new Removals();
  for (let index = 0; index < times; index += 1) removals.add(action);
  return removals;
}

test('a plan that archives more than the share of an entity is refused, with the entity and how to allow it', () => {
  const removals = removing(documentOf(record('supplier', 'archive')), 21);
  expect(() => removals.refuseTooMany([{ entity: 'supplier', counts: counts(79, 21) }], policy)).toThrow(
    expect.objectContaining({
      code: 'E_PLAN_REMOVES',
      details: ['supplier: 21 of 100 linked records would be archived or deleted (21 %)'],
      hint: expect.stringContaining('add supplier to policies.allow_archive'),
    }),
  );
  expect(() => removals.refuseTooMany([{ entity: 'supplier', counts: counts(79, 21) }], { ...policy, allow_archive: ['supplier'] })).not.toThrow();
  expect(() => removals.refuseTooMany([{ entity: 'supplier', counts: counts(84, 21) }], policy)).not.toThrow();
});

test('ten or fewer pass whatever share they are', () => {
  expect(() => removing(documentOf(record('supplier', 'archive')), 10).refuseTooMany([{ entity: 'supplier', counts: counts(0, 10) }], policy)).not.toThrow();
});

test('lines that are deleted count for their own entity', () => {
  const lines = Array.from({ length: 11 }, () => record('purchase_order_line', 'delete'));
  const removals = removing(documentOf(record('purchase_order', 'update'), lines), 1);
  const entities = [
    { entity: 'purchase_order', counts: counts(1, 0) },
    { entity: 'purchase_order_line', counts: counts(1, 11) },
  ];
  expect(() => removals.refuseTooMany(entities, policy)).toThrow(/of purchase_order_line;/);
});

test('an update that makes records inactive is an archive by another name', () => {
  const inactive = documentOf(record('supplier', 'update', [{ op: 'replace', path: '/active', value: false }]));
  expect(() => removing(inactive, 11).refuseTooMany([{ entity: 'supplier', counts: counts(11, 0) }], policy)).toThrow(/more than 20 %/);
  const active = documentOf(record('supplier', 'update', [{ op: 'replace', path: '/active', value: true }]));
  expect(() => removing(active, 11).refuseTooMany([{ entity: 'supplier', counts: counts(11, 0) }], policy)).not.toThrow();
});
