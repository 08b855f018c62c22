/** The embedded stand-in for Odoo 19: HTTP on 127.0.0.1, one database in memory. What it answers, the real one answered first. */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CutoverError } from '../domain/errors.ts';
import { perform } from './calls.ts';
import type { Database } from './database.ts';
import { OdooException } from './errors.ts';
import { type Failure, type FailureEffect, FailureInjection } from './failure-injection.ts';
import { parseBody, readCall } from './json-2.ts';
import { commonService, type Login, objectCall, paramsOf, rpcError, rpcRequest, rpcResult, versionInfo } from './json-rpc.ts';
import { seededDatabase } from './seed.ts';
import type { Json, JsonObject } from './values.ts';

export interface SandboxOptions {
  /** Default: a free one. */
  readonly port?: number;
  readonly apiKey?: string;
  readonly login?: string;
  readonly password?: string;
  readonly database?: string;
  /** `bare`: as a new Odoo with purchase and stock. `demo`: with a few suppliers, products and orders. Default `bare`. */
  readonly seed?: 'bare' | 'demo';
  /** For tests: failures that are to happen. More can be added with `fail`. */
  readonly failures?: readonly Failure[];
}

export interface Sandbox {
  readonly url: string;
  readonly database: string;
  readonly login: string;
  readonly password: string;
  readonly apiKey: string;
  readonly uuid: string;
  /** For tests: makes a coming call fail. */
  readonly fail: (failure: Failure) => void;
  readonly stop: () => Promise<void>;
}

