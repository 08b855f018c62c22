/** What is counted of a column and a table: one pass over a column, one row of counts. */
import { identifier, literal } from '../../domain/sql.ts';
import { identifierSql } from './identifier-sql.ts';

/** Columns as text, for looking at their values as they are written. */
export function copyTableSql(table: string, extract: string): string {
  return `CREATE TABLE ${identifier(table)} AS SELECT * FROM ${identifier(extract)}`;
}

const words = { nullWord: '^(NA|N/A|n/a|#N/A|NaN|nan|NULL|null|None|nil)$', formulaError: '^(#(REF|VALUE|DIV/0|NAME|NUM|NULL)[!?]?|#+)$' };
const trailer = '^(grand |sub)?-?(total|sum|summe|gesamt|zwischensumme|subtotal|eof|end of (file|report)|trailer|rows?:|count:?)\\b';

/** Counters by name; `x` is the value as text, null where it is null. */
const counters: Readonly<Record<string, string>> = {
  blank: "trim(x) = ''",
  padded: "x <> trim(x) AND trim(x) <> ''",
  integers: "regexp_full_match(x, '-?[0-9]+')",
  pointZero: "regexp_full_match(x, '-?[0-9]+\\.0')",
  decimals: "regexp_full_match(x, '-?[0-9]+\\.[0-9]+')",
  decimalCommas: "regexp_full_match(x, '-?[0-9]{1,3}(\\.?[0-9]{3})*,[0-9]+')",
  scientific: "regexp_full_match(x, '-?[0-9](\\.[0-9]+)?[eE]\\+?[0-9]+')",
  serialDates: "regexp_full_match(x, '[2-6][0-9]{4}(\\.[0-9]+)?')",
  twoLetters: "regexp_full_match(x, '[A-Z]{2}')",
  shortCodes: "regexp_full_match(x, '[A-Z0-9]{1,3}') AND regexp_matches(x, '[A-Z]')",
  leadingZeros: "regexp_full_match(x, '0[0-9]+')",
  mojibake:
    "regexp_matches(x, 'Ã[\\x{0080}-\\x{00BF}]|Ã[\\x{0192}\\x{201A}\\x{2026}\\x{2020}\\x{2021}\\x{0160}\\x{0152}\\x{0178}\\x{0153}\\x{0161}\\x{017E}\\x{017D}\\x{02DC}]|Â[\\x{00A0}-\\x{00BF}]|â€|ï»¿|ï¿½')",
  replaced: 'contains(x, chr(65533))',
  nullWord: `regexp_matches(x, ${literal(words.nullWord)})`,
  formulaError: `regexp_matches(x, ${literal(words.formulaError)})`,
  trailer: `regexp_matches(x, ${literal(trailer)}, 'i')`,
  isoDates: "regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?')",
  dottedDates: "regexp_full_match(x, '[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{2,4}([ T].*)?')",
  slashedDates: "regexp_full_match(x, '[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}([ T].*)?')",
  compactDates: "regexp_full_match(x, '(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])')",
};

export type ColumnFacts = {
  readonly [counter in
    | 'blank'
    | 'padded'
    | 'integers'
    | 'pointZero'
    | 'decimals'
    | 'decimalCommas'
    | 'scientific'
    | 'serialDates'
    | 'twoLetters'
    | 'shortCodes'
    | 'leadingZeros'
    | 'mojibake'
    | 'replaced'
    | 'nullWord'
    | 'formulaError'
    | 'trailer'
    | 'isoDates'
    | 'dottedDates'
    | 'slashedDates'
    | 'compactDates'
    | 'headerWord'
    | 'rows'
    | 'values'
    | 'distinct'
    | 'has_na']: number;
} & {
  readonly minimum: string | null;
  readonly maximum: string | null;
  readonly lowest: string | null;
  readonly highest: string | null;
  readonly shortest: number | null;
  readonly longest: number | null;
  /** The commonest length of the values, and how many have it. */
  readonly usualLength: number | null;
  readonly ofUsualLength: number;
  /** Scheme → values that fit it. */
  readonly identifiers: Readonly<Record<string, number>>;
};

