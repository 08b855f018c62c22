/** Values as the matcher compares them: one expression per kind over the text of a canonical value. NULL is "not known" and stays neutral. */
import { canonicalSql, isPlaceholderSql, schemes } from '../../domain/identifiers/registry.ts';
import type { IdentifierScheme } from '../../domain/identifiers/scheme.ts';
import { literal } from '../../domain/sql.ts';
import type { MatchField } from './field-kind.ts';

/** Written instead of a value. Identifiers have lists of their own, by scheme. */
const noValues = [
  'n a',
  'na',
  'none',
  'null',
  'nil',
  'unknown',
  'unk',
  'not known',
  'not available',
  'not applicable',
  'tbd',
  'tba',
  'xxx',
  'test',
  'nan',
  'keine',
  'inconnu',
];

/** Forms of companies, as they read once dots are gone; they say how a company is incorporated, not which it is. */
const legalForms = [
  'ltd limited plc inc incorporated llc llp lp corp corporation co company cic pty proprietary pvt private pte',
  'gmbh mbh ag kg kgaa ohg ug gbr ev eg sa sas sarl sasu eurl snc sca srl spa sapa scarl sl slu sau bv nv vof cv bvba sprl',
  'ab as asa aps oy oyj hf ehf doo dd ad ood eood kft zrt rt sro spol zoo sp jsc ojsc pjsc ooo oao zao ltda eireli kk yk sdn bhd tbk',
].flatMap((line) => line.split(' '));

/** Words that bind others and tell nothing apart. */
const bindingWords = ['and', 'the', 'of', 'und', 'et', 'y', 'e', 'de', 'der', 'die', 'das', 'la', 'le', 'les', 'el'];

/** Long forms in addresses → the short ones post offices use. */
const addressWords: Readonly<Record<string, string>> = {
  street: 'st', saint: 'st', str: 'st', strasse: 'st', road: 'rd', avenue: 'ave', av: 'ave', boulevard: 'blvd', drive: 'dr', lane: 'ln', court: 'ct', place: 'pl',
  square: 'sq', terrace: 'ter', highway: 'hwy', parkway: 'pkwy', circle: 'cir', crescent: 'cres', close: 'cl', grove: 'gr', building: 'bldg', floor: 'fl',
  suite: 'ste', apartment: 'apt', unit: 'apt', north: 'n', south: 's', east: 'e', west: 'w', northeast: 'ne', northwest: 'nw', southeast: 'se', southwest: 'sw',
  mount: 'mt', fort: 'ft', route: 'rte', rue: 'r', piazza: 'p',
}; // biome-ignore format: a table reads better in columns

/** Lower case without accents. `text` is a plain column. Most values are ASCII, and then the costly part is not needed. */
export function plainSql(text: string): string {
  const letters = `replace(replace(replace(strip_accents(lower(${text})), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')`;
  return `CASE WHEN strlen(${text}) = length(${text}) THEN lower(${text}) ELSE translate(${letters}, 'øłđ’‘', 'old''''') END`;
}

/** What the rules of a kind begin with: the digits of numbers, the folded words of texts, nothing where they need the value as it was written.
 *  `plain` is a plain column. */
export function foldedSql({ kind }: MatchField, plain: string): string {
  switch (kind) {
    case 'phone':
    case 'date':
      return `CASE WHEN regexp_matches(${plain}, '[^0-9]') THEN regexp_replace(${plain}, '[^0-9]', '', 'g') ELSE ${plain} END`;
    case 'email':
    case 'url':
    case 'identifier':
    case 'amount':
      return `${plain}`;
    default:
      return foldSql(plain);
  }
}

/** Words one blank apart, without apostrophes and signs; dotted abbreviations closed (`s.a.` → `sa`). `plain` is a plain column. */
function foldSql(plain: string): string {
  const joined = `regexp_replace(regexp_replace(${plain}, '[''\`´]', '', 'g'), '\\b(\\pL)[.]', '\\1', 'g')`;
  return `CASE WHEN regexp_matches(${plain}, '[^a-z0-9 ]|  |^ | $') THEN trim(regexp_replace(${joined}, '[^\\pL\\pN]+', ' ', 'g')) ELSE ${plain} END`;
}

/** What a kind's value is made from and would else be worked out several times: the identifier in its one spelling, the long words of an address.
 *  NULL expression where a kind needs nothing of the sort. `raw`, `folded` as below. */
export function halfwaySql({ kind, scheme }: MatchField, raw: string, folded: string): string {
  if (kind === 'identifier') return canonicalSql(schemeNamed(scheme), raw);
  if (kind === 'address') return `regexp_extract_all(${folded}, '${anyWord(Object.keys(addressWords))}')`;
  return 'NULL';
}

