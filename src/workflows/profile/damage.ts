/** What extractions do to data, told from the counts of a column. Every rule is a suspicion with a count; a person decides. */
import type { ColumnFacts } from './profile-sql.ts';

export interface Suspicion {
  readonly kind: string;
  readonly count: number;
  /** The counter whose values are an example; null where nothing can be shown. */
  readonly counter: string | null;
  readonly hint: string;
}

/** Of these many values nearly all must be of one kind before the rest is suspect. */
const NEARLY_ALL = 0.95;

export function findDamage(column: string, type: string, facts: ColumnFacts): Suspicion[] {
  if (facts.values === 0) return [];
  return [...textDamage(facts), ...(type === 'VARCHAR' ? [...numberDamage(column, facts), ...dateDamage(facts), ...codeDamage(facts)] : [])].filter(
    ({ count }) => count > 0,
  );
}

/** Could its blanks have been a code that reads as "no value"? To be confirmed by another column. */
export function mayHaveLostNotApplicable(type: string, facts: ColumnFacts): boolean {
  const missing = facts.rows - facts.values + facts.blank;
  return (
    type === 'VARCHAR' && missing >= 5 && missing < facts.rows / 2 && facts.shortCodes >= (facts.values - facts.blank) * NEARLY_ALL && facts.distinct <= 100
  );
}

function textDamage(facts: ColumnFacts): Suspicion[] {
  return [
    { kind: 'encoding', count: facts.mojibake, counter: 'mojibake', hint: 'UTF-8 was read as Latin-1 on the way; extract it again with the right encoding.' },
    {
      kind: 'lost-characters',
      count: facts.replaced,
      counter: 'replaced',
      hint: 'Characters were replaced by U+FFFD and cannot be recovered; extract it again with the right encoding.',
    },
    { kind: 'blanks-around', count: facts.padded, counter: 'padded', hint: 'Trim it in the mapping: trim(…).' },
    {
      kind: 'null-word',
      count: facts.nullWord,
      counter: 'nullWord',
      hint: 'If the word stands for no value, list it in null_text of the system; if it is a code (Namibia is NA), leave it.',
    },
    {
      kind: 'formula-error',
      count: facts.formulaError,
      counter: 'formulaError',
      hint: 'A spreadsheet wrote an error or a column too narrow; extract it from the source instead.',
    },
    {
      kind: 'trailer-row',
      count: facts.trailer <= 50 ? facts.trailer : 0,
      counter: 'trailer',
      hint: 'Totals stand between the rows; leave them out with `filter:`.',
    },
  ];
}

function numberDamage(column: string, facts: ColumnFacts): Suspicion[] {
  const missing = facts.rows - facts.values;
  const found: Suspicion[] = [];
  // without a single missing value the column was never turned into floats: then .0 is how its decimals are written
  if (facts.pointZero === facts.values && missing > 0) {
    found.push({
      kind: 'integer-as-float',
      count: facts.pointZero,
      counter: 'pointZero',
      hint: 'A tool read integers with gaps as floats; cast in the mapping: "X"::DECIMAL(18,1)::BIGINT.',
    });
  }
  const numbers = facts.integers + facts.decimals + facts.decimalCommas;
  if (facts.decimalCommas > 0 && numbers >= facts.values * NEARLY_ALL) {
    found.push({
      kind: 'decimal-comma',
      count: facts.decimalCommas,
      counter: 'decimalCommas',
      hint: "Write in the mapping: replace(replace(X, '.', ''), ',', '.').",
    });
  }
  if (facts.scientific > 0 && facts.scientific + numbers >= facts.values * NEARLY_ALL) {
    found.push({
      kind: 'scientific-notation',
      count: facts.scientific,
      counter: 'scientific',
      hint: 'A spreadsheet shortened long numbers and their last digits are lost; extract it again as text.',
    });
  }
  if (facts.serialDates === facts.values && /date|day|datum|birth|_on$|_at$|due|expir|valid/i.test(column)) {
    found.push({
      kind: 'excel-date',
      count: facts.serialDates,
      counter: 'serialDates',
      hint: "Days since 1899-12-30; write in the mapping: DATE '1899-12-30' + X::INTEGER.",
    });
  }
  const shorter = facts.values - facts.ofUsualLength;
  const range = Number(facts.highest) - Number(facts.lowest) + 1;
  const isDense = range <= facts.distinct * 3;
  const isFixed = (facts.usualLength ?? 0) >= 5 && facts.usualLength === facts.longest && facts.ofUsualLength >= facts.values * 0.8;
  if (facts.integers === facts.values && facts.leadingZeros === 0 && shorter > 0 && isFixed && !isDense) {
    found.push({
      kind: 'leading-zeros-lost',
      count: shorter,
      counter: null,
      hint: `Numbers of ${facts.usualLength} digits lost their zeros; write in the mapping: lpad(X, ${facts.usualLength}, '0').`,
    });
  }
  return found;
}

function dateDamage(facts: ColumnFacts): Suspicion[] {
  const formats = (['isoDates', 'dottedDates', 'slashedDates', 'compactDates'] as const).filter((format) => facts[format] > 0);
  const dates = formats.reduce((sum, format) => sum + facts[format], 0);
  if (formats.length < 2 || dates < facts.values * NEARLY_ALL || (facts.compactDates === facts.integers && formats.length === 1)) return [];
  const [rarest] = [...formats].sort((a, b) => facts[a] - facts[b]);
  return [
    {
      kind: 'mixed-date-formats',
      count: dates - Math.max(...formats.map((format) => facts[format])),
      counter: rarest ?? null,
      hint: 'Read each format in the mapping: coalesce(try_strptime(X, …), try_strptime(X, …)).',
    },
  ];
}

/** A code list in which every value is a different pair of letters, but one is missing: pandas, R and Excel read NA (Namibia) as no value. */
function codeDamage(facts: ColumnFacts): Suspicion[] {
  const missing = facts.rows - facts.values + facts.blank;
  const codes = facts.values - facts.blank;
  const isCodeList = facts.twoLetters === codes && codes >= 20 && facts.distinct === facts.values && facts.has_na === 0 && missing <= Math.max(1, codes / 100);
  if (!isCodeList) return [];
  return [
    {
      kind: 'code-na-lost',
      count: missing,
      counter: null,
      hint: "The code 'NA' (Namibia, as a country) was read as no value; write in the mapping: coalesce(X, 'NA').",
    },
  ];
}
