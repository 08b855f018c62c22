/** Identifiers as text, the same in SQL and TypeScript. Case and characters are mapped one by one from lists that both sides share:
 *  `upper` and `\s` mean different things in each of them. */
import { literal } from '../sql.ts';

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Blanks, line ends, no-break and zero-width characters, byte order mark, and the invisible marks of bidirectional text. */
export const whitespace = codes(
  [0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x85, 0xa0, 0xad, 0x1680],
  [0x2000, 0x200f],
  [0x2028, 0x202f],
  [0x205f, 0x2064],
  [0x3000],
  [0xfeff],
);

/** Hyphens and dashes that stand for `-`. */
const dashes = codes([0x2010, 0x2015], [0x2212], [0xfe58], [0xfe63], [0xff0d]);

/** Letters of other alphabets that look like Latin ones, and full-width letters and digits: `from[i]` is read as `to[i]`. */
const lookAlikes: { readonly from: string; readonly to: string } = {
  from:
    'АВЕЅІЈКМНОРСТХУаеіјорсухѕ' + // Cyrillic
    'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο' + // Greek
    codes([0xff21, 0xff3a], [0xff41, 0xff5a], [0xff10, 0xff19]) + // full width
    codes([0x0660, 0x0669], [0x06f0, 0x06f9]) + // Arabic-Indic digits
    dashes,
  to: 'ABESIJKMHOPCTXYaeijopcyxs' + 'ABEZHIKMNOPTYXo' + upper + lower + '0123456789' + '0123456789' + '0123456789' + '-'.repeat([...dashes].length),
};

/** Letters that are typed or read for digits, where only digits can stand. */
const digitLookAlikes = { from: 'OoQDIlLiZzSsB|', to: '00001111225581' };

/** How the text of a scheme is cleaned: what may stand between its characters, and whether case counts. */
export interface Cleaning {
  /** Characters without meaning, besides whitespace. */
  readonly separators: string;
  readonly ignoresCase: boolean;
}

export function cleanSql(cleaning: Cleaning, text: string): string {
  const { from, to } = mapOf(cleaning);
  const short = `translate(${cleaning.ignoresCase ? `upper(${text})` : text}, ${literal(` ${cleaning.separators}`)}, '')`;
  return `CASE WHEN ${isPlainSql(text)} THEN ${short} ELSE translate(${text}, ${literal(from)}, ${literal(to)}) END`;
}

/** Nearly every value is made of printable ASCII. The engine reads its character lists anew for each value, so long ones are for the others only. */
function isPlainSql(text: string): string {
  return `regexp_full_match(${text}, '[ -~]*')`;
}

export function clean(cleaning: Cleaning, text: string): string {
  return translate(text, mapOf(cleaning));
}

/** The text with look-alikes written as what they look like, and nothing invisible: what was most likely meant. `digitsOnly`: also O for 0, l for 1. */
export function foldSql(text: string, digitsOnly: boolean): string {
  const { from, to } = foldMap(digitsOnly);
  const short = digitsOnly ? `translate(${text}, ${literal(digitLookAlikes.from)}, ${literal(digitLookAlikes.to)})` : text;
  const digits = digitsOnly ? `WHEN regexp_full_match(${text}, '[0-9 ./-]*') THEN ${text} ` : '';
  return `trim(CASE ${digits}WHEN ${isPlainSql(text)} THEN ${short} ELSE translate(${text}, ${literal(from)}, ${literal(to)}) END)`;
}

export function fold(text: string, digitsOnly: boolean): string {
  return translate(text, foldMap(digitsOnly)).replace(/^ +| +$/g, '');
}

interface CharacterMap {
  readonly from: string;
  /** Shorter than `from`: the characters beyond are left out. */
  readonly to: string;
}

function mapOf({ separators, ignoresCase }: Cleaning): CharacterMap {
  return ignoresCase ? { from: lower + separators + whitespace, to: upper } : { from: separators + whitespace, to: '' };
}

function foldMap(digitsOnly: boolean): CharacterMap {
  const { from, to } = digitsOnly ? digitLookAlikes : { from: '', to: '' };
  // A letter of another alphabet that looks like O is a zero where only digits can stand.
  const alike = [...lookAlikes.to].map((letter) => (from.includes(letter) ? to.charAt(from.indexOf(letter)) : letter)).join('');
  const invisible = [...whitespace].filter((character) => character !== ' ').join('');
  return { from: from + lookAlikes.from + invisible, to: to + alike };
}

function translate(text: string, { from, to }: CharacterMap): string {
  const sources = [...from];
  const targets = [...to];
  const map = new Map(sources.map((source, index) => [source, targets[index] ?? '']));
  let result = '';
  for (const character of text) result += map.get(character) ?? character;
  return result;
}

function codes(...ranges: readonly (readonly number[])[]): string {
  return ranges
    .flatMap((range) =>
      range.length === 2 ? Array.from({ length: (range[1] as number) - (range[0] as number) + 1 }, (_, index) => (range[0] as number) + index) : range,
    )
    .map((code) => String.fromCodePoint(code))
    .join('');
}
