/** What is known of an identifier scheme: how a value is written and read, what proves it, and what a proof is worth. */
import type { Cleaning } from './text.ts';

/** Shares of broken values that still pass the check, measured on 20,000 valid numbers. */
export interface Undetected {
  readonly substitution: number;
  readonly swap: number;
  readonly firstLost: number;
  readonly lastLost: number;
}

export interface Strength {
  /** Share of random texts of the right shape that pass: 1 where nothing is checked. A pass is worth -log2 of it in bits. */
  readonly passesAtRandom: number;
  readonly undetected: Undetected | null;
}

/** How a value is proven. `distinct-values`: the rule is a package's and has no SQL; distinct values are streamed out, checked and brought back.
 *  A check answers null where the value itself cannot tell. */
export type IdentifierCheck =
  | { readonly by: 'sql'; readonly holds: (canonical: string) => boolean | null; readonly sql: (canonical: string) => string }
  | { readonly by: 'distinct-values' }
  | { readonly by: 'nothing' };

export interface IdentifierScheme {
  readonly name: string;
  readonly title: string;
  readonly cleaning: Cleaning;
  /** Only digits can stand in it, so that O is a misread 0. */
  readonly digitsOnly: boolean;
  /** Full match of a canonical value, in the syntax that RE2 and JavaScript share. */
  readonly pattern: string;
  /** The one spelling of a value: two values are the same identifier when theirs are equal. Takes the cleaned text; the raw one is kept elsewhere. */
  readonly canonical: { readonly of: (cleaned: string) => string; readonly sql: (cleaned: string) => string };
  readonly check: IdentifierCheck;
  readonly strength: Strength;
  /** `system`: the same value in two systems says nothing. */
  readonly scope: 'global' | 'system';
  /** May the issuer give the same value to another thing later? */
  readonly reuse: 'never' | 'possible';
  /** Where the rule about reuse stands. */
  readonly reuseSource: string;
  /** Canonical values that identify nothing although they may pass the check, besides the general ones. */
  readonly placeholders: readonly string[];
  /** Length of the digits that zeros are lost from, and the shortest rest that is still taken for one; null where zeros cannot lead. */
  readonly padding: { readonly length: number; readonly shortest: number } | null;
}

/** Evidence of a passed check, in bits. */
export function evidenceBits(scheme: IdentifierScheme): number {
  return Math.log2(1 / scheme.strength.passesAtRandom);
}

export const asItIs: IdentifierScheme['canonical'] = { of: (cleaned) => cleaned, sql: (cleaned) => cleaned };

/** Digits with the zeros that were lost before them. */
export function padded(length: number, shortest: number): Pick<IdentifierScheme, 'canonical' | 'padding'> {
  const pattern = new RegExp(`^[0-9]{${shortest},${length - 1}}$`);
  return {
    canonical: {
      of: (cleaned) => (pattern.test(cleaned) ? cleaned.padStart(length, '0') : cleaned),
      sql: (cleaned) => `CASE WHEN regexp_full_match(${cleaned}, '[0-9]{${shortest},${length - 1}}') THEN lpad(${cleaned}, ${length}, '0') ELSE ${cleaned} END`,
    },
    padding: { length, shortest },
  };
}

/** A check that runs only on texts of the right shape; all others fail. */
export function shaped(pattern: string, holds: (canonical: string) => boolean, sql: (canonical: string) => string): IdentifierCheck {
  const shape = new RegExp(`^(?:${pattern})$`);
  return {
    by: 'sql',
    holds: (canonical) => shape.test(canonical) && holds(canonical),
    sql: (canonical) => `CASE WHEN regexp_full_match(${canonical}, '${pattern}') THEN ${sql(canonical)} ELSE false END`,
  };
}
