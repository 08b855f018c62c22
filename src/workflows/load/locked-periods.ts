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

type Dated = Pick<OpenDocument, 'action' | 'id'>;

/** Of these documents of one entity, those whose date lies in a period that is locked in Odoo now, in the document's own company. */
export async function inLockedPeriods(run: LoadRun, documents: readonly Dated[]): Promise<ReadonlyMap<number, LockedPeriod>> {
  const found = new Map<number, LockedPeriod>();
  for (const { id, field, date, locks } of await datesOf(run, documents)) {
    const [first] = locks.filter(({ until }) => date !== '' && date <= until);
    if (first !== undefined) found.set(id, { field, date, lock: first.name, until: first.until });
  }
  return found;
}

/** Of each document with a date its own day, or the first one after it that no lock holds. */
export async function openDaysOf(run: LoadRun, documents: readonly Dated[]): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>();
  for (const { id, date, locks } of await datesOf(run, documents)) {
    if (date === '') continue;
    const last = locks.reduce((latest, { until }) => (until > latest ? until : latest), '');
    const open = date <= last ? dayAfter(last) : date;
    if (open > (found.get(id) ?? '')) found.set(id, open);
  }
  return found;
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
}

interface DateAndLocks {
  readonly id: number;
  readonly field: string;
  readonly date: string;
  readonly locks: readonly { readonly name: string; readonly until: string }[];
}

async function datesOf(run: LoadRun, documents: readonly Dated[]): Promise<readonly DateAndLocks[]> {
  const [first] = documents;
  if (first === undefined) return [];
  const { model, locks = {}, fields } = run.entity(first.action.entity);
  if (Object.keys(locks).length === 0) return [];
  const dates = await run.read(
    model,
    documents.map(({ id }) => id),
    [...Object.keys(locks), 'company_id'],
  );
  const companies = await run.read('res.company', companiesOf(dates), [...new Set(Object.values(locks).flat())]);
  return [...dates].flatMap(([id, values]) => {
    const company = companies.get(Number(values['company_id'] ?? 0)) ?? {};
    return Object.entries(locks).map(([field, names]) => ({
      ...{ id, field: fields[field]?.field ?? field, date: String(values[field] ?? '').slice(0, 10) },
      locks: names.map((name) => ({ name, until: String(company[name] ?? '') })),
    }));
  });
}

function companiesOf(documents: ReadonlyMap<number, Values>): readonly number[] {
  return [...documents.values()].flatMap((values) => (typeof values['company_id'] === 'number' ? [values['company_id']] : []));
}

export function lockedWords({ field, date, lock, until }: LockedPeriod): string {
  return `${field} ${date} lies in a period that is locked in Odoo (${lock} ${until})`;
}
