import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { EntityContract, LinkDecisionRow } from '../../domain/contract.ts';
import { MatchDecisionRow } from '../../domain/matching.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { resolveConflicts } from './decided-conflicts.ts';
import { type DecisionsInput, stageDecisions, staleDecisionsSql } from './decisions.ts';
import { recordTextsSql, valueHashSql } from './value-hash.ts';

let directory: string;
let plane: DataPlane;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-decisions-'));
  plane = await openDataPlane({ memory: '256MB', threads: 2, spillDirectory: join(directory, 'spill') });
  await plane.run(`CREATE TABLE legacy (_system VARCHAR, _key VARCHAR, no VARCHAR, name VARCHAR, city VARCHAR, price DECIMAL(18,2), since DATE, active BOOLEAN, iban VARCHAR);
INSERT INTO legacy VALUES ('erp', '1', '1', 'Kestrel', 'Millbrook', 8.90, '2020-01-31', true, 'DE1'), ('erp', '2', '2', 'Kestrel Ltd', NULL, NULL, NULL, NULL, 'DE2'),
  ('erp', '3', '3', 'Alder', '', 1.00, NULL, false, NULL), ('lab', '1', '1', 'Kestrel Medical', 'Millbrook', NULL, NULL, NULL, NULL);
CREATE TABLE odoo (_odoo_id BIGINT, _external_id VARCHAR, _foreign_external_id VARCHAR, name VARCHAR, city VARCHAR);
INSERT INTO odoo VALUES (7, 'gate.supplier_7', NULL, 'KESTREL', 'Millbrook'), (8, NULL, 'base.main_partner', 'Alder', NULL), (12, NULL, NULL, 'Alder & Finch', NULL)`);
});
afterEach(async () => {
  await plane.close();
  await rm(directory, { recursive: true, force: true });
});

const contract = EntityContract.parse({
  entity: 'supplier',
  version: 1,
  key: ['no'],
  fields: {
    no: { type: 'text', required: true },
    name: { type: 'text' },
    city: { type: 'text' },
    price: { type: 'money' },
    since: { type: 'date' },
    active: { type: 'boolean' },
    iban: { type: 'identifier', scheme: 'iban', pii: true },
  },
});

type Decision = Partial<Record<'left' | 'right' | 'conflict' | 'value_hash', string>> & { decision: 'same' | 'different' | 'keep' };
const row = (decision: Decision) => MatchDecisionRow.parse({ entity: 'supplier', by: 'sue', at: '2026-03-31', reason: 'seen', ...decision });
const input = (decisions: readonly Decision[], changes: Partial<DecisionsInput> = {}): DecisionsInput => ({
  plane,
  workspace: { matchDecisions: decisions.map(row), linkDecisions: [] },
  contract,
  systems: ['erp', 'lab', 'odoo'],
  odooSystem: 'odoo',
  legacy: 'legacy',
  odoo: 'odoo',
  odooFields: ['name', 'city'],
  ...changes,
});

const pairs = async (columns = 'decision, is_stale') =>
  (await plane.rows(`SELECT l_source || '/' || l_key AS l, r_source || '/' || r_key AS r, ${columns} FROM match_decided_pairs`)).map((found) =>
    Object.values(found).join(' '),
  );
const known = async (table: string) =>
  (await plane.rows<{ t: string }>(`SELECT l_source || '/' || l_key || ' ' || r_source || '/' || r_key AS t FROM ${table} ORDER BY t`)).map(({ t }) => t);

async function hashOf(records: readonly string[], changes: Partial<DecisionsInput> = {}): Promise<string> {
  const members = records.map((record) => record.split('/')).map(([system, key]) => `('x', '${system}', '${key}')`);
  await plane.run(`CREATE OR REPLACE TABLE asked AS SELECT * FROM (VALUES ${members.join(', ')}) AS t(id, system, key)`);
  await plane.run(`CREATE OR REPLACE TABLE asked_texts AS ${recordTextsSql(input([], changes), 'asked')}`);
  const [found] = await plane.rows<{ value_hash: string }>(valueHashSql(input([], changes), 'asked', 'asked_texts'));
  return found?.value_hash ?? '';
}

