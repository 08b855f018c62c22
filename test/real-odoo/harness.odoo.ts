import { afterEach, expect, test } from 'vitest';
import type { RealOdoo, StartOptions } from './harness.ts';
import { startRealOdoo } from './harness.ts';

const started: RealOdoo[] = [];

async function start(options: StartOptions): Promise<RealOdoo> {
  const odoo = await startRealOdoo(options);
  started.push(odoo);
  return odoo;
}

async function countPartners({ url, database, apiKey }: RealOdoo): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${url}/json/2/res.partner/search_count`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `bearer ${apiKey}`, 'X-Odoo-Database': database },
    body: JSON.stringify({ domain: [] }),
  });
  return { status: response.status, answer: response.ok ? await response.json() : undefined };
}

afterEach(async () => {
  for (const odoo of started.splice(0)) await odoo.stop();
});

// A given Odoo is one database: nothing to compare it with.
const ours = test.skipIf(Boolean(process.env.ODOO_URL));

ours('makes databases that share nothing, each answering to its own key', async () => {
  const [one, two, demo] = await Promise.all([start({ version: 19 }), start({ version: 19 }), start({ version: 19, demo: true })]);
  expect(new Set([one.uuid, two.uuid, demo.uuid]).size).toBe(3);
  const bare = await countPartners(one);
  expect(bare.status).toBe(200);
  expect((await countPartners(demo)).answer).toBeGreaterThan(Number(bare.answer));
  expect((await countPartners({ ...one, database: two.database })).status).toBe(401);
});

ours('leaves nothing of a stopped database, and a second stop is harmless', async () => {
  const odoo = await start({ version: 19 });
  await odoo.stop();
  await odoo.stop();
  const other = await start({ version: 19 });
  expect((await countPartners({ ...other, database: odoo.database })).status).toBe(404);
});

ours('refuses to replace a database that exists', async () => {
  const odoo = await start({ version: 19 });
  await expect(start({ version: 19, database: odoo.database })).rejects.toThrow('failed');
  expect((await countPartners(odoo)).status).toBe(200);
});

ours('brings up Odoo 14, whose key is a password of /jsonrpc', async () => {
  const { url, database, apiKey, login } = await start({ version: 14 });
  const response = await fetch(`${url}/jsonrpc`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', method: 'call', params: { service: 'common', method: 'login', args: [database, login, apiKey] } }),
  });
  expect(await response.json()).toMatchObject({ result: 2 });
});
