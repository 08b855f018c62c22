import { describe, expect, test } from 'vitest';
import type { Books } from './accounting-bench.ts';
import { refusal } from './target.ts';

const silent = { tracking_disable: true };

export function describeLocks(books: () => Books): void {
  describe('locked periods', () => {
    async function locked(field: string, work: () => Promise<void>): Promise<void> {
      const { odoo, company } = books();
      const set = (date: string | false) => odoo.save('res.company', [{ id: company, values: { [field]: date } }], {});
      await set('2011-04-30');
      try {
        await work();
      } finally {
        await set(false);
      }
    }

    test('posting there succeeds and moves the date to the end of the first open month, whatever the draft said', async () => {
      const { bill, entry, post, move1, journal } = books();
      const [general, purchases] = [await journal('general'), await journal('purchase')];
      await locked('fiscalyear_lock_date', async () => {
        const moves = [await entry('locked', { journal_id: general }), await bill('locked', { journal_id: purchases })];
        for (const id of moves) expect(await move1(id, 'date')).toEqual({ id, date: '2011-04-05' });
        expect(await post(...moves)).toBe(false);
        for (const id of moves) {
          const { name, date } = await move1(id, 'name', 'date');
          expect([date, String(name).slice(-13)]).toEqual(['2011-05-31', '/2011/05/0001']);
        }
        expect((await move1(moves[1]!, 'invoice_date', 'invoice_date_due')).invoice_date).toBe('2011-04-05');
      });
    });

    test('what was posted there before cannot be reset to draft; its reference can be written', async () => {
      const { odoo, bill, post } = books();
      const id = await bill('before');
      await post(id);
      const reset = () => odoo.call('account.move', 'button_draft', { ids: [id], context: silent });
      const words = (lock: string) => `You cannot add/modify entries prior to and inclusive of: ${lock} (04/30/2011).`;
      await locked('fiscalyear_lock_date', async () => {
        expect((await refusal(reset())).message).toBe(words('Global Lock Date'));
        await odoo.save('account.move', [{ id, values: { ref: 'written' } }], {});
      });
      await locked('purchase_lock_date', async () => expect((await refusal(reset())).message).toBe(words('Purchase Lock date')));
      await locked('sale_lock_date', async () => {
        await reset();
      });
    });

    test('the lock of purchases moves bills and leaves entries alone', async () => {
      const { bill, entry, post, move1, journal } = books();
      const moves = [await entry('open', { journal_id: await journal('general') }), await bill('moved', { journal_id: await journal('purchase') })] as const;
      await locked('purchase_lock_date', async () => {
        await post(...moves);
        expect(await move1(moves[0], 'date')).toEqual({ id: moves[0], date: '2011-04-05' });
        expect(await move1(moves[1], 'date')).toEqual({ id: moves[1], date: '2011-05-31' });
      });
    });
  });
}
