/** Why two records are, or are not, one thing: the evidence in the order of the fields, each with its weight; the sum is the weight of the pair. */
import type { RecordName } from '../../domain/matching.ts';
import type { DataPlane, DataRow } from '../../domain/ports.ts';
import { literal } from '../../domain/sql.ts';
import { combine } from './combine.ts';
import { makeSides } from './compare-sides.ts';
import { levelsSql } from './compare-sql.ts';
import { type Comparison, comparisonsOf } from './comparisons.ts';
import type { MatchOutcome } from './match-records.ts';
import { weightSql } from './score-sql.ts';

export interface PairEvidence {
  readonly comparison: string;
  /** `missing` where a side has no value. */
  readonly level: string;
  /** Normalised values (not for `codes`, which come from several fields); the caller masks those of `pii` fields. */
  readonly left: string | null;
  readonly right: string | null;
  /** Bits, as far as they count: 0 where another comparison of its group says it already. */
  readonly weight: number;
  /** The part of it that comes from how rare or usual this very value is. */
  readonly byFrequency: number;
  readonly m: number | null;
  readonly u: number | null;
}

export interface PairExplanation {
  /** Bits, before anything is compared. */
  readonly prior: number;
  readonly evidence: readonly PairEvidence[];
  readonly total: number;
  /** An identifier that proves two things differs: the pair is never a match by its weight. */
  readonly excluded: boolean;
  /** Something that names a thing speaks for it; without that the pair is never looked at. */
  readonly isNamed: boolean;
  readonly verdict: 'match' | 'review' | 'distinct';
}

/** Of any two records of a run, whether blocking found them or not; null when one of them is not there. Works on the tables that the run left. */
export async function explainPair(plane: DataPlane, outcome: MatchOutcome, pair: readonly [RecordName, RecordName]): Promise<PairExplanation | null> {
  const { model, thresholds } = outcome;
  const rids: number[] = [];
  for (const { system, key } of pair) {
    const [row] = await plane.rows<{ rid: number }>(
      `SELECT rid FROM match_records WHERE source = ${outcome.sources.indexOf(system)} AND key = ${literal(key)}`,
    );
    if (row === undefined) return null;
    rids.push(row.rid);
  }
  const comparisons = comparisonsOf(model.fields);
  await plane.run(`CREATE OR REPLACE TABLE match_asked AS SELECT ${Math.min(...rids)}::INTEGER AS l, ${Math.max(...rids)}::INTEGER AS r`);
  await makeSides(plane, model.fields, ['match_asked']);
  await plane.run(levelsSql(comparisons, 'match_asked', 'match_asked_levels', []));
  const columns = comparisons.flatMap((comparison) => {
    const values =
      comparison.kind === 'codes'
        ? []
        : [`CAST(a.v${comparison.index} AS VARCHAR) AS a${comparison.index}`, `CAST(b.v${comparison.index} AS VARCHAR) AS b${comparison.index}`];
    return [`g${comparison.index}`, `${weightSql(comparison, model)} AS w${comparison.index}`, ...values];
  });
  const [row] = await plane.rows(
    `SELECT ${columns.join(', ')} FROM match_asked_levels JOIN match_records AS a ON a.rid = l JOIN match_records AS b ON b.rid = r`,
  );
  if (row === undefined) return null;
  const turned = rids[0] !== Math.min(...rids);
  const evidence = comparisons.map((comparison) => evidenceOf(comparison, outcome, row, turned));
  const { counted, sum, isNamed } = combine(
    comparisons,
    evidence.map(({ weight }) => weight),
  );
  const excluded = comparisons.some(({ excludes, index, levels }) => excludes && Number(row[`g${index}`]) === levels.length - 1);
  const total = Math.round((model.prior + sum) * 1000) / 1000;
  const verdict = total < thresholds.review || !isNamed ? 'distinct' : total >= thresholds.match && !excluded ? 'match' : 'review';
  return { prior: model.prior, evidence: evidence.map((one, index) => ({ ...one, weight: counted[index] ?? 0 })), total, excluded, isNamed, verdict };
}

function evidenceOf({ index, name }: Comparison, { model }: MatchOutcome, row: DataRow, turned: boolean): PairEvidence {
  const position = Number(row[`g${index}`]);
  const level = model.comparisons[index]?.levels[position];
  const weight = Number(row[`w${index}`]) / 1000;
  const text = (column: string): string | null => {
    const value = row[`${column}${index}`];
    return typeof value === 'string' ? value : null;
  };
  return {
    comparison: name,
    level: level?.label ?? 'missing',
    left: text(turned ? 'b' : 'a'),
    right: text(turned ? 'a' : 'b'),
    weight,
    byFrequency: level === undefined ? 0 : Math.round((weight - level.weight) * 1000) / 1000,
    m: level?.m ?? null,
    u: level?.u ?? null,
  };
}
