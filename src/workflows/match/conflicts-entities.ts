/** One identifier on several things, and one thing with several identifiers; told apart by names, links and what else records share. */
import type { ConflictInput, ConflictStep, IdentifierField } from './conflicts-input.ts';
import { similarSql } from './conflicts-names.ts';
import { branchesSql, tellingFields, tellingSql } from './conflicts-telling.ts';
import { changesSql, swapsSql } from './conflicts-time.ts';
import { among } from './conflicts-written.ts';

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
    sql('conflict_pairs', pairsSql()),
    sql('conflict_shared', sharedSql(input, fields)),
    sql('conflict_telling', tellingSql(input.contract, fields)),
    sql('conflict_same', sameSql(input, fields)),
    sql('conflict_many', manySql(fields)),
  ];
}

/** Tonight's records with the cluster the matcher put them in, and the `thing` they are by their link. */
function thingsSql({ clusters }: ConflictInput): string {
  const columns = 'r.rid, r.side, r.system, r.odoo_id, r.doubted, r.name, r.record, coalesce(CASE WHEN NOT r.doubted THEN r.odoo_id END, -r.rid) AS thing';
  if (clusters === null) return `SELECT ${columns}, NULL::VARCHAR AS cluster FROM conflict_records AS r WHERE NOT past`;
  return `SELECT ${columns}, CAST(c.cluster AS VARCHAR) AS cluster FROM conflict_records AS r
  LEFT JOIN ${clusters} AS c ON c.system IS NOT DISTINCT FROM r.system AND c.key = r.key WHERE NOT r.past`;
}

/** Pairs of records, not linked to each other, with the same identifier: `field`, `meant`, `a`, `b`. */
function pairsSql(): string {
  return `WITH held AS (SELECT m.field, m.meant, m.rid, t.thing FROM conflict_meant AS m JOIN conflict_things AS t ON t.rid = m.rid WHERE m.shared AND m.meant IS NOT NULL),
often AS (SELECT field, meant FROM held GROUP BY ALL HAVING min(thing) <> max(thing) AND count(*) <= ${MOST_RECORDS}),
holders AS (SELECT held.* FROM held JOIN often USING (field, meant))
SELECT l.field, l.meant, l.rid AS a, r.rid AS b FROM holders AS l JOIN holders AS r ON r.field = l.field AND r.meant = l.meant AND l.rid < r.rid
  JOIN conflict_things AS x ON x.rid = l.rid JOIN conflict_things AS y ON y.rid = r.rid
  WHERE coalesce(x.odoo_id <> y.odoo_id, true) AND NOT (x.side <> y.side AND (x.doubted OR y.doubted))`;
}

/** The pairs with whether they are `alike`: the same thing by name, by the matcher, or by two identifiers with none that differs. Two records that swapped
 *  theirs are reported as that; `branches` of one organisation have its number by right. */
function sharedSql(input: ConflictInput, fields: readonly IdentifierField[]): string {
  const swapped = `EXISTS (SELECT 1 FROM conflict_swaps AS s WHERE s.field = p.field AND list_contains(s.rids, p.a) AND list_contains(s.rids, p.b))`;
  return `WITH evidence AS (
  SELECT p.a, p.b, count(*) FILTER (l.meant = r.meant) AS same, count(*) FILTER (l.meant <> r.meant) AS other FROM (SELECT DISTINCT a, b FROM conflict_pairs) AS p
  JOIN conflict_meant AS l ON l.rid = p.a AND l.shared AND l.meant IS NOT NULL JOIN conflict_meant AS r ON r.rid = p.b AND r.field = l.field AND r.meant IS NOT NULL GROUP BY ALL
), named AS (
  SELECT p.*, x.side AS a_side, y.side AS b_side, x.record AS a_record, y.record AS b_record, x.cluster = y.cluster AS clustered, ${similarSql('x.name', 'y.name')} AS named,
    e.same >= 2 AND e.other = 0 AS proven, x.name = y.name AND ${branchesSql(input, fields, { field: 'p.field', left: 'u', right: 'v' })} AS branches
  FROM conflict_pairs AS p JOIN conflict_things AS x ON x.rid = p.a JOIN conflict_things AS y ON y.rid = p.b JOIN evidence AS e ON e.a = p.a AND e.b = p.b
  JOIN conflict_records AS u ON u.rid = p.a JOIN conflict_records AS v ON v.rid = p.b
)
SELECT * EXCLUDE (clustered, named, proven), coalesce(clustered, false) OR named OR proven AS alike, named OR coalesce(clustered, false) AS by_name,
  ${placeSql('a_side', 'b_side')} AS place FROM named AS p WHERE NOT ${swapped}`;
}

/** Pairs of records that are one thing: with an identifier in common, or of one name and another rare value. That the matcher put them together is not
 *  enough: sister companies in one house and two packs of one article are alike in all but their numbers, and those are right. */
