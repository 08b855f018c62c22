/** Which pairs are looked at: records that share a blocking key. Keys come from the kinds of fields; a key that too many records share is not used
 *  alone but together with another one, and where that does not help either it is skipped and reported. Never a cross product. */
import { isWordy } from './comparisons.ts';
import type { MatchField } from './field-kind.ts';
import { skeletonSql } from './normalise-sql.ts';

/** A way to make keys: `keys` is an expression over `match_records`: a VARCHAR, or a list of different ones when `many` (NULL or empty: none); or over
 *  another table with `rid`, of which only the rows of `where` have keys. */
export interface BlockingRule {
  readonly name: string;
  /** Fields (positions) that agree, at least in part, when two records share such a key. */
  readonly fields: readonly number[];
  readonly keys: string;
  readonly many: boolean;
  readonly from?: string;
  readonly where?: string;
  /** The field whose values, as they are, are the keys: how many records hold each is counted already. */
  readonly value?: number;
}

export function blockingRules(fields: readonly MatchField[]): BlockingRule[] {
  const rules = fields.flatMap((field, index) => rulesOf(field, index));
  const parts = fields.flatMap((field, index) => (field.kind === 'person_name' ? [index] : []));
  const [first, second] = parts;
  // given name and surname the wrong way round
  if (first !== undefined && second !== undefined)
    rules.push(rule('names in any order', parts, `array_to_string(list_sort([${parts.map((index) => `v${index}`).join(', ')}]), ' ')`, false));
  const described = fields.flatMap((field, index) => (field.kind === 'text' ? [index] : []));
  if (described.length > 0) {
    rules.push(rule('codes', described, 'codes'));
    rules.push(rule('codes: beginning', described, `list_distinct(list_transform(list_filter(codes, lambda c: length(c) >= 5), lambda c: left(c, 5)))`));
  }
  return rules;
}

const rule = (name: string, fields: readonly number[], keys: string, many = true): BlockingRule => ({ name, fields, keys, many });

function rulesOf({ name, kind }: MatchField, index: number): BlockingRule[] {
  const value = `v${index}`;
  const one = (part: string, expression: string): BlockingRule => rule(`${name}: ${part}`, [index], expression, false);
  const equal: BlockingRule = { ...one('equal', value), value: index };
  const rules: BlockingRule[] = [];
  if (isWordy(kind)) {
    rules.push(equal);
    rules.push({ ...rule(`${name}: word`, [index], 'h', false), from: 'match_tokens', where: `field = ${index} AND telling` });
    if (kind === 'name') rules.push(one('beginning', `left(replace(${value}, ' ', ''), 6)`));
    return rules;
  }
  switch (kind) {
    case 'person_name':
      return [equal, one('sound', skeletonSql(value)), one('beginning', `left(${value}, 3)`)];
    case 'date':
      return [
        equal,
        one('year and month', `left(${value}, 6)`),
        one('month and day', `right(${value}, 4)`),
        one('year and day', `left(${value}, 4) || right(${value}, 2)`),
      ];
    case 'postcode':
      return [equal, one('beginning', `CASE WHEN length(${value}) > 4 THEN left(${value}, length(${value}) - 2) END`)];
    case 'phone':
      return [one('last seven', `right(${value}, 7)`), one('first four', `CASE WHEN length(${value}) > 5 THEN left(${value}, 5) END`)];
    case 'email':
      return [equal, one('mailbox', `split_part(${value}, '@', 1)`)];
    case 'identifier':
      return [
        equal,
        one('beginning', `CASE WHEN length(${value}) >= 6 THEN left(${value}, length(${value}) // 2) END`),
        one('end', `CASE WHEN length(${value}) >= 6 THEN right(${value}, length(${value}) // 2) END`),
      ];
    case 'place':
    case 'url':
    case 'amount':
    case 'category':
      return [equal];
  }
  return [];
}

/** Bits of the fields of a rule. More than 60 fields share bits, which only makes training more careful. */
export function fieldBits(fields: readonly number[]): number {
  return fields.reduce((bits, index) => bits | (1 << (index % 30)), 0);
}

export interface BlockingLimits {
  /** A key shared by more pairs than this is never used. */
  readonly pairsOfKey: number;
  /** All keys of one round together. */
  readonly pairs: number;
  /** Pairs that are compared: the most promising ones. */
  readonly candidates: number;
  /** Keys of one record that are combined, two by two. */
  readonly combined: number;
}

/** Limits that make the work grow with the records, not with their square. */
export function blockingLimits(records: number): BlockingLimits {
  return {
    pairsOfKey: 10_000,
    pairs: Math.max(300_000, Math.min(40 * records, Math.max(2_000_000 + records / 2, 2.5 * records))),
    candidates: Math.max(1_000_000, records),
    combined: Math.max(4, Math.min(12, Math.floor(Math.sqrt(10_000_000 / Math.max(records, 1))))),
  };
}
