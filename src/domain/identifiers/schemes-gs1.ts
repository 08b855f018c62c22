/** GS1 keys and the carriers of unique device identifiers. */
import { literal } from '../sql.ts';
import { gmnCheckPair, gmnCheckPairSql, gs1Sql, hibcCheckCharacter, hibcCheckCharacterSql, holdsGs1 } from './check-digits.ts';
import { asItIs, type IdentifierScheme, padded, type Strength, shaped } from './scheme.ts';

const gs1Strength: Strength = { passesAtRandom: 0.101, undetected: { substitution: 0, swap: 0.115, firstLost: 0.099, lastLost: 0.1 } };

/** Element strings open with the application identifier 01, in brackets, after a symbology identifier, or bare before more data. */
const elementString = '(?:\\][A-Z][0-9])?(?:\\(01\\)|01)([0-9]{14})(?:[^0-9].*|[0-9].*|)';

const gtinCanonical: IdentifierScheme['canonical'] = {
  of: (cleaned) => {
    if (/^[0-9]{8,14}$/.test(cleaned)) return cleaned.padStart(14, '0');
    return new RegExp(`^${elementString}$`, 's').exec(cleaned)?.[1] ?? cleaned;
  },
  sql: (cleaned) => `CASE WHEN regexp_full_match(${cleaned}, '[0-9]{8,14}') THEN lpad(${cleaned}, 14, '0')
    WHEN regexp_full_match(${cleaned}, ${literal(elementString)}, 's') THEN regexp_extract(${cleaned}, ${literal(`^${elementString}$`)}, 1, 's') ELSE ${cleaned} END`,
};

export const gtin: IdentifierScheme = {
  name: 'gtin',
  title: 'GTIN-8, -12, -13 or -14 (GS1), also out of an element string',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: true,
  pattern: '[0-9]{14}',
  canonical: gtinCanonical,
  check: shaped('[0-9]{14}', holdsGs1, (text) => gs1Sql(text, 14)),
  strength: gs1Strength,
  scope: 'global',
  reuse: 'never',
  reuseSource: 'GS1: never in healthcare, and nowhere since 2019-01-01',
  placeholders: [],
  padding: { length: 14, shortest: 8 },
};

export const gln: IdentifierScheme = {
  name: 'gln',
  title: 'GLN (GS1), party or location',
  cleaning: { separators: '-', ignoresCase: true },
  digitsOnly: true,
  pattern: '[0-9]{13}',
  ...padded(13, 10),
  check: shaped('[0-9]{13}', holdsGs1, (text) => gs1Sql(text, 13)),
  strength: gs1Strength,
  scope: 'global',
  reuse: 'never',
  reuseSource: 'GS1: not since 2022-07-01, never for locations of healthcare',
  placeholders: [],
};

const hibc = '\\+[A-Z][A-Z0-9]{3}[A-Z0-9]{1,18}[0-9][0-9A-Z\\-. $/+%]';
const hibcJoined = '\\+[A-Z][A-Z0-9]{3}[A-Z0-9]{1,18}[0-9]/.+';

const holdsHibc = (text: string) => /^[0-9A-Z\-. $/+%]+$/.test(text) && hibcCheckCharacter(text.slice(0, -1)) === text.slice(-1);
const holdsHibcSql = (text: string) =>
  `CASE WHEN regexp_full_match(${text}, '[0-9A-Z\\-. $/+%]+') THEN ${hibcCheckCharacterSql(`left(${text}, -1)`)} = right(${text}, 1) ELSE false END`;

/** A device identifier is either a GTIN or an HIBC primary; which of them, its first character says. */
export const udiDi: IdentifierScheme = {
  name: 'udi-di',
  title: 'UDI device identifier: GTIN out of a GS1 element string, or HIBC primary',
  cleaning: { separators: '*', ignoresCase: true },
  digitsOnly: false,
  pattern: `[0-9]{14}|${hibc}`,
  canonical: {
    of: (cleaned) => {
      if (!cleaned.startsWith('+')) return gtinCanonical.of(cleaned);
      if (!new RegExp(`^${hibcJoined}$`).test(cleaned) || !holdsHibc(cleaned)) return cleaned;
      // The check character at the end belongs to the whole; the primary alone has its own.
      const primary = cleaned.slice(0, cleaned.indexOf('/'));
      return primary + hibcCheckCharacter(primary);
    },
    sql: (cleaned) => {
      const primary = `split_part(${cleaned}, '/', 1)`;
      return `CASE WHEN NOT starts_with(${cleaned}, '+') THEN ${gtinCanonical.sql(cleaned)}
    WHEN regexp_full_match(${cleaned}, '${hibcJoined}') AND ${holdsHibcSql(cleaned)} THEN ${primary} || ${hibcCheckCharacterSql(primary)} ELSE ${cleaned} END`;
    },
  },
  check: shaped(
    `[0-9]{14}|${hibc}`,
    (text) => (text.startsWith('+') ? holdsHibc(text) : holdsGs1(text)),
    (text) => `CASE WHEN starts_with(${text}, '+') THEN ${holdsHibcSql(text)} ELSE ${gs1Sql(text, 14)} END`,
  ),
  strength: { passesAtRandom: 0.101, undetected: null },
  scope: 'global',
  reuse: 'never',
  reuseSource: 'A changed device needs a new UDI-DI (FDA 21 CFR 801.50, EU 2017/745 annex VI C)',
  placeholders: [],
  padding: { length: 14, shortest: 8 },
};

const gmnPattern = '[0-9]{5}[!-"%-?A-Z_a-z]{1,18}[2-9A-HJ-NP-Z]{2}';

export const gmn: IdentifierScheme = {
  name: 'gmn',
  title: 'GMN (GS1), the Basic UDI-DI of a device family',
  cleaning: { separators: '', ignoresCase: false },
  digitsOnly: false,
  pattern: gmnPattern,
  canonical: asItIs,
  check: shaped(
    gmnPattern,
    (text) => gmnCheckPair(text.slice(0, -2)) === text.slice(-2),
    (text) => `${gmnCheckPairSql(`left(${text}, -2)`)} = right(${text}, 2)`,
  ),
  strength: { passesAtRandom: 1 / 1021, undetected: null },
  scope: 'global',
  reuse: 'never',
  reuseSource: 'GS1 General Specifications 4.11',
  placeholders: [],
  padding: null,
};
