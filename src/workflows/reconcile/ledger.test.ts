/** The ledger against what it means, over any number of nights, looked at any number of times. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { literal } from '../../domain/sql.ts';
import { ledgerTableSql, livesTableSql, nextLedgerSql, resolvedSql } from './ledger-sql.ts';
import { Laboratory } from './reconcile-world.fixture.ts';
import { holdingSql, stageBreakDecisions } from './waivers.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

const ids = ['a', 'b', 'c', 'd'];
const night = fc.record({ breaks: fc.subarray(ids), looks: fc.integer({ min: 1, max: 2 }) });

const tonightSql = (breaks: readonly string[]): string =>
  breaks.length === 0
    ? `SELECT '' AS id, '' AS entity, '' AS rule, '' AS class WHERE false`
    : breaks.map((id) => `SELECT ${literal(id)} AS id, 'supplier' AS entity, 'city' AS rule, 'value' AS class`).join(' UNION ALL ');

interface Life {
  readonly id: string;
  readonly life: string;
  readonly nights: number;
  readonly first_seen: string;
}

async function livesOf(breaks: readonly string[], number: number, since: number): Promise<Life[]> {
  await laboratory.plane.run(livesTableSql(number - 1, since));
  return await laboratory.plane.rows<Life & Record<string, string | number>>(`SELECT t.id, coalesce(p.first_seen, 'night ${number}') AS first_seen,
${number} - coalesce(p.opened, ${number}) + 1 AS nights, CASE WHEN p.then_there THEN 'persisting' WHEN p.then_resolved THEN 'reopened' ELSE 'new' END AS life
FROM (${tonightSql(breaks)}) AS t LEFT JOIN lives AS p ON p.id = t.id ORDER BY t.id`);
}

async function resolvedOf(breaks: readonly string[], number: number, since: number): Promise<string[]> {
  const rows = await laboratory.plane.rows<{ id: string }>(`SELECT id FROM (${resolvedSql(since, number, tonightSql(breaks))}) ORDER BY id`);
  return rows.map(({ id }) => id);
}

/** How it is told in words: a break that is there after a night is what it was in the nights before. */
function told(history: readonly (readonly string[])[], id: string, since: number): Omit<Life, 'id'> {
  const number = history.length;
  const isThere = (one: number): boolean => history[one - 1]?.includes(id) === true;
  let first = number;
  while (first > 1 && isThere(first - 1)) first -= 1;
  const wasThere = Array.from({ length: since }, (_, index) => index + 1).some(isThere);
  const life = since > 0 && isThere(since) ? 'persisting' : wasThere ? 'reopened' : 'new';
  return { life, nights: number - first + 1, first_seen: `night ${first}` };
}

test('every break is new, persists or is reopened as it was there before, against any night; none appears or vanishes untold', async () => {
  const { plane } = laboratory;
  await fc.assert(
    fc.asyncProperty(fc.array(night, { minLength: 1, maxLength: 6 }), async (nights) => {
      await plane.run(ledgerTableSql(null));
      const history: (readonly string[])[] = [];
      for (const { breaks, looks } of nights) {
        history.push(breaks);
        const number = history.length;
        const seen: unknown[] = [];
        for (let look = 0; look < looks; look += 1) {
          for (let since = 0; since < number; since += 1) {
            const lives = await livesOf(breaks, number, since);
            expect(lives).toEqual(breaks.map((id) => ({ id, ...told(history, id, since) })));
            const before = since === 0 ? [] : (history[since - 1] ?? []);
            const resolved = await resolvedOf(breaks, number, since);
            expect(resolved).toEqual(before.filter((id) => !breaks.includes(id)));
            // what was there and what came since is what is there and what has gone
            const came = lives.filter(({ life }) => life !== 'persisting').map(({ id }) => id);
            expect([...resolved, ...breaks].sort()).toEqual([...before, ...came].sort());
          }
          const next = nextLedgerSql({ number, oldest: 1, firstSeen: `night ${number}`, tonight: tonightSql(breaks) });
          await plane.run(`CREATE OR REPLACE TABLE next_ledger AS ${next}`);
          await plane.run('CREATE OR REPLACE TABLE ledger AS FROM next_ledger');
          seen.push(await plane.rows('FROM ledger'));
        }
        // looked at again, the night leaves the same ledger
        expect(seen.at(-1)).toEqual(seen[0]);
        const open = await plane.rows<{ id: string }>('SELECT id FROM ledger WHERE closed IS NULL ORDER BY id');
        expect(open.map(({ id }) => id)).toEqual(breaks);
      }
    }),
    { numRuns: 30 },
  );
}, 120_000);

test('intervals that ended before the nights that are kept are let go, and nothing else is', async () => {
  const { plane } = laboratory;
  await plane.run(ledgerTableSql(null));
  for (const [index, breaks] of [['a', 'b'], ['b'], ['b'], ['b']].entries()) {
    const next = nextLedgerSql({ number: index + 1, oldest: Math.max(1, index), firstSeen: `night ${index + 1}`, tonight: tonightSql(breaks) });
    await plane.run(`CREATE OR REPLACE TABLE next_ledger AS ${next}`);
    await plane.run('CREATE OR REPLACE TABLE ledger AS FROM next_ledger');
  }
  expect(await plane.rows('SELECT id, opened, closed FROM ledger')).toEqual([{ id: 'b', opened: 1, closed: null }]);
});

const hash = fc.constantFrom('0123456789abcdef', 'fedcba9876543210', '', 'xyz');
const row = fc.record({
  break: fc.constantFrom('aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'AAAA'),
  decision: fc.constantFrom('waive', 'waive', 'legacy', 'wave'),
  by: fc.constantFrom('sue', 'sue', ''),
  reason: fc.constantFrom('known', 'known', ' '),
  until: fc.constantFrom('2026-03-31', '2026-01-02', '2026-01-01', '2026-02-30', ''),
  value_hash: hash,
});

test('a decision holds only while every part of its row is right, it is the last on this break and these values, and its day has not passed', async () => {
  const { plane } = laboratory;
  const day = '2026-01-02';
  const isRight = (one: { break: string; decision: string; by: string; reason: string; until: string; value_hash: string }): boolean =>
    /^[ab]{16}$/.test(one.break) &&
    one.value_hash.length === 16 &&
    one.decision !== 'wave' &&
    one.by !== '' &&
    one.reason !== ' ' &&
    one.until !== '2026-02-30' &&
    (one.until !== '' || one.decision === 'legacy');
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 8 }), async (rows) => {
      const about = { entity: '', key: '', field: '', at: '', problem: null, position: { file: 'decisions/breaks.csv', line: 2, column: 1 } };
      await stageBreakDecisions(plane, { breakDecisions: rows.map((one) => ({ ...about, ...one })) });
      const last = new Map(rows.filter(isRight).map((one) => [`${one.break} ${one.value_hash}`, one]));
      const holding = [...last.values()].filter((one) => one.until === '' || one.until >= day).map((one) => `${one.break} ${one.value_hash} ${one.decision}`);
      const found = await plane.rows<{ break: string; value_hash: string; decision: string }>(holdingSql(day));
      expect(found.map((one) => `${one.break} ${one.value_hash} ${one.decision}`).sort()).toEqual(holding.sort());
    }),
    { numRuns: 60 },
  );
}, 60_000);