function sameSql(input: ConflictInput, fields: readonly IdentifierField[]): string {
  const others = tellingFields(input.contract, fields).map(
    ({ column, isOwn }) => `SELECT a.rid AS a, b.rid AS b, 2 AS why
  FROM (SELECT * FROM telling WHERE ${column} IS NOT NULL AND (SELECT ${column} FROM conflict_telling)
    QUALIFY count(*) OVER (PARTITION BY ${column}, side) <= ${RARE}) AS a
  JOIN telling AS b ON b.${column} = a.${column} AND b.name = a.name AND a.rid < b.rid AND b.thing <> a.thing${isOwn ? ' AND b.side = a.side AND b.system IS NOT DISTINCT FROM a.system' : ''}`,
  );
  const shared = `SELECT a, b, 2 AS why FROM conflict_shared WHERE alike AND NOT branches`;
  return `WITH telling AS (SELECT r.*, t.thing FROM conflict_records AS r JOIN conflict_things AS t ON t.rid = r.rid WHERE r.name <> '')
SELECT a, b, min(why) AS why FROM (${[shared, ...others].join('\nUNION ALL ')}) GROUP BY a, b`;
}

/** Pairs of records of one thing that mean different identifiers. What one of them was until last night is a change under way and no conflict. */
function manySql(fields: readonly IdentifierField[]): string {
  const underWay = `EXISTS (SELECT 1 FROM conflict_changes AS c WHERE c.field = s.field AND ((c.rid = s.a AND c.before = s.theirs) OR (c.rid = s.b AND c.before = s.mine)))`;
  const swapped = `EXISTS (SELECT 1 FROM conflict_swaps AS w WHERE w.field = s.field AND (list_contains(w.rids, s.a) OR list_contains(w.rids, s.b)))`;
  const vat = among(
    's.field',
    fields.filter(({ scheme }) => scheme.name === 'vat').map(({ name }) => name),
  );
  return `WITH differing AS (
  SELECT l.field, s.a, s.b, s.why, l.meant AS mine, r.meant AS theirs FROM conflict_same AS s
  JOIN conflict_meant AS l ON l.rid = s.a AND l.shared AND l.meant IS NOT NULL JOIN conflict_meant AS r ON r.rid = s.b AND r.field = l.field AND r.meant <> l.meant
  UNION ALL
  SELECT d.field, d.a, d.b, 1, l.meant, r.meant FROM conflict_differs AS d
  JOIN conflict_meant AS l ON l.rid = d.a AND l.field = d.field AND l.shared AND l.meant IS NOT NULL JOIN conflict_meant AS r ON r.rid = d.b AND r.field = d.field AND r.meant <> l.meant
  WHERE d.origin = 1 AND d.a < d.b
)
SELECT field, a, b, min(why) AS why FROM differing AS s
  WHERE NOT ${underWay} AND NOT ${swapped} AND NOT (${vat} AND (substr(mine, 3) = theirs OR substr(theirs, 3) = mine)) GROUP BY ALL`;
}

export function entityFindings(): string[] {
  const shared = `SELECT CASE WHEN alike THEN 'duplicate-record' ELSE 'shared-identifier' END AS class, place, field,
    list_sort(list_distinct(list_concat(list(a_record), list(b_record)))) AS records, meant AS value, NULL::VARCHAR AS other,
    CASE WHEN alike AND place = 'across' THEN 'link' END AS proposal,
    CASE WHEN NOT alike THEN 'records of different names have the same identifier' WHEN bool_and(by_name) THEN 'records of one name have the same identifier'
      ELSE 'records of different names have this and other identifiers in common, and none that differs' END AS evidence,
    CASE WHEN alike AND place = 'across' THEN 'the record is in Odoo already' END AS reason
  FROM conflict_shared WHERE NOT branches GROUP BY alike, place, field, meant`;
  // Of a thing with many records the first is the root: every other is paired with it.
  const many = `WITH rooted AS (SELECT field, a, b, why, min(a) OVER (PARTITION BY field, b) AS root FROM conflict_many),
  members AS (SELECT DISTINCT field, root, rid, why FROM (SELECT field, root, why, unnest([a, b]) AS rid FROM rooted))
  SELECT 'many-identifiers' AS class, CASE WHEN count(DISTINCT r.side) > 1 THEN 'across' ELSE 'within-' || min(r.side) END AS place, m.field,
    list_sort(list_distinct(list(r.record))) AS records, min(v.meant) AS value, max(v.meant) AS other, NULL::VARCHAR AS proposal,
    'one thing (' || CASE min(m.why) WHEN 1 THEN 'by its link' ELSE 'by name and another value' END || ') has ' || count(DISTINCT v.meant) || ' of them' AS evidence,
    NULL::VARCHAR AS reason
  FROM members AS m JOIN conflict_records AS r ON r.rid = m.rid JOIN conflict_meant AS v ON v.rid = m.rid AND v.field = m.field GROUP BY m.field, m.root`;
  return [shared, many];
}

function placeSql(left: string, right: string): string {
  return `CASE WHEN ${left} <> ${right} THEN 'across' ELSE 'within-' || ${left} END`;
}
