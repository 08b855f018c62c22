/** One call of `load`: all rows or none. */
import type { OdooConnection } from '../../domain/ports.ts';
import { type Complaint, RowsRefused } from './isolate.ts';
import type { LoadTable } from './load-table.ts';

/** Ids in the order of the documents. RowsRefused tells which documents Odoo complained about. */
export async function sendRows(odoo: OdooConnection, model: string, table: LoadTable, context: Readonly<Record<string, unknown>>): Promise<readonly number[]> {
  const result = await odoo.load(model, table.fields, table.rows, context);
  const documents = (table.owners.at(-1) ?? -1) + 1;
  if (result.ids !== null && result.ids.length === documents) return result.ids;
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
