/** Odoo's own words about a record that it refused, made fit to be shown and to be grouped. Pure. */
import type { PlannedEntity } from '../../domain/plan.ts';

export const MASK = '•••';

/** Shorter texts would be found inside words that have nothing to do with them. */
const TELLING = 3;
type Values = Readonly<Record<string, unknown>>;

/** Fields of a record whose value stands in the words, longest value first. */
export function fieldsInWords(words: string, values: Values): readonly string[] {
  return Object.entries(values)
    .flatMap(([field, value]) => (isTelling(value) && pattern(String(value)).test(words) ? [[field, String(value)] as const] : []))
    .toSorted(([, left], [, right]) => right.length - left.length)
    .map(([field]) => field);
}

/** Without contents of `pii` fields: values that were sent, and where the entity has such fields also what Odoo quotes, long numbers and addresses, since
 *  it may speak of another record of that kind. */
export function shownWords(words: string, planned: PlannedEntity | undefined, values: Values): string {
  let shown = words;
  for (const field of fieldsInWords(words, values)) {
    if (isPii(field, planned)) shown = shown.replaceAll(pattern(String(values[field])), MASK);
  }
  if (!holdsPii(planned)) return shown;
  return shown
    .replaceAll(/"[^"]*"|“[^”]*”/g, MASK)
    .replaceAll(/'[^']*'(?! \([\w.]+\))(?<!\bfield '[^']*')/g, MASK)
    .replaceAll(/[\w.+-]+@[\w.-]+/g, MASK)
    .replaceAll(/\b[A-Z]{0,3}\d[\d ]{4,}\d\b/g, MASK);
}

/** The same for every record that was refused for one reason: values that were sent are replaced by the names of their fields, numbers by `#`. */
export function reasonOf(words: string, planned: PlannedEntity | undefined, values: Values): string {
  let reason = words.split('\n')[0] ?? '';
  for (const field of fieldsInWords(words, values)) reason = reason.replaceAll(pattern(String(values[field])), `‹${planned?.fields[field]?.field ?? field}›`);
  return shownWords(reason, planned, {}).replaceAll(/\b\d{2,}\b/g, '#');
}

export function isPii(field: string, planned: PlannedEntity | undefined): boolean {
  return planned === undefined || planned.fields[field]?.pii === true;
}

export function holdsPii(planned: PlannedEntity | undefined): boolean {
  return planned === undefined || planned.keyIsPii || Object.values(planned.fields).some(({ pii }) => pii);
}

function isTelling(value: unknown): boolean {
  return (typeof value === 'string' || typeof value === 'number') && String(value).trim().length >= TELLING;
}

/** The text as a word of its own. */
function pattern(text: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}])${text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}(?![\\p{L}\\p{N}])`, 'gu');
}
