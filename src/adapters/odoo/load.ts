/** `load`: create or update by External ID, all rows of a call or none. */
import type { LoadMessage, LoadResult } from '../../domain/guarded-writes.ts';
import { OdooError } from '../../domain/ports.ts';
import type { Caller, Context } from './caller.ts';
import { isAccessRefusal, isLostRace, ownWords } from './failure.ts';

export type Cell = string | number | null;

/** `import_file` is not set: it adds a check of the namespace against all modules at every call (the plan has made sure of it once), and lets some
 *  models take shortcuts that are meant for the import dialog. */
export async function loadRows(
  call: Caller,
  model: string,
  fields: readonly string[],
  rows: readonly (readonly Cell[])[],
  context: Context,
): Promise<LoadResult> {
  const answer = await call(model, 'load', { fields, data: cellTexts(rows), context: { ...context, tz: 'UTC' } }, refuseWholeCall);
  return resultOf(answer);
}

export function cellTexts(rows: readonly (readonly Cell[])[]): string[][] {
  return rows.map((row) => row.map(cellText));
}

/** `load` was made for the texts of a file: a boolean in JSON breaks it, an empty text clears the field. */
function cellText(cell: Cell): string {
  return cell === null ? '' : String(cell);
}

/** Both come as HTTP 200 and a message about one row, and are about the call: a race lost inside `load`, after which the same call may be sent again,
 *  since its rows were rolled back; and a right that the user lacks. */
export function refuseWholeCall(answer: unknown): void {
  const { ids, messages } = resultOf(answer);
  const errors = ids === null ? messages.filter((message) => message.type === 'error') : [];
  const race = errors.find((message) => isLostRace(message.message));
  if (race) throw new OdooError('concurrency', race.message);
  const refusal = errors.find((message) => isAccessRefusal(message.message));
  if (refusal) throw new OdooError('access', refusal.message, 'odoo.exceptions.AccessError');
}

export function resultOf(answer: unknown): LoadResult {
  if (typeof answer !== 'object' || answer === null || !('ids' in answer)) throw new OdooError('validation', 'load answered something else');
  const messages = 'messages' in answer && Array.isArray(answer.messages) ? answer.messages.map(messageOf) : [];
  return Array.isArray(answer.ids) ? { ids: answer.ids as number[], messages } : { ids: null, messages };
}

function messageOf(raw: unknown): LoadMessage {
  const message = typeof raw === 'object' && raw !== null ? raw : {};
  const rows = 'rows' in message && typeof message.rows === 'object' && message.rows !== null ? message.rows : {};
  const from = 'from' in rows && typeof rows.from === 'number' ? rows.from : null;
  const to = 'to' in rows && typeof rows.to === 'number' ? rows.to : from;
  return {
    type: 'type' in message && message.type === 'warning' ? 'warning' : 'error',
    rows: from === null || to === null ? null : { from, to },
    field: 'field' in message && typeof message.field === 'string' ? message.field : null,
    message: 'message' in message && typeof message.message === 'string' ? ownWords(message.message) : '',
  };
}
