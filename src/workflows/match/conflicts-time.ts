/** What two nights side by side show: identifiers that changed hands. */
import { literal } from '../../domain/sql.ts';
import type { ConflictInput, IdentifierField } from './conflicts-input.ts';
import { identifierFields } from './conflicts-input.ts';
import { similarSql } from './conflicts-names.ts';
import { corroborators } from './conflicts-values.ts';

/** A value was whole and right the night before. */
const wasGood = 'valid IS DISTINCT FROM false AND shaped AND NOT placeholder';

/** Identifiers that a record has tonight and did not have the night before: `field`, `rid`, `before_rid`, `now`, `before`. Keys are what records are known by. */
export function changesSql(fields: readonly IdentifierField[]): string {
  const keys = fields.filter(({ isKey }) => isKey).map(({ name }) => literal(name));
  const notKey = keys.length === 0 ? '' : `AND m.field NOT IN (${keys.join(', ')})`;
  return `SELECT m.field, n.rid, b.rid AS before_rid, m.meant AS now, v.canonical AS before, n.side, n.system
FROM conflict_meant AS m JOIN conflict_records AS n ON n.rid = m.rid
JOIN conflict_records AS b ON b.past AND b.side = n.side AND b.system IS NOT DISTINCT FROM n.system AND b.key = n.key
JOIN conflict_judged AS v ON v.rid = b.rid AND v.field = m.field
WHERE m.meant IS NOT NULL AND v.canonical <> m.meant AND ${wasGood} ${notKey}`;
}

/** Two records that have each other's identifier: `field`, `place`, `rids` (all records of both things), `values` [now, before] of the first. */
export function swapsSql(): string {
  return `SELECT x.field, 'over-time' AS place, [x.rid, y.rid] AS rids, [x.now, x.before] AS values
FROM conflict_changes AS x JOIN conflict_changes AS y
  ON y.field = x.field AND y.side = x.side AND y.system IS NOT DISTINCT FROM x.system AND y.now = x.before AND y.before = x.now AND x.rid < y.rid
UNION ALL
SELECT x.field, 'across', [x.l, x.o, y.l, y.o], [x.lv, x.ov] FROM conflict_crossed AS x JOIN conflict_crossed AS y
  ON y.field = x.field AND y.lv = x.ov AND y.ov = x.lv AND x.l < y.l`.replaceAll(
    'conflict_crossed',
    `(SELECT m.field, l.rid AS l, o.rid AS o, m.meant AS lv, n.meant AS ov FROM conflict_things AS l JOIN conflict_things AS o ON o.odoo_id = l.odoo_id AND o.side = 'odoo' AND NOT l.doubted
    JOIN conflict_meant AS m ON m.rid = l.rid JOIN conflict_meant AS n ON n.rid = o.rid AND n.field = m.field AND n.meant <> m.meant WHERE l.side = 'legacy')`,
  );
}

export function timeFindings(input: ConflictInput): string[] {
  const swaps = `SELECT 'identifiers-swapped' AS class, s.place, s.field, (SELECT list_sort(list(r.record)) FROM conflict_records AS r WHERE list_contains(s.rids, r.rid)) AS records,
    s.values[1] AS value, s.values[2] AS other, s.values[2] AS proposal,
    CASE s.place WHEN 'across' THEN 'each has in Odoo what the other has here' ELSE 'each has tonight what the other had the night before' END AS evidence, 'given back to the record that had it' AS reason
  FROM conflict_swaps AS s`;
  return input.previous === null ? [swaps] : [swaps, movedSql(), ...keyReuseSql(input)];
}

