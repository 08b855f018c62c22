/** No float on any way an amount takes: random amounts, rounding rules, tolerances and currencies, against whole numbers in BigInt. */
import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ControlTotal } from '../../src/domain/difference.ts';
import type { DataPlane } from '../../src/domain/ports.ts';
import type { MapResult } from '../../src/domain/results.ts';
import { literal } from '../../src/domain/sql.ts';
import { mapCapability } from '../../src/workflows/map/map.ts';
import { decimalText, wireValue, writeValue } from '../../src/workflows/plan/wire-value.ts';
import { Laboratory, type ReconcileWorld, type WorldDescription } from '../../src/workflows/reconcile/reconcile-world.fixture.ts';
import {
  amount,
  type Judged,
  judged,
  type Money,
  type RandomDocument,
  randomDocument,
  randomMoney,
  sum,
  textOf,
  type Written,
  written,
} from './money-books.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

const documentColumns = { no: 'no', kind: 'kind', total: 'total', fee: 'fee', share: 'share' };
const entities: WorldDescription['entities'] = [
  {
    contract: {
      ...{ entity: 'document', version: 1, key: ['no'] },
      fields: {
        no: { type: 'identifier', scheme: 'code', required: true },
        kind: { type: 'choice', values: ['a', 'b'] },
        total: { type: 'money', digits: 4, rounding: { lines: 'document_line.amount' } },
        fee: { type: 'money', digits: 4, rounding: 'currency' },
        share: { type: 'money', digits: 4, tolerance: '0.05' },
      },
      checks: [{ name: 'does-not-sum', sums: { lines: 'document_line.amount' }, when: 'lines <> total', measure: 'total - lines', hint: 'mend it' }],
      controls: ['total', 'fee', 'share'].map((measure) => ({ name: measure, measure, by: { kind: 'kind' } })),
      odoo: {
        ...{ model: 'document', scope: [] },
        fields: { no: 'no', kind: 'kind', total: { field: 'total', send: false }, fee: 'fee', share: 'share' },
      },
    },
    sources: [{ system: 'meditrack', entity: 'document', from: 'DOCUMENT', fields: documentColumns }],
  },
  {
    contract: {
      ...{ entity: 'document_line', version: 1, parent: 'document', key: ['document', 'line_no'] },
      fields: {
        document: { type: 'ref', entity: 'document', required: true },
        line_no: { type: 'integer', required: true },
        amount: { type: 'money', digits: 4 },
      },
      odoo: { model: 'line', in: 'line_ids', parent_field: 'document_id', fields: { document: 'document_id', amount: 'amount' } },
    },
    sources: [{ system: 'meditrack', entity: 'document_line', from: 'LINE', fields: { document: 'document', line_no: 'line_no', amount: 'amount' } }],
  },
];
const fields = {
  document: { no: 'char', kind: 'char', total: 'monetary', fee: 'monetary', share: 'float 4' },
  line: { document_id: 'many2one document', amount: 'monetary' },
};

/** Documents on both sides, and amounts written in every way on documents that are only in legacy. */
async function worldOf(money: Money, documents: readonly RandomDocument[], amounts: readonly Written[]): Promise<ReconcileWorld> {
  const world = await laboratory.world({ entities, fields, rounding: money.method, currencyDigits: money.currencyDigits });
  const both = documents.map((document, index) => ({ document, id: index + 1, no: `D${index + 1}`, sides: judged(document, money) }));
  const headers = both.map(({ document: { kind }, no, sides: { total, fee, share } }) => ({
    ...{ no, kind, total: textOf(total.legacy), fee: textOf(fee.legacy), share: textOf(share.legacy) },
  }));
  const others = amounts.map(({ text }, index) => ({ no: `X${index + 1}`, kind: 'a', total: null, fee: null, share: text }));
  await world.legacy('meditrack', 'document', [...headers, ...others]);
  const lines = both.flatMap(({ document, no, id }) => document.lines.map((units, index) => ({ document: no, id, line_no: index + 1, amount: textOf(units) })));
  await world.legacy(
    'meditrack',
    'document_line',
    lines.map(({ document, line_no, amount: text }) => ({ document, line_no, amount: text })),
    ['document', 'line_no', 'amount'],
  );
  await world.odoo(
    'document',
    both.map(({ id, no, document: { kind }, sides: { total, fee, share } }) => ({
      ...{ id, no, kind, total: textOf(total.odoo), fee: textOf(fee.odoo), share: textOf(share.odoo) },
    })),
  );
  await world.odoo('document_line', []);
  await world.link('document', 'meditrack', Object.fromEntries(both.map(({ no, id }) => [no, id])));
  return world;
}

/** Everything that the verbs of a world ask the data engine. */
function listening(world: ReconcileWorld): readonly string[] {
  const said: string[] = [];
  const { openPlane } = world.ports;
  Object.assign(world.ports, {
    openPlane: async (): Promise<DataPlane> => {
      const plane = await openPlane();
      const { run, rows, stream } = plane;
      const heard = <Answer>(answer: (sql: string) => Answer) => {
        return (sql: string): Answer => {
          said.push(sql);
          return answer.call(plane, sql);
        };
      };
      return Object.assign(plane, { run: heard(run), rows: heard(rows), stream: heard(stream) });
    },
  });
  return said;
}

