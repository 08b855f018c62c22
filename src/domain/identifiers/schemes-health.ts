/** Identifiers of medicines, practitioners and patients. */
import { holdsLuhn, luhnSql, weightedSum, weightedSumSql } from './check-digits.ts';
import { asItIs, type IdentifierScheme, padded, shaped } from './scheme.ts';

const unchecked = { passesAtRandom: 1, undetected: null };

/** Labeler, product and package of an NDC, as the FDA writes them; 10 digits without hyphens may be any of three and stay as they are. */
const ndcShape = '[0-9]{4}-[0-9]{4}-[0-9]{2}|[0-9]{5}-[0-9]{3}-[0-9]{2}|[0-9]{5}-[0-9]{4}-[0-9]{1,2}|[0-9]{6}-[0-9]{4}-[0-9]{2}';

function ndcOf(cleaned: string): string {
  if (/^[0-9]{11}$/.test(cleaned)) return `0${cleaned}`;
  if (!new RegExp(`^(?:${ndcShape})$`).test(cleaned)) return cleaned;
  const [labeler = '', product = '', packaging = ''] = cleaned.split('-');
  return labeler.padStart(6, '0') + product.padStart(4, '0') + packaging.padStart(2, '0');
}

function ndcSql(cleaned: string): string {
  const part = (index: number, length: number) => `lpad(split_part(${cleaned}, '-', ${index}), ${length}, '0')`;
  return `CASE WHEN regexp_full_match(${cleaned}, '[0-9]{11}') THEN '0' || ${cleaned}
    WHEN regexp_full_match(${cleaned}, '${ndcShape}') THEN ${part(1, 6)} || ${part(2, 4)} || ${part(3, 2)} ELSE ${cleaned} END`;
}

export const ndc: IdentifierScheme = {
  name: 'ndc',
  title: 'NDC-10, -11 or -12 (FDA), compared as 6-4-2',
  cleaning: { separators: '', ignoresCase: true },
  digitsOnly: true,
  pattern: '[0-9]{12}|[0-9]{10}',
  // FDA final rule 91 FR 10749: from 2033-03-07 every NDC is written 6-4-2; the older forms are zeros away from it.
  canonical: { of: ndcOf, sql: ndcSql },
  check: {
    by: 'sql',
    holds: (text) => (/^[0-9]{10}$/.test(text) ? null : /^[0-9]{12}$/.test(text)),
    sql: (text) => `CASE WHEN regexp_full_match(${text}, '[0-9]{10}') THEN NULL ELSE regexp_full_match(${text}, '[0-9]{12}') END`,
  },
  strength: unchecked,
  scope: 'global',
  reuse: 'possible',
  reuseSource: '21 CFR 207.37: a discontinued package code may be assigned again after five years',
  placeholders: [],
  padding: null,
};

export const npi: IdentifierScheme = {
  name: 'npi',
  title: 'NPI, provider of the USA',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: true,
  pattern: '[12][0-9]{9}',
  canonical: asItIs,
  // Luhn over 80840 and the number; the prefix adds 24 to every sum.
  check: shaped(
    '[12][0-9]{9}',
    (text) => holdsLuhn(text, 24),
    (text) => luhnSql(text, 10, 24),
  ),
  strength: { passesAtRandom: 0.022, undetected: { substitution: 0, swap: 0.021, firstLost: 0, lastLost: 0 } },
  scope: 'global',
  reuse: 'never',
  reuseSource: '45 CFR 162.408',
  placeholders: [],
  padding: null,
};

const deaPattern = '[A-HJ-MPRSTUX][A-Z9][0-9]{7}';

export const dea: IdentifierScheme = {
  name: 'dea',
  title: 'DEA registration, USA',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: false,
  pattern: deaPattern,
  canonical: asItIs,
  check: shaped(
    deaPattern,
    (text) => weightedSum(text.slice(2, 8), [1, 2, 1, 2, 1, 2]) % 10 === Number(text.at(-1)),
    (text) => `(${weightedSumSql(`substr(${text}, 3, 7)`, [1, 2, 1, 2, 1, 2, 9])}) % 10 = 0`,
  ),
  strength: { passesAtRandom: 0.1, undetected: null },
  scope: 'global',
  reuse: 'never',
  reuseSource: 'DEA Diversion Control: a registration ends with its registrant',
  placeholders: [],
  padding: null,
};

export const nhs: IdentifierScheme = {
  name: 'nhs-number',
  title: 'NHS number, England and Wales',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: true,
  pattern: '[0-9]{10}',
  canonical: asItIs,
  // Weights 10 to 2; the check digit is 11 less the rest, 11 is written 0 and 10 is never issued: with weight 1 the sum is a multiple of 11.
  check: shaped(
    '[0-9]{10}',
    (text) => weightedSum(text, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
    (text) => `${weightedSumSql(text, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1])} % 11 = 0`,
  ),
  strength: { passesAtRandom: 1 / 11, undetected: null },
  scope: 'global',
  reuse: 'never',
  reuseSource: 'NHS Data Dictionary',
  placeholders: [],
  padding: null,
};

export const pzn: IdentifierScheme = {
  name: 'pzn',
  title: 'PZN-7 or -8, medicine of Germany',
  // The printed code begins with `PZN-`; none of these letters can stand in the number.
  cleaning: { separators: '-PZNpzn', ignoresCase: false },
  digitsOnly: true,
  pattern: '[0-9]{8}',
  ...padded(8, 6),
  check: shaped(
    '[0-9]{8}',
    (text) => weightedSum(text, [1, 2, 3, 4, 5, 6, 7]) % 11 === Number(text.at(-1)),
    (text) => `${weightedSumSql(`left(${text}, 7)`, [1, 2, 3, 4, 5, 6, 7])} % 11 = TRY_CAST(right(${text}, 1) AS INTEGER)`,
  ),
  strength: { passesAtRandom: 1 / 11, undetected: null },
  scope: 'global',
  reuse: 'never',
  reuseSource: 'IFA: a withdrawn PZN is not assigned again',
  placeholders: [],
};
