/** What happened to a single value: each value has at most one diagnosis, the most telling first. What a column usually looks like, and what
 *  the twin of a value reads, are the evidence where a check digit says nothing. */

import type { ConflictClass } from '../../domain/matching.ts';
import type { ConflictStep, IdentifierField } from './conflicts-input.ts';
import { similarSql } from './conflicts-names.ts';
import { differsSql, suspectsSql, twinsSql } from './conflicts-suspects.ts';
import { among, ENOUGH, HABIT, habitsSql, hasCountrySql, LENGTH_HABIT, lengthsSql, shapeSql } from './conflicts-written.ts';

/** Blanks in fewer than this share of a column's values are slips. */
const RARE = 0.05;

const sql = (name: string, text: string): ConflictStep => ({ name, sql: text, by: 'sql' });

export function diagnosisSteps(fields: readonly IdentifierField[]): ConflictStep[] {
  return [
    sql('conflict_habits', habitsSql()),
    sql('conflict_lengths', lengthsSql()),
    sql('conflict_differs', differsSql(fields)),
    sql('conflict_twins', twinsSql()),
    sql('conflict_suspects', suspectsSql(fields)),
    sql('conflict_held', heldSql(fields)),
    sql('conflict_diagnoses', diagnosesSql(fields)),
    sql('conflict_meant', meantSql(fields)),
  ];
}

const fieldsWhere = (fields: readonly IdentifierField[], isOne: (field: IdentifierField) => boolean, column = 'field') =>
  among(
    column,
    fields.filter(isOne).map(({ name }) => name),
  );

/** Own codes that have lost nothing: the code with the zeros is there as well, and names something else. */
function heldSql(fields: readonly IdentifierField[]): string {
  const own = fieldsWhere(fields, ({ scheme }) => scheme.name === 'code', 's.field');
  return `SELECT DISTINCT s.rid, s.field FROM conflict_suspects AS s JOIN conflict_spelt AS t ON t.field = s.field AND t.canonical = s.padded
  JOIN conflict_values AS v ON v.text = t.text AND NOT v.past AND v.side = s.side AND v.system IS NOT DISTINCT FROM s.system
  JOIN conflict_records AS mine ON mine.rid = s.rid JOIN conflict_records AS theirs ON theirs.rid = v.rid
  WHERE ${own} AND s.padded IS NOT NULL AND NOT starts_with(s.cleaned, '0') AND NOT ${similarSql('mine.name', 'theirs.name')}`;
}

/** `class`, `proposal`, `other`, `evidence`, `reason` per value; rows without a class are in order. */
function diagnosesSql(fields: readonly IdentifierField[]): string {
  const names = (isOne: (field: IdentifierField) => boolean) => fieldsWhere(fields, isOne);
  const proven = names(({ scheme }) => scheme.check.by !== 'nothing');
  const own = names(({ scheme }) => scheme.name === 'code');
  const gtin = names(({ scheme }) => ['gtin', 'udi-di'].includes(scheme.name));
  const [vat, ndc] = ['vat', 'ndc'].map((name) => names(({ scheme }) => scheme.name === name)) as [string, string];
  const digitsOnly = names(({ scheme }) => scheme.digitsOnly);
  const weak = names(({ scheme }) => scheme.strength.passesAtRandom > 0.5);
  const mends = `(coalesce(mended_valid, mended_shaped) AND mended_shaped)`;
  return `WITH signs AS (
  SELECT *, twin IS NOT NULL AND twin <> canonical AS differs, replace(folded, ' ', '') AS closed, coalesce(reshaped IS NOT NULL AND ${shapeSql('reshaped')} = usual_shape, false) AS fits_again,
    ${vat} AND NOT ${hasCountrySql('canonical')} AND coalesce(${hasCountrySql('twin')} AND substr(twin, 3) = canonical, false) AS lacks_country
  FROM (SELECT s.*, h.rid IS NOT NULL AS held FROM conflict_suspects AS s LEFT JOIN conflict_held AS h ON h.rid = s.rid AND h.field = s.field)
), read AS (
  SELECT *,
    (raw <> folded AND NOT (${proven} AND coalesce(mended_valid, mended_shaped) IS NOT true AND valid IS true))
      -- where nothing proves a number, only its column tells that a letter in it is none
      OR (${proven} AND valid IS NOT true AND mended <> canonical AND coalesce(mended_valid, mended_shaped AND ${digitsOnly}))
      OR ((${own} OR valid IS NULL) AND fits_again)
      OR (contains(folded, ' ') AND NOT grouped AND blanks < ${RARE} AND total >= ${ENOUGH}
        AND CASE WHEN ${own} THEN shape_share >= ${HABIT} AND ${shapeSql('closed')} = usual_shape ELSE ${mends} END) AS is_alien,
    -- what a separator leaves on its right tells which end was lost
    CASE WHEN contains(usual_style, '-') AND contains(folded, '-') THEN length(split_part(folded, '-', -1)) < length(split_part(templates[expected], '-', -1)) END AS lost_at_end,
    padded IS NOT NULL AND NOT coalesce(size >= expected, true) AND NOT (${ndc} AND shaped) AS is_short,
    coalesce(differs AND (starts_with(ltrim(twin, '0'), ltrim(cleaned, '0')) OR ends_with(twin, cleaned)), false) AS is_part,
    ${own} OR (regexp_full_match(cleaned, '[0-9A-Z-]+') AND NOT (${digitsOnly} AND regexp_matches(cleaned, '[A-Z]'))) AS could_be_part
  FROM signs
), zeros AS (
  SELECT *, coalesce(is_short AND CASE
      WHEN differs AND length(ltrim(twin, '0')) > 0 AND ltrim(twin, '0') = ltrim(canonical, '0') THEN true
      WHEN is_part THEN false
      -- what was read as a number has no zero left
      WHEN starts_with(cleaned, '0') AND NOT coalesce(NOT lost_at_end, false) THEN false
      WHEN NOT differs AND twin IS NOT NULL AND starts_with(twin_raw, '0') THEN true
      WHEN ${gtin} THEN valid AND zeros > 0
      WHEN lost_at_end IS NOT NULL THEN NOT lost_at_end AND valid IS DISTINCT FROM false
      WHEN ${weak} OR ${own} THEN valid IS DISTINCT FROM false AND zeros > 0 AND (${own} OR starts_with(canonical, '0'))
      ELSE valid END, false) AS lost_zeros
  FROM read
)
SELECT *, ${classSql({ own, gtin, ndc, proven, filled: names(({ scheme }) => scheme.padding !== null) })} AS class FROM zeros`;
}

