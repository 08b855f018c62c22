/** Reading, changing and deleting records. */
import { CutoverError } from '../../domain/errors.ts';
import { type OdooConnection, OdooError, type OdooRecord } from '../../domain/ports.ts';
import { type Caller, type Context, chunked, expectIds } from './caller.ts';

/** Measured best: fewer pay per call, more wait for the slowest. */
const rowsPerRead = 2000;
/** Ids fetched ahead of a stream: 200,000 numbers are a few megabytes and half a second. */
const idsPerWindow = 200_000;

type Change = Parameters<OdooConnection['save']>[1][number];

export async function searchIds(call: Caller, model: string, domain: readonly unknown[]): Promise<number[]> {
  return expectIds(await call(model, 'search', { domain, order: 'id' }), `${model}.search`);
}

async function readChunk(call: Caller, model: string, ids: readonly number[], fields: readonly string[]): Promise<OdooRecord[]> {
  // load: null answers a many2one as its id, and spares the names.
  const rows = await call(model, 'read', { ids, fields, load: null });
  if (!Array.isArray(rows)) throw new OdooError('validation', `${model}.read did not answer a list`);
  return rows as OdooRecord[];
}

export async function readRecords(call: Caller, model: string, ids: readonly number[], fields: readonly string[]): Promise<OdooRecord[]> {
  // Asked for nothing but the id, Odoo's `read` answers deleted records as well: it never looks into the table.
  const reading = fields.every((field) => field === 'id') ? existing : readChunk;
  const pages = await Promise.all(chunked(ids, rowsPerRead).map((chunk) => reading(call, model, chunk, fields)));
  const found = new Map(pages.flat().map((record) => [record.id, record]));
  return ids.flatMap((id) => found.get(id) ?? []);
}

async function existing(call: Caller, model: string, ids: readonly number[]): Promise<OdooRecord[]> {
  return (await searchIds(call, model, [['id', 'in', ids]])).map((id) => ({ id }));
}

export interface PageOptions {
  /** Pages read at the same time. */
  readonly streams: number;
  readonly signal: AbortSignal | undefined;
}

/** First the ids of a window, then its pages side by side, handed out in order. No more than `streams` + 1 pages are held. */
export async function* readPages(
  call: Caller,
  model: string,
  domain: readonly unknown[],
  fields: readonly string[],
  { streams, signal }: PageOptions,
): AsyncGenerator<readonly OdooRecord[]> {
  const ahead: Promise<OdooRecord[]>[] = [];
  try {
    for await (const ids of idPages(call, model, domain)) {
      if (signal?.aborted) throw new CutoverError('E_INTERRUPTED', `stopped while reading ${model}`);
      const page = readChunk(call, model, ids, fields);
      page.catch(() => undefined); // heard when its turn comes; until then it must not count as unhandled
      ahead.push(page);
      if (ahead.length > streams) yield inOrder((await ahead.shift())!);
    }
    while (ahead.length > 0) yield inOrder((await ahead.shift())!);
  } finally {
    // The reader left early: nothing may still be under way when the connection is let go.
    await Promise.allSettled(ahead);
  }
}

function inOrder(records: OdooRecord[]): readonly OdooRecord[] {
  return records.sort((one, other) => one.id - other.id);
}

async function* idPages(call: Caller, model: string, domain: readonly unknown[]): AsyncGenerator<readonly number[]> {
  let after = 0;
  for (;;) {
    // Each term of a domain list is joined by "and" on its own, so one more needs no operator.
    const window = expectIds(await call(model, 'search', { domain: [...domain, ['id', '>', after]], order: 'id', limit: idsPerWindow }), `${model}.search`);
    yield* chunked(window, rowsPerRead);
    if (window.length < idsPerWindow) return;
    after = window.at(-1)!;
  }
}

/** Which way of writing many different values this server has; learnt at the first attempt. */
export interface SaveWays {
  saveMulti: boolean;
}

/** Of an unknown field the `write` of 19 says nothing but its name, as a KeyError. */
export async function namingFields<Result>(changes: readonly Pick<Change, 'values'>[], work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OdooError) || error.exception !== 'builtins.KeyError') throw error;
    const field = error.message.replaceAll("'", '');
    if (!changes.some(({ values }) => field in values)) throw error;
    throw new OdooError('missing-field', `Invalid field '${field}'`, error.exception, { cause: error });
  }
}

export async function saveChanges(call: Caller, ways: SaveWays, model: string, changes: readonly Change[], context: Context): Promise<void> {
  const groups = groupedByValues(changes);
  // One `write` on all records is the fastest there is, and one transaction as well.
  if (groups.length > 1 && ways.saveMulti) {
    try {
      const ids = changes.map((change) => change.id);
      await call(model, 'web_save_multi', { ids, vals_list: changes.map((change) => change.values), specification: {}, context });
      return;
    } catch (error) {
      if (!(error instanceof OdooError && error.failure === 'missing-model')) throw error;
      ways.saveMulti = false;
    }
  }
  // Several transactions where values differ: a failure leaves the earlier groups written. The caller's read-back finds out.
  for (const { ids, values } of groups) await call(model, 'write', { ids, vals: values, context });
}

function groupedByValues(changes: readonly Change[]): { readonly ids: number[]; readonly values: Change['values'] }[] {
  const groups = new Map<string, { ids: number[]; values: Change['values'] }>();
  for (const { id, values } of changes) {
    const key = JSON.stringify(Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1)));
    const group = groups.get(key);
    if (group) group.ids.push(id);
    else groups.set(key, { ids: [id], values });
  }
  return [...groups.values()];
}
