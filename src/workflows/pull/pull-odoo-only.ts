/** A snapshot again, with some of its records as they are now: a full logical snapshot like any other, so what is compared with it can be compared again. */
import type { OdooConnection } from '../../domain/ports.ts';
import type { PullResult } from '../../domain/results.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { OnlyRecords } from './only-records.ts';
import { idChunks, once, type Reading, type RecordsRequest, readingOf, stageExternalIds, stageRecords, stageRelated, stageScope } from './pull-odoo-reading.ts';
import { refused, restrictedFacts } from './pull-odoo-restricted.ts';
import { type OdooPull, uuidOf } from './pull-odoo-session.ts';
import { changedTableSql, laidOverFactsSql, laidOverSql, readRowsSql, recordColumns, stagingTableSql, writeRecordsSql } from './pull-odoo-sql.ts';

/** Null where nothing about these records has changed, or where there is no snapshot of this Odoo and these fields to lay them over. */
export async function pullOnly(pull: OdooPull, request: RecordsRequest, only: OnlyRecords): Promise<PullResult['snapshots'][number] | null> {
  const { plane, ports, system, connection } = pull;
  const ids = await askedFor(connection, request, only);
  if (ids.length === 0) return null;
  const { entity } = request.definition.contract;
  const reading = await readingOf(pull, request);
  const base = await ports.snapshots.latest(system, entity);
  if (base === null || uuidOf(base) !== pull.identity.uuid || base.manifest.requestHash !== reading.requestHash) return null;
  ports.progress({ kind: 'step', step: reading.step });
  await ports.snapshots.verify(base);
  const there = await connection.searchIds(request.binding.model, [...request.domains.domain, ['id', 'in', ids]]);
  await stagePicked(reading, ids, there);

  const staged = await ports.snapshots.stage(system, entity);
  try {
    const fresh = plane.scratchFile(`${entity}.again.parquet`);
    const { columns, hasActive } = reading;
    await plane.run(writeRecordsSql({ rows: readRowsSql(columns), columns, hasActive, file: fresh }));
    const [facts] = await plane.rows<{ changed: number; deleted: number }>(laidOverFactsSql(base.data, fresh));
    const { changed = 0, deleted = 0 } = facts ?? {};
    if (changed + deleted === 0) {
      await staged.abandon();
      ports.progress({ kind: 'done', step: reading.step, note: `${ids.length} records looked at again, nothing changed` });
      return null;
    }
    const file = `${staged.directory}/data.parquet`;
    await plane.run(laidOverSql(base.data, fresh, file));
    const [count] = await plane.rows<{ records: number }>(`SELECT count(*) AS records FROM read_parquet(${literal(file)})`);
    const { watermark, incremental } = base.manifest;
    const { manifest } = await staged.commit({
      ...{ asOf: pull.request.asOf, rows: count?.records ?? 0, quarantined: 0, columns: [...recordColumns, ...columns], requestHash: reading.requestHash },
      ...(await stillRestricted(reading, base, ids, new Set(there))),
      // everything else is as old as it was: the next pull begins where it would have begun
      ...(watermark === undefined ? {} : { watermark }),
      incremental: { base: base.manifest.id, since: incremental?.since ?? base.manifest.asOf, changed, deleted },
    });
    ports.progress({ kind: 'done', step: reading.step, note: `${ids.length} records looked at again, ${changed + deleted} changed` });
    return { system, entity, id: manifest.id, rows: manifest.rows, quarantined: 0, mode: 'incremental' };
  } catch (error) {
    await staged.abandon();
    throw error;
  }
}

/** The ids that are named, and the lines that the documents named have now. */
async function askedFor(connection: OdooConnection, { definition, binding }: RecordsRequest, only: OnlyRecords): Promise<readonly number[]> {
  const { entity, parent } = definition.contract;
  const named = only.get(entity)?.odooIds ?? [];
  const documents = parent === undefined ? [] : (only.get(parent)?.odooIds ?? []);
  if (documents.length === 0 || binding.parentField === null) return named;
  return [...new Set([...named, ...(await connection.searchIds(binding.model, [[binding.parentField, 'in', documents]]))])];
}

/** Tables `picked`, `records`, `changed`, `scope`, `external_ids`: of these records only. */
async function stagePicked(reading: Reading, ids: readonly number[], there: readonly number[]): Promise<void> {
  const { pull } = reading;
  const { plane } = pull;
  const related = reading.related ?? [];
  await plane.run(stagingTableSql('picked', ['id']));
  await plane.append('picked', once(ids.map((id) => [String(id)])));
  await stageRecords(reading, once(there));
  await stageRelated(pull, related, async ({ via }) => {
    const named: number[] = [];
    const sql = `SELECT DISTINCT CAST(${identifier(via)} AS BIGINT) AS id FROM records WHERE ${identifier(via)} IS NOT NULL ORDER BY id`;
    for await (const chunk of idChunks(pull, sql)) named.push(...chunk);
    return named;
  });
  await plane.run(changedTableSql('records', related));
  await stageScope(reading, there);
  await stageExternalIds(reading, readRowsSql(reading.columns));
}

/** What the base says of all, corrected by what these records say now. */
async function stillRestricted({ pull, request }: Reading, { manifest }: Snapshot, ids: readonly number[], there: ReadonlySet<number>) {
  const unseen = ids.filter((id) => !there.has(id));
  const now = unseen.length === 0 ? [] : await refused(pull.connection, request.binding.model, unseen);
  const picked = new Set(ids);
  const before = manifest.restrictedIds ?? [];
  const others = before.filter((id) => !picked.has(id));
  return restrictedFacts([...others, ...now], (manifest.restricted ?? 0) - (before.length - others.length) + now.length);
}
