import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { directoryRunStore } from '../../adapters/store/run-store.ts';
import { readMatchDecisions } from '../../adapters/workspace/code-maps.ts';
import { EntityContract, LinkDecisionRow } from '../../domain/contract.ts';
import { MatchDecisionRow } from '../../domain/matching.ts';
import type { Mistakes } from '../../domain/mistakes.ts';
import type { Ports } from '../../domain/ports.ts';
import { copyToParquetSql } from '../../domain/sql.ts';
import type { Capability, Workspace } from '../../domain/workspace.ts';
import { openReview } from './decide.ts';
import { withoutRow, withRow } from './decision-file.ts';
import { keepReview } from './latest-review.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cutover-decide-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const openPlane = () => openDataPlane({ memory: '256MB', threads: 1, spillDirectory: join(root, 'spill') });
const runs = () => directoryRunStore(join(root, 'store'));
let now = 0;
const ports = () =>
  ({
    ...{ openPlane, runs: runs(), snapshots: { latest: async () => null } },
    clock: { now: () => `2026-03-31T00:00:0${now++ % 10}.000Z` },
  }) as unknown as Ports;

const contract = (entity: string, isSecret: boolean) =>
  EntityContract.parse({
    entity,
    version: 1,
    key: ['no'],
    fields: { no: { type: 'text', pii: isSecret }, name: { type: 'text' }, iban: { type: 'text', pii: true } },
  });
const capability = {
  name: 'procurement',
  entities: [{ contract: contract('supplier', false) }, { contract: contract('account', true) }],
} as unknown as Capability;
const decision = (row: Partial<MatchDecisionRow>) => MatchDecisionRow.parse({ entity: 'supplier', by: 'joe', ...row });
const workspace = (changes: Partial<Workspace> = {}) =>
  ({ directory: root, file: { odoo: 'odoo' }, linkDecisions: [], matchDecisions: [], ...changes }) as unknown as Workspace;
const open = (changes: Partial<Workspace> = {}, entity: string | null = null) =>
  openReview({ workspace: workspace(changes), capability, entity, by: 'sue' }, ports());

interface Item {
  readonly kind: string;
  readonly conflict?: string;
  readonly class: string;
  readonly names: readonly string[];
  readonly weight?: number;
  readonly before?: string;
  /** Every two of them are named. */
  readonly pairs?: readonly string[];
}

const pairsJson = (names: readonly string[], index: number): string => {
  const records = names.map((name) => name.split('/')).map(([system, key]) => ({ system, key }));
  const pairs = records.flatMap((left, l) => records.slice(l + 1).map((right, r) => ({ left, right, valueHash: `hash${index}-${l}${l + 1 + r}` })));
  return JSON.stringify(pairs);
};

const one = (name: string) => name.split('/').map((part) => `'${part}'`);
const itemSql = ({ kind, conflict, class: name, names, weight, before, pairs }: Item, index: number): string => {
  const records = names
    .map(one)
    .map(([system, key]) => `json_object('system', ${system}, 'key', ${key}, 'fields', json_object('name', 'N' || ${key}, 'iban', NULL))`);
  const text = (value: string | undefined) => (value === undefined ? 'NULL::VARCHAR' : `'${value}'`);
  return `SELECT '${kind}' AS kind, ${text(conflict)} AS conflict, '${name}' AS class, 'across' AS place, 'gln' AS field, 'v' AS value, NULL::VARCHAR AS other, NULL::VARCHAR AS proposal,
    'a sentence' AS sentence, NULL::VARCHAR AS reason, ${weight ?? 'NULL'}::INTEGER AS weight, -12000::INTEGER AS prior, '[{"comparison":"name","level":"equal","weight":9100}]'::JSON AS evidence,
    to_json([${records.slice(0, 4).join(', ')}]) AS records, [${names
      .map(one)
      .map(([system, key]) => `{system: ${system}, "key": ${key}}`)
      .join(', ')}] AS names,
    'hash${index}' AS value_hash, ${text(before)} AS before, ${pairs === undefined ? 'NULL' : `'${pairsJson(pairs, index)}'`}::JSON AS pairs`;
};