describe('the value hash', () => {
  it('is the same in any order, and of 16 hex digits', async () => {
    const hash = await hashOf(['erp/1', 'odoo/7']);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(await hashOf(['odoo/7', 'erp/1'])).toBe(hash);
    expect(await hashOf(['erp/1', 'odoo/8'])).not.toBe(hash);
  });

  it.each([
    ["UPDATE legacy SET name = 'Kestrel ' WHERE _system = 'erp' AND _key = '1'"],
    ["UPDATE legacy SET price = 8.91 WHERE _system = 'erp' AND _key = '1'"],
    ["UPDATE legacy SET city = NULL WHERE _system = 'erp' AND _key = '1'"],
    ["UPDATE odoo SET city = '' WHERE _odoo_id = 7"],
    ['DELETE FROM odoo WHERE _odoo_id = 7'],
  ])('changes with a value: %s', async (change) => {
    const hash = await hashOf(['erp/1', 'odoo/7']);
    await plane.run(change);
    expect(await hashOf(['erp/1', 'odoo/7'])).not.toBe(hash);
  });

  it('tells no value from an empty text, and knows which field a value stands in', async () => {
    const none = await hashOf(['erp/2']);
    await plane.run("UPDATE legacy SET city = '' WHERE _key = '2'");
    const empty = await hashOf(['erp/2']);
    await plane.run("UPDATE legacy SET city = 'Kestrel Ltd', name = NULL WHERE _key = '2'");
    expect(new Set([none, empty, await hashOf(['erp/2'])]).size).toBe(3);
  });

  it('does not know pii, trailing zeros, the type a number is kept in, or fields that nobody fills', async () => {
    const hash = await hashOf(['erp/1']);
    await plane.run("UPDATE legacy SET iban = 'other'; ALTER TABLE legacy ALTER price TYPE DECIMAL(38,4)");
    expect(await hashOf(['erp/1'])).toBe(hash);
    await plane.run('ALTER TABLE legacy ADD COLUMN fax VARCHAR');
    const wider = EntityContract.parse({ ...contract, fields: { ...contract.fields, fax: { type: 'text' } } });
    expect(await hashOf(['erp/1'], { contract: wider })).toBe(hash);
  });

  it('takes rows of one key together, in any order', async () => {
    await plane.run("INSERT INTO legacy SELECT * REPLACE ('Kestrel two' AS name) FROM legacy WHERE _system = 'erp' AND _key = '1'");
    const hash = await hashOf(['erp/1']);
    await plane.run('CREATE TABLE turned AS SELECT * FROM legacy ORDER BY name DESC');
    expect(await hashOf(['erp/1'], { legacy: 'turned' })).toBe(hash);
  });
});

