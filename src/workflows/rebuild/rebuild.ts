/** state rebuild: the crosswalk again from the External IDs that Odoo holds. They are written with every record that a load makes, and Odoo's own
 *  merge moves them to the record that stays: what they say is a fact, and the crosswalk follows it. */
import path from 'node:path';
import { canonicalRowsSql, keyIsPii } from '../../domain/canonical.ts';
import type { CrosswalkLink } from '../../domain/crosswalk.ts';
import { CutoverError } from '../../domain/errors.ts';
import { type DataPlane, type DataRow, type OdooConnection, OdooError, type Ports, type StateStore } from '../../domain/ports.ts';
import type { RebuildFinding, RebuildResult } from '../../domain/results.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import { ensureCanonical } from '../map/ensure-canonical.ts';
import { stagingTableSql } from '../pull/pull-odoo-sql.ts';
import { loadLock } from '../sides/load-lock.ts';
import { boundEntities, isDigested, type KnownNames, knownNames, nameOfRecord, readName } from './known-names.ts';
import { changesSql, countsSql, findingsSql, type StagingTable, stagingColumns, verdictsSql } from './rebuild-sql.ts';

export interface RebuildRequest {
  readonly workspace: Workspace;
  readonly capability: Capability;
  readonly runId: string;
}

/** Ids in one call, and links in one statement. */
const ID_CHUNK = 20_000;
const LINK_CHUNK = 5_000;
const FINDINGS_SHOWN = 100;

interface Rebuild {
  readonly request: RebuildRequest;
  readonly ports: Ports;
  readonly odoo: OdooConnection;
  readonly state: StateStore;
  readonly plane: DataPlane;
  readonly uuid: string;
  readonly known: KnownNames;
}

/** E_LOCKED while a load is under way; E_INTERRUPTED; OdooError as the connection throws it. */
export async function rebuildCrosswalk(request: RebuildRequest, ports: Ports): Promise<RebuildResult> {
  const state = await ports.state();
  const odoo = await ports.odoo();
  const { uuid } = await odoo.identity();
  return state.withLock(loadLock(uuid), `state rebuild ${request.runId}`, async () => {
    const plane = await ports.openPlane();
    try {
      return await rebuild({ request, ports, odoo, state, plane, uuid, known: knownNames(request.workspace) });
    } finally {
      await plane.close();
    }
  });
}

async function rebuild(run: Rebuild): Promise<RebuildResult> {
  const { plane, ports, request } = run;
  for (const [table, columns] of Object.entries(stagingColumns)) await plane.run(stagingTableSql(table, columns));
  const step = 'Reading External IDs';
  ports.progress({ kind: 'step', step });
  await stageNames(run, step);
  if (ports.signal.aborted) throw interrupted(request.capability);
  const notChecked = await stageOtherModels(run);
  await stageDigested(run);
  ports.progress({ kind: 'done', step });
  for (const { contract } of boundEntities(request.capability.entities)) await append(plane, 'links', openLinks(run, contract.entity));
  await plane.run(verdictsSql);
  const changed = await writeLinks(run);
  ports.progress({ kind: 'done', step: 'Writing the crosswalk', note: `${changed} links` });
  return answer(run, notChecked);
}

/** The External IDs on the models of this capability, of records that exist. */
async function stageNames(run: Rebuild, step: string): Promise<void> {
  const { request, odoo, ports, known } = run;
  for (const model of modelsOf(request.capability)) {
    const ids = await odoo.searchIds(model, []);
    for (let from = 0; from < ids.length; from += ID_CHUNK) {
      if (ports.signal.aborted) throw interrupted(request.capability);
      const named = await odoo.allExternalIds(model, ids.slice(from, from + ID_CHUNK), known.namespace);
      const rows = [...named].flatMap(([id, names]) => names.map((name) => ({ name, model, id })));
      await stageReadings(run, rows);
      ports.progress({ kind: 'advance', step, by: rows.length });
    }
  }
}

