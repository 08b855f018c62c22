/** How two values of a kind are compared: named levels from equal to different, the first that holds is taken; a missing value takes no part.
 *
 *  `m` is where training begins, and what it is pulled towards while there is little to learn from: how often two records of one thing are so. */
import type { MatchKind } from '../../domain/contract.ts';
import { schemes } from '../../domain/identifiers/registry.ts';
import type { MatchField } from './field-kind.ts';

export interface ComparisonLevel {
  readonly label: string;
  /** Predicate over `a.` and `b.` columns and the similarities of this comparison; null for the last one. */
  readonly when: string | null;
  readonly m: number;
  /** Bits, where they are not learned: among records of which no two are one thing, training would take those for one that nearly are. */
  readonly bits?: number;
  /** Asked before the levels that stand above it. */
  readonly first?: true;
}

/** Comparisons that lean on each other. */
export type ComparisonGroup = 'where' | 'worth';

export interface Comparison {
  readonly name: string;
  /** Position among the comparisons: names the columns `g<index>`, `tf<index>`. */
  readonly index: number;
  readonly kind: MatchKind | 'codes';
  /** Positions of the fields it looks at. */
  readonly fields: readonly number[];
  /** Predicate under which it says something. */
  readonly present: string;
  /** Similarities computed once per pair: column → expression. */
  readonly similarities: Readonly<Record<string, string>>;
  /** The first level is the strongest. */
  readonly levels: readonly ComparisonLevel[];
  /** Does the weight of equal values depend on how usual the value is? */
  readonly frequency: boolean;
  /** Two different values prove two things: numbers that an authority gives once. One slip is no difference. */
  readonly excludes: boolean;
  /** See combine.ts; null: it stands alone. */
  readonly group: ComparisonGroup | null;
  /** Does it tell what a thing is? Where it is, of which kind, and what it costs, other things share. */
  readonly names: boolean;
}

/** Comparisons of an entity, in the order of its fields; codes in descriptions of things come last. */
export function comparisonsOf(fields: readonly MatchField[]): Comparison[] {
  // people go by other names too, and of a person's whole name the parts are compared as well
  const hasVariants = !fields.some(({ kind }) => kind === 'person_name');
  const found = fields.map((field, index) => comparisonOf(field, index, hasVariants));
  const described = fields.flatMap((field, index) => (field.kind === 'text' ? [index] : []));
  if (described.length > 0) found.push(codesComparison(described, found.length));
  return found;
}

/** Kinds whose values are made of words worth weighing. */
export const isWordy = (kind: MatchKind): boolean => kind === 'name' || kind === 'address' || kind === 'text';

type Level = ComparisonLevel;
const level = (label: string, when: string | null, m: number): Level => ({ label, when, m });
const different = (m: number): Level => level('different', null, m);

function comparisonOf(field: MatchField, index: number, hasVariants: boolean): Comparison {
  const a = `a.v${index}`;
  const b = `b.v${index}`;
  const base = {
    name: field.name,
    index,
    kind: field.kind,
    fields: [index],
    present: `${a} IS NOT NULL AND ${b} IS NOT NULL`,
    similarities: {},
    frequency: true,
    excludes: false,
    group: groupOf(field),
    names: !['place', 'postcode', 'category', 'amount'].includes(field.kind),
  };
  const words = wordsComparison(field.kind, index, a, b);
  if (words !== null && hasVariants && (field.kind === 'name' || field.kind === 'text')) return { ...base, ...withVariants(words, index, a, b) };
  return { ...base, ...(words ?? valueComparison(field, index, a, b)) };
}

function groupOf({ name, kind }: MatchField): ComparisonGroup | null {
  if (kind === 'place' || kind === 'postcode') return 'where';
  if (kind === 'category' && /(^|_)(state|province|region|country|county|nation)(_|$)/.test(name)) return 'where';
  return kind === 'amount' ? 'worth' : null;
}

type Rules = Pick<Comparison, 'levels'> & Partial<Pick<Comparison, 'similarities' | 'frequency' | 'excludes'>>;

const winkler = (index: number, a: string, b: string): Record<string, string> => ({
  [`jw${index}`]: `CASE WHEN ${a} <> ${b} THEN jaro_winkler_similarity(${a}, ${b}) END`,
});

