/** What the payments of one partner and currency pay. A pure function: the same records in the same order give the same answer.
 *
 *  Records that name each other make one *unit*; every other record is a unit of its own. A *group* is a set of units with a payment and a document whose sums
 *  agree and whose days lie within the window; a group that holds a smaller one is none. A group that shares no unit with another is suggested. */
import { findGroups, type Reach, type Unit } from './groups.ts';
import { namedDocuments } from './names.ts';

export interface Payment {
  /** In units of 10⁻¹², signed as the contract says. */
  readonly amount: bigint;
  /** Days since 1970-01-01. */
  readonly day: number;
  /** Words of its reference (names.ts). */
  readonly words: readonly string[];
  /** A rule of the contract says that it pays nothing: it is sought by name only. */
  readonly isExplained: boolean;
}

export interface OpenDocument {
  readonly amount: bigint;
  readonly day: number;
  /** Words of its number. */
  readonly words: readonly string[];
}

export type GroupStatus = 'confirmed' | 'suggested' | 'ambiguous' | 'differs';

/** Positions of the records, ascending. */
export interface Group {
  readonly status: GroupStatus;
  readonly payments: readonly number[];
  readonly documents: readonly number[];
}

export interface BlockResult {
  readonly groups: readonly Group[];
  readonly reach: Reach;
  /** Payments that were not sought, because too many payments and documents have their amount. */
  readonly alike: ReadonlySet<number>;
}

export function allocateBlock(payments: readonly Payment[], documents: readonly OpenDocument[], within: number): BlockResult {
  const components = componentsOf(payments, documents);
  const groups: Group[] = [];
  const units: Unit[] = [];
  const [isTaken, isNamed] = [new Set<number>(), new Set<number>()];
  for (const component of components) {
    for (const payment of component.payments) isTaken.add(payment);
    for (const document of component.documents) isNamed.add(document);
    if (openOf(component, payments, documents) === 0n) groups.push({ status: 'confirmed', ...component });
    else units.push(unitOf(component, payments, documents));
  }
  const named = units.length;
  for (const [index, { amount }] of documents.entries())
    if (!isNamed.has(index) && amount !== 0n) units.push(unitOf({ payments: [], documents: [index] }, payments, documents));
  const sought = payments.flatMap(({ isExplained }, index) =>
    isTaken.has(index) || isExplained ? [] : [unitOf({ payments: [index], documents: [] }, payments, documents)],
  );
  const { found, reach, alike } = findGroups(sought, units, within);
  const uses = new Map<Unit, number>();
  for (const group of found) for (const unit of group) uses.set(unit, (uses.get(unit) ?? 0) + 1);
  for (const group of found) {
    const status = group.every((unit) => uses.get(unit) === 1) ? 'suggested' : 'ambiguous';
    groups.push({ status, payments: ascending(group.flatMap((unit) => unit.payments)), documents: ascending(group.flatMap((unit) => unit.documents)) });
  }
  for (const unit of units.slice(0, named)) if (!uses.has(unit)) groups.push({ status: 'differs', payments: unit.payments, documents: unit.documents });
  return { groups, reach, alike: new Set(alike.flatMap((unit) => unit.payments)) };
}

interface Members {
  readonly payments: readonly number[];
  readonly documents: readonly number[];
}

/** Payments and the documents they name, and everything that these join. */
function componentsOf(payments: readonly Payment[], documents: readonly OpenDocument[]): readonly Members[] {
  const named = namedDocuments(payments, documents);
  // documents stand after the payments
  const roots = new Map<number, number>();
  const rootOf = (one: number): number => {
    let root = one;
    for (let above = roots.get(root); above !== undefined && above !== root; above = roots.get(root)) root = above;
    roots.set(one, root);
    return root;
  };
  for (const [payment, names] of named.entries()) {
    for (const document of names) {
      const [one, other] = [rootOf(payment), rootOf(payments.length + document)];
      roots.set(Math.max(one, other), Math.min(one, other));
    }
  }
  const members = new Map<number, { payments: number[]; documents: number[] }>();
  for (const one of ascending([...roots.keys()])) {
    const of = members.get(rootOf(one)) ?? { payments: [], documents: [] };
    if (one < payments.length) of.payments.push(one);
    else of.documents.push(one - payments.length);
    members.set(rootOf(one), of);
  }
  return [...members.values()];
}

/** What of the documents the payments leave open; below zero where they are too much. */
function openOf({ payments: paid, documents: open }: Members, payments: readonly Payment[], documents: readonly OpenDocument[]): bigint {
  const due = open.reduce((sum, index) => sum + (documents[index] as OpenDocument).amount, 0n);
  return paid.reduce((sum, index) => sum - (payments[index] as Payment).amount, due);
}

/** A payment alone counts with what it pays, anything else with what it leaves open. */
function unitOf(members: Members, payments: readonly Payment[], documents: readonly OpenDocument[]): Unit {
  const open = openOf(members, payments, documents);
  const range = (days: readonly number[]) => (days.length === 0 ? null : { first: Math.min(...days), last: Math.max(...days) });
  return {
    ...members,
    amount: members.documents.length === 0 ? -open : open,
    paid: range(members.payments.map((index) => (payments[index] as Payment).day)),
    dated: range(members.documents.map((index) => (documents[index] as OpenDocument).day)),
  };
}

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((one, other) => one - other);
}
