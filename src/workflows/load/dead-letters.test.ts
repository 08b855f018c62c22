import { expect, test } from 'vitest';
import type { JournalEntry } from '../../domain/journal.ts';
import type { PlanManifest } from '../../domain/plan.ts';
import type { StateStore } from '../../domain/ports.ts';
import { deadLettersOf, openPlaces } from './dead-letters.ts';

const manifest = (kind: 'load' | 'rollback' = 'load', uuid = 'u1') =>
  ({ kind, capability: 'procurement', odoo: { uuid, database: 'd', version: '19.0' } }) as PlanManifest;
const entry = (runId: string, sequence: number, kind: JournalEntry['kind'], key: string, more: Partial<JournalEntry> = {}): JournalEntry => ({
  ...{
    runId,
    segment: 1,
    sequence,
    kind,
    action: 1,
    step: 'record',
    entity: 'unit',
    system: 'legacy',
    key,
    externalId: `m.${key}`,
    model: 'uom.uom',
    odooId: null,
  },
  ...{ at: `2026-11-2${runId.at(-1)}T06:00:00.000Z`, payload: kind === 'dead-letter' ? { refusal: { name: 'x', message: `no ${runId}` } } : {} },
  ...more,
});

/** A state that holds these entries, each run with its plan. */
function stateOf(plans: Readonly<Record<string, PlanManifest>>, entries: readonly JournalEntry[]): StateStore {
  return {
    async *deadLetters() {
      yield entries;
    },
    async *journalOf(runId: string) {
      const plan = plans[runId];
      yield plan === undefined ? [] : [entry(runId, 1, 'intent', '', { payload: { plan } })];
    },
  } as unknown as StateStore;
}
const place = (runId: string, sequence: number) => ({ runId, segment: 1, sequence });

test('a record is one dead letter over runs, open until its last attempt is ended', async () => {
  const plans = { r1: manifest(), r2: manifest(), r3: manifest() };
  const refusals = [entry('r1', 5, 'dead-letter', 'A'), entry('r2', 6, 'dead-letter', 'A'), entry('r1', 7, 'dead-letter', 'B')];
  const settled = entry('r3', 9, 'settled', 'B', { payload: { ends: [place('r1', 7)] } });
  const early = entry('r2', 8, 'discarded', 'A', { payload: { ends: [place('r1', 5)], by: 'S. Ortega', reason: 'none' } });
  const state = stateOf(plans, [...refusals, early, settled]);
  const letters = await deadLettersOf(state);
  expect(letters.map(({ key, status, attempts }) => [key, status, attempts.map(({ runId }) => runId)])).toEqual([
    ['B', 'settled', ['r1']],
    ['A', 'open', ['r1', 'r2']],
  ]);
  expect(letters[0]?.ended).toMatchObject({ runId: 'r3', by: null });
  expect([...(await openPlaces(state, manifest())).values()]).toEqual([[place('r1', 5), place('r2', 6)]]);
  const over = entry('r3', 10, 'discarded', 'A', { payload: { ends: [place('r1', 5), place('r2', 6)], by: 'S. Ortega', reason: 'a test' } });
  expect((await deadLettersOf(stateOf(plans, [...refusals, over])))[1]).toMatchObject({ status: 'discarded', ended: { by: 'S. Ortega', reason: 'a test' } });
});

test('a rollback that is refused is another dead letter than a load, and so is one of another Odoo', async () => {
  const state = stateOf({ r1: manifest(), r2: manifest('rollback'), r3: manifest('load', 'u2') }, [
    entry('r1', 5, 'dead-letter', 'A'),
    entry('r2', 5, 'dead-letter', 'A'),
    entry('r3', 5, 'dead-letter', 'A'),
  ]);
  const letters = await deadLettersOf(state);
  expect(new Set(letters.map(({ id }) => id)).size).toBe(3);
  for (const [of, runId] of [
    [manifest(), 'r1'],
    [manifest('rollback'), 'r2'],
    [manifest('load', 'u2'), 'r3'],
  ] as const) {
    expect([...(await openPlaces(state, of)).values()]).toEqual([[place(runId, 5)]]);
  }
});

test('a journal that does not begin with its plan is said to be one, and does not keep another run from its work', async () => {
  const state = stateOf({}, [entry('r1', 5, 'dead-letter', 'A')]);
  expect((await openPlaces(state, manifest())).size).toBe(0);
  await expect(deadLettersOf(state)).rejects.toMatchObject({
    code: 'E_RUN_UNKNOWN',
    hint: 'cutover audit verify r1',
  });
});