async function keep(entity: string, items: readonly Item[]): Promise<void> {
  const directory = await runs().runDirectory(`run-${entity}`);
  const plane = await openPlane();
  await plane.run(copyToParquetSql(items.map(itemSql).join(' UNION ALL '), join(directory, `${entity}.review.parquet`)));
  await plane.close();
  await keepReview({ odooUuid: null, capability: 'procurement', runId: `run-${entity}`, files: new Map([[entity, `${entity}.review.parquet`]]) }, ports());
}

const suppliers: readonly Item[] = [
  { kind: 'conflict', conflict: 'c0', class: 'check-digit-fails', names: ['erp/1'] },
  { kind: 'conflict', conflict: 'c1', class: 'duplicate-record', names: ['erp/1', 'odoo/7'], pairs: ['erp/1', 'odoo/7'] },
  { kind: 'conflict', conflict: 'c2', class: 'duplicate-record', names: ['erp/1', 'erp/2', 'erp/3', 'erp/4', 'erp/5'], before: 'keep' },
  { kind: 'pair', class: 'match', names: ['erp/1', 'odoo/7'], weight: 4200 },
  { kind: 'pair', class: 'review', names: ['erp/2', 'lab/2'], weight: -500 },
  { kind: 'repointed', class: 'x', names: ['erp/9'] },
];

async function decisions(): Promise<readonly string[]> {
  const file = join(root, 'decisions/match.csv');
  const mistakes: Mistakes = [];
  const rows = readMatchDecisions(await readFile(file, 'utf8'), 'match.csv', mistakes);
  expect(mistakes).toEqual([]);
  return rows.map(({ row }) => [row.left, row.right, row.conflict, row.decision, row.by, row.reason, row.value_hash].filter((text) => text !== '').join(' '));
}

describe('a review', () => {
  it('has the open items of all entities in their order, each read when it is asked for', async () => {
    await keep('account', [
      { kind: 'pair', class: 'review', names: ['erp/1', 'erp/2'] },
      { kind: 'pair', class: 'review', names: ['odoo/1', 'odoo/2'] },
    ]);
    await keep('supplier', suppliers);
    const review = await open();
    expect([review.total, review.unnameable, review.worklist]).toEqual([6, 1, null]);
    expect(await review.item(0)).toMatchObject({
      kind: 'conflict',
      id: 'c0',
      class: 'check-digit-fails',
      place: 'across',
      field: 'gln',
      sentence: 'a sentence',
      value: 'v',
    });
    expect(await review.item(2)).toMatchObject({ recordCount: 5, before: 'keep', records: [{ key: '1' }, { key: '2' }, { key: '3' }, { key: '4' }] });
    expect(await review.item(3)).toEqual({
      ...{ kind: 'pair', ordinal: 3, entity: 'supplier', verdict: 'match', weight: 4.2, prior: -12, before: null, recordCount: 2, valueHash: 'hash3' },
      evidence: [{ comparison: 'name', level: 'equal', weight: 9.1 }],
      records: [
        { system: 'erp', key: '1', fields: { name: 'N1', iban: null } },
        { system: 'odoo', key: '7', fields: { name: 'N7', iban: null } },
      ],
    });
    expect(await review.item(5)).toMatchObject({ entity: 'account', records: [{ key: '1' }, { key: '2' }], weight: null });
    expect(review.entity('account')).toEqual({ entity: 'account', pii: new Set(['no', 'iban']), keyIsPii: true, odooSystem: 'odoo' });
    await review.close();
    const of = await open({}, 'account');
    expect(of.total).toBe(1);
    await of.close();
  });

  it('leaves out what was decided since the match on the same values, or on any', async () => {
    await keep('supplier', suppliers);
    const about = async (changes: Partial<Workspace>): Promise<readonly string[]> => {
      const review = await open(changes);
      const items = await Promise.all(Array.from({ length: review.total }, (_, ordinal) => review.item(ordinal)));
      await review.close();
      return items.map((item) => (item.kind === 'conflict' ? item.id : item.records.map(({ key }) => key).join('-')));
    };
    expect(await about({})).toEqual(['c0', 'c1', 'c2', '1-7', '2-2']);
    expect(
      await about({
        matchDecisions: [decision({ conflict: 'c0', decision: 'keep', value_hash: 'hash0' }), decision({ left: 'lab/2', right: 'erp/2', decision: 'same' })],
      }),
    ).toEqual(['c1', 'c2', '1-7']);
    expect(await about({ matchDecisions: [decision({ conflict: 'c0', decision: 'keep', value_hash: 'other' })] })).toContain('c0');
    const link = LinkDecisionRow.parse({ entity: 'supplier', system: 'erp', key: '1', odoo: '7', decision: 'same', by: 'joe', at: 'today' });
    expect(await about({ linkDecisions: [link] })).toEqual(['c0', 'c2', '2-2']);
    expect(await about({ linkDecisions: [{ ...link, entity: 'account' }] })).toContain('1-7');
    const names = ['erp/1', 'erp/2', 'lab/3'];
    await keep('supplier', [{ kind: 'conflict', conflict: 'c0', class: 'duplicate-record', names, pairs: names }]);
    const [first, second] = [
      decision({ left: 'erp/2', right: 'erp/1', decision: 'same' }),
      decision({ left: 'erp/1', right: 'lab/3', decision: 'different', value_hash: 'hash0-02' }),
    ];
    expect(await about({ matchDecisions: [first] })).toEqual(['c0']);
    expect(await about({ matchDecisions: [first, { ...second, value_hash: 'other' }] })).toEqual(['c0']);
    expect(await about({ matchDecisions: [first, second] })).toEqual([]);
  });

  it('is refused before the first match, and after its files were pruned', async () => {
    await expect(open()).rejects.toMatchObject({ code: 'E_MATCH_STALE', hint: 'cutover match procurement' });
    await keep('supplier', suppliers);
    await rm(join(root, 'store/runs'), { recursive: true });
    await expect(open({}, 'supplier')).rejects.toMatchObject({ code: 'E_MATCH_STALE', message: 'there is no match of supplier to decide on' });
  });
});

