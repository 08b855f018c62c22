/** One call of `load`: all rows or none. */
import type { OdooConnection } from '../../domain/ports.ts';
import { type Complaint, RowsRefused } from './isolate.ts';
import type { LoadTable } from './load-table.ts';

/** `taken`: records that External IDs of the table name already; none was made then. */
export type RowsSent = { readonly ids: readonly number[] } | { readonly taken: ReadonlyMap<string, { readonly model: string; readonly id: number }> };

/** New records with these External IDs, lines among them. Ids in the order of the documents. RowsRefused tells which documents Odoo complained about. */
export async function sendRows(
  odoo: OdooConnection,
  model: string,
  table: LoadTable,
  externalIds: readonly string[],
  context: Readonly<Record<string, unknown>>,
): Promise<RowsSent> {
  const result = await odoo.loadNew(model, table.fields, table.rows, externalIds, context);
  if ('taken' in result) return result;
  const documents = (table.owners.at(-1) ?? -1) + 1;
  if (result.ids !== null && result.ids.length === documents) return { ids: result.ids };
  const suspects = new Map<number, Complaint>();
  const errors = result.messages.filter((message) => message.type === 'error');
  for (const { rows, field, message } of errors) {
    if (rows === null) continue;
    for (let row = rows.from; row <= rows.to; row += 1) {
      const owner = table.owners[row];
      if (owner !== undefined && !suspects.has(owner)) suspects.set(owner, { message, field });
    }
  }
  throw new RowsRefused(errors[0]?.message ?? 'Odoo did not load the rows and gave no reason', suspects);
}
