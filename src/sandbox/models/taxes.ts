/** Amounts of order lines and orders, in exact decimals, rounded half up per line or over the whole order as the company says. */
import { Decimal } from 'decimal.js';
import type { Environment } from '../environment.ts';
import { asId, asIds, asNumber, type Row } from '../values.ts';

export interface Amounts {
  readonly untaxed: number;
  readonly tax: number;
  readonly total: number;
}

interface LineBase {
  readonly base: Decimal;
  /** Tax id → rate as a fraction. */
  readonly rates: ReadonlyMap<number, Decimal>;
}

const round = (amount: Decimal, digits: number): Decimal => amount.toDecimalPlaces(digits, Decimal.ROUND_HALF_UP);

function lineBase(environment: Environment, line: Row): LineBase {
  const discount = new Decimal(1).minus(new Decimal(asNumber(line.discount)).div(100));
  const base = new Decimal(asNumber(line.price_unit)).times(discount).times(asNumber(line.product_qty));
  const rates = new Map<number, Decimal>();
  for (const id of asIds(line.tax_ids)) {
    const tax = environment.row('account.tax', id);
    if (tax?.amount_type === 'percent') rates.set(id, new Decimal(asNumber(tax.amount)).div(100));
  }
  return { base, rates };
}

function isPerLine(environment: Environment, order: Row | undefined): boolean {
  return environment.get('res.company', asId(order?.company_id) ?? 1, 'tax_calculation_rounding_method') === 'round_per_line';
}

function digitsOf(environment: Environment, order: Row | undefined): number {
  const currency = asId(order?.currency_id);
  return currency === null ? 2 : asNumber(environment.get('res.currency', currency, 'decimal_places'));
}

function amountsOf(bases: readonly LineBase[], digits: number, perLine: boolean): Amounts {
  let untaxed = new Decimal(0);
  const taxes = new Map<number, Decimal>();
  for (const { base, rates } of bases) {
    const counted = perLine ? round(base, digits) : base;
    untaxed = untaxed.plus(counted);
    for (const [id, rate] of rates) {
      const tax = counted.times(rate);
      taxes.set(id, (taxes.get(id) ?? new Decimal(0)).plus(perLine ? round(tax, digits) : tax));
    }
  }
  const roundedBase = round(untaxed, digits);
  const roundedTax = [...taxes.values()].reduce((sum, tax) => sum.plus(round(tax, digits)), new Decimal(0));
  return { untaxed: roundedBase.toNumber(), tax: roundedTax.toNumber(), total: roundedBase.plus(roundedTax).toNumber() };
}

export function lineAmounts(environment: Environment, line: Row): Amounts {
  const order = environment.row('purchase.order', asId(line.order_id) ?? 0);
  return amountsOf([lineBase(environment, line)], digitsOf(environment, order), isPerLine(environment, order));
}

/** Rounded over the whole order (`round_globally`, Odoo's default), the total need not be the sum of the lines' subtotals. */
export function orderAmounts(environment: Environment, order: Row): Amounts {
  const lines = [...environment.model('purchase.order.line').table.find('order_id', order.id)]
    .map((id) => environment.row('purchase.order.line', id))
    .filter((line) => line !== undefined && !line.display_type);
  const bases = lines.filter((line) => line !== undefined).map((line) => lineBase(environment, line));
  return amountsOf(bases, digitsOf(environment, order), isPerLine(environment, order));
}
