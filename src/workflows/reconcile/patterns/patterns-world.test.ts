import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';
import type { FieldContract } from '../../../domain/contract.ts';
import type { Pattern } from '../../../domain/report.ts';
import type { ReconcileResult } from '../../../domain/results.ts';
import { Laboratory, type Row } from '../reconcile-world.fixture.ts';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.open();
});
afterAll(async () => {
  await laboratory.close();
});

interface Files {
  readonly fields: Readonly<Record<string, z.input<typeof FieldContract>>>;
  readonly mapping: Readonly<Record<string, string>>;
}

const first: Files = {
  fields: {
    supplier_no: { type: 'text', required: true },
    name: { type: 'text' },
    street: { type: 'text' },
    city: { type: 'text' },
    phone: { type: 'text' },
    category: { type: 'text' },
    limit: { type: 'money', digits: 2 },
    discount: { type: 'decimal', digits: 4 },
    since: { type: 'date' },
    changed: { type: 'timestamp' },
    order_no: { type: 'text' },
    notes: { type: 'text' },
  },
  mapping: {
    ...{ supplier_no: 'no', name: 'name', street: 'street', city: 'city', phone: 'phone', category: 'category', limit: 'cents', discount: 'discount' },
    ...{ since: "TRY_CAST(strptime(since, '%m/%d/%Y') AS DATE)", changed: 'changed', order_no: 'order_no', notes: 'notes' },
  },
};

const rows = Array.from({ length: 40 }, (_, index) => {
  const day = String((index % 12) + 1).padStart(2, '0');
  const month = String(((index * 5) % 12) + 1).padStart(2, '0');
  const winter = `2026-01-${day} 12:00:00`;
  const summer = `2026-07-${day} 12:00:00`;
  const legacy: Row = {
    ...{ no: `V${index}`, name: `Supplier ${index} Inc`, street: `${index} Main  Street`, city: index % 2 === 0 ? 'NYC' : 'LA', phone: '', category: 'N/A' },
    ...{ cents: String((index + 1) * 1250), discount: `0.${String(index * 7 + 13).padStart(3, '0')}7`, since: `${day}/${month}/2025` },
    ...{ changed: index % 2 === 0 ? winter : summer, order_no: String(index * 11 + 1), notes: ` note ${index} ` },
  };
  const odoo: Row = {
    ...{ id: index + 1, ref: `V${index}`, name: `SUPPLIER ${index} INC`, street: `${index} Main Street`, city: index % 2 === 0 ? 'New York' : 'Los Angeles' },
    ...{ limit: String((index + 1) * 12.5), discount: `0.${String(index * 7 + 13).padStart(3, '0')}`.slice(0, 4), since: `2025-${month}-${day}` },
    ...{
      changed: index % 2 === 0 ? winter.replace('12:', '11:') : summer.replace('12:', '10:'),
      order_no: String(index * 11 + 1).padStart(8, '0'),
      notes: `note ${index}`,
    },
  };
  return { legacy, odoo };
});

async function reconciled({ fields, mapping }: Files): Promise<ReconcileResult> {
  const bound = { supplier_no: 'ref', ...Object.fromEntries(Object.keys(fields).flatMap((name) => (name === 'supplier_no' ? [] : [[name, name]]))) };
  const world = await laboratory.world({
    fields: {
      'res.partner': {
        ...{ ref: 'char', name: 'char', street: 'char', city: 'char', phone: 'char', category: 'char', limit: 'float', discount: 'float', since: 'date' },
        ...{ changed: 'datetime', order_no: 'char', notes: 'char' },
      },
    },
    entities: [
      {
        contract: { entity: 'supplier', version: 1, key: ['supplier_no'], fields, odoo: { model: 'res.partner', fields: bound } },
        sources: [{ system: 'meditrack', entity: 'supplier', from: 'VENDOR', fields: mapping }],
      },
    ],
  });
  await world.legacy(
    'meditrack',
    'supplier',
    rows.map((one) => one.legacy),
  );
  await world.odoo(
    'supplier',
    rows.map((one) => one.odoo),
  );
  await world.link('supplier', 'meditrack', Object.fromEntries(rows.map((one, index) => [String(one.legacy.no), index + 1])));
  return await world.reconcile();
}

/** The files as they are with the changes pasted into them. */
function pasted(files: Files, patterns: readonly Pattern[]): Files {
  const fields: Record<string, z.input<typeof FieldContract>> = { ...files.fields };
  const mapping: Record<string, string> = { ...files.mapping };
  for (const { change } of patterns) {
    if (change === null) continue;
    const text = parse(change.text);
    if (change.file.includes('/sources/')) Object.assign(mapping, text.fields ?? text);
    else
      for (const [name, more] of Object.entries(text.fields as Record<string, object>))
        fields[name] = { ...(fields[name] as z.input<typeof FieldContract>), ...more };
  }
  return { fields, mapping };
}

