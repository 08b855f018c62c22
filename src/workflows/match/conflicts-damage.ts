/** What happened to a single value: each value has at most one diagnosis, the most telling first. What a column usually looks like, and what
 *  the twin of a value reads, are the evidence where a check digit says nothing. */

import { wholeLengthSql } from '../../domain/identifiers/lengths.ts';
import { checkSql } from '../../domain/identifiers/registry.ts';
import { foldSql } from '../../domain/identifiers/text.ts';
import { literal } from '../../domain/sql.ts';
import type { ConflictClass } from '../../domain/matching.ts';
import type { ConflictStep, IdentifierField } from './conflicts-input.ts';

/** A column has a habit when this share of at least this many values has it. */
const HABIT = 0.8;
const LENGTH_HABIT = 0.9;
const ENOUGH = 20;
/** Blanks in fewer than this share of a column's values are slips. */
const RARE = 0.05;

const sql = (name: string, text: string): ConflictStep => ({ name, sql: text, by: 'sql' });

export function diagnosisSteps(fields: readonly IdentifierField[]): ConflictStep[] {
  return [
    sql('conflict_written', writtenSql(fields)),
    sql('conflict_habits', habitsSql()),
    sql('conflict_lengths', lengthsSql()),
    sql('conflict_twins', twinsSql()),
    sql('conflict_suspects', suspectsSql(fields)),
    sql('conflict_diagnoses', diagnosesSql(fields)),
    sql('conflict_meant', meantSql(fields)),
  ];
}

/** How a value is written: `style` (its separators, and whether it has small letters), `shape` (letters A, digits 9, one by one), `size` (characters
 *  without separators), `head` (letters it begins with, for schemes whose length is the country's). */
function writtenSql(fields: readonly IdentifierField[]): string {
  const byTemplate = fields.filter(({ scheme }) => scheme.name === 'ndc').map(({ name }) => name);
  const headed = fields.filter(({ scheme }) => ['iban', 'vat'].includes(scheme.name)).map(({ name }) => name);
  // Nearly every value is a run of digits, or letters before one; what replaces character by character is for the others.
  const isPlain = `regexp_full_match(folded, '[A-Z]*[0-9]+')`;
  const template = `CASE WHEN ${isPlain} THEN repeat('x', length(folded)) ELSE regexp_replace(folded, '[0-9A-Za-z]', 'x', 'g') END`;
  const separators = `CASE WHEN ${isPlain} THEN '' ELSE array_to_string(list_sort(list_distinct(regexp_extract_all(folded, '[^0-9A-Za-z]'))), '') END`;
  const letters = `(length(rtrim(folded, '0123456789')))`;
  return `SELECT *, CASE WHEN ${among('field', byTemplate)} THEN template ELSE separators || CASE WHEN regexp_matches(folded, '[a-z]') THEN 'a' ELSE '' END END AS style,
  CASE WHEN ${isPlain} THEN repeat('A', ${letters}) || repeat('9', length(folded) - ${letters}) ELSE ${shapeSql('folded')} END AS shape, length(cleaned) AS size,
  CASE WHEN ${among('field', headed)} THEN regexp_extract(cleaned, '^[A-Z]{0,2}') ELSE '' END AS head
FROM (SELECT *, ${template} AS template, ${separators} AS separators FROM conflict_judged WHERE NOT past)`;
}

function shapeSql(text: string): string {
  return `regexp_replace(regexp_replace(${text}, '[A-Za-z]', 'A', 'g'), '[0-9]', '9', 'g')`;
}

