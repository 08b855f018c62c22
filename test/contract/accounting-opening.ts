import { describe, expect, test } from 'vitest';
import type { Books } from './accounting-bench.ts';
import { noTaxes } from './accounting-bench.ts';
import { refusal } from './target.ts';

const silent = { tracking_disable: true };

export function describeOpening(books: () => Books): void {
  describe('cost centres, bank accounts, credits and payments that are open', () => {
    const balanced = ({ clearing, vendor, payable }: Books, distribution: unknown) => [
      [0, 0, { account_id: clearing, name: 'spent', balance: 40, analytic_distribution: distribution }],
      [0, 0, { account_id: payable, partner_id: vendor, name: 'owed', balance: -40, analytic_distribution: false }],
    ];
    const analyticLines = async ({ odoo }: Books, account: number) => {
      const ids = await odoo.searchIds('account.analytic.line', [['account_id', '=', account]]);
      return (await odoo.read('account.analytic.line', ids, ['name', 'amount', 'account_id'])).map(({ id: _, ...line }) => line);
    };

    test('a cost centre is loaded with its plan, without which it is refused; the same code twice is accepted', async () => {
      const { odoo, bench } = books();
      const [plan] = await odoo.searchIds('account.analytic.plan', [['name', '=', 'Project']]);
      const columns = ['id', 'code', 'name', 'plan_id/.id'];
      const rows = ['one', 'two'].map((key) => [bench.externalId(`centre_${key}`), `${bench.tag}900`, `Centre ${key}`, plan!]);
      const ids = await bench.loaded('account.analytic.account', columns, rows);
      expect(await odoo.read('account.analytic.account', ids, ['code', 'plan_id', 'active'])).toEqual(
        ids.map((id) => ({ id, code: `${bench.tag}900`, plan_id: plan, active: true })),
      );
      const refused = await odoo.load('account.analytic.account', ['id', 'name'], [[bench.externalId('none'), 'No plan']], {});
      expect(refused.messages[0]?.message).toContain("Missing required value for the field 'Plan' (plan_id)");
      await odoo.unlink('account.analytic.account', ids);
    });

    test('a line names its cost centre as a share of the whole: booked there when it is posted, and no more when it is a draft again', async () => {
      const all = books();
      const { odoo, bench, entry, lines, post } = all;
      const [plan] = await odoo.searchIds('account.analytic.plan', [['name', '=', 'Project']]);
      const [ward, laboratory] = (await bench.create('account.analytic.account', { name: 'Ward', plan_id: plan! }, { name: 'Laboratory', plan_id: plan! })) as [
        number,
        number,
      ];
      const id = await entry('to the ward', { line_ids: balanced(all, { [ward]: 100 }) });
      const distributions = async () => (await lines(id, 'analytic_distribution')).map((line) => line.analytic_distribution);
      expect(await distributions()).toEqual([{ [ward]: 100 }, false]);
      const [first] = (await bench.first('account.move', id, 'line_ids')).line_ids as number[];
      await odoo.save('account.move.line', [{ id: first!, values: { analytic_distribution: { [laboratory]: 100 } } }], {});
      expect(await distributions()).toEqual([{ [laboratory]: 100 }, false]);
      expect(await analyticLines(all, laboratory)).toEqual([]);
      await post(id);
      expect(await analyticLines(all, laboratory)).toEqual([{ name: 'spent', amount: -40, account_id: laboratory }]);
      expect((await refusal(odoo.unlink('account.analytic.account', [laboratory]))).message).toContain(
        "The troublemaker is: 'Analytic Line' (account.analytic.line)",
      );
      await odoo.call('account.move', 'button_draft', { ids: [id] });
      expect(await analyticLines(all, laboratory)).toEqual([]);
      await odoo.unlink('account.analytic.account', [laboratory]);
      await odoo.unlink('account.move', [id]);
    });

    test('a distribution is loaded as text, with empty cells in the lines that have none', async () => {
      const { odoo, bench, general, clearing, payable, vendor, dollar, lines } = books();
      const [plan] = await odoo.searchIds('account.analytic.plan', [['name', '=', 'Project']]);
      const [ward] = (await bench.create('account.analytic.account', { name: 'Ward', plan_id: plan! })) as [number];
      const own = ['account_id/.id', 'partner_id/.id', 'balance', 'analytic_distribution', 'date_maturity', 'currency_id/.id', 'amount_currency'];
      const columns = ['id', 'ref', 'date', 'journal_id/.id', 'line_ids/id', ...own.map((name) => `line_ids/${name}`)];
      const [id] = (await bench.loaded('account.move', columns, [
        [bench.externalId('d'), 'loaded', '2011-04-05', general, bench.externalId('d1'), clearing, '', '12.34', `{"${ward}":100}`, '', dollar, '12.34'],
        ['', '', '', '', bench.externalId('d2'), payable, vendor, '-12.34', '', '2011-03-01', dollar, '-12.34'],
      ])) as [number];
      expect(await lines(id, 'analytic_distribution', 'partner_id', 'date_maturity', 'balance')).toEqual([
        { analytic_distribution: { [ward]: 100 }, partner_id: false, date_maturity: false, balance: 12.34 },
        { analytic_distribution: false, partner_id: vendor, date_maturity: '2011-03-01', balance: -12.34 },
      ]);
      await odoo.unlink('account.move', [id]);
    });

    test('the number of a bank journal is a bank account of the company; it cannot be taken away, and stays archived when the journal goes', async () => {
      const { odoo, bench, company, clearing } = books();
      const number = `${bench.tag}4502`;
      const columns = ['id', 'name', 'code', 'type', 'bank_acc_number', 'default_account_id/.id'];
      const [id] = (await bench.loaded('account.journal', columns, [
        [bench.externalId('bank'), 'House bank', `H${process.pid % 900}`, 'bank', number, clearing],
      ])) as [number];
      const journal = await bench.first('account.journal', id, 'bank_acc_number', 'default_account_id', 'bank_account_id');
      expect(journal).toMatchObject({ bank_acc_number: number, default_account_id: clearing });
      const { partner_id: owner } = await bench.first('res.company', company, 'partner_id');
      const bank = journal.bank_account_id as number;
      expect(await bench.first('res.partner.bank', bank, 'acc_number', 'partner_id')).toEqual({ id: bank, acc_number: number, partner_id: owner });
      expect((await refusal(odoo.save('account.journal', [{ id, values: { bank_acc_number: false } }], {}))).message).toContain(
        "Missing required value for the field 'Account Number' (acc_number)",
      );
      const methods = await odoo.searchIds('account.payment.method.line', [['journal_id', '=', id]]);
      expect(await odoo.read('account.payment.method.line', methods, ['name'])).toEqual(methods.map((one) => ({ id: one, name: 'Manual Payment' })));
      expect(methods.length).toBe(2);
      await odoo.unlink('account.journal', [id]);
      expect(await odoo.searchIds('account.payment.method.line', [['id', 'in', methods]])).toEqual([]);
      expect(await bench.first('res.partner.bank', bank, 'active')).toEqual({ id: bank, active: false });
    });

    test('a credit in another currency keeps the rate sent; a new date of the document takes the rate of that day, unless the rate is sent too', async () => {
      const { odoo, bench, bill, lines, move1, post, euro } = books();
      const rates = await bench.loaded(
        'res.currency.rate',
        ['id', 'name', 'currency_id/id', 'company_rate'],
        [[bench.externalId('rate'), '2011-04-01', 'base.EUR', '0.8543210987']],
      );
      const id = await bill('credit', { move_type: 'in_refund', currency_id: euro, invoice_currency_rate: 1.25 });
      const booked = async () => [(await lines(id, 'balance')).map((line) => line.balance), (await move1(id, 'invoice_currency_rate')).invoice_currency_rate];
      expect(await booked()).toEqual([[-80, 80], 1.25]);
      await post(id);
      expect(await booked()).toEqual([[-80, 80], 1.25]);
      await odoo.call('account.move', 'button_draft', { ids: [id] });
      await odoo.save('account.move', [{ id, values: { invoice_date: '2011-04-03', date: '2011-04-05' } }], {});
      expect(await booked()).toEqual([[-117.05, 117.05], 0.8543210987]);
      await odoo.save('account.move', [{ id, values: { invoice_date: '2011-04-05', date: '2011-04-05', invoice_currency_rate: 1.25 } }], {});
      expect(await booked()).toEqual([[-80, 80], 1.25]);
      await odoo.unlink('account.move', [id]);
      await odoo.unlink('res.currency.rate', rates);
    });

    test('a payment is open on its partner as an entry of two lines, and matched with a bill', async () => {
      const { odoo, bill, move, move1, lines, post, general, vendor, payable, clearing, euro } = books();
      const foreign = (balance: number) => ({ balance, currency_id: euro, amount_currency: balance * 1.25 });
      const id = await move({
        move_type: 'entry',
        journal_id: general,
        date: '2011-04-05',
        ref: 'advance',
        partner_id: vendor,
        currency_id: euro,
        line_ids: [
          [0, 0, { account_id: payable, partner_id: vendor, name: 'advance', date_maturity: '2011-04-01', ...foreign(80) }],
          [0, 0, { account_id: clearing, partner_id: false, name: 'advance', ...foreign(-80) }],
        ],
      });
      await post(id);
      expect(await move1(id, 'partner_id', 'currency_id', 'state')).toEqual({ id, partner_id: vendor, currency_id: euro, state: 'posted' });
      const shown = ['partner_id', 'balance', 'amount_currency', 'amount_residual', 'date_maturity'];
      expect(await lines(id, ...shown)).toEqual([
        { partner_id: vendor, balance: 80, amount_currency: 100, amount_residual: 80, date_maturity: '2011-04-01' },
        { partner_id: false, balance: -80, amount_currency: -100, amount_residual: 0, date_maturity: false },
      ]);
      const owed = await bill('paid by it', {
        currency_id: euro,
        invoice_currency_rate: 1.25,
        invoice_line_ids: [[0, 0, { account_id: clearing, quantity: 1, price_unit: 100, tax_ids: noTaxes }]],
      });
      await post(owed);
      const { openLine } = books();
      await odoo.call('account.move.line', 'reconcile', { ids: [await openLine(id), await openLine(owed)] });
      expect(await move1(owed, 'payment_state')).toMatchObject({ payment_state: 'paid' });
      expect((await lines(id, 'amount_residual'))[0]).toEqual({ amount_residual: 0 });
      await odoo.call('account.move.line', 'remove_move_reconcile', { ids: [await openLine(id)] });
    });

    test('a reference to papers kept elsewhere is an attachment without contents, of a posted document too, and goes with it', async () => {
      const { odoo, bench, bill, post } = books();
      const id = await bill('with papers');
      await post(id);
      const named = `${bench.tag}.papers`;
      const fields = ['id', 'name', 'type', 'url', 'res_model', 'res_id'];
      const loaded = (url: string) => odoo.load('ir.attachment', fields, [[named, 'bill.pdf', 'url', url, 'account.move', String(id)]], {});
      expect((await loaded('https://archive.example/1')).ids).toHaveLength(1);
      const { ids } = await loaded('ARCHIVE-0007');
      const [paper] = ids || [];
      expect(await bench.first('ir.attachment', paper as number, 'name', 'type', 'url', 'res_model', 'res_id')).toEqual({
        ...{ id: paper, name: 'bill.pdf', type: 'url', url: 'ARCHIVE-0007', res_model: 'account.move', res_id: id },
      });
      await odoo.call('account.move', 'button_draft', { ids: [id], context: silent });
      await odoo.unlink('account.move', [id]);
      expect(await odoo.searchIds('ir.attachment', [['id', '=', paper]])).toEqual([]);
      expect((await odoo.resolveExternalIds([named])).size).toBe(0);
    });
  });
}
