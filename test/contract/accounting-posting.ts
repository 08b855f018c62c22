import { describe, expect, test } from 'vitest';
import type { Books } from './accounting-bench.ts';
import { refusal, type Values } from './target.ts';

const silent = { tracking_disable: true };
const posted = "You can't delete a posted journal item. Don’t play games with your accounting records; reset the journal entry to draft before deleting it.";

export function describePosting(books: () => Books): void {
  const step = (method: string, ...ids: number[]) => books().odoo.call('account.move', method, { ids, context: silent });
  const nameOf = async (id: number) => (await books().move1(id, 'name')).name;

  describe('numbers', () => {
    test('general and purchase journals count by month, sales by year, credit notes apart', async () => {
      const { bench, bill, entry, post, journal, customer } = books();
      const [general, purchases, sales] = [await journal('general'), await journal('purchase'), await journal('sale')];
      const code = async (id: number) => (await bench.first('account.journal', id, 'code')).code;
      const moves = [
        await entry('one', { journal_id: general }),
        await entry('two', { journal_id: general }),
        await entry('may', { journal_id: general, date: '2011-05-01' }),
        await bill('bill', { journal_id: purchases }),
        await bill('credit', { journal_id: purchases, move_type: 'in_refund' }),
        await bill('invoice', { journal_id: sales, move_type: 'out_invoice', partner_id: customer }),
      ];
      expect(await post(...moves)).toBe(false);
      expect(await Promise.all(moves.map(nameOf))).toEqual([
        `${await code(general)}/2011/04/0001`,
        `${await code(general)}/2011/04/0002`,
        `${await code(general)}/2011/05/0001`,
        `${await code(purchases)}/2011/04/0001`,
        `R${await code(purchases)}/2011/04/0001`,
        `${await code(sales)}/2011/00001`,
      ]);
    });

    test('a name that was sent stays, and the journal goes on from it, though it is a draft’s', async () => {
      const { bill, entry, post, journal } = books();
      const purchases = await journal('purchase');
      const named = await bill('named', { journal_id: purchases, name: 'LEG/10000003' });
      const next = await bill('next', { journal_id: purchases });
      await post(next);
      expect([await nameOf(named), await nameOf(next)]).toEqual(['LEG/10000003', 'LEG/10000004']);
      const general = await journal('general');
      const yearly = await entry('yearly', { journal_id: general, name: 'OPEN/2011/7' });
      await post(yearly);
      const [second, later] = [await entry('second', { journal_id: general }), await entry('later', { journal_id: general, date: '2012-01-01' })];
      await post(second);
      await post(later);
      expect([await nameOf(yearly), await nameOf(second), await nameOf(later)]).toEqual(['OPEN/2011/7', 'OPEN/2011/8', 'OPEN/2012/1']);
    });

    test('a name that speaks of another year or month is refused when posted; one without a year is not', async () => {
      const { entry, post, journal } = books();
      const attempt = async (name: string) => {
        const id = await entry(name, { journal_id: await journal('general'), name });
        return post(id).then(
          () => nameOf(id),
          (error: Error) => error.message.split('\n')[0],
        );
      };
      const misaligned = (name: string) =>
        `The Date (04/05/2011) you've entered isn't aligned with the existing sequence number (${name}). Clear the sequence number to proceed.`;
      for (const name of ['BILL/2012/0001', '2011/05/0001', 'A12B34']) expect(await attempt(name)).toBe(misaligned(name));
      for (const name of ['BILL/2011/0001', '10000099', 'ABC']) expect(await attempt(name)).toBe(name);
    });

    test('posted in one journal by several calls at once, none fails and no number is given twice or left out', async () => {
      const { bench, bill, post, journal } = books();
      const purchases = await journal('purchase');
      const pairs = [];
      for (const one of [1, 2, 3]) pairs.push([await bill(`a${one}`, { journal_id: purchases }), await bill(`b${one}`, { journal_id: purchases })]);
      await Promise.all(pairs.map((pair) => post(...pair)));
      const names = await Promise.all(pairs.flat().map(nameOf));
      const { code } = await bench.first('account.journal', purchases, 'code');
      expect(names.sort()).toEqual([1, 2, 3, 4, 5, 6].map((number) => `${String(code)}/2011/04/000${number}`));
    });

    test('a name twice in a journal is refused when posted', async () => {
      const { entry, post, journal } = books();
      const general = await journal('general');
      const [first, twin] = [await entry('first', { journal_id: general, name: 'N/1' }), await entry('twin', { journal_id: general, name: 'N/1' })];
      await post(first);
      expect((await refusal(post(twin))).message).toBe('The operation cannot be completed: Another entry with the same name already exists.');
    });
  });

  describe('states', () => {
    test('posted twice is refused; the way back to draft keeps the number, and so does posting again', async () => {
      const { entry, post, move1, journal } = books();
      const id = await entry('there and back', { journal_id: await journal('general') });
      await post(id);
      const name = await nameOf(id);
      expect((await refusal(post(id))).message).toBe(`The entry ${String(name)} (id ${id}) must be in draft.`);
      await step('button_draft', id);
      expect(await move1(id, 'state', 'name', 'posted_before')).toEqual({ id, state: 'draft', name, posted_before: true });
      expect((await refusal(step('button_draft', id))).message).toBe('Only posted/cancelled journal entries can be reset to draft.');
      await post(id);
      expect(await nameOf(id)).toBe(name);
      await step('button_cancel', id);
      expect(await move1(id, 'state')).toEqual({ id, state: 'cancel' });
      await step('button_draft', id);
    });

    test('posted, nothing is deleted; reset or cancelled it is, and the next one is told of the gap', async () => {
      const { odoo, entry, post, lines, move1, journal } = books();
      const general = await journal('general');
      const [first, second, third] = [
        await entry('1', { journal_id: general }),
        await entry('2', { journal_id: general }),
        await entry('3', { journal_id: general }),
      ];
      await post(first, second, third);
      expect((await refusal(odoo.unlink('account.move', [second]))).message).toBe(posted);
      const [line] = await odoo.searchIds('account.move.line', [['move_id', '=', second]]);
      expect((await refusal(odoo.unlink('account.move.line', [line!]))).message).toBe(posted);
      await step('button_draft', second);
      await odoo.unlink('account.move', [second]);
      expect(await move1(third, 'made_sequence_gap', 'state')).toEqual({ id: third, made_sequence_gap: true, state: 'posted' });
      expect(await lines(third, 'balance')).toEqual([{ balance: -10 }, { balance: 10 }]);
      await step('button_cancel', first);
      await odoo.unlink('account.move', [first]);
    });

    test('of a posted bill the reference, the name and the due date can still be written, what was booked cannot', async () => {
      const { odoo, bill, entry, post, move1, journal, customer } = books();
      const id = await bill('posted', { journal_id: await journal('purchase') });
      await post(id);
      const write = (values: Values) => odoo.save('account.move', [{ id, values }], {});
      const readonly = (field: string) => `You cannot modify the following readonly fields on a posted move: ${field}`;
      for (const [field, value] of [
        ['date', '2011-04-06'],
        ['invoice_date', '2011-04-06'],
        ['partner_id', customer],
      ] as const) {
        expect((await refusal(write({ [field]: value }))).message).toBe(readonly(field));
      }
      const [line] = await odoo.searchIds('account.move.line', [['move_id', '=', id]]);
      expect((await refusal(write({ line_ids: [[1, line, { name: 'x' }]] }))).message).toBe(readonly('line_ids'));
      await write({ ref: 'other', invoice_date_due: '2011-06-01', name: 'LEG/1' });
      expect(await move1(id, 'ref', 'invoice_date_due', 'name')).toEqual({ id, ref: 'other', invoice_date_due: '2011-06-01', name: 'LEG/1' });
      const booked = await entry('booked', { journal_id: await journal('general') });
      await post(booked);
      const [owed] = await odoo.searchIds('account.move.line', [['move_id', '=', booked]]);
      expect((await refusal(odoo.save('account.move.line', [{ id: owed!, values: { balance: -5 } }], {}))).message).toBe('The entry is not balanced.');
    });

    test('in a journal that hashes, posted is for good: no draft, no delete, no other number', async () => {
      const { odoo, entry, post, move1, journal } = books();
      const hashed = await journal('general', { restrict_mode_hash_table: true });
      const id = await entry('hashed', { journal_id: hashed });
      try {
        await post(id);
        expect((await move1(id, 'inalterable_hash')).inalterable_hash).toMatch(/^\$4\$[0-9a-f]{64}$/);
        expect((await refusal(step('button_draft', id))).message).toBe('You cannot reset to draft a locked journal entry.');
        expect((await refusal(odoo.unlink('account.move', [id]))).message).toBe('You cannot delete journal items belonging to a locked journal entry.');
        expect((await refusal(odoo.save('account.move', [{ id, values: { name: 'Z' } }], {}))).message).toBe(
          'This document is protected by a hash. Therefore, you cannot edit the following fields: Number.',
        );
        expect((await refusal(odoo.save('account.journal', [{ id: hashed, values: { restrict_mode_hash_table: false } }], {}))).message).toBe(
          'You cannot modify the field Secure Posted Entries with Hash of a journal that already has accounting entries.',
        );
      } finally {
        books().leave(id);
      }
    });
  });

  describe('reversal', () => {
    async function reverse(id: number, journal: number): Promise<number> {
      const { odoo } = books();
      const context = { ...silent, active_model: 'account.move', active_ids: [id] };
      const wizard = await odoo.call<number[]>('account.move.reversal', 'create', {
        vals_list: [{ move_ids: [[6, 0, [id]]], journal_id: journal, date: '2011-06-30', reason: 'rollback' }],
        context,
      });
      const action = await odoo.call<{ res_id: number }>('account.move.reversal', 'refund_moves', { ids: wizard, context });
      return action.res_id;
    }

    test('of an entry: posted at once on the day given, and reconciled with it', async () => {
      const { entry, post, move1, lines, journal } = books();
      const general = await journal('general');
      const id = await entry('to reverse', { journal_id: general });
      await post(id);
      const reversal = await reverse(id, general);
      expect(await move1(reversal, 'state', 'date', 'ref', 'reversed_entry_id', 'move_type')).toEqual({
        id: reversal,
        state: 'posted',
        date: '2011-06-30',
        ref: `Reversal of: ${String(await nameOf(id))}, rollback`,
        reversed_entry_id: id,
        move_type: 'entry',
      });
      expect(await lines(reversal, 'balance', 'amount_residual')).toEqual([
        { balance: 10, amount_residual: 0 },
        { balance: -10, amount_residual: 0 },
      ]);
      expect(await lines(id, 'amount_residual', 'reconciled')).toMatchObject([{ amount_residual: 0, reconciled: true }, { reconciled: false }]);
    });

    test('of a bill in another currency: at the rate of its day, which leaves a difference, unless the rate is written before it is posted', async () => {
      const { odoo, bill, post, move1, lines, journal, euro } = books();
      const purchases = await journal('purchase', { restrict_mode_hash_table: true });
      const id = await bill('foreign', { journal_id: purchases, currency_id: euro, invoice_currency_rate: 0.8 });
      try {
        await post(id);
        const credit = await reverse(id, purchases);
        books().leave(credit);
        expect((await move1(credit, 'invoice_currency_rate')).invoice_currency_rate).not.toBe(0.8);
        await odoo.call('account.move', 'write', { ids: [credit], vals: { invoice_currency_rate: 0.8 }, context: silent });
        await post(credit);
        expect((await lines(credit, 'balance', 'amount_residual')).map((line) => [line.balance, line.amount_residual])).toEqual([
          [-125, 0],
          [125, 0],
        ]);
        expect(await move1(id, 'payment_state', 'reversal_move_ids')).toEqual({ id, payment_state: 'reversed', reversal_move_ids: [credit] });
        expect((await refusal(step('button_draft', id))).message).toBe('You cannot reset to draft a locked journal entry.');
      } finally {
        books().leave(id);
      }
    });

    test('of a bill: a credit note in draft, which pays the bill off once it is posted', async () => {
      const { bill, post, move1, journal } = books();
      const purchases = await journal('purchase');
      const id = await bill('to reverse', { journal_id: purchases });
      await post(id);
      const credit = await reverse(id, purchases);
      expect(await move1(credit, 'state', 'date', 'invoice_date', 'move_type', 'amount_total')).toEqual({
        id: credit,
        state: 'draft',
        date: '2011-06-30',
        invoice_date: '2011-06-30',
        move_type: 'in_refund',
        amount_total: 100,
      });
      await post(credit);
      expect(await move1(id, 'payment_state', 'amount_residual')).toEqual({ id, payment_state: 'reversed', amount_residual: 0 });
      expect(await move1(credit, 'payment_state', 'amount_residual')).toEqual({ id: credit, payment_state: 'paid', amount_residual: 0 });
    });
  });
}