/** Per column: the commonest style, its commonest template, the commonest shape, with their shares; and the share with blanks inside. */
function habitsSql(): string {
  const commonest = (column: string) => `SELECT side, system, field, ${column}, n FROM (
    SELECT side, system, field, ${column}, count(*) AS n FROM usual GROUP BY ALL)
    QUALIFY row_number() OVER (PARTITION BY side, system, field ORDER BY n DESC, ${column}) = 1`;
  const same = (alias: string) => `${alias}.side = t.side AND ${alias}.system IS NOT DISTINCT FROM t.system AND ${alias}.field = t.field`;
  return `WITH usual AS (SELECT * FROM conflict_written WHERE NOT placeholder),
totals AS (SELECT side, system, field, count(*) AS total, count(*) FILTER (contains(folded, ' ')) / count(*) AS blanks FROM usual GROUP BY ALL),
styles AS (${commonest('style')}), shapes AS (${commonest('shape')}),
templates AS (SELECT side, system, field, style, template, size FROM (SELECT side, system, field, style, template, size, count(*) AS n FROM usual GROUP BY ALL)
  QUALIFY row_number() OVER (PARTITION BY side, system, field, style, size ORDER BY n DESC, template) = 1)
SELECT t.*, styles.style, styles.n / total AS style_share, shapes.shape, shapes.n / total AS shape_share,
  (SELECT map_from_entries(list((size, template) ORDER BY size)) FROM templates WHERE ${same('templates')} AND templates.style = styles.style) AS templates
FROM totals AS t JOIN styles ON ${same('styles')} JOIN shapes ON ${same('shapes')}`;
}

/** Per column (and country): the commonest length in characters, its share, and whether whole values begin with a zero. */
function lengthsSql(): string {
  return `SELECT side, system, field, head, size AS usual, n / total AS share, total, zeros / n AS zeros FROM (
  SELECT side, system, field, head, size, count(*) AS n, count(*) FILTER (starts_with(cleaned, '0')) AS zeros, sum(count(*)) OVER (PARTITION BY side, system, field, head) AS total
  FROM conflict_written WHERE NOT placeholder AND valid IS DISTINCT FROM false GROUP BY side, system, field, head, size)
QUALIFY row_number() OVER (PARTITION BY side, system, field, head ORDER BY n DESC, size DESC) = 1`;
}

/** The same field of the same thing elsewhere: linked, or the night before. `rid`, `field`, `twin` (its canonical value), `twin_raw`. */
function twinsSql(): string {
  const good = (alias: string) => `${alias}.valid IS DISTINCT FROM false AND NOT ${alias}.placeholder AND ${alias}.shaped`;
  return `SELECT rid, field, canonical AS twin, raw AS twin_raw, origin AS twin_origin FROM (
  SELECT v.rid, v.field, t.canonical, t.raw, 1 AS origin
  FROM conflict_judged AS v JOIN conflict_judged AS t ON t.odoo_id = v.odoo_id AND t.field = v.field AND NOT t.past AND t.rid <> v.rid
  WHERE NOT v.past AND v.odoo_id IS NOT NULL AND ${good('t')}
  UNION ALL
  SELECT v.rid, v.field, t.canonical, t.raw, 2 AS origin
  FROM conflict_judged AS v JOIN conflict_records AS now ON now.rid = v.rid
  JOIN conflict_records AS before ON before.past AND before.side = now.side AND before.system IS NOT DISTINCT FROM now.system AND before.key = now.key
  JOIN conflict_judged AS t ON t.rid = before.rid AND t.field = v.field
  WHERE NOT v.past AND ${good('t')})
QUALIFY row_number() OVER (PARTITION BY rid, field ORDER BY origin, canonical, raw) = 1`;
}

