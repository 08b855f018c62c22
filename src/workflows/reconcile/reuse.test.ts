/** The second night costs what changed, and finds what a full comparison finds. */
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DataRow } from '../../domain/ports.ts';
import { literal } from '../../domain/sql.ts';
import { TRY_STAYS_WHOLE } from '../expression/expression.ts';
import { baselineLayerSql, newlyAgreedSql } from './baseline.ts';
import { compareCapability } from './compare.ts';
import type { Comparison } from './comparison.ts';
import { rulesOf } from './control-query.ts';
import { controlTotals } from './controls.ts';
import { comparedValues, coverageOf } from './coverage.ts';
import { linkItems, pullState, type RandomLinks, type RandomState, randomLinks, randomState, randomWorld, withSomeOf } from './random-world.fixture.ts';
import { Laboratory, type ReconcileWorld } from './reconcile-world.fixture.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

let looks = 0;
async function compare(world: ReconcileWorld, full: boolean): Promise<Comparison> {
  looks += 1;
  const { workspace, capability, asOf } = world;
  return await compareCapability({ workspace, capability, asOf, runId: `20260102T030405-look-${looks}`, full }, world.ports);
}

/** Everything that a comparison leaves, row by row. */
async function foundBy(comparison: Comparison, world: ReconcileWorld): Promise<unknown> {
  const plane = await world.ports.openPlane();
  try {
    await plane.run(TRY_STAYS_WHOLE);
    const rows: Record<string, unknown> = {};
    for (const entity of comparison.entities) {
      const { breaks, records, candidates, legacy, odoo, counts, equal, followers } = entity;
      for (const [part, file] of Object.entries({ breaks, records, candidates }))
        rows[`${entity.entity} ${part}`] = await plane.rows(`FROM read_parquet(${literal(file)}) ORDER BY ALL`);
      rows[`${entity.entity} legacy`] = await plane.rows(`FROM ${legacy.sql} ORDER BY _system, _row`);
      rows[`${entity.entity} odoo`] = await plane.rows(`FROM ${odoo.sql} ORDER BY _odoo_id`);
      rows[`${entity.entity} counts`] = { counts, equal, followers };
      const rules = rulesOf(entity, comparison).filter((rule) => rule.compared);
      rows[`${entity.entity} agreed`] = await plane.rows(
        `SELECT * FROM (${newlyAgreedSql(rules, entity.isWhole ? { ...entity, again: null } : entity)}) ORDER BY _system, _key`,
      );
    }
    return {
      rows,
      controls: await controlTotals(comparison, plane),
      coverage: await coverageOf(comparison, await comparedValues(comparison, plane), plane, world.ports),
    };
  } finally {
    await plane.close();
  }
}

const takenOver = async (comparison: Comparison, world: ReconcileWorld): Promise<number> => {
  let records = 0;
  for (const { again, isWhole, records: file } of comparison.entities) {
    if (again === null || isWhole) continue;
    const [row] = await world.rows<{ records: number } & DataRow>(
      `SELECT count(*) AS records FROM read_parquet(${literal(file)}) AS r ANTI JOIN ${again.legacy.sql} AS a ON a._system = r._system AND a._key = r._key WHERE r._class = 'linked'`,
    );
    records += row?.records ?? 0;
  }
  return records;
};

async function firstNight(state: RandomState, links: RandomLinks): Promise<ReconcileWorld> {
  const world = await randomWorld(laboratory);
  await linkItems(world, links);
  await pullState(world, state);
  await world.reconcile();
  return world;
}

/** A load or rollback between the nights: values agreed upon, or forgotten. */
async function layer(world: ReconcileWorld, sql: string): Promise<void> {
  const directory = await world.ports.runs.baselineDirectory(world.uuid, 'procurement', 'item');
  looks += 1;
  await laboratory.plane.run(`COPY (${sql}) TO ${literal(join(directory, `load-${looks}.parquet`))} (FORMAT parquet)`);
  await laboratory.state.addBaselineLayer(world.uuid, 'procurement', { entity: 'item', runId: 'load', file: `load-${looks}.parquet` });
}

