/** One identifier on several things, and one thing with several identifiers; told apart by names, links and what else records share. */
import type { EntityContract } from '../../domain/contract.ts';
import type { ConflictInput, ConflictStep, IdentifierField } from './conflicts-input.ts';
import { similarSql } from './conflicts-names.ts';
import { changesSql, swapsSql } from './conflicts-time.ts';
import { corroborators } from './conflicts-values.ts';

/** An identifier on more records than this is a matter of its own (`placeholder`) and is not paired. */
const MOST_RECORDS = 50;
/** A value that more records have does not tell that two of them are one thing. */
const RARE = 5;

const sql = (name: string, text: string): ConflictStep => ({ name, sql: text, by: 'sql' });

export function entitySteps(input: ConflictInput, fields: readonly IdentifierField[]): ConflictStep[] {
  return [
    sql('conflict_things', thingsSql(input)),
    sql('conflict_changes', changesSql(fields)),
    sql('conflict_swaps', swapsSql()),
    sql('conflict_shared', sharedSql()),
    sql('conflict_same', sameSql(input.contract)),
    sql('conflict_many', manySql()),
  ];
}

/** Tonight's records with the cluster the matcher put them in. */
function thingsSql({ clusters }: ConflictInput): string {
  if (clusters === null) return 'SELECT rid, side, system, odoo_id, doubted, name, record, NULL::VARCHAR AS cluster FROM conflict_records WHERE NOT past';
  return `SELECT r.rid, r.side, r.system, r.odoo_id, r.doubted, r.name, r.record, CAST(c.cluster AS VARCHAR) AS cluster FROM conflict_records AS r
  LEFT JOIN ${clusters} AS c ON c.system IS NOT DISTINCT FROM r.system AND c.key = r.key WHERE NOT r.past`;
}

/** Pairs of records, not linked to each other, with the same identifier: `alike` when they are the same thing by name or by the matcher.
 *  Two records that swapped theirs are reported as that. */
function sharedSql(): string {
  const swapped = `EXISTS (SELECT 1 FROM conflict_swaps AS s WHERE s.field = pairs.field AND list_contains(s.rids, pairs.a) AND list_contains(s.rids, pairs.b))`;
  return `WITH meant AS (SELECT m.*, count(*) OVER (PARTITION BY m.field, m.meant) AS holders FROM conflict_meant AS m WHERE m.shared AND m.meant IS NOT NULL),
pairs AS (
  SELECT l.field, l.meant, l.rid AS a, r.rid AS b, x.side AS a_side, y.side AS b_side, x.record AS a_record, y.record AS b_record,
    coalesce(x.cluster = y.cluster, false) OR ${similarSql('x.name', 'y.name')} AS alike
  FROM meant AS l JOIN meant AS r ON r.field = l.field AND r.meant = l.meant AND l.rid < r.rid
  JOIN conflict_things AS x ON x.rid = l.rid JOIN conflict_things AS y ON y.rid = r.rid
  WHERE l.holders <= ${MOST_RECORDS} AND coalesce(x.odoo_id <> y.odoo_id, true) AND NOT (x.side <> y.side AND (x.doubted OR y.doubted))
)
SELECT *, ${placeSql('a_side', 'b_side')} AS place FROM pairs WHERE NOT ${swapped}`;
}

