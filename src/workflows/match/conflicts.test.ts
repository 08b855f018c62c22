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

describe('conflicts among 20,000 suppliers with seeded faults', () => {
  it('are found in every class, with Odoo, the crosswalk and last night beside', async () => {
    const world = makeWorld(Number(process.env.ROWS ?? 20_000), 5);
    await findConflicts(world, true);
    const found = await scores(world.truth);
    if (process.env.SCORES !== undefined) console.table(Object.fromEntries(found));
    expect([...found].filter(([, { precision, recall }]) => precision < 0.98 || recall < 0.98)).toEqual([]);
  });
});
