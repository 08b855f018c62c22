/** What happens to texts on their way: case, blanks, zeros, cuts, additions, punctuation, markup. */
import { canonicalRowsSql } from '../../../domain/canonical.ts';
import type { DataPlane } from '../../../domain/ports.ts';
import { identifier, literal } from '../../../domain/sql.ts';
import { type Candidate, type Family, type FieldBreaks, isTextual, quoted, type Side } from './transformation.ts';

/** Characters that take no room: soft hyphen, zero width, byte order mark, direction marks. */
const INVISIBLE = '\\x{00AD}\\x{200B}-\\x{200F}\\x{2060}\\x{FEFF}';
const collapsed = (text: string): string => `trim(regexp_replace(${text}, '[\\s\\p{Z}]+', ' ', 'g'))`;
const bare = (text: string): string => `regexp_replace(lower(${text}), '[^\\p{L}\\p{N}]+', '', 'g')`;
const without = (text: string, characters: string): string => `regexp_replace(${text}, '[${characters}]+', '', 'g')`;
const outer = (text: string): string => `regexp_replace(${text}, '^[\\s\\p{Z}]+|[\\s\\p{Z}]+$', '', 'g')`;

/** `alike`: the least that has to be overlooked for the two texts to be the same. What needs less is not counted for what needs more. */
export const alikeColumn = `CASE WHEN l IS NULL OR o IS NULL OR ${bare('l')} <> ${bare('o')} THEN NULL
  WHEN lower(l) = lower(o) THEN 'case'
  WHEN ${outer('l')} = o THEN 'outer-legacy'
  WHEN ${outer('o')} = l THEN 'outer-odoo'
  WHEN ${collapsed('l')} = ${collapsed('o')} THEN 'inner'
  WHEN lower(${collapsed('l')}) = lower(${collapsed('o')}) THEN 'case-whitespace'
  WHEN ${without('l', INVISIBLE)} = o THEN 'invisible-legacy'
  WHEN ${without('l', INVISIBLE)} = ${without('o', INVISIBLE)} THEN 'invisible-odoo'
  WHEN ${without('l', `\\s\\p{Z}${INVISIBLE}`)} = ${without('o', `\\s\\p{Z}${INVISIBLE}`)} THEN 'missing-blanks'
  ELSE 'punctuation' END`;

const unseen = 'characters that nobody sees (zero-width blanks, soft hyphens, byte order marks)';

const rules: readonly (Pick<Candidate, 'parameter' | 'damaged' | 'sentence' | 'mend'> & { readonly alike: string; readonly name: string })[] = [
  {
    ...{ alike: 'case', name: 'case', parameter: null, damaged: null },
    ...{ sentence: 'Only upper and lower case differ', mend: { kind: 'compare', rules: ['case'] } },
  },
  {
    ...{ alike: 'outer-legacy', name: 'whitespace', parameter: 'around', damaged: 'legacy' },
    sentence: 'The legacy value has blanks around it, and Odoo has it without',
    mend: { kind: 'expression', wrap: (text: string) => `trim(regexp_replace(${text}, '^[\\s\\p{Z}]+|[\\s\\p{Z}]+$', '', 'g'))`, isHarmless: true },
  },
  {
    ...{ alike: 'outer-odoo', name: 'whitespace', parameter: 'around', damaged: null },
    ...{ sentence: 'Odoo has blanks around it', mend: { kind: 'compare', rules: ['whitespace'] } },
  },
  {
    ...{ alike: 'inner', name: 'whitespace', parameter: 'inside', damaged: null },
    ...{ sentence: 'Only the blanks inside it differ (doubled, no-break or otherwise)', mend: { kind: 'compare', rules: ['whitespace'] } },
  },
  {
    ...{ alike: 'case-whitespace', name: 'case-whitespace', parameter: null, damaged: null },
    ...{ sentence: 'Only case and blanks differ', mend: { kind: 'compare', rules: ['case', 'whitespace'] } },
  },
  {
    ...{ alike: 'invisible-legacy', name: 'whitespace', parameter: 'invisible', damaged: 'legacy' },
    sentence: `The legacy value has ${unseen}`,
    mend: { kind: 'expression', wrap: (text: string) => without(text, INVISIBLE), isHarmless: true },
  },
  {
    ...{ alike: 'invisible-odoo', name: 'whitespace', parameter: 'invisible', damaged: 'odoo' },
    ...{ sentence: `Odoo has ${unseen}`, mend: null },
  },
  {
    ...{ alike: 'missing-blanks', name: 'whitespace', parameter: 'left-out', damaged: null },
    ...{ sentence: 'One side writes it without blanks', mend: null },
  },
  {
    ...{ alike: 'punctuation', name: 'punctuation', parameter: null, damaged: null },
    ...{ sentence: 'Only punctuation differs: the letters and digits are the same', mend: null },
  },
];

