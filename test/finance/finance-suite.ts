/** The finance pack from a ledger in files to a posted Odoo and back. */
import { beforeEach, expect, test } from 'vitest';
import type { OdooConnection } from '../../src/domain/ports.ts';
import type { FinanceWorld } from './finance-world.ts';
import { balanced, openBills } from './ledger.ts';

const MINUTES = 60_000;

/** On the sandbox and on a real Odoo alike; every test in an Odoo of its own. */
export function describeFinance(given: () => FinanceWorld): void {
  let world: FinanceWorld;
  beforeEach(() => {
    world = given();
  });
  const movesOf = (fields: readonly string[]) =>
    world.odoo(async (odoo) => {
      const moves = await odoo.read('account.move', await odoo.searchIds('account.move', []), ['ref', ...fields]);
      return Object.fromEntries(moves.map((move) => [move.ref, fields.map((field) => move[field])]));
    });

  test(
    'opening balances and open items are drafts first; posted they tie to the cent on both sides, keep their numbers and dates, and go back to nothing',
    async () => {
      await world.night({ state: 'draft', lines: balanced, bills: openBills });
      expect((await world.plan('drafts.plan')).refusals).toEqual([]);
      const drafts = await world.load('drafts.plan');
      expect(drafts).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0, remaining: 0 });
      await world.night({ state: 'draft', lines: balanced, bills: openBills });
      const drafted = await world.reconcile();
      expect(Object.fromEntries(drafted.entities.filter(({ breaks }) => Object.keys(breaks).length > 0).map(({ entity }) => [entity, true]))).toEqual({
        account: true,
      });

      await world.night({ state: 'posted', lines: balanced, bills: openBills });
      expect((await world.plan('posted.plan')).actions).toMatchObject({ create: 0, update: 4, refuse: 0 });
      const posted = await world.load('posted.plan');
      expect(posted).toMatchObject({ applied: 4, conflict: 0, deadLettered: 0 });
      await world.night({ state: 'posted', lines: balanced, bills: openBills });
      const agreed = await world.reconcile();
      expect(agreed.verdict).toBe('RECONCILED');
      const balances = agreed.controls.filter(({ name, dimension }) => name === 'trial-balance' && 'account' in dimension);
      expect(Object.fromEntries(balances.map(({ dimension, legacy, odoo }) => [dimension['account'], [legacy, odoo]]))).toMatchObject({
        'Hospital 1999 USD': ['0', '0'],
        'Hospital 2100 USD': ['-850.06', '-850.06'],
      });
      expect(await movesOf(['state', 'invoice_date', 'invoice_date_due', 'date'])).toMatchObject({
        '10000010': ['posted', '2025-11-28', '2026-02-05', '2025-12-31'],
        '10000011': ['posted', '2025-12-03', '2026-02-06', '2025-12-31'],
      });
      expect(Object.values(await movesOf(['made_sequence_gap'])).flat()).toEqual([false, false, false, false]);

      expect(await world.rollback(posted.runId)).toMatchObject({ applied: 4, conflict: 0, deadLettered: 0 });
      expect(await world.rollback(drafts.runId)).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0, remaining: 0 });
      expect(await movesOf(['state'])).toEqual({});
    },
    6 * MINUTES,
  );

  test(
    'what accounting forbids is refused with its row named, and the rest of the plan goes on',
    async () => {
      await world.odoo((odoo) => lock(odoo, '2024-12-31'));
      const [first, second] = openBills as unknown as [string[], string[]];
      const bill = (number: string, changes: Readonly<Record<number, string>>) => Object.assign([...second], { 1: number }, changes);
      await world.night({
        state: 'draft',
        lines: [...balanced.slice(0, -1), ['OPENING', '2100', 'rounding', '-0.05']],
        held: { V2: '-100.00' },
        accounts: [['400000', 'Vendors of old', 'payable', '0']],
        bills: [
          ['V2', ...bill('SHORT', {}).slice(1)],
          first,
          bill('TOTAL', { 5: '350.24' }),
          bill('RATE', { 7: '' }),
          bill('LOCKED', { 8: '2024-12-31' }),
          bill('PAID', { 6: '0' }),
          second,
          second,
        ],
      });
      const { actions, byEntity, refusals } = await world.plan('refused.plan');
      expect(refusals.map(({ entity, reason, count }) => `${count} ${entity}: ${reason.replace(/[:;(].*/, '').trim()}`).sort()).toEqual([
        '1 account: kind is liability_payable, and income on the record of Odoo that it is linked to',
        '1 opening_entry: breaks the rule entry-does-not-balance',
        '1 vendor_bill: breaks the rule lines-do-not-sum',
        '1 vendor_bill: breaks the rule no-exchange-rate',
        '1 vendor_bill: breaks the rule nothing-open',
        '1 vendor_bill: breaks the rule open-items-differ-from-ledger',
        '1 vendor_bill: its key is not unique in the legacy system',
        '1 vendor_bill: posted_on lies in a period that is locked in Odoo',
      ]);
      expect(refusals.map(({ entity, rows }) => `${entity}: ${rows.join(', ')}`).sort()).toEqual(
        [
          'account: 8 in accounts.csv',
          'opening_entry: 2 in entries.csv',
          ...['PAID', 'RATE', 'TOTAL', 'LOCKED'].map((number) => `vendor_bill: bill ${number} in bills.csv`),
          'vendor_bill: 2100 of V2 in balances.csv',
          'vendor_bill: bill 10000011, bill 10000011 in bills.csv',
        ].sort(),
      );
      expect(byEntity.find(({ entity }) => entity === 'vendor_bill')?.actions).toMatchObject({ create: 1, refuse: 6 });
      expect(actions.create).toBeGreaterThan(8);
      expect(await world.load('refused.plan')).toMatchObject({ conflict: 0, deadLettered: 0, blocked: 0 });
    },
    6 * MINUTES,
  );

  test(
    'an entry whose balances changed changes in one write and back; a period locked since the plan is neither posted into nor taken back from',
    async () => {
      const corrected = [
        ['OPENING', '1010', 'balance', '6200.10'],
        ['OPENING', '3000', 'balance', '-5450.09'],
        ['OPENING', '1200', 'rounding', '0.05'],
        ...balanced.filter(([, account]) => account === '1999' || account === '2100'),
      ] as unknown as typeof balanced;
      const balances = () =>
        world.odoo(async (odoo) => {
          const lines = await odoo.read('account.move.line', await odoo.searchIds('account.move.line', [['move_id.move_type', '=', 'entry']]), [
            'name',
            'balance',
          ]);
          return Object.fromEntries(lines.map((line) => [line.name, line.balance]));
        });
      const before = { '1010': 5000.1, '6000': 1200, '3000': -5450.04, '1999': -750, '2100': -0.06 };
      const after = { '1010': 6200.1, '1200': 0.05, '3000': -5450.09, '1999': -750, '2100': -0.06 };
      await world.night({ state: 'draft', lines: balanced, bills: openBills });
      await world.plan('drafts.plan');
      await world.load('drafts.plan');
      expect(await balances()).toEqual(before);

      await world.night({ state: 'posted', lines: corrected, bills: openBills });
      const [poison] = await world.odoo(async (odoo) => {
        const [bill = 0] = await odoo.searchIds('account.move', [['ref', '=', '10000010']]);
        const [found] = await odoo.read('account.move', [bill], ['journal_id']);
        const poisoning = { move_type: 'in_invoice', journal_id: found?.journal_id, name: 'OLD/2019/7' };
        return odoo.call<number[]>('account.move', 'create', { vals_list: [poisoning] });
      });
      expect((await world.plan('hindered.plan')).refusals).toMatchObject([
        {
          entity: 'vendor_bill',
          count: 2,
          reason: expect.stringMatching(/^its journal holds a draft that has a number already, .* \(journal BILL\)/),
        },
      ]);
      await world.odoo((odoo) => odoo.unlink('account.move', [poison as number]));
      expect((await world.plan('locked.plan')).actions).toMatchObject({ update: 4, refuse: 0 });
      await world.odoo((odoo) => lock(odoo, '2025-12-31'));
      const locked = await world.load('locked.plan');
      expect(locked).toMatchObject({ deadLettered: 4, conflict: 0, blocked: 0 });
      expect(new Set(Object.values(await movesOf(['state', 'date'])).map(String))).toEqual(new Set(['draft,2025-12-31']));
      expect(await balances()).toEqual(after);

      await world.odoo((odoo) => lock(odoo, false));
      await world.night({ state: 'posted', lines: corrected, bills: openBills });
      await world.plan('posted.plan');
      const posted = await world.load('posted.plan');
      expect(posted).toMatchObject({ applied: 4, deadLettered: 0 });
      await world.odoo((odoo) => lock(odoo, '2025-12-31'));
      const kept = await world.rollback(posted.runId);
      expect(kept).toMatchObject({ applied: 0, deadLettered: 0 });
      expect([...kept.refused].sort()).toEqual([
        '1 customer_invoice: posted_on 2025-12-31 lies in a period that is locked in Odoo (fiscalyear_lock_date 2025-12-31): it goes back to draft in an open period only',
        '1 opening_entry: date 2025-12-31 lies in a period that is locked in Odoo (fiscalyear_lock_date 2025-12-31): it goes back to draft in an open period only',
        '2 vendor_bill: posted_on 2025-12-31 lies in a period that is locked in Odoo (fiscalyear_lock_date 2025-12-31): it goes back to draft in an open period only',
      ]);
      await world.odoo((odoo) => lock(odoo, false));
      expect(await world.rollback(posted.runId)).toMatchObject({ applied: 4, conflict: 0, deadLettered: 0 });
      expect(await world.rollback(locked.runId)).toMatchObject({ conflict: 0, deadLettered: 0 });
      expect(await balances()).toEqual(before);
    },
    6 * MINUTES,
  );
}

async function lock(odoo: OdooConnection, day: string | false): Promise<void> {
  const [company = 1] = await odoo.searchIds('res.company', []);
  await odoo.save('res.company', [{ id: company, values: { fiscalyear_lock_date: day } }], {});
}
