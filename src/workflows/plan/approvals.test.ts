import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openEmbedded } from '../../adapters/state/database.ts';
import { openState } from '../../adapters/state/state-store.ts';
import type { Approval, JournalEntry } from '../../domain/journal.ts';
import type { RegisteredPlan } from '../../domain/plan.ts';
import type { StateStore } from '../../domain/ports.ts';
import type { Approvals } from '../../domain/workspace.ts';
import { approvalState, objectionTo } from './approvals.ts';

const plan: RegisteredPlan = {
  ...{ nonce: 'n', kind: 'load', capability: 'procurement', runId: 'r', sha256: 'h', file: '/p', registeredAt: '2026-11-23T06:00:00.000Z' },
  ...{ environment: 'production', author: { name: 'A. Author', account: 'author', host: 'desk' }, consumedBy: null, consumedAt: null },
};
const policy = (by: string[]): Approvals => ({ required: 1, by, valid_hours: 24 });

test('nobody approves what they made themselves, however they write their name', () => {
  expect(objectionTo('A. Author', plan, null)).toContain('it takes somebody else');
  expect(objectionTo('  a.   AUTHOR ', plan, null)).toContain('it takes somebody else');
  expect(objectionTo('S. Ortega', plan, null)).toBeNull();
});

test('where people are named only they approve, and not the author among them', () => {
  expect(objectionTo('J. Lund', plan, policy(['S. Ortega', 'A. Author']))).toBe('J. Lund is not among those who approve here (S. Ortega, A. Author)');
  expect(objectionTo('s. ortega', plan, policy(['S. Ortega']))).toBeNull();
  expect(objectionTo('A. Author', plan, policy(['A. Author']))).toContain('it takes somebody else');
});

test('a plan of which nobody knows who made it is approved by nobody', () => {
  expect(objectionTo('S. Ortega', { ...plan, author: null }, null)).toBe('it is not known who made the plan');
});

const clock = { now: () => '2026-11-23T06:00:00.000Z' };
const author = { name: 'A. Author', account: 'author', host: 'desk' };

async function openPlanned(): Promise<{ directory: string; state: StateStore; registered: RegisteredPlan }> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-approvals-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const state = await openState({ url: 'embedded', directory, clock, holder: 'test', environment: 'production', operator: author });
  await state.registerPlan({ nonce: 'n', kind: 'load', capability: 'procurement', runId: 'plan-1', sha256: 'h', file: '/p' });
  const registered = await state.plan('n');
  if (registered === null) throw new Error('the plan was not registered');
  return { directory, state, registered };
}

async function approve(state: StateStore, runId: string, name: string, at: string, other: Partial<Approval> = {}): Promise<void> {
  const by = { name, account: null, host: 'elsewhere' };
  const approval = { ...{ nonce: 'n', sha256: 'h', capability: 'procurement', environment: 'production', by, author, comment: null }, ...other };
  const entry = (kind: JournalEntry['kind'], payload: JournalEntry['payload'], key: string | null): Omit<JournalEntry, 'sequence'> => ({
    ...{ runId, segment: 1, kind, action: null, step: null, entity: null, system: null, key, externalId: null, model: null, odooId: null, at, payload },
  });
  await state.journal([entry('approved', { approval }, 'n'), entry('seal', {}, null)]);
}

test('approvals count while they are fresh, about this content and this environment, once per person', async () => {
  const { state, registered } = await openPlanned();
  expect(registered).toMatchObject({ environment: 'production', author });
  await approve(state, 'approve-1', 'S. Ortega', '2026-11-23T07:00:00.000Z');
  await approve(state, 'approve-2', 's. ortega', '2026-11-23T08:00:00.000Z');
  await approve(state, 'approve-3', 'J. Lund', '2026-11-23T08:00:00.000Z', { sha256: 'other' });
  await approve(state, 'approve-4', 'K. Iwu', '2026-11-23T08:00:00.000Z', { environment: 'rehearsal' });
  await approve(state, 'approve-5', 'M. Roth', '2026-11-22T08:00:00.000Z');
  const at = async (now: string) => approvalState(registered, policy([]), now, state);
  const soon = await at('2026-11-23T09:00:00.000Z');
  expect([soon.required, soon.counting]).toEqual([1, 1]);
  expect(Object.fromEntries(soon.approvals.map(({ runId, problem }) => [runId, problem]))).toEqual({
    ...{ 'approve-1': null, 'approve-2': null, 'approve-3': 'it was given to another content', 'approve-4': 'it was given for another environment' },
    'approve-5': 'it is older than the plan',
  });
  expect((await at('2026-11-24T07:30:00.000Z')).counting).toBe(1);
  const late = await at('2026-11-24T09:00:00.000Z');
  expect([late.counting, late.approvals.find(({ runId }) => runId === 'approve-1')?.problem]).toEqual([0, 'it is 26 hours old, 24 are allowed']);
  await state.close();
});

test('an approval that was written behind the back of its chain does not count', async () => {
  const { directory, state, registered } = await openPlanned();
  await approve(state, 'approve-1', 'S. Ortega', '2026-11-23T07:00:00.000Z', { sha256: 'other' });
  await state.close();
  const database = await openEmbedded(directory, clock, 'tamper');
  await database.knex.raw("update cutover.journal set payload = replace(payload::text, '\"other\"', '\"h\"')::json where kind = 'approved'");
  await database.close();
  const again = await openState({ url: 'embedded', directory, clock, holder: 'test' });
  const found = await approvalState(registered, policy([]), '2026-11-23T08:00:00.000Z', again);
  expect(found).toMatchObject({ counting: 0, approvals: [{ problem: 'its journal is not what was written (cutover audit verify)' }] });
  await again.close();
});
