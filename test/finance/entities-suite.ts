/** Every entity of the finance pack, from a ledger in files to a posted Odoo and back. */
import { beforeAll, expect, test } from 'vitest';
import type { FinanceWorld } from './finance-world.ts';
import type { WholeLedger } from './whole-ledger.ts';

const MINUTES = 60_000;

/** On the sandbox and on a real Odoo alike, both tests in one world: the first writes nothing. */
export function describeEntities(given: () => FinanceWorld<WholeLedger>): void {
  let world: FinanceWorld<WholeLedger>;
  beforeAll(() => {
    world = given();
  });
  const allOf = (model: string, domain: readonly unknown[], fields: readonly string[]) =>
    world.odoo(async (odoo) => odoo.read(model, await odoo.searchIds(model, domain), fields));

  test(
    'what would not tie is refused before the first write, with its row; a ledger without an entity is told so',
    async () => {
      await world.night({
        state: 'draft',
        faults: {
          rates: { 1: { RATE: '0' } },
          assets: { 2: { VALUE: '4999.99' } },
          movements: { 1: { AMOUNT: '80.00' } },
          credits: { 0: { BOOKED: '-44.42' } },
          refunds: { 0: { OPEN: '-30.00' } },
          payments: { 0: { DIRECTION: 'in' } },
        },
      });
      const { refusals } = await world.plan('refused.plan');
      expect(refusals.map(({ entity, reason, count }) => `${count} ${entity}: ${reason.replace(/(breaks the rule [a-z-]+).*/, '$1')}`).sort()).toEqual([
        '1 currency_rate: breaks the rule rate-not-positive',
        '1 customer_credit: breaks the rule nothing-to-credit',
        '1 history_entry: breaks the rule entry-does-not-balance',
        '1 opening_entry: a line is refused: breaks the rule asset-register-differs',
        '1 unapplied_payment: breaks the rule open-line-differs',
        '1 vendor_credit: a line is refused: breaks the rule rate-misses-the-ledger',
      ]);
      const { checks } = await world.map();
      expect(checks.find(({ name }) => name === 'clearing-does-not-close')).toMatchObject({ count: 1, measure: '-0.02' });
    },
    20 * MINUTES,
  );

  test(
    'rates, cost centres, banks, assets, history, credits and unapplied payments tie to the cent when posted, the clearing account ends at 0, and all of it goes back',
    async () => {
      await world.night({ state: 'draft' });
      const before = await allOf('account.account', [['code', '=', '1010']], ['current_balance']);
      expect((await world.plan('drafts.plan')).refusals).toEqual([]);
      const drafts = await world.load('drafts.plan');
      expect(drafts).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0, remaining: 0 });

      const papers = await allOf('ir.attachment', [['res_model', '=', 'account.move']], ['name', 'type', 'url', 'res_id']);
      expect(papers.map(({ name, type, url }) => `${name} ${type} ${url}`).sort()).toEqual([
        '501.pdf url https://archive.example/501',
        '701.pdf url scans/2025/701.pdf',
        'delivery url ARCHIVE-2025-0007',
      ]);
      const refs = await allOf('account.move', [['id', 'in', papers.map((paper) => paper.res_id)]], ['ref']);
      expect(refs.map(({ ref }) => ref).sort()).toEqual(['501', '701']);

      await world.night({ state: 'posted' });
      expect((await world.plan('posted.plan')).actions).toMatchObject({ create: 0, update: 9, refuse: 0 });
      const posted = await world.load('posted.plan');
      expect(posted).toMatchObject({ applied: 9, conflict: 0, deadLettered: 0 });
      await world.night({ state: 'posted' });
      const agreed = await world.reconcile();
      expect(agreed.verdict).toBe('RECONCILED');
      expect(agreed.checks.filter(({ count, severity }) => count > 0 && severity !== 'info')).toEqual([]);
      const total = (name: string, value: string) =>
        agreed.controls
          .filter((one) => one.name === name && Object.values(one.dimension).includes(value))
          .map(({ legacy, odoo }) => [Number(legacy), Number(odoo)]);
      expect(total('clearing', 'Hospital USD')).toEqual([[0, 0]]);
      expect(total('trial-balance', 'Hospital 2100 USD')).toEqual([[-540.6, -540.6]]);
      expect(total('history-balance', 'W1')).toEqual([[120, 120]]);
      expect(total('open-credits-booked', '1999')).toEqual([[-44.4, -44.4]]);
      const attached = agreed.controls.filter(({ name }) => name.endsWith('-attachments')).map(({ name, legacy, odoo }) => [name, legacy, odoo]);
      expect(attached.sort()).toEqual([
        ['customer-invoice-attachments', '1', '1'],
        ['vendor-bill-attachments', '2', '2'],
      ]);

      const open = await allOf(
        'account.move.line',
        [
          ['account_id.code', '=', '2100'],
          ['amount_residual', '!=', 0],
        ],
        ['amount_residual', 'amount_currency'],
      );
      expect(open.map((line) => line.amount_residual).sort()).toEqual([-125, -500, 40, 44.4]);
      expect((await allOf('account.analytic.line', [], ['amount'])).map(({ amount }) => amount).sort()).toEqual([-120, -80.1]);

      expect(await world.rollback(posted.runId)).toMatchObject({ applied: 9, conflict: 0, deadLettered: 0 });
      expect(await world.rollback(drafts.runId)).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0, remaining: 0 });
      for (const model of ['account.move', 'account.analytic.account', 'account.analytic.line', 'res.currency.rate'])
        expect(await allOf(model, [], ['id'])).toEqual([]);
      expect(await allOf('ir.attachment', [['res_model', '=', 'account.move']], ['id'])).toEqual([]);
      expect(await allOf('account.account', [['code', '=', '1010']], ['current_balance'])).toEqual(before);
      expect(await allOf('account.journal', [['code', '=', 'HB1']], ['id'])).toEqual([]);
    },
    20 * MINUTES,
  );
}
