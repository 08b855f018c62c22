/** Patterns: ten thousand breaks are usually a dozen mistakes of the mapping. Per field and system, over all its breaks, in SQL: which
 *  transformations make one side out of the other, and which few of them explain the most. */
import type { Movement } from '../../../domain/difference.ts';
import type { DataPlane } from '../../../domain/ports.ts';
import type { Pattern } from '../../../domain/report.ts';
import type { Capability, Workspace } from '../../../domain/workspace.ts';
import type { Comparison, EntityComparison } from '../comparison.ts';
import { factors, offsets, perLine, powersOfTen, rounded, signs, unitFactors } from './amount-families.ts';
import { changeText, outlook } from './change.ts';
import { type Chosen, chooseCandidates, type Marked } from './choose.ts';
import { encodings } from './encoding-families.ts';
import { dateFormatsFamily, numberFormats } from './format-families.ts';
import { recordPatterns } from './record-patterns.ts';
import { breaksTableSql, groupsSql, linkedCounts, samplesSql, valuesTableSql } from './stage-breaks.ts';
import { additions, alikeFamily, leadingZeros, markup, truncated } from './text-families.ts';
import { centuries, dayOffsets, lostTimes, swappedDays, timeShifts } from './time-families.ts';
import { type Candidate, type Family, type FieldBreaks, isTextual } from './transformation.ts';
import { constants, emptied, swappedFields, unmappedCodes, valueMaps } from './value-families.ts';

export interface PatternOptions {
  /** Cell contents of `pii` fields may be named. */
  readonly clear: boolean;
  readonly workspace: Workspace;
  readonly capability: Capability;
}

/** In order of specificity: of two that explain the same breaks the first is reported. */
const families: readonly Family[] = [
  ...[swappedFields, encodings, numberFormats, dateFormatsFamily, alikeFamily, leadingZeros, markup, truncated, additions],
  ...[signs, powersOfTen, perLine, rounded, unitFactors, factors, swappedDays, centuries, lostTimes, dayOffsets, timeShifts],
  ...[emptied, unmappedCodes, valueMaps, offsets, constants],
];

/** Ranked by the breaks they explain; ties in load order, by field, transformation and system. Waived breaks are left out. Makes tables of its own in the
 *  plane (`pattern_breaks`, `pattern_values`, `pattern_marks`) and removes them. The plane must have been told TRY_STAYS_WHOLE. */
export async function findPatterns(comparison: Comparison, options: PatternOptions, plane: DataPlane): Promise<Pattern[]> {
  const patterns: Pattern[] = [];
  for (const entity of comparison.entities) {
    await plane.run(await breaksTableSql(entity, plane));
    const fields = await fieldPatterns(comparison, entity, options, plane);
    const order = Object.keys(entity.definition.contract.fields);
    patterns.push(...(await recordPatterns(entity, options, plane)), ...fields.sort((one, other) => order.indexOf(one.field) - order.indexOf(other.field)));
    await plane.run('DROP TABLE pattern_breaks');
  }
  // stable: what explains the same stays in load order
  return patterns.sort((one, other) => other.explains - one.explains);
}

interface Group {
  readonly [column: string]: string | number;
  readonly field: string;
  readonly system: string;
  readonly rows: number;
}

async function fieldPatterns(comparison: Comparison, entity: EntityComparison, options: PatternOptions, plane: DataPlane): Promise<Pattern[]> {
  const groups = await plane.rows<Group>(groupsSql());
  if (groups.length === 0) return [];
  const compared = await linkedCounts(entity, [...new Set(groups.map((group) => group.field))], plane);
  const patterns: Pattern[] = [];
  for (const [field, ofField] of Map.groupBy(groups, (group) => group.field)) {
    const contract = entity.definition.contract.fields[field];
    if (contract === undefined) continue;
    const found: Found[] = [];
    for (const { system, rows } of ofField) {
      const counts = compared.get(system) ?? { linkedShare: 0, fields: {} };
      const breaks: FieldBreaks = {
        entity,
        field,
        contract,
        system,
        rows,
        isSecret: contract.pii && !options.clear,
        linkedShare: counts.linkedShare,
        compared: counts.fields[field] ?? 0,
      };
      await plane.run(valuesTableSql(breaks, comparison));
      found.push(...(await explained(breaks, options, plane)));
      await plane.run('DROP TABLE pattern_values');
    }
    const of = ofField.reduce((sum, group) => sum + group.rows, 0);
    patterns.push(...joined(found.map((one) => patternOf(one, found, of, options))));
  }
  return patterns;
}

interface Found extends Chosen {
  readonly candidate: Candidate;
  readonly breaks: FieldBreaks;
  readonly direction: string | null;
  readonly isMovedInOdoo: boolean;
  readonly samples: Pattern['samples'];
}

interface MarkedRow {
  readonly [column: string]: number | string | null | readonly number[];
  readonly marks: readonly number[];
  readonly movement: Movement | null;
  readonly direction: string | null;
  readonly rows: number;
}