function interrupted(capability: Capability): CutoverError {
  return new CutoverError('E_INTERRUPTED', 'stopped before anything was written', { hint: `cutover state rebuild ${capability.name}` });
}

async function stageReadings(
  { request, plane, known }: Rebuild,
  rows: readonly { readonly name: string; readonly model: string; readonly id: number }[],
): Promise<void> {
  const mine = new Set(boundEntities(request.capability.entities).map(({ contract }) => contract.entity));
  const records: (string | null)[][] = [];
  const unknown: (string | null)[][] = [];
  for (const { name, model, id } of rows) {
    const reading = readName(known, name, model);
    if (reading.kind === 'unknown')
      unknown.push([name, model, String(id), reading.entity !== null && mine.has(reading.entity) ? reading.entity : null, reading.reason]);
    // those of another capability of the workspace are for its own rebuild
    else if (reading.kind === 'record' && mine.has(reading.entity)) records.push([name, model, String(id), reading.entity, reading.system, reading.key]);
  }
  await append(plane, 'odoo_names', once(records));
  await append(plane, 'unknown_names', once(unknown));
}

function modelsOf(capability: Capability): string[] {
  return [...new Set(boundEntities(capability.entities).map(({ contract }) => contract.odoo?.model ?? ''))];
}

/** External IDs of our namespace on models that no entity of this capability is bound to: told, not guessed at. */
async function stageOtherModels(run: Rebuild): Promise<string[]> {
  const { namespace } = run.known;
  const domain = [
    ['module', '=', namespace],
    ['model', 'not in', modelsOf(run.request.capability)],
  ];
  try {
    for await (const page of run.odoo.pages('ir.model.data', domain, ['name', 'model', 'res_id'])) {
      const rows = page.map((row) => ({ name: `${namespace}.${String(row.name)}`, model: String(row.model), id: Number(row.res_id) }));
      await stageReadings(
        run,
        rows.filter(({ name, model }) => readName(run.known, name, model).kind === 'unknown'),
      );
    }
    return [];
  } catch (error) {
    if (!(error instanceof OdooError && error.failure === 'access')) throw error;
    return ['External IDs of the namespace on models that no entity is bound to: this user may not read ir.model.data'];
  }
}

/** Keys too long for a name are in it as a digest. It cannot be read back, so the names of all legacy records are computed and compared. */
async function stageDigested({ request, ports, plane, known }: Rebuild): Promise<void> {
  const pairs = await plane.rows<{ entity: string; system: string }>('SELECT DISTINCT entity, system FROM odoo_names WHERE key IS NULL ORDER BY ALL');
  for (const { entity: name, system } of pairs) {
    const entity = request.capability.entities.find(({ contract }) => contract.entity === name);
    const mapping = entity?.sources.find((source) => source.mapping.system === system)?.mapping;
    if (entity === undefined || mapping === undefined || (await ports.snapshots.latest(system, name)) === null) continue;
    const dataset = await ensureCanonical({ workspace: request.workspace, capability: request.capability, entity, mapping }, ports);
    const keys = plane.stream<{ _key: string }>(`SELECT DISTINCT _key FROM ${canonicalRowsSql([dataset])} AS r WHERE _key IS NOT NULL`);
    await append(plane, 'digested', digestedNames(keys, known, name, system));
  }
}

async function* digestedNames(
  keys: AsyncIterable<readonly { readonly _key: string }[]>,
  known: KnownNames,
  entity: string,
  system: string,
): AsyncIterable<string[][]> {
  for await (const rows of keys) {
    const named = rows.map(({ _key }) => [nameOfRecord(known.namespace, entity, system, _key), _key]);
    yield named.filter(([name = '']) => isDigested(known, name));
  }
}

