/** The crosswalk as a table of the data plane. A million links take seconds to come out of the state, so a copy of them is kept beside the store's other
 *  files, with the moment of the crosswalk it was made at inside; after that only what has changed since is read. A copy that is not on the way of
 *  this crosswalk (it was rebuilt, or put back from a backup) or that cannot be read is as good as none. */
import { join } from 'node:path';
import type { CrosswalkMoment, LinkBundle } from '../../domain/crosswalk.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { literal } from '../../domain/sql.ts';
import { stagingTableSql } from '../pull/pull-odoo-sql.ts';
import type { SidesRequest } from './sides.ts';

/** Table `crosswalk`: `entity`, `system`, `key`, `odoo_id` BIGINT, `provenance`, `valid_from` (ISO 8601) of every open link of the capability. */
export async function stageCrosswalk({ capability, runId }: SidesRequest, ports: Ports, odooUuid: string, plane: DataPlane): Promise<void> {
  const copy = join(await ports.runs.reconcileDirectory(odooUuid, capability.name), 'links.parquet');
  const known = await openCopy(copy, ports, plane);
  const state = await ports.state();
  const { moment, isChange, bundles } = await state.bundledLinks(odooUuid, capability.name, known);
  if (!isChange) await plane.run(crosswalkTableSql);
  await plane.run(stagingTableSql('bundles', ['entity', 'system', 'provenance', 'valid_from', 'open', 'keys', 'odoo_ids']));
  const found = await plane.append('bundles', bundleRows(bundles));
  if (isChange) await plane.run(endedSql);
  await plane.run(openedSql);
  await plane.run('DROP TABLE bundles');
  if (isChange && found === 0) return;
  const written = `FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE true, KV_METADATA {change: ${literal(String(moment.change))}, mark: ${literal(moment.mark)}}`;
  try {
    await state.withLock(`links ${odooUuid} ${capability.name}`, runId, () => plane.run(`COPY crosswalk TO ${literal(copy)} (${written})`));
  } catch (error) {
    // another run is writing the same copy just now
    if (!(error instanceof CutoverError) || error.code !== 'E_LOCKED') throw error;
  }
}

const crosswalkTableSql =
  'CREATE OR REPLACE TABLE crosswalk (entity VARCHAR, system VARCHAR, key VARCHAR, odoo_id BIGINT, provenance VARCHAR, valid_from VARCHAR)';
const linksSql = (
  open: boolean,
) => `SELECT entity, system, unnest(from_json(keys, '["VARCHAR"]')) AS key, unnest(from_json(odoo_ids, '["BIGINT"]')) AS odoo_id, provenance, valid_from
FROM bundles${open ? " WHERE open = 'true'" : ''}`;
const endedSql = `DELETE FROM crosswalk AS c USING (${linksSql(false)}) AS b WHERE b.entity = c.entity AND b.system = c.system AND b.key = c.key`;
const openedSql = `INSERT INTO crosswalk ${linksSql(true)}`;

/** The moment of the copy, which is table `crosswalk` then; null where there is none. */
async function openCopy(copy: string, ports: Ports, plane: DataPlane): Promise<CrosswalkMoment | null> {
  if (!(await ports.runs.exists(copy))) return null;
  try {
    const rows = await plane.rows<{ name: string; value: string }>(
      `SELECT decode(key) AS name, decode(value) AS value FROM parquet_kv_metadata(${literal(copy)})`,
    );
    const [change, mark] = ['change', 'mark'].map((name) => rows.find((row) => row.name === name)?.value);
    if (change === undefined || mark === undefined) return null;
    await plane.run(`CREATE OR REPLACE TABLE crosswalk AS FROM read_parquet(${literal(copy)})`);
    return { change: Number(change), mark };
  } catch (error) {
    if (ports.signal.aborted) throw error;
    ports.progress({
      kind: 'warning',
      text: `the copy of the crosswalk cannot be read and is made anew: ${error instanceof Error ? error.message : String(error)}`,
    });
    return null;
  }
}

async function* bundleRows(bundles: AsyncIterable<readonly LinkBundle[]>): AsyncIterable<string[][]> {
  for await (const batch of bundles) {
    yield batch.map((one) => [one.entity, one.system, one.provenance, one.validFrom, String(one.open), one.keys, one.odooIds]);
  }
}
