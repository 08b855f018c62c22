/** Real names of suppliers in all their spellings: how many things they are grouped into, and which pairs were put together, for a person to read. */
import { join } from 'node:path';
import { openDataPlane } from '../../../src/adapters/duckdb/data-plane.ts';
import type { DataPlane, DataRow } from '../../../src/domain/ports.ts';
import { type Bench, type Measurement, measurement } from '../measurement.ts';
import { isHere, type MatchedPayments, matchPayments, paymentsFile } from '../supplier-payments.ts';

const TOTAL = '105066873.05';
const MOST_GROUPS = 1_425;
/** Pairs that are drawn to be read. */
const READ = 200;

/** What a person who read the pairs made of them, by their ids: hashes of the names, which stay where they were published. */
const readPairs: Readonly<Record<'right' | 'wrong', string>> = {
  right:
    '5ed69bbd 958cafab 2b805695 afb91118 237aa9b1 c3b91128 798351a9 86ae2c85 139272d0 77cb164d 5b951094 9ee9abf4 98849c55 e5c5f8e7 1b1ec9ce 4694fffb 27f87bd5 52859a7c 860f3afd 7b996ece 11cbc592 18e55a6f d5647f0e',
  wrong: '',
};

export const bench: Bench = {
  about:
    'Supplier names of the published payments of Babergh District Council (Open Government Licence v3) in all their spellings, grouped by the matcher with default settings and nothing but the name. The pairs it put together although they differ in more than blanks and case are drawn by their hash, 200 at most, printed to the terminal and read one by one',
  size: READ,
  async run({ name, size, directory, log }) {
    if (!isHere()) {
      log(`skipped: ${paymentsFile} is not here (CUTOVER_SHARED_DATA names the folder above it)`);
      return [];
    }
    const plane = await openDataPlane({ memory: '1GB', threads: 2, spillDirectory: join(directory, 'spill-names') });
    try {
      const matched = await matchPayments(directory, plane);
      const figures = await figuresOf(plane);
      const drawn = await mergedPairs(plane, size);
      const verdicts = drawn.map(({ id }) => (readPairs.right.includes(id) ? 'right' : readPairs.wrong.includes(id) ? 'WRONG' : 'not read yet'));
      for (const [at, pair] of drawn.entries()) log(`${String(at + 1).padStart(3)}  ${verdicts[at]}  ${pair.id}  ${pair.kind}:  ${pair.l}  =  ${pair.r}`);
      const one = (about: string, metric: string, value: number, limit?: { atMost: number }): Measurement =>
        measurement(name, { case: about, metric, unit: '', value }, limit === undefined ? undefined : { of: 'value', ...limit });
      const of = `${text(figures.spellings)} spellings, ${text(figures.plain)} after trimming, inner blanks and case`;
      const merged = 'pairs put together that differ in more';
      const count = (verdict: string) => verdicts.filter((each) => each === verdict).length;
      return [
        one(of, 'groups', figures.groups, { atMost: MOST_GROUPS }),
        measurement(name, { case: of, metric: 'time of matching', unit: 's', value: matched.seconds }),
        one(merged, 'all', figures.merged),
        ...[...new Set(drawn.map(({ kind }) => kind))].map((kind) => one(merged, `drawn: ${kind}`, drawn.filter((pair) => pair.kind === kind).length)),
        one(merged, 'read, and right', count('right')),
        one(merged, 'read, and wrong', count('WRONG'), { atMost: 0 }),
        one(merged, 'drawn and not read yet', count('not read yet'), { atMost: 0 }),
        ...ledgerFigures(matched, one),
      ];
    } finally {
      await plane.close();
    }
  },
};

const text = (figure: number) => figure.toLocaleString('en-US');

/** Every row is mapped or named as unreadable, rows that are alike stay, and the sum is the published one; else the bench breaks off. */
function ledgerFigures(
  { mapped, ledger }: MatchedPayments,
  one: (about: string, metric: string, value: number, limit?: { atMost: number }) => Measurement,
): Measurement[] {
  const payments = mapped.entities.find(({ entity }) => entity === 'payment');
  const [input, rejected] = [payments?.input ?? 0, payments?.rejected ?? 0];
  if (ledger.total !== TOTAL) throw new Error(`the ledger adds up to ${ledger.total} instead of ${TOTAL}`);
  if (ledger.repeats === 0 || payments?.duplicates === 0) throw new Error('exact repeats were not flagged');
  const of = `ledger of ${text(input)} rows, ${text(ledger.rows)} of them readable, ${text(Number(TOTAL))} in all`;
  return [
    one(of, 'rows that stand more than once, flagged and kept', payments?.duplicates ?? 0),
    one(of, 'of them beyond the first', ledger.repeats),
    one(of, 'rows dropped', input - rejected - ledger.rows, { atMost: 0 }),
  ];
}

/** What differs by more than this is a pair to be read: blanks and case. */
const plain = (name: string) => `lower(trim(regexp_replace(${name}, '\\s+', ' ', 'g')))`;

async function figuresOf(plane: DataPlane): Promise<{ spellings: number; plain: number; groups: number; merged: number }> {
  await plane.run(
    `CREATE OR REPLACE TABLE grouped AS SELECT DISTINCT ${plain('r.key')} AS name, c.cluster FROM match_records AS r JOIN match_clusters AS c USING (rid)`,
  );
  await plane.run(
    'CREATE OR REPLACE TABLE merged AS SELECT DISTINCT a.name AS l, b.name AS r FROM grouped AS a JOIN grouped AS b ON b.cluster = a.cluster AND a.name < b.name',
  );
  const [row] = await plane.rows<{ spellings: number; plain: number; groups: number; merged: number }>(
    `SELECT (SELECT count(*) FROM match_records)::INTEGER AS spellings, (SELECT count(DISTINCT name) FROM grouped)::INTEGER AS plain,
      (SELECT count(DISTINCT cluster) FROM match_clusters)::INTEGER AS groups, (SELECT count(*) FROM merged)::INTEGER AS merged`,
  );
  if (row === undefined) throw new Error('no figures');
  return row;
}

interface MergedPair extends DataRow {
  readonly id: string;
  readonly l: string;
  readonly r: string;
  readonly kind: string;
}

async function mergedPairs(plane: DataPlane, most: number): Promise<MergedPair[]> {
  const words = (name: string) => `trim(regexp_replace(regexp_replace(${name}, '['']', '', 'g'), '[^a-z0-9]+', ' ', 'g'))`;
  const short = (name: string) => `regexp_replace(${words(name)}, '\\blimited\\b', 'ltd', 'g')`;
  const bare = (name: string) => `regexp_replace(${short(name)}, ' (ltd|llp|plc)$', '')`;
  return plane.rows<MergedPair>(`SELECT left(md5(l || '\n' || r), 8) AS id, l, r,
    CASE WHEN ${words('l')} = ${words('r')} THEN 'signs and brackets' WHEN ${short('l')} = ${short('r')} THEN 'Limited or Ltd'
      WHEN ${bare('l')} = ${bare('r')} THEN 'legal form left out' ELSE 'something else' END AS kind
    FROM (SELECT l, r FROM merged ORDER BY md5(l || '\n' || r), l, r LIMIT ${most}) ORDER BY kind, l, r`);
}
