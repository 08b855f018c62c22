/** Numbers and dates that stand in text fields, written in two ways. */
import { literal } from '../../../domain/sql.ts';
import { type Candidate, type Family, isTextual } from './transformation.ts';

/** One number, whatever separates its thousands and decimals: the last of `.` and `,` is the decimal point unless three digits and nothing else follow. */
const thousands = [
  { name: 'decimal comma', legacy: (text: string) => `replace(replace(${text}, '.', ''), ',', '.')`, shape: "'^[+-]?[0-9]{1,3}([.]?[0-9]{3})*,[0-9]+$'" },
  {
    name: 'thousands separators',
    legacy: (text: string) => `regexp_replace(${text}, '[, '' \\x{00A0}]', '', 'g')`,
    shape: "'^[+-]?[0-9]{1,3}([, '' \\x{00A0}][0-9]{3})+([.][0-9]+)?$'",
  },
  { name: 'exponent', legacy: (text: string) => text, shape: "'^[+-]?[0-9]([.][0-9]+)?[eE][+-]?[0-9]+$'" },
] as const;

const dateFormats = ['%Y-%m-%d', '%d.%m.%Y', '%d/%m/%Y', '%m/%d/%Y', '%d-%m-%Y', '%Y%m%d', '%d.%m.%y', '%m/%d/%y', '%Y/%m/%d'] as const;
const words: Readonly<Record<string, string>> = { '%Y': 'YYYY', '%y': 'YY', '%m': 'MM', '%d': 'DD' };
const named = (format: string): string => format.replaceAll(/%[Yymd]/g, (part) => words[part] ?? part);

export const numberFormats: Family = async ({ contract }) => {
  if (!isTextual(contract)) return [];
  return (['l', 'o'] as const).flatMap((side) => {
    const other = side === 'l' ? 'o' : 'l';
    return thousands.map(({ name, legacy, shape }): Candidate => {
      const number = `TRY_CAST(${legacy(side)} AS DECIMAL(38,8))`;
      const wrap = (text: string) => `coalesce(CASE WHEN regexp_matches(${text}, ${shape}) THEN ${legacy(text)} END, ${text})`;
      return {
        ...{ transformation: 'number-format', parameter: name, chance: 0.005 },
        condition: `(CASE WHEN ${side} IS NOT NULL AND ${other} IS NOT NULL AND regexp_matches(${side}, ${shape}) THEN ${number} = TRY_CAST(${other} AS DECIMAL(38,8)) ELSE false END)`,
        sentence: `${side === 'l' ? 'The legacy side' : 'Odoo'} writes the number with ${name === 'exponent' ? 'an exponent, as spreadsheets do' : name === 'decimal comma' ? 'a decimal comma' : name}`,
        damaged: name === 'exponent' ? (side === 'l' ? 'legacy' : 'odoo') : null,
        mend: side === 'l' && name !== 'exponent' ? { kind: 'expression', wrap, isHarmless: true } : null,
      };
    });
  });
};

export const dateFormatsFamily: Family = async ({ contract }, plane) => {
  if (!isTextual(contract)) return [];
  const looksLikeDate = (side: string) => `(length(${side}) BETWEEN 8 AND 10 AND regexp_matches(${side}, '^[0-9]{1,4}[-./]?[0-9]{1,2}[-./]?[0-9]{1,4}$'))`;
  const both = `(${looksLikeDate('l')} AND ${looksLikeDate('o')})`;
  // a format must be a constant, and so every pair of them has a count of its own
  const parsed = (['l', 'o'] as const).flatMap((side) => dateFormats.map((format, index) => `try_strptime(${side}, ${literal(format)}) AS ${side}${index}`));
  const pairs = dateFormats.flatMap((legacy, l) => dateFormats.flatMap((odoo, o) => (l === o ? [] : [{ legacy, odoo, l, o }])));
  const counts = pairs.map(({ l, o }, index) => `count(*) FILTER (l${l} = o${o}) AS "${index}"`);
  const [row = {}] = await plane.rows<Record<string, number>>(
    `SELECT ${counts.join(', ')} FROM (SELECT ${parsed.join(', ')} FROM pattern_values WHERE ${both})`,
  );
  const found = pairs
    .map((pair, index) => ({ ...pair, rows: row[String(index)] ?? 0 }))
    .filter(({ rows }) => rows > 0)
    .sort((one, other) => other.rows - one.rows)
    .slice(0, 3);
  return found.map(
    ({ legacy, odoo }): Candidate => ({
      ...{ transformation: 'date-format', parameter: `${named(legacy)} → ${named(odoo)}`, damaged: null, chance: 0.002 },
      condition: `(${both} AND try_strptime(l, ${literal(legacy)}) = try_strptime(o, ${literal(odoo)}))`,
      sentence: `The legacy side writes the date as ${named(legacy)}, Odoo as ${named(odoo)}`,
      mend: {
        kind: 'expression',
        isHarmless: true,
        wrap: (text) => `coalesce(strftime(try_strptime(${text}, ${literal(legacy)}), ${literal(odoo)}), ${text})`,
      },
    }),
  );
};
