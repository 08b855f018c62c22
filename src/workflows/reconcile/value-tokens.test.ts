import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { literal } from '../../domain/sql.ts';
import { Laboratory } from './reconcile-world.fixture.ts';
import { keyedHashSql, stagePiiKey, tokenSql, valueHashSql } from './value-tokens.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

const texts = ['', 'DE02120300000000202051', 'Zoë \\x41 "quoted"\n', '病院', 'x'.repeat(500)];

test.each([['short'], ['ключ'], ['k'.repeat(64)], ['k'.repeat(65)], ['']])('a keyed hash is HMAC-SHA256, as node:crypto makes it (key %j)', async (key) => {
  const { plane } = laboratory;
  await stagePiiKey(plane, key);
  for (const text of texts) {
    const [row] = await plane.rows(`SELECT ${keyedHashSql(literal(text))} AS hash, ${tokenSql(literal(text))} AS token`);
    const expected = createHmac('sha256', key).update(text, 'utf8').digest('hex');
    expect(row).toEqual({ hash: expected, token: `~${expected.slice(0, 12)}` });
  }
  expect(await plane.rows(`SELECT ${tokenSql('NULL')} AS token`)).toEqual([{ token: null }]);
});

test('without a key nothing is hashed that would have to be keyed', async () => {
  const { plane } = laboratory;
  await stagePiiKey(plane, null);
  expect(await plane.rows(`SELECT ${keyedHashSql("'x'")} AS hash, ${tokenSql("'x'")} AS token`)).toEqual([{ hash: null, token: null }]);
});

test('a value hash is over class and values as JSON, plain or keyed', async () => {
  const { plane } = laboratory;
  await stagePiiKey(plane, 'key');
  const hash = async (columns: string) => (await plane.rows<{ h: string }>(`SELECT ${valueHashSql('b')} AS h FROM (SELECT ${columns}) AS b`))[0]?.h;
  const row = (pii: boolean) => `'value' AS class, 'Zoë "x"' AS legacy, NULL AS odoo, 7 AS odoo_id, ${pii} AS pii`;
  const text = JSON.stringify(['value', 'Zoë "x"', null]);
  expect(await hash(row(false))).toBe(createHash('sha256').update(text).digest('hex').slice(0, 16));
  expect(await hash(row(true))).toBe(createHmac('sha256', 'key').update(text).digest('hex').slice(0, 16));
  const candidate = (id: number) => `'exists-unlinked' AS class, NULL AS legacy, NULL::VARCHAR AS odoo, ${id} AS odoo_id, false AS pii`;
  expect(await hash(candidate(7))).not.toBe(await hash(candidate(8)));
});
