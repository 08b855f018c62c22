/** What happens to dates and moments: day and month changed places, a day lost between time zones, a constant shift. */
import type { FieldContract } from '../../../domain/contract.ts';
import { literal } from '../../../domain/sql.ts';
import { outstanding } from './amount-families.ts';
import type { Candidate, Family } from './transformation.ts';

/** `t` and `u`: both values as moments, staged for dates and timestamps. */
export const isTemporal = ({ type }: FieldContract): boolean => type === 'date' || type === 'timestamp';
const typed = (contract: FieldContract, text: string): string => `CAST(${text} AS ${contract.type === 'date' ? 'DATE' : 'TIMESTAMP'})`;

export const swappedDays: Family = async ({ contract }) => {
  if (!isTemporal(contract)) return [];
  const time = contract.type === 'date' ? '' : ' %H:%M:%S';
  const turned = (value: string) => `try_strptime(strftime(${value}, '%Y-%d-%m${time}'), '%Y-%m-%d${time}')`;
  return [
    {
      ...{ transformation: 'day-month', parameter: null, damaged: null, chance: 0.01 },
      condition: `(day(t) <= 12 AND day(t) <> month(t) AND day(u) = month(t) AND month(u) = day(t) AND ${turned('t')} = u)`,
      sentence: 'Day and month have changed places',
      mend: { kind: 'expression', isHarmless: false, wrap: (text) => turnedExpression(contract, text, turned) },
    },
  ];
};