export function columnFactsSql(table: string, column: string): string {
  const counted = Object.entries(counters).map(([name, test]) => `count(*) FILTER (${test}) AS ${identifier(name)}`);
  const schemes = Object.entries(identifierSql).map(([scheme, test]) => `${literal(scheme)}: count(*) FILTER (${test('trim(x)')})`);
  return `
    WITH texts AS (SELECT ${identifier(column)}::VARCHAR AS x FROM ${identifier(table)}),
    lengths AS (SELECT length(x) AS length, count(*) AS n FROM texts WHERE x IS NOT NULL GROUP BY ALL ORDER BY n DESC, length DESC LIMIT 1)
    SELECT count(*) AS rows, count(x) AS values, count(DISTINCT x) AS distinct, min(x) AS minimum, max(x) AS maximum,
      min(TRY_CAST(x AS DECIMAL(38, 10)))::VARCHAR AS lowest, max(TRY_CAST(x AS DECIMAL(38, 10)))::VARCHAR AS highest,
      min(length(x)) AS shortest, max(length(x)) AS longest,
      (SELECT length FROM lengths) AS "usualLength", coalesce((SELECT n FROM lengths), 0) AS "ofUsualLength",
      count(*) FILTER (x = 'NA') AS has_na, count(*) FILTER (lower(trim(x)) = ${literal(column.trim().toLowerCase())}) AS "headerWord",
      ${counted.join(', ')}, {${schemes.join(', ')}} AS identifiers
    FROM texts`;
}

/** Letters as A, digits as 9, repeated ones once. */
export function patternSql(text: string): string {
  return `regexp_replace(regexp_replace(${text}, '\\p{L}+', 'A', 'g'), '[0-9]+', '9', 'g')`;
}

export function patternsSql(table: string, column: string, limit: number): string {
  return `SELECT ${patternSql('x')} AS pattern, count(*) AS count FROM (SELECT ${identifier(column)}::VARCHAR AS x FROM ${identifier(table)})
    WHERE x IS NOT NULL GROUP BY ALL ORDER BY count DESC, pattern LIMIT ${limit}`;
}

/** A pair of columns is a key when it has as many combinations as there are rows. */
export function pairIsKeySql(table: string, [first, second]: readonly [string, string]): string {
  return `SELECT count(*) AS combinations FROM (SELECT DISTINCT ${identifier(first)}, ${identifier(second)} FROM ${identifier(table)})`;
}

/** One value (the smallest) that fits a counter's test. */
export function exampleSql(table: string, column: string, counter: string): string {
  return `SELECT min(x) AS example FROM (SELECT ${identifier(column)}::VARCHAR AS x FROM ${identifier(table)}) WHERE ${counters[counter]}`;
}

/** Columns that hold one and the same value wherever `column` is missing, and hardly anywhere else: then "missing" was written on purpose. */
export function companionsSql(table: string, column: string, others: readonly string[]): string {
  const missing = `(${identifier(column)} IS NULL OR trim(${identifier(column)}::VARCHAR) = '')`;
  const tests = others.map((other) => {
    const value = `${identifier(other)}::VARCHAR`;
    return `SELECT ${literal(other)} AS companion FROM (
      SELECT min(${value}) FILTER (${missing}) AS lowest, max(${value}) FILTER (${missing}) AS highest,
        count(*) FILTER (${missing} AND ${value} IS NULL) AS absent FROM ${identifier(table)}) AS held
      WHERE lowest = highest AND absent = 0
        AND (SELECT count(*) FILTER (NOT ${missing} AND ${value} = held.lowest) * 4 <= count(*) FILTER (NOT ${missing}) FROM ${identifier(table)})`;
  });
  return tests.join(' UNION ALL ');
}

/** Rows that repeat the header: at least two columns hold their own name. */
export function headerRowsSql(table: string, columns: readonly string[]): string {
  const holds = columns.map((column) => `coalesce((lower(trim(${identifier(column)}::VARCHAR)) = ${literal(column.trim().toLowerCase())})::INTEGER, 0)`);
  return `SELECT count(*) FILTER (${holds.join(' + ')} >= 2) AS n FROM ${identifier(table)}`;
}
