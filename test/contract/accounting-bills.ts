import { describe, expect, test } from 'vitest';
import { type Books, noTaxes } from './accounting-bench.ts';
import { refusal, type Values } from './target.ts';

export function describeBills(books: () => Books): void {
  describe('open items: bills and invoices of one untaxed line', () => {
    const header = ['id', 'move_type', 'journal_id/.id', 'partner_id/.id', 'ref', 'invoice_date', 'date', 'invoice_date_due', 'invoice_payment_term_id/.id'];
    const line = ['id', 'account_id/.id', 'name', 'quantity', 'price_unit', 'tax_ids/.id'].map((column) => `invoice_line_ids/${column}`);
    const columns = [...header, ...line];
    const row = (key: string, price: string, type = 'in_invoice') => {
      const { bench, purchases, vendor, clearing } = books();
      const head = [bench.externalId(key), type, purchases, vendor, `I/${key}`, '2011-01-15', '2011-01-15', '2011-09-09', null];
      return [...head, bench.externalId(`${key}_1`), clearing, 'open item', '1', price, null];
    };

    test('a loaded bill owes its amount on the partner’s payable account, on the day sent; legacy number, dates and amount survive posting', async () => {
      const { bench, move1, lines, post, payable, clearing, vendor, dollar } = books();
      const [id] = (await bench.loaded('account.move', columns, [row('b', '1210.555')])) as [number];
      const shown = ['ref', 'date', 'invoice_date', 'invoice_date_due', 'amount_untaxed', 'amount_tax', 'amount_total', 'amount_residual', 'payment_state'];
      const values = {
        id,
        ref: 'I/b',
        date: '2011-01-15',
        invoice_date: '2011-01-15',
        invoice_date_due: '2011-09-09',
        amount_untaxed: 1210.56,
        amount_tax: 0,
        amount_total: 1210.56,
        amount_residual: 1210.56,
        payment_state: 'not_paid',
        amount_total_signed: -1210.56,
        amount_residual_signed: -1210.56,
        currency_id: dollar,
        invoice_payment_term_id: false,
      };
      const more = ['amount_total_signed', 'amount_residual_signed', 'currency_id', 'invoice_payment_term_id'];
      expect(await move1(id, ...shown, ...more)).toEqual(values);
      await post(id);
      expect(await move1(id, ...shown, ...more, 'state')).toEqual({ ...values, state: 'posted' });
      expect(await lines(id, 'account_id', 'partner_id', 'balance', 'amount_residual', 'date_maturity', 'display_type', 'tax_ids', 'price_subtotal')).toEqual([
        {
          account_id: clearing,
          partner_id: vendor,
          balance: 1210.56,
          amount_residual: 0,
          date_maturity: false,
          display_type: 'product',
          tax_ids: [],
          price_subtotal: 1210.56,
        },
        {
          account_id: payable,
          partner_id: vendor,
          balance: -1210.56,
          amount_residual: -1210.56,
          date_maturity: '2011-09-09',
          display_type: 'payment_term',
          tax_ids: [],
          price_subtotal: 0,
        },
      ]);
    });

    test('a draft bill loaded again changes in place; a posted one is refused though nothing changed', async () => {
      const { odoo, bench, lines, move1, post } = books();
      const [id] = (await bench.loaded('account.move', columns, [row('again', '10')])) as [number];
      await bench.loaded('account.move', columns, [row('again', '11')]);
      expect(await move1(id, 'amount_total', 'ref')).toEqual({ id, amount_total: 11, ref: 'I/again' });
      expect(await lines(id, 'balance')).toEqual([{ balance: 11 }, { balance: -11 }]);
      await post(id);
      const refused = await odoo.load('account.move', columns, [row('again', '11')], {});
      expect(refused.ids).toBe(null);
      expect(refused.messages[0]?.message).toBe(
        'You cannot modify the following readonly fields on a posted move: invoice_date, date, partner_id, invoice_payment_term_id, invoice_line_ids',
      );
    });

    test('what is written to a bill is carried to its open line; a new date of the bill moves the accounting date, unless that is sent too', async () => {
      const { odoo, bill, lines, move1, journal, customer, post } = books();
      const id = await bill('first', { journal_id: await journal('purchase') });
      const write = (values: Values) => odoo.save('account.move', [{ id, values }], {});
      const open = async () => (await lines(id, 'name', 'date_maturity', 'partner_id'))[1];
      await write({ ref: 'second', invoice_date_due: '2011-06-06', partner_id: customer, invoice_payment_term_id: false });
      expect(await open()).toEqual({ name: 'second', date_maturity: '2011-06-06', partner_id: customer });
      await write({ invoice_date: '2011-03-03' });
      expect(await move1(id, 'date', 'invoice_date_due')).toEqual({ id, date: '2011-03-31', invoice_date_due: '2011-06-06' });
      await write({ invoice_date: '2011-03-04', date: '2011-03-04' });
      expect(await move1(id, 'date')).toEqual({ id, date: '2011-03-04' });
      await post(id);
      await write({ ref: 'third', invoice_date_due: '2011-07-07' });
      expect(await open()).toEqual({ name: 'third', date_maturity: '2011-07-07', partner_id: customer });
    });

    test('credit notes turn the signs; invoices owe on the receivable account', async () => {
      const { bill, lines, move1, sales, customer, receivable, payable, clearing } = books();
      const credit = await bill('credit', { move_type: 'in_refund' });
      expect(await move1(credit, 'amount_total', 'amount_total_signed')).toEqual({ id: credit, amount_total: 100, amount_total_signed: 100 });
      expect(await lines(credit, 'account_id', 'balance')).toEqual([
        { account_id: clearing, balance: -100 },
        { account_id: payable, balance: 100 },
      ]);
      const sold = { journal_id: sales, partner_id: customer };
      expect(await lines(await bill('invoice', { ...sold, move_type: 'out_invoice' }), 'account_id', 'balance')).toEqual([
        { account_id: clearing, balance: -100 },
        { account_id: receivable, balance: 100 },
      ]);
      expect(await lines(await bill('refund', { ...sold, move_type: 'out_refund' }), 'account_id', 'balance')).toEqual([
        { account_id: clearing, balance: 100 },
        { account_id: receivable, balance: -100 },
      ]);
    });

    test('a bill in another currency keeps the rate sent with it', async () => {
      const { bill, lines, move1, euro } = books();
      const id = await bill('foreign', { currency_id: euro, invoice_currency_rate: 1.3 });
      expect(await move1(id, 'amount_total', 'amount_total_signed', 'amount_residual')).toEqual({
        id,
        amount_total: 100,
        amount_total_signed: -76.92,
        amount_residual: 100,
      });
      expect(await lines(id, 'balance', 'amount_currency', 'amount_residual', 'amount_residual_currency')).toEqual([
        { balance: 76.92, amount_currency: 100, amount_residual: 0, amount_residual_currency: 0 },
        { balance: -76.92, amount_currency: -100, amount_residual: -76.92, amount_residual_currency: -100 },
      ]);
    });

    test('without its own, a bill of the past is booked on the last day of its month; an invoice on its own', async () => {
      const { bill, move1, sales, customer, journal } = books();
      const line = { date: undefined };
      const past = await bill('no date', { ...line, journal_id: await journal('purchase') });
      expect(await move1(past, 'date', 'invoice_date')).toEqual({ id: past, date: '2011-04-30', invoice_date: '2011-04-05' });
      const invoice = await bill('no date either', { ...line, move_type: 'out_invoice', journal_id: sales, partner_id: customer });
      expect(await move1(invoice, 'date')).toEqual({ id: invoice, date: '2011-04-05' });
    });

    test('a payment term computes the due date when posting, over one that was sent; the partner’s own term is a default', async () => {
      const { odoo, bench, bill, lines, move1, post, vendor } = books();
      const [term] = (await odoo.call<number[]>('account.payment.term', 'create', {
        vals_list: [{ name: `${bench.tag} thirty`, line_ids: [[0, 0, { value: 'percent', value_amount: 100, nb_days: 30 }]] }],
      })) as [number];
      await odoo.save('res.partner', [{ id: vendor, values: { property_supplier_payment_term_id: term } }], {});
      const id = await bill('defaulted', { invoice_payment_term_id: undefined });
      expect(await move1(id, 'invoice_payment_term_id', 'invoice_date_due')).toEqual({ id, invoice_payment_term_id: term, invoice_date_due: '2011-05-20' });
      await post(id);
      expect(await move1(id, 'invoice_date_due')).toEqual({ id, invoice_date_due: '2011-05-05' });
      expect((await lines(id, 'date_maturity'))[1]).toEqual({ date_maturity: '2011-05-05' });
      const kept = await bill('kept', { invoice_payment_term_id: false });
      await post(kept);
      expect(await move1(kept, 'invoice_payment_term_id', 'invoice_date_due')).toEqual({
        id: kept,
        invoice_payment_term_id: false,
        invoice_date_due: '2011-05-20',
      });
      await odoo.save('res.partner', [{ id: vendor, values: { property_supplier_payment_term_id: false } }], {});
      expect((await refusal(odoo.unlink('account.payment.term', [term]))).message).toBe(
        "Uh-oh! Those payment terms are quite popular and can't be deleted since there are still some records referencing them. How about archiving them instead?",
      );
    });

    test('a vendor’s number twice is nobody’s concern but ours', async () => {
      const { bill, post, move1 } = books();
      const twins = [await bill('twin'), await bill('twin')];
      await post(...twins);
      for (const id of twins) expect(await move1(id, 'ref', 'state')).toEqual({ id, ref: 'twin', state: 'posted' });
    });

    test('a bill that cannot be posted says why, and the others of its call stay drafts', async () => {
      const { bill, post, move1, entry, clearing } = books();
      const good = await bill('good');
      const why = async (id: number) => (await refusal(post(good, id))).message;
      const negative = await bill('negative', {
        invoice_line_ids: [[0, 0, { account_id: clearing, quantity: 1, price_unit: -5, tax_ids: noTaxes }]],
      });
      expect(await why(negative)).toBe(
        'You cannot validate an invoice with a negative total amount. You should create a credit note instead. Use the action menu to transform it into a credit note or refund.',
      );
      expect(await why(await bill('undated', { invoice_date: undefined }))).toBe('The Bill/Refund date is required to validate this document.');
      expect(await why(await bill('nobody', { partner_id: undefined }))).toBe(
        "The field 'Vendor' is required, please complete it to validate the Vendor Bill.",
      );
      expect(await why(await entry('empty', { line_ids: [] }))).toBe("Even magicians can't post nothing!");
      expect(await move1(good, 'state')).toEqual({ id: good, state: 'draft' });
    });
  });
}
