/** Amounts in a currency and its rates, in exact decimals. */
import { Decimal } from 'decimal.js';
import type { Environment } from '../environment.ts';
import type { Behaviour } from '../model.ts';
import { asId, asNumber, asText, type Row, type Values } from '../values.ts';
import { patchRow } from '../writing.ts';

/** Half up, to the currency's smallest coin. */
export function inCurrency(environment: Environment, currency: number, amount: Decimal | number): number {
  const digits = asNumber(environment.get('res.currency', currency, 'decimal_places'));
  const rounded = new Decimal(amount).toDecimalPlaces(digits, Decimal.ROUND_HALF_UP);
  return rounded.isZero() ? 0 : rounded.toNumber();
}

export function sumOf(amounts: readonly number[]): Decimal {
  return amounts.reduce((sum, amount) => sum.plus(amount), new Decimal(0));
}

export function companyCurrency(environment: Environment, company: number): number {
  return asId(environment.get('res.company', company, 'currency_id')) ?? 0;
}

/** Units of the currency for one of the company's: the latest up to the day, before the first the first, without any 1. */
export function rateOn(environment: Environment, currency: number, company: number, date: string): Decimal {
  const rates = [...environment.model('res.currency.rate').table.find('currency_id', currency)]
    .map((id) => environment.row('res.currency.rate', id))
    .filter((row) => row !== undefined)
    .filter((row) => asId(row.company_id) === null || row.company_id === company)
    .sort((left, right) => (asText(left.name) < asText(right.name) ? -1 : 1));
  const known = rates.filter((row) => asText(row.name) <= date).at(-1) ?? rates[0];
  return new Decimal(known ? asNumber(known.rate) : 1);
}

function perCompany(values: Values): void {
  if ('company_rate' in values) values.rate = Number(values.company_rate);
  else if ('inverse_company_rate' in values) values.rate = new Decimal(1).div(Number(values.inverse_company_rate)).toNumber();
}

const setRate = (environment: Environment, row: Row, rate: Decimal): void =>
  patchRow(environment, environment.model('res.currency.rate'), row.id, { rate: rate.toNumber() });

export const currencyRate: Behaviour = {
  unique: [{ fields: ['name', 'currency_id', 'company_id'], message: 'Only one currency rate per day allowed!' }],
  computes: {
    company_rate: (_environment, row) => asNumber(row.rate),
    inverse_company_rate: (_environment, row) => new Decimal(1).div(asNumber(row.rate) || 1).toNumber(),
  },
  inverses: {
    company_rate: (environment, row, value) => setRate(environment, row, new Decimal(Number(value))),
    inverse_company_rate: (environment, row, value) => setRate(environment, row, new Decimal(1).div(Number(value))),
  },
  prepareCreate: (_environment, values) => perCompany(values),
};

/** Today's rate, of the first company. */
export const currentRates: Behaviour['computes'] = {
  rate: (environment, row) => rateOn(environment, row.id, 1, environment.now.slice(0, 10)).toNumber(),
  inverse_rate: (environment, row) => new Decimal(1).div(rateOn(environment, row.id, 1, environment.now.slice(0, 10))).toNumber(),
};
