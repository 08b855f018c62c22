/** The bounded search for groups whose sums agree. What is looked at is fixed by how many there are, never by how long it takes, and told (`Reach`). */

/** Records that stand or fall together. */
export interface Unit {
  readonly payments: readonly number[];
  readonly documents: readonly number[];
  /** Of a payment what it pays; of anything else what it leaves open. */
  readonly amount: bigint;
  /** Days of its payments and of its documents. */
  readonly paid: Days | null;
  readonly dated: Days | null;
}

interface Days {
  readonly first: number;
  readonly last: number;
}

/** Most documents against one payment, most payments against one document, and whether several were sought against several. */
export interface Reach {
  readonly documents: number;
  readonly payments: number;
  readonly several: boolean;
}

/** Subsets that are looked at on each side of one partner and currency, and how large they may be. */
const MOST_SUBSETS = 20_000;
const LARGEST = 6;
/** Several against several: units in all. More would agree by chance. */
const LARGEST_OF_SEVERAL = 5;
/** Groups that are told of one partner and currency, and sums that agree which are looked at. */
const MOST_GROUPS = 2000;
const MOST_AGREEING = 50_000;
/** Payments of one amount times documents of that amount, above which nobody would read the candidates. */
const MOST_ALIKE = 400;

export interface FoundGroups {
  readonly found: readonly (readonly Unit[])[];
  readonly reach: Reach;
  /** Payments that were left out, because too many are alike. */
  readonly alike: readonly Unit[];
}

/** Every smallest group of `payments` (payments alone) and `others` (documents, and what names each other). */
export function findGroups(payments: readonly Unit[], others: readonly Unit[], within: number): FoundGroups {
  const isAlike = tooManyAlike(payments, others);
  const alike = payments.filter((unit) => isAlike.has(unit.amount));
  const sought = payments.filter((unit) => !isAlike.has(unit.amount));
  const open = others.filter((unit) => !isAlike.has(unit.amount) || unit.payments.length > 0);
  const [documents, paying] = [largestSubset(open.length), largestSubset(sought.length)];
  const reaches: readonly Reach[] = [
    { documents, payments: paying, several: documents > 1 && paying > 1 },
    { documents: Math.min(documents, 3), payments: Math.min(paying, 3), several: false },
    { documents: 1, payments: 1, several: false },
  ];
  for (const reach of reaches) {
    const found = new Search(sought, open, within, reach).run();
    if (found !== null) return { found, reach, alike };
  }
  return { found: [], reach: { documents: 0, payments: 0, several: false }, alike: payments };
}

/** Amounts that too many payments and documents share. */
function tooManyAlike(payments: readonly Unit[], others: readonly Unit[]): ReadonlySet<bigint> {
  const counts = new Map<bigint, number>();
  for (const { amount } of payments) counts.set(amount, (counts.get(amount) ?? 0) + 1);
  const open = new Map<bigint, number>();
  for (const { amount } of others) open.set(amount, (open.get(amount) ?? 0) + 1);
  return new Set([...counts].filter(([amount, count]) => count * (open.get(amount) ?? 0) > MOST_ALIKE).map(([amount]) => amount));
}

/** The size up to which all subsets of so many are few enough. */
function largestSubset(count: number): number {
  let [subsets, ofSize] = [0, 1];
  for (let size = 1; size <= LARGEST; size += 1) {
    ofSize = (ofSize * (count - size + 1)) / size;
    subsets += ofSize;
    if (subsets > MOST_SUBSETS) return Math.max(1, size - 1);
  }
  return LARGEST;
}

type Subset = readonly number[];

class Search {
  readonly #payments: readonly Unit[];
  readonly #others: readonly Unit[];
  readonly #within: number;
  readonly #reach: Reach;
  readonly #found: { readonly payments: Subset; readonly others: Subset }[] = [];
  #agreeing = 0;

  constructor(payments: readonly Unit[], others: readonly Unit[], within: number, reach: Reach) {
    this.#payments = payments;
    this.#others = others;
    this.#within = within;
    this.#reach = reach;
  }

