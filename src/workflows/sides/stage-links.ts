/** What is known of links and of records that are one thing, as tables in the data plane: the crosswalk, decisions of people, proposals of match. */
import { type MatchDecisionRow, recordText } from '../../domain/matching.ts';
import type { DataPlane, DataRow, Ports } from '../../domain/ports.ts';
import { literal } from '../../domain/sql.ts';
import { stagingTableSql } from '../pull/pull-odoo-sql.ts';
import { decidedLinks, joinedRecords } from './joined-records.ts';
import type { LatestMatch } from './latest-match.ts';
import type { OdooWorld, SidesRequest } from './sides.ts';
import { stageCrosswalk } from './stage-crosswalk.ts';

/** Tables `crosswalk` (entity, system, key, odoo_id, provenance, valid_from), `decisions` (entity, system, key, odoo, decision), `joined` (entity, system,
 *  key, grp: legacy records that are one thing) and `proposals` (entity and the columns of a file of proposed links). */
export async function stageLinks(request: SidesRequest, ports: Ports, world: OdooWorld, match: LatestMatch | null, plane: DataPlane): Promise<void> {
  const { capability, workspace } = request;
  await stageCrosswalk(request, ports, world.uuid, plane);
  await plane.run(stagingTableSql('decisions', ['entity', 'system', 'key', 'odoo', 'decision']));
  const pairs = [...holding(workspace.matchDecisions, match), ...(await decidedDuplicates(request, match, plane))];
  const decided = [...workspace.linkDecisions, ...decidedLinks(pairs, workspace.file.odoo)];
  await plane.append('decisions', once(decided.map((row) => [row.entity, row.system, row.key, row.odoo, row.decision])));
  await plane.run(stagingTableSql('joined', ['entity', 'system', 'key', 'grp']));
  // a line goes where its document goes
  const documents = new Set(capability.entities.flatMap(({ contract }) => (contract.parent === undefined ? [contract.entity] : [])));
  const joined = joinedRecords(pairs, workspace.file.odoo).filter((one) => documents.has(one.entity));
  await plane.append('joined', once(joined.map((one) => [one.entity, one.system, one.key, String(one.group)])));
  await plane.run(
    'CREATE OR REPLACE TABLE proposals (entity VARCHAR, _system VARCHAR, _key VARCHAR, odoo_id BIGINT, provenance VARCHAR, evidence VARCHAR, weight INTEGER)',
  );
  for (const { contract } of capability.entities) {
    const file = match?.entities[contract.entity]?.links ?? null;
    if (file === null || contract.match?.link === 'decide' || !documents.has(contract.entity)) continue;
    await plane.run(`INSERT INTO proposals BY NAME SELECT ${literal(contract.entity)} AS entity, * FROM read_parquet(${literal(file)})`);
  }
}

/** Without the decisions that match found to be made on other values. */
function holding(decisions: readonly MatchDecisionRow[], match: LatestMatch | null): readonly MatchDecisionRow[] {
  const named = ({ entity, left, right, value_hash: hash }: Pick<MatchDecisionRow, 'entity' | 'left' | 'right' | 'value_hash'>): string =>
    JSON.stringify([entity, left, right, hash]);
  const stale = new Set(match?.stale.map(named));
  return decisions.filter((row) => row.conflict !== '' || !stale.has(named(row)));
}

interface DuplicateRow extends DataRow {
  readonly ordinal: number;
  readonly records: readonly { readonly system: string | null; readonly key: string | null; readonly odoo_id: number | null }[];
}

/** A decision on a duplicate that the latest match found is one on every two of its records, while they are what they were then. */
async function decidedDuplicates({ workspace }: SidesRequest, match: LatestMatch | null, plane: DataPlane): Promise<readonly MatchDecisionRow[]> {
  const pairs: MatchDecisionRow[] = [];
  await plane.run(stagingTableSql('conflict_decisions', ['ordinal', 'entity', 'conflict', 'value_hash']));
  const rows = workspace.matchDecisions.map((row, index) => [String(index), row.entity, row.conflict, row.value_hash]);
  await plane.append('conflict_decisions', once(rows.filter(([, , conflict]) => conflict !== '')));
  for (const [entity, { conflicts }] of Object.entries(match?.entities ?? {})) {
    if (conflicts === null || !workspace.matchDecisions.some((row) => row.entity === entity && row.conflict !== '')) continue;
    const found = await plane.rows<DuplicateRow>(
      `SELECT CAST(d.ordinal AS INTEGER) AS ordinal, c.records FROM conflict_decisions AS d JOIN read_parquet(${literal(conflicts)}) AS c ON c.id = d.conflict
WHERE d.entity = ${literal(entity)} AND c.class = 'duplicate-record' AND (d.value_hash = '' OR d.value_hash = c.value_hash) ORDER BY ordinal`,
    );
    for (const { ordinal, records } of found) {
      const decision = workspace.matchDecisions[ordinal] as MatchDecisionRow;
      const names = records.map((one) => recordText({ system: one.system ?? workspace.file.odoo, key: one.key ?? String(one.odoo_id) }));
      for (const [index, left] of names.entries()) {
        for (const right of names.slice(index + 1)) pairs.push({ ...decision, conflict: '', left, right });
      }
    }
  }
  return pairs;
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}
