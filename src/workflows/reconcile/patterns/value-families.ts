/** Values as such: nothing where something is, one constant, one value for another, two fields that have changed places. */
import { canonicalRowsSql, canonicalTextSql, isAmount } from '../../../domain/canonical.ts';
import type { FieldContract } from '../../../domain/contract.ts';
import type { DataPlane } from '../../../domain/ports.ts';
import { identifier, literal } from '../../../domain/sql.ts';
import { outstanding } from './amount-families.ts';
import { type Candidate, type Family, type FieldBreaks, isTextual, type Mend, quoted } from './transformation.ts';

export const swappedFields: Family = async ({ field }, plane) => {
  const found = await plane.rows<{ other: string }>(
    'SELECT swapped AS other FROM pattern_values WHERE swapped IS NOT NULL GROUP BY other ORDER BY count(*) DESC, other LIMIT 3',
  );
  return found.map(
    ({ other }): Candidate => ({
      ...{ transformation: 'swapped', parameter: other, condition: `(swapped = ${literal(other)})`, damaged: null, chance: 0.002 },
      sentence: `${field} and ${other} have changed places`,
      mend: { kind: 'swap', field: other },
    }),
  );
};

/** How a value of the field is written in an expression. */
const written = (contract: FieldContract, value: string): string =>
  isAmount(contract) || contract.type === 'integer' ? value : contract.type === 'boolean' ? value : literal(value);

export const emptied: Family = async (breaks, plane) => {
  const { contract, compared } = breaks;
  const [counts] = await plane.rows<{ blank: number; missing: number }>(
    "SELECT count(*) FILTER (l = '' AND o IS NULL) AS blank, count(*) FILTER (l <> '' AND o IS NULL AND class <> 'unmapped-code') AS missing FROM pattern_values",
  );
  const candidates: Candidate[] = [];
  if (isTextual(contract) && (counts?.blank ?? 0) > 0) {
    candidates.push({
      ...{ transformation: 'empty-text', parameter: null, condition: "(l = '' AND o IS NULL)", damaged: 'legacy', chance: 0.01 },
      sentence: 'The legacy value is an empty text, which Odoo keeps as no value',
      mend: { kind: 'expression', isHarmless: true, wrap: (text) => `nullif(${text}, '')` },
    });
  }
  const named = [...(await placeholders(breaks, plane)), ...(await defaults(breaks, plane))];
  const others = named.map(({ condition }) => ` AND NOT ${condition}`).join('');
  const missing = counts?.missing ?? 0;
  const isEverywhere = missing > 0 && missing >= 0.9 * compared;
  return [
    ...candidates,
    ...named,
    {
      ...{ transformation: 'emptied', parameter: isEverywhere ? 'everywhere' : null, damaged: 'odoo', chance: 0.02, mend: null },
      condition: `(l <> '' AND o IS NULL AND class <> 'unmapped-code'${others})`,
      sentence: isEverywhere
        ? `Odoo has no value in ${missing === compared ? 'any' : 'nearly any'} record: the field does not seem to be written`
        : 'Odoo has no value',
    },
    {
      ...{ transformation: 'emptied', parameter: 'legacy', condition: `(l IS NULL AND o IS NOT NULL${others})`, damaged: 'legacy', chance: 0.02, mend: null },
      sentence: 'The legacy side has no value where Odoo has one',
    },
  ];
};

/** A legacy text that stands for no value: `N/A`, `000000000`, `0`. */
async function placeholders(breaks: FieldBreaks, plane: DataPlane): Promise<Candidate[]> {
  const { contract, isSecret } = breaks;
  const found = await plane.rows<{ value: string }>(
    `WITH frequent AS (SELECT l, count(*) AS rows FROM pattern_values WHERE o IS NULL AND l <> '' AND class <> 'unmapped-code' GROUP BY l HAVING count(*) >= 3 ORDER BY rows DESC, l LIMIT 3),
linked AS (${linkedSql(breaks, 'SELECT l FROM frequent')})
SELECT l AS value FROM frequent JOIN linked USING (l) WHERE rows * 2 >= linked ORDER BY rows DESC, l`,
  );
  return found.map(({ value }) => ({
    ...{
      transformation: 'placeholder',
      parameter: isSecret ? null : value,
      condition: `(o IS NULL AND l = ${literal(value)})`,
      damaged: 'legacy',
      chance: 0.02,
    },
    sentence: `The legacy side has ${isSecret ? 'one and the same value' : quoted(value)} where Odoo has none: it may stand for “no value”`,
    mend:
      isSecret || contract.type === 'boolean' || contract.type === 'code'
        ? null
        : { kind: 'expression', isHarmless: true, wrap: (text) => `nullif(${text}, ${written(contract, value)})` },
  }));
}

/** What Odoo fills in by itself. */
async function defaults({ contract, isSecret }: FieldBreaks, plane: DataPlane): Promise<Candidate[]> {
  const found = await outstanding<{ rows: number; value: string }>(
    plane,
    'SELECT count(*) AS rows, o AS value FROM pattern_values WHERE l IS NULL AND o IS NOT NULL GROUP BY o',
  );
  if (found === null) return [];
  return [
    {
      ...{
        transformation: 'default',
        parameter: isSecret ? null : found.value,
        condition: `(l IS NULL AND o = ${literal(found.value)})`,
        damaged: null,
        chance: 0.1,
        cost: 1,
      },
      sentence: `Odoo has ${isSecret ? 'one and the same value' : quoted(found.value)} where the legacy side has none: a default of Odoo`,
      mend:
        isSecret || contract.type === 'code' || contract.type === 'ref'
          ? null
          : { kind: 'expression', isHarmless: true, wrap: (text) => `coalesce(${text}, ${written(contract, found.value)})` },
    },
  ];
}

