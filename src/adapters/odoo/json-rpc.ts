/** JSON-RPC, Odoo 14 and later: `POST /jsonrpc` with `execute_kw`; errors come with HTTP 200, and `None` comes as no result at all. */
import { OdooError } from '../../domain/ports.ts';
import { complaintToError, type OdooComplaint, silenceToError, strangeAnswerToError } from './failure.ts';
import { exchange, type HttpAnswer } from './http.ts';
import { jsonOf } from './json-2.ts';
import type { OdooProtocol } from './protocol.ts';

export interface JsonRpcOptions {
  readonly url: string;
  readonly database: string;
  readonly login: string;
  /** Password or API key: Odoo takes either in its place. */
  readonly secret: string;
  readonly timeoutMs: number;
  /** Major version of the server. */
  readonly major: number;
}

/** Parameters that go by position, because versions named them differently (`search` said `args` before 17, `default_get` `fields_list` before 19). */
const byPosition: Readonly<Record<string, readonly string[]>> = {
  search: ['domain'],
  search_count: ['domain'],
  search_read: ['domain', 'fields'],
  name_search: ['name', 'domain'],
  read: ['fields'],
  create: ['vals_list'],
  write: ['vals'],
  web_save_multi: ['vals_list', 'specification'],
  load: ['fields', 'data'],
  fields_get: ['allfields', 'attributes'],
  default_get: ['fields'],
  get_bindings: ['model_name'],
  get_param: ['key'],
  check_object_reference: ['module', 'xml_id'],
};

export function jsonRpcProtocol(options: JsonRpcOptions): OdooProtocol {
  const url = new URL(`${options.url}/jsonrpc`);
  let user: Promise<number> | null = null;
  let cookie: Promise<string | null> | null = null;

  async function ask(service: 'common' | 'object', method: string, args: readonly unknown[], reads: boolean): Promise<unknown> {
    // Where a server has several databases, 14 and 15 answer a bare HTTP 500 to every refusal unless a session names the database.
    if (options.major < 16) cookie ??= databaseSession(options);
    const session = await cookie;
    const body = { jsonrpc: '2.0', id: 1, method: 'call', params: { service, method, args } };
    let answer: HttpAnswer;
    try {
      answer = await exchange({ method: 'POST', url, headers: session ? { Cookie: session } : {}, body, timeoutMs: options.timeoutMs });
    } catch (error) {
      throw silenceToError(error, { reads }, options.url);
    }
    const json = jsonOf(answer);
    if (typeof json !== 'object' || json === null) {
      cookie = null; // it may have expired
      throw strangeAnswerToError(answer, { reads }, options.url);
    }
    if ('error' in json) throw complaintToError(complaintOf(json.error), { reads });
    return 'result' in json ? json.result : null;
  }

  async function authenticate(): Promise<number> {
    const uid = await ask('common', 'authenticate', [options.database, options.login, options.secret, {}], true);
    if (typeof uid !== 'number') throw new OdooError('authentication', `${options.url} refuses login or key in database ${options.database}`);
    return uid;
  }
  function userId(): Promise<number> {
    user ??= authenticate().catch((error: unknown) => {
      user = null;
      throw error;
    });
    return user;
  }

  return {
    name: 'json-rpc',
    userId,
    async execute({ model, method, ids, context, parameters, reads }) {
      const { leading, rest } = positional(method, parameters);
      const args = [...(ids ? [ids] : []), ...leading];
      return ask('object', 'execute_kw', [options.database, await userId(), options.secret, model, method, args, { ...rest, context }], reads);
    },
  };
}

/** The leading parameters that are given, up to the first that is not; the others keep their names. */
export function positional(
  method: string,
  parameters: Readonly<Record<string, unknown>>,
): { leading: readonly unknown[]; rest: Readonly<Record<string, unknown>> } {
  const leading: unknown[] = [];
  const rest = { ...parameters };
  for (const name of byPosition[method] ?? []) {
    if (!(name in rest)) break;
    leading.push(rest[name]);
    delete rest[name];
  }
  return { leading, rest };
}

async function databaseSession({ url, database, timeoutMs }: JsonRpcOptions): Promise<string | null> {
  const address = new URL(`${url}/web/login`);
  address.searchParams.set('db', database);
  try {
    const answer = await exchange({ method: 'GET', url: address, timeoutMs });
    return answer.cookies.find((cookie) => cookie.startsWith('session_id=')) ?? null;
  } catch {
    // Without one the calls still work, only their refusals are bare; the call itself will tell what is wrong.
    return null;
  }
}

function complaintOf(error: unknown): OdooComplaint {
  if (typeof error !== 'object' || error === null) return { name: '', message: String(error) };
  const data = 'data' in error && typeof error.data === 'object' && error.data !== null ? error.data : {};
  const name = 'name' in data && typeof data.name === 'string' ? data.name : '';
  const message = 'message' in data && typeof data.message === 'string' ? data.message : 'message' in error ? String(error.message) : '';
  return { name, message };
}
