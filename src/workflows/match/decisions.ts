/** What people decided on pairs, as data for one entity's match: replayed in every run, and put before them again once the records have changed.
 *
 *  `match_decided_pairs`  l_source INTEGER, l_key VARCHAR, r_source INTEGER, r_key VARCHAR (a record of Odoo by its database id), decision VARCHAR (same,
 *                         different), is_stale BOOLEAN (made on other values: not applied), by, at, reason VARCHAR, conflict VARCHAR
 *                         (the decision is one on this conflict: a duplicate). One row per pair.
 *  `match_known_same`, `match_known_apart`  the four columns of a pair: decisions that hold, and open links among `same`. */

import { keyIsPii } from '../../domain/canonical.ts';
import { recordName } from '../../domain/matching.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { identifier, literal } from '../../domain/sql.ts';
import type { Workspace } from '../../domain/workspace.ts';
import type { KnownPairs } from './known-pairs.ts';
import { type MatchRelations, recordTextsSql, sourceNumberSql, valueHashSql } from './value-hash.ts';

export interface DecisionsInput extends MatchRelations {
  readonly plane: DataPlane;
  readonly workspace: Pick<Workspace, 'linkDecisions' | 'matchDecisions'>;
  /** External IDs of Odoo beyond those in its rows, as a merge leaves several: `external_id`, `odoo_id`. */
  readonly externalIds?: string | null;
  /** Open links of the entity: `system`, `key`, `odoo_id`. */
  readonly links?: string | null;
  /** Conflicts of the match before (`conflict_findings`): what a decision on all records of a duplicate is about. */
  readonly conflictsBefore?: string | null;
}

export interface StagedDecisions {
  /** For `matchRecords`. */
  readonly known: KnownPairs;
  /** Decisions on pairs. */
  readonly applied: number;
  readonly stale: number;
  /** Decisions on pairs whose records are not there: how many, and the first of the names as the files have them (none where keys are `pii`). */
  readonly unknown: { readonly count: number; readonly records: readonly string[] };
}

const MOST_NAMED = 20;
const rowColumns = ['ordinal', 'l_system', 'l_name', 'r_system', 'r_name', 'conflict', 'decision', 'by', 'at', 'reason', 'value_hash'] as const;

/** Before `matchRecords`; needs the relations only. */
export async function stageDecisions(input: DecisionsInput): Promise<StagedDecisions> {
  const { plane } = input;
  await plane.run(`CREATE OR REPLACE TABLE match_decision_rows (${rowColumns.map((column) => `${identifier(column)} VARCHAR`).join(', ')})`);
  await plane.append('match_decision_rows', once(decisionRows(input)));
  await plane.run(membersSql(input));
  await plane.run(`CREATE OR REPLACE TABLE match_decision_texts AS ${recordTextsSql(input, 'match_decision_members')}`);
  await plane.run(`CREATE OR REPLACE TABLE match_decision_hashes AS ${valueHashSql(input, 'match_decision_members', 'match_decision_texts')}`);
  await plane.run(decidedPairsSql(input));
  await plane.run(knownSql('match_known_same', 'same', input));
  await plane.run(knownSql('match_known_apart', 'different', input));
  const [counts] = await plane.rows<{ applied: number; stale: number }>(
    'SELECT count(*) FILTER (NOT is_stale) AS applied, count(*) FILTER (is_stale) AS stale FROM match_decided_pairs WHERE conflict IS NULL',
  );
  return {
    known: { same: 'match_known_same', apart: 'match_known_apart' },
    applied: Number(counts?.applied ?? 0),
    stale: Number(counts?.stale ?? 0),
    unknown: await unknownRecords(input),
  };
}

function decisionRows({ workspace, contract, odooSystem }: DecisionsInput): (readonly (string | null)[])[] {
  const links = workspace.linkDecisions
    .filter(({ entity }) => entity === contract.entity)
    .map((row) => [row.system, row.key, odooSystem, row.odoo, null, row.decision, row.by, row.at, row.reason, '']);
  const decided = workspace.matchDecisions
    .filter(({ entity }) => entity === contract.entity)
    .map((row) => {
      const [left, right] = [recordName(row.left), recordName(row.right)];
      const about = row.conflict === '' ? [left?.system, left?.key, right?.system, right?.key, null] : [null, null, null, null, row.conflict];
      return [...about, row.decision, row.by, row.at, row.reason, row.value_hash].map((value) => value ?? null);
    });
  return [...links, ...decided].map((row, index) => [String(index), ...row]);
}