/** Columns of everything the verbs of a world have written down, that are floats. */
async function floatsOf(world: ReconcileWorld): Promise<readonly string[]> {
  const files = literal(`${laboratory.directory}/${world.uuid}/**/*.parquet`);
  const columns = await world.rows<{ file_name: string; name: string }>(
    `SELECT DISTINCT file_name, name FROM parquet_schema(${files}) WHERE type IN ('FLOAT', 'DOUBLE') ORDER BY ALL`,
  );
  return columns.map(({ file_name: file, name }) => `${file}: ${name}`);
}

/** The factor that would explain many differences at once is looked for by ratios; what it finds is proven on exact amounts. */
const guessOfFactor = /\bAS ratio FROM pattern_values\b/;

const plain = (text: string | null | undefined): string => new Decimal(text ?? 0).toFixed();

function checkTotals(controls: readonly ControlTotal[], documents: readonly RandomDocument[], money: Money, amounts: readonly Written[]): void {
  for (const measure of ['total', 'fee', 'share'] as const) {
    for (const kind of [null, 'a', 'b'] as const) {
      const sides = documents.filter((document) => kind === null || document.kind === kind).map((document) => judged(document, money)[measure]);
      const alone = measure === 'share' && kind !== 'b' ? sum(amounts.flatMap(({ units }) => (units === null ? [] : [units]))) : 0n;
      const found = controls.find(({ name, dimension }) => name === measure && (kind === null ? Object.keys(dimension).length === 0 : dimension.kind === kind));
      if (found === undefined) {
        expect(sides).toEqual([]);
        continue;
      }
      const of = (side: 'legacy' | 'odoo') => sum(sides.map((one) => one[side]));
      const because = (why: Judged['why']) => sum(sides.flatMap((one) => (one.why === why ? [one.legacy - one.odoo] : [])));
      expect({ measure, kind, ...totalsOf(found) }).toEqual({
        ...{ measure, kind, legacy: textOf(of('legacy') + alone), odoo: textOf(of('odoo')), difference: textOf(of('legacy') + alone - of('odoo')) },
        ...{ rounding: textOf(because('rounding')), tolerance: textOf(because('tolerance')), value: textOf(because('value')), onlyLegacy: textOf(alone) },
        residual: '0',
      });
    }
  }
}

function totalsOf({ legacy, odoo, difference, residual, classes }: ControlTotal): Record<string, string> {
  return {
    ...{ legacy: plain(legacy), odoo: plain(odoo), difference: plain(difference), residual: plain(residual) },
    ...{ rounding: plain(classes.rounding), tolerance: plain(classes.tolerance), value: plain(classes.value), onlyLegacy: plain(classes['only-legacy']) },
  };
}

function checkMapped({ checks, rejects }: MapResult, documents: readonly RandomDocument[], amounts: readonly Written[]): void {
  const wrong = documents.filter(({ beyond }) => beyond !== 0n);
  const [found] = checks.filter(({ name }) => name === 'does-not-sum');
  expect([found?.count, plain(found?.measure)]).toEqual([wrong.length, textOf(sum(wrong.map(({ beyond }) => beyond)))]);
  expect(sum(rejects.map(({ count }) => BigInt(count)))).toBe(BigInt(amounts.filter(({ units }) => units === null).length));
}

test('casts, sums, checks, tolerances and both ways of rounding are exact in every currency, and no query knows a float', { timeout: 120_000 }, async () => {
  const documents = fc.array(randomDocument, { minLength: 20, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(randomMoney, documents, fc.array(written, { minLength: 10, maxLength: 30 }), async (money, all, amounts) => {
      const world = await worldOf(money, all, amounts);
      const said = listening(world);
      const { workspace, capability, asOf, ports } = world;
      checkMapped(await mapCapability({ workspace, capability, entity: null, asOf, runId: '20260102T030405-map-0001' }, ports), all, amounts);
      const { controls } = await world.reconcile();
      checkTotals(controls, all, money, amounts);
      expect(said.length).toBeGreaterThan(20);
      expect(said.filter((sql) => /\b(DOUBLE|FLOAT\d?|REAL)\b/i.test(sql) && !guessOfFactor.test(sql))).toEqual([]);
      expect(await floatsOf(world)).toEqual([]);
    }),
    { numRuns: 4, endOnFailure: true },
  );
});

test('an amount that is sent to Odoo and read back is the same amount, however large', () => {
  fc.assert(
    fc.property(amount, (units) => {
      const text = textOf(units);
      expect(decimalText(text)).toBe(text);
      const answered: unknown = JSON.parse(JSON.stringify(writeValue(decimalText(text), 'monetary')));
      expect(wireValue(answered, 'monetary')).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});
