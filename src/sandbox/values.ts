/** What travels over the wire and what the tables hold. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A stored value as Odoo reads it: false is empty, a many2one is its id, x2many are ids. */
export type Value = boolean | number | string | readonly number[];
export type Row = { readonly id: number } & { readonly [field: string]: Value };
/** Values for a create or write, still as the client sent them. */
export type Values = { [field: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Python's truth: none, false, 0, '' and empty collections are false. */
export function isTruthy(value: Json | undefined): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return false;
  if (isList(value)) return value.length > 0;
  return isObject(value) ? Object.keys(value).length > 0 : true;
}

/** Python's repr, in which Odoo's messages quote values. */
export function represent(value: Json | undefined): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r');
    return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`;
  }
  if (isList(value)) return `[${value.map(represent).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${represent(key)}: ${represent(item)}`)
    .join(', ')}}`;
}

/** Python's repr of a tuple. */
export function representTuple(items: readonly (Json | undefined)[]): string {
  return `(${items.map(represent).join(', ')}${items.length === 1 ? ',' : ''})`;
}

/** The type name that Python's messages carry. */
export function pythonType(value: Json | undefined): string {
  if (value === null || value === undefined) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'string') return 'str';
  return isList(value) ? 'list' : 'dict';
}

export function asId(value: Value | undefined): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
}

export function asText(value: Value | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function asNumber(value: Value | undefined): number {
  return typeof value === 'number' ? value : 0;
}

export function asIds(value: Value | undefined): readonly number[] {
  return typeof value === 'object' ? value : [];
}
