import { afterEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from './server.ts';

describe('the sandbox server', () => {
  let sandbox: Sandbox | undefined;

  afterEach(async () => {
    await sandbox?.stop();
    sandbox = undefined;
  });

  const call = (model: string, method: string, body: object): Promise<Response> =>
    fetch(`${sandbox?.url}/json/2/${model}/${method}`, {
      method: 'POST',
      headers: { Authorization: `bearer ${sandbox?.apiKey}`, 'X-Odoo-Database': sandbox?.database ?? '', 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const count = async (): Promise<unknown> => (await call('res.partner', 'search_count', { domain: [['name', '=', 'A']] })).json();

  test('answers on 127.0.0.1 only, names its world, and closes every connection', async () => {
    sandbox = await startSandbox();
    expect(sandbox.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const response = await call('ir.config_parameter', 'get_param', { key: 'database.uuid' });
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toBe(sandbox.uuid);
  });

  test('takes back all of a call that fails', async () => {
    sandbox = await startSandbox();
    const response = await call('res.partner', 'create', { vals_list: [{ name: 'A' }, { name: 'A', type: 'nope' }] });
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ name: 'builtins.ValueError', message: "Wrong value for res.partner.type: 'nope'" });
    expect(await count()).toBe(0);
  });

  test('can lose an answer after the commit, and a call before it', async () => {
    sandbox = await startSandbox();
    sandbox.fail({ effect: { kind: 'drop-after-commit' }, method: 'create' });
    await expect(call('res.partner', 'create', { vals_list: [{ name: 'A' }] })).rejects.toThrow();
    expect(await count()).toBe(1);
    sandbox.fail({ effect: { kind: 'drop-before' }, method: 'create' });
    await expect(call('res.partner', 'create', { vals_list: [{ name: 'A' }] })).rejects.toThrow();
    expect(await count()).toBe(1);
  });

  test('can fail the nth call only, as a proxy or as a busy database', async () => {
    sandbox = await startSandbox({ failures: [{ effect: { kind: 'status', status: 503 }, model: 'res.partner', nth: 2 }] });
    expect((await call('res.partner', 'search', { domain: [] })).status).toBe(200);
    expect((await call('res.partner', 'search', { domain: [] })).status).toBe(503);
    expect((await call('res.partner', 'search', { domain: [] })).status).toBe(200);
    sandbox.fail({ effect: { kind: 'concurrent-update' }, times: 2 });
    const load = await call('res.partner', 'load', { fields: ['id', 'name'], data: [['m.a', 'A']] });
    expect(load.status).toBe(200);
    expect(await load.json()).toMatchObject({ ids: false, messages: [{ message: 'could not serialize access due to concurrent update\n' }] });
    expect((await call('res.partner', 'search', { domain: [] })).status).toBe(500);
    expect(await count()).toBe(0);
  });

  test('holds a company in use when asked for one', async () => {
    sandbox = await startSandbox({ seed: 'demo' });
    const orders = await (await call('purchase.order', 'search_read', { domain: [], fields: ['name', 'state'], order: 'id' })).json();
    expect(orders).toEqual([
      { id: 1, name: 'P00001', state: 'purchase' },
      { id: 2, name: 'P00002', state: 'draft' },
      { id: 3, name: 'P00003', state: 'draft' },
    ]);
  });
});
