import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { directoryRunStore } from '../../adapters/store/run-store.ts';
import { EntityContract } from '../../domain/contract.ts';
import { MatchDecisionRow } from '../../domain/matching.ts';
import type { DataPlane, Ports } from '../../domain/ports.ts';
import { copyToParquetSql } from '../../domain/sql.ts';
import { resolveConflicts } from './decided-conflicts.ts';
import { type DecisionsInput, stageDecisions } from './decisions.ts';
import { matchRecords } from './match-records.ts';
import { writeReview } from './review-file.ts';
import { writeMatchFiles } from './worklist.ts';

let directory: string;
let plane: DataPlane;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-worklist-'));
  plane = await openPlane();
});
afterEach(async () => {
  await plane.close();
  await rm(directory, { recursive: true, force: true });
});

const openPlane = () => openDataPlane({ memory: '512MB', threads: 2, spillDirectory: join(directory, 'spill') });
const store = () => directoryRunStore(join(directory, 'store'));
// the two ports that writing files needs
const ports = () => ({ openPlane, runs: store() }) as unknown as Ports;

const contractOf = (changes: Readonly<Record<string, object>> = {}) =>
  EntityContract.parse({
    entity: 'supplier',
    version: 1,
    key: ['no'],
    fields: {
      no: { type: 'identifier', scheme: 'code', required: true },
      name: { type: 'text' },
      street: { type: 'text' },
      zip: { type: 'text' },
      gln: { type: 'identifier', scheme: 'gln' },
      iban: { type: 'identifier', scheme: 'iban', pii: true },
      ...changes,
    },
    owner: { default: 'legacy', fields: { gln: 'odoo' } },
  });

async function makeRecords(): Promise<void> {
  const rest = `(10 + i) || ' ' || ['Mill', 'Church', 'Harbour', 'Quarry', 'Station'][1 + i % 5] || ' Road' AS street, printf('%05d', i * 37) AS zip, NULL::VARCHAR AS gln, 'DE' || i AS iban`;
  const name = `['Kestrel', 'Alder', 'Orchid', 'Falcon', 'Juniper', 'Maple', 'Quartz'][1 + i % 7] || ' ' || chr((65 + i % 26)::INT) || chr((65 + (i * 7) % 26)::INT) || 'on ' || ['Supplies', 'Linen', 'Devices'][1 + i % 3]`;
  await plane.run(`CREATE TABLE erp AS SELECT 'erp' AS _system, i::VARCHAR AS _key, i::VARCHAR AS no, ${name} AS name, ${rest} FROM range(1, 300) AS t(i);
CREATE TABLE lab AS SELECT 'lab' AS _system, 'L' || no AS _key, 'L' || no AS no, upper(name) AS name, CASE WHEN no::INT % 2 = 0 THEN street ELSE 'elsewhere' END AS street, zip, gln, iban FROM erp WHERE no::INT % 10 = 0;
CREATE VIEW legacy AS FROM erp UNION ALL BY NAME FROM lab;
CREATE TABLE odoo AS SELECT 1000 + no::BIGINT AS _odoo_id, 'gate.' || no AS _external_id, NULL::VARCHAR AS _foreign_external_id, NULL::VARCHAR AS no, name || ' Ltd' AS name, street, zip, gln, NULL::VARCHAR AS iban FROM erp WHERE no::INT % 7 = 0`);
}

const record = (name: string) => {
  const [system = '', key = ''] = name.split('/');
  return system === 'odoo'
    ? `{system: NULL::VARCHAR, "key": NULL::VARCHAR, odoo_id: ${key}::BIGINT}`
    : `{system: '${system}', "key": '${key}', odoo_id: NULL::BIGINT}`;
};

interface Finding {
  readonly id: string;
  readonly class: string;
  readonly field: string | null;
  readonly records: readonly string[];
  readonly pii?: boolean;
  readonly reason?: string;
}

const text = (value: string | null) => (value === null ? 'NULL::VARCHAR' : `'${value}'`);
const findings: readonly Finding[] = [
  { id: 'a1', class: 'check-digit-fails', field: 'gln', records: ['odoo/1007'], reason: 'one digit off' },
  { id: 'a2', class: 'check-digit-fails', field: 'iban', records: ['erp/1'], pii: true },
  { id: 'b1', class: 'duplicate-record', field: null, records: ['erp/10', 'lab/L10'] },
  { id: 'c1', class: 'shared-identifier', field: 'zip', records: ['erp/1', 'erp/2', 'erp/3', 'erp/4', 'erp/5', 'erp/6', 'erp/7', 'erp/8'] },
  { id: 'd1', class: 'crosswalk-dangling', field: null, records: ['erp/9', 'odoo/99'] },
];