/** `filled`: schemes whose canonical form has its zeros again, so that a short value may pass its check by chance. */
function classSql({ own, gtin, ndc, proven, filled }: Readonly<Record<'own' | 'gtin' | 'ndc' | 'proven' | 'filled', string>>): string {
  const short = `size < expected AND could_be_part AND CASE WHEN ${own} THEN shape_share >= ${HABIT} AND starts_with(usual_shape, shape) WHEN ${gtin} THEN valid IS NOT true OR (size NOT IN (8, 12, 13, 14) AND regexp_full_match(cleaned, '[0-9]+')) OR is_part WHEN ${ndc} THEN NOT shaped WHEN ${filled} THEN true ELSE valid IS NOT true END`;
  const part = `valid IS NOT true AND differs AND NOT lacks_country AND NOT (${ndc} AND shaped) AND length(twin) > length(cleaned) AND length(cleaned) >= 4 AND (starts_with(twin, cleaned) OR ends_with(twin, cleaned))`;
  const isVariant = [
    `(style <> usual_style AND style_share >= ${HABIT} AND NOT (${own} AND size <> length(replace(usual_shape, ' ', ''))))`,
    `(${proven} AND template <> sure_templates[size])`,
    `lacks_country`,
    // a GTIN-13 written as a GTIN-14, and the like
    `(${gtin} AND valid AND size > usual_size AND size_share >= ${LENGTH_HABIT} AND starts_with(cleaned, '0'))`,
  ].join(' OR ');
  const cases: readonly (readonly [ConflictClass, string])[] = [
    // the number Odoo gave one record of its own, as 999999 of an installed chart, is a number like any other
    ['placeholder', `(placeholder AND NOT (${own} AND side = 'odoo' AND regexp_full_match(folded, '[0-9]+'))) OR names IS NOT NULL`],
    ['homoglyph', 'is_alien'],
    ['leading-zeros-lost', 'lost_zeros AND NOT held'],
    ['truncated', `coalesce(((${short}) OR (${part})) AND NOT held, false)`],
    ['check-digit-fails', 'shaped AND valid IS false'],
    ['malformed', `NOT shaped AND NOT misfit OR shaped AND valid IS false`],
    ['format-variant', `coalesce(total >= ${ENOUGH} AND (${isVariant}), false)`],
  ];
  return `CASE ${cases.map(([name, test]) => `WHEN ${test} THEN '${name}'`).join(' ')} END`;
}

/** The value that was meant, per record and field, for finding the same one elsewhere; null where the value is known to be wrong, nobody's, or one of several. */
function meantSql(fields: readonly IdentifierField[]): string {
  const shared = fieldsWhere(fields, ({ scheme }) => scheme.scope === 'global', 'v.field');
  const ndc = fieldsWhere(fields, ({ scheme }) => scheme.name === 'ndc', 'v.field');
  // ten digits may be any of three
  const canonical = `CASE WHEN ${ndc} AND length(t.canonical) = 10 THEN NULL WHEN d.lacks_country THEN d.twin ELSE t.canonical END`;
  return `SELECT v.rid, v.field, CASE WHEN d.class IS NULL OR d.class IN ('format-variant', 'leading-zeros-lost') THEN ${canonical}
  WHEN d.class = 'homoglyph' AND t.mended_shaped AND t.mended_valid IS DISTINCT FROM false THEN t.mended END AS meant, ${shared} AS shared
FROM conflict_values AS v JOIN conflict_texts AS t ON t.text = v.text LEFT JOIN conflict_diagnoses AS d ON d.rid = v.rid AND d.field = v.field AND d.class IS NOT NULL WHERE NOT v.past`;
}
