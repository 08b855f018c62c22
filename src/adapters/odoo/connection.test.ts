import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { CutoverError } from '../../domain/errors.ts';
import type { OdooConnection, OdooError } from '../../domain/ports.ts';
import { type ConnectOptions, connectOdoo } from './connection.ts';

interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: { readonly [key: string]: unknown };
}
/** A value is answered as JSON with 200; `fail` decides everything itself. */
type Reply = { readonly json: unknown } | { readonly status: number; readonly json: unknown } | { readonly fail: (response: ServerResponse) => void };

/** An Odoo made of prepared replies per `model/method`; what it needs to be connected to is there. */
class Script {
  readonly asked: Asked[] = [];
  readonly #replies = new Map<string, Reply[]>();
  #server: Server | null = null;
  version = 19;

  reply(call: string, ...replies: Reply[]): this {
    this.#replies.set(call, replies);
    return this;
  }
  async start(): Promise<string> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    await new Promise<void>((ready) => this.#server!.listen(0, '127.0.0.1', ready));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((done) => this.#server?.close(done));
  }
  times(call: string): number {
    return this.asked.filter(({ path }) => path === `/json/2/${call}`).length;
  }
  last(call: string): Asked {
    return this.asked.findLast(({ path }) => path === `/json/2/${call}`)!;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const part of request) text += part;
    const path = request.url ?? '';
    this.asked.push({ path, headers: request.headers, body: text ? JSON.parse(text) : {} });
    if (path === '/web/version') return answer(response, 200, { version: `${this.version}.0`, version_info: [this.version, 0, 0, 'final', 0, ''] });
    const call = path.replace('/json/2/', '');
    const queue = this.#replies.get(call) ?? [];
    const reply = (queue.length > 1 ? queue.shift() : queue[0]) ??
      connecting[call] ?? { status: 404, json: { name: 'werkzeug.exceptions.NotFound', message: call } };
    if ('fail' in reply) reply.fail(response);
    else answer(response, 'status' in reply ? reply.status : 200, reply.json);
  }
}

const connecting: { readonly [call: string]: Reply } = {
  'res.users/context_get': { json: { uid: 2 } },
  'res.users/read': { json: [{ id: 2, company_id: 1, company_ids: [1, 3] }] },
  'res.company/read': { json: [{ id: 1, name: 'Main' }, { id: 3, name: 'Clinic' }] }, // biome-ignore format: one company a row
  'ir.config_parameter/get_param': { json: 'the-uuid' },
};

function answer(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' }).end(JSON.stringify(json));
}
const odooError = (status: number, name: string, message: string): Reply => ({ status, json: { name, message, debug: 'Traceback: secret row' } });
const reset: Reply = { fail: (response) => void response.destroy() };