describe('what did not change since the last comparison', () => {
  test('is taken over, and everything comes out as if all had been compared', { timeout: 600_000 }, async () => {
    let records = 0;
    const between = fc.record({
      ...{ other: randomState, which: fc.integer({ min: 0, max: 1023 }), links: fc.option(randomLinks), unlinked: fc.option(fc.constantFrom('1', '2')) },
      layer: fc.option(fc.record({ no: fc.constantFrom('1', '2', '3'), price: fc.constantFrom(null, '1', '2.5'), forget: fc.boolean() })),
      decided: fc.option(
        fc.record({ no: fc.constantFrom('1', '2'), id: fc.integer({ min: 1, max: 4 }), decision: fc.constantFrom('same' as const, 'different' as const) }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(randomState, randomLinks, fc.array(between, { minLength: 1, maxLength: 2 }), async (first, links, nights) => {
        const world = await firstNight(first, links);
        let state = first;
        for (const night of nights) {
          state = withSomeOf(state, night.other, night.which);
          await pullState(world, state);
          if (night.links !== null) await linkItems(world, night.links.slice(0, 2));
          if (night.unlinked !== null) await world.unlink('item', 'meditrack', [night.unlinked]);
          if (night.layer !== null) {
            const { no, price, forget } = night.layer;
            const values = `SELECT 'meditrack' AS _system, ${literal(no)} AS _key, 'price' AS _field, CAST(${literal(price)} AS VARCHAR) AS _value`;
            await layer(world, `SELECT * REPLACE (${forget} AS _forget) FROM (${baselineLayerSql(values, ['price'])})`);
          }
          if (night.decided !== null) {
            const { no, id, decision } = night.decided;
            const row = { ...{ entity: 'item', system: 'stores', key: no, odoo: String(id), decision }, by: 'steward', at: '2026-01-01', reason: '' };
            world.workspace = { ...world.workspace, linkDecisions: [row] };
          }
          const reused = await compare(world, false);
          records += await takenOver(reused, world);
          // compares row by row on its own account as well
          const full = await compare(world, true);
          expect(await takenOver(full, world)).toBe(0);
          expect(await foundBy(reused, world)).toEqual(await foundBy(full, world));
          await world.reconcile();
        }
      }),
      { numRuns: 4, endOnFailure: true },
    );
    expect(records).toBeGreaterThan(0);
  });

  const threeNumbers = ['1', '2', '3'] as const;
  const state: RandomState = {
    wardNames: ['Surgery', 'Dialysis', null],
    items: threeNumbers.map((no) => ({
      system: 'meditrack',
      no,
      name: 'a',
      note: null,
      kind: 'drug',
      ward: 'W1',
      term: '30 days',
      price: no,
      weight: '1',
      total: null,
    })),
    lines: [],
    odooItems: threeNumbers.map((no) => ({
      id: Number(no),
      no,
      name: 'a',
      note: null,
      kind: 'drug',
      ward_id: 1,
      term_id: 1,
      price: '2',
      weight: '1',
      total: '0',
      _in_scope: true,
    })),
    odooLines: [],
    terms: ['30 days', '60 days'],
  };
  const links = threeNumbers.map((no) => ({ system: 'meditrack' as const, no, id: Number(no) }));
  const ofItems = async (world: ReconcileWorld): Promise<number> => {
    const { entities } = await compare(world, false);
    return await takenOver({ entities: entities.filter((one) => one.entity === 'item') } as unknown as Comparison, world);
  };

  test('is compared again once its legacy row, its Odoo record, its link or its baseline is another', async () => {
    const world = await firstNight(state, links);
    expect(await ofItems(world)).toBe(3);
    const [first, ...others] = state.items as [RandomState['items'][number], ...RandomState['items']];
    await pullState(world, { ...state, items: [{ ...first, name: 'b' }, ...others] });
    expect(await ofItems(world)).toBe(2);
    const [record, ...records] = state.odooItems as [RandomState['odooItems'][number], ...RandomState['odooItems']];
    await pullState(world, { ...state, odooItems: [{ ...record, note: 'x' }, ...records] });
    expect(await ofItems(world)).toBe(2);
    await pullState(world, state);
    expect(await ofItems(world)).toBe(3);
    await layer(world, baselineLayerSql("SELECT 'meditrack' AS _system, '3' AS _key, 'price' AS _field, '3' AS _value", ['price']));
    expect(await ofItems(world)).toBe(2);
    await world.link('item', 'meditrack', { 1: 2, 2: 1 });
    expect(await ofItems(world)).toBe(0);
  });

  test('is compared again when a field is compared in another way', async () => {
    const world = await firstNight(state, links);
    const [definition] = world.capability.entities.filter((one) => one.contract.entity === 'item');
    Object.assign(definition?.contract.owner.fields as object, { price: 'odoo' });
    expect(await ofItems(world)).toBe(0);
  });

  test('is compared in full when it was kept wrongly: that is said, and what was kept is thrown away', async () => {
    const world = await firstNight(state, links);
    const kept = JSON.parse(await world.ports.runs.readFile(join(await world.ports.runs.reconcileDirectory(world.uuid, 'procurement'), 'compared.json'))) as {
      entities: Record<string, { runId: string }>;
    };
    const file = literal(join(await world.ports.runs.runDirectory(kept.entities.item?.runId ?? ''), 'item.records.parquet'));
    await laboratory.plane.run(`CREATE OR REPLACE TABLE kept AS SELECT * REPLACE (CAST([] AS VARCHAR[]) AS _fields) FROM read_parquet(${file})`);
    await laboratory.plane.run(`COPY kept TO ${file} (FORMAT parquet)`);
    expect(await ofItems(world)).toBe(3);
    await expect(compare(world, true)).rejects.toMatchObject({ code: 'E_REUSE_DIFFERS', message: expect.stringMatching(/^item: 4 rows/) });
    expect(await ofItems(world)).toBe(0);
  });
});
