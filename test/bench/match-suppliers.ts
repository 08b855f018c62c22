/** Matches generated suppliers from inside, in a process of its own: what it costs up to the last cluster or link, and after that what came out of it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openDataPlane } from '../../src/adapters/duckdb/data-plane.ts';
import { FieldContract } from '../../src/domain/contract.ts';
import { literal } from '../../src/domain/sql.ts';
import { type MatchOutcome, matchRecords } from '../../src/workflows/match/match-records.ts';
import { modelText } from '../../src/workflows/match/model.ts';

export interface MatchRun {
  readonly rows: string;
  readonly truth: string;
  readonly threads: number;
  /** link: odd keys against even ones. */
  readonly mode: 'dedupe' | 'link';
  readonly spill: string;
}

export interface MatchFigures {
  /** From the start of the process. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
  readonly records: number;
  readonly candidates: number;
  /** Of pairs within clusters, or of links. */
  readonly precision: number;
  readonly recall: number;
  readonly blockRecall: number;
  /** SHA-256 of model, pairs and clusters or links. */
  readonly digest: string;
}

const text = { type: 'text' };
const fields = Object.fromEntries(
  Object.entries({
    supplier_no: { type: 'identifier', scheme: 'code' },
    name: text,
    street: text,
    city: text,
    zip: text,
    phone: text,
    email: text,
    tax_id: { type: 'identifier', scheme: 'us-ein' },
  }).map(([name, field]) => [name, FieldContract.parse(field)]),
);

const run = JSON.parse(process.argv[2] ?? '{}') as MatchRun;
const plane = await openDataPlane({ memory: '1GB', threads: run.threads, spillDirectory: run.spill });
try {
  const outcome = await matchRecords({ plane, entity: 'supplier', sources: await sourcesOf(run), fields, key: ['supplier_no'], mode: run.mode });
  const { user, system } = process.cpuUsage();
  const cost = { seconds: performance.now() / 1000, cpuSeconds: (user + system) / 1e6, peakMegabytes: peakMegabytes() };
  const figures: MatchFigures = { ...cost, candidates: outcome.blocking.candidates, ...(await against(outcome, run)), digest: await digestOf(outcome) };
  console.log(JSON.stringify(figures));
} finally {
  await plane.close();
}

async function sourcesOf({ rows, mode }: MatchRun): Promise<{ name: string; rows: string }[]> {
  if (mode === 'dedupe') return [{ name: 'ledger', rows }];
  for (const [table, rest] of Object.entries({ odd: 1, even: 0 }))
    await plane.run(`CREATE TABLE ${table} AS FROM read_parquet(${literal(rows)}) WHERE right(_key, 1)::INTEGER % 2 = ${rest}`);
  return [
    { name: 'ledger', rows: 'odd' },
    { name: 'odoo', rows: 'even' },
  ];
}

/** The high-water mark of the process, as the kernel has it. */
function peakMegabytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024;
}

async function number(sql: string): Promise<number> {
  return Number((await plane.rows<{ n: number }>(sql))[0]?.n ?? 0);
}

async function against({ clusters }: MatchOutcome, { truth }: MatchRun): Promise<Pick<MatchFigures, 'records' | 'precision' | 'recall' | 'blockRecall'>> {
  await plane.run(`CREATE TABLE truth AS SELECT rid, source, thing FROM match_records JOIN read_parquet(${literal(truth)}) USING (key);
    CREATE TABLE true_pairs AS SELECT a.rid AS l, b.rid AS r FROM truth AS a JOIN truth AS b ON a.thing = b.thing AND a.rid < b.rid${clusters === null ? ' AND a.source <> b.source' : ''}`);
  const truePairs = await number('SELECT count(*) AS n FROM true_pairs');
  const found = await number(
    clusters === null
      ? 'SELECT count(*) AS n FROM match_links'
      : 'SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT AS n FROM (SELECT count(*) AS n FROM match_clusters GROUP BY cluster)',
  );
  const right = await number(
    clusters === null
      ? 'SELECT count(*) AS n FROM match_links SEMI JOIN true_pairs USING (l, r)'
      : 'SELECT count(*) AS n FROM true_pairs JOIN match_clusters AS a ON a.rid = l JOIN match_clusters AS b ON b.rid = r WHERE a.cluster = b.cluster',
  );
  const blocked = await number('SELECT count(*) AS n FROM match_pairs SEMI JOIN true_pairs USING (l, r)');
  return {
    records: await number('SELECT count(*) AS n FROM match_records'),
    precision: found === 0 ? 1 : right / found,
    recall: right / truePairs,
    blockRecall: blocked / truePairs,
  };
}

/** Rows in the order of their keys, ten thousand at a time. */
async function digestOf({ model, pairs, clusters, links }: MatchOutcome): Promise<string> {
  const hash = createHash('sha256').update(modelText(model));
  const made: readonly (readonly [string, string, string])[] = [
    [pairs, 'l, r', 'l, r, w, x'],
    clusters === null ? [links ?? '', 'l, r', 'l, r, w'] : [clusters, 'rid', 'rid, cluster'],
  ];
  for (const [table, order, columns] of made) {
    const first = order.split(',')[0];
    const parts = await plane.rows<{ d: string }>(
      `SELECT md5(string_agg(concat_ws(' ', ${columns}), '\n' ORDER BY ${order})) AS d FROM ${table} GROUP BY ${first} // 10000 ORDER BY ${first} // 10000`,
    );
    for (const { d } of parts) hash.update(d);
  }
  return hash.digest('hex');
}
