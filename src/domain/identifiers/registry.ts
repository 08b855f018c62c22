/** Identifier schemes by name, and what SQL makes of them. Everything here is plain data; what needs a package of rules is in `by-package.ts`. */
import { literal, literalList } from '../sql.ts';
import { asItIs, type IdentifierScheme } from './scheme.ts';
import { bic, iban } from './schemes-bank.ts';
import { abn, acn, duns, lei, siren, siret, taxCountries, taxNumber, usEin, vat } from './schemes-company.ts';
import { gln, gmn, gtin, udiDi } from './schemes-gs1.ts';
import { dea, ndc, nhs, npi, pzn } from './schemes-health.ts';
import { clean, cleanSql } from './text.ts';

/** Numbers that an organisation gives to its own things: nothing proves them but the others beside them. */
const code: IdentifierScheme = {
  name: 'code',
  title: 'Code of the system itself',
  cleaning: { separators: '', ignoresCase: true },
  digitsOnly: false,
  pattern: '.+',
  canonical: asItIs,
  check: { by: 'nothing' },
  strength: { passesAtRandom: 1, undetected: null },
  scope: 'system',
  reuse: 'possible',
  reuseSource: 'Unknown: the habits of the system decide',
  placeholders: [],
  padding: null,
};

export const schemes: ReadonlyMap<string, IdentifierScheme> = new Map(
  [gtin, gln, udiDi, gmn, ndc, npi, dea, nhs, pzn, usEin, vat, iban, bic, lei, duns, abn, acn, siren, siret, code, ...taxCountries.map(taxNumber)].map(
    (scheme) => [scheme.name, scheme],
  ),
);

/** The scheme of a contract that was loaded, which knows only these. */
export function schemeOf(name: string): IdentifierScheme {
  const scheme = schemes.get(name);
  if (scheme === undefined) throw new Error(`no identifier scheme ${name}`);
  return scheme;
}

/** The one spelling of a value; null for null and for a text without any character. */
export function canonicalSql(scheme: IdentifierScheme, text: string): string {
  // The cleaned text is bound once: it stands in several places of the rule.
  return `list_transform([nullif(${cleanSql(scheme.cleaning, text)}, '')], lambda cleaned: ${scheme.canonical.sql('cleaned')})[1]`;
}

export function canonicalOf(scheme: IdentifierScheme, text: string): string | null {
  const cleaned = clean(scheme.cleaning, text);
  return cleaned === '' ? null : scheme.canonical.of(cleaned);
}

/** True, false, or null where the value cannot tell; null for schemes whose check has no SQL. Takes a canonical value. */
export function checkSql(scheme: IdentifierScheme, canonical: string): string {
  return scheme.check.by === 'sql' ? scheme.check.sql(canonical) : 'CAST(NULL AS BOOLEAN)';
}

/** Words that people write where a value is demanded and none is known. */
/** Nothing but signs is one of them. */
const words =
  'NA NONE NULL NIL NAN UNKNOWN UNKOWN UNK TBD TBA TEST TESTING DUMMY NONUMBER NOTAVAILABLE NOTAPPLICABLE NOTKNOWN PENDING XXX XXXX XXXXX XXXXXX VARIOUS MISC DEFAULT SAMPLE KEINE UNBEKANNT TBC KA INCONNU DESCONOCIDO SCONOSCIUTO APPLIEDFOR NOTASSIGNED NOTREGISTERED EXEMPT MISSING NOVAT NOTAXID '.split(
    ' ',
  );
const sequences =
  '0123456789 1234567890 9876543210 0123456789012 1234567890123 1234567890128 01234567890123 12345678901234 123456789012 12345678901 00000000000000 12345678 1234567 123456 87654321'.split(
    ' ',
  );

/** Is a text, as it was written, one of these words? Some schemes' cleaning takes letters away. */
export function isPlaceholderWordSql(text: string): string {
  return `CASE WHEN regexp_full_match(${text}, '[A-Za-z./#?*_\\- ]+') THEN list_contains(${literalList(words)}, upper(translate(${text}, './#?*_- ', ''))) ELSE false END`;
}

/** Does the value stand for no value? Asked before any check digit: 0000000000000 is a valid GTIN. Takes a canonical value.
 *  Of own codes only words, and runs of one digit of at least six: a short run may be somebody's number. */
export function isPlaceholderSql(scheme: IdentifierScheme, canonical: string): string {
  const spelt = `translate(${canonical}, './#?*_- ', '')`;
  const digits = `ltrim(${canonical}, '0')`;
  const run = `(length(replace(${canonical}, left(${canonical}, 1), '')) = 0 AND length(${canonical}) >= ${scheme.name === 'code' ? 6 : 3})`;
  const own =
    scheme.name === 'code'
      ? []
      : [
          ...countedSql(scheme, canonical),
          `${canonical} IN (${sequencesOf(scheme).map(literal).join(', ')})`,
          `length(${canonical}) < 3`,
          nearlyRunSql(digits),
        ];
  return `(${[`CASE WHEN regexp_full_match(${canonical}, '[A-Z./#?*_\\- ]+') THEN list_contains(${literalList(words)}, ${spelt}) ELSE false END`, run, ...own].join(' OR ')})`;
}

/** Schemes whose values begin with the letters of a country; a placeholder may have them too. */
const withCountry = ['vat', 'iban'];

/** DE999999999 and IT01234567890: what follows the country is a run or a sequence. */
function countedSql(scheme: IdentifierScheme, canonical: string): string[] {
  if (!withCountry.includes(scheme.name)) return [];
  const number = `substr(${canonical}, 3)`;
  const isNumber = `regexp_full_match(${canonical}, '[A-Z]{2}[0-9]{5,}')`;
  return [`(${isNumber} AND (length(replace(${number}, left(${number}, 1), '')) = 0 OR ${number} IN (${countedSequences.map(literal).join(', ')})))`];
}

/** 000099999999 after padding: one digit repeated, at least five times. */
function nearlyRunSql(digits: string): string {
  return `(length(${digits}) >= 5 AND length(replace(${digits}, left(${digits}, 1), '')) = 0 AND left(${digits}, 1) BETWEEN '0' AND '9')`;
}

const countedSequences = [...sequences, '123456789', '987654321', '012345678', '01234567890'];

function sequencesOf(scheme: IdentifierScheme): string[] {
  const { padding } = scheme;
  const filled =
    padding === null ? sequences : sequences.flatMap((text) => (text.length <= padding.length ? [text, text.padStart(padding.length, '0')] : [text]));
  return [...new Set([...scheme.placeholders, ...filled])];
}

export function isPlaceholder(scheme: IdentifierScheme, canonical: string): boolean {
  const number = withCountry.includes(scheme.name) && /^[A-Z]{2}[0-9]{5,}$/.test(canonical) ? canonical.slice(2) : '';
  if (number !== '' && (new Set(number).size === 1 || countedSequences.includes(number))) return true;
  const isRun = (text: string, least: number) => text.length >= least && new Set(text).size === 1;
  if (words.includes(canonical.replace(/[./#?*_\- ]/g, ''))) return true;
  if (isRun(canonical, scheme.name === 'code' ? 6 : 3)) return true;
  if (scheme.name === 'code') return false;
  const digits = canonical.replace(/^0+/, '');
  return sequencesOf(scheme).includes(canonical) || canonical.length < 3 || (isRun(digits, 5) && /^[0-9]/.test(digits));
}
