/** The records of one partner and currency with what was found of them: lines of allocations.csv, and what the summary counts. */
import { createHash } from 'node:crypto';
import { type AllocationShape, type AllocationStatus, allocationColumns } from '../../../domain/allocation.ts';
import { csvLine } from '../../../domain/csv.ts';
import { plainDecimal } from '../../../domain/rounding.ts';
import { guarded } from '../../../domain/worklist-row.ts';
import { allocateBlock, type Group } from './block.ts';
import type { Reach } from './groups.ts';
import { wordsOf } from './names.ts';
import type { RecordRow } from './records-sql.ts';

export interface ToldRecord {
  readonly row: RecordRow;
  readonly amount: bigint;
  readonly status: AllocationStatus;
  /** The record it repeats; null: none. */
  readonly repeats: string | null;
  readonly looked: string | null;
  readonly groups: readonly ToldGroup[];
}

export interface ToldGroup {
  readonly id: string;
  readonly status: Group['status'];
  readonly shape: AllocationShape;
  readonly members: readonly RecordRow[];
  readonly paid: bigint;
  /** Payments less documents. */
  readonly difference: bigint;
  /** Documents that stand against the others of the group. */
  readonly credits: ReadonlySet<RecordRow>;
}

const DECIMALS = 12;

export function amountOf(text: string): bigint {
  return BigInt(text.replace('.', ''));
}

export function amountText(amount: bigint): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(DECIMALS + 1, '0');
  return plainDecimal(`${amount < 0n ? '-' : ''}${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`);
}

/** Rows of one partner and currency, payments first. Documents with nothing open are left out. */
export function tellBlock(rows: readonly RecordRow[], within: number): { readonly records: readonly ToldRecord[]; readonly groups: readonly ToldGroup[] } {
  const [known, unknown] = [rows.filter(isSearchable), rows.filter((row) => !isSearchable(row))];
  const paying = known.filter((row) => row.role === 'payment');
  const open = known.filter((row) => row.role === 'document' && amountOf(row.amount ?? '0') !== 0n);
  const payments = paying.map((row) => ({ ...comparable(row), isExplained: row.explained !== null }));
  const { groups, reach, alike } = allocateBlock(payments, open.map(comparable), within);
  const told = groups.map((group) => toldGroup(group, paying, open));
  const ofRow = new Map<RecordRow, ToldGroup[]>();
  for (const group of told) for (const row of group.members) ofRow.set(row, [...(ofRow.get(row) ?? []), group]);
  const repeats = repeated(paying);
  const looked = open.length === 0 ? 'no open document of this partner and currency' : lookedWords(reach);
  const found = [...paying, ...open].map((row, index): ToldRecord => {
    const mine = ofRow.get(row) ?? [];
    const isAlike = row.role === 'payment' && (alike.has(index) || (reach.documents === 0 && open.length > 0));
    return {
      ...{ row, amount: amountOf(row.amount ?? '0'), repeats: repeats.get(row) ?? null, groups: mine },
      status: mine[0]?.status ?? (row.explained !== null && row.role === 'payment' ? 'explained' : isAlike ? 'not-searched' : 'open'),
      looked: row.role === 'document' ? null : isAlike ? 'too many payments and documents have this amount' : looked,
    };
  });
  return { records: [...found, ...unknown.filter((row) => row.role === 'payment').map(unsearched)], groups: told };
}

function isSearchable({ partner, currency, day, amount, role }: RecordRow): boolean {
  return partner !== null && currency !== null && day !== null && amount !== null && (role === 'document' || amountOf(amount) !== 0n);
}

function unsearched(row: RecordRow): ToldRecord {
  const { partner, currency, day, amount, explained } = row;
  const missing = [...(partner === null ? ['partner'] : []), ...(currency === null ? ['currency'] : []), ...(day === null ? ['date'] : [])];
  if (amount === null || amountOf(amount) === 0n) missing.push('amount');
  const status = explained === null ? 'not-searched' : 'explained';
  return { row, amount: amountOf(amount ?? '0'), status, repeats: null, looked: `it has no ${missing.join(', no ')}`, groups: [] };
}

