import { expect, test } from 'vitest';
import type { RunRecord } from '../../domain/ports.ts';
import { openRuns } from './status.ts';

const run = (id: string, command: string, status: RunRecord['status'], data: unknown = null): RunRecord => ({
  id,
  command,
  capability: 'procurement',
  status,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  asOf: '2026-01-01T00:00:00.000Z',
  data,
});

test('an interrupted load stays open with the command that goes on, even after later loads', () => {
  const open = openRuns([run('3', 'load', 'ok', { remaining: 0 }), run('2', 'load', 'interrupted'), run('1', 'load', 'ok', { remaining: 0 })]);
  expect(open.map(({ runId, goOn }) => [runId, goOn])).toEqual([['2', 'cutover load --resume 2']]);
});

test('a pilot leaves a remainder that is open', () => {
  expect(openRuns([run('1', 'load', 'incomplete', { remaining: 12 })])).toHaveLength(1);
});

test('an interrupted reconcile is forgotten once a later one went through', () => {
  expect(openRuns([run('2', 'reconcile', 'ok'), run('1', 'reconcile', 'interrupted')])).toEqual([]);
  expect(openRuns([run('2', 'reconcile', 'running'), run('1', 'reconcile', 'ok')]).map(({ goOn }) => goOn)).toEqual(['cutover reconcile procurement']);
});
