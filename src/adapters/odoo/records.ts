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

/** What `formatted_read_group` (19) answers of whole columns without making records of them: 3 to 11 times as fast as `read` for id and write_date. */
export interface ColumnReading {
  /** Learnt at the first attempt. */
  groups: boolean;
}

export interface PageOptions {
  /** Pages read at the same time. */
  readonly streams: number;
  readonly signal: AbortSignal | undefined;
  /** Null: not for these fields. */
  readonly columns: ColumnReading | null;
}

/** First the ids of a window, then its pages side by side, handed out in order. No more than `streams` + 1 pages are held. */
export async function* readPages(
  call: Caller,
  model: string,
  domain: readonly unknown[],
  fields: readonly string[],
  { streams, signal, columns }: PageOptions,
): AsyncGenerator<readonly OdooRecord[]> {
  if (columns?.groups) {
    let hasBegun = false;
    try {
      for await (const page of sweepColumns(call, model, domain, fields, signal)) {
        hasBegun = true;
        yield page;
      }
      return;
    } catch (error) {
      // A server that cannot says so at the first window.
      const cannot = error instanceof OdooError && (error.failure === 'missing-model' || error.failure === 'validation');
      if (hasBegun || !cannot) throw error;
      columns.groups = false;
    }
  }
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

async function* sweepColumns(
  call: Caller,
  model: string,
  domain: readonly unknown[],
  fields: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly OdooRecord[]> {
  let before = 0;
  for await (const window of idWindows(call, model, domain)) {
    if (signal?.aborted) throw new CutoverError('E_INTERRUPTED', `stopped while reading ${model}`);
    const [last = before] = window.slice(-1);
    const inWindow = [...domain, ['id', '>', before], ['id', '<=', last]];
    const aggregates = ['id', ...fields.filter((field) => field !== 'id')].map((field) => `${field}:array_agg`);
    const answer = await call(model, 'formatted_read_group', { domain: inWindow, groupby: [], aggregates });
    for (const page of chunked(recordsOf(answer, fields, model), rowsPerRead)) yield page;
    before = last;
  }
}

/** One group of columns, each in the order of the ids; `null` is what `read` says `false` for. */
function recordsOf(answer: unknown, fields: readonly string[], model: string): readonly OdooRecord[] {
  const [group] = Array.isArray(answer) ? (answer as Readonly<Record<string, unknown>>[]) : [];
  const column = (field: string): readonly unknown[] => {
    const values = group?.[`${field}:array_agg`];
    if (!Array.isArray(values)) throw new OdooError('validation', `${model}.formatted_read_group did not answer a column of ${field}`);
    return values;
  };
  const ids = expectIds(column('id'), `${model}.formatted_read_group`);
  const columns = fields.filter((field) => field !== 'id').map((field) => [field, column(field)] as const);
  return ids.map((id, row) => ({ ...Object.fromEntries(columns.map(([field, values]) => [field, values[row] ?? false])), id }));
}

function inOrder(records: OdooRecord[]): readonly OdooRecord[] {
  return records.sort((one, other) => one.id - other.id);
}

async function* idPages(call: Caller, model: string, domain: readonly unknown[]): AsyncGenerator<readonly number[]> {
  for await (const window of idWindows(call, model, domain)) yield* chunked(window, rowsPerRead);
}

async function* idWindows(call: Caller, model: string, domain: readonly unknown[]): AsyncGenerator<readonly number[]> {
  let after = 0;
  for (;;) {
    // Each term of a domain list is joined by "and" on its own, so one more needs no operator.
    const window = expectIds(await call(model, 'search', { domain: [...domain, ['id', '>', after]], order: 'id', limit: idsPerWindow }), `${model}.search`);
    if (window.length > 0) yield window;
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
