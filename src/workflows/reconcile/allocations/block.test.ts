import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocateBlock, type Group, type OpenDocument, type Payment } from './block.ts';
import { namedDocuments, wordsOf } from './names.ts';

const WITHIN = 60;

/** Every set of payments and documents that agrees, by brute force over all of them. Records that name each other stand or fall together. */
function oracle(payments: readonly Payment[], documents: readonly OpenDocument[]): readonly string[] {
  const named = namedDocuments(payments, documents);
  const names = (payment: number, document: number): boolean => named[payment]?.includes(document) === true;
  const sum = (list: readonly { readonly amount: bigint }[], chosen: number): bigint =>
    list.reduce((total, one, index) => total + ((chosen >> index) & 1 ? one.amount : 0n), 0n);
  const has = (chosen: number, index: number): boolean => ((chosen >> index) & 1) === 1;
  // 1: what names each other, from every record on
  const familyOf = (payment: number): readonly [number, number] => {
    let [paid, due] = [1 << payment, 0];
    for (let before = -1; before !== paid + due * 1000; ) {
      before = paid + due * 1000;
      for (let one = 0; one < payments.length; one += 1)
        for (let other = 0; other < documents.length; other += 1)
          if (names(one, other) && (has(paid, one) || has(due, other))) [paid, due] = [paid | (1 << one), due | (1 << other)];
    }
    return [paid, due];
  };
  const families = payments.map((_, index) => familyOf(index)).filter(([, due]) => due !== 0);
  const unique = [...new Map(families.map((one) => [one.join(), one])).values()];
  const confirmed = unique.filter(([paid, due]) => sum(payments, paid) === sum(documents, due));
  const broken = unique.filter((one) => !confirmed.includes(one));
  const isDone = (paid: number, due: number) => confirmed.some(([a, b]) => (a & paid) !== 0 || (b & due) !== 0);
  const isWhole = (paid: number, due: number) => broken.every(([a, b]) => ((a & paid) === 0 && (b & due) === 0) || ((a & paid) === a && (b & due) === b));
  const isOneFamily = (one: number, other: number) => unique.some(([a, b]) => has(a, one) && has(b, other));
  const alone = broken.reduce((rest, [a]) => rest & ~a, (1 << payments.length) - 1);
  const groups: [number, number][] = [];
  for (let paid = 1; paid < 1 << payments.length; paid += 1) {
    if (payments.some(({ isExplained }, index) => isExplained && has(paid, index) && has(alone, index))) continue;
    for (let due = 1; due < 1 << documents.length; due += 1) {
      if (isDone(paid, due) || !isWhole(paid, due) || sum(payments, paid) !== sum(documents, due)) continue;
      if ((paid & alone) !== 0 && sum(payments, paid & alone) === 0n) continue;
      // more than five several against several are not sought
      const ones = payments.filter((_, index) => has(paid & alone, index)).length;
      const others =
        broken.filter(([, b]) => (b & due) !== 0).length + documents.filter((_, index) => has(due, index) && !broken.some(([, b]) => has(b, index))).length;
      if (ones > 1 && others > 1 && ones + others > 5) continue;
      if (documents.some(({ amount }, index) => amount === 0n && has(due, index) && !unique.some(([, b]) => has(b, index)))) continue;
      const near = payments.every((payment, one) =>
        documents.every((document, other) => !has(paid, one) || !has(due, other) || isOneFamily(one, other) || Math.abs(payment.day - document.day) <= WITHIN),
      );
      if (near) groups.push([paid, due]);
    }
  }
  const smallest = groups.filter(([paid, due]) => !groups.some(([a, b]) => (a !== paid || b !== due) && (a & paid) === a && (b & due) === b));
  const shares = ([paid, due]: [number, number]) => smallest.some(([a, b]) => (a !== paid || b !== due) && ((a & paid) !== 0 || (b & due) !== 0));
  const left = broken.filter(([a, b]) => !smallest.some(([paid, due]) => (a & paid) !== 0 || (b & due) !== 0));
  return [
    ...confirmed.map(([paid, due]) => `confirmed ${paid} ${due}`),
    ...smallest.map((one) => `${shares(one) ? 'ambiguous' : 'suggested'} ${one.join(' ')}`),
    ...left.map(([paid, due]) => `differs ${paid} ${due}`),
  ].sort();
}

function told(groups: readonly Group[]): readonly string[] {
  const bits = (indexes: readonly number[]) => indexes.reduce((chosen, index) => chosen | (1 << index), 0);
  return groups.map((group) => `${group.status} ${bits(group.payments)} ${bits(group.documents)}`).sort();
}

