/** Documents as one call of Odoo's `load`: columns and rows. Pure.
 *
 *  A document is a row; its lines are further cells of that row and of the rows below it, whose own cells stay empty. References go by database
 *  id (`/.id`), the record and its lines by External ID (`id`), so that the call makes records and External IDs in one transaction. */
import type { PlanAction, PlannedRecord } from '../../domain/plan.ts';
import { fieldOf } from '../plan/plan-record.ts';
import { isManyType, loadCell, type WireValue } from '../plan/wire-value.ts';

export interface RowRecord {
  readonly externalId: string;
  readonly values: Readonly<Record<string, WireValue>>;
}

export interface RowDocument extends RowRecord {
  readonly lines: readonly RowRecord[];
}

export interface LoadTable {
  readonly fields: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  /** Row → index of the document it belongs to. */
  readonly owners: readonly number[];
}

/** `types`: Odoo's type by field; all documents have the same fields, and so have all lines. */
export function loadTable(
  documents: readonly RowDocument[],
  types: (field: string) => string,
  nested: { readonly field: string; readonly types: (field: string) => string } | null,
): LoadTable {
  const own = Object.keys(documents[0]?.values ?? {});
  const lineFields = Object.keys(documents.flatMap((document) => document.lines)[0]?.values ?? {});
  const hasLines = nested !== null && documents.some((document) => document.lines.length > 0);
  const fields = ['id', ...own.map((field) => column(field, types(field)))];
  if (hasLines) fields.push(`${nested.field}/id`, ...lineFields.map((field) => `${nested.field}/${column(field, nested.types(field))}`));
  const rows: (string | number | null)[][] = [];
  const owners: number[] = [];
  const lineCell = ({ values }: RowRecord, field: string) => loadCell(values[field] ?? null, nested?.types(field) ?? '');
  documents.forEach((document, index) => {
    const count = hasLines ? Math.max(1, document.lines.length) : 1;
    for (let position = 0; position < count; position += 1) {
      const head =
        position === 0 ? [document.externalId, ...own.map((field) => loadCell(document.values[field] ?? null, types(field)))] : ['', ...own.map(() => '')];
      const line = document.lines[position];
      const tail = line === undefined ? ['', ...lineFields.map(() => '')] : [line.externalId, ...lineFields.map((field) => lineCell(line, field))];
      rows.push(hasLines ? [...head, ...tail] : head);
      owners.push(index);
    }
  });
  return { fields, rows, owners };
}

/** A reference by database id; everything else by its own name. */
function column(field: string, type: string): string {
  return type === 'many2one' || isManyType(type) ? `${field}/.id` : field;
}

/** Records that give the same fields can share a call: an empty cell would clear a field, or take away Odoo's default. */
export function signatureOf(record: PlannedRecord): string {
  return record.patch
    .flatMap((operation) => (operation.op === 'add' ? [fieldOf(operation.path)] : []))
    .sort()
    .join(' ');
}

/** Which lines of a new document go with it in the same call: those that give the same fields as the first. */
export function nestedLines(action: PlanAction): readonly PlannedRecord[] {
  const created = action.lines.filter((line) => line.action === 'create');
  if (action.action !== 'create' || created[0] === undefined) return [];
  const signature = `${created[0].entity} ${signatureOf(created[0])}`;
  return created.filter((line) => `${line.entity} ${signatureOf(line)}` === signature);
}

export function createSignature(action: PlanAction): string {
  const [line] = nestedLines(action);
  return `${signatureOf(action)} | ${line === undefined ? '' : `${line.entity} ${signatureOf(line)}`}`;
}
