/** What a pattern is looked for with: a transformation that may have made one side of a break out of the other. */
import type { FieldContract } from '../../../domain/contract.ts';
import type { DataPlane } from '../../../domain/ports.ts';
import type { EntityComparison } from '../comparison.ts';

export type Side = 'legacy' | 'odoo';

/** The breaks of one field of one system. They stand in the table `pattern_values`: `id`, `key`, `l` and `o` (canonical texts), `class`,
 *  `movement`, `direction`, `swapped` (the field it has changed places with), and what the families stage of their own (`stagedColumns`). */
export interface FieldBreaks {
  readonly entity: EntityComparison;
  readonly field: string;
  readonly contract: FieldContract;
  readonly system: string;
  readonly rows: number;
  /** About how many linked records of the system have a legacy value in this field: what a change of the mapping would touch. */
  readonly compared: number;
  /** Of the system's records those that are linked. */
  readonly linkedShare: number;
  /** The contents of the field must not be named. */
  readonly isSecret: boolean;
}

/** What would make the two sides agree. */
export type Mend =
  /** A change of the source mapping. `harmless`: a value that is right already stays as it is; otherwise it must be most of them that are wrong. */
  | { readonly kind: 'expression'; readonly wrap: (expression: string) => string; readonly isHarmless: boolean }
  | { readonly kind: 'compare'; readonly rules: readonly ('case' | 'whitespace' | 'url-scheme')[] }
  | { readonly kind: 'tolerance'; readonly tolerance: string }
  | { readonly kind: 'lines'; readonly lines: string }
  /** Target value → what it is to be in the code map. */
  | { readonly kind: 'codes'; readonly pairs: readonly (readonly [from: string, to: string])[] }
  /** The encoding in which the system's files are to be read. */
  | { readonly kind: 'encoding'; readonly encoding: string }
  /** The value of another field. */
  | { readonly kind: 'swap'; readonly field: string };

export interface Candidate {
  readonly transformation: string;
  readonly parameter: string | null;
  /** SQL over a row of `pattern_values`; NULL is no. */
  readonly condition: string;
  readonly sentence: string;
  /** The side whose value has lost something; null: neither, or it cannot be told. */
  readonly damaged: Side | null;
  /** How often an edit that follows no rule looks like this, at most. What is found must be far beyond it. */
  readonly chance: number;
  /** Rows it must explain to pay for what it has to say: a table of values says more than "in upper case". */
  readonly cost?: number;
  readonly mend: Mend | null;
}

/** Finds candidates and their parameters in the data; in order of specificity, since of two that explain the same the first is taken. */
export type Family = (breaks: FieldBreaks, plane: DataPlane) => Promise<readonly Candidate[]>;

export const isTextual = ({ type }: FieldContract): boolean => type === 'text' || type === 'identifier';

/** A value in a sentence. */
export const quoted = (value: string): string => `‘${value}’`;
