/** Bills and payments of two systems that are in use at once, in the smallest world that reconcile runs in. */
import type { z } from 'zod';
import type { EntityContract } from '../../src/domain/contract.ts';
import type { Laboratory, ReconcileWorld, Row } from '../../src/workflows/reconcile/reconcile-world.fixture.ts';

const partner: z.input<typeof EntityContract> = {
  entity: 'partner',
  version: 1,
  key: ['code'],
  fields: { code: { type: 'text', required: true }, name: { type: 'text' } },
  odoo: { model: 'res.partner', fields: { code: 'ref', name: 'name' }, scope: [['ref', '!=', false]] },
};

const document = (entity: string): z.input<typeof EntityContract> => ({
  entity,
  version: 1,
  key: ['number'],
  fields: {
    number: { type: 'text', required: true },
    partner: { type: 'ref', entity: 'partner' },
    currency: { type: 'text' },
    date: { type: 'date' },
    due_on: { type: 'date' },
    open_amount: { type: 'money', digits: 2 },
  },
  owner: { fields: { open_amount: 'odoo' } },
  odoo: {
    model: entity === 'vendor_bill' ? 'account.move' : 'account.credit',
    scope: [['id', '>', 0]],
    fields: {
      number: 'ref',
      partner: 'partner_id',
      currency: 'currency',
      date: 'invoice_date',
      due_on: 'invoice_date_due',
      open_amount: { field: 'amount_residual', send: false },
    },
  },
  explained: [
    {
      class: 'exchange-rounding',
      field: 'open_amount',
      when: "currency <> 'USD' and abs(open_amount - odoo.open_amount) <= 0.05",
      reason: 'The rate of the day was rounded.',
    },
  ],
  controls: [
    { name: 'documents', measure: 'count' },
    {
      name: 'open',
      measure: 'open_amount',
      by: {
        partner: 'partner.code',
        ageing: {
          partner: 'partner.code',
          bucket: "CASE WHEN due_on >= as_of THEN 'not due' WHEN as_of - due_on <= 30 THEN '1-30' ELSE 'over 30' END",
        },
      },
    },
  ],
});

const payment: z.input<typeof EntityContract> = {
  entity: 'payment',
  version: 1,
  key: ['number'],
  fields: {
    number: { type: 'text', required: true },
    kind: { type: 'text' },
    partner: { type: 'ref', entity: 'partner' },
    currency: { type: 'text' },
    date: { type: 'date' },
    amount: { type: 'money', digits: 2 },
    reference: { type: 'text' },
  },
  odoo: {
    model: 'account.payment',
    scope: [['id', '>', 0]],
    fields: { number: 'payment_reference', partner: 'partner_id', currency: 'currency', date: 'date', amount: 'amount', reference: 'memo' },
  },
  explained: [
    { class: 'salary', when: "kind = 'SAL'", reason: 'Salaries have no bill.' },
    { class: 'redacted', when: "partner is null and kind in ('SAL', 'PRIVATE')", reason: 'The payee is not published.' },
    { class: 'transfer', when: "kind = 'OWN'", reason: 'Between accounts of the hospital.' },
  ],
  settles: {
    documents: { vendor_bill: 'open_amount', vendor_credit: '-open_amount' },
    amount: 'amount',
    ...{ partner: 'partner', currency: 'currency', date: 'date', number: 'number', reference: 'reference' },
  },
  controls: [{ name: 'paid', measure: 'amount' }],
};

const source = (entity: string, fields: readonly string[]) => ({
  system: 'meditrack',
  entity,
  from: entity,
  fields: Object.fromEntries(fields.map((name) => [name, typed(name)])),
});
const typed = (name: string) => name;
const documentFields = ['number', 'partner', 'currency', 'date', 'due_on', 'open_amount'];
const paymentFields = ['number', 'kind', 'partner', 'currency', 'date', 'amount', 'reference'];
const moveFields = {
  ref: 'char',
  partner_id: 'many2one res.partner',
  currency: 'char',
  invoice_date: 'date',
  invoice_date_due: 'date',
  amount_residual: 'monetary',
};

export async function paymentsWorld(laboratory: Laboratory): Promise<ReconcileWorld> {
  const world = await laboratory.world({
    entities: [
      { contract: partner, sources: [source('partner', ['code', 'name'])] },
      { contract: document('vendor_bill'), sources: [source('vendor_bill', documentFields)] },
      { contract: document('vendor_credit'), sources: [source('vendor_credit', documentFields)] },
      { contract: payment, sources: [source('payment', paymentFields)] },
    ],
    fields: {
      'res.partner': { ref: 'char', name: 'char' },
      'account.move': moveFields,
      'account.credit': moveFields,
      'account.payment': { payment_reference: 'char', partner_id: 'many2one res.partner', currency: 'char', date: 'date', amount: 'monetary', memo: 'char' },
    },
  });
  await world.legacy(
    'meditrack',
    'partner',
    ['V1', 'V2', 'V3'].map((code) => ({ code, name: `Vendor ${code}` })),
  );
  await world.odoo(
    'partner',
    ['V1', 'V2', 'V3'].map((code, index) => ({ id: index + 1, ref: code, name: `Vendor ${code}` })),
  );
  await world.link('partner', 'meditrack', { V1: 1, V2: 2, V3: 3 });
  return world;
}

/** `number partner amount [date [due [currency]]]`. */
export function bill(text: string): Row {
  const [number = '', partner = '', open_amount = '', date = '2025-12-01', due_on = '2025-12-31', currency = 'USD'] = text.split(' ');
  return { number, partner, open_amount, date, due_on, currency };
}

export function odooBill(id: number, text: string): Row {
  const { number, partner, open_amount, date, due_on, currency } = bill(text);
  return {
    id,
    ref: number ?? null,
    partner_id: Number(String(partner).slice(1)),
    amount_residual: open_amount ?? null,
    invoice_date: date ?? null,
    invoice_date_due: due_on ?? null,
    currency: currency ?? null,
  };
}

/** `number partner amount kind reference…`; `-` for no value. */
export function paid(text: string, date = '2025-12-20'): Row {
  const [number = '', partner = '', amount = '', kind = '-', ...reference] = text.split(' ');
  const value = (one: string) => (one === '-' ? null : one);
  return { number, partner: value(partner), amount, kind: value(kind), date, currency: 'USD', reference: value(reference.join(' ') || '-') };
}
