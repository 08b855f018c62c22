/** Pulls Odoo: one snapshot per bound entity, and the facts and value tables it takes to compare them. */
import { CutoverError } from '../../domain/errors.ts';
import type { Ports } from '../../domain/ports.ts';
import type { PullResult } from '../../domain/results.ts';
import { snapshotFields } from './pull-odoo-binding.ts';
import { entityDomains } from './pull-odoo-domains.ts';
import {
  companyColumns,
  companyRow,
  companySnapshot,
  fieldColumns,
  fieldRows,
  fieldsSnapshot,
  lookupModels,
  modelFields,
  resolveBindings,
} from './pull-odoo-facts.ts';
import { pullOnly } from './pull-odoo-only.ts';
import { pullRecords } from './pull-odoo-records.ts';
import { recordRows } from './pull-odoo-rows.ts';
import { type OdooPull, type PullOdooRequest, requestHash } from './pull-odoo-session.ts';
import { type StagedColumn, stagingTableSql, writeTableSql } from './pull-odoo-sql.ts';

/** E_ODOO_METADATA, E_SOURCE_SHRANK, E_INTERRUPTED; OdooError as the connection throws it. */
export async function pullOdoo(request: PullOdooRequest, ports: Ports): Promise<PullResult['snapshots']> {
  const system = request.workspace.file.odoo;
  const connection = await ports.odoo();
  const identity = await connection.identity();
  const models = await modelFields(request.workspace, connection);
  const bindings = resolveBindings(request.capability, models, identity.version);
  const plane = await ports.openPlane();
  try {
    const pull: OdooPull = { request, ports, system, connection, identity, models, plane };
    const pulled: PullResult['snapshots'][number][] = [];
    // what a second look compares with is what the pull before it has learnt of this Odoo
    if (request.only === undefined) pulled.push(...(await pullFacts(pull)));
    for (const definition of request.capability.entities) {
      const { entity } = definition.contract;
      const binding = bindings.get(entity);
      if (binding === undefined || (request.entity !== null && request.entity !== entity)) continue;
      if (ports.signal.aborted) throw new CutoverError('E_INTERRUPTED', 'stopped between two entities', { hint: `cutover pull ${system}` });
      const fields = snapshotFields(binding, models.get(binding.model) ?? new Map());
      const records = { definition, binding, fields, domains: entityDomains(request.capability, definition, binding) };
      const one = request.only === undefined ? await pullRecords(pull, records) : await pullOnly(pull, records, request.only);
      if (one !== null) pulled.push(one);
    }
    return pulled;
  } finally {
    await plane.close();
  }
}

/** What Odoo says of itself, and the values that codes are looked up in. */
async function pullFacts(pull: OdooPull): Promise<PullResult['snapshots'][number][]> {
  const { request, connection, identity, models } = pull;
  const company = [await companyRow(request.workspace, connection, identity)];
  const pulled = [
    await writeFacts(pull, companySnapshot, companyColumns, 'id', company),
    await writeFacts(pull, fieldsSnapshot, fieldColumns, 'model, name', fieldRows(models)),
  ];
  for (const [model, fields] of lookupModels(request.workspace, models)) pulled.push(await pullLookup(pull, model, fields));
  return pulled;
}

async function pullLookup(pull: OdooPull, model: string, fields: readonly string[]): Promise<PullResult['snapshots'][number]> {
  const { connection } = pull;
  const rows: (string | null)[][] = [];
  const columns = fields.map((name) => ({ name, type: pull.models.get(model)?.get(name)?.type ?? 'char' }));
  for await (const page of recordRows(connection.pages(model, [], fields), columns)) rows.push(...page.map((row) => [...row]));
  const externalIds = await connection.externalIds(
    model,
    rows.map((row) => Number(row[0])),
  );
  const staged: StagedColumn[] = [
    { name: 'id', type: 'BIGINT' },
    { name: 'external_id', type: 'VARCHAR' },
    ...fields.map((name) => ({ name, type: 'VARCHAR' })),
  ];
  const withExternalIds = rows.map(([id = null, ...values]) => [id, externalIds.get(Number(id)) ?? null, ...values]);
  return await writeFacts(pull, `lookup.${model}`, staged, 'id', withExternalIds);
}

async function writeFacts(
  pull: OdooPull,
  entity: string,
  columns: readonly StagedColumn[],
  order: string,
  rows: readonly (readonly (string | null)[])[],
): Promise<PullResult['snapshots'][number]> {
  const { plane, ports, system, identity, request } = pull;
  await plane.run(
    stagingTableSql(
      'facts',
      columns.map((column) => column.name),
    ),
  );
  await plane.append('facts', once(rows));
  const staged = await ports.snapshots.stage(system, entity);
  try {
    await plane.run(writeTableSql('facts', columns, order, `${staged.directory}/data.parquet`));
    const hash = requestHash(identity, columns);
    const { manifest } = await staged.commit({ asOf: request.asOf, rows: rows.length, quarantined: 0, columns, requestHash: hash });
    return { system, entity, id: manifest.id, rows: manifest.rows, quarantined: 0, mode: 'full' };
  } catch (error) {
    await staged.abandon();
    throw error;
  }
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}
