import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataPlane } from '../../adapters/duckdb/data-plane.ts';
import { EntityContract } from '../../domain/contract.ts';
import type { DataPlane } from '../../domain/ports.ts';
import { conflictSteps } from './conflicts.ts';
import { makeWorld, type Night, type Supplier, type World } from './conflicts-faults.fixture.ts';
import type { ConflictNight } from './conflicts-input.ts';
import { runConflicts, shownFindingsSql } from './conflicts-run.ts';

let directory: string;
let plane: DataPlane;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cutover-conflicts-'));
  plane = await openDataPlane({ memory: '512MB', threads: 2, spillDirectory: join(directory, 'spill') });
});
afterEach(async () => {
  await plane.close();
  await rm(directory, { recursive: true, force: true });
});

const contract = EntityContract.parse({
  entity: 'supplier',
  version: 1,
  key: ['supplier_no'],
  fields: {
    supplier_no: { type: 'identifier', scheme: 'code', required: true },
    name: { type: 'text', required: true },
    gln: { type: 'identifier', scheme: 'gln' },
    tax: { type: 'identifier', scheme: 'us-ein' },
    npi: { type: 'identifier', scheme: 'npi' },
    iban: { type: 'identifier', scheme: 'iban', pii: true },
    street: { type: 'text' },
    phone: { type: 'text' },
    email: { type: 'text' },
  },
});

const fields = ['supplier_no', 'name', 'gln', 'tax', 'npi', 'iban', 'street', 'phone', 'email'];
const valuesOf = (one: Supplier) =>
  [one.key, one.name, one.gln, one.tax, one.npi, one.iban, one.street, one.phone, one.email].map((text) => (text === '' ? null : text));

async function* once<Batch>(batch: Batch): AsyncIterable<Batch> {
  yield batch;
}

async function table(name: string, columns: readonly string[], rows: readonly (readonly (string | null)[])[], select: string): Promise<string> {
  await plane.run(`CREATE OR REPLACE TABLE "${name} text" (${columns.map((column) => `"${column}" VARCHAR`).join(', ')})`);
  await plane.append(`${name} text`, once(rows));
  await plane.run(`CREATE OR REPLACE TABLE "${name}" AS SELECT ${select} FROM "${name} text"`);
  return `"${name}"`;
}

async function staged(name: string, night: Night): Promise<ConflictNight> {
  const columns = fields.join(', ');
  return {
    legacy: await table(
      `${name} legacy`,
      [...fields, 'row'],
      night.legacy.map((one, index) => [...valuesOf(one), String(index + 1)]),
      `'erp' AS _system, supplier_no AS _key, CAST(row AS BIGINT) AS _row, ${columns}`,
    ),
    odoo: await table(
      `${name} odoo`,
      [...fields, 'id'],
      night.odoo.map((one) => [...valuesOf(one), String(one.id)]),
      `CAST(id AS BIGINT) AS _odoo_id, supplier_no AS _key, NULL::VARCHAR AS _external_id, ${columns}`,
    ),
    links: await table(
      `${name} links`,
      ['system', 'key', 'odoo_id', 'external_id', 'provenance'],
      night.links.map(({ key, id, externalId, provenance }) => ['erp', key, String(id), externalId, provenance]),
      '* REPLACE (CAST(odoo_id AS BIGINT) AS odoo_id)',
    ),
    externalIds: await table(
      `${name} names`,
      ['external_id', 'odoo_id'],
      night.externalIds.map(({ externalId, id }) => [externalId, String(id)]),
      '* REPLACE (CAST(odoo_id AS BIGINT) AS odoo_id)',
    ),
  };
}

async function findConflicts(world: World, withEvidence: boolean): Promise<void> {
  const now = await staged('now', world.now);
  const input = withEvidence
    ? { now, previous: await staged('before', world.before) }
    : { now: { legacy: now.legacy, odoo: null, links: null, externalIds: null }, previous: null };
  await runConflicts(conflictSteps({ contract, ...input, odooFields: fields, rejected: null, clusters: null }), plane);
}

interface Score {
  readonly seeded: number;
  readonly precision: number;
  readonly recall: number;
}

/** By class and place, over records. */
async function scores(truth: World['truth']): Promise<Map<string, Score>> {
  const rows = await plane.rows<{ what: string; record: string }>(
    `SELECT DISTINCT class || ' ' || place AS what, coalesce(r."key", 'odoo ' || r.odoo_id) AS record FROM (SELECT class, place, unnest(records) AS r FROM conflict_findings)`,
  );
  const found = new Map<string, Set<string>>();
  for (const { what, record } of rows) found.set(what, (found.get(what) ?? new Set<string>()).add(record));
  return new Map(
    [...new Set([...truth.keys(), ...found.keys()])].sort().map((what) => {
      const [seeded, told] = [truth.get(what) ?? new Set<string>(), found.get(what) ?? new Set<string>()];
      const hits = [...told].filter((record) => seeded.has(record)).length;
      return [what, { seeded: seeded.size, precision: told.size === 0 ? 1 : hits / told.size, recall: seeded.size === 0 ? 1 : hits / seeded.size }];
    }),
  );
}

/** What tonight's legacy data alone can tell. Of the GLN that lost their last digit one in ten passes its check with a zero before it (the check
 *  digit's own rate): nothing in the data tells it from one that lost a zero, so these two classes are held to that rate. */
