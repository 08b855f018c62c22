/** The snapshot of one Odoo entity: read whole, or made from the previous one and what has changed since. */
import { CutoverError } from '../../domain/errors.ts';
import type { PullResult } from '../../domain/results.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { literal } from '../../domain/sql.ts';
import {
  idChunks,
  type Reading,
  type RecordsRequest,
  readingOf,
  stageExternalIds,
  stageRecords,
  stageRelated,
  stageScope,
  writeDate,
} from './pull-odoo-reading.ts';
import { stageOrphaned } from './pull-odoo-references.ts';
import { restrictedFacts, restrictedRecords } from './pull-odoo-restricted.ts';
import { recordRows } from './pull-odoo-rows.ts';
import { type OdooPull, uuidOf } from './pull-odoo-session.ts';
import {
  changedTableSql,
  keptRowsSql,
  readRowsSql,
  recordColumns,
  recordFactsSql,
  stagingTableSql,
  staleTableSql,
  survivorsSql,
  writeRecordsSql,
} from './pull-odoo-sql.ts';

/** Our clock and Odoo's may differ by this much before the overlap of an incremental pull is at risk. */
const CLOCK_ALLOWANCE_MS = 3_600_000;
/** Beyond this share, reading everything in parallel streams is cheaper than reading by id. */
const MOSTLY_STALE = 0.5;

export async function pullRecords(pull: OdooPull, request: RecordsRequest): Promise<PullResult['snapshots'][number]> {
  const { plane, ports, system } = pull;
  const { entity } = request.definition.contract;
  const startedAt = ports.clock.now();
  const reading = await readingOf(pull, request);
  const { columns, hasActive, requestHash, step } = reading;
  ports.progress({ kind: 'step', step });
  const earlier = (await ports.snapshots.list(system, entity)).filter((snapshot) => uuidOf(snapshot) === pull.identity.uuid);
  const base = pull.request.full || reading.related === null ? undefined : earlier.find((snapshot) => snapshot.manifest.requestHash === requestHash);

  const change = base === undefined ? null : await sweepAndRead(reading, base);
  if (change === null) await readAll(reading);
  const rows = change === null || base === undefined ? readRowsSql(columns) : `${readRowsSql(columns)} UNION ALL BY NAME ${keptRowsSql(base.data, columns)}`;
  await stageScope(reading, null);
  await stageExternalIds(reading, rows);
  await stageLinks(reading);

  const staged = await ports.snapshots.stage(system, entity);
  try {
    const file = `${staged.directory}/data.parquet`;
    await plane.run(writeRecordsSql({ rows, columns, hasActive, file }));
    const [facts] = await plane.rows<{ records: number; latest: string | null }>(recordFactsSql(file));
    const records = facts?.records ?? 0;
    await refuseShrunk(reading, earlier[0], file, records);
    const restricted = await restrictedRecords(reading, file);
    if (restricted.length > 0) {
      const what = `${restricted.length} records of ${request.binding.model}`;
      const text = `${entity}: ${what} are in Odoo and are not shown to this user (record rules, another company): they cannot be compared`;
      ports.progress({ kind: 'warning', text });
    }
    const watermark = watermarkOf(facts?.latest ?? null, startedAt);
    const { manifest } = await staged.commit({
      ...{ asOf: pull.request.asOf, rows: records, quarantined: 0, columns: [...recordColumns, ...columns], requestHash, watermark },
      ...restrictedFacts(restricted),
      ...(change === null ? {} : { incremental: change }),
    });
    ports.progress({ kind: 'done', step, note: change === null ? `${records} records` : `${records} records, ${change.changed} read again` });
    return { system, entity, id: manifest.id, rows: manifest.rows, quarantined: 0, mode: change === null ? 'full' : 'incremental' };
  } catch (error) {
    await staged.abandon();
    throw error;
  }
}

async function readAll({ pull, request, fields, related: sweeps, step }: Reading): Promise<void> {
  const related = sweeps ?? [];
  const names = fields.map((field) => field.name);
  await stageRelated(pull, related);
  await pull.plane.run(stagingTableSql('records', ['id', 'write_date', ...names]));
  const pages = pull.connection.pages(request.binding.model, request.domains.domain, ['write_date', ...names]);
  await pull.plane.append(
    'records',
    recordRows(pages, [writeDate, ...fields], (by) => pull.ports.progress({ kind: 'advance', step, by })),
  );
  await pull.plane.run(changedTableSql('records', related));
}

