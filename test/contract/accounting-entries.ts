import { describe, expect, test } from 'vitest';
import type { Books } from './accounting-bench.ts';
import { refusal } from './target.ts';

const unbalanced = 'The entry is not balanced.';

export function describeEntries(books: () => Books): void {
  describe('entries', () => {
    const columns = ['id', 'ref', 'date', 'journal_id/.id'];
    const lineColumns = ['id', 'account_id/.id', 'partner_id/.id', 'name', 'debit', 'credit'].map((column) => `line_ids/${column}`);
    const rows = (key: string, debit: string, credit: string) => {
      const { bench, general, payable, clearing, vendor } = books();
      return [
        [bench.externalId(key), `legacy ${key}`, '2010-12-31', general, bench.externalId(`${key}_1`), payable, vendor, 'open items', '0', credit],
        [null, null, null, null, bench.externalId(`${key}_2`), clearing, null, 'clearing', debit, '0'],
      ];
    };

    test('an entry is loaded with its lines in continuation rows, as a draft without a number; loaded again, its lines are changed in place', async () => {
      const { bench, lines, move1, payable, clearing, vendor, general, company } = books();
      const [id] = (await bench.loaded('account.move', [...columns, ...lineColumns], rows('e', '18602.10', '18602.10'))) as [number];
      expect(await move1(id, 'name', 'ref', 'date', 'state', 'move_type', 'journal_id', 'company_id', 'amount_total', 'posted_before')).toEqual({
        id,
        name: false,
        ref: 'legacy e',
        date: '2010-12-31',
        state: 'draft',
        move_type: 'entry',
        journal_id: general,
        company_id: company,
        amount_total: 18602.1,
        posted_before: false,
      });
      const shown = ['account_id', 'partner_id', 'name', 'debit', 'credit', 'balance', 'parent_state', 'date', 'display_type', 'journal_id'];
      const common = { parent_state: 'draft', date: '2010-12-31', display_type: 'product', journal_id: general };
      expect(await lines(id, ...shown)).toEqual([
        { account_id: payable, partner_id: vendor, name: 'open items', debit: 0, credit: 18602.1, balance: -18602.1, ...common },
        { account_id: clearing, partner_id: false, name: 'clearing', debit: 18602.1, credit: 0, balance: 18602.1, ...common },
      ]);
      expect(await bench.loaded('account.move', [...columns, ...lineColumns], rows('e', '20', '20'))).toEqual([id]);
      expect(await lines(id, 'balance')).toEqual([{ balance: -20 }, { balance: 20 }]);
    });

    test('an entry that is a cent out is refused, by load and by create, and takes the others of its call along', async () => {
      const { odoo, bench, entry, payable, clearing } = books();
      const both = [...rows('good', '5', '5'), ...rows('bad', '10', '10.01')];
      const result = await odoo.load('account.move', [...columns, ...lineColumns], both, {});
      expect([result.ids, ...new Set(result.messages.map((one) => one.message))]).toEqual([null, unbalanced]);
      expect((await odoo.resolveExternalIds([bench.externalId('good')])).size).toBe(0);
      const lines = [
        [0, 0, { account_id: payable, credit: 10 }],
        [0, 0, { account_id: clearing, debit: 10.01 }],
      ];
      expect(await refusal(entry('cent', { line_ids: lines }))).toMatchObject({ message: unbalanced, exception: 'odoo.exceptions.UserError' });
    });

    test('an amount is a balance, or a debit and a credit, rounded to the cent half up', async () => {
      const { entry, lines, payable, clearing } = books();
      const pair = (left: object, right: object) => [
        [0, 0, { account_id: payable, ...left }],
        [0, 0, { account_id: clearing, ...right }],
      ];
      const amounts = async (left: object, right: object) => lines(await entry('amounts', { line_ids: pair(left, right) }), 'debit', 'credit', 'balance');
      expect(await amounts({ balance: -10.005 }, { balance: 10.005 })).toEqual([
        { debit: 0, credit: 10.01, balance: -10.01 },
        { debit: 10.01, credit: 0, balance: 10.01 },
      ]);
      expect(await amounts({ debit: 5, credit: 15 }, { debit: 10 })).toMatchObject([{ debit: 0, credit: 10 }, { balance: 10 }]);
      expect(await amounts({ debit: -10 }, { debit: 10 })).toMatchObject([{ debit: 0, credit: 10 }, { balance: 10 }]);
    });

    test('an amount in another currency is kept beside the balance, whatever the rate says; their signs agree', async () => {
      const { entry, lines, payable, clearing, euro, dollar } = books();
      const pair = (foreign: number, balance: number) => [
        [0, 0, { account_id: payable, currency_id: euro, amount_currency: foreign, balance }],
        [0, 0, { account_id: clearing, balance: -balance }],
      ];
      expect(await lines(await entry('foreign', { line_ids: pair(-100, -77.77) }), 'currency_id', 'amount_currency', 'balance')).toEqual([
        { currency_id: euro, amount_currency: -100, balance: -77.77 },
        { currency_id: dollar, amount_currency: 77.77, balance: 77.77 },
      ]);
      expect((await refusal(entry('signs', { line_ids: pair(100, -77.77) }))).message).toBe(
        'The operation cannot be completed: The amount expressed in the secondary currency must be positive when account is debited and negative when account is credited. If the currency is the same as the one from the company, this amount must strictly be equal to the balance.',
      );
    });

    test('what is open stands on accounts that are reconciled only', async () => {
      const { entry, lines } = books();
      expect(await lines(await entry('residual'), 'amount_residual', 'reconciled', 'matching_number')).toEqual([
        { amount_residual: -10, reconciled: false, matching_number: false },
        { amount_residual: 0, reconciled: false, matching_number: false },
      ]);
    });

    test('a draft goes with its lines and their External IDs', async () => {
      const { odoo, bench } = books();
      const [id] = (await bench.loaded('account.move', [...columns, ...lineColumns], rows('gone', '5', '5'))) as [number];
      await odoo.unlink('account.move', [id]);
      expect((await odoo.resolveExternalIds(['gone', 'gone_1', 'gone_2'].map(bench.externalId))).size).toBe(0);
      expect(await odoo.searchIds('account.move.line', [['move_id', '=', id]])).toEqual([]);
    });

    test('an account’s current balance is that of its posted lines', async () => {
      const { odoo, bench, entry, post, clearing } = books();
      const [account] = (await odoo.call<number[]>('account.account', 'create', {
        vals_list: [{ code: `${bench.tag}bal`, name: 'Balance', account_type: 'expense' }],
      })) as [number];
      const lines = [
        [0, 0, { account_id: account, debit: 12.34 }],
        [0, 0, { account_id: clearing, credit: 12.34 }],
      ];
      const [posted] = [await entry('posted', { line_ids: lines }), await entry('draft', { line_ids: lines })];
      expect(await bench.first('account.account', account, 'current_balance')).toEqual({ id: account, current_balance: 0 });
      await post(posted);
      expect(await bench.first('account.account', account, 'current_balance')).toEqual({ id: account, current_balance: 12.34 });
    });

    test('the posted lines sum up by account, month and currency', async () => {
      const { odoo, bench, entry, post, journal, payable, clearing, dollar } = books();
      const own = await journal('general');
      await post(
        await entry('april', { journal_id: own }),
        await entry('more', { journal_id: own }),
        await entry('may', { journal_id: own, date: '2011-05-01' }),
      );
      await entry('draft', { journal_id: own });
      const groups = await odoo.call<Record<string, unknown>[]>('account.move.line', 'formatted_read_group', {
        domain: [
          ['parent_state', '=', 'posted'],
          ['journal_id', '=', own],
        ],
        groupby: ['account_id', 'date:month', 'currency_id'],
        aggregates: ['balance:sum', 'debit:sum', 'credit:sum', '__count'],
      });
      const clear = [clearing, `${bench.tag}cl ${bench.tag} clearing`];
      const owed = [payable, `${bench.tag}ap ${bench.tag} payable`];
      const april = ['2011-04-01', 'April 2011'];
      const may = ['2011-05-01', 'May 2011'];
      const shown = groups.map(({ __extra_domain: _, ...group }) => ({ ...group, account_id: (group.account_id as unknown[])[0] }));
      expect(shown.sort((left, right) => JSON.stringify(left).localeCompare(JSON.stringify(right)))).toEqual(
        [
          { account_id: owed[0], 'date:month': april, currency_id: [dollar, 'USD'], 'balance:sum': -20, 'debit:sum': 0, 'credit:sum': 20, __count: 2 },
          { account_id: owed[0], 'date:month': may, currency_id: [dollar, 'USD'], 'balance:sum': -10, 'debit:sum': 0, 'credit:sum': 10, __count: 1 },
          { account_id: clear[0], 'date:month': april, currency_id: [dollar, 'USD'], 'balance:sum': 20, 'debit:sum': 20, 'credit:sum': 0, __count: 2 },
          { account_id: clear[0], 'date:month': may, currency_id: [dollar, 'USD'], 'balance:sum': 10, 'debit:sum': 10, 'credit:sum': 0, __count: 1 },
        ].sort((left, right) => JSON.stringify(left).localeCompare(JSON.stringify(right))),
      );
    });
  });
}
