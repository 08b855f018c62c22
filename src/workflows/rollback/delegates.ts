/** Records that are part of another: a product shows the fields of its template as its own, and takes it along when it goes. */
import { type OdooConnection, OdooError, type OdooFieldMetadata } from '../../domain/ports.ts';

/** A record that merely refers to another may show a few of its fields. */
const SHOWN_FIELDS = 10;

/** Required many2one fields of a model whose records come and go with its own. */
export async function delegatesOf(odoo: OdooConnection, model: string): Promise<readonly { readonly field: string; readonly model: string }[]> {
  const fields = await odoo.fields(model);
  const found: { field: string; model: string }[] = [];
  for (const { name, type, required, relation } of fields.values()) {
    if (type !== 'many2one' || !required || relation === null || relation === model) continue;
    const theirs = await readableFields(odoo, relation);
    const shown = [...fields.values()].filter((field) => !field.store && theirs?.get(field.name)?.store === true);
    if (shown.length >= SHOWN_FIELDS) found.push({ field: name, model: relation });
  }
  return found;
}

/** Null where this Odoo does not have the model, or this user may not read it. */
export async function readableFields(odoo: OdooConnection, model: string): Promise<ReadonlyMap<string, OdooFieldMetadata> | null> {
  try {
    return await odoo.fields(model);
  } catch (error) {
    if (error instanceof OdooError && (error.failure === 'missing-model' || error.failure === 'access')) return null;
    throw error;
  }
}