/** Of every capability that has an entity of this name: a record is linked once, whoever linked it. */
async function* openLinks({ request, state, uuid }: Rebuild, entity: string): AsyncIterable<(string | null)[][]> {
  for (const { name, entities } of request.workspace.capabilities.values()) {
    if (!entities.some(({ contract }) => contract.entity === entity)) continue;
    for await (const batch of state.links(uuid, name, entity)) {
      yield batch.map((link) => [name, link.entity, link.system, link.key, link.model, String(link.odooId), link.externalId, link.provenance]);
    }
  }
}

type Change = DataRow & { entity: string; system: string; key: string; capability: string | null; model: string; external_id: string; is: number };

async function writeLinks({ request, state, ports, plane, uuid }: Rebuild): Promise<number> {
  const validFrom = ports.clock.now();
  let waiting: CrosswalkLink[] = [];
  let written = 0;
  const flush = async (): Promise<void> => {
    await state.link(waiting);
    written += waiting.length;
    waiting = [];
  };
  for await (const rows of plane.stream<Change>(changesSql)) {
    for (const { entity, system, key, capability, model, external_id: externalId, is } of rows) {
      const origin = { provenance: 'external-id', runId: request.runId, validFrom } as const;
      waiting.push({ odooUuid: uuid, capability: capability ?? request.capability.name, entity, system, key, model, odooId: is, externalId, ...origin });
      if (waiting.length >= LINK_CHUNK) await flush();
    }
  }
  await flush();
  return written;
}

async function answer({ request, ports, plane }: Rebuild, notChecked: readonly string[]): Promise<RebuildResult> {
  const counts = await plane.rows<{ entity: string | null; found: RebuildFinding['found'] | 'linked'; records: number }>(countsSql);
  const count = (entity: string | null, found: string): number => counts.find((row) => row.entity === entity && row.found === found)?.records ?? 0;
  const secret = new Set(request.capability.entities.filter(({ contract }) => keyIsPii(contract)).map(({ contract }) => contract.entity));
  const file = path.join(await ports.runs.runDirectory(request.runId), 'rebuild.ndjson');
  await ports.runs.writeFile(file, findingLines(plane, secret));
  const findings = await plane.rows<FindingRow>(`${findingsSql} LIMIT ${FINDINGS_SHOWN}`);
  return {
    entities: boundEntities(request.capability.entities).map(({ contract: { entity } }) => ({
      entity,
      linked: count(entity, 'linked'),
      added: count(entity, 'added'),
      repointed: count(entity, 'repointed'),
      withoutExternalId: count(entity, 'without-external-id'),
      decidedOtherwise: count(entity, 'decided-otherwise'),
      unknown: count(entity, 'unknown'),
    })),
    unknown: count(null, 'unknown'),
    findings: findings.filter((row) => row.found !== 'added').map((row) => findingOf(row, secret)),
    notChecked,
    files: [file],
  };
}

type FindingRow = DataRow & {
  found: RebuildFinding['found'];
  entity: string | null;
  system: string | null;
  key: string | null;
  external_id: string | null;
  was: number | null;
  is: number | null;
  reason: string | null;
};

async function* findingLines(plane: DataPlane, secret: ReadonlySet<string>): AsyncIterable<string> {
  for await (const rows of plane.stream<FindingRow>(findingsSql)) yield rows.map((row) => `${JSON.stringify(findingOf(row, secret))}\n`).join('');
}

/** A key that is somebody's name is not told; neither is its External ID, which spells it. */
function findingOf({ found, entity, system, key, external_id: externalId, was, is, reason }: FindingRow, secret: ReadonlySet<string>): RebuildFinding {
  const isSecret = entity !== null && secret.has(entity);
  return { found, entity, system, key: isSecret ? null : key, externalId: isSecret ? null : externalId, was, is, reason };
}

async function append(plane: DataPlane, table: StagingTable, rows: AsyncIterable<readonly (readonly (string | null)[])[]>): Promise<void> {
  await plane.append(table, rows);
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}