describe('connectOdoo', () => {
  let script: Script;
  afterEach(() => script.stop());

  async function connect(made: Script, options: Partial<ConnectOptions> = {}): Promise<OdooConnection> {
    script = made;
    const waits = { firstWaitMs: 1, longestWaitMs: 4, budgetMs: 20 };
    return connectOdoo({ url: await script.start(), database: 'hospital', apiKey: 'the-key', concurrency: 2, timeoutSeconds: 5, waits, ...options });
  }
  async function failing(work: Promise<unknown>): Promise<OdooError> {
    return work.then(
      () => expect.fail('it did not fail'),
      (error: unknown) => error as OdooError,
    );
  }

  test('sends whole bodies with key, database, company and UTC, and asks to close', async () => {
    const odoo = await connect(new Script().reply('res.partner/search', { json: [1] }), { company: 'Clinic' });
    await odoo.searchIds('res.partner', [['id', '>', 0]]);
    const { headers, body } = script.last('res.partner/search');
    expect(headers).toMatchObject({ authorization: 'bearer the-key', 'x-odoo-database': 'hospital', 'content-type': 'application/json', connection: 'close' });
    expect(headers['content-length']).toMatch(/^\d+$/);
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(body).toEqual({ domain: [['id', '>', 0]], order: 'id', context: { tz: 'UTC', active_test: false, allowed_company_ids: [3] } });
  });

  test('keeps mail from leaving with every write, without switching the chatter off', async () => {
    const odoo = await connect(new Script().reply('res.partner/write', { json: true }));
    await odoo.save('res.partner', [{ id: 1, values: { city: 'Ghent' } }], { extra: 1 });
    const context = script.last('res.partner/write').body.context as Record<string, unknown>;
    expect(context).toMatchObject({ mail_create_nosubscribe: true, mail_auto_subscribe_no_notify: true, mail_notify_force_send: false, extra: 1 });
    expect(context).not.toHaveProperty('tracking_disable');
    expect(context).not.toHaveProperty('active_test');
  });

  test('a write whose answer is lost is unknown, and is not sent again', async () => {
    const odoo = await connect(new Script().reply('res.partner/create', reset));
    const error = await failing(odoo.call('res.partner', 'create', { vals_list: [] }));
    expect(error).toMatchObject({ failure: 'unknown' });
    expect(script.times('res.partner/create')).toBe(1);
  });

  test('a read whose answer is lost is asked for again', async () => {
    const odoo = await connect(new Script().reply('res.partner/read', reset, reset, { json: [{ id: 1, name: 'A' }] }));
    expect(await odoo.read('res.partner', [1], ['name'])).toEqual([{ id: 1, name: 'A' }]);
    expect(script.times('res.partner/read')).toBe(3);
  });

  test('a time-out is unknown for a write and unavailable for a read', async () => {
    const silent: Reply = { fail: () => undefined };
    const made = new Script().reply('res.partner/write', silent).reply('res.partner/search', silent);
    const odoo = await connect(made, { timeoutSeconds: 0.2, waits: { firstWaitMs: 1, longestWaitMs: 1, budgetMs: 0 } });
    expect(await failing(odoo.call('res.partner', 'write', { ids: [1], vals: {} }))).toMatchObject({ failure: 'unknown' });
    expect(await failing(odoo.searchIds('res.partner', []))).toMatchObject({ failure: 'unavailable' });
  });

  test('an answer cut off in the middle is as good as none', async () => {
    const cut: Reply = {
      fail: (response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100' });
        response.write('[1, 2');
        setTimeout(() => response.destroy(), 20);
      },
    };
    const odoo = await connect(new Script().reply('res.partner/create', cut));
    expect(await failing(odoo.call('res.partner', 'create', { vals_list: [] }))).toMatchObject({ failure: 'unknown' });
  });

  test('a write that Odoo rolled back for a lost race is sent again', async () => {
    const race = odooError(500, 'psycopg2.errors.SerializationFailure', 'could not serialize access');
    const odoo = await connect(new Script().reply('res.partner/write', race, odooError(409, 'odoo.exceptions.LockError', 'locked'), { json: true }));
    await odoo.call('res.partner', 'write', { ids: [1], vals: {} });
    expect(script.times('res.partner/write')).toBe(3);
  });

  test('gives up on a lost race when the budget is spent, or at once when the user wants to stop', async () => {
    const race = odooError(500, 'psycopg2.errors.DeadlockDetected', 'deadlock detected');
    const stop = new AbortController();
    const odoo = await connect(new Script().reply('res.partner/write', race), { signal: stop.signal });
    expect(await failing(odoo.call('res.partner', 'write', { ids: [1], vals: {} }))).toMatchObject({ failure: 'concurrency' });
    const tried = script.times('res.partner/write');
    expect(tried).toBeGreaterThan(2);
    stop.abort();
    await failing(odoo.call('res.partner', 'write', { ids: [1], vals: {} }));
    expect(script.times('res.partner/write')).toBe(tried + 1);
  });

  test('a race lost inside load comes with HTTP 200, and is sent again', async () => {
    const lost = {
      json: { ids: false, messages: [{ type: 'error', rows: { from: 0, to: 0 }, message: 'could not serialize access due to concurrent update\n' }] },
    };
    const odoo = await connect(new Script().reply('res.partner/load', lost, { json: { ids: [7], messages: [], nextrow: 0 } }));
    expect(await odoo.load('res.partner', ['id', 'name'], [['a.b', null]], { tz: 'Asia/Tokyo' })).toEqual({ ids: [7], messages: [] });
    expect(script.last('res.partner/load').body).toMatchObject({ data: [['a.b', '']], context: { tz: 'UTC' } });
    script.reply('res.partner/load', lost);
    expect(await failing(odoo.load('res.partner', ['id'], [['a.b']], {}))).toMatchObject({ failure: 'concurrency' });
  });

  test.each([
    [422, 'odoo.exceptions.UserError', 'In order to delete a purchase order, you must cancel it first.', 'validation'],
    [500, 'builtins.ValueError', "Invalid field 'nope'", 'missing-field'],
    [403, 'odoo.exceptions.AccessError', 'You are not allowed', 'access'],
    [404, 'odoo.exceptions.MissingError', 'Record does not exist', 'missing-record'],
    [404, 'werkzeug.exceptions.NotFound', 'the model does not exist', 'missing-model'],
    [401, 'werkzeug.exceptions.Unauthorized', 'Invalid apikey', 'authentication'],
    [500, 'psycopg2.OperationalError', 'server closed the connection unexpectedly', 'unknown'],
    [500, 'psycopg2.errors.UniqueViolation', 'duplicate key value', 'validation'],
  ])('HTTP %i %s of a write is %4$s, once', async (status, name, message, failure) => {
    const odoo = await connect(new Script().reply('res.partner/write', odooError(status, name, message)));
    const error = await failing(odoo.call('res.partner', 'write', { ids: [1], vals: {} }));
    expect(error).toMatchObject({ failure, message, exception: name });
    expect(script.times('res.partner/write')).toBe(1);
  });

  test.each([502, 503, 504])('HTTP %i of a proxy leaves a write unknown', async (status) => {
    const page: Reply = { fail: (response) => void response.writeHead(status, { 'Content-Type': 'text/html' }).end('<h1>Bad Gateway</h1>') };
    const odoo = await connect(new Script().reply('res.partner/write', page));
    expect(await failing(odoo.call('res.partner', 'write', { ids: [1], vals: {} }))).toMatchObject({ failure: 'unknown' });
  });

  test('says Odoo’s words, without rows, tracebacks or the key', async () => {
    const words = 'duplicate key value violates unique constraint "x"\nDETAIL:  Key (acc_number)=(DE89) already exists. bearer the-key';
    const odoo = await connect(
      new Script().reply(
        'res.partner/write',
        odooError(422, 'odoo.exceptions.ValidationError', words),
        odooError(422, 'odoo.exceptions.UserError', 'no the-key here'),
      ),
    );
    const error = await failing(odoo.call('res.partner', 'write', { ids: [1], vals: {} }));
    expect(error.message).toBe('duplicate key value violates unique constraint "x"');
    expect(JSON.stringify(error)).not.toContain('Traceback');
    expect((await failing(odoo.call('res.partner', 'write', { ids: [1], vals: {} }))).message).toBe('no *** here');
  });

  test('does without web_save_multi where there is none, one write per group of equal values', async () => {
    const odoo = await connect(new Script().reply('res.partner/write', { json: true }));
    const change = (id: number, city: string) => ({ id, values: { city } });
    await odoo.save('res.partner', [change(1, 'a'), change(2, 'b'), change(3, 'a')], {});
    await odoo.save('res.partner', [change(1, 'c'), change(2, 'd')], {});
    expect(script.times('res.partner/web_save_multi')).toBe(1);
    const writes = script.asked.filter(({ path }) => path.endsWith('/write')).map(({ body }) => [body.ids, body.vals]);
    expect(writes).toEqual([[[1, 3], { city: 'a' }], [[2], { city: 'b' }], [[1], { city: 'c' }], [[2], { city: 'd' }]]); // biome-ignore format: one write an item
  });

  test('reads pages side by side, in order, no more ahead than it has streams', async () => {
    const ids = Array.from({ length: 9000 }, (_, at) => at + 1);
    let underWay = 0;
    let most = 0;
    const page: Reply = {
      fail: (response) => {
        const asked = script.last('res.partner/read').body.ids as number[];
        underWay += 1;
        most = Math.max(most, underWay);
        // Earlier pages answer later.
        setTimeout(
          () => {
            underWay -= 1;
            answer(response, 200, asked.map((id) => ({ id })).reverse());
          },
          30 - asked[0]! / 500,
        );
      },
    };
    const odoo = await connect(new Script().reply('res.partner/search', { json: ids }).reply('res.partner/read', page));
    const seen: number[] = [];
    for await (const records of odoo.pages('res.partner', [], ['name'])) {
      seen.push(...records.map((record) => record.id));
      expect(script.times('res.partner/read') * 2000 - seen.length).toBeLessThanOrEqual(4000);
    }
    expect(seen).toEqual(ids);
    expect(most).toBe(2);
  });

  test('stops paging when the user wants to stop', async () => {
    const stop = new AbortController();
    const made = new Script().reply('res.partner/search', { json: Array.from({ length: 20_000 }, (_, at) => at + 1) }).reply('res.partner/read', { json: [] });
    const odoo = await connect(made, { signal: stop.signal });
    const reading = (async () => {
      for await (const _ of odoo.pages('res.partner', [], ['name'])) stop.abort();
    })();
    expect(await reading.catch((error: unknown) => (error as CutoverError).code)).toBe('E_INTERRUPTED');
    expect(script.times('res.partner/read')).toBeLessThan(10);
  });

  test('asks about the fields of a model once, also after a failure', async () => {
    const made = new Script().reply('res.partner/fields_get', odooError(403, 'odoo.exceptions.AccessError', 'no'), {
      json: { name: { type: 'char', required: true, readonly: false, store: true } },
    });
    const odoo = await connect(made);
    await failing(odoo.fields('res.partner'));
    const [one, two] = await Promise.all([odoo.fields('res.partner'), odoo.fields('res.partner')]);
    expect(one).toBe(two);
    expect(one.get('name')).toEqual({
      name: 'name',
      type: 'char',
      required: true,
      readonly: false,
      store: true,
      relation: null,
      selection: null,
      digits: null,
      companyDependent: false,
    });
  });

  test('an older Odoo needs a login for JSON-RPC, and says so', async () => {
    const made = new Script();
    made.version = 17;
    expect(await failing(connect(made))).toMatchObject({ code: 'E_ODOO_AUTHENTICATION', message: expect.stringContaining('also needs login') });
  });

  test('a database that is not there is said to be so', async () => {
    const page: Reply = { fail: (response) => void response.writeHead(404, { 'Content-Type': 'text/html' }).end('<h1>Not Found</h1>') };
    const error = (await failing(connect(new Script().reply('res.users/context_get', page)))) as unknown as CutoverError;
    expect(error).toMatchObject({ code: 'E_ODOO_UNREACHABLE', message: expect.stringContaining('no such database') });
  });
});
