/** Values that may be wrong, each with what its column usually looks like and what the same field of the same thing reads elsewhere. */
import { wholeLengthSql } from '../../domain/identifiers/lengths.ts';
import { literal } from '../../domain/sql.ts';
import type { IdentifierField } from './conflicts-input.ts';
import { among, ENOUGH, HABIT, LENGTH_HABIT } from './conflicts-written.ts';

const namesOf = (fields: readonly IdentifierField[], schemes: readonly string[]) =>
  fields.filter(({ scheme }) => schemes.includes(scheme.name)).map(({ name }) => name);

/** Where two records of one thing differ: `a` and `b`, `field`, `theirs` (raw, of b; null: none), `origin` (1: linked, both tonight; 2: b is a itself the night
 *  before). Values that are written alike say nothing of each other, and are nearly all. */
export function differsSql(fields: readonly IdentifierField[]): string {
  const none = `SELECT 0::BIGINT AS a, 0::BIGINT AS b, '' AS field, '' AS theirs, 1 AS origin WHERE false`;
  if (fields.length === 0) return none;
  const values = (alias: string, prefix: string) => fields.map(({ index }) => `${alias}.value_${index} AS ${prefix}_${index}`).join(', ');
  const selects = fields.map(
    ({ name, index }) =>
      `SELECT a, b, ${literal(name)}, nullif(theirs_${index}, ''), origin FROM both_sides WHERE mine_${index} <> '' AND mine_${index} IS DISTINCT FROM theirs_${index}`,
  );
  return `WITH both_sides AS MATERIALIZED (
  SELECT x.rid AS a, y.rid AS b, 1 AS origin, ${values('x', 'mine')}, ${values('y', 'theirs')}
  FROM conflict_records AS x JOIN conflict_records AS y ON y.odoo_id = x.odoo_id AND y.rid <> x.rid AND NOT y.past WHERE NOT x.past AND NOT x.doubted AND NOT y.doubted
  UNION ALL
  SELECT x.rid, y.rid, 2, ${values('x', 'mine')}, ${values('y', 'theirs')}
  FROM conflict_records AS x JOIN conflict_records AS y ON y.past AND y.side = x.side AND y.system IS NOT DISTINCT FROM x.system AND y.key = x.key WHERE NOT x.past)
${[none, ...selects].join('\nUNION ALL ')}`;
}

/** The same field of the same thing elsewhere, where it is written otherwise: `rid`, `field`, `twin` (its canonical value), `twin_raw`, `twin_origin`.
 *  Only values that are right themselves say something of others. */
export function twinsSql(): string {
  return `SELECT d.a AS rid, d.field, t.canonical AS twin, d.theirs AS twin_raw, d.origin AS twin_origin
FROM conflict_differs AS d JOIN conflict_texts AS t ON t.field = d.field AND t.raw = d.theirs AND t.valid IS DISTINCT FROM false AND NOT t.placeholder AND t.shaped
QUALIFY row_number() OVER (PARTITION BY d.a, d.field ORDER BY d.origin, t.canonical, d.theirs) = 1`;
}

/** Values that may be wrong, with their column's habits and their twin; all others are in order. `expected`: characters of a whole value; `padded`: with
 *  the zeros that would make it whole. */
export function suspectsSql(fields: readonly IdentifierField[]): string {
  const whole = fields.map(({ name, scheme }) => `WHEN ${literal(name)} THEN ${wholeLengthSql(scheme, 'w.cleaned')}`).join(' ');
  const usual = `CASE WHEN l.share >= ${LENGTH_HABIT} AND l.total >= ${ENOUGH} THEN CAST(l.usual AS INTEGER) END`;
  const expected = fields.length === 0 ? 'NULL::INTEGER' : `coalesce(CASE w.field ${whole} END, ${usual})`;
  const gtin = among('w.field', namesOf(fields, ['gtin', 'udi-di']));
  const own = among('w.field', namesOf(fields, ['code']));
  const customary = `(NOT ${own} OR w.shape = h.shape OR h.shape_share < ${HABIT}) AND (w.style = h.style OR h.style_share < ${HABIT}) AND coalesce(w.template = h.sure_templates[w.size], true)`;
  const plain = `w.valid IS DISTINCT FROM false AND w.shaped AND NOT w.placeholder AND w.raw = w.folded AND (w.mended = w.canonical OR w.valid IS true) AND NOT contains(w.folded, ' ')`;
  return `SELECT *, CASE WHEN regexp_full_match(cleaned, '[0-9]+') AND size < expected AND expected - size <= 3 THEN lpad(cleaned, expected, '0') END AS padded,
  CASE WHEN length(folded) = length(usual_shape) AND shape_share >= ${HABIT} AND total >= ${ENOUGH} AND shape <> usual_shape THEN ${alikeSql('folded', 'usual_shape')} END AS reshaped
FROM (
  SELECT v.rid, v.past, v.side, v.system, v.odoo_id, w.*, h.total, h.style AS usual_style, h.style_share, h.shape AS usual_shape, h.shape_share, h.templates, h.sure_templates, h.blanks, h.misfit,
    l.zeros, CAST(l.usual AS INTEGER) AS usual_size, l.share AS size_share, l.total AS measured, ${expected} AS expected, g.names, t.twin, t.twin_raw, t.twin_origin
  FROM conflict_values AS v JOIN conflict_texts AS w ON w.text = v.text
  LEFT JOIN conflict_habits AS h ON h.side = v.side AND h.system IS NOT DISTINCT FROM v.system AND h.field = v.field
  LEFT JOIN conflict_lengths AS l ON l.side = v.side AND l.system IS NOT DISTINCT FROM v.system AND l.field = v.field AND l.head = w.head
  LEFT JOIN conflict_generic AS g ON g.field = v.field AND g.side = v.side AND g.canonical = w.canonical
  LEFT JOIN conflict_twins AS t ON t.rid = v.rid AND t.field = v.field
  WHERE NOT v.past AND NOT coalesce(${plain} AND t.twin IS NULL AND g.names IS NULL AND ${customary} AND w.size >= coalesce(${expected}, 0) AND NOT (${gtin} AND w.size <> l.usual), false)
)`;
}

/** Where the column has a digit and the value a letter that looks like one, the digit; and the other way round. */
function alikeSql(text: string, shape: string): string {
  const one = `CASE WHEN substr(${shape}, i, 1) = '9' THEN translate(c, 'OoQDIlLiZzSsB', '0000111122558') WHEN substr(${shape}, i, 1) = 'A' THEN translate(c, '01258', 'OIZSB') ELSE c END`;
  return `array_to_string(list_transform(string_split(${text}, ''), lambda c, i: ${one}), '')`;
}
