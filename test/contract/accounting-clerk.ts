/** What an accountant may do who may not administer accounting: load and post, but neither charts, journals, terms and rates, nor locks. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OdooConnection } from '../../src/domain/ports.ts';
import type { Books } from './accounting-bench.ts';
import { type ContractTarget, connectTo, refusal, type Values, withPassword } from './target.ts';

const silent = { tracking_disable: true };

export function describeAccountant(books: () => Books, target: () => ContractTarget): void {
  describe('an accountant without administration', () => {
    let accountant: OdooConnection;
    let user: number;
    beforeAll(async () => {
      const { odoo } = books();
      const groups = ['base.group_user', 'base.group_partner_manager', 'account.group_account_invoice'];
      const found = await odoo.resolveExternalIds(groups);
      const login = `accountant-${Date.now()}`;
      const password = `${login}-secret`;
      const group_ids = [[6, 0, groups.map((name) => found.get(name)!.id)]];
      [user] = (await odoo.call<number[]>('res.users', 'create', { vals_list: [{ name: login, login, password, group_ids }] })) as [number];
      accountant = await connectTo({ ...withPassword(target()), login, password });
    });
    afterAll(() => books().odoo.call('res.users', 'write', { ids: [user], vals: { active: false } }));

    test('makes, posts, resets, reverses and deletes entries, sees locks and balances, and sets partners’ accounts', async () => {
      const { payable, clearing, general, vendor, company } = books();
      const lines = [
        [0, 0, { account_id: payable, partner_id: vendor, credit: 1 }],
        [0, 0, { account_id: clearing, debit: 1 }],
      ];
      const [id] = (await accountant.call<number[]>('account.move', 'create', {
        vals_list: [{ journal_id: general, date: '2011-04-05', line_ids: lines }],
        context: silent,
      })) as [number];
      expect(await accountant.call('account.move', 'action_post', { ids: [id], context: silent })).toBe(false);
      expect((await accountant.read('account.account', [payable], ['code', 'account_type']))[0]).toMatchObject({ account_type: 'liability_payable' });
      expect((await accountant.read('res.company', [company], ['fiscalyear_lock_date', 'hard_lock_date']))[0]).toEqual({
        id: company,
        fiscalyear_lock_date: false,
        hard_lock_date: false,
      });
      const groups = await accountant.call<unknown[]>('account.move.line', 'formatted_read_group', {
        domain: [['move_id', '=', id]],
        groupby: ['account_id'],
        aggregates: ['balance:sum'],
      });
      expect(groups).toHaveLength(2);
      await accountant.save('res.partner', [{ id: vendor, values: { property_account_payable_id: payable } }], {});
      await accountant.call('account.move', 'button_draft', { ids: [id], context: silent });
      await accountant.unlink('account.move', [id]);
    });

    test('makes no accounts, journals, terms, rates, and sets no lock', async () => {
      const { bench, euro, company } = books();
      const create = (model: string, values: Values) => refusal(accountant.call(model, 'create', { vals_list: [values] }));
      expect((await create('account.account', { code: `${bench.tag}no`, name: 'no', account_type: 'expense' })).failure).toBe('access');
      expect((await create('account.journal', { code: 'NO', name: 'no', type: 'general' })).failure).toBe('access');
      expect((await create('account.payment.term', { name: 'no' })).failure).toBe('access');
      expect((await create('res.currency.rate', { name: '2012-01-01', currency_id: euro, company_rate: 1 })).failure).toBe('access');
      const lock = accountant.save('res.company', [{ id: company, values: { fiscalyear_lock_date: '2000-01-01' } }], {});
      expect(await refusal(lock)).toMatchObject({ failure: 'access' });
    });
  });
}
