/** External IDs, both ways. An administrator may read `ir.model.data`; anyone else asks about each record or name. */
import { OdooError } from '../../domain/ports.ts';
import { type Caller, chunked } from './caller.ts';
import { type PageOptions, readPages, searchIds } from './records.ts';

const namesPerCall = 1000;
const idsPerCall = 2000;
/** In one domain; what it finds is read in pages. */
const idsPerDomain = 20_000;
const dataFields = ['module', 'name', 'model', 'res_id'];

interface DataRow {
  readonly id: number;
  readonly module: string;
  readonly name: string;
  readonly model: string;
  readonly res_id: number;
}

export interface ExternalIdAccess {
  /** Whether this user may read `ir.model.data`; learnt at the first attempt. */
  readsTable: boolean;
  readonly paging: PageOptions;
}

/** All External IDs of each record that has any, oldest first; a record has several once another was merged into it.
 *  Limits: before 16, who may not read the table is told one of them only. */
export async function externalIdsOf(
  call: Caller,
  access: ExternalIdAccess,
  model: string,
  ids: readonly number[] | 'all',
  namespace: string | undefined,
): Promise<Map<number, string[]>> {
  const existing = ids === 'all' ? await searchIds(call, model, []) : ids;
  const rows = access.readsTable ? await tableRows(call, access, model, ids, namespace) : null;
  if (rows) return byRecord(rows, new Set(existing));
  const pages = await Promise.all(chunked(existing, idsPerCall).map((chunk) => namesOfRecords(call, model, chunk)));
  const found = new Map<number, string[]>();
  for (const [id, names] of pages.flat()) {
    const fitting = names.filter((name) => !namespace || name.startsWith(`${namespace}.`));
    if (fitting.length > 0) found.set(id, fitting);
  }
  return found;
}

async function tableRows(call: Caller, access: ExternalIdAccess, model: string, ids: readonly number[] | 'all', namespace: string | undefined) {
  const domain = [['model', '=', model], ...(namespace ? [['module', '=', namespace]] : [])];
  const domains = ids === 'all' ? [domain] : chunked(ids, idsPerDomain).map((chunk) => [...domain, ['res_id', 'in', chunk]]);
  return orWithoutAccess(access, async () => (await Promise.all(domains.map((one) => dataRows(call, access, one)))).flat());
}

/** Of records that exist: rows outlive records that were deleted below Odoo's own model. */
function byRecord(rows: readonly DataRow[], existing: ReadonlySet<number>): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const row of [...rows].sort((one, other) => one.id - other.id)) {
    if (!existing.has(row.res_id)) continue;
    const names = found.get(row.res_id) ?? [];
    found.set(row.res_id, names);
    names.push(`${row.module}.${row.name}`);
  }
  return found;
}

/** Names of each record, oldest first. */
async function namesOfRecords(call: Caller, model: string, ids: readonly number[]): Promise<(readonly [number, readonly string[]])[]> {
  const answer = (await call(model, 'get_metadata', { ids })) as readonly { readonly id: number; readonly xmlids?: readonly { readonly xmlid: string }[] }[];
  if (answer.every((record) => record.xmlids !== undefined)) return answer.map(({ id, xmlids = [] }) => [id, xmlids.map((entry) => entry.xmlid)]);
  // Before 16 it names one External ID of one record, however many were asked for; this one names one of each.
  const names = (await call(model, 'get_external_id', { ids })) as Readonly<Record<string, string>>;
  return ids.map((id) => [id, names[String(id)] ? [names[String(id)] as string] : []]);
}

export async function resolveNames(
  call: Caller,
  access: ExternalIdAccess,
  externalIds: readonly string[],
): Promise<ReadonlyMap<string, { readonly model: string; readonly id: number }>> {
  const found = access.readsTable ? await resolveByTable(call, access, externalIds) : null;
  return found ?? resolveOneByOne(call, externalIds);
}

async function resolveByTable(call: Caller, access: ExternalIdAccess, externalIds: readonly string[]) {
  const names = Map.groupBy(externalIds.map(splitName), (name) => name.module);
  const domains = [...names].flatMap(([module, list]) =>
    chunked(list, namesPerCall).map((chunk) => [
      ['module', '=', module],
      ['name', 'in', chunk.map((name) => name.name)],
    ]),
  );
  const rows = await orWithoutAccess(access, async () => (await Promise.all(domains.map((domain) => namedRows(call, domain)))).flat());
  if (!rows) return null;
  const found = new Map<string, { readonly model: string; readonly id: number }>();
  for (const [model, list] of Map.groupBy(rows, (row) => row.model)) {
    const pages = await Promise.all(chunked(list, idsPerCall).map((chunk) => searchIds(call, model, [['id', 'in', chunk.map((row) => row.res_id)]])));
    const existing = new Set(pages.flat());
    for (const row of list) if (existing.has(row.res_id)) found.set(`${row.module}.${row.name}`, { model, id: row.res_id });
  }
  return found;
}

async function resolveOneByOne(call: Caller, externalIds: readonly string[]) {
  const found = new Map<string, { readonly model: string; readonly id: number }>();
  await Promise.all(
    externalIds.map(async (externalId) => {
      const { module, name } = splitName(externalId);
      try {
        const answer = await call('ir.model.data', 'check_object_reference', { module, xml_id: name });
        // [model, false]: the name exists, its record does not or is not this user's to see.
        if (Array.isArray(answer) && typeof answer[0] === 'string' && typeof answer[1] === 'number') found.set(externalId, { model: answer[0], id: answer[1] });
      } catch (error) {
        if (!(error instanceof OdooError && error.exception === 'builtins.ValueError')) throw error;
      }
    }),
  );
  return found;
}

/** One call: a load asks this before and after every batch. */
async function namedRows(call: Caller, domain: readonly unknown[]): Promise<DataRow[]> {
  return (await call('ir.model.data', 'search_read', { domain, fields: dataFields, order: 'id' })) as DataRow[];
}

async function dataRows(call: Caller, { paging }: ExternalIdAccess, domain: readonly unknown[]): Promise<DataRow[]> {
  const rows: DataRow[] = [];
  for await (const page of readPages(call, 'ir.model.data', domain, dataFields, paging)) rows.push(...(page as readonly unknown[] as readonly DataRow[]));
  return rows;
}

async function orWithoutAccess<Result>(access: ExternalIdAccess, work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OdooError && error.failure === 'access')) throw error;
    access.readsTable = false;
    return null;
  }
}

export function splitName(externalId: string): { readonly module: string; readonly name: string } {
  const dot = externalId.indexOf('.');
  return { module: externalId.slice(0, dot), name: externalId.slice(dot + 1) };
}
