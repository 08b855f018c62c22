import { describe, expect, test } from 'vitest';
import type { Books } from './accounting-bench.ts';
import { refusal, type Values } from './target.ts';

const silent = { tracking_disable: true };

export function describeReconciling(books: () => Books, parts: 'everything' | 'sandbox'): void {
  describe('paying', () => {
    const lineStep = (method: string, ...ids: number[]) => books().odoo.call('account.move.line', method, { ids, context: silent });
    const state = async (id: number) => {
      const { payment_state: payment, amount_residual: residual } = await books().move1(id, 'payment_state', 'amount_residual');
      return [payment, residual];
    };
    async function payment(amount: number): Promise<number> {
      const { entry, post, payable, clearing, vendor } = books();
      const id = await entry(`payment ${amount}`, {
        date: '2011-04-20',
        line_ids: [
          [0, 0, { account_id: payable, partner_id: vendor, debit: amount }],
          [0, 0, { account_id: clearing, credit: amount }],
        ],
      });
      await post(id);
      return id;
    }
    async function owed(): Promise<number> {
      const { bill, post } = books();
      const id = await bill('owed');
      await post(id);
      return id;
    }

    test('lines of one account are matched: in part, then by several in full; undone, they are open as before', async () => {
      const { odoo, openLine } = books();
      const bill = await owed();
      const [first, second] = [await payment(60), await payment(40)];
      const lines = [await openLine(bill), await openLine(first), await openLine(second)] as const;
      await lineStep('reconcile', lines[0], lines[1]);
      expect(await state(bill)).toEqual(['partial', 40]);
      const shown = async () => (await odoo.read('account.move.line', lines, ['amount_residual', 'reconciled'])).map(({ id: _, ...line }) => line);
      expect(await shown()).toEqual([
        { amount_residual: -40, reconciled: false },
        { amount_residual: 0, reconciled: true },
        { amount_residual: 40, reconciled: false },
      ]);
      const [, paid] = await odoo.read('account.move.line', lines, ['matching_number']);
      expect(paid?.matching_number).toMatch(/^P\d+$/);
      await lineStep('reconcile', lines[0], lines[2]);
      expect(await state(bill)).toEqual(['paid', 0]);
      const matched = await odoo.read('account.move.line', lines, ['matching_number', 'full_reconcile_id']);
      expect(new Set(matched.map((line) => line.matching_number)).size).toBe(1);
      expect(matched[0]?.matching_number).toBe(String(matched[0]?.full_reconcile_id));
      await lineStep('remove_move_reconcile', ...lines);
      expect(await state(bill)).toEqual(['not_paid', 100]);
      expect(await shown()).toEqual([
        { amount_residual: -100, reconciled: false },
        { amount_residual: 60, reconciled: false },
        { amount_residual: 40, reconciled: false },
      ]);
    });

    test('what is matched, and what stands on two accounts, is not matched again', async () => {
      const { odoo, openLine, bench } = books();
      const [bill, paid] = [await owed(), await payment(100)];
      const lines = [await openLine(bill), await openLine(paid)];
      await lineStep('reconcile', ...lines);
      expect((await refusal(lineStep('reconcile', ...lines))).message).toBe('You are trying to reconcile some entries that are already reconciled.');
      const mixed = await odoo.searchIds('account.move.line', [['move_id', '=', await payment(5)]]);
      expect((await refusal(lineStep('reconcile', ...mixed))).message).toBe(
        `Entries are not from the same account: ${bench.tag} clearing, ${bench.tag} payable`,
      );
    });

    test('a paid bill goes back to draft and stays paid; deleted, it leaves the payment open', async () => {
      const { odoo, openLine } = books();
      const [bill, paid] = [await owed(), await payment(100)];
      const paying = await openLine(paid);
      await lineStep('reconcile', await openLine(bill), paying);
      await odoo.call('account.move', 'button_draft', { ids: [bill], context: silent });
      expect(await state(bill)).toEqual(['paid', 0]);
      await odoo.unlink('account.move', [bill]);
      expect(await odoo.read('account.move.line', [paying], ['amount_residual', 'reconciled'])).toEqual([
        { id: paying, amount_residual: 100, reconciled: false },
      ]);
    });

    test('matching is a write to the bill and all of its lines, and to the other line alone', async () => {
      const { odoo, openLine } = books();
      const [bill, paid] = [await owed(), await payment(100)];
      const paying = await openLine(paid);
      const lines = await odoo.searchIds('account.move.line', [['move_id', 'in', [bill, paid]]]);
      const dates = async () => [
        ...(await odoo.read('account.move', [bill, paid], ['write_date'])).map((one) => [`move ${one.id}`, String(one.write_date)] as const),
        ...(await odoo.read('account.move.line', lines, ['write_date', 'move_id'])).map(
          (one) => [`line ${one.id} of ${String(one.move_id)}`, String(one.write_date)] as const,
        ),
      ];
      const before = new Map(await dates());
      await new Promise((resolve) => setTimeout(resolve, 1100));
      await lineStep('reconcile', await openLine(bill), paying);
      const written = (await dates()).filter(([name, date]) => date > (before.get(name) ?? '')).map(([name]) => name);
      const ofBill = [...before.keys()].filter((name) => name.endsWith(`of ${bill}`));
      expect(written.sort()).toEqual([`move ${bill}`, ...ofBill, `line ${paying} of ${paid}`].sort());
    });

    test('the payment wizard pays a bill, in part too; the payment deleted, its entry is gone and the bill open', async () => {
      const { odoo, move1, lines, payable, leave } = books();
      const bill = await owed();
      const context = { ...silent, active_model: 'account.move', active_ids: [bill] };
      const register = (values: Values) => odoo.call<number[]>('account.payment.register', 'create', { vals_list: [values], context });
      const pay = async (values: Values) => {
        const { res_id: id } = await odoo.call<{ res_id: number }>('account.payment.register', 'action_create_payments', {
          ids: await register(values),
          context,
        });
        return id;
      };
      const first = await pay({ payment_date: '2011-05-01', amount: 30 });
      expect(await state(bill)).toEqual(['partial', 70]);
      const [record] = await odoo.read('account.payment', [first], ['state', 'amount', 'date', 'memo', 'reconciled_bill_ids', 'payment_type', 'move_id']);
      expect(record).toMatchObject({
        state: 'in_process',
        amount: 30,
        date: '2011-05-01',
        memo: 'owed',
        reconciled_bill_ids: [bill],
        payment_type: 'outbound',
      });
      const entry = record?.move_id as number;
      expect(await move1(entry, 'state', 'ref', 'date', 'move_type')).toEqual({
        id: entry,
        state: 'posted',
        ref: 'owed',
        date: '2011-05-01',
        move_type: 'entry',
      });
      expect((await move1(entry, 'name')).name).toMatch(/^PBNK1\/2011\/\d{5}$/);
      expect((await lines(entry, 'account_id', 'balance')).find((line) => line.account_id === payable)).toEqual({ account_id: payable, balance: 30 });
      const second = await pay({ payment_date: '2011-05-02' });
      expect(await state(bill)).toEqual(['paid', 0]);
      expect((await refusal(register({ payment_date: '2011-05-03' }))).message).toMatch(/^There's nothing left to pay for the selected journal items/);
      await odoo.unlink('account.payment', [first, second]);
      expect(await state(bill)).toEqual(['not_paid', 100]);
      expect(await odoo.searchIds('account.move', [['id', '=', entry]])).toEqual([]);
      // Until Odoo sweeps it away, a wizard that was used keeps its partner from being deleted, and nobody may delete it.
      leave(bill);
    });

    if (parts === 'sandbox') return;

    test('an exchange difference is an entry of its own, which undoing reverses but does not delete', async () => {
      const { odoo, bill, entry, post, move1, openLine, payable, clearing, vendor, euro, leave } = books();
      const owing = await bill('in euro', { currency_id: euro, invoice_currency_rate: 1.25 });
      const paying = await entry('in euro', {
        date: '2011-04-20',
        line_ids: [
          [0, 0, { account_id: payable, partner_id: vendor, currency_id: euro, amount_currency: 100, balance: 71.43 }],
          [0, 0, { account_id: clearing, credit: 71.43 }],
        ],
      });
      await post(owing, paying);
      const lines = [await openLine(owing), await openLine(paying)];
      await lineStep('reconcile', ...lines);
      expect(await state(owing)).toEqual(['paid', 0]);
      const onPayable = () =>
        odoo.searchIds('account.move.line', [
          ['account_id', '=', payable],
          ['journal_id.code', '=', 'EXCH'],
        ]);
      const [difference] = await odoo.read('account.move.line', await onPayable(), ['balance', 'amount_currency', 'date', 'move_id']);
      expect(difference).toMatchObject({ balance: 8.57, amount_currency: 0, date: '2011-04-30' });
      await lineStep('remove_move_reconcile', ...lines);
      expect(await state(owing)).toEqual(['not_paid', 100]);
      const both = await odoo.read('account.move.line', await onPayable(), ['balance', 'parent_state', 'move_id']);
      expect(both.map((line) => [line.balance, line.parent_state])).toEqual([
        [8.57, 'posted'],
        [-8.57, 'posted'],
      ]);
      expect((await move1(both[1]?.move_id as number, 'ref')).ref).toMatch(/^Reversal of: EXCH\/2011\/04\//);
      leave(...both.map((line) => line.move_id as number));
    });
  });
}