/** Every value with its column's habits and its twin. `expected`: characters of a whole value; `padded`: with the zeros that would make it whole. */
function suspectsSql(fields: readonly IdentifierField[]): string {
  const whole = fields.map(({ name, scheme }) => `WHEN ${literal(name)} THEN ${wholeLengthSql(scheme, 'w.cleaned')}`).join(' ');
  const usual = `CASE WHEN l.share >= ${LENGTH_HABIT} AND l.total >= ${ENOUGH} THEN CAST(l.usual AS INTEGER) END`;
  const expected = fields.length === 0 ? 'NULL::INTEGER' : `coalesce(CASE w.field ${whole} END, ${usual})`;
  return `SELECT w.*, h.total, h.style AS usual_style, h.style_share, h.shape AS usual_shape, h.shape_share, h.templates, h.blanks, l.zeros, ${expected} AS expected,
  g.names, t.twin, t.twin_raw, t.twin_origin,
  CASE WHEN regexp_full_match(w.cleaned, '[0-9]+') AND size < expected AND expected - size <= 3 THEN lpad(w.cleaned, expected, '0') END AS padded,
  CASE WHEN length(w.folded) = length(h.shape) AND h.shape_share >= ${HABIT} AND h.total >= ${ENOUGH} AND w.shape <> h.shape THEN ${alikeSql('w.folded', 'h.shape')} END AS reshaped
FROM conflict_written AS w
LEFT JOIN conflict_habits AS h ON h.side = w.side AND h.system IS NOT DISTINCT FROM w.system AND h.field = w.field
LEFT JOIN conflict_lengths AS l ON l.side = w.side AND l.system IS NOT DISTINCT FROM w.system AND l.field = w.field AND l.head = w.head
LEFT JOIN conflict_generic AS g ON g.field = w.field AND g.side = w.side AND g.canonical = w.canonical
LEFT JOIN conflict_twins AS t ON t.rid = w.rid AND t.field = w.field`;
}

/** Where the column has a digit and the value a letter that looks like one, the digit; and the other way round. */
function alikeSql(text: string, shape: string): string {
  const one = `CASE WHEN substr(${shape}, i, 1) = '9' THEN translate(c, 'OoQDIlLiZzSsB', '0000111122558') WHEN substr(${shape}, i, 1) = 'A' THEN translate(c, '01258', 'OIZSB') ELSE c END`;
  return `array_to_string(list_transform(string_split(${text}, ''), lambda c, i: ${one}), '')`;
}

/** `class`, `proposal`, `other`, `evidence`, `reason` per value; rows without a class are in order. */
function diagnosesSql(fields: readonly IdentifierField[]): string {
  const names = (isOne: (field: IdentifierField) => boolean) =>
    among(
      'field',
      fields.filter(isOne).map(({ name }) => name),
    );
  const proven = names(({ scheme }) => scheme.check.by !== 'nothing');
  const own = names(({ scheme }) => scheme.name === 'code');
  const gtin = names(({ scheme }) => ['gtin', 'udi-di'].includes(scheme.name));
  const weak = names(({ scheme }) => scheme.strength.passesAtRandom > 0.5);
  return `WITH signs AS (
  SELECT *, twin IS NOT NULL AND twin <> canonical AS differs,
    -- in groups, as it is printed: at least three of two to five characters
    regexp_full_match(folded, '[0-9A-Za-z]{2,5}(?: [0-9A-Za-z]{2,5}){2,}(?: [0-9A-Za-z])?') AS grouped,
    replace(folded, ' ', '') AS closed,
    reshaped IS NOT NULL AND ${shapeSql('reshaped')} = usual_shape AS fits_again
  FROM conflict_suspects
), read AS (
  SELECT *,
    (raw <> folded AND NOT (${proven} AND coalesce(mended_valid, mended_shaped) IS NOT true AND valid IS true))
      OR (${proven} AND valid IS NOT true AND mended <> canonical AND coalesce(mended_valid, mended_shaped))
      OR (${own} AND fits_again)
      OR (contains(folded, ' ') AND NOT grouped AND blanks < ${RARE} AND total >= ${ENOUGH}) AS is_alien,
    -- what a separator leaves on its right tells which end was lost
    CASE WHEN contains(usual_style, '-') AND contains(folded, '-') THEN length(split_part(folded, '-', -1)) < length(split_part(templates[expected], '-', -1)) END AS lost_at_end,
    padded IS NOT NULL AND NOT coalesce(size >= expected, true) AS is_short
  FROM signs
), zeros AS (
  SELECT *, coalesce(is_short AND CASE
      WHEN differs AND length(ltrim(twin, '0')) > 0 AND ltrim(twin, '0') = ltrim(canonical, '0') THEN true
      WHEN differs AND (starts_with(ltrim(twin, '0'), ltrim(cleaned, '0')) OR ends_with(twin, cleaned)) THEN false
      WHEN NOT differs AND twin IS NOT NULL AND starts_with(twin_raw, '0') THEN true
      WHEN ${gtin} THEN valid
      WHEN lost_at_end IS NOT NULL THEN NOT lost_at_end AND valid IS DISTINCT FROM false
      WHEN ${weak} OR ${own} THEN valid IS DISTINCT FROM false AND zeros > 0 AND (${own} OR starts_with(canonical, '0'))
      ELSE valid END, false) AS lost_zeros
  FROM read
)
SELECT *, ${classSql(own)} AS class FROM zeros`;
}

