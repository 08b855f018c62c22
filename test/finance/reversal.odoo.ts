/** What Odoo does not let go back to draft, on the real one: entries with a hash, and entries of a locked period. */
import { expect, onTestFinished, test } from 'vitest';
import { startRealOdoo } from '../real-odoo/harness.ts';
import { makeWorldOf } from './finance-world.ts';
import { type WholeLedger, wholeLedgerFiles } from './whole-ledger.ts';

test(
  'what Odoo does not let go back to draft is refused when the rollback is planned, or reversed by policy, and the trial balance is as before',
  async () => {
    const real = await startRealOdoo({ version: 19, accounting: true });
    const world = await makeWorldOf({ ...real, apiKey: real.apiKey ?? real.password }, wholeLedgerFiles, { state: 'draft' }, true);
    onTestFinished(async () => {
      await real.stop();
      await world.close();
      // with them set, the harness would take the next Odoo for one of the user's own
      for (const name of ['ODOO_URL', 'ODOO_DB', 'ODOO_LOGIN', 'ODOO_API_KEY']) delete process.env[name];
    });
    const { odoo } = world;
    const allOf = (model: string, domain: readonly unknown[], fields: readonly string[]) =>
      odoo(async (connection) => connection.read(model, await connection.searchIds(model, domain), fields));
    const set = (model: string, domain: readonly unknown[], values: Readonly<Record<string, unknown>>) =>
      odoo(async (connection) => {
        const ids = await connection.searchIds(model, domain);
        await connection.save(
          model,
          ids.map((id) => ({ id, values })),
          {},
        );
      });
    const lock = (day: string | false) => set('res.company', [['id', '=', 1]], { fiscalyear_lock_date: day });
    const post = async (file: string, count: number, books: Partial<WholeLedger> = {}) => {
      await world.night({ state: 'posted', ...books });
      await world.plan(file);
      const posted = await world.load(file);
      expect(posted).toMatchObject({ applied: count, conflict: 0, deadLettered: 0 });
      return posted.runId;
    };
    await world.night({ state: 'draft' });
    await world.plan('again.plan');
    await world.load('again.plan');
    const [bill] = await allOf('account.move', [['move_type', '=', 'in_invoice']], ['journal_id']);
    await set('account.journal', [['id', '=', bill?.journal_id]], { restrict_mode_hash_table: true });
    const hashed = await post('hashed.plan', 9);
    const first = await world.rollback(hashed);
    expect(first).toMatchObject({ applied: 6, conflict: 0, deadLettered: 0 });
    const why = 'its journal has secured it with a hash: Odoo neither resets nor deletes it, it can only be reversed';
    expect([...first.refused].sort()).toEqual([`1 vendor_credit: ${why}`, `2 vendor_bill: ${why}`]);

    const locked = await post('locked.plan', 6, { isReversed: true });
    await lock('2025-12-31');
    expect(await world.rollback(locked)).toMatchObject({ applied: 6, conflict: 0, deadLettered: 0, refused: [] });
    await lock(false);
    const last = await world.rollback(hashed);
    expect(last).toMatchObject({ applied: 3, conflict: 0, deadLettered: 0 });
    expect(new Set(last.refused.map((words) => words.replace(/^.*: /, '')))).toEqual(new Set(['it has been reversed']));

    const moves = await allOf('account.move', [], ['state', 'date', 'payment_state', 'journal_id', 'reversed_entry_id', 'inalterable_hash']);
    expect(moves.map(({ state }) => state)).toEqual(Array(18).fill('posted'));
    const reversals = moves.filter(({ reversed_entry_id: original }) => original !== false);
    // on its own day, or the first open one after a lock
    expect(reversals.map(({ date, inalterable_hash: hash }) => `${date} ${hash === false ? 'open' : 'hashed'}`).sort()).toEqual([
      ...Array(3).fill('2025-12-31 hashed'),
      ...Array(6).fill('2026-01-01 open'),
    ]);
    const lines = await allOf('account.move.line', [['account_id', '!=', false]], ['account_id', 'balance', 'amount_residual']);
    expect(lines.filter(({ amount_residual: open }) => open !== 0)).toEqual([]);
    const balances = Map.groupBy(lines, (line) => line.account_id);
    for (const of of balances.values()) expect(of.reduce((sum, line) => sum + Math.round(Number(line.balance) * 100), 0)).toBe(0);
    expect((await allOf('account.analytic.line', [], ['amount'])).reduce((sum, { amount }) => sum + Math.round(Number(amount) * 100), 0)).toBe(0);
  },
  20 * 60_000,
);