/** `id` (ordinal of the decision), `system`, `name` (as written), `key` (null: there is no such record). */
function membersSql(input: DecisionsInput): string {
  const { legacy, odoo, odooSystem, externalIds, conflictsBefore } = input;
  const isOdoo = `n.system = ${literal(odooSystem)}`;
  const conflicts =
    conflictsBefore === undefined || conflictsBefore === null
      ? ''
      : `UNION SELECT ordinal, coalesce(m.system, ${literal(odooSystem)}), coalesce(m."key", CAST(m.odoo_id AS VARCHAR))
    FROM (SELECT d.ordinal, unnest(f.records) AS m FROM match_decision_rows AS d JOIN ${conflictsBefore} AS f ON f.id = d.conflict
      WHERE f.class = 'duplicate-record' AND d.decision IN ('same', 'different'))`;
  const ids =
    odoo === null
      ? 'SELECT NULL::VARCHAR AS name, NULL::BIGINT AS id WHERE false'
      : [
          `SELECT CAST(_odoo_id AS VARCHAR) AS name, _odoo_id AS id FROM ${odoo}`,
          ...['_external_id', '_foreign_external_id'].map((column) => `SELECT ${column}, _odoo_id FROM ${odoo}`),
          ...(externalIds === undefined || externalIds === null ? [] : [`SELECT external_id, CAST(odoo_id AS BIGINT) FROM ${externalIds}`]),
        ].join(' UNION ALL ');
  return `CREATE OR REPLACE TABLE match_decision_members AS
WITH named AS (
  SELECT ordinal, l_system AS system, l_name AS name FROM match_decision_rows WHERE conflict IS NULL
  UNION SELECT ordinal, r_system, r_name FROM match_decision_rows WHERE conflict IS NULL ${conflicts}
),
there AS (
  SELECT DISTINCT n.system, n.name, n.name AS key FROM named AS n JOIN ${legacy} AS r ON r._system = n.system AND r._key = n.name
  UNION ALL SELECT n.system, n.name, CAST(min(i.id) AS VARCHAR) FROM (SELECT DISTINCT system, name FROM named) AS n JOIN (${ids}) AS i ON i.name = n.name WHERE ${isOdoo} GROUP BY ALL
)
SELECT n.ordinal AS id, n.system, n.name, t.key FROM named AS n LEFT JOIN there AS t ON t.system = n.system AND t.name = n.name`;
}

/** Of several decisions on one pair one that still holds is taken, and among those the one that says two things: a wrong merge costs more. */
function decidedPairsSql({ systems, links }: DecisionsInput): string {
  const source = (column: string): string => sourceNumberSql(systems, column);
  // what became a link has been acted upon: that the load changed the record since makes the word no less true
  const linked =
    links === undefined || links === null
      ? 'SELECT NULL::INTEGER AS source, NULL::VARCHAR AS key, NULL::VARCHAR AS odoo WHERE false'
      : `SELECT ${source('k.system')} AS source, k.key, CAST(k.odoo_id AS VARCHAR) AS odoo FROM ${links} AS k`;
  return `CREATE OR REPLACE TABLE match_decided_pairs AS
WITH linked AS (${linked}), whole AS (SELECT id FROM match_decision_members GROUP BY id HAVING bool_and(key IS NOT NULL)),
members AS (SELECT DISTINCT id, ${source('system')} AS source, key FROM match_decision_members SEMI JOIN whole USING (id))
SELECT l.source AS l_source, l.key AS l_key, r.source AS r_source, r.key AS r_key, d.decision, d.value_hash <> '' AND d.value_hash <> h.value_hash AND k.key IS NULL AS is_stale,
  d."by", d."at", d.reason, d.conflict
FROM match_decision_rows AS d JOIN members AS l ON l.id = d.ordinal JOIN members AS r ON r.id = d.ordinal AND (l.source, l.key) < (r.source, r.key)
JOIN match_decision_hashes AS h ON h.id = d.ordinal
LEFT JOIN linked AS k ON d.decision = 'same' AND k.source = l.source AND k.key = l.key AND r.source = ${systems.length - 1} AND k.odoo = r.key
QUALIFY row_number() OVER (PARTITION BY l.source, l.key, r.source, r.key ORDER BY is_stale, d.decision, CAST(d.ordinal AS INTEGER)) = 1
ORDER BY l_source, l_key, r_source, r_key`;
}

function knownSql(table: string, decision: 'same' | 'different', { links, systems, odoo }: DecisionsInput): string {
  const linked =
    decision === 'different' || links === undefined || links === null || odoo === null
      ? ''
      : `UNION SELECT ${sourceNumberSql(systems, 'k.system')}, k.key, ${systems.length - 1}, CAST(k.odoo_id AS VARCHAR) FROM ${links} AS k WHERE list_contains([${systems.map(literal).join(', ')}], k.system)`;
  return `CREATE OR REPLACE TABLE ${table} AS SELECT l_source, l_key, r_source, r_key FROM match_decided_pairs WHERE decision = '${decision}' AND NOT is_stale ${linked}`;
}

/** `left`, `right`, `value_hash` as the files have them: decisions on pairs that were made on other values. For those after match, which read the same files. */
export function staleDecisionsSql(): string {
  return `SELECT d.l_system || '/' || d.l_name AS "left", d.r_system || '/' || d.r_name AS "right", d.value_hash
FROM match_decision_rows AS d JOIN match_decision_hashes AS h ON h.id = d.ordinal
WHERE d.conflict IS NULL AND d.value_hash <> '' AND d.value_hash <> h.value_hash ORDER BY CAST(d.ordinal AS INTEGER)`;
}

/** Records of an Odoo that was not pulled are not asked for. */
async function unknownRecords({ plane, contract, odoo, odooSystem }: DecisionsInput): Promise<StagedDecisions['unknown']> {
  const asked = odoo === null ? `system <> ${literal(odooSystem)}` : 'true';
  const [row] = await plane.rows<{ n: number }>(`SELECT count(DISTINCT id) AS n FROM match_decision_members WHERE key IS NULL AND ${asked}`);
  const shown = keyIsPii(contract) ? `system = ${literal(odooSystem)}` : 'true';
  const named = await plane.rows<{ record: string }>(
    `SELECT DISTINCT system || '/' || name AS record FROM match_decision_members WHERE key IS NULL AND ${asked} AND ${shown} ORDER BY record LIMIT ${MOST_NAMED}`,
  );
  return { count: Number(row?.n ?? 0), records: named.map(({ record }) => record) };
}

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}
