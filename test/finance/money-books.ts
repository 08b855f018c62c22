/** Random books, and what they come to: whole numbers of ten-thousandths, in BigInt. Nothing in here knows the product's own arithmetic. */
import fc from 'fast-check';

/** Decimals of every amount here. */
const DIGITS = 4;
const UNIT = 10_000n;

export type Method = 'round_per_line' | 'round_globally';

export interface Money {
  readonly currencyDigits: 0 | 2 | 3;
  readonly method: Method;
}

export interface RandomDocument {
  readonly kind: 'a' | 'b';
  readonly lines: readonly bigint[];
  /** What the header says beyond the sum of its lines. */
  readonly beyond: bigint;
  readonly fee: bigint;
  readonly share: bigint;
  /** What Odoo has of it: as it would keep it, or by how many units of its currency otherwise. */
  readonly off: { readonly total: bigint; readonly fee: bigint };
  /** By how many hundredths the share differs; up to five are tolerated. */
  readonly shareOff: bigint;
}

/** Amounts of all sizes, halves of every unit of rounding among them. */
export const amount: fc.Arbitrary<bigint> = fc
  .tuple(fc.bigInt({ min: -9_999_999n, max: 9_999_999n }), fc.constantFrom(1n, 5n, 10n, 50n, 5_000n, 9_999_999n))
  .map(([base, step]) => base * step);
const cents = amount.map((units) => (units / 100n) * 100n);
const rarely = (other: bigint) => fc.oneof({ weight: 4, arbitrary: fc.constant(0n) }, { weight: 1, arbitrary: fc.constant(other) });

export const randomMoney: fc.Arbitrary<Money> = fc.record({
  currencyDigits: fc.constantFrom(0, 2, 3),
  method: fc.constantFrom('round_per_line', 'round_globally'),
});
export const randomDocument: fc.Arbitrary<RandomDocument> = fc.record({
  kind: fc.constantFrom('a', 'b'),
  lines: fc.array(amount, { maxLength: 4 }),
  beyond: rarely(3n),
  fee: amount,
  share: cents,
  off: fc.record({ total: rarely(1n), fee: rarely(-2n) }),
  shareOff: fc.constantFrom(0n, 0n, 5n, -5n, 6n),
});

/** Half away from zero, to `digits` decimals. */
export function rounded(units: bigint, digits: number): bigint {
  const step = 10n ** BigInt(DIGITS - digits);
  const whole = ((units < 0n ? -units : units) + step / 2n) / step;
  return (units < 0n ? -whole : whole) * step;
}

export const sum = (all: readonly bigint[]): bigint => all.reduce((total, units) => total + units, 0n);

/** `-12.5`; no zeros at the end. */
export function textOf(units: bigint): string {
  const size = units < 0n ? -units : units;
  const fraction = String(size % UNIT)
    .padStart(DIGITS, '0')
    .replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${size / UNIT}${fraction === '' ? '' : `.${fraction}`}`;
}

export interface Judged {
  readonly legacy: bigint;
  readonly odoo: bigint;
  readonly why: 'equal' | 'rounding' | 'tolerance' | 'value';
}

/** Each amount of a document on both sides, and why they differ. */
export function judged(document: RandomDocument, { currencyDigits, method }: Money): Readonly<Record<'total' | 'fee' | 'share', Judged>> {
  const unit = 10n ** BigInt(DIGITS - currencyDigits);
  const made = sum(document.lines);
  const total = made + document.beyond;
  const fromLines = method === 'round_per_line' ? sum(document.lines.map((line) => rounded(line, currencyDigits))) : rounded(made, currencyDigits);
  const kept = document.lines.length > 0 && document.beyond === 0n ? fromLines : rounded(total, currencyDigits);
  const side = (legacy: bigint, asKept: bigint, off: bigint): Judged => {
    const odoo = asKept + off;
    return { legacy, odoo, why: legacy === odoo ? 'equal' : off === 0n ? 'rounding' : 'value' };
  };
  const shareOdoo = document.share + document.shareOff * 100n;
  const away = document.shareOff < 0n ? -document.shareOff : document.shareOff;
  return {
    total: side(total, kept, document.off.total * unit),
    fee: side(document.fee, rounded(document.fee, currencyDigits), document.off.fee * unit),
    share: { legacy: document.share, odoo: shareOdoo, why: away === 0n ? 'equal' : away <= 5n ? 'tolerance' : 'value' },
  };
}

/** An amount as exports write it, and what it is in ten-thousandths: null for what is none, or is finer than they are. */
export interface Written {
  readonly text: string;
  readonly units: bigint | null;
}

export const written: fc.Arbitrary<Written> = fc
  .tuple(amount, fc.constantFrom('plain', 'zeros', 'exponent', 'finer', 'comma', 'words', 'underscore'))
  .map(([units, how]): Written => {
    const text = textOf(units);
    if (how === 'plain') return { text, units };
    if (how === 'zeros') return { text: `${text.includes('.') ? text : `${text}.`}0000000`, units };
    if (how === 'exponent') return { text: `${units}e-4`, units };
    if (how === 'finer') return { text: `${units}1e-5`, units: null };
    if (how === 'comma') return { text: `${text.includes('.') ? text.replace('.', ',') : `${text},0`}`, units: null };
    return { text: how === 'words' ? `${text} USD` : `1_${units < 0n ? -units : units}`, units: null };
  });
