/** OdooConnection over HTTP: the protocol is chosen by asking the server. */
import { CutoverError } from '../../domain/errors.ts';
import type { OdooAttempt } from '../../domain/odoo-attempt.ts';
import { type OdooConnection, OdooError, type OdooFieldMetadata, type OdooIdentity } from '../../domain/ports.ts';
import { type CallArguments, type Caller, type Context, callerOf } from './caller.ts';
import { detectVersion, type OdooVersion } from './detect.ts';
import { type ExternalIdAccess, externalIdsOf, resolveNames } from './external-ids.ts';
import { gateOf } from './gate.ts';
import { type HelperPlace, helperOf, loadWhereNew, saveWhereExpected } from './helper.ts';
import { json2Protocol } from './json-2.ts';
import { jsonRpcProtocol } from './json-rpc.ts';
import { loadRows } from './load.ts';
import { companyOf, databaseUuid, fieldsOf } from './metadata.ts';
import type { OdooProtocol } from './protocol.ts';
import { type ColumnReading, namingFields, readPages, readRecords, type SaveWays, saveChanges, searchIds } from './records.ts';
import { backOff, cryptoJitter, defaultWaits, type RetryPolicy } from './retry.ts';

export interface ConnectOptions {
  readonly url: string;
  readonly database?: string | undefined;
  /** Needed for JSON-RPC, so for Odoo 14 to 18 and wherever there is no API key. */
  readonly login?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly password?: string | undefined;
  /** Name of the company worked in; the user's own by default. */
  readonly company?: string | undefined;
  /** Parallel calls. */
  readonly concurrency: number;
  /** For one call. Odoo may wait out locks and run for 120 s before it gives up, so less than 130 turns slow answers into unknown ones. */
  readonly timeoutSeconds: number;
  /** Aborted: no retries, no further pages. A call under way is not cut, because Odoo would carry it out all the same. */
  readonly signal?: AbortSignal | undefined;
  /** How long a call that may be repeated is repeated; for tests. */
  readonly waits?: { readonly firstWaitMs: number; readonly longestWaitMs: number; readonly budgetMs: number };
}

/** E_ODOO_UNREACHABLE, E_ODOO_AUTHENTICATION, E_ODOO_ACCESS, E_ODOO_METADATA (an unknown company). */
export async function connectOdoo(options: ConnectOptions): Promise<OdooConnection> {
  const url = plainUrl(options.url);
  const version = await detectVersion(url, options.timeoutSeconds * 1000);
  const protocol = chooseProtocol(options, url, version);
  const retry: RetryPolicy = { ...defaultWaits, ...options.waits, jitter: cryptoJitter, signal: options.signal };
  const shared = {
    protocol,
    gate: gateOf(options.concurrency),
    secrets: [options.apiKey ?? '', options.password ?? ''],
    watchers: new Set<(attempt: OdooAttempt) => void>(),
  };
  try {
    // Someone waits in front of the screen: the first calls are not repeated.
    const asking = callerOf({ ...shared, retry: { ...retry, budgetMs: 0 }, context: {} });
    const userId = await protocol.userId();
    const company = await companyOf(asking, userId, options.company);
    // Always named: without it Odoo shows the records of every company the user has.
    const context = { allowed_company_ids: [company] };
    const identity: OdooIdentity = {
      url,
      database: options.database ?? '',
      uuid: await databaseUuid(asking, url, options.database ?? ''),
      version: version.version,
      protocol: protocol.name,
      userId,
    };
    return {
      ...connectionOf(callerOf({ ...shared, retry, context }), identity, options, retry),
      limit: shared.gate.limit,
      watch(heard) {
        shared.watchers.add(heard);
        return () => void shared.watchers.delete(heard);
      },
    };
  } catch (error) {
    throw connectFailure(error);
  }
}

function plainUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new CutoverError('E_ODOO_UNREACHABLE', 'the Odoo system has no valid URL', {
      hint: 'set `url` in cutover.yaml, as in https://odoo.example.org',
      cause: error,
    });
  }
  // A user and password in the address would end up in messages.
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

