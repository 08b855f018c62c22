/** How Odoo words what the database refused. */
import type { Database } from './database.ts';
import { type IntegrityError, type OdooException, validationError } from './errors.ts';

/** `askedModel` is the model whose `load` met it: of a row in another table Odoo knows neither the model nor its own words for it. */
export function constraintWords(database: Database, error: IntegrityError, askedModel: string): string {
  const isOwn = error.model === askedModel;
  if (!isOwn && error.raw !== null) return error.raw;
  if ((error.kind === 'unique' || error.kind === 'check') && (isOwn || error.message !== '')) return error.message;
  const model = isOwn ? `'${database.model(error.model).description}' (${error.model})` : 'Unknown';
  if (error.kind === 'not-null') {
    return (
      `Missing required value for the field ${fieldWords(database, error, askedModel)}.\nModel: ${model}\n` +
      '- create/update: a mandatory field is not set\n- delete: another model requires the record being deleted, you can archive it instead\n'
    );
  }
  const constraint = isOwn ? fieldWords(database, error, askedModel) : `${error.model.replaceAll('.', '_')}_${error.column ?? ''}_fkey`;
  return (
    `Another model is using the record you are trying to delete.\n\nThe troublemaker is: ${model}\n` +
    `Thanks to the following constraint: ${constraint}\nHow about archiving the record instead?`
  );
}

/** A column's label is looked up in the model that was asked, even when the column is another table's. */
function fieldWords(database: Database, error: IntegrityError, askedModel: string): string {
  if (error.column === null) return 'Unknown';
  const field = database.model(askedModel).fields.get(error.column);
  return field ? `'${field.string}' (${field.name})` : `'${error.column}'`;
}

/** At the end of a call. */
export function refusedByDatabase(database: Database, error: IntegrityError): OdooException {
  return validationError(`The operation cannot be completed: ${constraintWords(database, error, error.model)}`);
}
