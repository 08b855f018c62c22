/** What happens to numbers: sign, factors, offsets, rounding. Exact decimals; only a ratio is an estimate, and it is checked exactly afterwards. */
import { isAmount } from '../../../domain/canonical.ts';
import type { FieldContract } from '../../../domain/contract.ts';
import type { DataPlane } from '../../../domain/ports.ts';
import { identifier, literal } from '../../../domain/sql.ts';
import type { Candidate, Family, FieldBreaks } from './transformation.ts';

const isNumber = (contract: FieldContract): boolean => isAmount(contract) || contract.type === 'integer';
const digitsOf = (contract: FieldContract): number => (isAmount(contract) ? contract.digits : 0);
/** `a` and `b`: the two numbers, staged for fields that are numbers. */
export function amountType(contract: FieldContract): string | null {
  return isNumber(contract) ? `DECIMAL(18,${digitsOf(contract)})` : null;
}
const asNumber = (contract: FieldContract, text: string): string => `CAST(${text} AS ${amountType(contract)})`;

export const signs: Family = async ({ contract }) =>
  isNumber(contract)
    ? [
        {
          ...{ transformation: 'sign', parameter: null, condition: '(a <> 0 AND a = -b)', damaged: null, chance: 0.01 },
          sentence: 'Odoo has the opposite sign',
          mend: { kind: 'expression', isHarmless: false, wrap: (text) => `-${asNumber(contract, text)}` },
        },
      ]
    : [];

export const powersOfTen: Family = async ({ contract }) => {
  if (!isNumber(contract)) return [];
  return [2, 3, 1, 6, 4, 5].flatMap((power) => {
    const factor = 10 ** power;
    return (['*', '/'] as const).map((way): Candidate => {
      const condition = way === '*' ? `(a <> 0 AND a * ${factor} = b)` : `(b <> 0 AND b * ${factor} = a)`;
      return {
        ...{ transformation: 'factor', parameter: `${way === '*' ? '×' : '÷'} ${factor}`, condition, damaged: null, chance: 0.02 },
        sentence: `Odoo has ${way === '*' ? `${factor} times as much` : `a ${factor}th of it`}${power === 2 || power === 3 ? `: ${power === 2 ? 'cents against units, or a lost decimal point' : 'a thousands separator read as a decimal point, or thousands against units'}` : ''}`,
        mend: { kind: 'expression', isHarmless: false, wrap: (text) => `${asNumber(contract, text)} ${way} ${factor}` },
      };
    });
  });
};

interface Found {
  readonly [column: string]: string | number | null;
}

/** The most frequent one, where it stands out: noise has neighbours that are as frequent. */
export async function outstanding<Row extends Found & { rows: number }>(plane: DataPlane, query: string): Promise<Row | null> {
  const [first, second] = await plane.rows<Row>(`SELECT * FROM (${query}) ORDER BY rows DESC, 2 LIMIT 2`);
  if (first === undefined || first.rows < 5) return null;
  return second === undefined || first.rows >= 3 * second.rows ? first : null;
}

const isPowerOfTen = 'abs(log10(abs(ratio)) - round(log10(abs(ratio)))) < 1e-9';

/** One factor for all of them, or its inverse: packs, currencies, taxes. */
export const factors: Family = async ({ contract }, plane) => {
  if (!isNumber(contract)) return [];
  const candidates: Candidate[] = [];
  for (const [way, from, to] of [
    ['×', 'a', 'b'],
    ['÷', 'b', 'a'],
  ] as const) {
    const ratio = `round(CAST(${to} AS DOUBLE) / CAST(${from} AS DOUBLE), 4)`;
    const found = await outstanding<{ rows: number; factor: string; values: number }>(
      plane,
      `SELECT count(*) AS rows, CAST(CAST(ratio AS DECIMAL(18,4)) AS VARCHAR) AS factor, count(DISTINCT ${from}) AS values
FROM (SELECT ${from}, ${ratio} AS ratio FROM pattern_values WHERE ${from} <> 0 AND ${to} <> 0 AND abs(${to}) > abs(${from}) AND abs(${to}) < 1e12 AND abs(CAST(${to} AS DOUBLE) / CAST(${from} AS DOUBLE)) < 1e6) WHERE NOT ${isPowerOfTen} AND ratio > 0 GROUP BY ratio`,
    );
    if (found === null || found.values < 3) continue;
    const factor = found.factor.replace(/\.?0+$/, '');
    candidates.push({
      ...{ transformation: 'factor', parameter: `${way} ${factor}`, damaged: null, chance: 0.1 },
      condition: `(${from} <> 0 AND round(CAST(${to} AS DOUBLE) / CAST(${from} AS DOUBLE), 4) = CAST(${literal(factor)} AS DECIMAL(18,4)))`,
      sentence: way === '×' ? `Odoo has ${factor} times as much` : `The legacy side has ${factor} times as much`,
      mend: {
        kind: 'expression',
        isHarmless: false,
        wrap: (text) =>
          way === '×'
            ? `round(${asNumber(contract, text)} * ${factor}, ${digitsOf(contract)})`
            : `round(${asNumber(contract, text)} / ${factor}, ${digitsOf(contract)})`,
      },
    });
  }
  return candidates;
};

