/** Two companies in one Odoo: what each sees of the other. */
import { describe, expect, test } from 'vitest';
import type { Books } from './accounting-bench.ts';
import { type ContractTarget, connectTo, refusal } from './target.ts';

export function describeCompanies(books: () => Books, target: () => ContractTarget): void {
  describe('two companies', () => {
    test('an account is looked up and made in the company of the connection; the same code in another is another account', async () => {
      const { odoo, bench } = books();
      const spain = await connectTo(target(), { company: 'Spain' });
      const columns = ['id', 'code', 'name', 'account_type'];
      const ours = await bench.loaded('account.account', columns, [[bench.externalId('us'), '990001', 'Clearing', 'asset_current']]);
      const theirs = (await spain.load('account.account', columns, [[bench.externalId('es'), '990001', 'Puente', 'asset_current']], {})).ids!;
      const byCode = [['code', '=', '990001']];
      expect([await odoo.searchIds('account.account', byCode), await spain.searchIds('account.account', byCode)]).toEqual([ours, theirs]);
      const [account] = await spain.read('account.account', theirs, ['company_ids']);
      expect(account?.company_ids).not.toEqual((await odoo.read('account.account', ours, ['company_ids']))[0]?.company_ids);
      await odoo.unlink('account.account', ours);
      await spain.unlink('account.account', theirs);
    });

    test('no line on an account, and no entry in a journal, of another company; the currency is the company’s own', async () => {
      const { bench, clearing, general, vendor } = books();
      const spain = await connectTo(target(), { company: 'Spain' });
      const [payable] = await spain.searchIds('account.account', [['code', '=', '400000']]);
      const [miscellaneous] = await spain.searchIds('account.journal', [['code', '=', 'MISC']]);
      const create = (journal: number, account: number) => {
        const lines = [
          [0, 0, { account_id: payable, partner_id: vendor, credit: 5 }],
          [0, 0, { account_id: account, debit: 5 }],
        ];
        return spain.call<number[]>('account.move', 'create', { vals_list: [{ journal_id: journal, date: '2011-04-05', ref: 'es', line_ids: lines }] });
      };
      expect((await refusal(create(miscellaneous!, clearing))).message).toContain(
        `- “(es)” belongs to company “Spain” while “Account” (account_id: '${bench.tag} clearing') belongs to another company.`,
      );
      expect(await refusal(create(general, payable!))).toMatchObject({ failure: 'validation' });
      const [income] = await spain.searchIds('account.account', [['code', '=', '700000']]);
      const ids = await create(miscellaneous!, income!);
      const [euro] = await spain.read('account.move', ids, ['currency_id', 'company_id']);
      expect((await spain.read('res.currency', [euro?.currency_id as number], ['name']))[0]?.name).toBe('EUR');
      expect(await books().odoo.searchIds('account.move', [['id', 'in', ids]])).toEqual([]);
      await spain.unlink('account.move', ids);
    });

    test('a partner’s accounts and an account’s rates are per company', async () => {
      const { bench, odoo, vendor, payable } = books();
      const spain = await connectTo(target(), { company: 'Spain' });
      const [theirs] = await spain.read('res.partner', [vendor], ['property_account_payable_id']);
      const code = (await spain.read('account.account', [theirs?.property_account_payable_id as number], ['code']))[0]?.code;
      expect(code).toBe('410000');
      expect(await bench.first('res.partner', vendor, 'property_account_payable_id')).toMatchObject({ property_account_payable_id: payable });
      const [rate] = (
        await spain.load(
          'res.currency.rate',
          ['id', 'name', 'currency_id/id', 'company_rate'],
          [[bench.externalId('rate'), '2011-01-01', 'base.USD', '1.25']],
          {},
        )
      ).ids!;
      expect(await odoo.searchIds('res.currency.rate', [['id', '=', rate]])).toEqual([]);
      await spain.unlink('res.currency.rate', [rate!]);
    });
  });
}
