/** What the accounting suites work with: accounts, journals and partners of their own, and the moves made with them, in the company of the connection. */
import type { OdooConnection } from '../../src/domain/ports.ts';
import { type Bench, benchOn, existing, type Values } from './target.ts';

export interface Books {
  readonly odoo: OdooConnection;
  readonly bench: Bench;
  readonly company: number;
  /** The company's currency, and another one. */
  readonly dollar: number;
  readonly euro: number;
  readonly payable: number;
  readonly receivable: number;
  /** Where open items and opening balances meet: an asset that is not reconciled. */
  readonly clearing: number;
  readonly general: number;
  readonly purchases: number;
  readonly sales: number;
  readonly vendor: number;
  readonly customer: number;
  journal(type: string, values?: Values): Promise<number>;
  entry(ref: string, values?: Values): Promise<number>;
  move(values: Values): Promise<number>;
  bill(ref: string, values?: Values): Promise<number>;
  post(...moves: number[]): Promise<unknown>;
  move1(id: number, ...fields: string[]): Promise<Values>;
  lines(move: number, ...fields: string[]): Promise<Values[]>;
  /** The line of a move on its payable or receivable account. */
  openLine(move: number): Promise<number>;
  /** These cannot be taken away again, nor can what they stand on. */
  leave(...moves: number[]): void;
  clean(): Promise<void>;
}

const silent = { tracking_disable: true };
export const noTaxes = [[6, 0, []]];

let codes = 0;

async function made(odoo: OdooConnection, model: string, ...values: Values[]): Promise<number[]> {
  return odoo.call<number[]>(model, 'create', { vals_list: values, context: silent });
}

export async function booksOn(odoo: OdooConnection): Promise<Books> {
  const bench = benchOn(odoo);
  const [user] = await odoo.read('res.users', [(await odoo.identity()).userId], ['company_id']);
  const company = user?.company_id as number;
  const currencies = await odoo.searchIds('res.currency', [['name', 'in', ['USD', 'EUR']]]);
  const named = await odoo.read('res.currency', currencies, ['name', 'active']);
  const currency = (name: string) => named.find((one) => one.name === name)?.id as number;
  await odoo.save('res.currency', [{ id: currency('EUR'), values: { active: true } }], {});
  const code = (word: string) => `${bench.tag}${word}`;
  const accounts = await made(
    odoo,
    'account.account',
    { code: code('ap'), name: `${bench.tag} payable`, account_type: 'liability_payable' },
    { code: code('ar'), name: `${bench.tag} receivable`, account_type: 'asset_receivable' },
    { code: code('cl'), name: `${bench.tag} clearing`, account_type: 'asset_current' },
  );
  const [payable, receivable, clearing] = accounts as [number, number, number];
  const journals: number[] = [];
  const left = new Set<number>();
  async function journal(type: string, values: Values = {}): Promise<number> {
    codes += 1;
    const [id] = (await made(odoo, 'account.journal', { name: `${bench.tag} ${type} ${codes}`, code: `${process.pid % 900}${codes}`, type, ...values })) as [
      number,
    ];
    journals.push(id);
    return id;
  }
  const general = await journal('general');
  const purchases = await journal('purchase');
  const sales = await journal('sale');
  const properties = { property_account_payable_id: payable, property_account_receivable_id: receivable };
  const partners = await bench.create('res.partner', { name: `${bench.tag} vendor`, ...properties }, { name: `${bench.tag} customer`, ...properties });
  const [vendor, customer] = partners as [number, number];

  async function move(values: Values): Promise<number> {
    const [id] = (await made(odoo, 'account.move', values)) as [number];
    return id;
  }
  async function movesMade(): Promise<number[]> {
    return odoo.searchIds('account.move', [['journal_id', 'in', journals]]);
  }
  async function unlinkMoves(): Promise<void> {
    const ids = (await movesMade()).filter((id) => !left.has(id));
    const moves = await odoo.read('account.move', ids, ['state']);
    const standing = moves.filter((one) => one.state !== 'draft').map((one) => one.id);
    if (standing.length > 0) await odoo.call('account.move', 'button_draft', { ids: standing, context: silent });
    if (ids.length > 0) await odoo.unlink('account.move', ids);
  }
  return {
    odoo,
    bench,
    company,
    dollar: currency('USD'),
    euro: currency('EUR'),
    payable,
    receivable,
    clearing,
    general,
    purchases,
    sales,
    vendor,
    customer,
    journal,
    move,
    entry: (ref, values = {}) =>
      move({
        move_type: 'entry',
        journal_id: general,
        date: '2011-04-05',
        ref,
        line_ids: [
          [0, 0, { account_id: payable, partner_id: vendor, name: ref, credit: 10 }],
          [0, 0, { account_id: clearing, name: ref, debit: 10 }],
        ],
        ...values,
      }),
    bill: (ref, values = {}) =>
      move({
        move_type: 'in_invoice',
        journal_id: purchases,
        partner_id: vendor,
        ref,
        invoice_date: '2011-04-05',
        date: '2011-04-05',
        invoice_date_due: '2011-05-20',
        invoice_payment_term_id: false,
        invoice_line_ids: [[0, 0, { account_id: clearing, name: 'open item', quantity: 1, price_unit: 100, tax_ids: noTaxes }]],
        ...values,
      }),
    post: (...moves) => odoo.call('account.move', 'action_post', { ids: moves, context: silent }),
    move1: (id, ...fields) => bench.first('account.move', id, ...fields),
    async lines(id, ...fields) {
      const { line_ids: lines } = await bench.first('account.move', id, 'line_ids');
      const known = [...(lines as number[])].sort((left, right) => left - right);
      return (await odoo.read('account.move.line', known, fields)).map(({ id: _, ...values }) => values);
    },
    async openLine(id) {
      const found = await odoo.searchIds('account.move.line', [
        ['move_id', '=', id],
        ['account_id', 'in', [payable, receivable]],
      ]);
      return found[0]!;
    },
    leave: (...moves) => {
      for (const id of moves) left.add(id);
    },
    async clean() {
      await unlinkMoves();
      if (left.size > 0) return;
      await odoo.unlink('account.journal', await existing(odoo, 'account.journal', journals));
      await bench.clean();
      await odoo.unlink('account.account', accounts);
    },
  };
}
