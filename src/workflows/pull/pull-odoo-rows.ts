/** Odoo's answers as rows of texts for the data plane; types come back by SQL. */
import { distributionType, holderOf } from '../../domain/odoo-distribution.ts';
import type { OdooFieldMetadata, OdooRecord } from '../../domain/ports.ts';
import { plainDecimal } from '../../domain/rounding.ts';

/** The DuckDB type of a field's column in a snapshot. Floats stay text: their shortest decimal form is the value, a float is not. */
export function columnType(field: OdooFieldMetadata): string {
  switch (field.type) {
    case 'integer':
    case 'many2one':
    case 'many2one_reference':
      return 'BIGINT';
    case 'boolean':
      return 'BOOLEAN';
    case 'date':
      return 'DATE';
    case 'datetime':
      return 'TIMESTAMP';
    case 'one2many':
    case 'many2many':
      return 'BIGINT[]';
    default:
      return 'VARCHAR';
  }
}

/** A value of the API as text, null for no value.
 *  Odoo says false where there is none, except in booleans; `""` is a value of its own. */
export function valueText(value: unknown, type: string): string | null {
  if (type === 'boolean') return value === true ? 'true' : 'false';
  if (value === false || value === null || value === undefined) return null;
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return value;
  // a many2one of servers that do not know `load: null` is [id, name]
  if (type === 'many2one' && Array.isArray(value)) return valueText(value[0], 'integer');
  if (type === distributionType) return String(holderOf(value) ?? JSON.stringify(value));
  return JSON.stringify(value);
}

/** The shortest decimal text of a double, never in exponent form. */
function numberText(value: number): string {
  const text = String(value);
  return text.includes('e') ? plainDecimal(text) : text;
}

export async function* recordRows(
  pages: AsyncIterable<readonly OdooRecord[]>,
  fields: readonly { readonly name: string; readonly type: string }[],
  onPage: (records: number) => void = () => undefined,
): AsyncIterable<readonly (readonly (string | null)[])[]> {
  for await (const page of pages) {
    yield page.map((record) => [String(record.id), ...fields.map((field) => valueText(record[field.name], field.type))]);
    onPage(page.length);
  }
}
