import { describe, expect, test } from 'vitest';
import type { PlanAction, PlannedRecord } from '../../domain/plan.ts';
import { createSignature, loadTable, nestedLines } from './load-table.ts';

const types: Readonly<Record<string, string>> = { partner_id: 'many2one', product_id: 'many2one', tax_ids: 'many2many', active: 'boolean' };
const typeOf = (field: string): string => types[field] ?? 'char';

describe('documents as one call of load', () => {
  test('records go by External ID, references by database id, truth as 1 and 0, no value as an empty cell', () => {
    const table = loadTable([{ externalId: 'm.a', values: { name: 'A', active: false, partner_id: 7, ref: null }, lines: [] }], typeOf, null);
    expect(table).toEqual({ fields: ['id', 'name', 'active', 'partner_id/.id', 'ref'], rows: [['m.a', 'A', '0', 7, '']], owners: [0] });
  });

  test('further lines stand on rows of their own, whose document cells are empty; each row knows its document', () => {
    const line = (id: string, product: number) => ({ externalId: id, values: { product_id: product, price_unit: '1.5', tax_ids: [] } });
    const documents = [
      { externalId: 'm.1', values: { name: 'PO-1' }, lines: [line('m.1a', 3), line('m.1b', 4)] },
      { externalId: 'm.2', values: { name: 'PO-2' }, lines: [] },
      { externalId: 'm.3', values: { name: 'PO-3' }, lines: [line('m.3a', 5)] },
    ];
    expect(loadTable(documents, typeOf, { field: 'order_line', types: typeOf })).toEqual({
      fields: ['id', 'name', 'order_line/id', 'order_line/product_id/.id', 'order_line/price_unit', 'order_line/tax_ids/.id'],
      rows: [
        ['m.1', 'PO-1', 'm.1a', 3, '1.5', ''],
        ['', '', 'm.1b', 4, '1.5', ''],
        ['m.2', 'PO-2', '', '', '', ''],
        ['m.3', 'PO-3', 'm.3a', 5, '1.5', ''],
      ],
      owners: [0, 0, 1, 2],
    });
  });
});

describe('what shares a call', () => {
  const record = (key: string, fields: readonly string[]): PlannedRecord => ({
    ...{ action: 'create', entity: 'line', system: 's', key, externalId: `m.${key}`, odooId: null, reason: null },
    patch: fields.map((field) => ({ op: 'add', path: `/${field}`, value: 'x' })),
  });
  const action = (lines: readonly PlannedRecord[]): PlanAction => ({
    ...record('po', ['name', 'date']),
    ...{ entity: 'order', seq: 1, lines, steps: [], rollback: { will: '', cannot: null } },
  });

  test('a line that gives other fields than the first goes by itself: an empty cell would take away a default', () => {
    const document = action([record('1', ['qty', 'price']), record('2', ['price', 'qty']), record('3', ['qty', 'price', 'due'])]);
    expect(nestedLines(document).map((line) => line.key)).toEqual(['1', '2']);
  });

  test('documents that give the same fields in any order, and none that give others', () => {
    expect(createSignature(action([record('1', ['qty', 'price'])]))).toBe(createSignature(action([record('2', ['price', 'qty'])])));
    expect(createSignature(action([record('1', ['qty'])]))).not.toBe(createSignature(action([record('2', ['qty', 'due'])])));
    expect(createSignature(action([]))).not.toBe(createSignature(action([record('2', ['qty'])])));
  });
});