/** What match does for an entity, with conflicts as given. */
async function match(contract: EntityContract, decisions: readonly Partial<MatchDecisionRow>[] = []) {
  const systems = ['erp', 'lab', 'odoo'];
  await plane.run("CREATE OR REPLACE TABLE links AS SELECT 'erp' AS system, '14' AS key, '1' AS odoo_id, 'gate.21' AS external_id");
  await plane.run("CREATE OR REPLACE TABLE names AS SELECT 'gate.21' AS external_id, 1021::BIGINT AS odoo_id");
  const matchDecisions = decisions.map((row) => MatchDecisionRow.parse({ entity: 'supplier', by: 'sue', ...row }));
  const input: DecisionsInput = {
    ...{ plane, contract, systems, odooSystem: 'odoo', legacy: 'legacy', odoo: 'odoo', odooFields: ['name', 'street', 'zip', 'gln'] },
    ...{ workspace: { linkDecisions: [], matchDecisions }, links: 'links', externalIds: 'names' },
  };
  const { known } = await stageDecisions(input);
  const sources = [
    { name: 'erp', rows: 'erp' },
    { name: 'lab', rows: 'lab' },
    { name: 'odoo', rows: 'odoo', key: '_odoo_id' },
  ];
  const outcome = await matchRecords({ plane, entity: 'supplier', sources, fields: contract.fields, key: contract.key, mode: 'dedupe', known });
  const [low, high] = [outcome.thresholds.review, outcome.thresholds.match].map((bits) => Math.round(bits * 1000));
  await plane.run(
    `CREATE OR REPLACE TABLE match_undecided AS SELECT p.l, p.r, p.w, p.w >= ${high} AND NOT p.x AS is_match FROM match_pairs AS p ANTI JOIN match_same AS s ON s.l = p.l AND s.r = p.r WHERE p.w >= ${low}`,
  );
  await plane.run(
    `CREATE OR REPLACE TABLE conflict_findings AS ${findings
      .map(
        (
          one,
        ) => `SELECT '${one.id}' AS id, '${one.class}' AS class, 'supplier' AS entity, 'across' AS place, ${text(one.field)} AS field, NULL::VARCHAR AS scheme, [${one.records.map(record).join(', ')}] AS records,
        'secret, "${one.id}"' AS value, NULL::VARCHAR AS other, 'mended ${one.id}' AS proposal, 'its check digit is off' AS evidence, ${text(one.reason ?? null)} AS reason, ${one.pii === true} AS pii, ${contract.fields.no?.pii === true} AS key_pii`,
      )
      .join(' UNION ALL ')}`,
  );
  await resolveConflicts(input);
  const run = await store().runDirectory('r1');
  await mkdir(run, { recursive: true });
  const files = {
    contract,
    review: join(run, 'supplier.review.parquet'),
    conflicts: join(run, 'supplier.conflicts.parquet'),
    links: join(run, 'supplier.links.parquet'),
  };
  await writeReview(input, outcome, files.review);
  await plane.run(copyToParquetSql('FROM conflict_findings', files.conflicts));
  await plane.run(
    copyToParquetSql(
      "SELECT 'erp' AS _system, '7' AS _key, 1007::BIGINT AS odoo_id, 'score' AS provenance, 'score, 9.0 bits' AS evidence, 9000 AS weight",
      files.links,
    ),
  );
  const counts = {
    pairs: { match: 1, review: 2 },
    clusters: 3,
    conflicts: { 'check-digit-fails': 2 },
    crosswalk: { linked: 1, new: 1, repointed: 1, dangling: 0 },
  };
  const [ndjson = '', csv = ''] = await writeMatchFiles(
    { capability: 'procurement', odooSystem: 'odoo', runId: 'r1', asOf: '2026-03-31T00:00:00.000Z', odooUuid: 'u1', directory: run, counts, entities: [files] },
    ports(),
  );
  const lines = (await readFile(ndjson, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const rows = parse(await readFile(csv, 'utf8'), { columns: true }) as Record<string, string>[];
  return { lines, rows, ndjson, csv, run };
}

describe('the worklist', () => {
  it('has a row for every open conflict and every pair that nobody decided, ready to be decided', async () => {
    await makeRecords();
    const { rows } = await match(contractOf());
    const [first, ...more] = rows;
    expect(first).toEqual({
      ...{ entity: 'supplier', class: 'check-digit-fails', field: 'gln', left: '', right: '', conflict: 'a1', evidence: 'its check digit is off' },
      ...{ value: 'secret, "a1"', proposal: 'mended a1', owner: 'odoo', note: 'one digit off; odoo/1007' },
      ...{ decision: '', by: '', at: '', reason: '', value_hash: expect.stringMatching(/^[0-9a-f]{16}$/) },
    });
    expect(more.slice(0, 4).map(({ conflict, value, proposal, owner, note }) => [conflict, value, proposal, owner, note])).toEqual([
      ['a2', '', '', 'erp', 'erp/1'],
      ['d1', 'secret, "d1"', 'mended d1', 'erp', 'erp/9, odoo/99'],
      ['b1', 'secret, "b1"', 'mended b1', 'legacy', 'erp/10, lab/L10'],
      ['c1', 'secret, "c1"', 'mended c1', 'erp', 'erp/1, erp/2, erp/3, erp/4, erp/5, erp/6 and 2 more'],
    ]);
    const pairs = rows.filter((row) => row.left !== '');
    expect(pairs.length).toBe(rows.length - 5);
    const found = pairs.find(({ left, right }) => left === 'erp/20' && right === 'lab/L20');
    expect(found).toMatchObject({ class: 'match', conflict: '', owner: 'legacy', value: 'Quartz UKon Devices | QUARTZ UKON DEVICES', note: '', decision: '' });
    expect(found?.evidence).toMatch(/^(name|street|zip|iban) \S.* \+\d+\.\d, .*\d bits in all$/);
    expect(pairs.map(({ evidence }) => Number(/([-\d.]+) bits in all$/.exec(evidence ?? '')?.[1]))).toEqual(
      pairs.map(({ evidence }) => Number(/([-\d.]+) bits in all$/.exec(evidence ?? '')?.[1])).sort((left, right) => right - left),
    );
    expect(pairs.every((row) => MatchDecisionRow.safeParse({ ...row, decision: 'same', by: 'sue' }).success)).toBe(true);
  }, 60_000);

  it('comes back as decisions: what was decided is gone, and is asked again once the values have changed', async () => {
    await makeRecords();
    const contract = contractOf();
    const { rows } = await match(contract);
    const about = (row: Record<string, string>) => row.conflict || `${row.left} ${row.right}`;
    const wanted = ['erp/20 lab/L20', 'erp/40 lab/L40', 'a1', 'd1', 'b1'];
    const filled = rows
      .filter((row) => wanted.includes(about(row)))
      .map(
        (row) => ({ ...row, by: 'sue', decision: row.conflict === '' ? 'same' : row.conflict === 'b1' ? 'different' : 'keep' }) as Partial<MatchDecisionRow>,
      );
    expect(filled.length).toBe(5);
    const again = await match(contract, filled);
    expect(again.rows.map(about).filter((one) => wanted.includes(one))).toEqual([]);
    expect(again.lines.filter(({ kind, resolved }) => kind === 'conflict' && resolved === true).map(({ id }) => id)).toEqual(['a1', 'd1', 'b1']);
    await plane.run("UPDATE lab SET street = 'other' WHERE no = 'L40'; UPDATE odoo SET name = 'Falcon' WHERE _odoo_id = 1007");
    const changed = await match(contract, filled);
    expect(changed.rows.filter((row) => wanted.includes(about(row))).map((row) => [about(row), row.note])).toEqual([
      ['a1', "one digit off; odoo/1007; decided 'keep' before, on other values"],
      ['erp/40 lab/L40', "decided 'same' before, on other values"],
    ]);
  }, 60_000);

  it('shows a stale decision again, whatever the pair weighs now', async () => {
    await makeRecords();
    const { rows, lines } = await match(contractOf(), [{ left: 'erp/1', right: 'erp/2', decision: 'different', value_hash: '0123456789abcdef' }]);
    expect(rows.filter(({ left, right }) => left === 'erp/1' && right === 'erp/2')).toMatchObject([
      { class: 'review', note: "decided 'different' before, on other values" },
    ]);
    expect(lines.find(({ left, right }) => left === 'erp/1' && right === 'erp/2')).toMatchObject({ decidedBefore: 'different', weight: expect.any(Number) });
  }, 60_000);

  it('never holds a key made of personal data', async () => {
    await makeRecords();
    const { csv, ndjson, rows } = await match(contractOf({ no: { type: 'identifier', scheme: 'code', required: true, pii: true } }));
    expect(rows.length).toBe(5);
    for (const file of [csv, ndjson]) {
      const written = await readFile(file, 'utf8');
      expect(written).not.toMatch(/(erp|lab)\/|"key":"/);
      expect(written).not.toContain('secret, ""a2');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
  }, 60_000);
});

it('a duplicate is kept with its pairs, each with the hash that a decision on the pair has to fit', async () => {
  await makeRecords();
  const { run, rows } = await match(contractOf());
  const file = join(run, 'supplier.review.parquet');
  const kept = await plane.rows<{ pairs: string; value_hash: string; is_weighed: boolean }>(
    `SELECT pairs, value_hash, (weight, evidence) IN (SELECT (weight, evidence) FROM read_parquet('${file}') WHERE kind = 'pair') AS is_weighed FROM read_parquet('${file}') WHERE pairs IS NOT NULL`,
  );
  const found = rows.find(({ left, right }) => left === 'erp/10' && right === 'lab/L10');
  expect(kept.map(({ pairs }) => JSON.parse(pairs))).toEqual([
    [{ left: { system: 'erp', key: '10' }, right: { system: 'lab', key: 'L10' }, valueHash: found?.value_hash }],
  ]);
  expect(kept[0]).toMatchObject({ value_hash: found?.value_hash, is_weighed: true });
}, 60_000);

describe('match.ndjson', () => {
  it('begins with what was counted, then has one line for every conflict, pair, link and moved link, the same bytes every time', async () => {
    await makeRecords();
    const first = await match(contractOf());
    const written = await readFile(first.ndjson, 'utf8');
    const [manifest, ...lines] = first.lines;
    expect(manifest).toEqual({
      ...{ format: 'cutover-match', version: 1, capability: 'procurement', runId: 'r1', asOf: '2026-03-31T00:00:00.000Z' },
      ...{ pairs: { match: 1, review: 2 }, clusters: 3, conflicts: { 'check-digit-fails': 2 }, crosswalk: { linked: 1, new: 1, repointed: 1, dangling: 0 } },
    });
    expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(['conflict', 'pair', 'link', 'repointed']));
    expect(lines.find(({ id }) => id === 'a2')).toMatchObject({ class: 'check-digit-fails', value: null, proposal: null, masked: true, resolved: false });
    expect(lines.find(({ left, right }) => left === 'erp/20' && right === 'lab/L20')).toMatchObject({
      ...{ entity: 'supplier', verdict: 'match', masked: false, decidedBefore: null, valueHash: expect.stringMatching(/^[0-9a-f]{16}$/) },
      evidence: expect.arrayContaining([{ comparison: 'name', level: 'equal', weight: expect.any(Number) }]),
    });
    expect(lines.filter(({ kind }) => kind === 'link')).toEqual([
      { kind: 'link', entity: 'supplier', system: 'erp', key: '7', odooId: 1007, provenance: 'score', evidence: 'score, 9.0 bits', weight: 9 },
    ]);
    expect(lines.filter(({ kind }) => kind === 'repointed')).toEqual([
      { kind: 'repointed', entity: 'supplier', system: 'erp', key: '14', was: 1, odooId: 1021 },
    ]);
    const pairs = lines.filter(({ kind }) => kind === 'pair') as { weight: number; evidence: { weight: number }[] }[];
    expect(pairs.length).toBeGreaterThan(10);
    await plane.close();
    plane = await openPlane();
    await makeRecords();
    const second = await match(contractOf());
    expect(await readFile(second.ndjson, 'utf8')).toBe(written);
  }, 60_000);

  it('tells a pair by the weight the match gave it', async () => {
    await makeRecords();
    const { run } = await match(contractOf());
    const [row] = await plane.rows<{ n: number; same: number }>(`SELECT count(*) AS n, count(*) FILTER (v.weight = u.w) AS same
FROM read_parquet('${join(run, 'supplier.review.parquet')}') AS v JOIN match_undecided AS u ON true JOIN match_records AS a ON a.rid = u.l JOIN match_records AS b ON b.rid = u.r
WHERE v.kind = 'pair' AND v.names[1].key = a.key AND v.names[2].key = b.key`);
    expect(row?.n).toBeGreaterThan(10);
    expect(row?.same).toBe(row?.n);
  }, 60_000);
});
