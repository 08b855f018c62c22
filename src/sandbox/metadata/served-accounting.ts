/** The models of accounting that the sandbox answers; see served.ts. */
import type { ServedModel } from './served.ts';

const all: readonly unknown[] = [];

export const servedAccounting: Readonly<Record<string, ServedModel>> = {
  'account.account': {
    computed: ['account_type', 'code', 'code_store', 'current_balance', 'internal_group', 'name', 'placeholder_code', 'reconcile'],
    only: ['active', 'company_ids', 'currency_id', 'note'],
    seed: all,
  },
  'account.journal': {
    computed: ['refund_sequence', 'suspense_account_id', 'default_account_id', 'code', 'bank_acc_number'],
    only: ['active', 'bank_account_id', 'company_id', 'currency_id', 'name', 'restrict_mode_hash_table', 'sequence', 'type'],
    seed: all,
  },
  'account.payment.term': { computed: [], only: ['name', 'active', 'company_id', 'line_ids', 'note', 'sequence'], seed: all },
  'account.payment.term.line': {
    computed: ['days_next_month', 'nb_days', 'value_amount'],
    only: ['delay_type', 'payment_id', 'value'],
    seed: all,
  },
  'account.move': {
    computed: [
      ...['amount_residual', 'amount_residual_signed', 'amount_tax', 'amount_tax_signed', 'amount_total', 'amount_total_signed', 'amount_untaxed'],
      ...['amount_untaxed_signed', 'commercial_partner_id', 'company_currency_id', 'company_id', 'currency_id', 'date', 'inalterable_hash'],
      ...['invoice_currency_rate', 'invoice_date_due', 'invoice_line_ids', 'invoice_payment_term_id', 'journal_id', 'line_ids', 'made_sequence_gap'],
      ...['name', 'payment_reference', 'payment_state', 'sequence_number', 'sequence_prefix', 'journal_id'],
    ],
    only: [
      'invoice_date',
      'invoice_origin',
      'move_type',
      'partner_id',
      'posted_before',
      'ref',
      'reversal_move_ids',
      'reversed_entry_id',
      'state',
      'origin_payment_id',
    ],
    seed: null,
  },
  'account.move.line': {
    computed: [
      ...['account_id', 'amount_currency', 'amount_residual', 'amount_residual_currency', 'balance', 'company_currency_id', 'company_id', 'credit'],
      ...['currency_id', 'currency_rate', 'date', 'date_maturity', 'debit', 'display_type', 'invoice_date', 'is_refund', 'journal_id', 'matching_number'],
      ...['move_name', 'move_type', 'name', 'parent_state', 'partner_id', 'price_subtotal', 'price_total', 'price_unit', 'quantity', 'reconciled'],
      ...['ref', 'tax_ids', 'discount', 'sequence', 'analytic_distribution'],
    ],
    only: ['analytic_line_ids', 'full_reconcile_id', 'matched_credit_ids', 'matched_debit_ids', 'move_id', 'sequence'],
    seed: null,
  },
  'account.partial.reconcile': {
    computed: ['company_id'],
    only: ['amount', 'credit_amount_currency', 'credit_move_id', 'debit_amount_currency', 'debit_move_id', 'full_reconcile_id'],
    seed: null,
  },
  'account.full.reconcile': { computed: [], only: ['partial_reconcile_ids', 'reconciled_line_ids'], seed: null },
  'account.move.reversal': { computed: ['company_id', 'journal_id', 'move_ids', 'move_type'], only: ['date', 'new_move_ids', 'reason'], seed: null },
  'account.payment': {
    computed: [
      ...['amount', 'company_id', 'currency_id', 'destination_account_id', 'is_reconciled', 'journal_id', 'name', 'outstanding_account_id', 'partner_id'],
      ...['reconciled_bill_ids', 'reconciled_invoice_ids', 'state'],
    ],
    only: ['date', 'memo', 'move_id', 'partner_type', 'payment_type'],
    seed: null,
  },
  'account.payment.register': {
    computed: ['amount', 'communication', 'currency_id', 'journal_id', 'partner_id', 'partner_type', 'payment_type'],
    only: ['line_ids', 'payment_date'],
    isContextual: true,
    seed: null,
  },
  'account.analytic.plan': { computed: ['complete_name'], only: ['name', 'parent_id'], seed: all },
  'account.analytic.account': { computed: [], only: ['active', 'code', 'company_id', 'name', 'partner_id', 'plan_id'], seed: all },
  'account.analytic.line': {
    computed: ['company_id', 'partner_id'],
    only: ['account_id', 'amount', 'date', 'general_account_id', 'move_line_id', 'name', 'unit_amount'],
    seed: null,
  },
  'account.payment.method.line': { computed: ['name'], only: ['journal_id', 'sequence'], seed: null },
  'res.currency.rate': { computed: ['company_rate', 'inverse_company_rate', 'rate'], only: ['company_id', 'currency_id', 'name'], seed: all },
};
