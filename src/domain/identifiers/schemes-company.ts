/** Identifiers of organisations: registers, tax authorities, credit bureaus. */
import { holdsLuhn, luhnSql, rest97, rest97Sql, weightedSum, weightedSumSql } from './check-digits.ts';
import { asItIs, type IdentifierScheme, padded, shaped } from './scheme.ts';

const unchecked = { passesAtRandom: 1, undetected: null };
const noReuse = { scope: 'global', reuse: 'never' } as const;

/** Prefixes of the campuses of the IRS: https://www.irs.gov/businesses/small-businesses-self-employed/how-eins-are-assigned-and-valid-ein-prefixes */
const einPrefixes = '0[1-6]|1[0-6]|2[0-7]|[35][0-9]|4[0-8]|6[0-8]|7[1-7]|8[0-8]|9[0-589]';

export const usEin: IdentifierScheme = {
  name: 'us-ein',
  title: 'EIN, employer of the USA',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: true,
  pattern: '[0-9]{9}',
  ...padded(9, 7),
  check: shaped(
    '[0-9]{9}',
    (text) => new RegExp(`^(?:${einPrefixes})`).test(text),
    (text) => `regexp_matches(${text}, '^(?:${einPrefixes})')`,
  ),
  strength: { passesAtRandom: 0.829, undetected: { substitution: 0.965, swap: 0.962, firstLost: 0, lastLost: 0 } },
  ...noReuse,
  reuseSource: 'IRS: an EIN is never assigned to another entity',
  placeholders: ['123456789', '987654321', '121234567'],
};

export const lei: IdentifierScheme = {
  name: 'lei',
  title: 'LEI (ISO 17442)',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: false,
  pattern: '[0-9A-Z]{18}[0-9]{2}',
  canonical: asItIs,
  check: shaped(
    '[0-9A-Z]{18}[0-9]{2}',
    (text) => rest97(text) === 1,
    (text) => `${rest97Sql(text)} = 1`,
  ),
  strength: { passesAtRandom: 1 / 97, undetected: { substitution: 0, swap: 0.004, firstLost: 0, lastLost: 0 } },
  ...noReuse,
  reuseSource: 'GLEIF: an LEI stays with its entity, also after it has ended',
  placeholders: [],
  padding: null,
};

export const duns: IdentifierScheme = {
  name: 'duns',
  title: 'D-U-N-S number, format only',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: true,
  pattern: '[0-9]{9}',
  ...padded(9, 7),
  check: shaped(
    '[0-9]{9}',
    () => true,
    () => 'true',
  ),
  strength: unchecked,
  ...noReuse,
  reuseSource: 'Dun & Bradstreet: never assigned again',
  placeholders: ['123456789', '987654321'],
};

const abnWeights = [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19];

export const abn: IdentifierScheme = {
  name: 'abn',
  title: 'ABN, business of Australia',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: true,
  pattern: '[1-9][0-9]{10}',
  canonical: asItIs,
  // One is taken from the first digit, whose weight is 10.
  check: shaped(
    '[1-9][0-9]{10}',
    (text) => (weightedSum(text, abnWeights) - 10) % 89 === 0,
    (text) => `(${weightedSumSql(text, abnWeights)} - 10) % 89 = 0`,
  ),
  strength: { passesAtRandom: 0.011, undetected: { substitution: 0, swap: 0, firstLost: 0, lastLost: 0 } },
  ...noReuse,
  reuseSource: 'Australian Business Register',
  placeholders: [],
  padding: null,
};

export const acn: IdentifierScheme = {
  name: 'acn',
  title: 'ACN, company of Australia',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: true,
  pattern: '[0-9]{9}',
  ...padded(9, 7),
  check: shaped(
    '[0-9]{9}',
    (text) => weightedSum(text, [8, 7, 6, 5, 4, 3, 2, 1, 1]) % 10 === 0,
    (text) => `${weightedSumSql(text, [8, 7, 6, 5, 4, 3, 2, 1, 1])} % 10 = 0`,
  ),
  strength: { passesAtRandom: 0.1, undetected: null },
  ...noReuse,
  reuseSource: 'ASIC',
  placeholders: [],
};

