/** Fields that are not stored on the record itself: a product's name stands on its template, and changing it there leaves the product's
 *  own write_date as it was. An incremental pull has to sweep the template as well. */
import type { OdooConnection, OdooFieldMetadata } from '../../domain/ports.ts';
import type { ModelFields } from './pull-odoo-binding.ts';

export interface RelatedSweep {
  /** Many2one of the record that names the related one. */
  readonly via: string;
  readonly model: string;
  /** Table of the sweep in the data plane. */
  readonly table: string;
}

/** The models to sweep beside the record's own, or null when a field is computed in a way that leaves no trace: then only reading
 *  everything is right. */
export async function relatedSweeps(
  connection: OdooConnection,
  model: string,
  fields: readonly OdooFieldMetadata[],
  models: ModelFields,
): Promise<readonly RelatedSweep[] | null> {
  const unstored = fields.filter((field) => !field.store).map((field) => field.name);
  if (unstored.length === 0) return [];
  const paths = await connection.call<Readonly<Record<string, { readonly related?: string | readonly string[] | false }>>>(model, 'fields_get', {
    allfields: unstored,
    attributes: ['related'],
  });
  const known = models.get(model);
  const sweeps = new Map<string, RelatedSweep>();
  for (const name of unstored) {
    const related = paths[name]?.related;
    const path = typeof related === 'string' ? related.split('.') : related || [];
    const [via = '', target = ''] = path;
    const field = known?.get(via);
    if (path.length !== 2 || field === undefined || field.relation === null || !field.store || field.type !== 'many2one') return null;
    // what is computed over there leaves no trace there either
    if ((await connection.fields(field.relation)).get(target)?.store !== true) return null;
    sweeps.set(via, { via, model: field.relation, table: `related_${via}` });
  }
  return [...sweeps.values()].sort((a, b) => (a.via < b.via ? -1 : 1));
}
