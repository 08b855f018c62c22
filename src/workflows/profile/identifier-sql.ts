/** Identifiers that can be recognised by their format, and by their check digit where it is simple. Each takes the SQL of a text. */

const isoCountries = 'AT|BE|BG|CH|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI';

/** Predicates by scheme, the most telling first. A predicate is never null on a text that is not null. */
export const identifierSql: Readonly<Record<string, (text: string) => string>> = {
  uuid: (text) => matches(text, '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'),
  email: (text) => matches(text, '[^@\\s]+@[^@\\s]+\\.[A-Za-z]{2,}'),
  iban: (text) => `(${matches(bare(text), '[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}')} AND ${ibanRestSql(bare(text))} = 1)`,
  npi: (text) => `(${matches(text, '[12][0-9]{9}')} AND ${luhnSql(`('80840' || ${text})`)})`,
  gtin: (text) => `(${matches(text, '[0-9]{8}|[0-9]{12,14}')} AND ${gtinSql(text)})`,
  'us-ein': (text) => matches(text, '[0-9]{2}-[0-9]{7}'),
  vat: (text) => matches(bare(text), `(${isoCountries})[0-9A-Z]{8,12}`),
};

function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, '${pattern}')`;
}

function bare(text: string): string {
  return `upper(replace(${text}, ' ', ''))`;
}

/** ISO 13616: the first four characters to the end, letters as 10 to 35, modulo 97; digit by digit, since the number is longer than any integer. */
function ibanRestSql(text: string): string {
  const characters = `string_split(substr(${text}, 5) || substr(${text}, 1, 4), '')`;
  const values = `list_transform(${characters}, lambda c: CASE WHEN c BETWEEN 'A' AND 'Z' THEN ascii(c) - 55 ELSE ascii(c) - 48 END)`;
  return `list_reduce(list_prepend(0, ${values}), lambda sum, v: (sum * CASE WHEN v > 9 THEN 100 ELSE 10 END + v) % 97)`;
}

/** GS1: weights 3 and 1 from the right, check digit last. */
function gtinSql(text: string): string {
  const padded = `lpad(${text}, 14, '0')`;
  const weighted = `list_transform(range(1, 15), lambda i: coalesce(TRY_CAST(substr(${padded}, i, 1) AS INTEGER), 0) * CASE WHEN i % 2 = 1 THEN 3 ELSE 1 END)`;
  return `list_sum(${weighted}) % 10 = 0`;
}

/** Luhn over a text of 15 digits: every second from the right doubled. */
function luhnSql(text: string): string {
  const digit = `coalesce(TRY_CAST(substr(${text}, i, 1) AS INTEGER), 0)`;
  return `list_sum(list_transform(range(1, 16), lambda i: CASE WHEN i % 2 = 0 THEN (${digit} * 2) % 10 + (${digit} * 2) // 10 ELSE ${digit} END)) % 10 = 0`;
}
