/** Values as they stand in plans and in the journal: JSON scalars in Odoo's wording, decimals as exact text, no value as null.
 *  The same form for what a snapshot holds, what the API answers and what a plan sends, so that they can be compared. */
import { Decimal } from 'decimal.js';
import { distributionTo, distributionType, holderOf } from '../../domain/odoo-distribution.ts';

export type WireValue = string | number | boolean | null | readonly number[];

const decimalTypes: ReadonlySet<string> = new Set(['float', 'monetary']);
const manyTypes: ReadonlySet<string> = new Set(['one2many', 'many2many']);

export function isDecimalType(type: string): boolean {
  return decimalTypes.has(type);
}

export function isManyType(type: string): boolean {
  return manyTypes.has(type);
}

/** A value of the API or of an Odoo snapshot. Odoo says `false` for no value, except in booleans. */
export function wireValue(answer: unknown, type: string): WireValue {
  if (type === 'boolean') return answer === true;
  if (isManyType(type)) return Array.isArray(answer) ? answer.map(Number).sort((left, right) => left - right) : [];
  if (answer === false || answer === null || answer === undefined) return null;
  if (type === 'many2one') return Number(Array.isArray(answer) ? answer[0] : answer);
  if (type === 'integer' || type === 'many2one_reference') return Number(answer);
  if (isDecimalType(type)) return decimalText(String(answer));
  if (type === distributionType) return distributionValue(answer);
  return String(answer);
}

/** A record that has the whole of an amount by its id, as a reference; what is shared as it stands. */
function distributionValue(answer: unknown): WireValue {
  if (typeof answer === 'object') return holderOf(answer) ?? JSON.stringify(answer);
  return /^\d+$/.test(String(answer)) ? Number(answer) : String(answer);
}

/** A decimal without exponent and without zeros at its end, so that equal numbers are equal texts. */
export function decimalText(text: string): string {
  const plain = new Decimal(text).toFixed();
  return plain === '-0' ? '0' : plain;
}

/** Is it the same value to Odoo? */
export function isSameValue(left: WireValue, right: WireValue, type: string): boolean {
  if (isDecimalType(type)) {
    // Odoo has no empty number: what was never given is 0.
    return decimalText(String(left ?? 0)) === decimalText(String(right ?? 0));
  }
  if (Array.isArray(left) || Array.isArray(right)) return JSON.stringify(left) === JSON.stringify(right);
  return left === right;
}

/** Is `kept` what Odoo makes of `sent`? Odoo rounds numbers half-up to the precision of the field and says nothing. */
export function isKeptValue(sent: WireValue, kept: WireValue, type: string): boolean {
  if (isSameValue(sent, kept, type)) return true;
  if (!isDecimalType(type) || typeof sent !== 'string' || typeof kept !== 'string') return false;
  const decimals = Math.max(new Decimal(kept).decimalPlaces(), 0);
  return new Decimal(sent).toFixed(decimals, Decimal.ROUND_HALF_UP) === new Decimal(kept).toFixed(decimals);
}

/** A cell of `load`: everything is text there; a JSON boolean would be an error. */
export function loadCell(value: WireValue, type: string): string | number {
  if (value === null) return '';
  if (type === distributionType) return typeof value === 'number' ? JSON.stringify(distributionTo(value)) : String(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'string' || typeof value === 'number') return value;
  return value.join(',');
}

/** A value of `write` and `create`: typed JSON. Numbers come from exact text; JSON carries a double, and Odoo keeps one. */
export function writeValue(value: WireValue, type: string): unknown {
  if (isManyType(type)) return [[6, 0, Array.isArray(value) ? value : []]];
  if (value === null) return false;
  if (isDecimalType(type)) return Number(value);
  if (type === distributionType) return typeof value === 'number' ? distributionTo(value) : JSON.parse(String(value));
  return value;
}
