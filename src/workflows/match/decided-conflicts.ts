/** Which conflicts people have settled. */
import { literal } from '../../domain/sql.ts';
import type { DecisionsInput } from './decisions.ts';
import { recordTextsSql, sourceNumberSql, valueHashSql } from './value-hash.ts';

export interface ResolvedConflicts {
  /** Decisions on conflicts that were found in this match. */
  readonly applied: number;
  readonly stale: number;
}

/** After `stageDecisions` and `runConflicts`. Gives `conflict_findings` the columns `value_hash` VARCHAR and `resolved` BOOLEAN, and makes
 *  `match_decided_conflicts` (id, decision, is_stale, by, at, reason) of the decisions on conflicts that are there. */
export async function resolveConflicts(input: DecisionsInput): Promise<ResolvedConflicts> {
  const { plane, odooSystem } = input;
  await plane.run(`CREATE OR REPLACE TABLE match_conflict_members AS
SELECT DISTINCT id, coalesce(m.system, ${literal(odooSystem)}) AS system, coalesce(m."key", CAST(m.odoo_id AS VARCHAR)) AS key
FROM (SELECT id, unnest(records) AS m FROM conflict_findings)`);
  await plane.run(`CREATE OR REPLACE TABLE match_conflict_texts AS ${recordTextsSql(input, 'match_conflict_members')}`);
  await plane.run(`CREATE OR REPLACE TABLE match_conflict_hashes AS ${valueHashSql(input, 'match_conflict_members', 'match_conflict_texts')}`);
  await plane.run(decidedConflictsSql());
  await plane.run(settledByPairsSql(input));
  await plane.run(resolvedSql());
  for (const name of ['match_conflict_members', 'match_conflict_texts', 'match_conflict_hashes', 'match_conflicts_by_pairs'])
    await plane.run(`DROP TABLE ${name}`);
  const [counts] = await plane.rows<{ applied: number; stale: number }>(
    'SELECT count(*) FILTER (NOT is_stale) AS applied, count(*) FILTER (is_stale) AS stale FROM match_decided_conflicts',
  );
  return { applied: Number(counts?.applied ?? 0), stale: Number(counts?.stale ?? 0) };
}

function decidedConflictsSql(): string {
  return `CREATE OR REPLACE TABLE match_decided_conflicts AS
SELECT d.conflict AS id, d.decision, d.value_hash <> '' AND d.value_hash <> h.value_hash AS is_stale, d."by", d."at", d.reason
FROM match_decision_rows AS d JOIN match_conflict_hashes AS h ON h.id = d.conflict
QUALIFY row_number() OVER (PARTITION BY d.conflict ORDER BY is_stale, d.decision, CAST(d.ordinal AS INTEGER)) = 1 ORDER BY id`;
}

/** Duplicates, and records that are one in Odoo, of which every two are decided, each to be another thing or, directly or through others, the same. */
function settledByPairsSql({ systems, odooSystem }: DecisionsInput): string {
  return `CREATE OR REPLACE TABLE match_conflicts_by_pairs AS
WITH RECURSIVE decided AS (SELECT [CAST(l_source AS VARCHAR), l_key] AS l, [CAST(r_source AS VARCHAR), r_key] AS r, decision FROM match_decided_pairs WHERE NOT is_stale),
reached(l, r) AS (
  SELECT l, r FROM decided WHERE decision = 'same' UNION SELECT r, l FROM decided WHERE decision = 'same'
  UNION (SELECT a.l, b.r FROM reached AS a JOIN (SELECT l, r FROM decided WHERE decision = 'same' UNION SELECT r, l FROM decided WHERE decision = 'same') AS b ON b.l = a.r)
),
known AS (SELECT l, r FROM reached UNION SELECT l, r FROM decided WHERE decision = 'different' UNION SELECT r, l FROM decided WHERE decision = 'different'),
members AS (
  SELECT m.id, [CAST(${sourceNumberSql(systems, 'm.system')} AS VARCHAR), m.key] AS record FROM match_conflict_members AS m
  JOIN (SELECT id, class FROM conflict_findings WHERE class IN ('duplicate-record', 'crosswalk-fork')) AS f USING (id)
  WHERE f.class = 'duplicate-record' OR m.system <> ${literal(odooSystem)}
)
SELECT a.id FROM members AS a JOIN members AS b ON b.id = a.id AND a.record < b.record LEFT JOIN known AS k ON k.l = a.record AND k.r = b.record
GROUP BY a.id HAVING bool_and(k.l IS NOT NULL)`;
}

/** `keep` settles anything; that two records are two things settles who has an identifier by right, and any word settles a duplicate. */
function resolvedSql(): string {
  const settles = `d.decision = 'keep' OR f.class = 'duplicate-record' OR (f.class = 'crosswalk-fork' AND d.decision = 'same') OR (f.class = 'shared-identifier' AND d.decision = 'different')`;
  return `CREATE OR REPLACE TABLE conflict_findings AS
SELECT f.*, h.value_hash, coalesce(NOT d.is_stale AND (${settles}), false) OR p.id IS NOT NULL AS resolved
FROM conflict_findings AS f LEFT JOIN match_conflict_hashes AS h ON h.id = f.id LEFT JOIN match_decided_conflicts AS d ON d.id = f.id
LEFT JOIN match_conflicts_by_pairs AS p ON p.id = f.id
ORDER BY f.class, f.place, f.field NULLS LAST, f.id`;
}