describe('decisions on pairs', () => {
  it('name records of Odoo by id or External ID, in any order, and are known to the match', async () => {
    await plane.run("CREATE TABLE names AS SELECT 'gate.supplier_9' AS external_id, 12 AS odoo_id");
    const staged = await stageDecisions(
      input(
        [
          { left: 'odoo/gate.supplier_7', right: 'erp/1', decision: 'same' },
          { left: 'lab/1', right: 'erp/2', decision: 'different' },
          { left: 'erp/3', right: 'odoo/8', decision: 'same' },
          { left: 'odoo/gate.supplier_9', right: 'odoo/base.main_partner', decision: 'different' },
        ],
        { externalIds: 'names' },
      ),
    );
    expect(await pairs('decision, is_stale, "by", "at", reason')).toEqual([
      '0/1 2/7 same false sue 2026-03-31 seen',
      '0/2 1/1 different false sue 2026-03-31 seen',
      '0/3 2/8 same false sue 2026-03-31 seen',
      '2/12 2/8 different false sue 2026-03-31 seen',
    ]);
    expect(staged).toEqual({
      known: { same: 'match_known_same', apart: 'match_known_apart' },
      applied: 4,
      stale: 0,
      unknown: { count: 0, records: [] },
    });
    expect(await known('match_known_same')).toEqual(['0/1 2/7', '0/3 2/8']);
    expect(await known('match_known_apart')).toEqual(['0/2 1/1', '2/12 2/8']);
  });

  it('hold while the values are what they were, and are stale after', async () => {
    const value_hash = await hashOf(['erp/1', 'odoo/7']);
    const decided: Decision[] = [{ left: 'erp/1', right: 'odoo/7', decision: 'same', value_hash }];
    expect(await stageDecisions(input(decided))).toMatchObject({ applied: 1, stale: 0 });
    await plane.run("UPDATE odoo SET name = 'Falcon' WHERE _odoo_id = 7");
    expect(await stageDecisions(input(decided))).toMatchObject({ applied: 0, stale: 1 });
    expect(await pairs()).toEqual(['0/1 2/7 same true']);
    expect([await known('match_known_same'), await known('match_known_apart')]).toEqual([[], []]);
    const again = [...decided, { left: 'odoo/7', right: 'erp/1', decision: 'different' as const, value_hash: await hashOf(['erp/1', 'odoo/7']) }];
    expect(await stageDecisions(input(again))).toMatchObject({ applied: 1, stale: 0 });
    expect(await pairs()).toEqual(['0/1 2/7 different false']);
    expect(await plane.rows(staleDecisionsSql())).toEqual([{ left: 'erp/1', right: 'odoo/7', value_hash }]);
  });

  it('on records that are not there are told, and are no error', async () => {
    const decided: Decision[] = [
      { left: 'erp/99', right: 'odoo/7', decision: 'same' },
      { left: 'erp/1', right: 'odoo/gate.gone', decision: 'same' },
      { left: 'erp/2', right: 'odoo/8', decision: 'same' },
    ];
    expect(await stageDecisions(input(decided))).toMatchObject({ applied: 1, unknown: { count: 2, records: ['erp/99', 'odoo/gate.gone'] } });
    const secret = await stageDecisions(input(decided, { contract: { ...contract, key: ['iban'] } }));
    expect(secret.unknown).toEqual({ count: 2, records: ['odoo/gate.gone'] });
    const withoutOdoo = { odoo: null, systems: ['erp', 'lab'] };
    expect(await stageDecisions(input(decided, withoutOdoo))).toMatchObject({ applied: 0, unknown: { count: 1, records: ['erp/99'] } });
  });

  it('of links.csv count too, and where two contradict each other the one that says two things is taken', async () => {
    const links = [
      { entity: 'supplier', system: 'erp', key: '1', odoo: 'gate.supplier_7', decision: 'same', by: 'sue', at: '2026-03-31' },
      { entity: 'product', system: 'erp', key: '2', odoo: '8', decision: 'same', by: 'sue', at: '2026-03-31' },
    ].map((link) => LinkDecisionRow.parse(link));
    const staged = input([{ left: 'erp/1', right: 'odoo/7', decision: 'different' }]);
    await stageDecisions({ ...staged, workspace: { ...staged.workspace, linkDecisions: links } });
    expect(await pairs()).toEqual(['0/1 2/7 different false']);
    await stageDecisions({ ...staged, workspace: { matchDecisions: [], linkDecisions: links } });
    expect(await pairs()).toEqual(['0/1 2/7 same false']);
  });

  it('stand beside the open links', async () => {
    await plane.run("CREATE TABLE links AS SELECT 'lab' AS system, '1' AS key, 7::BIGINT AS odoo_id");
    await stageDecisions(input([{ left: 'erp/1', right: 'odoo/7', decision: 'same' }], { links: 'links' }));
    expect(await known('match_known_same')).toEqual(['0/1 2/7', '1/1 2/7']);
  });
});