describe('a decision', () => {
  it('is written at once, as a row that is read back, in a private file', async () => {
    await keep('supplier', suppliers);
    const review = await open();
    await review.decide(await review.item(0), { decision: 'keep', reason: 'they print it, "as it is"' });
    expect(await decisions()).toEqual(['c0 keep sue they print it, "as it is" hash0']);
    const file = join(root, 'decisions/match.csv');
    expect(review.file).toBe(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file, 'utf8')).split('\n')[0]).toBe('entity,left,right,conflict,decision,by,at,reason,value_hash');
    await review.decide(await review.item(4), { decision: 'different', reason: '' });
    expect(await decisions()).toEqual(['c0 keep sue they print it, "as it is" hash0', 'erp/2 lab/2 different sue hash4']);
    await review.close();
  });

  it('takes the place of the one before in the same review', async () => {
    await keep('supplier', suppliers);
    const review = await open();
    const item = await review.item(4);
    for (const said of [
      { decision: 'same', reason: '' },
      { decision: 'different', reason: '' },
      { decision: 'different', reason: 'seen' },
    ] as const) {
      await review.decide(item, said);
      expect(review.said(item)).toMatchObject(said);
    }
    expect(await decisions()).toEqual(['erp/2 lab/2 different sue seen hash4']);
    await review.close();
  });

  it('on a duplicate of two is one on the pair, and settles both', async () => {
    await keep('supplier', suppliers);
    const review = await open();
    const [two, many, pair] = [await review.item(1), await review.item(2), await review.item(3)];
    await review.decide(two, { decision: 'same', reason: '' });
    expect(review.said(pair)).toMatchObject({ decision: 'same' });
    await review.decide(many, { decision: 'different', reason: '' });
    expect(await decisions()).toEqual(['erp/1 odoo/7 same sue hash1-01', 'c2 different sue hash2']);
    await review.decide(two, { decision: 'keep', reason: '' });
    expect(review.said(two)).toMatchObject({ decision: 'keep' });
    expect(review.said(pair)).toBe(null);
    expect(await decisions()).toEqual(['c2 different sue hash2', 'c1 keep sue hash1']);
    await review.close();
  });

  it('on a duplicate of several is one on its pairs: each is the first, or each is another', async () => {
    const names = ['erp/1', 'erp/2', 'lab/3'];
    await keep('supplier', [
      { kind: 'conflict', conflict: 'c0', class: 'duplicate-record', names, pairs: names },
      { kind: 'pair', class: 'match', names: ['erp/2', 'lab/3'], weight: 9 },
    ]);
    const review = await open();
    const [three, pair] = [await review.item(0), await review.item(1)];
    await review.decide(three, { decision: 'same', reason: 'one' });
    expect(await decisions()).toEqual(['erp/1 erp/2 same sue one hash0-01', 'erp/1 lab/3 same sue one hash0-02']);
    expect(review.said(pair)).toMatchObject({ decision: 'same' });
    await review.decide(three, { decision: 'different', reason: '' });
    expect(await decisions()).toEqual(['erp/1 erp/2 different sue hash0-01', 'erp/1 lab/3 different sue hash0-02', 'erp/2 lab/3 different sue hash0-12']);
    expect(review.said(three)).toMatchObject({ decision: 'different' });
    await review.decide(pair, { decision: 'same', reason: '' });
    expect(await decisions()).toEqual(['erp/1 erp/2 different sue hash0-01', 'erp/1 lab/3 different sue hash0-02', 'erp/2 lab/3 same sue hash1']);
    expect(review.said(three)).toBe(null);
    await review.close();
  });

  it('never writes a key made of personal data', async () => {
    await keep('account', [{ kind: 'conflict', conflict: 'c9', class: 'duplicate-record', names: ['erp/DE1', 'erp/DE2'] }]);
    const review = await open();
    await review.decide(await review.item(0), { decision: 'same', reason: '' });
    expect(await decisions()).toEqual(['c9 same sue hash0']);
    await review.close();
  });

  it('stands beside what others wrote meanwhile, in the columns and with the line ends of the file', async () => {
    await keep('supplier', suppliers);
    const review = await open();
    const file = join(root, 'decisions/match.csv');
    await mkdir(join(root, 'decisions'));
    await writeFile(file, '\uFEFFentity,note,conflict,"decision",by,at,reason,value_hash,left,right\r\nsupplier,"two\r\nlines",c7,keep,joe,,,,,');
    await review.decide(await review.item(4), { decision: 'same', reason: '' });
    expect(await decisions()).toEqual(['c7 keep joe', 'erp/2 lab/2 same sue hash4']);
    await review.decide(await review.item(4), { decision: 'different', reason: '' });
    expect(await decisions()).toEqual(['c7 keep joe', 'erp/2 lab/2 different sue hash4']);
    await writeFile(file, 'entity,left,right,decision,by\n');
    await expect(review.decide(await review.item(0), { decision: 'keep', reason: '' })).rejects.toMatchObject({
      ...{ code: 'E_CONFIG', message: 'decisions/match.csv has no column conflict, at, reason, value_hash' },
    });
    await review.close();
  });
});

describe('a file of decisions', () => {
  it('is begun with a header, and loses only the row that is taken back', () => {
    const row = decision({ conflict: 'c1', decision: 'keep' });
    const first = withRow(null, row);
    expect(first.content).toBe('entity,left,right,conflict,decision,by,at,reason,value_hash\nsupplier,,,c1,keep,joe,,,\n');
    const second = withRow(first.content, { ...row, conflict: 'c2' });
    expect(withoutRow(second.content, second.line)).toBe(first.content);
    expect(withoutRow(second.content, first.line)).toBe(withRow(null, { ...row, conflict: 'c2' }).content);
    expect(withoutRow(first.content, second.line)).toBe(first.content);
    expect(withRow('\n', row).content).toBe(first.content);
  });
});
