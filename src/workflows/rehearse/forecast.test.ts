import { expect, test } from 'vitest';
import type { EntityPace, RehearsalResult } from '../../domain/rehearsal-results.ts';
import { comparisonOf, forecastOf } from './forecast.ts';

const pace = (documents: number, seconds: number, low = seconds / documents, high = seconds / documents): EntityPace => ({
  ...{ documents, records: documents, seconds, low, high },
});
const nothing = { documents: 0, records: 0, seconds: 0, low: 0, high: 0 };

function rehearsal(supplier: EntityPace, loadSeconds: number, refusals: RehearsalResult['load']['refusals'] = []): RehearsalResult {
  const run = { seconds: loadSeconds, refusals, conflict: 0 } as unknown as RehearsalResult['load'];
  return { entities: [{ entity: 'supplier', load: supplier, rollback: nothing }], load: run, rollback: { ...run, seconds: 0 } } as unknown as RehearsalResult;
}

test('a single rehearsal spreads as its stretches did, and what is around the documents is added once', () => {
  const { load } = forecastOf(new Map([['supplier', 1000]]), [rehearsal(pace(100, 10, 0.08, 0.2), 13)]);
  expect(load).toEqual({ low: 83, typical: 103, high: 203 });
});

test('several rehearsals spread as their nights did', () => {
  const { load, rehearsals } = forecastOf(new Map([['supplier', 100]]), [rehearsal(pace(100, 10, 0, 9), 10), rehearsal(pace(100, 20, 0, 9), 20)]);
  expect({ low: load?.low, high: load?.high, rehearsals }).toEqual({ low: 10, high: 20, rehearsals: 2 });
  expect(load?.typical).toBeCloseTo(15);
});

test('an entity that was never rehearsed leaves the night unknown', () => {
  expect(forecastOf(new Map([['product', 1]]), [rehearsal(pace(100, 10), 10)])).toMatchObject({ documents: 1, load: null, rollback: null });
});

test('what Odoo refuses now and did not before is new, the other way round it is gone', () => {
  const refusal = (reason: string) => ({ entity: 'supplier', reason, count: 2, keys: [] });
  const before = { ...rehearsal(pace(100, 10), 10, [refusal('old'), refusal('both')]), runId: 'r1', at: 't' };
  const compared = comparisonOf(rehearsal(pace(100, 5), 5, [refusal('both'), refusal('new')]), before);
  expect(compared.newRefusals).toMatchObject([{ reason: 'new' }]);
  expect(compared.goneRefusals).toMatchObject([{ reason: 'old' }]);
  expect(compared.entities).toEqual([{ entity: 'supplier', rate: 20, before: 10 }]);
});