async function explained(breaks: FieldBreaks, options: PatternOptions, plane: DataPlane): Promise<Found[]> {
  const candidates: Candidate[] = [];
  for (const family of families) candidates.push(...(await family(breaks, plane)));
  if (candidates.length === 0) return [];
  // a number or moment too large for what is tried on it is simply not explained by it; texts fit whatever is tried, and TRY costs
  const tried = (condition: string) => (isTextual(breaks.contract) ? condition : `TRY(${condition})`);
  const marks = candidates.map(({ condition }, index) => `CASE WHEN ${tried(condition)} THEN ${index} END`);
  await plane.run(
    `CREATE OR REPLACE TABLE pattern_marks AS SELECT id, list_filter([${marks.join(', ')}], lambda mark: mark IS NOT NULL) AS marks FROM pattern_values`,
  );
  const marked = await plane.rows<MarkedRow>(
    'SELECT marks, movement, direction, count(*) AS rows FROM pattern_marks JOIN pattern_values USING (id) WHERE len(marks) > 0 GROUP BY ALL ORDER BY ALL',
  );
  const chosen = chooseCandidates(candidates, marked satisfies readonly Marked[], breaks.rows);
  const found: Found[] = [];
  for (const [position, one] of chosen.entries()) {
    const earlier = chosen.slice(0, position).map(({ index }) => index);
    const own = marked.filter((row) => row.marks.includes(one.index) && !earlier.some((index) => row.marks.includes(index)));
    found.push({
      ...one,
      candidate: candidates[one.index] as Candidate,
      breaks,
      direction: mostOf(own, 'direction'),
      isMovedInOdoo: mostOf(own, 'movement') === 'odoo-changed',
      samples: await samplesOf(breaks, one.index, earlier, options, plane),
    });
  }
  await plane.run('DROP TABLE pattern_marks');
  return found;
}

function mostOf(rows: readonly MarkedRow[], column: 'movement' | 'direction'): string | null {
  const sums = new Map<string | null, number>();
  for (const row of rows) sums.set(row[column], (sums.get(row[column]) ?? 0) + row.rows);
  return [...sums].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

interface SampleRow {
  readonly [column: string]: string | boolean | null;
  readonly id: string;
  readonly system: string;
  readonly key: string | null;
  readonly l: string | null;
  readonly o: string | null;
  readonly key_pii: boolean;
}

async function samplesOf(
  breaks: FieldBreaks,
  index: number,
  earlier: readonly number[],
  { clear }: PatternOptions,
  plane: DataPlane,
): Promise<Pattern['samples']> {
  const rows = await plane.rows<SampleRow>(samplesSql(index, earlier));
  const isMasked = breaks.contract.pii && !clear;
  return rows.map(({ id, system, key, l, o, key_pii: isKeySecret }) => ({
    ...{ id, system, key: isKeySecret && !clear ? null : key },
    ...{ legacy: isMasked ? null : l, odoo: isMasked ? null : o, masked: isMasked || (isKeySecret && !clear) },
  }));
}

function patternOf(
  { candidate, breaks, explains, samples, direction, isMovedInOdoo }: Found,
  all: readonly Found[],
  of: number,
  options: PatternOptions,
): Pattern {
  const { mend, transformation, parameter, sentence } = candidate;
  const { entity, field, system, compared } = breaks;
  const isOfMapping = mend !== null && (mend.kind === 'expression' || mend.kind === 'swap');
  const isRisky = mend !== null && (mend.kind === 'swap' || (mend.kind === 'expression' && !mend.isHarmless));
  const isMinority = isRisky && explains * 2 < compared ? `${explains} of ${compared} compared records` : null;
  const isLeftAlone = mend === null || candidate.damaged === 'odoo' || isMinority !== null || (isOfMapping && isMovedInOdoo);
  const compareRules = [...new Set(all.flatMap((one) => (one.candidate.mend?.kind === 'compare' ? one.candidate.mend.rules : [])))];
  const change = isLeftAlone ? null : changeText(mend, { ...options, breaks, compareRules });
  const told = `${sentence}${outlook(candidate, { direction, isMovedInOdoo, hasChange: change !== null, isMinority })}.`;
  return { entity: entity.entity, field, transformation, parameter, sentence: told, explains, of, systems: [system], samples, change };
}

const SAMPLES = 5;

/** One pattern for what several systems have in common and what one change mends for all of them. */
function joined(patterns: readonly Pattern[]): Pattern[] {
  const same = Map.groupBy(patterns, ({ transformation, parameter, sentence, change }) => JSON.stringify([transformation, parameter, sentence, change]));
  return [...same.values()].map((alike) => ({
    ...(alike[0] as Pattern),
    explains: alike.reduce((sum, one) => sum + one.explains, 0),
    systems: alike.flatMap((one) => one.systems).sort(),
    samples: alike.flatMap((one) => one.samples).slice(0, SAMPLES),
  }));
}
