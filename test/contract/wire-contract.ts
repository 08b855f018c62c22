/** JSON-2 as it goes over the wire: statuses and shapes that the client's classification is built on. */
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { GiveTarget } from './target.ts';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly json: { readonly name?: string; readonly message?: string } | null;
}

export function describeJson2Wire(target: GiveTarget): void {
  describe('JSON-2 on the wire', () => {
    async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
      const response = await fetch(`${target().url}/json/2/${path}`, {
        method: 'POST',
        headers: {
          Authorization: `bearer ${target().apiKey}`,
          'X-Odoo-Database': target().database,
          'Content-Type': 'application/json',
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      const type = response.headers.get('content-type') ?? '';
      const text = await response.text();
      return { status: response.status, type, json: type.includes('json') ? JSON.parse(text) : null };
    }

    test.each([
      ['a wrong key', 'res.partner/search', { domain: [] }, { Authorization: 'bearer nope' }, 401, 'werkzeug.exceptions.Unauthorized'],
      ['an unknown model', 'res.nope/search', { domain: [] }, {}, 404, 'werkzeug.exceptions.NotFound'],
      ['an unknown method', 'res.partner/nope', {}, {}, 404, 'werkzeug.exceptions.NotFound'],
      ['a private method', 'res.partner/_search', { domain: [] }, {}, 403, 'odoo.exceptions.AccessError'],
      ['an unknown parameter', 'res.partner/search', { domain: [], foo: 1 }, {}, 422, 'werkzeug.exceptions.UnprocessableEntity'],
      ['a missing parameter', 'res.partner/search', {}, {}, 422, 'werkzeug.exceptions.UnprocessableEntity'],
      ['ids where there are no records', 'res.partner/search', { ids: [1], domain: [] }, {}, 422, 'werkzeug.exceptions.UnprocessableEntity'],
      ['a broken rule', 'res.partner/create', { vals_list: [{ city: 'x' }] }, {}, 422, 'odoo.exceptions.ValidationError'],
      ['an unknown field', 'res.partner/create', { vals_list: [{ name: 'x', nope: 1 }] }, {}, 500, 'builtins.ValueError'],
      ['a value that is no choice', 'res.partner/create', { vals_list: [{ name: 'x', type: 'nope' }] }, {}, 500, 'builtins.ValueError'],
      ['a date that is none', 'purchase.order/create', { vals_list: [{ partner_id: 1, date_order: '31/12/2024' }] }, {}, 500, 'builtins.ValueError'],
      ['a missing record', 'res.partner/write', { ids: [99_999_999], vals: { city: 'x' } }, {}, 404, 'odoo.exceptions.MissingError'],
      ['a body that is no JSON', 'res.partner/search', '{"domain":', {}, 400, 'werkzeug.exceptions.BadRequest'],
    ])('%s', async (_what, path, body, headers, status, exception) => {
      const answer = await post(path, body, headers as Record<string, string>);
      expect(answer).toMatchObject({ status, json: { name: exception } });
      expect(answer.json?.message).toEqual(expect.any(String));
    });

    test('a read of a missing record is an empty list', async () => {
      expect(await post('res.partner/read', { ids: [99_999_999], fields: ['name'] })).toMatchObject({ status: 200, json: [] });
    });

    test('a wrong database is 404 in HTML', async () => {
      const answer = await post('res.partner/search', { domain: [] }, { 'X-Odoo-Database': 'no_such_database' });
      expect(answer.status).toBe(404);
      expect(answer.type).toContain('text/html');
    });

    test('another content type is 415', async () => {
      expect((await post('res.partner/search', '{}', { 'Content-Type': 'text/plain' })).status).toBe(415);
    });

    test('a chunked body is read as empty', async () => {
      const status = await new Promise<number>((resolve, reject) => {
        const sent = request(
          `${target().url}/json/2/res.partner/search`,
          {
            method: 'POST',
            agent: false,
            headers: {
              Authorization: `bearer ${target().apiKey}`,
              'X-Odoo-Database': target().database,
              'Content-Type': 'application/json',
              'Transfer-Encoding': 'chunked',
            },
          },
          (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          },
        );
        sent.on('error', reject);
        sent.write('{"domain":');
        sent.end('[]}');
      });
      expect(status).toBe(422);
    });

    test('every answer closes its connection', async () => {
      const response = await fetch(`${target().url}/web/version`);
      await response.arrayBuffer();
      expect(response.headers.get('connection')).toBe('close');
    });

    test('methods without a result answer null', async () => {
      expect(await post('res.users/has_group', { ids: [2], group_ext_id: 'base.group_user' })).toMatchObject({ status: 200, json: true });
      expect(await post('res.partner/action_archive', { ids: [] })).toMatchObject({ status: 200 });
    });
  });
}