/** Pairs of records that are one thing: linked, put together by the matcher, or of one name and another rare value. */
function sameSql(contract: EntityContract): string {
  const others = corroborators(contract).map(
    (_, index) => `SELECT a.rid AS a, b.rid AS b, 3 AS why
  FROM (SELECT * FROM conflict_records WHERE NOT past AND name <> '' AND other_${index} IS NOT NULL QUALIFY count(*) OVER (PARTITION BY other_${index}, side) <= ${RARE}) AS a
  JOIN (SELECT * FROM conflict_records WHERE NOT past) AS b ON b.other_${index} = a.other_${index} AND b.name = a.name AND a.rid < b.rid`,
  );
  const links = `SELECT a.rid AS a, b.rid AS b, 1 AS why FROM conflict_things AS a JOIN conflict_things AS b ON b.odoo_id = a.odoo_id AND a.rid < b.rid AND NOT a.doubted AND NOT b.doubted`;
  const clustered = `SELECT a.rid AS a, b.rid AS b, 2 AS why FROM conflict_things AS a JOIN conflict_things AS b ON b.cluster = a.cluster AND a.rid < b.rid`;
  const shared = `SELECT a, b, 3 AS why FROM conflict_shared WHERE alike`;
  return `SELECT a, b, min(why) AS why FROM (${[links, clustered, shared, ...others].join('\nUNION ALL ')}) GROUP BY a, b`;
}

/** Pairs of records of one thing that mean different identifiers. What one of them was until last night is a change under way and no conflict. */
function manySql(): string {
  const underWay = `EXISTS (SELECT 1 FROM conflict_changes AS c WHERE c.field = l.field AND ((c.rid = s.a AND c.before = r.meant) OR (c.rid = s.b AND c.before = l.meant)))`;
  const swapped = `EXISTS (SELECT 1 FROM conflict_swaps AS w WHERE w.field = l.field AND (list_contains(w.rids, s.a) OR list_contains(w.rids, s.b)))`;
  return `SELECT l.field, s.a, s.b, s.why FROM conflict_same AS s
  JOIN conflict_meant AS l ON l.rid = s.a AND l.shared AND l.meant IS NOT NULL
  JOIN conflict_meant AS r ON r.rid = s.b AND r.field = l.field AND r.meant IS NOT NULL AND r.meant <> l.meant
  WHERE NOT ${underWay} AND NOT ${swapped}`;
}

export function entityFindings(): string[] {
  const shared = `SELECT CASE WHEN alike THEN 'duplicate-record' ELSE 'shared-identifier' END AS class, place, field,
    list_sort(list_distinct(list_concat(list(a_record), list(b_record)))) AS records, meant AS value, NULL::VARCHAR AS other,
    CASE WHEN alike AND place = 'across' THEN 'link' END AS proposal,
    CASE WHEN alike THEN 'records of one name have the same identifier' ELSE 'records of different names have the same identifier' END AS evidence,
    CASE WHEN alike AND place = 'across' THEN 'the record is in Odoo already' END AS reason
  FROM conflict_shared GROUP BY alike, place, field, meant`;
  // Of a thing with many records the first is the root: every other is paired with it.
  const many = `WITH rooted AS (SELECT field, a, b, why, min(a) OVER (PARTITION BY field, b) AS root FROM conflict_many),
  members AS (SELECT DISTINCT field, root, rid, why FROM (SELECT field, root, why, unnest([a, b]) AS rid FROM rooted))
  SELECT 'many-identifiers' AS class, CASE WHEN count(DISTINCT r.side) > 1 THEN 'across' ELSE 'within-' || min(r.side) END AS place, m.field,
    list_sort(list_distinct(list(r.record))) AS records, min(v.meant) AS value, max(v.meant) AS other, NULL::VARCHAR AS proposal,
    'one thing (' || CASE min(m.why) WHEN 1 THEN 'by its link' WHEN 2 THEN 'by its match' ELSE 'by name and another value' END || ') has ' || count(DISTINCT v.meant) || ' of them' AS evidence,
    NULL::VARCHAR AS reason
  FROM members AS m JOIN conflict_records AS r ON r.rid = m.rid JOIN conflict_meant AS v ON v.rid = m.rid AND v.field = m.field GROUP BY m.field, m.root`;
  return [shared, many];
}

function placeSql(left: string, right: string): string {
  return `CASE WHEN ${left} <> ${right} THEN 'across' ELSE 'within-' || ${left} END`;
}
