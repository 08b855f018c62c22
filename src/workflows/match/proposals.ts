/** Which record of Odoo a legacy record is that is linked to none yet: proposed by match, shown by the plan as a link, kept by the load.
 *
 *  Table `match_proposed`: `l`, `r` (rids; l legacy, r Odoo), `w` INTEGER (thousandths of a bit), `provenance` (key, identifier, score), `evidence` (a sentence
 *  without cell contents). One to one, each the other's best; where two are equally good neither is, and a person decides. */
import type { EntityContract } from '../../domain/contract.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { identifier, literal, literalList } from '../../domain/sql.ts';
import { type FieldRule, fieldRules } from '../sides/field-rules.ts';
import type { EntitySides, OdooWorld } from '../sides/sides.ts';
import { dropTakenSql, linksTableSql, mutualBestSql } from './links-sql.ts';
import type { MatchOutcome } from './match-records.ts';

/** Equal keys outweigh any score. */
const KEY_BONUS = 1_000_000;

export interface ProposalRequest {
  readonly entity: EntitySides;
  readonly world: OdooWorld;
  readonly outcome: MatchOutcome;
  /** Relation of the legacy rows, and position of Odoo among the sources. */
  readonly legacy: string;
  readonly odoo: number;
}

export async function proposeLinks(request: ProposalRequest, plane: DataPlane): Promise<void> {
  await plane.run(keyPairsSql(request));
  await plane.run(openPairsSql(request));
  await plane.run(linksTableSql());
  for (let round = 1, before = -1; ; round += 1) {
    await plane.run(mutualBestSql(round));
    await plane.run(dropTakenSql());
    const [row] = await plane.rows<{ n: number }>('SELECT count(*) AS n FROM match_links');
    if (row === undefined || row.n === before) break;
    before = row.n;
  }
  await plane.run(proposedSql(request.outcome));
}

/** Where links are not looked for: the same table, empty. */
export async function proposeNothing(plane: DataPlane): Promise<void> {
  await plane.run('CREATE OR REPLACE TABLE match_proposed (l INTEGER, r INTEGER, w INTEGER, provenance VARCHAR, evidence VARCHAR)');
}

/** Where keys alone decide: the same table by names of records (`_system`, `_key`, `odoo_id`, `provenance`, `evidence`, `weight`), as `match_links_by_key`. What
 *  the crosswalk holds already is not proposed, and neither is a pair of which one has another partner. */
export async function proposeLinksByKey({ entity, world, legacy }: Omit<ProposalRequest, 'outcome' | 'odoo'>, plane: DataPlane): Promise<void> {
  const sets = linkSetsSql(entity, world, legacy);
  const found =
    sets.length === 0
      ? 'SELECT NULL::VARCHAR AS system, NULL::VARCHAR AS key, NULL::BIGINT AS odoo_id, NULL::VARCHAR AS field WHERE false'
      : sets.join(' UNION ALL ');
  await plane.run(`CREATE OR REPLACE TABLE match_links_by_key AS
    WITH pair AS (SELECT system, key, odoo_id, min(field) AS field FROM (${found}) GROUP BY ALL),
    single AS (SELECT * FROM pair QUALIFY count(*) OVER (PARTITION BY system, key) = 1 AND count(*) OVER (PARTITION BY odoo_id) = 1)
    SELECT system AS _system, key AS _key, CAST(odoo_id AS BIGINT) AS odoo_id, 'key' AS provenance, 'key ' || field AS evidence, NULL::INTEGER AS weight
    FROM single AS s
    WHERE NOT EXISTS (SELECT 1 FROM match_links_now AS l WHERE (l.system = s.system AND l.key = s.key) OR l.odoo_id = CAST(s.odoo_id AS VARCHAR))
    ORDER BY _system, _key`);
}

/** Table `match_key_pairs` (l, r, field): pairs whose fields of `link_by` are the same, where each has no other such partner. */
function keyPairsSql({ entity, world, outcome, legacy, odoo }: ProposalRequest): string {
  const sets = linkSetsSql(entity, world, legacy);
  if (sets.length === 0) return 'CREATE OR REPLACE TABLE match_key_pairs (l INTEGER, r INTEGER, field VARCHAR)';
  const position = outcome.sources.map((system, index) => `WHEN ${literal(system)} THEN ${index}`).join(' ');
  return `CREATE OR REPLACE TABLE match_key_pairs AS
    WITH found AS (SELECT a.rid AS l, b.rid AS r, min(k.field) AS field FROM (${sets.join(' UNION ALL ')}) AS k
      JOIN match_records AS a ON a.source = CASE k.system ${position} END AND a.key = k.key
      JOIN match_records AS b ON b.source = ${odoo} AND b.key = CAST(k.odoo_id AS VARCHAR) GROUP BY a.rid, b.rid)
    SELECT * FROM found QUALIFY count(*) OVER (PARTITION BY l) = 1 AND count(*) OVER (PARTITION BY r) = 1`;
}