/** `alike` is staged for texts only; a choice or code is looked up by its values. */
export const alikeFamily: Family = async ({ contract }) => {
  if (!isTextual(contract)) return [];
  return rules.map(({ alike, name, ...rule }): Candidate => ({ ...rule, transformation: name, condition: `alike = ${literal(alike)}`, chance: 0.03 }));
};

const sides = [
  { damaged: 'odoo', short: 'o', long: 'l', has: 'Odoo has it' },
  { damaged: 'legacy', short: 'l', long: 'o', has: 'The legacy value comes' },
] as const satisfies readonly { damaged: Side; short: string; long: string; has: string }[];

export const leadingZeros: Family = async (breaks, plane) => {
  if (!isTextual(breaks.contract)) return [];
  const candidates: Candidate[] = [];
  for (const { damaged, short, long, has } of sides) {
    const condition = `(length(${short}) < length(${long}) AND ${short} <> '' AND ltrim(${long}, '0') = ltrim(${short}, '0'))`;
    const [found] = await plane.rows<{ rows: number; width: number | null; least: number | null }>(
      `SELECT count(*) AS rows, mode(length(${long})) AS width, min(length(${long})) AS least FROM pattern_values WHERE ${condition}`,
    );
    const width = found?.width ?? null;
    if (found === undefined || width === null) continue;
    const longest = damaged === 'odoo' ? 0 : await longestOf(breaks, plane);
    candidates.push({
      ...{ transformation: 'leading-zeros', parameter: damaged === 'odoo' ? 'lost in Odoo' : 'lost in legacy', condition, damaged, chance: 0.005 },
      sentence: `${has} without its leading zeros${width === found.least ? ` (${width} characters with them)` : ''}`,
      mend: damaged === 'odoo' ? null : { kind: 'expression', isHarmless: true, wrap: (text) => paddedSql(text, width, longest) },
    });
  }
  return candidates;
};

async function longestOf({ entity, field, system }: FieldBreaks, plane: DataPlane): Promise<number> {
  const rows = canonicalRowsSql(entity.datasets.filter((dataset) => dataset.system === system));
  const [row] = await plane.rows<{ longest: number | null }>(`SELECT max(length(${identifier(field)})) AS longest FROM ${rows} AS r`);
  return row?.longest ?? 0;
}

/** With the zeros it lacks. `lpad` cuts what is longer, which therefore must be left out of it where there is such a thing. */
export function paddedSql(text: string, width: number, longest: number): string {
  const padded = `lpad(${text}, ${width}, '0')`;
  return longest <= width ? padded : `CASE WHEN length(${text}) < ${width} THEN ${padded} ELSE ${text} END`;
}

/** Cut at N: one length on the cut side, and what was cut off is not always the same. */
export const truncated: Family = async ({ contract }, plane) => {
  if (!isTextual(contract)) return [];
  const candidates: Candidate[] = [];
  for (const { damaged, short, long } of sides) {
    const cut = `(alike IS NULL AND ${short} <> '' AND starts_with(${long}, ${short}))`;
    const [found] = await plane.rows<{ size: number; rows: number; tails: number; cuts: number }>(
      `SELECT length(${short}) AS size, count(*) AS rows, count(DISTINCT substr(${long}, length(${short}) + 1)) AS tails, CAST(sum(count(*)) OVER () AS INTEGER) AS cuts
FROM pattern_values WHERE ${cut} GROUP BY size ORDER BY rows DESC, size DESC LIMIT 1`,
    );
    if (found === undefined || found.tails < 2 || found.rows * 2 < found.cuts) continue;
    candidates.push({
      ...{ transformation: 'truncated', parameter: String(found.size), damaged, chance: 0.01 },
      condition: `(${cut} AND length(${short}) = ${found.size})`,
      sentence: `${damaged === 'odoo' ? 'Odoo' : 'The legacy side'} has only its first ${found.size} characters`,
      mend: null,
    });
  }
  return candidates;
};

interface Addition {
  readonly added: string;
  readonly rows: number;
  readonly total: number;
}

const places = [
  {
    name: 'prefix',
    test: (long: string, short: string) => `ends_with(${long}, ${short})`,
    part: (long: string, short: string) => `left(${long}, length(${long}) - length(${short}))`,
  },
  {
    name: 'suffix',
    test: (long: string, short: string) => `starts_with(${long}, ${short})`,
    part: (long: string, short: string) => `substr(${long}, length(${short}) + 1)`,
  },
] as const;

