/** How values are written, and how the columns they stand in usually are. */
import { literal } from '../../domain/sql.ts';
import type { IdentifierField } from './conflicts-input.ts';

/** A column has a habit when this share of at least this many values has it. */
export const HABIT = 0.8;
export const LENGTH_HABIT = 0.9;
export const ENOUGH = 20;
/** Of so many values at least, most of them not written as the scheme writes its own, the column holds something else. */
const SOME = 5;

/** Countries whose letters stand before their VAT numbers. */
const vatCountries = 'AT|BE|BG|CH|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|GR|HR|HU|IE|IT|LT|LU|LV|MT|NL|NO|PL|PT|RO|SE|SI|SK|SM|XI';
export const hasCountrySql = (text: string) => `regexp_matches(${text}, '^(?:${vatCountries})[0-9A-Z]')`;

/** Adds to texts: `style` (separators, small letters; of an NDC its parts; of a VAT number whether it has its country), `template` (what stands between
 *  its characters), `shape` (letters A, digits 9, one by one), `size` (characters without separators), `head` (letters it begins with, for schemes whose
 *  length is the country's), `grouped` (blanks as it is printed). */
export function writtenSql(fields: readonly IdentifierField[], texts: string): string {
  const of = (schemes: readonly string[]) => fields.filter(({ scheme }) => schemes.includes(scheme.name)).map(({ name }) => name);
  const headed = among('field', of(['iban', 'vat']));
  // Nearly every value is a run of digits, or letters before one; what replaces character by character is for the others.
  const isPlain = `regexp_full_match(folded, '[A-Z]*[0-9]+')`;
  const template = `CASE WHEN ${isPlain} THEN repeat('x', length(folded)) ELSE regexp_replace(folded, '[0-9A-Za-z]', 'x', 'g') END`;
  const separators = `CASE WHEN ${isPlain} THEN '' ELSE array_to_string(list_sort(list_distinct(regexp_extract_all(folded, '[^0-9A-Za-z]'))), '') END`;
  const letters = `(length(rtrim(folded, '0123456789')))`;
  // The three forms of ten digits are one custom: which of them it is, the labeler decides.
  const ndc = `CASE WHEN template IN ('xxxx-xxxx-xx', 'xxxxx-xxx-xx', 'xxxxx-xxxx-x') THEN 'ten digits' ELSE template END`;
  const plain = `separators || CASE WHEN regexp_matches(folded, '[a-z]') THEN 'a' ELSE '' END`;
  return `SELECT *, CASE WHEN ${among('field', of(['ndc']))} THEN ${ndc} WHEN ${among('field', of(['vat']))} THEN ${plain} || CASE WHEN ${hasCountrySql('canonical')} THEN '' ELSE '!' END ELSE ${plain} END AS style,
  CASE WHEN ${isPlain} THEN repeat('A', ${letters}) || repeat('9', length(folded) - ${letters}) ELSE ${shapeSql('folded')} END AS shape, length(cleaned) AS size,
  CASE WHEN ${headed} THEN regexp_extract(cleaned, '^[A-Z]{0,2}') ELSE '' END AS head,
  contains(folded, ' ') AND (regexp_matches(folded, ' [^ ]+ ') OR (${headed} AND regexp_full_match(folded, '[A-Za-z]{2} [^ ]+'))) AS grouped
FROM (SELECT *, ${template} AS template, ${separators} AS separators FROM (${texts}))`;
}

export function shapeSql(text: string): string {
  return `regexp_replace(regexp_replace(${text}, '[A-Za-z]', 'A', 'g'), '[0-9]', '9', 'g')`;
}

/** Per column: the commonest style, its commonest template per size (and those that nearly all have), the commonest shape, with their shares; the share with blanks inside, and whether the
 *  scheme is a `misfit`: account numbers that are no IBANs are no faults. */
export function habitsSql(): string {
  const commonest = (column: string) => `SELECT side, system, field, ${column}, n FROM (
    SELECT side, system, field, ${column}, sum(n) AS n FROM usual GROUP BY ALL)
    QUALIFY row_number() OVER (PARTITION BY side, system, field ORDER BY n DESC, ${column}) = 1`;
  const same = (alias: string) => `${alias}.side = t.side AND ${alias}.system IS NOT DISTINCT FROM t.system AND ${alias}.field = t.field`;
  const map = (test: string) =>
    `(SELECT map_from_entries(list((size, template) ORDER BY size)) FROM templates WHERE ${same('templates')} AND templates.style = styles.style AND ${test})`;
  return `WITH usual AS (SELECT v.side, v.system, v.field, t.style, t.shape, t.template, t.size, contains(t.folded, ' ') AS blank, t.shaped, count(*) AS n
  FROM conflict_values AS v JOIN conflict_texts AS t ON t.text = v.text WHERE NOT v.past AND NOT t.placeholder GROUP BY ALL),
totals AS (SELECT side, system, field, sum(n)::BIGINT AS total, coalesce(sum(n) FILTER (blank), 0) / sum(n) AS blanks,
  sum(n) >= ${SOME} AND coalesce(sum(n) FILTER (NOT shaped), 0) / sum(n) > 0.5 AS misfit FROM usual GROUP BY ALL),
styles AS (${commonest('style')}), shapes AS (${commonest('shape')}),
templates AS (SELECT *, n / of_size >= ${HABIT} AND of_size >= ${ENOUGH} AS sure
  FROM (SELECT side, system, field, style, template, size, sum(n) AS n, sum(sum(n)) OVER (PARTITION BY side, system, field, style, size) AS of_size FROM usual GROUP BY side, system, field, style, template, size)
  QUALIFY row_number() OVER (PARTITION BY side, system, field, style, size ORDER BY n DESC, template) = 1)
SELECT t.*, styles.style, styles.n / total AS style_share, shapes.shape, shapes.n / total AS shape_share, ${map('true')} AS templates, ${map('sure')} AS sure_templates
FROM totals AS t JOIN styles ON ${same('styles')} JOIN shapes ON ${same('shapes')}`;
}

/** Per column (and country): the commonest length in characters, its share, and whether whole values begin with a zero. */
export function lengthsSql(): string {
  return `SELECT side, system, field, head, size AS usual, n / total AS share, total, zeros / n AS zeros FROM (
  SELECT v.side, v.system, v.field, t.head, t.size, count(*) AS n, count(*) FILTER (starts_with(t.cleaned, '0')) AS zeros, sum(count(*)) OVER (PARTITION BY v.side, v.system, v.field, t.head) AS total
  FROM conflict_values AS v JOIN conflict_texts AS t ON t.text = v.text WHERE NOT v.past AND NOT t.placeholder AND t.valid IS DISTINCT FROM false GROUP BY v.side, v.system, v.field, t.head, t.size)
QUALIFY row_number() OVER (PARTITION BY side, system, field, head ORDER BY n DESC, size DESC) = 1`;
}

export function among(column: string, names: readonly string[]): string {
  return names.length === 0 ? 'false' : `(${column} IN (${names.map(literal).join(', ')}))`;
}