  /** Null: more than anybody would read. */
  run(): readonly (readonly Unit[])[] | null {
    const open = bySize(this.#others, this.#reach.documents, (one, other) => this.#agree(one, other));
    const paid = bySize(this.#payments, this.#reach.payments, (one, other) => this.#agree(one, other));
    const sums = open.map((subsets) => bySum(subsets, this.#others));
    // what names each other may need no payment beside it
    paid.unshift([[]]);
    for (const [few, many] of this.#shapes()) {
      for (const payments of paid[few] ?? []) {
        const sum = payments.reduce((total, index) => total + (this.#payments[index] as Unit).amount, 0n);
        // a payment and its way back agree with whatever comes to nothing
        if (few > 0 && sum === 0n) continue;
        for (const others of sums[many - 1]?.get(sum) ?? []) {
          this.#agreeing += 1;
          if (this.#agreeing > MOST_AGREEING) return null;
          if (this.#isGroup(payments, others)) this.#found.push({ payments, others });
          if (this.#found.length > MOST_GROUPS) return null;
        }
      }
    }
    return this.#found.map((group) => this.#unitsOf(group.payments, group.others));
  }

  /** How many payments against how many others: smaller groups first. */
  #shapes(): readonly (readonly [number, number])[] {
    const { documents, payments, several } = this.#reach;
    const shapes: [number, number][] = [];
    for (let few = 0; few <= payments; few += 1) {
      for (let many = 1; many <= documents; many += 1) {
        if (few < 2 || many < 2 || (several && few + many <= LARGEST_OF_SEVERAL)) shapes.push([few, many]);
      }
    }
    return shapes.toSorted(([few, many], [fewer, less]) => few + many - (fewer + less) || few - fewer);
  }

  #unitsOf(payments: Subset, others: Subset): readonly Unit[] {
    return [...payments.map((index) => this.#payments[index] as Unit), ...others.map((index) => this.#others[index] as Unit)];
  }

  #isGroup(payments: Subset, others: Subset): boolean {
    const units = this.#unitsOf(payments, others);
    if (!units.some((unit) => unit.payments.length > 0) || !units.some((unit) => unit.documents.length > 0)) return false;
    if (!payments.every((one) => others.every((other) => this.#agree(this.#payments[one] as Unit, this.#others[other] as Unit)))) return false;
    return !this.#found.some((group) => isWithin(group.payments, payments) && isWithin(group.others, others));
  }

  /** Are the payments of each within days of the documents of the other? */
  #agree(one: Unit, other: Unit): boolean {
    return this.#isNear(one.paid, other.dated) && this.#isNear(other.paid, one.dated);
  }

  #isNear(paid: Days | null, dated: Days | null): boolean {
    return paid === null || dated === null || (paid.last - dated.first <= this.#within && dated.last - paid.first <= this.#within);
  }
}

/** Subsets of 1, 2, … units that agree with each other in their days, each ascending. */
function bySize(units: readonly Unit[], largest: number, agree: (one: Unit, other: Unit) => boolean): Subset[][] {
  const sizes: Subset[][] = [units.map((_, index) => [index])];
  for (let size = 2; size <= largest; size += 1) {
    const subsets: Subset[] = [];
    for (const smaller of sizes[size - 2] ?? []) {
      for (let next = (smaller.at(-1) ?? -1) + 1; next < units.length; next += 1) {
        if (smaller.every((index) => agree(units[index] as Unit, units[next] as Unit))) subsets.push([...smaller, next]);
      }
    }
    sizes.push(subsets);
  }
  return sizes;
}

function bySum(subsets: readonly Subset[], units: readonly Unit[]): ReadonlyMap<bigint, readonly Subset[]> {
  const sums = new Map<bigint, Subset[]>();
  for (const subset of subsets) {
    const sum = subset.reduce((total, index) => total + (units[index] as Unit).amount, 0n);
    const same = sums.get(sum);
    if (same === undefined) sums.set(sum, [subset]);
    else same.push(subset);
  }
  return sums;
}

function isWithin(smaller: Subset, larger: Subset): boolean {
  return smaller.length <= larger.length && smaller.every((index) => larger.includes(index));
}
