/** What the finance act does with its own hands: the corrections of the finance department, the mapping that says "posted", a payment in Odoo. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildLedgerworks } from '../../fixtures/hospital/ledgerworks-faults.ts';
import { ledgerworksExports } from '../../fixtures/hospital/write-ledgerworks.ts';
import type { OdooConnection } from '../domain/ports.ts';
import { type Stage, writeExports } from './stage.ts';

/** What finance touches in Odoo. */
export const FINANCE_MODELS = [
  'res.partner',
  'account.account',
  'account.payment.term',
  'account.payment.term.line',
  'account.move',
  'account.move.line',
  'account.payment',
] as const;

/** Journals that every installed chart of accounts brings. */
const JOURNALS = ['MISC', 'BILL', 'INV'] as const;
const DOCUMENTS = ['opening-entry', 'vendor-bill', 'customer-invoice'] as const;

/** A real Odoo may have no chart of accounts installed; then there is nothing to open books in. */
export async function hasJournals(odoo: OdooConnection): Promise<boolean> {
  return (await odoo.searchIds('account.journal', [['code', 'in', [...JOURNALS]]])).length >= JOURNALS.length;
}

/** The finance department has corrected what it was told, and exports once more. */
export async function mendBooks({ directory }: Stage): Promise<void> {
  await writeExports(directory, ledgerworksExports(buildLedgerworks({ mended: true })));
}

/** The totals tie: the sources now say that their documents are to be posted. */
export async function sayPosted({ directory }: Stage): Promise<void> {
  for (const name of DOCUMENTS) {
    const file = join(directory, 'mappings', 'finance', 'sources', 'ledgerworks', `${name}.yaml`);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(`state: "'draft'"`, `state: "'posted'"`));
  }
}

export interface PaymentByHand {
  readonly bill: number;
  readonly payment: number;
}

/** Somebody pays a bill in Odoo, as its button "Pay" does. */
export async function payByHand(odoo: OdooConnection, number: string): Promise<PaymentByHand> {
  const [bill = 0] = await odoo.searchIds('account.move', [
    ['ref', '=', number],
    ['move_type', '=', 'in_invoice'],
  ]);
  const context = { active_model: 'account.move', active_ids: [bill] };
  const [wizard = 0] = await odoo.call<number[]>('account.payment.register', 'create', { vals_list: [{}], context });
  const { res_id: payment } = await odoo.call<{ res_id: number }>('account.payment.register', 'action_create_payments', { ids: [wizard], context });
  await odoo.unlink('account.payment.register', [wizard]);
  return { bill, payment };
}

/** Takes the payment back and puts the bill back to draft, as its buttons do. */
export async function unpayByHand(odoo: OdooConnection, { bill, payment }: PaymentByHand): Promise<void> {
  await odoo.unlink('account.payment', [payment]);
  await odoo.call('account.move', 'button_draft', { ids: [bill] });
}