test('a reconcile names what is systematic, and pasting what it proposes leaves nothing of it', async () => {
  const found = await reconciled(first);
  expect(Object.fromEntries(found.patterns.map((one) => [one.field, [one.transformation, one.parameter, one.explains === one.of]]))).toEqual({
    name: ['case', null, true],
    street: ['whitespace', 'inside', true],
    city: ['value-map', 'LA → Los Angeles, NYC → New York', true],
    phone: ['empty-text', null, true],
    category: ['placeholder', 'N/A', true],
    limit: ['factor', '÷ 100', true],
    discount: ['rounding', 'cut off to 0.01', true],
    since: ['day-month', null, true],
    changed: ['time-zone', 'Europe/Berlin', true],
    order_no: ['leading-zeros', 'lost in legacy', true],
    notes: ['whitespace', 'around', true],
  });
  expect(found.patterns.filter((one) => one.change === null)).toEqual([]);
  expect(found.patterns.find((one) => one.field === 'since')?.change?.text).toBe("fields:\n  since: TRY_CAST(strptime(since, '%d/%m/%Y') AS DATE)");
  const again = await reconciled(pasted(first, found.patterns));
  expect([again.verdict, again.patterns, again.entities[0]?.breaks]).toEqual(['RECONCILED', [], {}]);
});

test('an amount that Odoo makes of its lines, each rounded by itself, is told from one that is simply wrong', async () => {
  const orders = async (rounding: { lines: string } | undefined) => {
    const world = await laboratory.world({
      fields: {
        'purchase.order': { name: 'char', amount_untaxed: 'monetary' },
        'purchase.order.line': { order_id: 'many2one purchase.order', sequence: 'integer' },
      },
      entities: [
        {
          contract: {
            entity: 'purchase_order',
            version: 1,
            key: ['order_no'],
            fields: { order_no: { type: 'text', required: true }, total: { type: 'money', digits: 4, ...(rounding === undefined ? {} : { rounding }) } },
            odoo: { model: 'purchase.order', fields: { order_no: 'name', total: { field: 'amount_untaxed', send: false } } },
          },
          sources: [{ system: 'meditrack', entity: 'purchase_order', from: 'PO', fields: { order_no: 'no', total: 'total' } }],
        },
        {
          contract: {
            entity: 'purchase_order_line',
            version: 1,
            parent: 'purchase_order',
            key: ['purchase_order', 'line_no'],
            fields: {
              purchase_order: { type: 'ref', entity: 'purchase_order', required: true },
              line_no: { type: 'integer', required: true },
              amount: { type: 'money', digits: 4 },
            },
            odoo: { model: 'purchase.order.line', in: 'order_line', parent_field: 'order_id', fields: { line_no: 'sequence' } },
          },
          sources: [{ system: 'meditrack', entity: 'purchase_order_line', from: 'POL', fields: { purchase_order: 'no', line_no: 'line', amount: 'amount' } }],
        },
      ],
    });
    const cents = Array.from({ length: 20 }, (_, index) => (index + 3) * 10);
    await world.legacy(
      'meditrack',
      'purchase_order',
      cents.map((amount, index) => ({ no: `P${index}`, total: (((amount + 0.5) * 4) / 100).toFixed(4) })),
    );
    const lines = cents.flatMap((amount, index) =>
      [1, 2, 3, 4].map((line) => ({ no: `P${index}`, line: String(line), amount: ((amount + 0.5) / 100).toFixed(4) })),
    );
    await world.legacy('meditrack', 'purchase_order_line', lines);
    await world.odoo(
      'purchase_order',
      cents.map((amount, index) => ({ id: index + 1, name: `P${index}`, amount_untaxed: (((amount + 1) * 4) / 100).toFixed(2) })),
    );
    await world.odoo(
      'purchase_order_line',
      lines.map(({ line }, index) => ({ id: index + 1, order_id: Math.floor(index / 4) + 1, sequence: Number(line) })),
    );
    await world.link('purchase_order', 'meditrack', Object.fromEntries(cents.map((_, index) => [`P${index}`, index + 1])));
    await world.link('purchase_order_line', 'meditrack', Object.fromEntries(lines.map(({ no, line }, index) => [`${no}/${line}`, index + 1])));
    return await world.reconcile();
  };
  const found = await orders(undefined);
  expect(found.patterns.map((one) => [one.transformation, one.parameter, one.explains, one.change?.text])).toEqual([
    ['rounding', 'per line (purchase_order_line.amount)', 20, 'fields:\n  total: {rounding: {lines: purchase_order_line.amount}}'],
  ]);
  expect((await orders({ lines: 'purchase_order_line.amount' })).patterns).toEqual([]);
});
