/** Letters that were read in another encoding than they were written in. */
import { literal } from '../../../domain/sql.ts';
import { type Candidate, type Family, isTextual } from './transformation.ts';

/** What Windows has in the places 0x80 to 0x9F, by Unicode. */
const windows: readonly (readonly [number, number])[] = [
  [0x20ac, 0x80],
  [0x201a, 0x82],
  [0x0192, 0x83],
  [0x201e, 0x84],
  [0x2026, 0x85],
  [0x2020, 0x86],
  [0x2021, 0x87],
  [0x02c6, 0x88],
  [0x2030, 0x89],
  [0x0160, 0x8a],
  [0x2039, 0x8b],
  [0x0152, 0x8c],
  [0x017d, 0x8e],
  [0x2018, 0x91],
  [0x2019, 0x92],
  [0x201c, 0x93],
  [0x201d, 0x94],
  [0x2022, 0x95],
  [0x2013, 0x96],
  [0x2014, 0x97],
  [0x02dc, 0x98],
  [0x2122, 0x99],
  [0x0161, 0x9a],
  [0x203a, 0x9b],
  [0x0153, 0x9c],
  [0x017e, 0x9e],
  [0x0178, 0x9f],
];

/** The byte a character was; 0xFF, which no UTF-8 text has, for a character that was none. */
const byteSql = `CASE WHEN unicode(c) < 256 THEN unicode(c) ${windows.map(([point, byte]) => `WHEN unicode(c) = ${point} THEN ${byte}`).join(' ')} ELSE 255 END`;

/** Texts that can be UTF-8 read as something else: every letter beyond ASCII is the beginning of a sequence or goes on with one. Asked first, because
 *  a text that cannot be decoded costs a thousand times as much. */
const rest = `[\\x{0080}-\\x{00BF}${windows.map(([point]) => `\\x{${point.toString(16)}}`).join('')}]`;
const sequences = `^([\\x00-\\x7F]|[\\x{00C2}-\\x{00DF}]${rest}|[\\x{00E0}-\\x{00EF}]${rest}{2}|[\\x{00F0}-\\x{00F4}]${rest}{3})*$`;

/** UTF-8 read as Latin-1 or Windows-1252, read rightly; NULL where it was not that. */
function mendedSql(text: string): string {
  const bytes = `array_to_string(list_transform(string_split(${text}, ''), lambda c: printf('%02x', ${byteSql})), '')`;
  return `CASE WHEN length(${text}) <> strlen(${text}) AND regexp_matches(${text}, '${sequences}') THEN TRY(decode(unhex(${bytes}))) END`;
}

const sides = [
  { damaged: 'odoo', good: 'l', bad: 'o', who: 'Odoo has' },
  { damaged: 'legacy', good: 'o', bad: 'l', who: 'The legacy side has' },
] as const;

export const encodings: Family = async ({ contract }, plane) => {
  if (!isTextual(contract)) return [];
  const [found] = await plane.rows<{ letters: boolean | null }>(
    `SELECT bool_or((length(l) <> strlen(l) OR length(o) <> strlen(o))) AS letters FROM pattern_values WHERE l IS NOT NULL AND o IS NOT NULL`,
  );
  if (found?.letters !== true) return [];
  return sides.flatMap(({ damaged, good, bad, who }): Candidate[] => {
    const foreign = `(coalesce(alike, 'punctuation') = 'punctuation' AND length(${good}) <> strlen(${good}))`;
    const shared = { transformation: 'encoding', damaged, chance: 0.002 };
    const readAs = (encoding: string): Candidate['mend'] => (damaged === 'legacy' ? { kind: 'encoding', encoding } : null);
    const replaced = (mark: string) => `regexp_replace(${good}, '[^\\x00-\\x7F]', ${literal(mark)}, 'g') = ${bad}`;
    return [
      {
        ...shared,
        parameter: 'utf-8 as windows-1252',
        condition: `(${foreign} AND length(${bad}) > length(${good}) AND ${mendedSql(bad)} = ${good})`,
        sentence: `${who} its accented letters as two odd ones: UTF-8 was read as Windows-1252`,
        mend: readAs('utf-8'),
      },
      {
        ...shared,
        parameter: 'utf-8 as windows-1252, twice',
        condition: `(${foreign} AND length(${bad}) > length(${good}) AND ${mendedSql(mendedSql(bad))} = ${good})`,
        sentence: `${who} its accented letters as four odd ones: UTF-8 was read as Windows-1252 twice`,
        mend: null,
      },
      ...(['?', '\uFFFD', '??', '\uFFFD\uFFFD'] as const).map((mark) => ({
        ...shared,
        parameter: mark,
        condition: `(${foreign} AND ${replaced(mark)})`,
        sentence: `${who} ${mark.startsWith('?') ? 'a question mark' : 'the replacement character'} in place of its accented letters`,
        mend: mark.startsWith('?') ? null : readAs('windows-1252'),
      })),
      {
        ...shared,
        transformation: 'transliterated',
        parameter: null,
        condition: `(${foreign} AND ${plainLetters(good, bad)})`,
        sentence: `${who} it without its accents`,
        mend: null,
      },
    ];
  });
};

/** Without accents, or as German spells them out. */
function plainLetters(good: string, bad: string): string {
  const german = [
    ['ä', 'ae'],
    ['ö', 'oe'],
    ['ü', 'ue'],
    ['Ä', 'Ae'],
    ['Ö', 'Oe'],
    ['Ü', 'Ue'],
    ['ß', 'ss'],
  ] as const;
  const spelt = german.reduce((sql, [letter, letters]) => `replace(${sql}, ${literal(letter)}, ${literal(letters)})`, good);
  return `(strip_accents(${good}) = ${bad} OR strip_accents(${spelt}) = ${bad})`;
}
