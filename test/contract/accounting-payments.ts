import { beforeAll, describe, expect, test } from 'vitest';
import type { Books } from './accounting-bench.ts';
import { refusal, type Values } from './target.ts';

const silent = { tracking_disable: true };

export function describePayments(books: () => Books): void {
  describe('payments', () => {
    let bank = 0;
    beforeAll(async () => {
      [bank = 0] = await books().odoo.searchIds('account.journal', [
        ['type', '=', 'bank'],
        ['code', '=', 'BNK1'],
      ]);
    });
    const step = (method: string, ...ids: number[]) => books().odoo.call('account.payment', method, { ids, context: silent });
    const shown = async (id: number, ...fields: string[]) => {
      const { id: _, ...values } = await books().bench.first('account.payment', id, ...fields);
      return values;
    };
    const vendorPayment = (): Values => ({ payment_type: 'outbound', partner_type: 'supplier', partner_id: books().vendor });
    const customerPayment = (): Values => ({ payment_type: 'inbound', partner_type: 'customer', partner_id: books().customer });
    async function made(values: Values): Promise<number> {
      const all = { date: '2011-05-01', journal_id: bank, memo: 'B-1', amount: 100, ...values };
      const [id = 0] = await books().odoo.call<number[]>('account.payment', 'create', { vals_list: [all], context: silent });
      return id;
    }
    async function owed(type: 'in_invoice' | 'out_invoice'): Promise<number> {
      const { bill, post, customer, sales } = books();
      const id = await bill('owed', type === 'in_invoice' ? {} : { move_type: type, partner_id: customer, journal_id: sales });
      await post(id);
      return id;
    }
    /** Of the entry of a payment, and of a document. */
    async function match(payment: number, document: number): Promise<void> {
      const { odoo, openLine } = books();
      const { move_id: entry } = await shown(payment, 'move_id');
      await odoo.call('account.move.line', 'reconcile', { ids: [await openLine(document), await openLine(entry as number)], context: silent });
    }

    test('made as a draft without a number or an entry; posted it is on its way, with a number and an entry of its own, and posting again does nothing', async () => {
      const { odoo, move1, lines, payable } = books();
      const id = await made(vendorPayment());
      expect(await shown(id, 'name', 'state', 'move_id', 'amount', 'memo', 'is_reconciled')).toEqual({
        ...{ name: false, state: 'draft', move_id: false, amount: 100, memo: 'B-1', is_reconciled: false },
      });
      await step('action_post', id);
      await step('action_post', id);
      const { name, state, move_id: entry } = await shown(id, 'name', 'state', 'move_id');
      expect([state, name]).toEqual(['in_process', expect.stringMatching(/^PBNK1\/2011\/\d{5}$/)]);
      expect(await move1(entry as number, 'name', 'state', 'ref', 'date', 'move_type', 'origin_payment_id')).toEqual({
        ...{ id: entry, name, state: 'posted', ref: 'B-1', date: '2011-05-01', move_type: 'entry', origin_payment_id: id },
      });
      const booked = await lines(entry as number, 'account_id', 'balance');
      expect(booked.find((line) => line.account_id === payable)).toEqual({ account_id: payable, balance: 100 });
      const found = await odoo.searchIds('account.payment', [
        ['state', 'in', ['in_process', 'paid']],
        ['partner_id', '=', books().vendor],
      ]);
      expect(found).toEqual([id]);
      await odoo.unlink('account.payment', [id]);
      expect(await odoo.searchIds('account.move', [['id', '=', entry]])).toEqual([]);
    });

    test('one to a vendor stays on its way when its bill is paid; that of a customer is done; one in part is not', async () => {
      const { odoo, move1 } = books();
      const paidBy = async (type: 'in_invoice' | 'out_invoice', amount: number) => {
        const document = await owed(type);
        const id = await made({ ...(type === 'in_invoice' ? vendorPayment() : customerPayment()), amount });
        await step('action_post', id);
        await match(id, document);
        const after = await shown(id, 'state', 'is_reconciled', 'reconciled_bill_ids', 'reconciled_invoice_ids');
        const { payment_state: state } = await move1(document, 'payment_state');
        // Odoo deletes none that is done.
        if (after.state === 'paid') {
          const words = 'A payment with an outstanding account cannot be confirmed without having a journal entry.';
          expect((await refusal(odoo.unlink('account.payment', [id]))).message).toBe(words);
          await step('action_cancel', id);
        }
        await odoo.unlink('account.payment', [id]);
        expect((await move1(document, 'payment_state')).payment_state).toBe('not_paid');
        const [key, other] =
          type === 'in_invoice' ? (['reconciled_bill_ids', 'reconciled_invoice_ids'] as const) : (['reconciled_invoice_ids', 'reconciled_bill_ids'] as const);
        expect([after[key], after[other], after.is_reconciled]).toEqual([[document], [], true]);
        return [after.state, state];
      };
      expect(await paidBy('in_invoice', 100)).toEqual(['in_process', 'paid']);
      expect(await paidBy('out_invoice', 100)).toEqual(['paid', 'paid']);
      expect(await paidBy('out_invoice', 40)).toEqual(['in_process', 'partial']);
    });

    test('reset to draft it keeps its number and what it paid; cancelled it pays nothing any more', async () => {
      const { odoo, move1 } = books();
      const bill = await owed('in_invoice');
      const id = await made(vendorPayment());
      await step('action_post', id);
      const { name, move_id: entry } = await shown(id, 'name', 'move_id');
      await match(id, bill);
      const states = async () => [
        (await shown(id, 'state')).state,
        (await shown(id, 'name')).name,
        (await move1(entry as number, 'state')).state,
        (await move1(bill, 'payment_state')).payment_state,
      ];
      await step('action_draft', id);
      expect(await states()).toEqual(['draft', name, 'draft', 'paid']);
      await step('action_post', id);
      expect(await states()).toEqual(['in_process', name, 'posted', 'paid']);
      await step('action_cancel', id);
      expect(await states()).toEqual(['canceled', name, 'cancel', 'not_paid']);
      await step('action_draft', id);
      expect(await states()).toEqual(['draft', name, 'draft', 'not_paid']);
      await odoo.unlink('account.payment', [id]);
    });

    test('an amount below zero is refused, and a journal that is no bank', async () => {
      const { general } = books();
      expect((await refusal(made({ ...vendorPayment(), amount: -1 }))).message).toBe(
        'The operation cannot be completed: The payment amount cannot be negative.',
      );
      expect((await refusal(made({ ...vendorPayment(), journal_id: general }))).message).toBe('Please define a payment method line on your payment.');
    });
  });
}
