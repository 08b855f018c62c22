/** What waits for a person after the match of an entity, as Parquet in the directory of the run: pairs nobody decided and conflicts nobody settled.
 *
 *  Columns: `kind` (pair, conflict, repointed), `conflict` VARCHAR (its id), `class` (of a pair: match, review), `place`, `field`, `value`, `other`, `proposal`,
 *  `sentence`, `reason` VARCHAR, `weight`, `prior` INTEGER (thousandths of a bit; also of a duplicate of two), `evidence` JSON (list of comparison, level, weight in thousandths),
 *  `records` JSON (the first few: system, key, fields → canonical text), `names` STRUCT(system, key)[] (all of them), `value_hash`, `before` VARCHAR (the
 *  decision that is stale), `pairs` JSON (of a duplicate of few records every two of them: left, right, valueHash; null where none may be named). Cell contents in clear text: whatever is shown of it is masked then. `repointed`: a link that Odoo moved; `value` and `other` are
 *  the database ids before and after. */
import { canonicalTextSql, keyIsPii } from '../../domain/canonical.ts';
import { copyToParquetSql, identifier, literal } from '../../domain/sql.ts';
import { makeSides } from './compare-sides.ts';
import { levelsSql } from './compare-sql.ts';
import { type Comparison, comparisonsOf } from './comparisons.ts';
import type { DecisionsInput } from './decisions.ts';
import type { MatchOutcome } from './match-records.ts';
import type { MatchModel } from './model.ts';
import { movedLinksSql } from './repoint.ts';
import { weightSql } from './score-sql.ts';
import { recordTextsSql, valueHashSql } from './value-hash.ts';

export const reviewFileName = (entity: string): string => `${entity}.review.parquet`;

/** More records of one conflict are named but not shown. */
const MOST_SHOWN = 4;
/** A duplicate of more records is decided as a whole. */
const MOST_PAIRED = 10;

/** After `resolveConflicts`. Needs `match_undecided` (l, r, w, is_match), and with an `outcome` the tables that the match left. */
export async function writeReview(input: DecisionsInput, outcome: MatchOutcome | null, file: string): Promise<void> {
  const { plane } = input;
  await plane.run(reviewPairsSql(input, outcome));
  await plane.run(outcome === null ? unweighedSql() : await weighedSql(input, outcome));
  await plane.run(`CREATE OR REPLACE TABLE match_review_members AS
SELECT 'p' || n AS id, l_system AS system, l_key AS key FROM match_review_pairs UNION ALL SELECT 'p' || n, r_system, r_key FROM match_review_pairs
UNION ALL SELECT 'c' || id, coalesce(m.system, ${literal(input.odooSystem)}), coalesce(m."key", CAST(m.odoo_id AS VARCHAR))
  FROM (SELECT id, unnest(records) AS m FROM conflict_findings WHERE NOT resolved)`);
  await plane.run(duplicatePairsSql(input));
  await plane.run(
    `INSERT INTO match_review_members SELECT id, l.system, l.key FROM match_review_duplicates UNION ALL SELECT id, r.system, r.key FROM match_review_duplicates`,
  );
  await plane.run(`CREATE OR REPLACE TABLE match_review_texts AS ${recordTextsSql(input, 'match_review_members')}`);
  await plane.run(
    `CREATE OR REPLACE TABLE match_review_hashes AS ${valueHashSql(input, "(SELECT * FROM match_review_members WHERE id[1] IN ('p', 'd'))", 'match_review_texts')}`,
  );
  await plane.run(recordsSql(input));
  await plane.run(copyToParquetSql(itemsSql(input), file));
}

/** Pairs that are open, and those that were decided on values that have changed: `n`, the two names, rids (null: not compared), `is_match`, `before`. */
function reviewPairsSql({ systems }: DecisionsInput, outcome: MatchOutcome | null): string {
  const system = (column: string): string => `CASE ${column} ${systems.map((name, index) => `WHEN ${index} THEN ${literal(name)}`).join(' ')} END`;
  const stale = `SELECT l_source, l_key, r_source, r_key, decision FROM match_decided_pairs WHERE is_stale AND conflict IS NULL`;
  const rows =
    outcome === null
      ? `SELECT l_source, l_key, r_source, r_key, NULL::INTEGER AS l, NULL::INTEGER AS r, NULL::INTEGER AS w, false AS is_match, decision AS before FROM (${stale})`
      : `SELECT a.source AS l_source, a.key AS l_key, b.source AS r_source, b.key AS r_key, p.l, p.r, p.w, p.is_match, d.decision AS before
  FROM (SELECT l, r, w, is_match, NULL::VARCHAR AS asked FROM match_undecided UNION ALL BY NAME
    SELECT a.rid AS l, b.rid AS r FROM (${stale}) AS s JOIN match_records AS a ON a.source = l_source AND a.key = l_key JOIN match_records AS b ON b.source = r_source AND b.key = r_key
    ANTI JOIN match_undecided AS u ON u.l = a.rid AND u.r = b.rid ANTI JOIN match_same AS k ON k.l = a.rid AND k.r = b.rid) AS p
  JOIN match_records AS a ON a.rid = p.l JOIN match_records AS b ON b.rid = p.r
  LEFT JOIN (${stale}) AS d ON d.l_source = a.source AND d.l_key = a.key AND d.r_source = b.source AND d.r_key = b.key`;
  return `CREATE OR REPLACE TABLE match_review_pairs AS
SELECT row_number() OVER (ORDER BY l_source, l_key, r_source, r_key) AS n, ${system('l_source')} AS l_system, l_key, ${system('r_source')} AS r_system, r_key,
  l, r, coalesce(is_match, false) AS is_match, before FROM (${rows})`;
}