export const siren: IdentifierScheme = {
  name: 'siren',
  title: 'SIREN, enterprise of France',
  cleaning: { separators: '-.', ignoresCase: true },
  digitsOnly: true,
  pattern: '[0-9]{9}',
  ...padded(9, 8),
  check: shaped('[0-9]{9}', holdsLuhn, (text) => luhnSql(text, 9)),
  strength: { passesAtRandom: 0.1, undetected: null },
  ...noReuse,
  reuseSource: 'INSEE, code de commerce R123-221',
  placeholders: [],
};

/** The establishments of La Poste, more than Luhn leaves room for: their digits add up to a multiple of five (INSEE). */
const laPoste = '356000000';

export const siret: IdentifierScheme = {
  name: 'siret',
  title: 'SIRET, establishment of France',
  cleaning: { separators: '-.', ignoresCase: true },
  digitsOnly: true,
  pattern: '[0-9]{14}',
  ...padded(14, 13),
  check: shaped(
    '[0-9]{14}',
    (text) => holdsLuhn(text) || (text.startsWith(laPoste) && weightedSum(text, Array(14).fill(1)) % 5 === 0),
    (text) => `(${luhnSql(text, 14)} OR (starts_with(${text}, '${laPoste}') AND ${weightedSumSql(text, Array(14).fill(1))} % 5 = 0))`,
  ),
  strength: { passesAtRandom: 0.1, undetected: null },
  ...noReuse,
  reuseSource: 'INSEE',
  placeholders: [],
};

/** A number with its country's letters before it is checked by that country's rule; without them nobody can say whose number it is. */
export const vat: IdentifierScheme = {
  name: 'vat',
  title: 'VAT number with its country code, or another tax number unchecked',
  cleaning: { separators: '-./', ignoresCase: true },
  digitsOnly: false,
  pattern: '[A-Z]{2}[0-9A-Z+*]{2,15}|[0-9A-Z]{5,20}',
  // Greece writes EL where ISO 3166 has GR.
  canonical: {
    of: (cleaned) => (cleaned.startsWith('GR') ? `EL${cleaned.slice(2)}` : cleaned),
    sql: (cleaned) => `CASE WHEN starts_with(${cleaned}, 'GR') THEN 'EL' || substr(${cleaned}, 3) ELSE ${cleaned} END`,
  },
  check: { by: 'distinct-values' },
  strength: { passesAtRandom: 0.1, undetected: { substitution: 0.014, swap: 0.1, firstLost: 0, lastLost: 0 } },
  scope: 'global',
  reuse: 'possible',
  reuseSource: 'Differs by country: several states give a number again after deregistration',
  placeholders: ['123456789', '987654321'],
  padding: null,
};

/** Countries whose tax and register numbers `stdnum` knows: the scheme is `tax-` and the country in lower case. */
export const taxCountries: readonly string[] =
  'AD AI AL AO AR AT AU AZ BE BG BR BY BZ CA CH CL CN CO CR CY CZ DE DK DO EC EE ES FI FR GB GR GT HU ID IE IL IN IS IT JP KR LI LT LU LV MA MC MD MT MX MZ NL NO NZ PE PK PL PT PY RO RS RU SE SG SI SK SM SV TR TW UA US UY VN ZA'.split(
    ' ',
  );

export function taxNumber(country: string): IdentifierScheme {
  return {
    name: `tax-${country.toLowerCase()}`,
    title: `Tax or register number of an organisation, ${country}`,
    cleaning: { separators: '-./', ignoresCase: true },
    digitsOnly: false,
    pattern: '[0-9A-Z]{5,20}',
    canonical: asItIs,
    check: { by: 'distinct-values' },
    strength: { passesAtRandom: 0.1, undetected: null },
    scope: 'global',
    reuse: 'possible',
    reuseSource: 'Differs by country',
    placeholders: ['123456789', '987654321'],
    padding: null,
  };
}
