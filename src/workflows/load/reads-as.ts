/** How a record reads, as bindings say it: Odoo field → values, any of which it may have. */
import type { Values } from './load-run.ts';

export type Reading = Readonly<Record<string, readonly (string | boolean)[]>>;

/** true and false also say whether a field has any value, as a relational field that names a record. */
export function readsAs(record: Values, reading: Reading): boolean {
  return Object.entries(reading).every(([field, values]) => {
    const value = record[field] ?? null;
    if (typeof value === 'boolean' || (typeof value === 'string' && values.includes(value))) return values.includes(value);
    return values.includes(Array.isArray(value) ? value.length > 0 : value !== null);
  });
}