function chooseProtocol({ database, login, apiKey, password, timeoutSeconds }: ConnectOptions, url: string, { version, major }: OdooVersion): OdooProtocol {
  const timeoutMs = timeoutSeconds * 1000;
  if (major >= 19 && apiKey) return json2Protocol({ url, database: database ?? '', apiKey, timeoutMs });
  const secret = apiKey ?? password;
  const missing = [...(database ? [] : ['database']), ...(login ? [] : ['login']), ...(secret ? [] : ['api_key'])];
  if (!database || !login || !secret) {
    throw new CutoverError('E_ODOO_AUTHENTICATION', `Odoo ${version} at ${url} also needs ${missing.join(', ')}`, {
      hint: `add ${missing.map((key) => `\`${key}\``).join(', ')} to the Odoo system in cutover.yaml, then: cutover doctor`,
    });
  }
  return jsonRpcProtocol({ url, database, login, secret, timeoutMs, major });
}

function connectFailure(error: unknown): unknown {
  if (!(error instanceof OdooError)) return error;
  const code = error.failure === 'authentication' ? 'E_ODOO_AUTHENTICATION' : error.failure === 'access' ? 'E_ODOO_ACCESS' : ('E_ODOO_UNREACHABLE' as const);
  return new CutoverError(code, error.message, { hint: 'check the Odoo system in cutover.yaml and its key, then: cutover doctor', cause: error });
}

function connectionOf(call: Caller, identity: OdooIdentity, options: ConnectOptions, retry: RetryPolicy): Omit<OdooConnection, 'limit' | 'watch'> {
  const fields = new Map<string, Promise<ReadonlyMap<string, OdooFieldMetadata>>>();
  const ways: SaveWays = { saveMulti: true };
  const columns: ColumnReading = { groups: true };
  const { concurrency: streams, signal } = options;
  const access: ExternalIdAccess = { readsTable: true, paging: { streams, signal, columns } };
  const place: HelperPlace = { asked: null };
  return {
    identity: async () => identity,
    call: async <Result>(model: string, method: string, args: CallArguments) => (await call(model, method, args)) as Result,
    fields(model) {
      const known = fields.get(model);
      if (known) return known;
      const asked = fieldsOf(call, model);
      fields.set(model, asked);
      asked.catch(() => fields.delete(model));
      return asked;
    },
    searchIds: (model, domain) => searchIds(call, model, domain),
    read: (model, ids, names) => readRecords(call, model, ids, names),
    async *pages(model, domain, names) {
      const isSweep = names.length > 0 && names.every((name) => name === 'write_date' || name === 'id') && names.includes('write_date');
      yield* readPages(call, model, domain, names, { streams, signal, columns: isSweep ? columns : null });
    },
    load: (model, names, rows, context) => loadRows(call, model, names, rows, context),
    save: (model, changes, context) => namingFields(changes, () => saveChanges(call, ways, model, changes, context)),
    helper: () => helperOf(call, place),
    async saveGuarded(model, changes, context) {
      if (changes.length === 0) return [];
      const helper = await helperOf(call, place);
      return namingFields(changes, async () => {
        if (helper) return saveWhereExpected(call, helper, model, changes, context);
        await saveChanges(call, ways, model, changes, context);
        return changes.map(({ id }) => ({ id, found: null }));
      });
    },
    async loadNew(model, names, rows, externalIds, context) {
      const helper = await helperOf(call, place);
      return helper ? loadWhereNew(call, helper, { model, fields: names, rows, externalIds }, context) : loadRows(call, model, names, rows, context);
    },
    async unlink(model: string, ids: readonly number[], context: Context = {}) {
      if (ids.length > 0) await call(model, 'unlink', { ids, context });
    },
    async externalIds(model, ids, namespace) {
      const names = await externalIdsOf(call, access, model, ids, namespace);
      return new Map([...names].map(([id, [oldest = '']]) => [id, oldest]));
    },
    async allExternalIds(model, ids, namespace) {
      const names = await externalIdsOf(call, access, model, ids, namespace);
      for (const list of names.values()) list.sort();
      return names;
    },
    resolveExternalIds: (externalIds) => resolveNames(call, access, externalIds),
    backOff: (tries) => backOff(retry, tries),
  };
}