describe('decisions on conflicts', () => {
  const record = (name: string) => {
    const [system = '', key = ''] = name.split('/');
    return system === 'odoo'
      ? `{system: NULL::VARCHAR, "key": NULL::VARCHAR, odoo_id: ${key}::BIGINT}`
      : `{system: '${system}', "key": '${key}', odoo_id: NULL::BIGINT}`;
  };
  const conflicts = (found: Readonly<Record<string, readonly [string, ...string[]]>>) =>
    plane.run(
      `CREATE OR REPLACE TABLE conflict_findings AS ${Object.entries(found)
        .map(
          ([id, [type, ...records]]) =>
            `SELECT '${id}' AS id, '${type}' AS class, 'across' AS place, NULL::VARCHAR AS field, [${records.map(record).join(', ')}] AS records`,
        )
        .join(' UNION ALL ')}`,
    );
  async function resolve(decisions: readonly Decision[], changes: Partial<DecisionsInput> = {}) {
    await stageDecisions(input(decisions, changes));
    const counts = await resolveConflicts(input(decisions, changes));
    const rows = await plane.rows<{ id: string }>('SELECT id FROM conflict_findings WHERE resolved ORDER BY id');
    return { ...counts, resolved: rows.map(({ id }) => id) };
  }

  it('settle a conflict by keep, and by same or different where that is the question', async () => {
    const found: Record<string, readonly [string, ...string[]]> = {
      a1: ['check-digit-fails', 'erp/1'],
      a2: ['check-digit-fails', 'erp/2'],
      b1: ['duplicate-record', 'erp/1', 'erp/2'],
      b2: ['duplicate-record', 'erp/1', 'erp/2', 'odoo/7'],
      c1: ['shared-identifier', 'erp/1', 'erp/3'],
      c2: ['shared-identifier', 'erp/1', 'lab/1'],
      d1: ['many-identifiers', 'erp/1', 'odoo/7'],
      d2: ['many-identifiers', 'erp/2', 'odoo/8'],
      e1: ['crosswalk-dangling', 'erp/1', 'odoo/99'],
    };
    await conflicts(found);
    const decided: Decision[] = [
      { conflict: 'a1', decision: 'keep' },
      { conflict: 'a2', decision: 'different' },
      { conflict: 'b1', decision: 'different' },
      { conflict: 'b2', decision: 'same' },
      { conflict: 'c1', decision: 'different' },
      { conflict: 'c2', decision: 'same' },
      { conflict: 'd1', decision: 'keep' },
      { conflict: 'd2', decision: 'different' },
      { conflict: 'e1', decision: 'keep' },
      { conflict: 'gone', decision: 'keep' },
    ];
    expect(await resolve(decided)).toEqual({ applied: 9, stale: 0, resolved: ['a1', 'b1', 'b2', 'c1', 'd1', 'e1'] });
    expect(await plane.rows('SELECT DISTINCT length(value_hash)::INTEGER AS digits FROM conflict_findings')).toEqual([{ digits: 16 }]);
  });

  it('are open again once a record of theirs has changed', async () => {
    const found = { a1: ['check-digit-fails', 'erp/1'], b1: ['shared-identifier', 'erp/1', 'odoo/7'] } as const;
    await conflicts(found);
    await resolve([]);
    const hashes = await plane.rows<{ id: string; value_hash: string }>('SELECT id, value_hash FROM conflict_findings');
    const decided = hashes.map(({ id, value_hash }): Decision => ({ conflict: id, decision: 'keep', value_hash }));
    await conflicts(found);
    expect(await resolve(decided)).toEqual({ applied: 2, stale: 0, resolved: ['a1', 'b1'] });
    await plane.run("UPDATE odoo SET name = 'Falcon' WHERE _odoo_id = 7");
    await conflicts(found);
    expect(await resolve(decided)).toEqual({ applied: 1, stale: 1, resolved: ['a1'] });
  });

  it('are not needed for a duplicate whose records are all decided as pairs', async () => {
    const found = {
      two: ['duplicate-record', 'erp/1', 'odoo/7'],
      three: ['duplicate-record', 'erp/1', 'erp/2', 'lab/1'],
      shared: ['shared-identifier', 'erp/1', 'odoo/7'],
    } as const;
    const attempt = async (decisions: readonly Decision[]) => {
      await conflicts(found);
      return (await resolve(decisions)).resolved;
    };
    expect(await attempt([{ left: 'erp/1', right: 'odoo/7', decision: 'different' }])).toEqual(['two']);
    expect(await attempt([{ left: 'erp/1', right: 'odoo/7', decision: 'same' }])).toEqual(['two']);
    expect(await attempt([{ left: 'erp/1', right: 'odoo/7', decision: 'same', value_hash: '0000000000000000' }])).toEqual([]);
    expect(await attempt([{ left: 'erp/1', right: 'erp/2', decision: 'same' }])).toEqual([]);
    const through: Decision[] = [
      { left: 'erp/1', right: 'erp/2', decision: 'same' },
      { left: 'lab/1', right: 'erp/2', decision: 'same' },
    ];
    expect(await attempt(through)).toEqual(['three']);
    const mixed: Decision[] = [
      { left: 'erp/1', right: 'erp/2', decision: 'same' },
      { left: 'lab/1', right: 'erp/2', decision: 'different' },
      { left: 'lab/1', right: 'erp/1', decision: 'different' },
    ];
    expect(await attempt(mixed)).toEqual(['three']);
  });

  it('on a duplicate are known to the next match as decisions on all its pairs', async () => {
    await conflicts({ dup: ['duplicate-record', 'erp/1', 'erp/2', 'odoo/7'], far: ['shared-identifier', 'erp/3', 'odoo/8'] });
    await plane.run('CREATE TABLE before AS FROM conflict_findings');
    const decided: Decision[] = [
      { conflict: 'dup', decision: 'same' },
      { conflict: 'far', decision: 'different' },
    ];
    expect(await stageDecisions(input(decided, { conflictsBefore: 'before' }))).toMatchObject({ applied: 0, stale: 0 });
    expect(await known('match_known_same')).toEqual(['0/1 0/2', '0/1 2/7', '0/2 2/7']);
    expect(await known('match_known_apart')).toEqual([]);
  });
});