/** The same text before or after every value. The shorter it is, the more of all additions must be this one. */
export const additions: Family = async ({ contract, isSecret }, plane) => {
  if (!isTextual(contract)) return [];
  const candidates: Candidate[] = [];
  for (const { damaged, short, long } of sides) {
    for (const place of places) {
      const part = place.part(long, short);
      const added = `(alike IS NULL AND ${short} <> '' AND length(${long}) > length(${short}) AND ${place.test(long, short)} AND ltrim(${long}, '0') <> ltrim(${short}, '0'))`;
      const found = await plane.rows<Addition & { [name: string]: string | number }>(
        `SELECT ${part} AS added, count(*) AS rows, CAST(sum(count(*)) OVER () AS INTEGER) AS total FROM pattern_values WHERE ${added} GROUP BY added HAVING count(DISTINCT ${short}) >= 3 ORDER BY rows DESC, added LIMIT 3`,
      );
      for (const one of found) {
        const size = one.added.length;
        if (size < 3 && one.rows * 2 < one.total) continue;
        candidates.push(
          addition({
            place: place.name,
            added: one.added,
            isIn: damaged === 'odoo' ? 'legacy' : 'odoo',
            isSecret,
            condition: `(${added} AND ${part} = ${literal(one.added)})`,
          }),
        );
      }
    }
  }
  return candidates;
};

function addition({
  place,
  added,
  isIn,
  isSecret,
  condition,
}: {
  place: 'prefix' | 'suffix';
  added: string;
  isIn: Side;
  isSecret: boolean;
  condition: string;
}): Candidate {
  const isScheme = place === 'prefix' && /^https?:\/\/$/.test(added);
  const what = isScheme || !isSecret ? quoted(added) : `the same ${added.length} characters`;
  const where = `${isIn === 'odoo' ? 'Odoo' : 'The legacy side'} has ${what} ${place === 'prefix' ? 'before' : 'after'} it`;
  const [test, rest] =
    place === 'prefix'
      ? [(text: string) => `starts_with(${text}, ${literal(added)})`, (text: string) => `substr(${text}, ${[...added].length + 1})`]
      : [(text: string) => `ends_with(${text}, ${literal(added)})`, (text: string) => `left(${text}, -${[...added].length})`];
  const put = (text: string) => (place === 'prefix' ? `${literal(added)} || ${text}` : `${text} || ${literal(added)}`);
  const wrap = isIn === 'odoo' ? put : (text: string) => `CASE WHEN ${test(text)} THEN ${rest(text)} ELSE ${text} END`;
  return {
    transformation: isScheme ? 'url-scheme' : place,
    parameter: isSecret && !isScheme ? null : added,
    condition,
    sentence: where,
    damaged: null,
    chance: added.length === 1 ? 0.02 : 0.002,
    mend:
      added === 'http://'
        ? { kind: 'compare', rules: ['url-scheme'] }
        : isSecret && !isScheme
          ? null
          : { kind: 'expression', wrap, isHarmless: isIn === 'legacy' },
  };
}

/** Text that has become markup: `<p>…</p>`, `&amp;`. */
export const markup: Family = async ({ contract }) => {
  if (!isTextual(contract)) return [];
  const plain = (text: string) => {
    const entities = [
      ['&nbsp;', ' '],
      ['&lt;', '<'],
      ['&gt;', '>'],
      ['&quot;', '"'],
      ['&#39;', "'"],
      ['&amp;', '&'],
    ] as const;
    return entities.reduce(
      (sql, [entity, character]) => `replace(${sql}, ${literal(entity)}, ${literal(character)})`,
      `regexp_replace(${text}, '<[^<>]*>', '', 'g')`,
    );
  };
  const isMarkup = (text: string) => `regexp_matches(${text}, '<[^<>]+>|&(amp|lt|gt|quot|nbsp|#39);')`;
  return sides.map(
    ({ damaged, short, long }): Candidate => ({
      ...{ transformation: 'html', parameter: null, damaged: null, chance: 0.005 },
      condition: `(CASE WHEN contains(${long}, '<') OR contains(${long}, '&') THEN ${isMarkup(long)} AND trim(${plain(long)}) = trim(${short}) ELSE false END)`,
      sentence: `${damaged === 'odoo' ? 'The legacy side' : 'Odoo'} has it as HTML, with tags or entities`,
      mend: damaged === 'odoo' ? { kind: 'expression', wrap: plain, isHarmless: true } : null,
    }),
  );
};