/** One value in Odoo, whatever the legacy side has. */
export const constants: Family = async ({ isSecret }, plane) => {
  const candidates: Candidate[] = [];
  for (const [many, one, who] of [
    ['l', 'o', 'Odoo'],
    ['o', 'l', 'The legacy side'],
  ] as const) {
    const found = await outstanding<{ rows: number; value: string; values: number }>(
      plane,
      `SELECT count(*) AS rows, ${one} AS value, count(DISTINCT ${many}) AS values FROM pattern_values WHERE l IS NOT NULL AND o IS NOT NULL GROUP BY ${one}`,
    );
    if (found === null || found.values < 3) continue;
    candidates.push({
      ...{ transformation: 'constant', parameter: isSecret ? null : found.value, damaged: one === 'o' ? 'odoo' : 'legacy', chance: 0.2, cost: 2, mend: null },
      condition: `(l IS NOT NULL AND ${one} = ${literal(found.value)})`,
      sentence: `${who} has ${isSecret ? 'one and the same value' : quoted(found.value)} in all of them`,
    });
  }
  return candidates;
};

/** About how many linked records of the system have each of these values. */
function linkedSql({ entity, field, contract, system, linkedShare }: FieldBreaks, values: string): string {
  const column = canonicalTextSql(contract, identifier(field));
  const rows = canonicalRowsSql(entity.datasets.filter((dataset) => dataset.system === system));
  return `SELECT ${column} AS l, count(*) * ${Math.round(linkedShare * 1000)} / 1000 AS linked FROM ${rows} AS r WHERE ${column} IN (${values}) GROUP BY 1`;
}

const MOST_PAIRS = 200;

/** One value for another, always: what a code map is for. A legacy value counts when most of its linked records have the same other value in Odoo,
 *  so that single edits of a field with few values are no pattern. */
export const valueMaps: Family = async (breaks, plane) => {
  const { contract, isSecret } = breaks;
  if (isAmount(contract) || contract.type === 'date' || contract.type === 'timestamp') return [];
  const pairs = await plane.rows<{ l: string; o: string; rows: number }>(
    `WITH pairs AS (SELECT l, o, count(*) AS rows, sum(count(*)) OVER (PARTITION BY l) AS total FROM pattern_values WHERE l IS NOT NULL AND o IS NOT NULL GROUP BY l, o),
frequent AS (SELECT l, o, rows FROM pairs WHERE rows >= 3 AND rows * 10 >= total * 9 ORDER BY rows DESC, l, o LIMIT ${MOST_PAIRS}),
linked AS (${linkedSql(breaks, 'SELECT l FROM frequent')})
SELECT f.l, f.o, f.rows FROM frequent AS f JOIN linked USING (l) WHERE f.rows * 2 >= linked.linked ORDER BY f.rows DESC, f.l, f.o`,
  );
  if (pairs.length === 0) return [];
  const isOneToOne = new Set(pairs.map((pair) => pair.o)).size === pairs.length;
  const told = pairs.slice(0, 5).map((pair) => `${pair.l} → ${pair.o}`);
  const map = `MAP {${pairs.map((pair) => `${literal(pair.l)}: ${literal(pair.o)}`).join(', ')}}`;
  const list = `${told.join(', ')}${pairs.length > told.length ? ', …' : ''}`;
  return [
    {
      ...{ transformation: 'value-map', parameter: isSecret ? null : list, damaged: null, chance: 0.05, cost: 2 * pairs.length },
      condition: `(o = ${map}[l])`,
      sentence: isSecret
        ? `${pairs.length} ${pairs.length === 1 ? 'value has' : 'values have'} one other value each in Odoo`
        : `${isOneToOne ? 'One value stands for another' : 'Odoo has other values for these'}: ${list}`,
      mend: isSecret ? null : mapMend(contract, pairs),
    },
  ];
};

function mapMend(contract: FieldContract, pairs: readonly { l: string; o: string }[]): Mend | null {
  if (contract.type === 'code') return { kind: 'codes', pairs: pairs.map((pair) => [pair.l, pair.o]) };
  if (contract.type === 'ref' || contract.type === 'boolean') return null;
  const cases = pairs.map((pair) => `WHEN ${written(contract, pair.l)} THEN ${written(contract, pair.o)}`).join(' ');
  return { kind: 'expression', isHarmless: true, wrap: (text) => `CASE ${text} ${cases} ELSE ${text} END` };
}

/** Codes for which Odoo has no record. */
export const unmappedCodes: Family = async ({ contract, isSecret }, plane) => {
  if (contract.type !== 'code') return [];
  const found = await plane.rows<{ code: string; rows: number }>(
    "SELECT l AS code, count(*) AS rows FROM pattern_values WHERE class = 'unmapped-code' GROUP BY l ORDER BY rows DESC, l LIMIT 50",
  );
  if (found.length === 0) return [];
  const told = found
    .slice(0, 5)
    .map((one) => one.code)
    .join(', ');
  const list = `${told}${found.length > 5 ? ', …' : ''}`;
  return [
    {
      ...{ transformation: 'unmapped-code', parameter: isSecret ? null : list, condition: "(class = 'unmapped-code')", damaged: null, chance: 0.02, cost: 1 },
      sentence: `Odoo has no record for ${found.length === 1 ? 'this code' : `${found.length === 50 ? '50 or more' : found.length} codes`}${isSecret ? '' : `: ${list}`}`,
      mend: { kind: 'codes', pairs: found.map((one) => [one.code, '']) },
    },
  ];
};