/** Kinds made of words; null for the others. */
function wordsComparison(kind: MatchKind, index: number, a: string, b: string): Rules | null {
  const jw = `jw${index}`;
  const cosine = `cos${index}`;
  const shared = `list_sum(list_transform(list_filter(a.t${index}, lambda c: list_contains(b.t${index}, c)), lambda c: c & 4095))`;
  const words = `coalesce(${shared}, 0) / sqrt(a.q${index}::DOUBLE * b.q${index}::DOUBLE)`;
  const differing = { [cosine]: `CASE WHEN ${a} <> ${b} THEN ${words} END` };
  const equal = (m: number): Level => level('equal', `${a} = ${b}`, m);
  const slip = oneSlipSql(a, b);
  switch (kind) {
    case 'person_name':
      return {
        similarities: winkler(index, a, b),
        levels: [
          equal(0.75),
          level('one slip', `${jw} >= 0.93 OR (length(${a}) > 3 AND ${slip})`, 0.08),
          level('similar', `${jw} >= 0.84 OR starts_with(${a}, ${b}) OR starts_with(${b}, ${a})`, 0.07),
          different(0.1),
        ],
      };
    case 'name':
      return {
        similarities: { ...winkler(index, a, b), ...differing },
        levels: [
          equal(0.45),
          level('nearly equal', `${cosine} >= 0.9 OR ${jw} >= 0.96`, 0.2),
          level('very similar', `${cosine} >= 0.7 OR ${jw} >= 0.91`, 0.14),
          level('similar', `${cosine} >= 0.45 OR ${jw} >= 0.85`, 0.11),
          level('something in common', `${cosine} >= 0.2 OR ${jw} >= 0.76`, 0.05),
          different(0.05),
        ],
      };
    case 'address':
      return {
        similarities: { ...winkler(index, a, b), ...differing },
        levels: [
          equal(0.5),
          level('nearly equal', `${cosine} >= 0.9 OR ${jw} >= 0.97`, 0.16),
          level('very similar', `${cosine} >= 0.7 OR ${jw} >= 0.92`, 0.12),
          level('similar', `${cosine} >= 0.4 OR ${jw} >= 0.85`, 0.1),
          different(0.12),
        ],
      };
    case 'text':
      return {
        similarities: { [cosine]: words },
        levels: [
          level('nearly equal', `${cosine} >= 0.9`, 0.2),
          level('very similar', `${cosine} >= 0.7`, 0.2),
          level('similar', `${cosine} >= 0.5`, 0.2),
          level('much in common', `${cosine} >= 0.35`, 0.15),
          level('something in common', `${cosine} >= 0.2`, 0.12),
          level('little in common', `${cosine} >= 0.1`, 0.08),
          different(0.05),
        ],
        frequency: false,
      };
    default:
      return null;
  }
}

const VARIANT_BITS = -8;
const MOST_REPLACED = 3;
/** A word that so many records have is no slip of the pen. */
const USUAL = 3;

/** Adds the level of the same words but for a few that are others, each of them usual: `syringe 5 ml` and `syringe 10 ml`, `north clinic` and `south clinic`.
 *  By their words they are nearly equal, and they are two things. */
function withVariants(rules: Rules, index: number, a: string, b: string): Rules {
  const rest = (own: string, other: string): string =>
    `CASE WHEN ${a} <> ${b} AND len(a.t${index}) = len(b.t${index}) THEN list_filter(${own}.t${index}, lambda c: NOT list_contains(${other}.t${index}, c)) END`;
  const rarest = `(SELECT 8 * pow(log2(greatest(count(v${index}), ${USUAL}) / ${USUAL}.0), 2) FROM match_records)`;
  const usual = (list: string): string => `list_max(list_transform(${list}, lambda c: c & 4095)) <= ${rarest}`;
  const [left, right] = [`ra${index}`, `rb${index}`];
  const when = `len(${left}) BETWEEN 1 AND least(${MOST_REPLACED}, len(a.t${index}) - 1) AND len(${right}) = len(${left}) AND ${usual(left)} AND ${usual(right)}`;
  const variant: Level = { ...level('a variant', when, 0.01), bits: VARIANT_BITS, first: true };
  return { ...rules, similarities: { ...rules.similarities, [left]: rest('a', 'b'), [right]: rest('b', 'a') }, levels: [...rules.levels, variant] };
}