const amounts = fc.integer({ min: -3, max: 9 }).map((amount) => BigInt(amount) * 10n);
const words = fc.constantFrom<readonly string[]>([], [], [], ['INV', '100'], ['INV', '200'], ['INV', '100', 'INV', '200'], ['2011'], ['INV', '2011']);
const worlds = fc.record({
  payments: fc.array(
    fc.record({
      amount: amounts.filter((amount) => amount !== 0n),
      day: fc.integer({ min: 0, max: 100 }),
      words,
      isExplained: fc.constantFrom(false, false, false, true),
    }),
    { maxLength: 4 },
  ),
  documents: fc.array(
    fc.record({
      amount: amounts,
      day: fc.integer({ min: 0, max: 100 }),
      words: fc.constantFrom<readonly string[]>(['INV', '100'], ['INV', '200'], ['2011'], ['INV', '2011'], ['X9']),
    }),
    {
      maxLength: 4,
    },
  ),
});

test('what payments pay is what trying everything finds', () => {
  fc.assert(
    fc.property(worlds, ({ payments, documents }) => {
      expect(told(allocateBlock(payments, documents, WITHIN).groups)).toEqual(oracle(payments, documents));
    }),
    { numRuns: 3000, seed: 20261123 },
  );
});

const payment = (amount: number, reference = '', day = 10): Payment => ({ amount: BigInt(amount), day, words: wordsOf(reference), isExplained: false });
const bill = (amount: number, number = 'none', day = 0): OpenDocument => ({ amount: BigInt(amount), day, words: wordsOf(number) });
const found = (payments: readonly Payment[], documents: readonly OpenDocument[]) =>
  allocateBlock(payments, documents, WITHIN).groups.map((group) => `${group.status} ${group.payments.join('+')} = ${group.documents.join('+')}`);

describe('hazards', () => {
  test('the same amount twice is never chosen silently', () => {
    expect(found([payment(100)], [bill(100, 'A-1'), bill(100, 'A-2')])).toEqual(['ambiguous 0 = 0', 'ambiguous 0 = 1']);
  });

  test('the same amount twice is settled by a reference', () => {
    expect(found([payment(100, 'Re. a 001'), payment(100)], [bill(100, 'A-001'), bill(100, 'A-002')])).toEqual(['confirmed 0 = 0', 'suggested 1 = 1']);
  });

  test('a payment of several bills, in instalments, and of both at once', () => {
    expect(found([payment(100, 'A-001, A-002')], [bill(60, 'A-001'), bill(40, 'A-002')])).toEqual(['confirmed 0 = 0+1']);
    expect(found([payment(60, 'A-001 1/2'), payment(40, 'A-001 2/2')], [bill(100, 'A-001')])).toEqual(['confirmed 0+1 = 0']);
    expect(found([payment(70), payment(50)], [bill(90), bill(30)])).toEqual(['suggested 0+1 = 0+1']);
  });

  test('a partial payment differs, and the rest that comes without a reference completes it', () => {
    expect(found([payment(60, 'A-001')], [bill(100, 'A-001')])).toEqual(['differs 0 = 0']);
    expect(found([payment(60, 'A-001'), payment(40)], [bill(100, 'A-001')])).toEqual(['suggested 0+1 = 0']);
  });

  test('an overpayment differs, and the refund completes it', () => {
    expect(found([payment(120, 'A-001')], [bill(100, 'A-001')])).toEqual(['differs 0 = 0']);
    expect(found([payment(120, 'A-001'), payment(-20, 'back from A-001')], [bill(100, 'A-001')])).toEqual(['confirmed 0+1 = 0']);
  });

  test('a credit note is netted against its bill, and paid back', () => {
    expect(found([payment(80)], [bill(100, 'A-001'), bill(-20, 'C-001')])).toEqual(['suggested 0 = 0+1']);
    expect(found([payment(-20, 'refund C-001')], [bill(-20, 'C-001')])).toEqual(['confirmed 0 = 0']);
  });

  test('what lies outside the window is found by its name alone', () => {
    expect(found([payment(100, '', 100)], [bill(100, 'A-001')])).toEqual([]);
    expect(found([payment(100, 'A-001', 100)], [bill(100, 'A-001')])).toEqual(['confirmed 0 = 0']);
  });

  test('a number within another number is not meant', () => {
    expect(namedDocuments([{ words: wordsOf('pays INV-2011/7') }], [{ words: ['2011'] }, { words: wordsOf('INV 2011-7') }])).toEqual([[1]]);
  });

  test('hundreds alike are said to be too many, and the others are sought', () => {
    const rent = Array.from({ length: 60 }, () => payment(500));
    const bills = Array.from({ length: 60 }, () => bill(500));
    const { groups, alike, reach } = allocateBlock([...rent, payment(7)], [...bills, bill(7)], WITHIN);
    expect({ groups, alike: alike.size, reach }).toEqual({
      groups: [{ status: 'suggested', payments: [60], documents: [60] }],
      alike: 60,
      reach: { documents: 6, payments: 6, several: true },
    });
  });

  test('a hundred open bills are searched less deeply, and that is said', () => {
    const bills = Array.from({ length: 100 }, (_, index) => bill(1000 + index * index * 7));
    expect(allocateBlock([payment(3)], bills, WITHIN).reach).toEqual({ documents: 2, payments: 6, several: true });
  });
});