/** The field of the same row that may say which factor it is. */
export function unitFieldOf({ entity, contract, system }: Pick<FieldBreaks, 'entity' | 'contract' | 'system'>): string | null {
  if (!isAmount(contract)) return null;
  const fields = entity.definition.contract.fields;
  const own = contract.type === 'quantity' ? contract.unit : undefined;
  const any = Object.values(fields).find((field) => field.type === 'quantity' && field.unit !== undefined);
  const unit = own ?? (any?.type === 'quantity' ? any.unit : undefined);
  return unit !== undefined && fields[unit] !== undefined && entity.mapped.get(unit)?.includes(system) === true ? unit : null;
}

/** A factor of each unit: boxes against pieces. Column `unit` is staged where there is a field for it. */
export const unitFactors: Family = async (breaks, plane) => {
  const { contract, entity, system } = breaks;
  const unit = unitFieldOf(breaks);
  if (unit === null) return [];
  const ratio = 'round(CAST(b AS DOUBLE) / CAST(a AS DOUBLE), 4)';
  const found = await plane.rows<{ unit: string; ratio: string }>(
    `SELECT unit, ratio FROM (
  SELECT unit, CAST(CAST(${ratio} AS DECIMAL(18,4)) AS VARCHAR) AS ratio, count(*) AS rows, sum(count(*)) OVER (PARTITION BY unit) AS total, count(DISTINCT a) AS values
  FROM pattern_values WHERE a <> 0 AND b <> 0 AND abs(b) < 1e12 AND abs(b) / abs(a) < 1e6 AND unit IS NOT NULL GROUP BY unit, ${ratio}
) WHERE rows >= 3 AND values >= 2 AND rows * 5 >= total * 4 ORDER BY unit LIMIT 50`,
  );
  const factors = found.map((one) => [one.unit, one.ratio.replace(/\.?0+$/, '')] as const);
  if (new Set(factors.map(([, factor]) => factor)).size < 2) return [];
  const unitExpression = entity.definition.sources.find(({ mapping }) => mapping.system === system)?.mapping.fields[unit];
  const isSecret = entity.definition.contract.fields[unit]?.pii === true && breaks.isSecret;
  const told = factors.slice(0, 6).map(([name, factor]) => `${name} × ${factor}`);
  const cases = factors.map(([name, factor]) => `WHEN ${literal(name)} THEN ${factor}`).join(' ');
  const isPlain = unitExpression !== undefined && !/^\s*code\s*\(/i.test(unitExpression);
  return [
    {
      ...{ transformation: 'unit-factor', parameter: isSecret ? null : told.join(', '), damaged: null, chance: 0.1, cost: factors.length },
      condition: `(a <> 0 AND ${ratio} = CASE unit ${cases} END)`,
      sentence: isSecret
        ? `Odoo has a multiple of it that depends on ${unit}`
        : `Odoo has a multiple of it that depends on ${unit}: ${told.join(', ')}${factors.length > told.length ? ', …' : ''}`,
      mend: isPlain
        ? { kind: 'expression', isHarmless: false, wrap: (text) => `${asNumber(contract, text)} * CASE ${unitExpression} ${cases} ELSE 1 END` }
        : null,
    },
  ];
};

export const offsets: Family = async ({ contract, isSecret }, plane) => {
  if (!isNumber(contract)) return [];
  const found = await outstanding<{ rows: number; offset: string; values: number }>(
    plane,
    'SELECT count(*) AS rows, CAST(b - a AS VARCHAR) AS offset, count(DISTINCT a) AS values FROM pattern_values WHERE a IS NOT NULL AND b IS NOT NULL GROUP BY b - a',
  );
  if (found === null || found.values < 3) return [];
  const offset = found.offset.includes('.') ? found.offset.replace(/\.?0+$/, '') : found.offset;
  const sign = offset.startsWith('-') ? '−' : '+';
  const size = offset.replace('-', '');
  return [
    {
      ...{ transformation: 'offset', parameter: isSecret ? null : `${sign} ${size}`, damaged: null, chance: 0.2, cost: 1 },
      condition: `(b - a = ${offset})`,
      sentence: isSecret ? 'Odoo has the same amount more or less in all of them' : `Odoo has ${size} ${sign === '+' ? 'more' : 'less'} in all of them`,
      mend: isSecret ? null : { kind: 'expression', isHarmless: false, wrap: (text) => `${asNumber(contract, text)} ${sign === '+' ? '+' : '-'} ${size}` },
    },
  ];
};

const roundings = [
  { rule: 'half-up', sql: (value: string, power: string) => `round(${value} * ${power}, 0)`, half: true },
  {
    rule: 'half-even',
    half: true,
    sql: (value: string, power: string) =>
      `CASE WHEN abs(${value} * ${power} - trunc(${value} * ${power})) = 0.5 THEN 2 * round(trunc(${value} * ${power}) / 2 + CASE WHEN ${value} < 0 THEN -0.1 ELSE 0.1 END, 0) ELSE round(${value} * ${power}, 0) END`,
  },
  { rule: 'cut off', half: false, sql: (value: string, power: string) => `trunc(${value} * ${power})` },
] as const;

/** One side keeps fewer decimals. Both keep what they have however often it is loaded, so that it is a question of what counts as equal. */
export const rounded: Family = async ({ contract }) => {
  const digits = digitsOf(contract);
  if (!isAmount(contract) || digits === 0) return [];
  return Array.from({ length: digits }, (_, kept) => kept).flatMap((kept) =>
    (['odoo', 'legacy'] as const).flatMap((side) => {
      const [exact, short] = side === 'odoo' ? ['a', 'b'] : ['b', 'a'];
      const power = `CAST(${10 ** kept} AS DECIMAL(${kept + 1},0))`;
      const unit = kept === 0 ? '1' : `0.${'0'.repeat(kept - 1)}1`;
      return roundings.map(
        ({ rule, sql, half }): Candidate => ({
          ...{ transformation: 'rounding', parameter: `${rule} to ${unit}`, damaged: null, chance: 0.15 },
          condition: `(a IS NOT NULL AND b IS NOT NULL AND ${short} * ${power} = ${sql(exact, power)})`,
          sentence: `${side === 'odoo' ? 'Odoo' : 'The legacy side'} has it ${rule === 'cut off' ? 'cut off' : 'rounded'} to ${unit}${rule === 'cut off' ? '' : ` (${rule})`}`,
          mend: { kind: 'tolerance', tolerance: half ? halfOf(kept) : unit },
        }),
      );
    }),
  );
};

const halfOf = (kept: number): string => `0.${'0'.repeat(kept)}5`;

/** The table of lines that the amount of a document may be made of: `lines` is `<entity>.<field>`. Column `per_line` is staged for it. */
export const perLine: Family = async ({ contract, entity }, plane) => {
  if (contract.type !== 'money' || contract.rounding !== undefined || entity.definition.lines.length === 0) return [];
  const columns = await plane.rows<{ name: string }>(
    "SELECT column_name AS name FROM duckdb_columns() WHERE table_name = 'pattern_values' AND column_name LIKE 'lines:%' ORDER BY name",
  );
  return columns.map(
    ({ name }): Candidate => ({
      ...{
        transformation: 'rounding',
        parameter: `per line (${name.slice('lines:'.length)})`,
        condition: `(b = ${identifier(name)})`,
        damaged: null,
        chance: 0.02,
      },
      sentence: 'Odoo has the sum of its lines, each rounded by itself',
      mend: { kind: 'lines', lines: name.slice('lines:'.length) },
    }),
  );
};
