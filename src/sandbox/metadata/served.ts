/** Which models, and which computed fields of them, the sandbox answers. The recorder keeps these and nothing else: a field that the
 *  sandbox could not answer as the real one does is an unknown field here, which is louder than a wrong value. */
import { servedAccounting } from './served-accounting.ts';

export interface ServedModel {
  /** Computed or related fields that the sandbox computes too; plain stored fields are kept without being named. */
  readonly computed: readonly string[];
  /** Plain stored fields left out. */
  readonly without?: readonly string[];
  /** When given: no plain stored field but these. */
  readonly only?: readonly string[];
  /** A wizard whose defaults are those of the records it is opened on: none are recorded. */
  readonly isContextual?: true;
  /** Records of a fresh database that the seed holds, or null for none. */
  readonly seed: readonly unknown[] | null;
}

const all: readonly unknown[] = [];

/** The accounts that bills of a product would take: the sandbox's bills name their own. */
const accountsOfProducts = [
  'property_account_expense_categ_id',
  'property_account_expense_id',
  'property_account_income_categ_id',
  'property_account_income_id',
  'property_price_difference_account_id',
  'property_stock_journal',
  'property_stock_valuation_account_id',
];

export const servedModels: Readonly<Record<string, ServedModel>> = {
  'res.partner': {
    computed: [
      ...['complete_name', 'commercial_partner_id', 'commercial_company_name', 'company_type', 'country_code', 'child_ids', 'currency_id'],
      ...['email_normalized', 'lang', 'parent_name', 'partner_share', 'purchase_order_count', 'user_id'],
    ],
    without: [
      ...['signup_type', 'offline_since', 'comment', 'message_bounce', 'invoice_ids'],
      ...['property_inbound_payment_method_line_id', 'property_outbound_payment_method_line_id'],
    ],
    seed: [['id', '<=', 5]],
  },
  'res.partner.bank': {
    computed: ['acc_holder_name', 'acc_type', 'bank_bic', 'bank_name', 'company_id', 'country_code', 'sanitized_acc_number'],
    without: ['related_moves'],
    seed: null,
  },
  'res.bank': { computed: [], only: ['name', 'active', 'bic', 'city', 'country', 'email', 'phone', 'state', 'street', 'street2', 'zip'], seed: null },
  /** References to documents kept elsewhere: no contents. */
  'ir.attachment': { computed: [], only: ['company_id', 'name', 'public', 'res_id', 'res_model', 'type', 'url'], seed: null },
  'res.partner.category': { computed: [], seed: null },
  'base.partner.merge.automatic.wizard': { computed: [], seed: null },
  'product.category': { computed: ['complete_name', 'product_count'], without: accountsOfProducts, seed: all },
  'product.template': {
    computed: [
      ...['barcode', 'cost_currency_id', 'currency_id', 'default_code', 'is_product_variant', 'is_storable', 'product_variant_count'],
      ...['product_variant_id', 'purchase_method', 'service_tracking', 'standard_price', 'supplier_taxes_id', 'taxes_id', 'tracking'],
      ...['uom_name', 'volume', 'weight'],
    ],
    without: ['lot_sequence_id', ...accountsOfProducts],
    seed: null,
  },
  'product.product': {
    computed: [
      ...['code', 'is_product_variant', 'lst_price', 'partner_ref', 'write_date'],
      ...['categ_id', 'company_id', 'cost_currency_id', 'currency_id', 'description', 'description_picking', 'description_pickingin'],
      ...['description_pickingout', 'description_purchase', 'description_sale', 'is_favorite', 'is_storable', 'list_price', 'name'],
      ...['product_variant_count', 'product_variant_id', 'product_variant_ids', 'purchase_method', 'purchase_ok', 'responsible_id', 'sale_delay'],
      ...['sale_ok', 'seller_ids', 'sequence', 'service_tracking', 'supplier_taxes_id', 'taxes_id', 'tracking', 'type', 'uom_id', 'uom_ids'],
      ...['uom_name', 'variant_seller_ids', 'color'],
    ],
    without: accountsOfProducts,
    seed: null,
  },
  'product.supplierinfo': { computed: ['price_discounted', 'product_id', 'product_tmpl_id', 'product_uom_id'], seed: null },
  'uom.uom': { computed: ['factor', 'rounding', 'sequence'], seed: all },
  'purchase.order': {
    computed: [
      ...['amount_tax', 'amount_total', 'amount_total_cc', 'amount_untaxed', 'company_currency_id', 'currency_id', 'currency_rate'],
      ...['date_calendar_start', 'date_planned', 'dest_address_id', 'effective_date', 'incoming_picking_count', 'invoice_count', 'invoice_status'],
      ...['is_shipped', 'lock_confirmed_po', 'picking_ids', 'product_id', 'receipt_status', 'tax_calculation_rounding_method'],
    ],
    without: ['access_token'],
    seed: null,
  },
  'purchase.order.line': {
    computed: [
      ...['company_id', 'currency_id', 'date_approve', 'date_order', 'date_planned', 'discount', 'name', 'partner_id', 'price_subtotal'],
      ...['price_tax', 'price_total', 'price_unit', 'price_unit_discounted', 'price_unit_product_uom', 'product_type', 'product_uom_qty'],
      ...['qty_invoiced', 'qty_received', 'qty_received_method', 'qty_to_invoice', 'state'],
    ],
    without: ['invoice_lines'],
    seed: null,
  },
  'stock.picking': {
    computed: [
      ...['company_id', 'date_deadline', 'location_dest_id', 'location_id', 'move_type', 'picking_type_code', 'product_id', 'purchase_id'],
      ...['reference_ids', 'scheduled_date', 'state'],
    ],
    seed: null,
  },
  'stock.move': {
    computed: [
      ...['description_picking', 'location_dest_id', 'location_dest_usage', 'location_id', 'location_usage', 'partner_id', 'picked'],
      ...['picking_code', 'picking_type_id', 'priority', 'product_qty', 'product_tmpl_id', 'product_uom', 'quantity', 'reference'],
    ],
    without: ['account_move_id'],
    seed: null,
  },
  'stock.move.line': {
    computed: ['company_id', 'location_dest_id', 'location_id', 'picked', 'product_uom_id', 'quantity', 'reference', 'state'],
    only: ['move_id', 'picking_id', 'product_id', 'quantity', 'date'],
    seed: null,
  },
  'stock.reference': { computed: [], seed: null },
  'product.value': { computed: ['company_id', 'currency_id'], seed: null },
  'stock.picking.type': {
    computed: ['default_location_dest_id', 'default_location_src_id', 'warehouse_id'],
    only: ['name', 'active', 'code', 'company_id', 'sequence', 'sequence_code', 'return_picking_type_id'],
    seed: all,
  },
  'stock.location': { computed: ['complete_name', 'warehouse_id'], without: ['valuation_account_id'], seed: all },
  'stock.warehouse': { computed: [], only: ['name', 'active', 'code', 'company_id', 'partner_id', 'lot_stock_id', 'view_location_id', 'sequence'], seed: all },
  'ir.model.data': { computed: ['complete_name', 'reference'], seed: null },
  'ir.model': {
    computed: [],
    only: ['name', 'model', 'is_mail_thread'],
    seed: [['model', 'in', ['res.partner', 'product.product', 'purchase.order', 'ir.model.data']]],
  },
  'ir.actions.actions': { computed: [], only: ['name', 'type'], seed: null },
  'ir.actions.server': {
    computed: ['name'],
    only: ['type', 'usage', 'state', 'sequence', 'model_id', 'binding_model_id', 'binding_type', 'binding_view_types', 'code', 'group_ids'],
    seed: null,
  },
  'res.groups': { computed: [], only: ['name'], seed: [['id', 'in', [1, 4]]] },
  'ir.rule': { computed: [], only: ['name', 'active', 'model_id', 'domain_force', 'perm_read', 'perm_write', 'perm_create', 'perm_unlink'], seed: null },
  'ir.module.module': { computed: ['latest_version'], only: ['name', 'shortdesc', 'state'], seed: [['state', '=', 'installed']] },
  'ir.config_parameter': { computed: [], seed: null },
  'ir.mail_server': {
    computed: [],
    only: ['name', 'active', 'sequence', 'smtp_host', 'smtp_port', 'smtp_user', 'smtp_encryption', 'smtp_authentication'],
    seed: null,
  },
  'decimal.precision': { computed: [], seed: all },
  'res.users': {
    computed: ['active_partner', 'company_id', 'email', 'name', 'share', 'tz', 'lang'],
    without: ['signature', 'password', 'group_ids'],
    seed: [['id', 'in', [1, 2]]],
  },
  'res.users.apikeys': { computed: [], seed: null },
  'res.company': {
    computed: ['city', 'country_id', 'email', 'name', 'phone', 'state_id', 'street', 'street2', 'vat', 'zip'],
    only: [
      'active',
      'account_purchase_tax_id',
      'account_sale_tax_id',
      'currency_id',
      'fiscalyear_lock_date',
      'hard_lock_date',
      'parent_id',
      'partner_id',
      'po_lock',
      'purchase_lock_date',
      'sale_lock_date',
      'sequence',
      'tax_calculation_rounding_method',
      'tax_lock_date',
    ],
    seed: all,
  },
  'res.country': { computed: [], only: ['name', 'code', 'currency_id', 'phone_code', 'state_ids', 'vat_label'], seed: all },
  'res.country.state': { computed: [], seed: [['country_id.code', '=', 'US']] },
  'res.currency': { computed: ['decimal_places', 'inverse_rate', 'rate'], seed: all },
  'res.lang': { computed: [], only: ['name', 'active', 'code', 'iso_code', 'url_code'], seed: [['active', '=', true]] },
  'account.tax': {
    computed: ['price_include'],
    only: ['name', 'active', 'amount', 'amount_type', 'company_id', 'include_base_amount', 'sequence', 'type_tax_use'],
    seed: all,
  },
  'account.tax.group': { computed: [], only: ['name', 'company_id', 'sequence'], seed: all },
  ...servedAccounting,
};

/** Kept on every model that has them. */
export const everywhere: ReadonlySet<string> = new Set(['id', 'display_name', 'create_uid', 'create_date', 'write_uid', 'write_date']);

/** Fields of machinery that the sandbox leaves out: chatter, activities, portal, pictures. */
export const machinery = /^(message_|activity_|website_|image_|avatar_|my_activity_|has_message|can_image|peppol|is_peppol|access_|picking_properties)/;

/** Odoo computes these of a partner: its merge takes none of them over. */
export const partnerComputed: ReadonlySet<string> = new Set(servedModels['res.partner']?.computed);
