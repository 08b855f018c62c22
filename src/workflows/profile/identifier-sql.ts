/** Identifiers that can be recognised by how they are written, and by their check digit where they have one. Each takes the SQL of a text. */
import { canonicalSql, checkSql, schemeOf } from '../../domain/identifiers/registry.ts';

const vatCountries = 'AT|BE|BG|CH|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI';

/** Predicates by scheme, the most telling first. A predicate is never null on a text that is not null. */
export const identifierSql: Readonly<Record<string, (text: string) => string>> = {
  uuid: (text) => matches(text, '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'),
  email: (text) => matches(text, '[^@\\s]+@[^@\\s]+\\.[A-Za-z]{2,}'),
  iban: (text) => holds('iban', text, '[A-Za-z]{2}[0-9]{2}[A-Za-z0-9 ]{11,42}'),
  lei: (text) => holds('lei', text, '[0-9A-Z]{18}[0-9]{2}'),
  npi: (text) => holds('npi', text, '[12][0-9]{9}'),
  'udi-di': (text) => holds('udi-di', text, '\\*?\\+[A-Z].{6,}|(?:\\][A-Z][0-9])?(?:\\(01\\)|01)[0-9]{14}.+'),
  gtin: (text) => holds('gtin', text, '[0-9]{8}|[0-9]{12,14}'),
  dea: (text) => holds('dea', text, '[A-Z][A-Z9][0-9]{7}'),
  ndc: (text) => holds('ndc', text, '[0-9]{4,6}-[0-9]{3,4}-[0-9]{1,2}'),
  'us-ein': (text) => matches(text, '[0-9]{2}-[0-9]{7}'),
  vat: (text) => matches(`upper(replace(${text}, ' ', ''))`, `(${vatCountries})[0-9A-Z]{8,12}`),
};

function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, '${pattern}')`;
}

/** Written as its users write it, and valid. The pattern comes first: a column of other numbers has some that pass a check digit. */
function holds(scheme: string, text: string, written: string): string {
  const known = schemeOf(scheme);
  const checked = `list_transform([${canonicalSql(known, text)}], lambda canonical: ${checkSql(known, 'canonical')})[1]`;
  return `CASE WHEN ${matches(text, written)} THEN coalesce(${checked}, false) ELSE false END`;
}
