/** Identifiers of accounts and banks. */
import { countrySpecs, isValidBIC } from 'ibantools';
import { rest97, rest97Sql } from './check-digits.ts';
import { asItIs, type IdentifierScheme, shaped } from './scheme.ts';

/** One pattern for all countries: letters, check digits (02 to 98), and the country's own account number. */
const ibanPattern = Object.entries(countrySpecs)
  .filter(([, spec]) => typeof spec.bban_regexp === 'string' && typeof spec.chars === 'number')
  .map(([country, spec]) => `${country}[0-9]{2}${String(spec.bban_regexp).replace(/^\^|\$$/g, '')}`)
  .sort()
  .join('|');

const ibanShape = '[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}';
const ibanFull = new RegExp(`^(?:${ibanPattern})$`);
const rotated = (text: string) => text.slice(4) + text.slice(0, 4);

/** Structure by country as ISO 13616 registers it, and MOD 97-10. A country's own digits inside the account number are not looked at:
 *  an account that its bank has numbered wrongly is none the less reached by it. */
function holdsIban(text: string): boolean {
  const digits = Number(text.slice(2, 4));
  return ibanFull.test(text) && digits >= 2 && digits <= 98 && rest97(rotated(text)) === 1;
}

export const iban: IdentifierScheme = {
  name: 'iban',
  title: 'IBAN (ISO 13616)',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: false,
  pattern: ibanShape,
  canonical: asItIs,
  check: shaped(
    ibanShape,
    holdsIban,
    (text) => `CASE WHEN regexp_full_match(${text}, '${ibanPattern}') THEN substr(${text}, 3, 2) BETWEEN '02' AND '98'
      AND ${rest97Sql(`(substr(${text}, 5) || left(${text}, 4))`)} = 1 ELSE false END`,
  ),
  strength: { passesAtRandom: 1 / 97, undetected: { substitution: 0, swap: 0.004, firstLost: 0, lastLost: 0 } },
  scope: 'global',
  reuse: 'possible',
  reuseSource: 'Differs by bank: a closed account number may be given again',
  placeholders: [],
  padding: null,
};

const bicCountries = Object.keys(countrySpecs)
  .filter((country) => isValidBIC(`AAAA${country}2L`))
  .sort()
  .join('|');
const bicPattern = `[A-Z]{4}(?:${bicCountries})[A-Z0-9]{5}`;

export const bic: IdentifierScheme = {
  name: 'bic',
  title: 'BIC (ISO 9362), format and country only',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: false,
  pattern: '[A-Z]{6}[A-Z0-9]{5}',
  // Eight characters name the head office, which XXX does too.
  canonical: {
    of: (cleaned) => (/^[A-Z]{6}[A-Z0-9]{2}$/.test(cleaned) ? `${cleaned}XXX` : cleaned),
    sql: (cleaned) => `CASE WHEN regexp_full_match(${cleaned}, '[A-Z]{6}[A-Z0-9]{2}') THEN ${cleaned} || 'XXX' ELSE ${cleaned} END`,
  },
  check: shaped(
    bicPattern,
    () => true,
    () => 'true',
  ),
  strength: { passesAtRandom: 1, undetected: null },
  scope: 'global',
  reuse: 'possible',
  reuseSource: 'SWIFT may assign a deleted BIC again after a time',
  placeholders: [],
  padding: null,
};
