/** A call on a model, from either protocol: one transaction, its failures in Odoo's words. */
import { refusedByDatabase } from './constraint-words.ts';
import type { Database } from './database.ts';
import { accessError, IntegrityError, notFound, OdooException, SerializationError, unprocessable, userError } from './errors.ts';
import type { FailureEffect } from './failure-injection.ts';
import type { Method, Model } from './model.ts';
import { refuseHidden } from './record-rules.ts';
import { isList, type Json, type JsonObject } from './values.ts';

export interface Call {
  readonly model: Model;
  readonly method: Method;
  readonly name: string;
  readonly ids: readonly number[];
  readonly context: JsonObject;
  readonly arguments: JsonObject;
}

/** Python methods that every model has and that Odoo keeps from remote callers. */
const notRemote: ReadonlySet<string> = new Set([
  ...['browse', 'exists', 'check_access', 'mapped', 'filtered', 'sorted', 'sudo', 'with_context', 'with_user', 'with_company', 'with_env', 'ensure_one'],
  ...['flush_model', 'flush_recordset', 'invalidate_model', 'invalidate_recordset', 'modified', 'search_fetch', 'fetch', 'init', 'filtered_domain', 'grouped'],
]);

/** Methods that answer about records which record rules hide. */
const aboutHidden: ReadonlySet<string> = new Set(['get_external_id', 'has_access']);

export function findMethod(database: Database, modelName: string, name: string): { model: Model; method: Method } {
  const model = database.models.get(modelName);
  if (!model) throw notFound(`the model '${modelName}' does not exist`);
  if (name.startsWith('_') || notRemote.has(name)) throw accessError(`Private methods (such as '${modelName}.${name}') cannot be called remotely.`);
  const method = model.methods.get(name);
  if (!method) throw notFound(`The method '${modelName}.${name}' does not exist`);
  return { model, method };
}

export function refuseIdsOnModelMethod(call: Pick<Call, 'model' | 'method' | 'name' | 'ids'>): void {
  if (call.method.onModel && call.ids.length > 0) throw unprocessable(`cannot call ${call.model.name}.${call.name} with ids`);
}

/** A language that is not installed and a company the user does not work for are refused whatever the call. */
function checkContext(database: Database, { lang, allowed_company_ids: companies }: JsonObject): void {
  if (typeof lang === 'string' && lang !== '' && ![...database.model('res.lang').table.rows()].some((row) => row.code === lang)) {
    throw userError(`Invalid language code: ${lang}`);
  }
  if (isList(companies) && companies.some((id) => !database.model('res.company').table.has(Number(id)))) {
    throw accessError('Access to unauthorized or invalid companies.');
  }
}

/** undefined is Python's None. */
export function perform(database: Database, call: Call, userId: number, effect: FailureEffect | null): Json | undefined {
  if (effect?.kind === 'concurrent-update') {
    if (call.name !== 'load') throw new SerializationError();
    return {
      ids: false,
      messages: [{ type: 'error', record: 0, rows: { from: 0, to: 0 }, message: 'could not serialize access due to concurrent update\n' }],
      nextrow: 0,
    };
  }
  if (effect?.kind === 'exception') throw new OdooException(effect.status, effect.exception, effect.message);
  checkContext(database, call.context);
  try {
    return database.transact(call.context, userId, (environment) => {
      if (!aboutHidden.has(call.name)) refuseHidden(environment, call.model, call.ids);
      return call.method.call({ environment, model: call.model, ids: call.ids, arguments: call.arguments });
    });
  } catch (error) {
    if (error instanceof IntegrityError) throw refusedByDatabase(database, error);
    throw error;
  }
}
