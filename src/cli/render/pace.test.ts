import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import type { PaceReport } from '../../domain/pace.ts';
import { renderPace } from './pace.ts';

const style = { paint: new Chalk({ level: 0 }), width: 100 };
const calm: PaceReport = {
  ...{ concurrency: 2, mostConcurrency: 2, calls: 40, lostRaces: 0, overloads: 0, changes: [], pauses: [] },
  entities: [
    { entity: 'supplier', batch: 250, mostBatch: 250, documents: 4000, odooSeconds: 12 },
    { entity: 'purchase-order', batch: 31, mostBatch: 50, documents: 300, odooSeconds: 20 },
    { entity: 'unit', batch: 50, mostBatch: 100, documents: 0, odooSeconds: 0 },
  ],
};

test('a load without trouble says in one line what was found', () => {
  expect(renderPace(calm, style)).toBe('Pace: 2 calls at a time of 2 allowed; documents in a batch: supplier 250, purchase-order 31 of 50');
});

test('what it made way for is told, growing is not, and neither is the seventh reason', () => {
  const change = { at: '2026-11-23T03:00:00.000Z', entity: 'supplier', from: { batch: 250, concurrency: 2 }, to: { batch: 125, concurrency: 1 } };
  const growth = { ...change, reason: 'calm' } as const;
  const pace: PaceReport = {
    ...{ ...calm, concurrency: 1, lostRaces: 1, overloads: 2 },
    changes: [
      growth,
      { ...change, reason: 'lost-race' },
      ...Array.from({ length: 5 }, () => ({ ...change, to: { batch: 125, concurrency: 2 }, reason: 'slower' as const })),
    ],
    pauses: [{ from: '2026-11-23T03:05:00.000Z', seconds: 90 }],
  };
  const lines = renderPace(pace, style).split('\n');
  expect(lines.slice(0, 4)).toEqual([
    'Pace: 1 call at a time of 2 allowed; documents in a batch: supplier 250, purchase-order 31 of 50',
    '  of 40 calls 1 collided, 2 refused or unanswered',
    '  03:00:00  supplier: batches 250 → 125, calls at a time 2 → 1, transactions collided',
    '  03:00:00  supplier: batches 250 → 125, Odoo became slower',
  ]);
  expect(lines.slice(-2)).toEqual(['  and 1 more: with --json', '  03:05:00  paused for 1 min 30 s']);
});
