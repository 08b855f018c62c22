/** JSON as Odoo answers it; callers narrow it where they use it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

interface RpcAnswer {
  result?: Json;
  error?: { message: string; data?: { name?: string; message?: string } };
}

/** A logged-in browser session of Odoo 14–19: what a test needs before it has an API key. */
export class WebSession {
  readonly url: string;
  #cookie = '';

  private constructor(url: string) {
    this.url = url;
  }

  static async open(url: string, database: string, login: string, password: string): Promise<WebSession> {
    const session = new WebSession(url);
    const user = await session.#post('/web/session/authenticate', { db: database, login, password });
    if (!isObject(user) || typeof user.uid !== 'number') throw new Error(`${url} refuses ${login} in database ${database}`);
    return session;
  }

  call(model: string, method: string, args: Json[] = [], kwargs: JsonObject = {}): Promise<Json> {
    return this.#post(`/web/dataset/call_kw/${model}/${method}`, { model, method, args, kwargs });
  }

  /** The way a user makes a key in the browser: describe it, prove the password, read it once. */
  async mintApiKey(password: string, days: number): Promise<string> {
    const described = await this.call('res.users.apikeys.description', 'fields_get', [], { attributes: ['type'] });
    const values: JsonObject = { name: 'cutover tests' };
    if (isObject(described) && 'duration' in described) values.duration = String(days);
    const description = await this.call('res.users.apikeys.description', 'create', [values]);
    const asked = await this.call('res.users.apikeys.description', 'make_key', [[description]]);
    const check = isObject(asked) ? asked.res_id : undefined;
    if (check === undefined) throw new Error('make_key asked for no identity check');
    const passwordIsStored = !('duration' in values); // before the version that reads it from the context
    if (passwordIsStored) await this.call('res.users.identitycheck', 'write', [[check], { password }]);
    const made = await this.call('res.users.identitycheck', 'run_check', [[check]], { context: { password } });
    const context = isObject(made) ? made.context : undefined;
    const key = isObject(context) ? context.default_key : undefined;
    if (typeof key !== 'string') throw new Error('run_check answered no key');
    return key;
  }

  async #post(path: string, params: JsonObject): Promise<Json> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Cookie: this.#cookie },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'call', params }),
    });
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
    for (const cookie of response.headers.getSetCookie()) {
      if (cookie.startsWith('session_id=')) this.#cookie = cookie.slice(0, cookie.indexOf(';'));
    }
    const answer = (await response.json()) as RpcAnswer;
    if (answer.error) throw new Error(`${path}: ${answer.error.data?.name ?? ''} ${answer.error.data?.message ?? answer.error.message}`);
    return answer.result ?? null;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
