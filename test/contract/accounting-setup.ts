import { describe, expect, test } from 'vitest';
import type { Books } from './accounting-bench.ts';
import { refusal } from './target.ts';

export function describeSetup(books: () => Books): void {
  describe('accounts, journals, terms and rates', () => {
    test('an account is loaded by its code, in the company of the context; receivable and payable ones are reconciled', async () => {
      const { odoo, bench, company } = books();
      const rows = [
        [bench.externalId('income'), `${bench.tag}400`, 'Income', 'income', null],
        [bench.externalId('payable'), `${bench.tag}200`, 'Payable', 'liability_payable', null],
        [bench.externalId('suspense'), `${bench.tag}300`, 'Suspense', 'asset_current', 'True'],
      ];
      const withoutReconcile = ['id', 'code', 'name', 'account_type'];
      const [income, payable] = await bench.loaded(
        'account.account',
        withoutReconcile,
        rows.slice(0, 2).map((row) => row.slice(0, 4)),
      );
      const [suspense] = await bench.loaded('account.account', [...withoutReconcile, 'reconcile'], rows.slice(2));
      const ids = [income!, payable!, suspense!];
      expect(await odoo.read('account.account', ids, ['code', 'account_type', 'reconcile', 'company_ids', 'active'])).toEqual([
        { id: income, code: `${bench.tag}400`, account_type: 'income', reconcile: false, company_ids: [company], active: true },
        { id: payable, code: `${bench.tag}200`, account_type: 'liability_payable', reconcile: true, company_ids: [company], active: true },
        { id: suspense, code: `${bench.tag}300`, account_type: 'asset_current', reconcile: true, company_ids: [company], active: true },
      ]);
      expect(await odoo.searchIds('account.account', [['code', '=', `${bench.tag}200`]])).toEqual([payable]);
      await bench.loaded('account.account', ['id', 'name'], [[bench.externalId('income'), 'Income, renamed']]);
      expect(await bench.first('account.account', income!, 'name', 'code')).toEqual({ id: income, name: 'Income, renamed', code: `${bench.tag}400` });
      await odoo.unlink('account.account', ids);
    });

    test('a code that is taken, a code that is none, and a payable account that is not reconciled are refused', async () => {
      const { bench, odoo } = books();
      const columns = ['id', 'code', 'name', 'account_type', 'reconcile'];
      const message = async (code: string, type: string, reconcile: string | null) => {
        const result = await odoo.load('account.account', columns, [[bench.externalId('bad'), code, 'Bad', type, reconcile]], {});
        return [result.ids, result.messages.map((one) => one.message)];
      };
      expect(await message(`${bench.tag}ap`, 'asset_current', null)).toEqual([
        null,
        [`Account codes must be unique. You can't create accounts with these duplicate codes: ${bench.tag}ap`],
      ]);
      expect(await message(`${bench.tag} é`, 'asset_current', null)).toEqual([null, ['The account code can only contain alphanumeric characters and dots.']]);
      const [, [unreconciled]] = (await message(`${bench.tag}x`, 'liability_payable', 'False')) as [null, string[]];
      expect(unreconciled).toMatch(/^You cannot have a receivable\/payable account that is not reconcilable\. \(account code: /);
    });

    test('an account with items cannot be deleted; archived, it takes no posting', async () => {
      const { odoo, bench, clearing, entry, post } = books();
      const id = await entry('archived account');
      expect((await refusal(odoo.unlink('account.account', [clearing]))).message).toBe(
        'You cannot perform this action on an account that contains journal items.',
      );
      await odoo.save('account.account', [{ id: clearing, values: { active: false } }], {});
      const refused = await refusal(post(id));
      await odoo.save('account.account', [{ id: clearing, values: { active: true } }], {});
      expect(refused.message).toBe(`The account ${bench.tag} clearing (${bench.tag}cl) is archived.`);
    });

    test('a journal is loaded by name, code and type; its code is its own, and used it cannot be deleted', async () => {
      const { odoo, bench, general, company, entry } = books();
      const code = `J${process.pid % 1000}`;
      const [id] = (await bench.loaded(
        'account.journal',
        ['id', 'name', 'code', 'type'],
        [[bench.externalId('journal'), `${bench.tag} loaded`, code, 'purchase']],
      )) as [number];
      expect(await bench.first('account.journal', id, 'code', 'type', 'company_id', 'active', 'refund_sequence', 'restrict_mode_hash_table')).toEqual({
        id,
        code,
        type: 'purchase',
        company_id: company,
        active: true,
        refund_sequence: true,
        restrict_mode_hash_table: false,
      });
      const twin = await odoo.load('account.journal', ['id', 'name', 'code', 'type'], [[bench.externalId('twin'), 'twin', code, 'general']], {});
      expect(twin.messages.map((one) => one.message)).toEqual(['Journal codes must be unique per company.']);
      await odoo.unlink('account.journal', [id]);
      await entry('in a journal');
      expect((await refusal(odoo.unlink('account.journal', [general]))).message).toContain(
        "The troublemaker is: 'Journal Entry' (account.move)\nThanks to the following constraint: 'Journal' (journal_id)",
      );
    });

    test('a payment term is loaded with its lines, which need External IDs to be loaded again; percents make a hundred', async () => {
      const { odoo, bench } = books();
      const columns = ['id', 'name', 'line_ids/id', 'line_ids/value', 'line_ids/value_amount', 'line_ids/nb_days', 'line_ids/delay_type'];
      const rows = (first: string) => [
        [bench.externalId('halves'), `${bench.tag} halves`, bench.externalId('half1'), 'percent', first, '0', 'days_after'],
        [null, null, bench.externalId('half2'), 'percent', '50', '60', 'days_after_end_of_month'],
      ];
      const [term] = (await bench.loaded('account.payment.term', columns, rows('50'))) as [number];
      expect(await bench.loaded('account.payment.term', columns, rows('50'))).toEqual([term]);
      const { line_ids: lines } = await bench.first('account.payment.term', term, 'line_ids');
      expect(
        (await odoo.read('account.payment.term.line', lines as number[], ['value', 'value_amount', 'nb_days', 'delay_type'])).map(({ id: _, ...line }) => line),
      ).toEqual([
        { value: 'percent', value_amount: 50, nb_days: 0, delay_type: 'days_after' },
        { value: 'percent', value_amount: 50, nb_days: 60, delay_type: 'days_after_end_of_month' },
      ]);
      const wrong = await odoo.load('account.payment.term', columns, rows('40'), {});
      expect(wrong.messages.map((one) => one.message)).toEqual([
        'The Payment Term must have at least one percent line and the sum of the percent must be 100%.',
      ]);
      const [bare] = (await bench.loaded('account.payment.term', ['id', 'name'], [[bench.externalId('bare'), `${bench.tag} bare`]])) as [number];
      const { line_ids: own } = await bench.first('account.payment.term', bare, 'line_ids');
      expect((await odoo.read('account.payment.term.line', own as number[], ['value', 'value_amount', 'nb_days']))[0]).toMatchObject({
        value: 'percent',
        value_amount: 100,
        nb_days: 0,
      });
      await odoo.unlink('account.payment.term', [bare]);
      await odoo.unlink('account.payment.term.line', [(lines as number[])[0]!]);
      await odoo.unlink('account.payment.term', [term]);
      // A line that goes with its term leaves its External ID behind.
      const names = await odoo.searchIds('ir.model.data', [
        ['module', '=', bench.tag],
        ['name', 'in', ['half1', 'half2']],
      ]);
      expect((await odoo.read('ir.model.data', names, ['name'])).map((one) => one.name)).toEqual(['half2']);
    });

    test('rates are by day: units of the currency for one of the company’s; the latest counts, before the first the first, without any 1', async () => {
      const { odoo, bench, euro, payable, clearing, move, general, lines } = books();
      const inEuro = async (date: string) => {
        const id = await move({
          move_type: 'entry',
          journal_id: general,
          date,
          line_ids: [
            [0, 0, { account_id: payable, currency_id: euro, amount_currency: -100 }],
            [0, 0, { account_id: clearing, currency_id: euro, amount_currency: 100 }],
          ],
        });
        return (await lines(id, 'balance'))[0]?.balance;
      };
      expect(await inEuro('2011-02-01')).toBe(-100);
      const columns = ['id', 'name', 'currency_id/id', 'company_rate'];
      const rates = await bench.loaded('res.currency.rate', columns, [
        [bench.externalId('rate1'), '2011-01-01', 'base.EUR', '0.8'],
        [bench.externalId('rate2'), '2011-03-01', 'base.EUR', '0.7'],
      ]);
      expect(await inEuro('2011-02-01')).toBe(-125);
      expect(await inEuro('2011-03-01')).toBe(-142.86);
      expect(await inEuro('2009-01-01')).toBe(-125);
      const twin = await odoo.load('res.currency.rate', columns, [[bench.externalId('rate3'), '2011-01-01', 'base.EUR', '0.9']], {});
      expect(twin.messages.map((one) => one.message)).toEqual(['Only one currency rate per day allowed!']);
      expect(await bench.first('res.currency.rate', rates[1]!, 'name', 'currency_id', 'company_rate')).toEqual({
        id: rates[1],
        name: '2011-03-01',
        currency_id: euro,
        company_rate: 0.7,
      });
      await odoo.unlink('res.currency.rate', rates);
    });

    test('a partner’s accounts are the chart’s until they are its own; one of the wrong type is accepted', async () => {
      const { bench, odoo, receivable } = books();
      const [id] = (await bench.create('res.partner', { name: `${bench.tag} plain` })) as [number];
      const { property_account_payable_id: given } = await bench.first('res.partner', id, 'property_account_payable_id');
      expect(await bench.first('account.account', given as number, 'account_type')).toMatchObject({ account_type: 'liability_payable' });
      await odoo.save('res.partner', [{ id, values: { property_account_payable_id: receivable } }], {});
      expect(await bench.first('res.partner', id, 'property_account_payable_id')).toMatchObject({ property_account_payable_id: receivable });
    });

    test('a partner with documents, or with mere lines, cannot be deleted', async () => {
      const { odoo, bench, bill, entry, vendor, payable, clearing } = books();
      await bill('used');
      expect((await refusal(odoo.unlink('res.partner', [vendor]))).message).toBe('The partner cannot be deleted because it is used in Accounting');
      const [named] = (await bench.create('res.partner', { name: `${bench.tag} on a line` })) as [number];
      await entry('used', {
        line_ids: [
          [0, 0, { account_id: payable, partner_id: named, credit: 1 }],
          [0, 0, { account_id: clearing, debit: 1 }],
        ],
      });
      expect((await refusal(odoo.unlink('res.partner', [named]))).message).toContain("The troublemaker is: 'Journal Item' (account.move.line)");
    });
  });
}
