/** Values as a client sends them, turned into what Odoo stores, or refused in its words. */
import { Decimal } from 'decimal.js';
import { OdooException, typeError, valueError } from './errors.ts';
import type { Field } from './model.ts';
import { isList, isObject, isTruthy, type Json, pythonType, represent, type Value } from './values.ts';

const largestInteger = 2_147_483_647;

/** Odoo rounds half away from zero, on the shortest decimal text of the number. */
export function roundTo(value: number, digits: number): number {
  return new Decimal(value).toDecimalPlaces(digits, Decimal.ROUND_HALF_UP).toNumber();
}

export function product(...factors: readonly number[]): Decimal {
  return factors.reduce((result, factor) => result.times(factor), new Decimal(1));
}

function toInteger(value: Json): number {
  if (!isTruthy(value)) return 0;
  if (value === true) return 1;
  if (typeof value === 'string') {
    if (!/^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) throw valueError(`invalid literal for int() with base 10: ${represent(value)}`);
    return inRange(Number(value.replaceAll('_', '')));
  }
  if (typeof value === 'number') return inRange(Math.trunc(value));
  throw typeError(`int() argument must be a string, a bytes-like object or a real number, not '${pythonType(value)}'`);
}

function inRange(value: number): number {
  if (Math.abs(value) > largestInteger) throw new OdooException(500, 'psycopg2.errors.NumericValueOutOfRange', 'integer out of range\n');
  return value;
}

/** Python's `float(text)`: no decimal comma, no thousands separators. */
export function parseFloatAsPython(text: string): number | null {
  const trimmed = text.trim();
  return /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed.replaceAll('_', '')) : null;
}

function toFloat(field: Field, value: Json): number {
  if (!isTruthy(value)) return 0;
  if (value === true) return 1;
  let number: number | null = null;
  if (typeof value === 'number') number = value;
  else if (typeof value === 'string') number = parseFloatAsPython(value);
  else throw typeError(`float() argument must be a string or a real number, not '${pythonType(value)}'`);
  if (number === null) throw valueError(`could not convert string to float: ${represent(value)}`);
  return field.digits ? roundTo(number, field.digits[1]) : number;
}

function toText(value: Json): Value {
  if (value === null || value === false) return false;
  const text = typeof value === 'string' ? value : represent(value);
  if (text.includes('\0')) throw valueError('A string literal cannot contain NUL (0x00) characters.');
  return text;
}

function toHtml(value: Json): Value {
  const text = toText(value);
  return typeof text === 'string' && text !== '' && !text.trimStart().startsWith('<') ? `<p>${text}</p>` : text;
}

/** A date or datetime that exists, or null. */
function normalizeDate(text: string): string | null {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (!match) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const moment = new Date(Date.UTC(year, month - 1, day));
  moment.setUTCFullYear(year);
  if (year < 1 || moment.getUTCMonth() !== month - 1 || moment.getUTCDate() !== day) return null;
  return `${match[1]}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** Odoo cuts the text to ten characters first, so a datetime is a date too. */
export function toDate(value: Json): Value {
  if (!isTruthy(value)) return false;
  if (typeof value !== 'string') throw typeError(`'${pythonType(value)}' object is not subscriptable`);
  const text = value.slice(0, 10);
  const date = normalizeDate(text);
  if (date === null) throw valueError(`time data ${represent(text)} does not match format '%Y-%m-%d'`);
  return date;
}

/** The format that Odoo expects of a text of this length. */
function datetimeFormat(length: number): string {
  const format = '%Y-%m-%d %H:%M:%S';
  return length - 2 >= 0 ? format.slice(0, length - 2) : format.slice(0, Math.max(0, format.length + length - 2));
}

export function toDatetime(value: Json): Value {
  if (!isTruthy(value)) return false;
  if (typeof value !== 'string') throw typeError(`object of type '${pythonType(value)}' has no len()`);
  const format = datetimeFormat(value.length);
  const unreadable = (): OdooException => valueError(`time data ${represent(value)} does not match format ${represent(format)}`);
  const [datePart = '', timePart, ...rest] = value.split(' ');
  const date = normalizeDate(datePart);
  if (date === null || rest.length > 0) throw unreadable();
  if (timePart === undefined) {
    if (format !== '%Y-%m-%d') throw unreadable();
    return `${date} 00:00:00`;
  }
  const match = /^(\d{1,2}):(\d{1,2}):(\d{1,2})$/.exec(timePart);
  if (!match || format !== '%Y-%m-%d %H:%M:%S') throw unreadable();
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map(Number);
  if (hours > 23 || minutes > 59 || seconds > 61) throw unreadable();
  return `${date} ${[hours, minutes, seconds].map((part) => String(part).padStart(2, '0')).join(':')}`;
}

function toSelection(model: string, field: Field, value: Json): Value {
  if (value === null || value === false || value === '') return false;
  if (field.selection?.some(([item]) => item === value)) return value as Value;
  throw valueError(`Wrong value for ${model}.${field.name}: ${represent(value)}`);
}

/** Whether the record exists is the table's to say. */
export function toReference(value: Json): number | false {
  // A pair of id and name, as `read` answers it, is not understood: Odoo empties the field.
  if (!isTruthy(value) || isList(value)) return false;
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  if (isObject(value)) return toReference(value.id ?? false);
  const text = typeof value === 'string' ? value : represent(value);
  throw new OdooException(500, 'psycopg2.errors.InvalidTextRepresentation', `invalid input syntax for type integer: "${text}"\n`);
}

/** What a field other than an x2many stores for a value that was sent. */
export function coerce(model: string, field: Field, value: Json): Value {
  switch (field.type) {
    case 'boolean':
      return isTruthy(value);
    case 'integer':
    case 'many2one_reference':
      return toInteger(value);
    case 'float':
    case 'monetary':
      return toFloat(field, value);
    case 'date':
      return toDate(value);
    case 'datetime':
      return toDatetime(value);
    case 'selection':
      return toSelection(model, field, value);
    case 'many2one':
      return toReference(value);
    case 'html':
      return toHtml(value);
    // kept as text: a row has no objects in it
    case 'json':
      return isObject(value) ? JSON.stringify(value) : toText(value);
    default:
      return toText(value);
  }
}