function classSql(own: string): string {
  const cut = `(size < expected AND (NOT ${own} OR (shape_share >= ${HABIT} AND starts_with(usual_shape, shape)))) OR (valid IS NOT true AND differs AND length(twin) > length(cleaned) AND length(cleaned) >= 4 AND (starts_with(twin, cleaned) OR ends_with(twin, cleaned)))`;
  const cases: readonly (readonly [ConflictClass, string])[] = [
    ['placeholder', 'placeholder OR names IS NOT NULL'],
    ['homoglyph', 'is_alien'],
    ['leading-zeros-lost', 'lost_zeros'],
    ['truncated', `coalesce(${cut}, false)`],
    ['check-digit-fails', 'shaped AND valid IS false'],
    ['malformed', `NOT shaped OR valid IS false`],
    [
      'format-variant',
      `style <> usual_style AND style_share >= ${HABIT} AND total >= ${ENOUGH} AND NOT (${own} AND size <> length(replace(usual_shape, ' ', '')))`,
    ],
  ];
  return `CASE ${cases.map(([name, test]) => `WHEN ${test} THEN '${name}'`).join(' ')} END`;
}

/** The value that was meant, per record and field, for finding the same one elsewhere; null where the value is known to be wrong or nobody's. */
function meantSql(fields: readonly IdentifierField[]): string {
  const shared = among(
    'field',
    fields.filter(({ scheme }) => scheme.scope === 'global').map(({ name }) => name),
  );
  return `SELECT rid, field, CASE WHEN class IS NULL OR class IN ('format-variant', 'leading-zeros-lost') THEN canonical WHEN class = 'homoglyph' AND mended_shaped AND mended_valid IS DISTINCT FROM false THEN mended END AS meant,
  ${shared} AS shared FROM conflict_diagnoses`;
}