/** An identifier that one record had the night before and another, of another name, has tonight. */
function movedSql(): string {
  const holders = (night: string, from: string, value: string) => `${night} AS (
    SELECT v.field, ${value} AS value, r.side, r.system, min(r.rid) AS rid FROM ${from} AS v JOIN conflict_records AS r ON r.rid = v.rid
    WHERE ${night === 'had' ? `r.past AND ${wasGood}` : 'v.meant IS NOT NULL AND v.shared'} GROUP BY ALL HAVING count(*) = 1)`;
  return `WITH ${holders('had', 'conflict_judged', 'v.canonical')}, ${holders('has', 'conflict_meant', 'v.meant')}
  SELECT 'identifier-reused' AS class, 'over-time' AS place, has.field, [n.record] AS records, has.value, NULL::VARCHAR AS other, NULL::VARCHAR AS proposal,
    'another record, of another name, had it the night before' || CASE WHEN gone.rid IS NULL THEN ' and is gone' ELSE '' END AS evidence, NULL::VARCHAR AS reason
  FROM has JOIN had ON had.field = has.field AND had.value = has.value AND had.side = has.side AND had.system IS NOT DISTINCT FROM has.system
  JOIN conflict_records AS n ON n.rid = has.rid JOIN conflict_records AS b ON b.rid = had.rid
  LEFT JOIN conflict_records AS gone ON NOT gone.past AND gone.side = b.side AND gone.system IS NOT DISTINCT FROM b.system AND gone.key = b.key
  WHERE n.key <> b.key AND NOT ${similarSql('n.name', 'b.name')}
    AND NOT EXISTS (SELECT 1 FROM conflict_swaps AS s WHERE s.field = has.field AND list_contains(s.rids, n.rid))`;
}

/** A key that names another thing than the night before: another name and other identifiers. Where the entity has none, nothing else of it may have stayed. */
function keyReuseSql(input: ConflictInput): string[] {
  const { contract } = input;
  const others = corroborators(contract).map((_, index) => `other_${index}`);
  const strong = identifierFields(contract)
    .filter(({ scheme, isKey }) => scheme.scope === 'global' && !isKey)
    .map(({ index }) => `value_${index}`);
  const count = (columns: readonly string[], test: (column: string) => string) =>
    columns.length === 0 ? '0' : columns.map((column) => `CAST(coalesce(${test(column)}, false) AS INTEGER)`).join(' + ');
  const kept = (columns: readonly string[]) => count(columns, (column) => `n.${column} = b.${column}`);
  const changed = (columns: readonly string[]) => count(columns, (column) => `n.${column} <> b.${column}`);
  const [keyField] = contract.key;
  const swapped = `EXISTS (SELECT 1 FROM conflict_records AS n2 JOIN conflict_records AS b2 ON b2.past AND b2.side = n2.side AND b2.system IS NOT DISTINCT FROM n2.system AND b2.key = n2.key
    WHERE NOT n2.past AND n2.side = n.side AND n2.system IS NOT DISTINCT FROM n.system AND n2.key <> n.key AND n2.name = b.name AND b2.name = n.name)`;
  return [
    `SELECT CASE WHEN swapped THEN 'identifiers-swapped' ELSE 'identifier-reused' END AS class, 'over-time' AS place, ${literal(keyField ?? '')} AS field, [record] AS records,
    key AS value, NULL::VARCHAR AS other, NULL::VARCHAR AS proposal,
    CASE WHEN swapped THEN 'another key had its name the night before, and has the name that this one had' ELSE 'the key has another name and other identifiers than the night before' END AS evidence, NULL::VARCHAR AS reason
  FROM (SELECT n.record, n.key, ${swapped} AS swapped
    FROM conflict_records AS n JOIN conflict_records AS b ON b.past AND b.side = n.side AND b.system IS NOT DISTINCT FROM n.system AND b.key = n.key
    WHERE NOT n.past AND n.side = 'legacy' AND n.name IS NOT NULL AND b.name IS NOT NULL AND NOT ${similarSql('n.name', 'b.name')}
      AND ((${changed(strong)}) >= 1 AND (${kept(strong)}) = 0 OR (${changed(strong)}) + (${kept(strong)}) = 0 AND (${changed(others)}) >= 2 AND (${kept(others)}) = 0))`,
  ];
}