/** Table `match_review_duplicates` (id, conflict, size, n, l, r): every two records of a duplicate, in order. */
function duplicatePairsSql({ contract, odooSystem }: DecisionsInput): string {
  const named = keyIsPii(contract) ? `bool_and(system = ${literal(odooSystem)}) OVER (PARTITION BY id)` : 'true';
  return `CREATE OR REPLACE TABLE match_review_duplicates AS
WITH members AS (
  SELECT m.id[2:] AS conflict, m.system, m.key, row_number() OVER (PARTITION BY id ORDER BY system, key) AS i, count(*) OVER (PARTITION BY id) AS size, ${named} AS is_named
  FROM (SELECT DISTINCT id, system, key FROM match_review_members WHERE id[1] = 'c') AS m
  SEMI JOIN (SELECT 'c' || id AS id FROM conflict_findings WHERE class = 'duplicate-record') AS f USING (id)
)
SELECT concat('d', a.conflict, '/', a.i, '/', b.i) AS id, a.conflict, a.size, a.i * ${MOST_PAIRED + 1} + b.i AS n, {system: a.system, "key": a.key} AS l, {system: b.system, "key": b.key} AS r
FROM members AS a JOIN members AS b ON b.conflict = a.conflict AND a.i < b.i WHERE a.size <= ${MOST_PAIRED} AND a.is_named`;
}

/** Table `match_review_weights` (l, r, w, evidence). */
async function weighedSql({ plane }: DecisionsInput, { model, thresholds }: MatchOutcome): Promise<string> {
  const comparisons = comparisonsOf(model.fields);
  await makeSides(plane, model.fields, ['match_review_pairs']);
  await plane.run(levelsSql(comparisons, 'match_review_pairs', 'match_review_levels', []));
  const weights = comparisons.map((comparison) => weightSql(comparison, model));
  const said = comparisons.map(
    (comparison, index) => `{comparison: ${literal(comparison.name)}, level: ${levelSql(comparison, model)}, weight: CAST(${weights[index]} AS INTEGER)}`,
  );
  const proofs = comparisons.filter(({ excludes }) => excludes).map(({ index, levels }) => `g${index} = ${levels.length - 1}`);
  const most = Math.round(thresholds.match * 1000) - 1;
  const sum = [Math.round(model.prior * 1000), ...weights].join(' + ');
  return `CREATE OR REPLACE TABLE match_review_weights AS
SELECT l, r, CAST(${proofs.length === 0 ? sum : `CASE WHEN ${proofs.join(' OR ')} THEN least(${most}, ${sum}) ELSE ${sum} END`} AS INTEGER) AS w,
  ${Math.round(model.prior * 1000)} AS prior, to_json([${said.join(', ')}]) AS evidence
FROM match_review_levels`;
}

function unweighedSql(): string {
  return 'CREATE OR REPLACE TABLE match_review_weights (l INTEGER, r INTEGER, w INTEGER, prior INTEGER, evidence JSON)';
}

function levelSql({ index }: Comparison, model: MatchModel): string {
  const labels = (model.comparisons[index]?.levels ?? []).map(({ label }, level) => `WHEN ${level} THEN ${literal(label)}`);
  return `CASE g${index} ${labels.join(' ')} ELSE 'missing' END`;
}