export function damageFindings(fields: readonly IdentifierField[]): string[] {
  if (fields.length === 0) return [];
  const percent = (share: string) => `CAST(round(100 * ${share}) AS INTEGER)`;
  const whole = fields
    .filter(({ scheme }) => scheme.check.by === 'sql' && scheme.digitsOnly && scheme.strength.passesAtRandom <= 0.11)
    .map(({ name, scheme }) => {
      const ends = `list_filter(list_transform(range(10), lambda d: cleaned || d), lambda whole: ${checkSql(scheme, 'whole')})`;
      return `WHEN ${literal(name)} THEN CASE WHEN expected - size = 1 AND len(${ends}) = 1 THEN ${ends}[1] END`;
    });
  const completed = whole.length === 0 ? 'NULL::VARCHAR' : `CASE d.field ${whole.join(' ')} END`;
  const twin = `CASE twin_origin WHEN 1 THEN 'the linked record' WHEN 2 THEN 'the record the night before' END`;
  const fill = `array_to_string(list_transform(string_split(templates[size], ''), lambda c, i: CASE WHEN c = 'x' THEN substr(cleaned, length(regexp_replace(left(templates[size], i), '[^x]', '', 'g')), 1) ELSE c END), '')`;
  const digitsOnly = among(
    'd.field',
    fields.filter(({ scheme }) => scheme.digitsOnly).map(({ name }) => name),
  );
  const asMeant = `CASE WHEN ${digitsOnly} THEN ${foldSql('raw', true)} ELSE folded END`;
  const isCloseTwin = `differs AND damerau_levenshtein(twin, canonical) <= 2`;
  return [
    `SELECT class, 'within-' || d.side AS place, d.field, [r.record] AS records, raw AS value, CASE WHEN differs THEN twin_raw END AS other,
  CASE class WHEN 'homoglyph' THEN CASE WHEN fits_again AND NOT coalesce(mended_valid, false) THEN reshaped WHEN raw <> folded AND style = usual_style THEN ${asMeant} WHEN contains(folded, ' ') AND coalesce(valid, true) THEN closed ELSE mended END
    WHEN 'leading-zeros-lost' THEN padded
    WHEN 'truncated' THEN CASE WHEN differs AND (starts_with(twin, cleaned) OR ends_with(twin, cleaned)) THEN twin_raw ELSE ${completed} END
    WHEN 'check-digit-fails' THEN CASE WHEN ${isCloseTwin} THEN twin_raw END
    WHEN 'format-variant' THEN CASE WHEN templates[size] IS NOT NULL THEN ${fill} END END AS proposal,
  CASE class
    WHEN 'placeholder' THEN CASE WHEN placeholder THEN 'written where no value is known' ELSE 'the same value stands on ' || names || ' different names' END
    WHEN 'homoglyph' THEN CASE WHEN raw <> folded THEN 'has characters that only look right, or invisible ones' WHEN contains(folded, ' ') AND NOT grouped THEN 'has a blank where ' || ${percent('(1 - blanks)')} || ' % of the column have none' ELSE 'has letters in the place of digits, or digits in the place of letters' END
      || CASE WHEN mended_valid AND valid IS NOT true THEN '; without them it passes its check' ELSE '' END
    WHEN 'leading-zeros-lost' THEN size || ' of ' || expected || ' characters' || CASE WHEN valid THEN '; with zeros before it passes its check' ELSE '' END || CASE WHEN twin IS NOT NULL AND ltrim(twin, '0') = ltrim(canonical, '0') THEN '; ' || ${twin} || ' has them' ELSE '' END
    WHEN 'truncated' THEN size || coalesce(' of ' || expected, '') || ' characters' || CASE WHEN differs AND (starts_with(twin, cleaned) OR ends_with(twin, cleaned)) THEN '; ' || ${twin} || ' has the rest' ELSE '' END
    WHEN 'check-digit-fails' THEN 'well written, but its check fails' || CASE WHEN ${isCloseTwin} THEN '; ' || ${twin} || ' has a valid one that differs in ' || damerau_levenshtein(twin, canonical) || ' characters' ELSE '' END
    WHEN 'malformed' THEN 'not written as the scheme writes its values'
    ELSE 'written otherwise than ' || ${percent('style_share')} || ' % of the column' END AS evidence,
  CASE WHEN proposal IS NULL THEN NULL ELSE CASE class
    WHEN 'homoglyph' THEN 'what the characters look like'
    WHEN 'leading-zeros-lost' THEN 'zeros restored to the length of the column'
    WHEN 'truncated' THEN CASE WHEN differs AND (starts_with(twin, cleaned) OR ends_with(twin, cleaned)) THEN 'the value of ' || ${twin} ELSE 'the only last digit that passes the check; confirm it' END
    WHEN 'check-digit-fails' THEN 'the valid value of ' || ${twin}
    WHEN 'format-variant' THEN 'the same value as the column writes it' END END AS reason
FROM conflict_diagnoses AS d JOIN conflict_records AS r ON r.rid = d.rid WHERE class IS NOT NULL`,
  ];
}

function among(column: string, names: readonly string[]): string {
  return names.length === 0 ? 'false' : `(${column} IN (${names.map(literal).join(', ')}))`;
}
