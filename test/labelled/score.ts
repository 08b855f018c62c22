/** Figures of a matched set against its truth. What blocking did not find is missed, in every figure. */
import type { DataPlane } from '../../src/domain/ports.ts';
import type { MatchOutcome } from '../../src/workflows/match/match-records.ts';

export interface Score {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface SetScore {
  readonly records: number;
  readonly truePairs: number;
  readonly candidates: number;
  /** Share of true pairs among the candidates. */
  readonly blockRecall: number;
  /** Pairs at the match threshold, before links or clusters are made of them. */
  readonly pairs: Score;
  readonly links: Score | null;
  readonly clusters: Score | null;
  readonly b3: Score | null;
}

/** `plane` has `truth` (rid, source, thing) beside the tables of the outcome. */
export async function scoreSet(outcome: MatchOutcome, plane: DataPlane): Promise<SetScore> {
  const number = async (sql: string): Promise<number> => Number((await plane.rows<{ n: number }>(sql))[0]?.n ?? 0);
  const across = outcome.links === null ? '' : 'AND a.source <> b.source';
  await plane.run(
    `CREATE OR REPLACE TABLE true_pairs AS SELECT a.rid AS l, b.rid AS r FROM truth AS a JOIN truth AS b ON a.thing = b.thing AND a.rid < b.rid ${across}`,
  );
  const truePairs = await number('SELECT count(*) AS n FROM true_pairs');
  const of = async (table: string, where = 'true'): Promise<Score> =>
    scoreOf(
      await number(`SELECT count(*) AS n FROM ${table} JOIN true_pairs USING (l, r) WHERE ${where}`),
      await number(`SELECT count(*) AS n FROM ${table} WHERE ${where}`),
      truePairs,
    );
  const found = await number(`SELECT count(*) AS n FROM ${outcome.pairs} JOIN true_pairs USING (l, r)`);
  return {
    records: await number('SELECT count(*) AS n FROM truth'),
    truePairs,
    candidates: outcome.blocking.candidates,
    blockRecall: found / truePairs,
    pairs: await of(outcome.pairs, `w >= ${Math.round(outcome.thresholds.match * 1000)}`),
    links: outcome.links === null ? null : await of(outcome.links),
    clusters: outcome.clusters === null ? null : await clusterScore(outcome.clusters, truePairs, number),
    b3: outcome.clusters === null ? null : await b3Score(outcome.clusters, plane),
  };
}

async function clusterScore(table: string, truePairs: number, number: (sql: string) => Promise<number>): Promise<Score> {
  const together = await number(`SELECT sum(n * (n - 1) // 2)::BIGINT AS n FROM (SELECT count(*) AS n FROM ${table} GROUP BY cluster)`);
  const right = await number(
    `SELECT count(*) AS n FROM true_pairs JOIN ${table} AS a ON a.rid = l JOIN ${table} AS b ON b.rid = r WHERE a.cluster = b.cluster`,
  );
  return scoreOf(right, together, truePairs);
}

/** B³ (Bagga & Baldwin 1998): per record the share of its cluster that belongs with it, and of what belongs with it that is in its cluster. */
async function b3Score(table: string, plane: DataPlane): Promise<Score> {
  const [row] = await plane.rows<{
    precision: number;
    recall: number;
  }>(`WITH cells AS (SELECT cluster, thing, count(*) AS n FROM ${table} JOIN truth USING (rid) GROUP BY ALL),
    clusters AS (SELECT cluster, sum(n)::DOUBLE AS n FROM cells GROUP BY ALL), things AS (SELECT thing, sum(n)::DOUBLE AS n FROM cells GROUP BY ALL)
    SELECT sum(cells.n * cells.n / clusters.n) / sum(cells.n) AS precision, sum(cells.n * cells.n / things.n) / sum(cells.n) AS recall
    FROM cells JOIN clusters USING (cluster) JOIN things USING (thing)`);
  const { precision, recall } = row ?? { precision: 0, recall: 0 };
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall) };
}

function scoreOf(right: number, found: number, truePairs: number): Score {
  const precision = found === 0 ? 1 : right / found;
  const recall = right / truePairs;
  return { precision, recall, f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}
