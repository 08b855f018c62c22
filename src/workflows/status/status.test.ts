import { expect, test } from 'vitest';
import type { RunRecord } from '../../domain/ports.ts';
import { lastVerdict, openRuns } from './status.ts';

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

const at = (run: RunRecord, startedAt: string, endedAt: string | null): RunRecord => ({ ...run, startedAt, endedAt });

test('a verdict is overtaken by a load or rollback that wrote after both sides were read, and by no other', () => {
  const verdict = at(run('v', 'run', 'ok', { verdict: 'RECONCILED' }), '2026-01-01T07:25', '2026-01-01T07:26');
  const before = at(run('l1', 'load', 'ok', { applied: 3 }), '2026-01-01T07:00', '2026-01-01T07:10');
  const nothing = at(run('l2', 'load', 'ok', { applied: 0 }), '2026-01-01T07:30', '2026-01-01T07:31');
  const shown = at(run('r1', 'rollback', 'ok', { nonce: 'n', actions: {} }), '2026-01-01T07:32', '2026-01-01T07:33');
  const back = at(run('r2', 'rollback', 'ok', { applied: 3 }), '2026-01-01T07:40', '2026-01-01T07:41');
  const overtakenBy = (...writers: RunRecord[]) => lastVerdict([...writers, verdict], writers, 'procurement')?.overtakenBy?.runId ?? null;
  expect(overtakenBy(shown, nothing, before)).toBeNull();
  expect(overtakenBy(back, shown, nothing, before)).toBe('r2');
  // Resumed after the verdict, under its own id.
  expect(overtakenBy({ ...before, endedAt: '2026-01-01T07:50' })).toBe('l1');
});

test('a reconcile knows no more than the pull before it', () => {
  const reconcile = at(run('c', 'reconcile', 'ok', { verdict: 'BREAKS' }), '2026-01-01T08:00', '2026-01-01T08:01');
  const load = at(run('l', 'load', 'ok', { applied: 3 }), '2026-01-01T07:30', '2026-01-01T07:31');
  const pull = at(run('p', 'pull', 'ok'), '2026-01-01T07:00', '2026-01-01T07:01');
  expect(lastVerdict([reconcile, load, pull], [load], 'procurement')?.overtakenBy?.runId).toBe('l');
});
