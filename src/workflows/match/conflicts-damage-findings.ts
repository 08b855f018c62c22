/** Diagnoses as findings: evidence in words, and the repair where there is one. */
import { checkSql } from '../../domain/identifiers/registry.ts';
import { foldSql } from '../../domain/identifiers/text.ts';
import { literal } from '../../domain/sql.ts';
import type { IdentifierField } from './conflicts-input.ts';
import { among } from './conflicts-written.ts';

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
  const shorter = `right(cleaned, usual_size)`;
  // the characters of a text in the places of the template
  const fill = (text: string, template: string) =>
    `array_to_string(list_transform(string_split(${template}, ''), lambda c, i: CASE WHEN c = 'x' THEN substr(${text}, length(regexp_replace(left(${template}, i), '[^x]', '', 'g')), 1) ELSE c END), '')`;
  const digitsOnly = among(
    'd.field',
    fields.filter(({ scheme }) => scheme.digitsOnly).map(({ name }) => name),
  );
  const gtin = among(
    'd.field',
    fields.filter(({ scheme }) => ['gtin', 'udi-di'].includes(scheme.name)).map(({ name }) => name),
  );
  const asMeant = `CASE WHEN ${digitsOnly} THEN ${foldSql('raw', true)} ELSE folded END`;
  const isCloseTwin = `differs AND damerau_levenshtein(twin, canonical) <= 2`;
  return [
    `SELECT class, 'within-' || d.side AS place, d.field, [r.record] AS records, raw AS value, CASE WHEN differs THEN twin_raw END AS other,
  CASE class WHEN 'homoglyph' THEN CASE WHEN fits_again AND NOT coalesce(mended_valid, false) THEN reshaped WHEN raw <> folded AND style = usual_style THEN ${asMeant} WHEN contains(folded, ' ') AND coalesce(valid, true) THEN closed ELSE mended END
    WHEN 'leading-zeros-lost' THEN CASE WHEN len(regexp_extract_all(templates[expected], 'x')) = length(padded) THEN ${fill('padded', 'templates[expected]')} ELSE padded END
    WHEN 'truncated' THEN CASE WHEN differs AND (starts_with(twin, cleaned) OR ends_with(twin, cleaned)) THEN twin_raw ELSE ${completed} END
    WHEN 'check-digit-fails' THEN CASE WHEN ${isCloseTwin} THEN twin_raw END
    WHEN 'format-variant' THEN CASE WHEN lacks_country THEN twin_raw WHEN ${gtin} AND size > usual_size THEN ${shorter} WHEN templates[size] IS NOT NULL AND contains(usual_style, '!') = contains(style, '!') THEN ${fill('cleaned', 'templates[size]')} END END AS proposal,
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