/** The normalised value of a field: VARCHAR for every kind but amount (DOUBLE, only ever compared, never summed).
 *  `raw` is the value as VARCHAR, `folded` the same through `foldedSql`, NULL when it stands for no value, `halfway` from `halfwaySql`; all plain columns,
 *  as they are repeated. */
export function normalisedSql({ kind, scheme }: MatchField, raw: string, folded: string, halfway: string): string {
  const digits = folded;
  switch (kind) {
    case 'phone':
      // the last nine digits: country and trunk prefixes are written or not
      return `CASE WHEN length(${digits}) >= 5 AND replace(${digits}, left(${digits}, 1), '') <> '' THEN right(${digits}, 9) END`;
    case 'email':
      return `CASE WHEN contains(${raw}, '@') THEN lower(trim(${raw})) END`;
    case 'url':
      return `nullif(regexp_extract(lower(trim(${raw})), '^(?:[a-z]+://)?(?:www[0-9]?[.])?([^/?#:]+)', 1), '')`;
    case 'identifier':
      // a stand-in for a number is no number
      return `CASE WHEN NOT ${isPlaceholderSql(schemeNamed(scheme), halfway)} THEN ${halfway} END`;
    case 'postcode':
      return `replace(${folded}, ' ', '')`;
    case 'date':
      return `CASE WHEN length(${digits}) >= 8 THEN left(${digits}, 8) WHEN length(${digits}) = 4 THEN ${digits} || '0000' END`;
    case 'amount':
      return `nullif(TRY_CAST(regexp_replace(${raw}, '[^0-9.-]', '', 'g') AS DOUBLE), 0)`;
    case 'name':
      return withoutWordsSql(folded, [...legalForms, ...bindingWords]);
    case 'address':
      return shortenedSql(folded, halfway);
    case 'person_name':
    case 'place':
    case 'category':
    case 'text':
      return folded;
  }
}

function schemeNamed(name: string | null): IdentifierScheme {
  const scheme = schemes.get(name ?? 'code') ?? schemes.get('code');
  if (scheme === undefined) throw new Error('the scheme of own codes is missing');
  return scheme;
}

/** NULL for a folded text that stands for no value. */
export function presentSql(folded: string): string {
  return `CASE WHEN ${folded} <> '' AND ${folded} NOT IN (${noValues.map(literal).join(', ')}) THEN ${folded} END`;
}

/** Without the words of `leftOut`, unless nothing would be left. One automaton over the text is far cheaper than comparing word by word; but it knows the
 *  ends of words in ASCII only. */
function withoutWordsSql(folded: string, leftOut: readonly string[]): string {
  const kept = `array_to_string(list_filter(string_split(${folded}, ' '), lambda w: w NOT IN (${leftOut.map(literal).join(', ')})), ' ')`;
  const ascii = `ltrim(regexp_replace(${folded}, ' ?${anyWord(leftOut)}', '', 'g'))`;
  return `coalesce(nullif(CASE WHEN strlen(${folded}) = length(${folded}) THEN ${ascii} ELSE ${kept} END, ''), ${folded})`;
}

/** The long forms in an address (`found`, in their order) made short. One is usual, and is then looked up once instead of word by word. */
function shortenedSql(folded: string, found: string): string {
  const each = `array_to_string(list_transform(string_split(${folded}, ' '), lambda w: CASE w ${addressCases()} ELSE w END), ' ')`;
  const one = `trim(replace(' ' || ${folded} || ' ', ' ' || ${found}[1] || ' ', ' ' || CASE ${found}[1] ${addressCases()} END || ' '))`;
  return `CASE len(${found}) WHEN 0 THEN ${folded} WHEN 1 THEN ${one} ELSE ${each} END`;
}

const anyWord = (words: readonly string[]): string => `\\b(?:${words.join('|')})\\b`;

function addressCases(): string {
  return Object.entries(addressWords)
    .map(([long, short]) => `WHEN ${literal(long)} THEN ${literal(short)}`)
    .join(' ');
}

/** Sounds and spellings that are confused, made one; vowels after the first letter gone: `chudleigh` and `chydleigh` → `cdlk`. */
export function skeletonSql(value: string): string {
  const closed = [
    ['ph', 'f'],
    ['ck', 'k'],
    ['c', 'k'],
    ['q', 'k'],
    ['z', 's'],
    ['g', 'k'],
    ['ss', 's'],
    ['ll', 'l'],
    ['tt', 't'],
    ['nn', 'n'],
  ].reduce((text, [from = '', to = '']) => `replace(${text}, ${literal(from)}, ${literal(to)})`, value);
  return `left(${value}, 1) || regexp_replace(substr(${closed}, 2), '[aeiouhwy ]+', '', 'g')`;
}
