/** `unlink`: the models' own refusals, then what the foreign keys say. */
import type { Environment } from './environment.ts';
import { accessError, IntegrityError } from './errors.ts';
import type { Model } from './model.ts';
import { existingRows } from './reading.ts';

export function unlinkRecords(environment: Environment, model: Model, ids: readonly number[]): void {
  if (ids.length === 0) return;
  if (model.behaviour.undeletable) {
    throw accessError(
      `You are not allowed to delete '${model.description}' (${model.name}) records.\n\n` +
        'No group currently allows this operation.\n\nContact your administrator to request access if necessary.',
    );
  }
  const rows = existingRows(environment, model, ids);
  if (model.behaviour.insteadOfUnlink) {
    model.behaviour.insteadOfUnlink(environment, rows);
    return;
  }
  model.behaviour.beforeUnlink?.(environment, rows);
  unlinkAttachments(environment, model, ids);
  for (const row of rows) deleteRow(environment, model, row.id);
  environment.database.externalIds.forget(
    environment,
    model.name,
    rows.map((row) => row.id),
  );
  model.behaviour.unlinked?.(environment, rows);
}

/** Whatever model it is of. */
function unlinkAttachments(environment: Environment, model: Model, ids: readonly number[]): void {
  const attachments = environment.model('ir.attachment');
  if (attachments === model) return;
  const found = ids.flatMap((id) => [...attachments.table.find('res_id', id)]).filter((id) => attachments.table.get(id)?.res_model === model.name);
  unlinkRecords(environment, attachments, found);
}

/** What the database does: a row that goes by cascade takes no External ID with it, as in Odoo. */
export function deleteRow(environment: Environment, model: Model, id: number): void {
  if (!model.table.has(id)) return;
  model.table.remove(id);
  for (const { model: referrer, field } of model.referrers) {
    for (const other of [...referrer.table.find(field.name, id)]) {
      const row = referrer.table.get(other);
      if (!row) continue;
      if (field.type === 'many2many') {
        referrer.table.put({ ...row, [field.name]: ((row[field.name] as readonly number[] | undefined) ?? []).filter((linked) => linked !== id) });
      } else if (field.on_delete === 'cascade') deleteRow(environment, referrer, other);
      else if (field.on_delete === 'restrict') throw new IntegrityError('foreign-key', referrer.name, field.name, '');
      else referrer.table.put({ ...row, [field.name]: false });
    }
  }
}
