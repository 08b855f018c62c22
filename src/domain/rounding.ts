/** Rounding as Odoo does it: half-up (away from zero), on exact decimals. */
import { Decimal as InexactDecimal } from 'decimal.js';

/** decimal.js rounds what it computes to 20 significant digits unless told otherwise; DECIMAL(38) has 38. */
const Decimal = InexactDecimal.clone({ precision: 100 });

/** Round a decimal text to `digits`. Throws on text that is not a decimal. */
export function roundHalfUp(amount: string, digits: number): string {
  return new Decimal(amount).toFixed(digits, Decimal.ROUND_HALF_UP);
}

/** The same in DuckDB: `round` on a DECIMAL is half away from zero. */
export function roundHalfUpSql(amount: string, digits: number): string {
  return `round(${amount}, ${digits})`;
}

/** Sum of decimal texts, exactly. */
export function sumOf(amounts: readonly string[]): string {
  return amounts.reduce((sum, amount) => sum.plus(amount), new Decimal(0)).toFixed();
}

/** One decimal less another, exactly. */
export function differenceOf(one: string, other: string): string {
  return new Decimal(one).minus(other).toFixed();
}

/** Is an amount, either way, not more than a limit? */
export function isWithin(amount: string, limit: string): boolean {
  return new Decimal(amount).abs().lte(limit);
}

/** The same decimal without an exponent: `1e-7` is `0.0000001`. */
export function plainDecimal(amount: string): string {
  return new Decimal(amount).toFixed();
}
