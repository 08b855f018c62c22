/** What two nights side by side show: identifiers that changed hands. */
import { literal } from '../../domain/sql.ts';
import type { ConflictInput, IdentifierField } from './conflicts-input.ts';
import { identifierFields } from './conflicts-input.ts';
import { similarSql } from './conflicts-names.ts';
import { tellingFields } from './conflicts-telling.ts';
import { corroborators } from './conflicts-values.ts';

/** A value was whole and right the night before. */
const wasGood = 'valid IS DISTINCT FROM false AND shaped AND NOT placeholder';

/** Identifiers that a record has tonight and did not have the night before: `field`, `rid`, `before_rid`, `now`, `before`. Keys are what records are known by. */
export function changesSql(fields: readonly IdentifierField[]): string {
  const keys = fields.filter(({ isKey }) => isKey).map(({ name }) => literal(name));
  const notKey = keys.length === 0 ? '' : `AND d.field NOT IN (${keys.join(', ')})`;
  return `SELECT d.field, d.a AS rid, d.b AS before_rid, m.meant AS now, v.canonical AS before, n.side, n.system
FROM conflict_differs AS d JOIN conflict_meant AS m ON m.rid = d.a AND m.field = d.field JOIN conflict_records AS n ON n.rid = d.a
JOIN conflict_texts AS v ON v.field = d.field AND v.raw = d.theirs
WHERE d.origin = 2 AND m.meant IS NOT NULL AND v.canonical <> m.meant AND ${wasGood} ${notKey}`;
}

/** Two records that have each other's identifier: `field`, `place`, `rids` (all records of both things), `values` [now, before] of the first. Where they have
 *  each other's name as well, it is their keys that were exchanged. */
export function swapsSql(): string {
  return `WITH crossed AS (SELECT d.field, d.a AS l, d.b AS o, m.meant AS lv, n.meant AS ov FROM conflict_differs AS d JOIN conflict_things AS t ON t.rid = d.a AND t.side = 'legacy' JOIN conflict_things AS u ON u.rid = d.b AND u.side = 'odoo'
  JOIN conflict_meant AS m ON m.rid = d.a AND m.field = d.field JOIN conflict_meant AS n ON n.rid = d.b AND n.field = d.field AND n.meant <> m.meant WHERE d.origin = 1)
SELECT x.field, 'over-time' AS place, [x.rid, y.rid] AS rids, [x.now, x.before] AS values
FROM conflict_changes AS x JOIN conflict_changes AS y
  ON y.field = x.field AND y.side = x.side AND y.system IS NOT DISTINCT FROM x.system AND y.now = x.before AND y.before = x.now AND x.rid < y.rid
JOIN conflict_records AS xn ON xn.rid = x.rid JOIN conflict_records AS xb ON xb.rid = x.before_rid
JOIN conflict_records AS yn ON yn.rid = y.rid JOIN conflict_records AS yb ON yb.rid = y.before_rid
WHERE NOT coalesce(xn.name = yb.name AND yn.name = xb.name AND xn.name <> yn.name, false)
UNION ALL
SELECT x.field, 'across', [x.l, x.o, y.l, y.o], [x.lv, x.ov] FROM crossed AS x JOIN crossed AS y ON y.field = x.field AND y.lv = x.ov AND y.ov = x.lv AND x.l < y.l`;
}

export function timeFindings(input: ConflictInput): string[] {
  const swaps = `WITH members AS (SELECT field, place, rids, "values", unnest(rids) AS rid FROM conflict_swaps)
  SELECT 'identifiers-swapped' AS class, s.place, s.field, list_sort(list(r.record)) AS records, s.values[1] AS value, s.values[2] AS other, s.values[2] AS proposal,
    CASE s.place WHEN 'across' THEN 'each has in Odoo what the other has here' ELSE 'each has tonight what the other had the night before' END AS evidence, 'given back to the record that had it' AS reason
  FROM members AS s JOIN conflict_records AS r ON r.rid = s.rid GROUP BY s.field, s.place, s.rids, s.values`;
  return input.previous === null ? [swaps] : [swaps, movedSql(), ...keyReuseSql(input)];
}