function comparable(row: RecordRow): { readonly amount: bigint; readonly day: number; readonly words: readonly string[] } {
  return { amount: amountOf(row.amount ?? '0'), day: row.day ?? 0, words: wordsOf(row.words) };
}

function lookedWords({ documents, payments, several }: Reach): string {
  const most = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
  if (documents <= 1 && payments <= 1) return 'single payments against single documents';
  const both = several ? ', and up to 5 records of several against several' : '';
  return `up to ${most(documents, 'document')} to a payment, ${most(payments, 'payment')} to a document${both}`;
}

function toldGroup({ status, payments, documents }: Group, paying: readonly RecordRow[], open: readonly RecordRow[]): ToldGroup {
  const sum = (rows: readonly RecordRow[]) => rows.reduce((total, { amount }) => total + amountOf(amount ?? '0'), 0n);
  const [paid, due] = [payments.map((index) => paying[index] as RecordRow), documents.map((index) => open[index] as RecordRow)];
  const [total, sumDue] = [sum(paid), sum(due)];
  const members = [...paid, ...due];
  const names = members.map(({ entity, system, key, odoo_id: id }) => [entity, system, key ?? `#${id}`]);
  return {
    ...{ status, members, paid: total, difference: total - sumDue },
    id: createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 12),
    shape: shapeOf(paid.length, due.length),
    credits: new Set(due.filter(({ amount }) => due.length > 1 && amountOf(amount ?? '0') > 0n !== total > 0n)),
  };
}

function shapeOf(payments: number, documents: number): AllocationShape {
  if (payments === 1) return documents === 1 ? '1:1' : '1:n';
  return documents === 1 ? 'n:1' : 'n:m';
}

/** Payments that are another one again: the same amount, and the same day or the same words. */
function repeated(paying: readonly RecordRow[]): ReadonlyMap<RecordRow, string> {
  const first = new Map<string, RecordRow>();
  const repeats = new Map<RecordRow, string>();
  for (const row of paying) {
    const words = wordsOf(row.words).join(' ');
    const marks = [`day ${row.date} ${row.amount}`, ...(words === '' ? [] : [`words ${words} ${row.amount}`])];
    const earlier = marks.map((mark) => first.get(mark)).find((one) => one !== undefined);
    if (earlier !== undefined) repeats.set(row, earlier.key ?? `#${earlier.odoo_id}`);
    for (const mark of marks) if (!first.has(mark)) first.set(mark, row);
  }
  return repeats;
}

/** One line per record and group. */
export function allocationLines(payments: string, { row, amount, status, repeats, looked, groups }: ToldRecord): string {
  const candidates = status === 'ambiguous' ? String(groups.length) : null;
  return [...(groups.length === 0 ? [null] : groups)]
    .map((group) => {
      const cells: Record<(typeof allocationColumns)[number], string | null> = {
        ...{ payments, group: group?.id ?? null, status, shape: group?.shape ?? null, role: row.role, entity: row.entity, system: row.system, key: row.key },
        odoo_id: row.odoo_id === null ? null : String(row.odoo_id),
        ...{
          partner: row.partner_name,
          currency: row.currency === '' ? null : row.currency,
          date: row.date,
          amount: row.amount === null ? null : amountText(amount),
        },
        difference: group === null ? null : amountText(group.difference),
        credit: group?.credits.has(row) === true ? 'yes' : null,
        ...{ repeat: repeats, explained: row.explained, candidates, looked, note: group === null ? null : noteOf(group) },
      };
      return csvLine(allocationColumns.map((column) => cells[column]).map((cell) => (cell === null ? null : guarded(cell))));
    })
    .join('');
}

function noteOf({ status, difference, paid }: ToldGroup): string {
  switch (status) {
    case 'confirmed':
      return 'the references name the documents, and the sums agree';
    case 'suggested':
      return 'the only sums that agree within the window';
    case 'ambiguous':
      return 'one of several that agree: decide which';
    case 'differs':
      return difference > 0n === paid > 0n ? 'the references name the documents, and more was paid' : 'the references name the documents, and less was paid';
  }
}
