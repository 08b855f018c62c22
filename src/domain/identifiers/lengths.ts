/** How long a whole value is, where the scheme says so: what is shorter has lost something. */
import { countrySpecs } from 'ibantools';
import type { IdentifierScheme } from './scheme.ts';

const fixed: Readonly<Record<string, number>> = {
  ...{ gln: 13, 'us-ein': 9, duns: 9, acn: 9, siren: 9, siret: 14, npi: 10, 'nhs-number': 10, abn: 11, lei: 20, pzn: 8, dea: 9 },
};

/** Characters of a whole value; null where the scheme leaves it open (GTIN, VAT, own codes). Takes a cleaned text. */
export function wholeLengthSql(scheme: IdentifierScheme, cleaned: string): string {
  if (scheme.name === 'iban') {
    const countries = Object.entries(countrySpecs).flatMap(([country, { chars }]) => (typeof chars === 'number' ? [`'${country}': ${chars}`] : []));
    return `CAST(MAP {${countries.sort().join(', ')}}[left(${cleaned}, 2)] AS INTEGER)`;
  }
  return fixed[scheme.name] === undefined ? 'CAST(NULL AS INTEGER)' : String(fixed[scheme.name]);
}
