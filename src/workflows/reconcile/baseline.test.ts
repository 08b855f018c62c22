import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DataPlane } from '../../domain/ports.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { addBaselineLayer, knownLayers, mergedBaselineSql } from './baseline.ts';
import { Laboratory } from './reconcile-world.fixture.ts';

let laboratory: Laboratory;
let plane: DataPlane;
beforeAll(async () => {
  laboratory = await Laboratory.open();
  plane = laboratory.plane;
});
afterAll(() => laboratory.close());

const fields = ['name', 'city', 'v'];
/** undefined: the layer says nothing of the field; null: both sides agreed on no value. */
interface LayerRow {
  readonly key: string;
  readonly forget: boolean;
  readonly values: Readonly<Record<string, string | null | undefined>>;
}
interface Layer {
  readonly rows: readonly LayerRow[];
  /** Fields the contract had when it was written. */
  readonly columns: readonly string[];
}

const value = fc.option(fc.option(fc.constantFrom('a', 'b', '')), { nil: undefined });
const row: fc.Arbitrary<LayerRow> = fc.record({
  key: fc.constantFrom('A', 'B', 'C', 'D'),
  forget: fc.boolean(),
  values: fc.record({ name: value, city: value, v: value }),
});
const layer: fc.Arbitrary<Layer> = fc.record({
  rows: fc.uniqueArray(row, { selector: (one) => one.key, minLength: 1 }),
  columns: fc.subarray(fields, { minLength: 1 }),
});

function layerSql({ rows, columns }: Layer): string {
  const cell = (one: string | null | undefined) =>
    one === undefined ? 'CAST(NULL AS STRUCT(v VARCHAR))' : `struct_pack(v := CAST(${literal(one)} AS VARCHAR))`;
  return rows
    .map(({ key, forget, values }) => {
      const cells = columns.map((name) => `${cell(values[name])} AS ${identifier(name)}`);
      return `SELECT 'stores' AS _system, ${literal(key)} AS _key, ${forget} AS _forget, ${cells.join(', ')}`;
    })
    .join(' UNION ALL ');
}

/** The same by hand: the newest layer that knows a field wins, and what is forgotten is as if it had never been said. */
function merged(layers: readonly Layer[], only: readonly string[] | null): unknown[] {
  const records = new Map<string, Record<string, string | null | undefined>>();
  for (const { rows, columns } of layers) {
    for (const { key, forget, values } of rows) {
      const known = forget ? {} : { ...records.get(key) };
      for (const name of columns) if (values[name] !== undefined) known[name] = values[name];
      records.set(key, known);
    }
  }
  return [...records]
    .filter(([key]) => only === null || only.includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, known]) => ({ _key: key, ...Object.fromEntries(fields.map((name) => [name, known[name] === undefined ? null : { v: known[name] }])) }));
}

describe('the merge of baseline layers', () => {
  test('is what the layers say one after the other, whichever is the largest', async () => {
    const world = await laboratory.world({ entities: [], fields: {} });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(layer, { maxLength: 4 }), fc.option(fc.subarray(['A', 'B', 'C', 'D'], { minLength: 1 })), async (layers, only) => {
        runs += 1;
        const of = { odooUuid: world.uuid, capability: 'procurement', entity: `entity_${runs}` };
        for (const [index, one] of layers.entries())
          expect(await addBaselineLayer(world.ports, plane, of, `run-${index}`, layerSql(one))).toBe(one.rows.length);
        const asked = only === null ? undefined : `SELECT 'stores' AS _system, unnest([${only.map(literal).join(', ')}]) AS _key`;
        const sql = mergedBaselineSql(await knownLayers(world.ports, plane, of), fields, asked);
        expect(await plane.rows(`SELECT _key, ${fields.map(identifier).join(', ')} FROM (${sql}) ORDER BY _key`)).toEqual(merged(layers, only));
      }),
      { numRuns: 40 },
    );
  });
});
