/** Suppliers of one system on both sides: what the tests of judging, deciding and planning happen in. */
import type { BreakDecisionRow } from '../../domain/break-decision.ts';
import type { DataRow } from '../../domain/ports.ts';
import { literal, literalList } from '../../domain/sql.ts';
import { addBaselineLayer, baselineLayerSql } from './baseline.ts';
import type { JudgedComparison } from './judge.ts';
import type { Laboratory, ReconcileWorld, WorldDescription } from './reconcile-world.fixture.ts';

/** `contract` and `key` are laid over the contract and its key field `no`. */
export function suppliers(contract: object = {}, key: object = {}): WorldDescription {
  return {
    fields: { 'res.partner': { ref: 'char', name: 'char', city: 'char', acc: 'char' } },
    entities: [
      {
        contract: {
          ...{ entity: 'supplier', version: 1, key: ['no'] },
          fields: {
            no: { type: 'text', required: true, ...key },
            name: { type: 'text' },
            city: { type: 'text' },
            iban: { type: 'text', pii: true },
            changed: { type: 'timestamp' },
          },
          odoo: { model: 'res.partner', scope: [['ref', '!=', false]], fields: { no: 'ref', name: 'name', city: 'city', iban: 'acc' } },
          ...contract,
        },
        sources: [
          {
            ...{ system: 'meditrack', entity: 'supplier', from: 'V' },
            fields: { no: 'no', name: 'name', city: 'city', iban: 'iban', changed: 'TRY_CAST(changed AS TIMESTAMP)' },
          },
        ],
      },
    ],
  };
}

export interface Supplier {
  readonly name?: string | null;
  readonly city?: string | null;
  readonly iban?: string | null;
  /** When the legacy row was changed. */
  readonly changed?: string;
  /** When the record of Odoo was. */
  readonly written?: string;
}
export type Suppliers = Readonly<Record<string, Supplier>>;

const idOf = (no: string): number => Number(no.slice(1));

/** Suppliers by number (`V1` is record 1 of Odoo), on both sides. Those of Odoo are linked, unless `linked` says which. */
export async function pull(world: ReconcileWorld, legacy: Suppliers, odoo: Suppliers, linked: readonly string[] = Object.keys(odoo)): Promise<void> {
  await pullLegacy(world, legacy);
  const records = Object.entries(odoo).map(([no, { iban = null, written, changed: _changed, ...one }]) => ({
    ...{ id: idOf(no), ref: no, name: no, city: null, acc: iban, ...one },
    ...(written === undefined ? {} : { write_date: written }),
  }));
  await world.odoo('supplier', records);
  await world.link('supplier', 'meditrack', Object.fromEntries(linked.map((no) => [no, idOf(no)])));
}

export async function pullLegacy(world: ReconcileWorld, legacy: Suppliers): Promise<void> {
  const rows = Object.entries(legacy).map(([no, { written: _written, ...one }]) => ({ no, name: no, city: null, iban: null, changed: null, ...one }));
  await world.legacy('meditrack', 'supplier', rows, ['no', 'name', 'city', 'iban', 'changed']);
}

/** Judged breaks as `key rule class status life nights`. */
export async function told(world: ReconcileWorld, judged: JudgedComparison): Promise<string[]> {
  const rows = await world.rows(`SELECT * FROM read_parquet(${literalList(judged.entities.map((one) => one.breaks))})`);
  return rows.map((row) => [row.key, row.rule, row.class, row.status, row.life, row.nights].join(' '));
}

export interface JudgedRow extends DataRow {
  readonly id: string;
  readonly class: string;
  readonly value_hash: string | null;
}

/** Judged breaks of the first entity. */
export async function breaksOf(world: ReconcileWorld, judged: JudgedComparison): Promise<JudgedRow[]> {
  return await world.rows<JudgedRow>(`SELECT * FROM read_parquet(${literal(judged.entities[0]?.breaks ?? '')})`);
}

/** The rows of decisions/breaks.csv, from line 2 on. */
export function decide(world: ReconcileWorld, rows: readonly Partial<BreakDecisionRow>[]): void {
  const complete = rows.map((row, index) => ({
    ...{
      break: '',
      entity: 'supplier',
      key: '',
      field: '',
      decision: 'waive',
      by: 'sue',
      at: '2026-01-02',
      reason: 'known',
      until: '2026-03-31',
      value_hash: '',
    },
    ...row,
    ...{ position: { file: 'decisions/breaks.csv', line: index + 2, column: 1 }, problem: null },
  }));
  world.workspace = { ...world.workspace, breakDecisions: complete };
}

/** A load or rollback that came to its end, and what it read back: supplier → field → value. */
export async function loaded(
  world: ReconcileWorld,
  laboratory: Laboratory,
  run: { readonly id: string; readonly command?: string; readonly startedAt: string; readonly endedAt: string; readonly asOf?: string },
  values: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<void> {
  const { id, command = 'load', startedAt, endedAt, asOf = startedAt } = run;
  await laboratory.state.startRun({ id, command, capability: 'procurement', startedAt, asOf });
  const rows = Object.entries(values).flatMap(([no, fields]) => Object.entries(fields).map(([field, value]) => [no, field, value] as const));
  const selects = rows.map(
    ([no, field, value]) => `SELECT 'meditrack' AS _system, ${literal(no)} AS _key, ${literal(field)} AS _field, ${literal(value)} AS _value`,
  );
  const of = { odooUuid: world.uuid, capability: 'procurement', entity: 'supplier' };
  await addBaselineLayer(world.ports, laboratory.plane, of, id, baselineLayerSql(selects.join(' UNION ALL '), ['no', 'name', 'city', 'iban']));
  await laboratory.state.endRun(id, 'ok', endedAt, null);
}