/** Kinds that are one value. */
function valueComparison(field: MatchField, index: number, a: string, b: string): Rules {
  const jw = `jw${index}`;
  const equal = (m: number): Level => level('equal', `${a} = ${b}`, m);
  const slip = oneSlipSql(a, b);
  switch (field.kind) {
    case 'place':
    case 'url':
      return {
        similarities: winkler(index, a, b),
        levels: [equal(0.8), level('similar', `${jw} >= 0.9 OR contains(${a}, ${b}) OR contains(${b}, ${a})`, 0.1), different(0.1)],
      };
    case 'postcode':
      return { levels: [equal(0.75), level('one slip', slip, 0.08), level('same area', `left(${a}, 3) = left(${b}, 3)`, 0.07), different(0.1)] };
    case 'phone':
      return {
        levels: [level('equal', `ends_with(${a}, ${b}) OR ends_with(${b}, ${a})`, 0.75), level('one slip', slip, 0.05), different(0.2)],
      };
    case 'email':
      // likeness is no level: an address is made of the names it belongs to, and would count them twice
      return {
        levels: [
          equal(0.7),
          level('one or two slips', twoSlipsSql(a, b), 0.07),
          level('same mailbox', `split_part(${a}, '@', 1) = split_part(${b}, '@', 1)`, 0.06),
          different(0.17),
        ],
      };
    case 'date':
      return {
        levels: [
          equal(0.75),
          level(
            'one slip',
            `${slip} OR (left(${a}, 4) = left(${b}, 4) AND substr(${a}, 5, 2) = substr(${b}, 7, 2) AND substr(${a}, 7, 2) = substr(${b}, 5, 2))`,
            0.1,
          ),
          level('two parts equal', `${partsEqual(a, b)} >= 2`, 0.06),
          level('same year', `left(${a}, 4) = left(${b}, 4)`, 0.03),
          different(0.06),
        ],
      };
    case 'identifier':
      return { excludes: provesDifference(field), levels: [equal(0.85), level('one slip', `length(${a}) >= 5 AND ${slip}`, 0.07), different(0.08)] };
    case 'category':
      return { levels: [equal(0.85), different(0.15)] };
    case 'amount':
      return {
        similarities: { [`far${index}`]: `abs(${a} - ${b}) / greatest(abs(${a}), abs(${b}))` },
        levels: [
          equal(0.4),
          level('within 2 %', `far${index} <= 0.02`, 0.15),
          level('within 10 %', `far${index} <= 0.1`, 0.15),
          level('within 30 %', `far${index} <= 0.3`, 0.15),
          different(0.15),
        ],
        frequency: false,
      };
    default:
      throw new Error(`no comparison for ${field.kind}`);
  }
}

/** At most one letter wrong, missing, too many, or two neighbours swapped. Damerau-Levenshtein itself takes some 20 times as long as the guards. */
function oneSlipSql(a: string, b: string): string {
  return `(CASE WHEN strlen(${a}) = strlen(${b}) THEN CASE WHEN hamming(${a}, ${b}) > 2 THEN false WHEN hamming(${a}, ${b}) < 2 THEN true ELSE damerau_levenshtein(${a}, ${b}) = 1 END
    WHEN abs(length(${a}) - length(${b})) = 1 AND (left(${a}, 3) = left(${b}, 3) OR right(${a}, 3) = right(${b}, 3)) THEN levenshtein(${a}, ${b}) = 1 ELSE false END)`;
}

/** The guard is a tenth of the work, and what it leaves out are addresses too short for two slips in them. */
function twoSlipsSql(a: string, b: string): string {
  return `CASE WHEN abs(length(${a}) - length(${b})) > 2 THEN false WHEN jaro_similarity(${a}, ${b}) < 0.8 THEN false ELSE levenshtein(${a}, ${b}) <= 2 END`;
}

function provesDifference({ scheme }: MatchField): boolean {
  const found = scheme === null ? undefined : schemes.get(scheme);
  return found !== undefined && found.scope === 'global' && found.reuse === 'never';
}

function partsEqual(a: string, b: string): string {
  const part = (from: number, length: number): string => `(substr(${a}, ${from}, ${length}) = substr(${b}, ${from}, ${length}))::INT`;
  return `${part(1, 4)} + ${part(5, 2)} + ${part(7, 2)}`;
}

/** Model numbers and the like in descriptions of things: one in common says much, many and none in common says something too. */
function codesComparison(fields: readonly number[], index: number): Comparison {
  return {
    name: 'codes',
    index,
    kind: 'codes',
    fields,
    present: 'len(a.codes) > 0 AND len(b.codes) > 0',
    similarities: {},
    levels: [
      { label: 'one in common', when: 'list_has_any(a.codes, b.codes)', m: 0.6 },
      { label: 'one begins like another', when: 'list_has_any(a.stems, b.stems)', m: 0.1 },
      { label: 'none in common', when: null, m: 0.3 },
    ],
    frequency: false,
    excludes: false,
    group: null,
    names: true,
  };
}
