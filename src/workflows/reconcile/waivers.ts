/** Decisions of people on breaks: which of them hold tonight, and what has become of the others. */
import { breakDecisionProblem } from '../../domain/break-decision.ts';
import type { DataPlane, DataRow } from '../../domain/ports.ts';
import type { WaiverState } from '../../domain/report.ts';
import { literal, literalList } from '../../domain/sql.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { stagingTableSql } from '../pull/pull-odoo-sql.ts';

const COLUMNS = ['ordinal', 'break', 'entity', 'key', 'field', 'decision', 'by', 'reason', 'until', 'value_hash', 'problem', 'file', 'line'];

/** Tables `break_decisions`: every row, as written, with its `problem`; `break_decided`: the last row without one of each break and value hash
 *  (`break`, `value_hash`, `decision`, `until`: NULL without an end, `ordinal`), whether it still holds or not. */
export async function stageBreakDecisions(plane: DataPlane, { breakDecisions }: Pick<Workspace, 'breakDecisions'>): Promise<void> {
  await plane.run(stagingTableSql('break_decisions', COLUMNS));
  const rows = breakDecisions.map((row, index) => {
    const { entity, key, field, decision, by, reason, until, position } = row;
    const about = [String(index), row.break, entity, key, field, decision, by, reason, until, row.value_hash];
    return [...about, row.problem ?? breakDecisionProblem(row), position.file, String(position.line)];
  });
  await plane.append('break_decisions', once(rows));
  await plane.run(`CREATE OR REPLACE TABLE break_decided AS
SELECT "break", value_hash, decision, nullif(until, '') AS until, CAST(ordinal AS INTEGER) AS ordinal FROM break_decisions WHERE problem IS NULL
QUALIFY row_number() OVER (PARTITION BY "break", value_hash ORDER BY CAST(ordinal AS INTEGER) DESC) = 1`);
}

/** The decisions that hold on a day (YYYY-MM-DD), as a query: `break`, `value_hash`, `decision`, `until`. They hold for the break with this hash only. */
export function holdingSql(day: string): string {
  return `SELECT "break", value_hash, decision, until FROM break_decided WHERE until IS NULL OR until >= ${literal(day)}`;
}

interface StateRow extends DataRow {
  readonly break: string;
  readonly entity: string;
  readonly key: string;
  readonly field: string;
  readonly decision: string;
  readonly by: string;
  readonly reason: string;
  readonly until: string;
  readonly days_left: number | null;
  readonly state: WaiverState['state'];
  readonly problem: string | null;
  readonly file: string;
  readonly line: string;
}

/** What has become of every decision on `breaks` (files of judged breaks) of `entities`, in the order of files and rows. Of several decisions on one break
 *  that say what was said before (a waiver renewed, a value that changed again) the last one is told. Needs `stageBreakDecisions`. */
export async function waiverStates(
  plane: DataPlane,
  options: { readonly breaks: readonly string[]; readonly entities: readonly string[]; readonly day: string },
): Promise<readonly WaiverState[]> {
  const { breaks, entities, day } = options;
  const tonight =
    breaks.length === 0
      ? 'SELECT NULL::VARCHAR AS id, NULL::VARCHAR AS value_hash WHERE false'
      : `SELECT id, value_hash FROM read_parquet(${literalList(breaks)})`;
  const rows = await plane.rows<StateRow>(`WITH tonight AS (${tonight}),
known AS (SELECT id, list(value_hash) FILTER (value_hash IS NOT NULL) AS hashes FROM tonight SEMI JOIN break_decisions AS d ON d."break" = id GROUP BY id),
last AS (SELECT "break", max(ordinal) AS ordinal FROM break_decided GROUP BY "break"),
judged AS (
  SELECT d.*, CAST(d.ordinal AS INTEGER) AS n, d.problem IS NULL AS is_valid, h.ordinal IS NOT NULL AS holds_its_hash, l.ordinal IS NOT NULL AS is_last,
    k.id IS NOT NULL AS is_known, k.hashes IS NULL AS has_no_hash, coalesce(list_contains(k.hashes, d.value_hash), false) AS has_hash
  FROM break_decisions AS d
  LEFT JOIN known AS k ON k.id = d."break"
  LEFT JOIN break_decided AS h ON h.ordinal = CAST(d.ordinal AS INTEGER)
  LEFT JOIN last AS l ON l.ordinal = CAST(d.ordinal AS INTEGER)
  WHERE d.entity = '' OR list_contains(CAST(${literalList(entities)} AS VARCHAR[]), d.entity)
)
SELECT "break", entity, key, field, decision, "by", reason, until, date_diff('day', CAST(${literal(day)} AS DATE), TRY_CAST(nullif(until, '') AS DATE)) AS days_left,
  CASE WHEN NOT is_valid THEN 'invalid' WHEN NOT is_known THEN 'no-such-break' WHEN has_no_hash THEN 'invalid' WHEN NOT has_hash THEN 'value-changed'
    WHEN until <> '' AND until < ${literal(day)} THEN 'expired' ELSE 'applies' END AS state,
  CASE WHEN is_valid AND is_known AND has_no_hash THEN ${literal(NO_KEY)} ELSE problem END AS problem, file, line
FROM judged WHERE NOT is_valid OR (holds_its_hash AND (has_hash OR is_last)) ORDER BY n`);
  return rows.map(({ days_left: daysLeft, line, ...row }) => ({ ...row, daysLeft, line: Number(line) }));
}

const NO_KEY = 'the values are marked pii and the workspace has no pii_key: nothing can be bound to them';

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}
