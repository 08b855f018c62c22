/** What a field means to the matcher. Declared in the contract (`match.fields`), else taken from the field's type and name, else from its values. */
import type { FieldContract, MatchKind } from '../../domain/contract.ts';
import { identifier } from '../../domain/sql.ts';

export interface MatchField {
  readonly name: string;
  readonly kind: MatchKind;
  /** Of an identifier: its scheme. */
  readonly scheme: string | null;
}

/** What names say in the languages of the systems we meet; the first that fits is taken, and a word counts only as a whole (`_` separates). */
const spoken: readonly (readonly [RegExp, MatchKind])[] = [
  [/^(e_?mail|mail)(_address)?$|_e?mail$|^email_/, 'email'],
  [/(^|_)(phone|telephone|tel|mobile|cell|fax)(_|$)/, 'phone'],
  [/(^|_)(website|url|homepage|web)(_|$)/, 'url'],
  [/(^|_)(zip|zip_?code|post_?code|postal|postal_code|plz)(_|$)/, 'postcode'],
  [/(^|_)(dob|birthday|date|born|birth_date)(_|$)/, 'date'],
  [/(^|_)(given|first|fore|middle|maiden|sur|last|family)_?names?(_|$)|^(surname|forename|fname|lname)$/, 'person_name'],
  [/(^|_)(city|town|suburb|locality|village|municipality|county|district|place|birth_?place|neighbou?rhood)(_|$)/, 'place'],
  [/(^|_)(state|province|region|country|nation|nationality|gender|sex|language|currency|category|class|group|status|kind|type)(_|$)/, 'category'],
  [/(^|_)(street\d?|address(es)?|addr\d?|road|street_?name|address_?\d)(_|$)/, 'address'],
  [/(^|_)(street_number|house_number|house_no|number|no)$/, 'category'],
  [/(^|_)(title|description|summary|notes?|abstract|specification|text|comment|product)(_|$)/, 'text'],
  [/(^|_)(full_?name|name|company|organi[sz]ation|supplier|vendor|manufacturer|brand|venue|agency|author|authors|party|partner|customer|legal)(_|$)/, 'name'],
  [/(^|_)(price|amount|cost|value)(_|$)/, 'amount'],
];

/** The kind a contract's field has by itself. `null`: it takes no part; `'?'`: its values must tell. */
export function kindOfField(name: string, field: FieldContract): MatchKind | null | '?' {
  switch (field.type) {
    case 'identifier':
      return 'identifier';
    case 'choice':
    case 'code':
      return 'category';
    case 'date':
      return 'date';
    case 'integer':
    case 'decimal':
    case 'quantity':
    case 'money':
      return 'amount';
    case 'text':
      return spoken.find(([pattern]) => pattern.test(name))?.[1] ?? '?';
    // a switch, a moment of some system's work, or the key of another record of the same system says nothing about what a record is
    case 'boolean':
    case 'timestamp':
    case 'ref':
      return null;
  }
}

/** Figures of a text field from which its kind is told: counts and sums over values that are not empty. */
export interface FieldProfile {
  readonly values: number;
  readonly distinct: number;
  readonly words: number;
  readonly letters: number;
  /** Values with a word that holds a digit, and values that are one word with one. */
  readonly digitWords: number;
  readonly numbers: number;
  readonly isoDates: number;
}

/** One row of the figures of one field of `relation` (a table or subquery). Of a name only those that `kindOfValues` looks at, the others are 0. */
export function fieldProfileSql(relation: string, field: string, guess: MatchKind | '?'): string {
  const text = `trim(CAST(${identifier(field)} AS VARCHAR))`;
  const figure = (sql: string, ofName = false): string => (guess === 'name' && !ofName ? '0' : sql);
  return `SELECT count(*) AS "values", ${figure('count(DISTINCT value)')} AS "distinct", coalesce(sum(len(string_split(value, ' '))), 0)::BIGINT AS words,
    ${figure("count(*) FILTER (regexp_matches(value, '\\p{L}'))")} AS letters,
    ${figure("count(*) FILTER (regexp_matches(value, '[0-9]'))", true)} AS "digitWords",
    ${figure("count(*) FILTER (regexp_full_match(value, '[0-9]+([.][0-9]+)?'))")} AS numbers,
    ${figure("count(*) FILTER (regexp_full_match(value, '[0-9]{4}-?[0-9]{2}-?[0-9]{2}'))")} AS "isoDates"
  FROM (SELECT ${text} AS value FROM ${relation}) WHERE value <> ''`;
}

/** Kind by the figures. A name in which numbers are usual is a description of a thing, and no name of a person or company. */
export function kindOfValues(guess: MatchKind | '?', profile: FieldProfile): MatchKind | null {
  if (profile.values === 0) return guess === '?' ? null : guess;
  const share = (count: number): number => count / profile.values;
  const words = share(profile.words);
  if (guess === 'name') return share(profile.digitWords) > 0.3 && words > 2 ? 'text' : 'name';
  if (guess === 'category') return profile.distinct > 50 && share(profile.distinct) > 0.5 && share(profile.letters) > 0.9 && words > 2 ? 'name' : 'category';
  if (guess !== '?') return guess;
  if (share(profile.isoDates) > 0.9) return 'date';
  if (profile.distinct <= 20 || (share(profile.distinct) < 0.02 && words < 3)) return 'category';
  if (share(profile.numbers) > 0.9) return share(profile.distinct) > 0.5 ? 'identifier' : 'amount';
  if (words > 6 || (words > 2 && share(profile.digitWords) > 0.3)) return 'text';
  if (words < 1.1 && share(profile.digitWords) > 0.8) return 'identifier';
  return 'name';
}