const tellable = { 'leading-zeros-lost within-legacy': 0.85, 'truncated within-legacy': 0.94 } as Readonly<Record<string, number>>;
const identifiable = new Set(
  [
    'check-digit-fails',
    'leading-zeros-lost',
    'truncated',
    'homoglyph',
    'placeholder',
    'format-variant',
    'shared-identifier',
    'many-identifiers',
    'duplicate-record',
    'key-not-unique',
  ].map((name) => `${name} within-legacy`),
);

describe('conflicts among 20,000 suppliers with seeded faults', () => {
  it('are found in every class, with Odoo, the crosswalk and last night beside', async () => {
    const world = makeWorld(20_000, 5);
    await findConflicts(world, true);
    const found = await scores(world.truth);
    expect([...found].filter(([, { precision, recall }]) => precision < 0.98 || recall < 0.98)).toEqual([]);
  }, 180_000);

  it('are found in the legacy data alone, as far as they show there', async () => {
    const world = makeWorld(20_000, 6);
    await findConflicts(world, false);
    const found = await scores(world.truth);
    expect([...found].filter(([what, { precision, recall }]) => identifiable.has(what) && Math.min(precision, recall) < (tellable[what] ?? 0.98))).toEqual([]);
  }, 180_000);
});

describe('findings', () => {
  const text = async (threads: number): Promise<string> => {
    const other = await openDataPlane({ memory: '512MB', threads, spillDirectory: join(directory, `spill-${threads}`) });
    const first = plane;
    try {
      plane = other;
      await findConflicts(makeWorld(2_000, 7), true);
      return JSON.stringify(await other.rows(shownFindingsSql()));
    } finally {
      plane = first;
      await other.close();
    }
  };

  it('are the same bytes on every run, with one thread or two', async () => {
    const once = await text(1);
    expect(await text(2)).toBe(once);
    expect(await text(1)).toBe(once);
  });

  it('have an id each, which stays when the value changes', async () => {
    await findConflicts(makeWorld(2_000, 7), true);
    const [counted] = await plane.rows<{ findings: number; ids: number }>('SELECT count(*) AS findings, count(DISTINCT id) AS ids FROM conflict_findings');
    expect(counted?.ids).toBe(counted?.findings);
    const find = async () =>
      plane.rows<{ id: string }>(`SELECT id FROM conflict_findings WHERE class = 'check-digit-fails' AND field = 'gln' AND records[1]."key" = 'V100000'`);
    const before = await find();
    const world = makeWorld(2_000, 7);
    const [first] = world.now.legacy;
    if (first !== undefined) first.gln = `${first.gln.slice(0, 5)}${(Number(first.gln[5]) + 1) % 10}${first.gln.slice(6)}`;
    await findConflicts(world, true);
    expect(before).toHaveLength(1);
    expect(await find()).toEqual(before);
  });

  it('show no value of a pii field', async () => {
    const world = makeWorld(2_000, 7);
    await findConflicts(world, true);
    const rows = await plane.rows(`SELECT * FROM (${shownFindingsSql()}) WHERE field = 'iban'`);
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.every(({ value, other, proposal, masked }) => value === null && other === null && proposal === null && masked === true)).toBe(true);
    const shown = JSON.stringify(await plane.rows(shownFindingsSql()));
    expect(world.before.legacy.filter(({ iban }) => iban !== '' && shown.includes(iban))).toEqual([]);
  });

  it('propose the value that was there before the damage', async () => {
    const world = makeWorld(2_000, 7);
    await findConflicts(world, true);
    const rows = await plane.rows<{ class: string; field: string; key: string; proposal: string | null }>(
      `SELECT class, field, records[1]."key" AS key, proposal FROM conflict_findings
       WHERE class IN ('leading-zeros-lost', 'truncated', 'homoglyph', 'check-digit-fails', 'format-variant') AND place = 'within-legacy'`,
    );
    const before = new Map(world.before.legacy.map((one) => [one.key, one]));
    const wrong = rows.filter(({ field, key, proposal }) => proposal !== before.get(key)?.[field as keyof Supplier]);
    expect(rows.length).toBeGreaterThan(150);
    expect(wrong).toEqual([]);
  });
});

describe('an entity without identifiers of a scheme', () => {
  it('has conflicts of its keys and links only', async () => {
    const plain = EntityContract.parse({
      entity: 'unit',
      version: 1,
      key: ['code'],
      fields: { code: { type: 'text', required: true }, name: { type: 'text' } },
    });
    await plane.run(
      `CREATE TABLE units AS SELECT 'erp' AS _system, code AS _key, row AS _row, code, code AS name FROM (VALUES ('EA', 1::BIGINT), ('BX', 2), ('EA', 3)) AS v(code, row)`,
    );
    const now = { legacy: 'units', odoo: null, links: null, externalIds: null };
    await runConflicts(conflictSteps({ contract: plain, now, previous: null, odooFields: [], rejected: null, clusters: null }), plane);
    expect(await plane.rows('SELECT class, place, evidence FROM conflict_findings')).toEqual([
      { class: 'key-not-unique', place: 'within-legacy', evidence: '2 rows have it, all alike' },
    ]);
  });
});
