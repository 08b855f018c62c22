/** Model name → what it does beyond storing rows. A model without an entry only stores. */
import type { Behaviour } from '../model.ts';
import { accounting } from './account-behaviours.ts';
import { company, country, countryState, partner, partnerBank, partnerCategory, user } from './partner.ts';
import { partnerMerge } from './partner-merge.ts';
import { productCategory, productTemplate, productValue, productVariant, supplierPrice } from './product.ts';
import { purchaseLine } from './purchase-line.ts';
import { purchaseOrder } from './purchase-order.ts';
import { actions, serverAction } from './server-action.ts';
import { location, move, moveLine, picking, pickingType, reference } from './stock.ts';
import { configParameter, currency, decimalPrecision, installedModule, language, model, modelData, tax } from './system.ts';
import { unit } from './unit.ts';

export const behaviours: Readonly<Record<string, Behaviour>> = {
  'res.partner': partner,
  'res.partner.bank': partnerBank,
  'res.partner.category': partnerCategory,
  'base.partner.merge.automatic.wizard': partnerMerge,
  'res.company': company,
  'res.country': country,
  'res.country.state': countryState,
  'res.users': user,
  'res.currency': currency,
  'res.lang': language,
  'product.template': productTemplate,
  'product.product': productVariant,
  'product.category': productCategory,
  'product.supplierinfo': supplierPrice,
  'product.value': productValue,
  'uom.uom': unit,
  'purchase.order': purchaseOrder,
  'purchase.order.line': purchaseLine,
  'stock.picking': picking,
  'stock.move': move,
  'stock.move.line': moveLine,
  'stock.reference': reference,
  'stock.location': location,
  'stock.picking.type': pickingType,
  'ir.actions.actions': actions,
  'ir.actions.server': serverAction,
  'ir.model': model,
  'ir.model.data': modelData,
  'ir.config_parameter': configParameter,
  'ir.module.module': installedModule,
  'decimal.precision': decimalPrecision,
  'ir.attachment': { indexes: ['res_id'] },
  'account.tax': tax,
  ...accounting,
};