/** Sweeps id and write_date of everything, then reads what is new or changed into `records`; null when that is most of it. */
async function sweepAndRead(reading: Reading, base: Snapshot): Promise<{ base: string; since: string; changed: number; deleted: number } | null> {
  const { pull, request, fields } = reading;
  const related = reading.related ?? [];
  const { plane, connection } = pull;
  const { model } = request.binding;
  await pull.ports.snapshots.verify(base);
  await stageRelated(pull, related);
  const vias = related.map((sweep) => ({ name: sweep.via, type: 'many2one' }));
  await plane.run(stagingTableSql('sweep', ['id', 'write_date', ...vias.map((via) => via.name)]));
  const swept = connection.pages(model, request.domains.domain, ['write_date', ...vias.map((via) => via.name)]);
  await plane.append('sweep', recordRows(swept, [writeDate, ...vias]));
  const since = before(base.manifest.watermark ?? base.manifest.asOf, pull.request.workspace.file.policies.overlap_minutes * 60_000);
  await plane.run(changedTableSql('sweep', related));
  if (!(await stageOrphaned(pull, base, fields))) return null;
  await plane.run(staleTableSql(base.data, since));
  const [counts] = await plane.rows<{ all: number; stale: number; deleted: number }>(
    `SELECT (SELECT count(*) FROM changed) AS "all", (SELECT count(*) FROM stale) AS stale,
      (SELECT count(*) FROM read_parquet(${literal(base.data)}) AS b ANTI JOIN changed AS c ON c.id = b.id) AS deleted`,
  );
  const { all = 0, stale = 0, deleted = 0 } = counts ?? {};
  if (stale > all * MOSTLY_STALE) return null;
  await stageRecords(reading, idChunks(pull, 'SELECT id FROM stale ORDER BY id'));
  return { base: base.manifest.id, since, changed: stale, deleted };
}

/** Table `links`: what the crosswalk names. */
async function stageLinks({ pull, request }: Reading): Promise<void> {
  await pull.plane.run(stagingTableSql('links', ['id']));
  const links = (await pull.ports.state()).links(pull.identity.uuid, pull.request.capability.name, request.definition.contract.entity);
  await pull.plane.append('links', linkedIds(links));
}

/** E_SOURCE_SHRANK when records vanished that neither we nor a rollback took away: a lost right or a wrong company looks like that. */
async function refuseShrunk({ pull, request }: Reading, previous: Snapshot | undefined, file: string, records: number): Promise<void> {
  const { entity } = request.definition.contract;
  const { shrink_percent: percent, allow_empty: allowed } = pull.request.workspace.file.policies;
  const least = (count: number) => count * (1 - percent / 100);
  if (previous === undefined || allowed.includes(`${pull.system}/${entity}`) || records >= least(previous.manifest.rows)) return;
  await pull.plane.run(stagingTableSql('byproducts', ['id']));
  await pull.plane.append('byproducts', byproductsSince(pull, request.binding.model, previous.manifest.asOf));
  const [survivors] = await pull.plane.rows<{ expected: number; found: number }>(survivorsSql(previous.data, file));
  const { expected = 0, found = 0 } = survivors ?? {};
  if (found >= least(expected)) return;
  throw new CutoverError(
    'E_SOURCE_SHRANK',
    `${request.binding.model} has ${records} records, ${previous.manifest.rows} at the last pull; ${expected - found} of ${expected} that should be there are gone`,
    {
      hint: `if that is right, add ${pull.system}/${entity} to policies.allow_empty for one pull; if not: cutover doctor`,
    },
  );
}

async function* linkedIds(links: AsyncIterable<readonly { readonly odooId: number }[]>): AsyncIterable<string[][]> {
  for await (const batch of links) yield batch.map((link) => [String(link.odooId)]);
}

/** What Odoo made by itself of our records, or lost with them, as the journals since then have it. */
async function* byproductsSince({ ports }: OdooPull, model: string, since: string): AsyncIterable<string[][]> {
  const state = await ports.state();
  for (const run of await state.runs()) {
    if (!['load', 'rollback'].includes(run.command) || run.startedAt < since) continue;
    for await (const entries of state.journalOf(run.id, { kinds: ['answer'] })) {
      const made = entries.flatMap(({ payload }) => payload.byproducts ?? []);
      yield made.filter((one) => one.model === model).flatMap(({ ids }) => ids.map((id) => [String(id)]));
    }
  }
}

/** Where the next incremental pull begins, minus the overlap. write_date is the start of the transaction that wrote, so what matters is when
 *  we read, not what we saw; the allowance covers clocks that disagree. */
function watermarkOf(latest: string | null, startedAt: string): string {
  const read = before(startedAt, CLOCK_ALLOWANCE_MS);
  return latest !== null && latest > read ? latest : read;
}

/** `moment` minus some time, as a DuckDB timestamp in UTC. */
function before(moment: string, milliseconds: number): string {
  const utc = moment.endsWith('Z') ? moment : `${moment.replace(' ', 'T')}Z`;
  return new Date(Date.parse(utc) - milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}