const administrator = 2;

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { login = 'admin', password = 'admin', database = 'sandbox', apiKey = randomBytes(20).toString('hex') } = options;
  const uuid = randomUUID();
  const tables = seededDatabase({ seed: options.seed ?? 'bare', uuid, login });
  const failures = new FailureInjection();
  for (const failure of options.failures ?? []) failures.add(failure);
  const handler = new RequestHandler(tables, { database, login, password, apiKey }, failures);
  const server = createServer({ keepAlive: false }, (request, response) => void handler.answer(request, response));
  await listen(server, options.port ?? 0);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, database, login, password, apiKey, uuid, fail: (failure) => failures.add(failure), stop };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is taken by another process' : error.code === 'EACCES' ? 'may not be opened by this user' : null;
      reject(why === null ? error : new CutoverError('E_USAGE', `port ${port} ${why}`, { hint: 'cutover sandbox --port 0', cause: error }));
    });
    server.listen(port, '127.0.0.1', () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

interface Credentials {
  readonly database: string;
  readonly login: string;
  readonly password: string;
  readonly apiKey: string;
}

class RequestHandler {
  readonly #database: Database;
  readonly #credentials: Credentials;
  readonly #failures: FailureInjection;
  readonly #login: Login;

  constructor(database: Database, credentials: Credentials, failures: FailureInjection) {
    this.#database = database;
    this.#credentials = credentials;
    this.#failures = failures;
    const { login, password, apiKey } = credentials;
    this.#login = {
      database: credentials.database,
      userId: (name, secret) => (name === login && (secret === password || secret === apiKey) ? administrator : null),
      isUser: (userId, secret) => userId === administrator && (secret === password || secret === apiKey),
    };
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    try {
      const body = await readBody(request);
      const [, model, method] = /^\/json\/2\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
      if (model !== undefined && method !== undefined)
        await this.#json2(request, response, { model: decodeURIComponent(model), method: decodeURIComponent(method), body });
      else if (path === '/jsonrpc') await this.#jsonRpc(response, body);
      else if (path === '/web/version' || path === '/json/version') send(response, 200, { version_info: [19, 0, 0, 'final', 0, ''], version: '19.0' });
      else if (path === '/web/webclient/version_info') send(response, 200, { jsonrpc: '2.0', id: idOf(body), result: versionInfo });
      else if (path === '/json/2' || path.startsWith('/json/2/')) sendError(response, notARoute());
      else sendHtml(response, 404, 'Not Found');
    } catch (error) {
      if (error instanceof OdooException) return sendError(response, error);
      if (isDisconnect(error)) return;
      // A mistake of the sandbox itself: as loud as a Python one would be.
      sendError(response, new OdooException(500, 'sandbox.InternalError', error instanceof Error ? (error.stack ?? error.message) : String(error)));
    }
  }

  async #json2(request: IncomingMessage, response: ServerResponse, { model, method, body }: { model: string; method: string; body: string }): Promise<void> {
    if (request.method !== 'POST') return sendError(response, notARoute());
    const wanted = request.headers['x-odoo-database'];
    if (wanted !== undefined && wanted !== this.#credentials.database) return sendHtml(response, 404, 'Not Found');
    const hasBody = body !== '';
    if (hasBody && !/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return sendHtml(response, 415, 'Unsupported Media Type');
    const key = /^bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (key !== this.#credentials.apiKey) return sendUnauthorized(response, key === undefined);
    const effect = this.#failures.effectOn(model, method);
    if (await preempted(response, effect)) return;
    const call = readCall(this.#database, model, method, body);
    const result = perform(this.#database, call, administrator, effect);
    if (effect?.kind === 'drop-after-commit') response.destroy();
    else send(response, 200, result ?? null);
  }

  async #jsonRpc(response: ServerResponse, body: string): Promise<void> {
    const id = idOf(body);
    try {
      const request = rpcRequest(paramsOf(parseBody(body)));
      if (request.service === 'common') return send(response, 200, { jsonrpc: '2.0', id, result: commonService(this.#login, request) });
      if (request.service !== 'object') throw new OdooException(500, 'builtins.KeyError', request.service);
      const effect = this.#failures.effectOn(String(request.args[3]), String(request.args[4]));
      if (await preempted(response, effect)) return;
      const { call, userId } = objectCall(this.#database, this.#login, request);
      const result = rpcResult(call, perform(this.#database, call, userId, effect));
      if (effect?.kind === 'drop-after-commit') return void response.destroy();
      send(response, 200, result === undefined || result === null ? { jsonrpc: '2.0', id } : { jsonrpc: '2.0', id, result });
    } catch (error) {
      if (!(error instanceof OdooException)) throw error;
      send(response, 200, { jsonrpc: '2.0', id, error: rpcError(error, serialized(error)) });
    }
  }
}

/** What happens instead of the call; a delay only comes before it. */
async function preempted(response: ServerResponse, effect: FailureEffect | null): Promise<boolean> {
  if (effect?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, effect.milliseconds));
  if (effect?.kind === 'drop-before') response.destroy();
  if (effect?.kind === 'status') sendHtml(response, effect.status, 'The server is temporarily unable to service your request.');
  return effect?.kind === 'drop-before' || effect?.kind === 'status';
}

function notARoute(): OdooException {
  const message = 'Did you mean POST /json/2/<model>/<method>?';
  return new OdooException(404, 'werkzeug.exceptions.NotFound', message, [message, 404]);
}

/** Odoo reads as many bytes as Content-Length says: a chunked body is empty to it. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return request.headers['content-length'] === undefined ? '' : Buffer.concat(chunks).toString('utf8');
}

function isDisconnect(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE');
}

function idOf(body: string): Json {
  try {
    const { id } = parseBody(body);
    return id ?? null;
  } catch (error) {
    if (error instanceof OdooException) return null;
    throw error;
  }
}

function serialized(error: OdooException): JsonObject {
  return {
    name: error.exception,
    message: error.message,
    arguments: error.arguments as readonly Json[],
    context: {},
    debug: `Traceback (most recent call last):\n  File "/usr/lib/python3/dist-packages/odoo/http.py"\n${error.exception}: ${error.message}\n`,
  };
}

function sendError(response: ServerResponse, error: OdooException): void {
  send(response, error.status, serialized(error));
}

function sendUnauthorized(response: ServerResponse, withoutKey: boolean): void {
  const message = withoutKey ? 'User not authenticated, use an API Key with a Bearer Authorization header.' : 'Invalid apikey';
  response.setHeader('WWW-Authenticate', 'Bearer');
  sendError(response, new OdooException(401, 'werkzeug.exceptions.Unauthorized', message, [message, 401]));
}

function send(response: ServerResponse, status: number, body: Json): void {
  write(response, status, 'application/json; charset=utf-8', JSON.stringify(body));
}

function sendHtml(response: ServerResponse, status: number, title: string): void {
  write(response, status, 'text/html; charset=utf-8', `<!doctype html>\n<html lang=en>\n<title>${status} ${title}</title>\n<h1>${title}</h1>\n`);
}

/** No keep-alive, as Odoo without a proxy. */
function write(response: ServerResponse, status: number, type: string, text: string): void {
  const content = Buffer.from(text, 'utf8');
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': content.length, Connection: 'close' });
  response.end(content);
}
