/** Records of one entity on their way from Odoo into the tables of the data plane that a snapshot is written from. */
import type { OdooFieldMetadata } from '../../domain/ports.ts';
import type { EntityDefinition } from '../../domain/workspace.ts';
import type { ResolvedBinding } from './pull-odoo-binding.ts';
import type { EntityDomains } from './pull-odoo-domains.ts';
import { type RelatedSweep, relatedSweeps } from './pull-odoo-related.ts';
import { columnType, recordRows } from './pull-odoo-rows.ts';
import { type OdooPull, requestHash } from './pull-odoo-session.ts';
import { type StagedColumn, stagingTableSql } from './pull-odoo-sql.ts';

export interface RecordsRequest {
  readonly definition: EntityDefinition;
  readonly binding: ResolvedBinding;
  /** What is read of each record. */
  readonly fields: readonly OdooFieldMetadata[];
  readonly domains: EntityDomains;
}

export interface Reading {
  readonly pull: OdooPull;
  readonly request: RecordsRequest;
  /** Of the record: those of the request, and what tells that they have changed. */
  readonly fields: readonly OdooFieldMetadata[];
  readonly columns: readonly StagedColumn[];
  /** Null: a field is computed in a way that leaves no trace. */
  readonly related: readonly RelatedSweep[] | null;
  readonly hasActive: boolean;
  readonly requestHash: string;
  /** Name of the step, for progress. */
  readonly step: string;
}

/** Ids in one call of `read` and of `externalIds`: bounds what is held in memory. */
const ID_CHUNK = 20_000;

export const writeDate = { name: 'write_date', type: 'datetime' };

export async function readingOf(pull: OdooPull, request: RecordsRequest): Promise<Reading> {
  const { model } = request.binding;
  const known = pull.models.get(model) ?? new Map<string, OdooFieldMetadata>();
  const related = await relatedSweeps(pull.connection, model, request.fields, pull.models);
  const fields = withHelpers(request.fields, known, related ?? []);
  const columns = fields.map((field) => ({ name: field.name, type: columnType(field) }));
  const step = `pull ${pull.system}/${request.definition.contract.entity}`;
  const hash = requestHash(pull.identity, { model, ...request.domains, columns });
  return { pull, request, fields, columns, related, hasActive: known.has('active'), requestHash: hash, step };
}

/** `active` tells archived records, and the many2ones to related records tell when those changed. */
function withHelpers(
  fields: readonly OdooFieldMetadata[],
  known: ReadonlyMap<string, OdooFieldMetadata>,
  related: readonly RelatedSweep[],
): OdooFieldMetadata[] {
  const names = new Set([...fields.map((field) => field.name), ...related.map((sweep) => sweep.via)]);
  if (known.has('active')) names.add('active');
  return [...names].sort().map((name) => known.get(name) as OdooFieldMetadata);
}

/** Table `records`: every bound field of these records. */
export async function stageRecords({ pull, request, fields, step }: Reading, ids: AsyncIterable<readonly number[]>): Promise<void> {
  const names = ['write_date', ...fields.map((field) => field.name)];
  await pull.plane.run(stagingTableSql('records', ['id', ...names]));
  for await (const chunk of ids) {
    const read = await pull.connection.read(request.binding.model, chunk, names);
    const advance = (by: number) => pull.ports.progress({ kind: 'advance', step, by });
    await pull.plane.append('records', recordRows(once(read), [writeDate, ...fields], advance));
  }
}

/** A table per related model: id and write_date of its records; with `only`, of those. */
export async function stageRelated(
  { plane, connection }: OdooPull,
  related: readonly RelatedSweep[],
  only?: (sweep: RelatedSweep) => Promise<readonly number[]>,
) {
  for (const sweep of related) {
    const domain = only === undefined ? [] : [['id', 'in', await only(sweep)]];
    await plane.run(stagingTableSql(sweep.table, ['id', 'write_date']));
    await plane.append(sweep.table, recordRows(connection.pages(sweep.model, domain, ['write_date']), [writeDate]));
  }
}

/** Table `scope`: the records that take part although nothing is linked to them; of all, or of some ids. */
export async function stageScope({ pull, request }: Reading, among: readonly number[] | null): Promise<void> {
  await pull.plane.run(stagingTableSql('scope', ['id']));
  const { scope } = request.domains;
  if (scope === null) return;
  const ids = await pull.connection.searchIds(request.binding.model, among === null ? scope : [...scope, ['id', 'in', among]]);
  await pull.plane.append('scope', once(ids.map((id) => [String(id)])));
}

/** Table `external_ids`: every one of every record, at every pull: a merge in Odoo hands the External IDs of one record to another without touching its
 *  write_date. Of those that are not ours, the one that a decision names is marked. */
export async function stageExternalIds({ pull, request }: Reading, rows: string): Promise<void> {
  const { plane, connection } = pull;
  const { namespace } = pull.request.workspace.file;
  const named = await namedByDecision(pull, request);
  await plane.run(stagingTableSql('external_ids', ['id', 'name', 'kind']));
  for await (const ids of idChunks(pull, `SELECT id FROM (${rows}) ORDER BY id`)) {
    const all = await connection.allExternalIds(request.binding.model, ids);
    const staged = [...all].flatMap(([id, names]) => names.map((name) => [String(id), name, name.startsWith(`${namespace}.`) ? 'own' : 'other']));
    for (const id of ids) if (named.has(id)) staged.push([String(id), named.get(id) as string, 'decided']);
    await plane.append('external_ids', once(staged));
  }
}

async function namedByDecision(pull: OdooPull, { definition, binding }: RecordsRequest): Promise<ReadonlyMap<number, string>> {
  const decisions = pull.request.workspace.linkDecisions.filter((row) => row.entity === definition.contract.entity && row.odoo.includes('.'));
  const resolved = await pull.connection.resolveExternalIds([...new Set(decisions.map((row) => row.odoo))]);
  return new Map([...resolved].filter(([, record]) => record.model === binding.model).map(([name, record]) => [record.id, name]));
}

/** Column `id` of a query, in chunks. */
export async function* idChunks({ plane }: OdooPull, sql: string): AsyncIterable<number[]> {
  let ids: number[] = [];
  for await (const rows of plane.stream<{ id: number }>(sql)) {
    for (const row of rows) ids.push(row.id);
    if (ids.length >= ID_CHUNK) {
      yield ids;
      ids = [];
    }
  }
  if (ids.length > 0) yield ids;
}

export async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}
