import { expect, test } from 'vitest';
import { buildHospital } from '../../fixtures/hospital/hospital.ts';
import { truthOf } from '../../fixtures/hospital/write.ts';
import type { ReconcileResult } from '../domain/results.ts';
import { checkLoad, checkMatch, checkPlan, checkPull, checkReconcile } from './checks.ts';
import type { FoundBreak, PlannedDocument } from './evidence.ts';
import { expectationsOf } from './expectations.ts';

const hospital = buildHospital();
const truth = truthOf(hospital);
const expected = expectationsOf(hospital, truth);

/** What a reconcile finds once everything has been loaded that can be: the lasting breaks, by their names. */
const lasting: readonly FoundBreak[] = [...expected.lasting.keys()].map((name, index) => {
  const [entity = '', system = ''] = name.split(' ');
  const breakClass = name.slice(name.lastIndexOf(' ') + 1);
  const key = name.slice(entity.length + system.length + 2, -breakClass.length - 1);
  return {
    id: String(index),
    entity,
    system,
    key: key === '(no key shown)' ? null : key,
    class: breakClass as FoundBreak['class'],
    field: null,
    direction: 'mend-legacy',
  };
});

const { amounts } = expected;
const rounding = '-0.1578';

function reconciled(change: Partial<ReconcileResult['controls'][number]> = {}): ReconcileResult {
  const total = {
    entity: 'purchase_order',
    name: 'order-untaxed-amount',
    dimension: {},
    legacy: amounts.legacy,
    odoo: amounts.odoo.round_per_line,
    difference: '0',
    classes: { rounding },
    residual: '0',
    gross: '0',
    offsetting: false,
    rule: null,
  };
  const life = { new: 0, persisting: 0, reopened: 0, resolved: 0, open: 0, pending: 0, waived: 0, echo: 0 };
  const quiet = {
    life,
    alarm: null,
    trend: [],
    patterns: [],
    waivers: [],
    secondLook: null,
    coverage: [],
    checks: [],
    files: [],
    explained: [],
    roundings: { currencies: [], amounts: [] },
    allocations: [],
    sinceAgreed: [],
  };
  return { verdict: 'INCOMPLETE', entities: [], controls: [{ ...total, ...change }], ...quiet };
}

test('the seeded faults and nothing else is what the truth says', () => {
  expect(checkReconcile(reconciled(), lasting, expected, 'round_per_line')).toEqual([]);
});

test('a fault that is missed is a mistake', () => {
  expect(checkReconcile(reconciled(), lasting.slice(1), expected, 'round_per_line')).toEqual([
    'breaks: not found: supplier meditrack V00012 duplicate-key',
    `breaks: ${lasting.length - 1} instead of ${lasting.length}`,
  ]);
});

test('a false alarm is a mistake', () => {
  const alarm: FoundBreak = { id: 'x', entity: 'product', system: 'meditrack', key: '000001', class: 'value', field: 'name', direction: 'mend-legacy' };
  expect(checkReconcile(reconciled(), [...lasting, alarm], expected, 'round_per_line')).toEqual([
    'breaks: false alarm: product meditrack 000001 value',
    `breaks: ${lasting.length + 1} instead of ${lasting.length}`,
  ]);
});

test('a residual and an amount that is off by a cent are mistakes', () => {
  expect(checkReconcile(reconciled({ residual: '0.01', legacy: '1' }), lasting, expected, 'round_per_line')).toEqual([
    'unexplained in purchase_order order-untaxed-amount : 0.01 instead of 0',
    `order amounts in legacy: 1 instead of ${amounts.legacy}`,
  ]);
});

test('a pull that loses a row says which', () => {
  const snapshots = Object.entries(truth.rows).map(([name, { input }]) => {
    const [system = '', entity = ''] = name.split('/');
    const quarantined = expected.quarantined.get(`${entity} ${system}`) ?? 0;
    return { system, entity, id: 'x', rows: name === 'meditrack/product' ? input - 1 : input, quarantined, mode: 'full' as const };
  });
  expect(checkPull({ snapshots }, truth, expected)).toEqual(['rows of meditrack/product: 320 instead of 321']);
});

test('a plan that would create a record with a fault is a mistake', () => {
  const refused: PlannedDocument[] = [...expected.refuses.keys()].map((name) => {
    const [entity = '', system = '', ...key] = name.split(' ');
    return { action: 'refuse', entity, system, key: key.join(' '), reason: '' };
  });
  const creates = [...expected.creates.values()].reduce((sum, count) => sum + count, 2);
  const created: PlannedDocument[] = Array.from({ length: creates }, (_, index) => ({
    action: 'create',
    entity: 'product',
    system: 'meditrack',
    key: String(index),
    reason: null,
  }));
  expect(checkPlan([...refused, ...created], expected, { applied: 0 })).toEqual([]);
  const [first, ...rest] = refused;
  expect(checkPlan([...rest, ...created, { ...(first as PlannedDocument), action: 'create' }], expected, { applied: 0 })).toEqual([
    `refused: not found: ${first?.entity} ${first?.system} ${first?.key}`,
    `creates and links: ${creates + 1} instead of ${creates}`,
  ]);
});

test('a load that leaves something behind is a mistake', () => {
  const counts = { planned: 3, applied: 1, noop: 0, conflict: 1, deadLettered: 1, blocked: 0, remaining: 0, unknown: 0 };
  const records = { created: 1, updated: 0, deleted: 0, linked: 0, detached: 0, unchanged: 0 };
  const refusals = [{ entity: 'supplier', reason: 'no', count: 1, keys: ['V1'] }];
  const result = { ...counts, runId: 'r', records, conflicts: [], conflictsFile: null, refusals, seconds: 1, seal: { entries: 9, hash: 'x' } };
  expect(checkLoad(result, { applied: 3, noop: 0, remaining: 0 })).toEqual([
    'applied: 1 instead of 3',
    'conflicts: 1 instead of 0',
    'dead letters: 1 instead of 0',
    'Odoo refused 1 supplier: no',
  ]);
});

test('a conflict that is missed, one that is none, and a record of Odoo that is not known again are mistakes', () => {
  const conflicts = [...expected.conflicts].map((name) => {
    const [breakClass = '', entity = '', field = '', system = '', ...key] = name.split(' ');
    return { class: breakClass, entity, field: field === '-' ? null : field, system, key: key.join(' ') };
  });
  const links = [...expected.links].map((name) => {
    const [entity = '', system = '', key = ''] = name.split(' ');
    return { entity, system, key };
  });
  expect(conflicts.length).toBeGreaterThan(20);
  expect(checkMatch({ conflicts, count: conflicts.length, links }, expected)).toEqual([]);
  const alarm = { class: 'truncated', entity: 'product', field: 'barcode', system: 'meditrack', key: '000001' };
  expect(checkMatch({ conflicts: [...conflicts.slice(1), alarm], count: conflicts.length, links: [] }, expected)).toEqual([
    `conflicts: not found: ${[...expected.conflicts][0]}`,
    'conflicts: false alarm: truncated product barcode meditrack 000001',
    `proposed links: not found: ${[...expected.links][0]}`,
  ]);
});
