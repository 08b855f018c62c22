import { expect, test } from 'vitest';
import type { LoadCounts } from '../domain/journal.ts';
import type { MapResult } from '../domain/results.ts';
import { exitCodeOf, loadStatus, mapStatus, worstOf } from './outcome.ts';

const counts: LoadCounts = { planned: 3, applied: 2, noop: 1, conflict: 0, deadLettered: 0, blocked: 0, remaining: 0, unknown: 0 };

test('a load is done only when nothing is left in any way', () => {
  expect(loadStatus(counts)).toBe('ok');
  for (const left of ['conflict', 'deadLettered', 'blocked', 'remaining', 'unknown'] as const)
    expect([left, loadStatus({ ...counts, [left]: 1 })]).toEqual([left, 'incomplete']);
});

test('rejects are findings above the threshold of the policies, and an error check always', () => {
  const entity = { entity: 'supplier', system: 's', input: 10, mapped: 7, rejected: 3, filtered: 0, duplicates: 0 };
  const result: MapResult = { entities: [entity], checks: [], rejects: [], rejectFiles: [] };
  expect([mapStatus(result, 3), mapStatus(result, 2)]).toEqual(['ok', 'findings']);
  const check = { entity: 'supplier', name: 'c', count: 1, measure: null, hint: 'h' };
  expect(mapStatus({ ...result, checks: [{ ...check, severity: 'warning' }] }, 3)).toBe('ok');
  expect(mapStatus({ ...result, checks: [{ ...check, severity: 'error' }] }, 3)).toBe('findings');
});

test('what could not be done matters more than what was found', () => {
  expect(worstOf(['ok', 'findings', 'incomplete'])).toBe('incomplete');
  expect(worstOf([])).toBe('ok');
  expect((['ok', 'findings', 'incomplete', 'refused', 'failed'] as const).map(exitCodeOf)).toEqual([0, 3, 4, 5, 1]);
});