/** Table `match_review_records` (system, key, record as JSON text): of rows that share a key the first by its values stands for all. */
function recordsSql({ contract, odooSystem, legacy, odoo, odooFields }: DecisionsInput): string {
  const fieldsSql = (isThere: (name: string) => boolean): string => {
    const texts = Object.entries(contract.fields)
      .filter(([name]) => isThere(name))
      .map(([name, field]) => `${literal(name)}, CAST(${canonicalTextSql(field, `r.${identifier(name)}`)} AS VARCHAR)`);
    return `json_object('system', w.system, 'key', w.key, 'fields', json_object(${texts.join(', ')}))`;
  };
  const wanted = '(SELECT DISTINCT system, key FROM match_review_members)';
  const ofOdoo =
    odoo === null
      ? ''
      : `UNION ALL SELECT w.system, w.key, ${fieldsSql((name) => odooFields.includes(name))} FROM ${wanted} AS w
  JOIN ${odoo} AS r ON w.system = ${literal(odooSystem)} AND w.key = CAST(r._odoo_id AS VARCHAR)`;
  return `CREATE OR REPLACE TABLE match_review_records AS
WITH there AS (SELECT w.system, w.key, ${fieldsSql(() => true)} AS record FROM ${wanted} AS w JOIN ${legacy} AS r ON r._system = w.system AND r._key = w.key ${ofOdoo})
SELECT w.system, w.key, coalesce(min(CAST(t.record AS VARCHAR)), CAST(json_object('system', w.system, 'key', w.key, 'fields', json_object()) AS VARCHAR)) AS record
FROM ${wanted} AS w LEFT JOIN there AS t ON t.system = w.system AND t.key = w.key GROUP BY w.system, w.key`;
}

/** Conflicts by class, then pairs from the heaviest down: what is most likely right is confirmed fastest. */
function itemsSql({ links, externalIds, odoo }: DecisionsInput): string {
  const pairs = `SELECT 'pair' AS kind, NULL::VARCHAR AS conflict, CASE WHEN p.is_match THEN 'match' ELSE 'review' END AS class, NULL::VARCHAR AS place, NULL::VARCHAR AS field,
  NULL::VARCHAR AS value, NULL::VARCHAR AS other, NULL::VARCHAR AS proposal, NULL::VARCHAR AS sentence, NULL::VARCHAR AS reason, w.w AS weight, w.prior, w.evidence,
  concat('[', a.record, ',', b.record, ']') AS records, [{system: p.l_system, "key": p.l_key}, {system: p.r_system, "key": p.r_key}] AS names, h.value_hash, p.before, p.n
FROM match_review_pairs AS p LEFT JOIN match_review_weights AS w ON w.l = p.l AND w.r = p.r JOIN match_review_hashes AS h ON h.id = 'p' || p.n
JOIN match_review_records AS a ON a.system = p.l_system AND a.key = p.l_key JOIN match_review_records AS b ON b.system = p.r_system AND b.key = p.r_key`;
  const conflicts = `SELECT 'conflict' AS kind, f.id AS conflict, f.class, f.place, f.field, f.value, f.other, f.proposal, f.evidence AS sentence, f.reason, w.w AS weight, w.prior, w.evidence,
  m.records, m.names, f.value_hash, d.decision AS before, p.pairs
FROM (SELECT * FROM conflict_findings WHERE NOT resolved) AS f
JOIN (SELECT id, concat('[', array_to_string(list_transform(found[1:${MOST_SHOWN}], lambda r: r.record), ','), ']') AS records,
    list_transform(found, lambda r: {system: r.system, "key": r.key}) AS names
  FROM (SELECT n.id, list_sort(list({system: n.system, "key": n.key, record: r.record})) AS found
    FROM (SELECT DISTINCT id, system, key FROM match_review_members WHERE id[1] = 'c') AS n JOIN match_review_records AS r ON r.system = n.system AND r.key = n.key GROUP BY n.id)
) AS m ON m.id = 'c' || f.id
LEFT JOIN (SELECT id, decision FROM match_decided_conflicts WHERE is_stale) AS d ON d.id = f.id
LEFT JOIN (SELECT p.conflict, to_json(list_transform(list_sort(list({n: p.n, l: p.l, r: p.r, hash: h.value_hash})), lambda d: {"left": d.l, "right": d.r, valueHash: d.hash})) AS pairs
  FROM match_review_duplicates AS p JOIN match_review_hashes AS h ON h.id = p.id GROUP BY p.conflict) AS p ON p.conflict = f.id
LEFT JOIN (SELECT d.conflict, w.* FROM match_review_duplicates AS d JOIN match_review_pairs AS p ON p.l_system = d.l.system AND p.l_key = d.l.key AND p.r_system = d.r.system AND p.r_key = d.r.key
  JOIN match_review_weights AS w ON w.l = p.l AND w.r = p.r WHERE d.size = 2) AS w ON w.conflict = f.id`;
  const moved =
    links === undefined || links === null || externalIds === undefined || externalIds === null || odoo === null
      ? ''
      : `UNION ALL BY NAME SELECT 'repointed' AS kind, CAST(was AS VARCHAR) AS value, CAST(odoo_id AS VARCHAR) AS other, [{system: system, "key": key}] AS names
FROM (${movedLinksSql({ links, externalIds, odoo })})`;
  return `SELECT * EXCLUDE (n) FROM (${pairs}
UNION ALL BY NAME ${conflicts} ${moved}) ORDER BY kind, CASE WHEN kind = 'conflict' THEN class END, weight DESC NULLS LAST, place, field NULLS FIRST, conflict, n, names`;
}