/** One query (system, key, odoo_id, field) per set of fields by which an Odoo record is recognised; sets that lead through other records are left to reconcile. */
function linkSetsSql({ definition, odoo, mapped }: EntitySides, world: OdooWorld, legacy: string): string[] {
  const { contract } = definition;
  if (odoo === null) return [];
  const rules = fieldRules({ definition, binding: odoo.binding, mapped, world });
  const plain = (rule: FieldRule | undefined): rule is FieldRule =>
    rule !== undefined && rule.contract.type !== 'ref' && !rule.isLookup && rule.rounding === null;
  return setsOf(contract).flatMap((fields) => {
    const found = fields.map((field) => rules.find((rule) => rule.field === field));
    if (!found.every(plain)) return [];
    const same = found.map((rule) => `${rule.legacyForm} = ${rule.odooForm}`).join(' AND ');
    const names = literal(fields.join(' and '));
    return [
      `SELECT l._system AS system, l._key AS key, o._odoo_id AS odoo_id, ${names} AS field FROM ${legacy} AS l JOIN match_odoo AS o ON ${same} WHERE NOT l._duplicate`,
    ];
  });
}

const setsOf = (contract: EntityContract): readonly (readonly string[])[] => contract.link_by ?? [contract.key];

/** Pairs that may become links: both free, and good enough. With equal keys it is enough that everything else speaks for them rather than against. */
function openPairsSql({ outcome, odoo }: ProposalRequest): string {
  const [match, prior] = [Math.round(outcome.thresholds.match * 1000), Math.round(outcome.model.prior * 1000)];
  return `CREATE OR REPLACE TABLE match_open AS
    WITH taken AS (SELECT s.l AS legacy, s.r AS odoo FROM match_same AS s JOIN match_records AS a ON a.rid = s.l JOIN match_records AS b ON b.rid = s.r WHERE a.source < ${odoo} AND b.source = ${odoo}),
    free AS (
      SELECT p.l, p.r, p.w + CASE WHEN k.l IS NULL THEN 0 ELSE ${KEY_BONUS} END AS w FROM ${outcome.pairs} AS p
      JOIN match_records AS a ON a.rid = p.l JOIN match_records AS b ON b.rid = p.r LEFT JOIN match_key_pairs AS k ON k.l = p.l AND k.r = p.r
      WHERE a.source < ${odoo} AND b.source = ${odoo} AND NOT p.x AND (p.w >= ${match} OR (k.l IS NOT NULL AND p.w > ${prior}))
        AND p.l NOT IN (SELECT legacy FROM taken) AND p.r NOT IN (SELECT odoo FROM taken)
    ),
    best AS (SELECT *, w = max(w) OVER (PARTITION BY l) AS is_best_of_l, w = max(w) OVER (PARTITION BY r) AS is_best_of_r FROM free),
    tied AS (SELECT l AS rid FROM best WHERE is_best_of_l GROUP BY l HAVING count(*) > 1 UNION ALL SELECT r FROM best WHERE is_best_of_r GROUP BY r HAVING count(*) > 1)
    SELECT l, r, w::INTEGER AS w FROM free WHERE l NOT IN (SELECT rid FROM tied) AND r NOT IN (SELECT rid FROM tied)`;
}

function proposedSql({ model }: MatchOutcome): string {
  const identifiers = model.fields.flatMap(({ name, kind }, index) =>
    kind === 'identifier' ? [`CASE WHEN a.v${index} = b.v${index} THEN ${literal(name)} END`] : [],
  );
  const equal = identifiers.length === 0 ? literalList([]) : `[${identifiers.join(', ')}]`;
  const bits = "printf('%.1f', w / 1000.0)";
  return `CREATE OR REPLACE TABLE match_proposed AS
    SELECT l, r, w, CASE WHEN field IS NOT NULL THEN 'key' WHEN len(equal) > 0 THEN 'identifier' ELSE 'score' END AS provenance,
      CASE WHEN field IS NOT NULL THEN 'key ' || field WHEN len(equal) > 0 THEN 'identifier ' || array_to_string(equal, ' and ') || ', ' || ${bits} || ' bits' ELSE 'score, ' || ${bits} || ' bits' END AS evidence
    FROM (SELECT m.l, m.r, (m.w - CASE WHEN k.l IS NULL THEN 0 ELSE ${KEY_BONUS} END)::INTEGER AS w, k.field, list_filter(${equal}::VARCHAR[], lambda name: name IS NOT NULL) AS equal
      FROM match_links AS m JOIN match_records AS a ON a.rid = m.l JOIN match_records AS b ON b.rid = m.r LEFT JOIN match_key_pairs AS k ON k.l = m.l AND k.r = m.r)
    ORDER BY l`;
}

/** Parquet of proposed links (domain/matching.ts). */
export function proposedFileSql(sources: readonly string[]): string {
  const system = sources.map((name, index) => `WHEN ${index} THEN ${literal(name)}`).join(' ');
  return `SELECT CASE a.source ${system} END AS _system, a.key AS _key, CAST(b.key AS BIGINT) AS odoo_id, p.provenance, p.evidence, p.w AS weight
    FROM match_proposed AS p JOIN match_records AS a ON a.rid = p.l JOIN match_records AS b ON b.rid = p.r ORDER BY ${identifier('_system')}, ${identifier('_key')}`;
}

/** A record that is found in Odoo as well is nothing to decide once it is about to be linked. */
export function proposedConflictsSql(sources: readonly string[]): string {
  return `UPDATE conflict_findings SET resolved = true WHERE class = 'duplicate-record' AND place = 'across' AND len(records) = 2 AND id IN (
    SELECT f.id FROM conflict_findings AS f JOIN (${proposedFileSql(sources)}) AS p
      ON list_contains(list_transform(f.records, lambda r: r.odoo_id), p.odoo_id) AND list_contains(list_transform(f.records, lambda r: [r.system, r."key"]), [p._system, p._key]))`;
}
