/** `/jsonrpc`: services `common` and `object`, errors with HTTP 200, and no `result` at all for None. */
import { type Call, findMethod } from './calls.ts';
import type { Database } from './database.ts';
import { accessDenied, OdooException as Exception, type OdooException, typeError } from './errors.ts';
import { bindPositional } from './signatures.ts';
import { isList, isObject, isTruthy, type Json, type JsonObject } from './values.ts';

export const versionInfo: JsonObject = { server_version: '19.0', server_version_info: [19, 0, 0, 'final', 0, ''], server_serie: '19.0', protocol_version: 1 };

export interface Login {
  readonly database: string;
  /** User id when the password or key is right. */
  readonly userId: (login: string, password: string) => number | null;
  readonly isUser: (userId: number, password: string) => boolean;
}

export interface RpcRequest {
  readonly service: string;
  readonly method: string;
  readonly args: readonly Json[];
}

export function rpcRequest(params: Json | undefined): RpcRequest {
  const { service, method, args } = isObject(params) ? params : {};
  return { service: String(service), method: String(method), args: isList(args) ? args : [] };
}

function checkDatabase(login: Login, database: Json | undefined): void {
  if (database !== login.database) {
    throw new Exception(500, 'psycopg2.OperationalError', `connection to server failed: FATAL:  database "${String(database)}" does not exist\n`);
  }
}

/** What `common` answers; anything else is a call on a model. */
export function commonService(login: Login, { method, args }: RpcRequest): Json {
  if (method === 'version') return versionInfo;
  if (method === 'login' || method === 'authenticate') {
    const [database, name, password] = args;
    checkDatabase(login, database);
    return login.userId(String(name), String(password)) ?? false;
  }
  throw new Exception(500, 'builtins.Exception', `Method not found: ${method}`);
}

export function objectCall(database: Database, login: Login, { method, args }: RpcRequest): { call: Call; userId: number } {
  const [name, uid, password, modelName, methodName, ...rest] = args;
  if (method !== 'execute' && method !== 'execute_kw') throw new Exception(500, 'builtins.NameError', `Method not available ${method}`);
  checkDatabase(login, name);
  if (!isTruthy(password) || !login.isUser(Number(uid), String(password))) throw accessDenied();
  if (!database.models.has(String(modelName))) throw new Exception(422, 'odoo.exceptions.UserError', `Object ${String(modelName)} doesn't exist`);
  const found = withoutHttp(() => findMethod(database, String(modelName), String(methodName)), String(modelName), String(methodName));
  const positional = method === 'execute' ? rest : isList(rest[0]) ? rest[0] : [];
  const { context, ...named } = method === 'execute_kw' && isObject(rest[1]) ? rest[1] : {};
  const [first, ...others] = positional;
  if (!found.method.onModel && positional.length === 0) throw new Exception(500, 'builtins.IndexError', 'list index out of range');
  const ids = found.method.onModel ? [] : isList(first) ? first.map(Number) : typeof first === 'number' ? [first] : [];
  const bound = bindPositional(String(modelName), String(methodName), found.method, { positional: found.method.onModel ? positional : others, named });
  const call = { ...found, name: String(methodName), ids, context: isObject(context) ? context : {}, arguments: bound };
  return { call, userId: Number(uid) };
}

/** A missing method is a Python error here, where JSON-2 says 404. */
function withoutHttp<Result>(work: () => Result, model: string, method: string): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof Exception && error.status === 404)
      throw new Exception(500, 'builtins.AttributeError', `The method '${model}.${method}' does not exist`);
    throw error;
  }
}

/** `create` of one dictionary answers one id here, and a list of ids for a list. */
export function rpcResult(call: Call, result: Json | undefined): Json | undefined {
  if (call.name === 'create' && isObject(call.arguments.vals_list) && isList(result)) return result[0] ?? false;
  return result;
}

export function rpcError(error: OdooException, data: JsonObject): JsonObject {
  const missing = error.exception === 'werkzeug.exceptions.NotFound';
  return { code: missing ? 404 : 0, message: missing ? '404: Not Found' : 'Odoo Server Error', data };
}

export function paramsOf(body: JsonObject): Json | undefined {
  if (!('params' in body)) throw typeError("'NoneType' object is not a mapping");
  return body.params;
}
