import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PatternBench, type Seed, type SeededBreak } from './patterns.fixture.ts';

let bench: PatternBench;
beforeAll(async () => {
  bench = await PatternBench.open();
});
afterAll(async () => {
  await bench.close();
});

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -.';
const character = fc.constantFrom(...letters);
const word = fc.string({ unit: character, minLength: 6, maxLength: 24 });

/** One edit of a person: a character more, less or another, anywhere. */
const typo = fc.tuple(word, fc.nat(), character, fc.constantFrom('more', 'less', 'other')).map(([text, at, other, how]): SeededBreak => {
  const place = at % text.length;
  const kept = how === 'more' ? place : place + 1;
  return { legacy: text, odoo: text.slice(0, place) + (how === 'less' ? '' : other) + text.slice(kept) };
});
const another = fc.tuple(word, word).map(([legacy, odoo]): SeededBreak => ({ legacy, odoo }));
const cents = fc.integer({ min: -500_000, max: 5_000_000 });
const money = (value: number) => (value / 100).toFixed(2).replace(/\.?0+$/, '');
const amount = fc.tuple(cents, cents).map(([legacy, odoo]): SeededBreak => ({ legacy: money(legacy), odoo: money(odoo) }));
const count = fc
  .tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: -4, max: 4 }))
  .map(([legacy, by]): SeededBreak => ({ legacy: String(legacy), odoo: String(legacy + by) }));
const day = fc.date({ min: new Date('2015-01-01'), max: new Date('2026-01-01'), noInvalidDate: true }).map((value) => value.toISOString().slice(0, 10));
const date = fc.tuple(day, day).map(([legacy, odoo]): SeededBreak => ({ legacy, odoo }));
const moment = fc
  .tuple(day, day, fc.nat(86_399), fc.nat(86_399))
  .map(([legacy, odoo, one, other]): SeededBreak => ({ legacy: `${legacy} ${clock(one)}`, odoo: `${odoo} ${clock(other)}` }));
const clock = (seconds: number) => new Date(seconds * 1000).toISOString().slice(11, 19);
const state = fc
  .tuple(fc.constantFrom('draft', 'open', 'done', 'cancelled'), fc.constantFrom('draft', 'open', 'done', 'cancelled'))
  .map(([legacy, odoo]): SeededBreak => ({ legacy, odoo }));

const noises: readonly (readonly [string, Seed['fields'], fc.Arbitrary<SeededBreak>])[] = [
  ['texts with a typing mistake', { name: { type: 'text' } }, typo],
  ['other texts', { name: { type: 'text' } }, another],
  ['other amounts', { name: { type: 'money', digits: 2 } }, amount],
  ['quantities a little off', { name: { type: 'quantity', digits: 2 } }, count],
  ['other days', { name: { type: 'date' } }, date],
  ['other moments', { name: { type: 'timestamp' } }, moment],
  ['other states', { name: { type: 'choice', values: ['draft', 'open', 'done', 'cancelled'] } }, state],
];

describe('noise', () => {
  test.each(noises)(
    '%s are no pattern',
    async (_, fields, one) => {
      const agreed = Array.from({ length: 1000 }, (_none, index) => ({ name: ['draft', 'open', 'done', 'cancelled'][index % 4] as string }));
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 3, max: 300 }), fc.infiniteStream(one), async (size, stream) => {
          const breaks: SeededBreak[] = [];
          for (const value of stream) {
            if (value.legacy !== value.odoo) breaks.push(value);
            if (breaks.length === size) break;
          }
          const found = await bench.patterns({ fields, breaks, agreed });
          expect(found.map(({ transformation, parameter, explains, of }) => [transformation, parameter, explains, of])).toEqual([]);
        }),
        { numRuns: 40 },
      );
    },
    120_000,
  );
});
