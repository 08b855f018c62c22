/** `POST /json/2/<model>/<method>`: named arguments in, the bare result or an error with a real status out. */
import { type Call, findMethod, refuseIdsOnModelMethod } from './calls.ts';
import type { Database } from './database.ts';
import { badRequest } from './errors.ts';
import { bindNamed } from './signatures.ts';
import { isList, isObject, type Json, type JsonObject } from './values.ts';

export function parseBody(body: string): JsonObject {
  if (body === '') return {};
  let parsed: Json;
  try {
    parsed = JSON.parse(body) as Json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badRequest(`could not parse the body as json: ${error.message}`);
  }
  return isObject(parsed) ? parsed : {};
}

export function readCall(database: Database, modelName: string, name: string, body: string): Call {
  const { ids: given, context, ...rest } = parseBody(body);
  const { model, method } = findMethod(database, modelName, name);
  const ids = isList(given) ? given.map(Number) : typeof given === 'number' ? [given] : [];
  refuseIdsOnModelMethod({ model, method, name, ids });
  return { model, method, name, ids, context: isObject(context) ? context : {}, arguments: bindNamed(method, rest) };
}
