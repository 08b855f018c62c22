/** Lock dates looked at again right before a method is called: Odoo takes a document of a locked period and moves its date without a word. */
import type { LoadRun, Values } from './load-run.ts';
import type { OpenDocument } from './open-document.ts';

export interface LockedPeriod {
  /** Canonical name of the date, or Odoo's where it has none. */
  readonly field: string;
  readonly date: string;
  readonly lock: string;
  /** Last locked day. */
  readonly until: string;
}

/** Of these documents of one entity, those whose date lies in a period that is locked in Odoo now, in the document's own company. */
export async function inLockedPeriods(run: LoadRun, documents: readonly Pick<OpenDocument, 'action' | 'id'>[]): Promise<ReadonlyMap<number, LockedPeriod>> {
  const [first] = documents;
  if (first === undefined) return new Map();
  const { model, locks = {}, fields } = run.entity(first.action.entity);
  if (Object.keys(locks).length === 0) return new Map();
  const dates = await run.read(
    model,
    documents.map(({ id }) => id),
    [...Object.keys(locks), 'company_id'],
  );
  const companies = await run.read('res.company', companiesOf(dates), [...new Set(Object.values(locks).flat())]);
  const found = new Map<number, LockedPeriod>();
  for (const [id, values] of dates) {
    const company = companies.get(Number(values['company_id'] ?? 0)) ?? {};
    for (const [field, names] of Object.entries(locks)) {
      const date = String(values[field] ?? '').slice(0, 10);
      const lock = date === '' ? undefined : names.find((name) => date <= String(company[name] ?? ''));
      if (lock !== undefined) found.set(id, { field: fields[field]?.field ?? field, date, lock, until: String(company[lock]) });
    }
  }
  return found;
}

function companiesOf(documents: ReadonlyMap<number, Values>): readonly number[] {
  return [...documents.values()].flatMap((values) => (typeof values['company_id'] === 'number' ? [values['company_id']] : []));
}

export function lockedWords({ field, date, lock, until }: LockedPeriod): string {
  return `${field} ${date} lies in a period that is locked in Odoo (${lock} ${until})`;
}