/** An identifier that one record had the night before and another, of another name, has tonight. */
function movedSql(): string {
  return `WITH fresh AS (
    SELECT a AS rid, field FROM conflict_differs WHERE origin = 2
    UNION SELECT v.rid, v.field FROM conflict_values AS v JOIN conflict_records AS n ON n.rid = v.rid
    ANTI JOIN (SELECT * FROM conflict_records WHERE past) AS b ON b.side = n.side AND b.system IS NOT DISTINCT FROM n.system AND b.key = n.key WHERE NOT v.past
  ), has AS (
    SELECT m.field, m.meant AS value, r.side, r.system, min(r.rid) AS rid FROM conflict_meant AS m JOIN conflict_records AS r ON r.rid = m.rid
    SEMI JOIN (SELECT DISTINCT m.field, m.meant FROM conflict_meant AS m JOIN fresh USING (rid, field) WHERE m.shared AND m.meant IS NOT NULL) AS f ON f.field = m.field AND f.meant = m.meant
    GROUP BY ALL HAVING count(*) = 1
  ), had AS (
    SELECT v.field, t.canonical AS value, v.side, v.system, min(v.rid) AS rid FROM conflict_values AS v JOIN conflict_texts AS t ON t.text = v.text AND ${wasGood}
    SEMI JOIN has ON has.field = t.field AND has.value = t.canonical WHERE v.past GROUP BY ALL HAVING count(*) = 1
  )
  SELECT 'identifier-reused' AS class, 'over-time' AS place, has.field, [n.record] AS records, has.value, NULL::VARCHAR AS other, NULL::VARCHAR AS proposal,
    'another record, of another name, had it the night before' || CASE WHEN gone.rid IS NULL THEN ' and is gone' ELSE '' END AS evidence, NULL::VARCHAR AS reason
  FROM has JOIN had ON had.field = has.field AND had.value = has.value AND had.side = has.side AND had.system IS NOT DISTINCT FROM has.system
  JOIN conflict_records AS n ON n.rid = has.rid JOIN conflict_records AS b ON b.rid = had.rid
  LEFT JOIN conflict_records AS gone ON NOT gone.past AND gone.side = b.side AND gone.system IS NOT DISTINCT FROM b.system AND gone.key = b.key
  WHERE n.key <> b.key AND NOT ${similarSql('n.name', 'b.name')}
    AND NOT EXISTS (SELECT 1 FROM conflict_swaps AS s WHERE s.field = has.field AND list_contains(s.rids, n.rid))`;
}

/** A key that names another thing than the night before: another name, and nothing of what tells one thing from another has stayed. Values that are wrong
 *  tonight tell nothing. */
function keyReuseSql(input: ConflictInput): string[] {
  const { contract } = input;
  const fields = identifierFields(contract);
  const own = fields.filter(({ scheme, isKey }) => scheme.scope === 'global' && !isKey);
  const telling = tellingFields(contract, fields).map(({ column }) => column);
  const others = corroborators(contract).map((_, index) => `other_${index}`);
  const count = (columns: readonly string[], test: (column: string) => string) =>
    columns.length === 0 ? '0' : columns.map((column) => `CAST(coalesce(${test(column)}, false) AS INTEGER)`).join(' + ');
  const strong = (test: string) =>
    `(SELECT count(*) FROM conflict_differs AS d JOIN conflict_meant AS m ON m.rid = d.a AND m.field = d.field AND m.meant IS NOT NULL JOIN conflict_texts AS t ON t.field = d.field AND t.raw = d.theirs
      WHERE d.origin = 2 AND d.a = r.n_rid AND d.field IN (${[`''`, ...own.map(({ name }) => literal(name))].join(', ')}) AND t.canonical ${test} m.meant)`;
  const kept = [
    count(
      own.map(({ index }) => `value_${index}`),
      (column) => `n.${column} = b.${column}`,
    ),
    count(telling, (column) => `n.${column} = b.${column} AND t.${column}`),
  ].join(' + ');
  const changed = count(others, (column) => `n.${column} <> b.${column}`);
  const [keyField] = contract.key;
  return [
    `WITH renamed AS (
    SELECT n.rid AS n_rid, n.record, n.key, n.side, n.system, n.name AS now, b.name AS before, ${kept} AS kept, ${changed} AS changed, ${count(others, (column) => `n.${column} = b.${column}`)} AS stayed
    FROM conflict_telling AS t CROSS JOIN conflict_records AS n JOIN conflict_records AS b ON b.past AND b.side = n.side AND b.system IS NOT DISTINCT FROM n.system AND b.key = n.key
    WHERE NOT n.past AND n.side = 'legacy' AND n.name <> b.name AND NOT ${similarSql('n.name', 'b.name')}
  ), told AS (
    SELECT r.*, EXISTS (SELECT 1 FROM renamed AS s WHERE s.system IS NOT DISTINCT FROM r.system AND s.key <> r.key AND s.now = r.before AND s.before = r.now) AS swapped,
      ${strong('<>')} AS strong_changed, ${strong('=')} AS strong_kept FROM renamed AS r
  )
  SELECT CASE WHEN swapped THEN 'identifiers-swapped' ELSE 'identifier-reused' END AS class, 'over-time' AS place, ${literal(keyField ?? '')} AS field, [record] AS records,
    key AS value, NULL::VARCHAR AS other, NULL::VARCHAR AS proposal,
    CASE WHEN swapped THEN 'another key had its name the night before, and has the name that this one had' ELSE 'the key has another name and other identifiers than the night before' END AS evidence, NULL::VARCHAR AS reason
  FROM told WHERE kept = 0 AND strong_kept = 0 AND (strong_changed >= 1 OR (changed >= 2 AND stayed = 0))`,
  ];
}