/** A format that the mapping names is turned there; else the date it gives. */
function turnedExpression(contract: FieldContract, text: string, turned: (value: string) => string): string {
  const formats = [...text.matchAll(/'[^']*%[dm][^']*%[dm][^']*'/g)];
  const [only] = formats;
  if (only !== undefined && formats.length === 1) {
    const other = only[0].replaceAll(/%[dm]/g, (part) => (part === '%d' ? '%m' : '%d'));
    // without brackets around what is a call by itself
    return text.replace(/^\((.*)\)$/s, '$1').replace(only[0], other);
  }
  const value = typed(contract, text);
  return `coalesce(${turned(value)}, ${value})`;
}

export const lostTimes: Family = async ({ contract }) => {
  if (contract.type !== 'timestamp') return [];
  const parts = [
    { parameter: 'time of day', unit: 'day', words: 'no time of day' },
    { parameter: 'seconds', unit: 'minute', words: 'no seconds' },
  ] as const;
  return parts.flatMap(({ parameter, unit, words }): Candidate[] => [
    {
      ...{ transformation: 'time-lost', parameter, damaged: 'odoo', chance: 0.01, mend: null },
      condition: `(u = date_trunc('${unit}', t))`,
      sentence: `Odoo has ${words}`,
    },
    {
      ...{ transformation: 'time-lost', parameter, damaged: 'legacy', chance: 0.01, mend: null },
      condition: `(t = date_trunc('${unit}', u))`,
      sentence: `The legacy side has ${words}`,
    },
  ]);
};

export const centuries: Family = async ({ contract }) => {
  if (!isTemporal(contract)) return [];
  return ([1, -1] as const).map((way) => ({
    ...{ transformation: 'century', parameter: way === 1 ? '+ 100 years' : '− 100 years', damaged: null, chance: 0.005 },
    condition: `(u = t ${way === 1 ? '+' : '-'} INTERVAL 100 YEAR)`,
    sentence: `Odoo has it a hundred years ${way === 1 ? 'later' : 'earlier'}: a year of two digits`,
    mend: {
      kind: 'expression',
      isHarmless: false,
      wrap: (text) => `CAST(${typed(contract, text)} ${way === 1 ? '+' : '-'} INTERVAL 100 YEAR AS ${contract.type === 'date' ? 'DATE' : 'TIMESTAMP'})`,
    },
  }));
};

/** Days: one day is what a time zone does to a date. */
export const dayOffsets: Family = async ({ contract }, plane) => {
  if (contract.type !== 'date') return [];
  const found = await outstanding<{ rows: number; days: number; values: number }>(
    plane,
    "SELECT count(*) AS rows, date_diff('day', t, u) AS days, count(DISTINCT t) AS values FROM pattern_values WHERE t IS NOT NULL AND u IS NOT NULL GROUP BY days",
  );
  if (found === null || found.values < 3) return [];
  const { days } = found;
  const size = Math.abs(days);
  return [
    {
      ...{
        transformation: size === 1 ? 'off-by-one-day' : 'date-offset',
        parameter: `${days > 0 ? '+' : '−'} ${size} ${size === 1 ? 'day' : 'days'}`,
        damaged: null,
      },
      ...{ condition: `(date_diff('day', t, u) = ${days})`, chance: 0.1, cost: 1 },
      sentence: `Odoo has it ${size === 1 ? 'one day' : `${size} days`} ${days > 0 ? 'later' : 'earlier'}${size === 1 ? ': midnight in another time zone' : ''}`,
      mend: { kind: 'expression', isHarmless: false, wrap: (text) => `${typed(contract, text)} ${days > 0 ? '+' : '-'} ${size}` },
    },
  ];
};

/** Where hospitals keep local time; of zones that explain the same the first is named. */
const zones = [
  ...['Europe/Berlin', 'Europe/London', 'Europe/Helsinki', 'America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles', 'America/Sao_Paulo'],
  ...['Asia/Kolkata', 'Asia/Dubai', 'Asia/Singapore', 'Asia/Tokyo', 'Australia/Sydney', 'Pacific/Auckland', 'Africa/Johannesburg'],
] as const;

/** A shift by whole quarters of an hour; two of them an hour apart are one time zone with summer time. */
export const timeShifts: Family = async ({ contract }, plane) => {
  if (contract.type !== 'timestamp') return [];
  const shifts = await plane.rows<{ rows: number; minutes: number; values: number }>(
    "SELECT count(*) AS rows, date_diff('minute', t, u) AS minutes, count(DISTINCT t) AS values FROM pattern_values WHERE t IS NOT NULL AND u IS NOT NULL AND date_diff('second', t, u) % 900 = 0 AND abs(date_diff('minute', t, u)) <= 840 GROUP BY minutes ORDER BY rows DESC, minutes LIMIT 3",
  );
  const [first, second, third] = shifts;
  if (first === undefined || first.rows < 5 || first.values < 3) return [];
  const candidates: Candidate[] = [];
  const isPair = second !== undefined && Math.abs(first.minutes - second.minutes) === 60;
  if (isPair && first.rows + second.rows >= 3 * (third?.rows ?? 0)) candidates.push(...zoneCandidates());
  if (second === undefined || isPair || first.rows >= 3 * second.rows) {
    candidates.push(shift([first.minutes]));
    if (isPair) candidates.push(shift([first.minutes, second.minutes].sort((one, other) => one - other)));
  }
  return candidates;
};

/** Local time taken for UTC on one side: which zone is told by the hours in which summer time begins and ends. */
function zoneCandidates(): Candidate[] {
  const local = (value: string, zone: string) => `timezone('UTC', timezone(${literal(zone)}, ${value}))`;
  return zones.flatMap((zone): Candidate[] => [
    {
      ...{ transformation: 'time-zone', parameter: zone, condition: `(${local('t', zone)} = u)`, damaged: null, chance: 0.02 },
      sentence: `The legacy side has local time (${zone}), Odoo has UTC`,
      mend: { kind: 'expression', isHarmless: false, wrap: (text) => local(`CAST(${text} AS TIMESTAMP)`, zone) },
    },
    {
      ...{ transformation: 'time-zone', parameter: zone, condition: `(${local('u', zone)} = t)`, damaged: 'odoo', chance: 0.02, mend: null },
      sentence: `Odoo has local time (${zone}) where UTC belongs`,
    },
  ]);
}

function shift(minutes: readonly number[]): Candidate {
  const words = minutes.map(
    (one) => `${one < 0 ? '−' : '+'}${String(Math.floor(Math.abs(one) / 60)).padStart(2, '0')}:${String(Math.abs(one) % 60).padStart(2, '0')}`,
  );
  const [only] = minutes;
  return {
    ...{ transformation: 'time-shift', parameter: words.join(' or '), damaged: null, chance: 0.05, cost: minutes.length },
    condition: `(date_diff('second', t, u) IN (${minutes.map((one) => one * 60).join(', ')}))`,
    sentence: `Odoo has it shifted by ${words.join(' or ')} hours${minutes.length > 1 ? ': a time zone with summer time' : ''}`,
    mend: minutes.length === 1 ? { kind: 'expression', isHarmless: false, wrap: (text) => `CAST(${text} AS TIMESTAMP) + INTERVAL '${only}' MINUTE` } : null,
  };
}
