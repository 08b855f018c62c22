/** Records of one side only whose keys are the same but for one thing: a zero, a letter, a prefix. A mistake in a key costs every record of it. */
import type { DataPlane } from '../../../domain/ports.ts';
import type { Pattern } from '../../../domain/report.ts';
import { literal } from '../../../domain/sql.ts';
import type { EntityComparison } from '../comparison.ts';
import { expressionChange } from './change.ts';
import { isConvincing } from './choose.ts';
import type { PatternOptions } from './find-patterns.ts';
import { paddedSql } from './text-families.ts';
import { quoted } from './transformation.ts';

const BLANKS = '[\\s\\p{Z}\\x{200B}-\\x{200F}\\x{FEFF}]+';

/** What two keys have in common once one thing is overlooked; in order of specificity. */
const forms = [
  { name: 'leading-zeros', form: (key: string) => `ltrim(${key}, '0')` },
  { name: 'whitespace', form: (key: string) => `regexp_replace(${key}, '${BLANKS}', '', 'g')` },
  { name: 'case', form: (key: string) => `lower(${key})` },
  { name: 'punctuation', form: (key: string) => `regexp_replace(lower(${key}), '[^\\p{L}\\p{N}]+', '', 'g')` },
] as const;

const LONGEST_AFFIX = 8;

interface Affix {
  readonly [column: string]: string | number;
  readonly place: 'prefix' | 'suffix';
  /** Which side has it. */
  readonly side: 'legacy' | 'odoo';
  readonly added: string;
  readonly rows: number;
}

/** Makes the table `pattern_pairs` (name, side, added, legacy_id, other_id, system, l, o) and removes it. */
export async function keyPatterns(entity: EntityComparison, options: PatternOptions, plane: DataPlane): Promise<Pattern[]> {
  const of = await stageKeys(plane);
  if (of === null) return [];
  for (const { name, form } of forms.slice(0, -1)) await plane.run(pairsSql({ name, side: 'legacy', added: '' }, form('l.key'), form('o.key')));
  for (const affix of await affixes(plane)) {
    const longer = affix.side === 'odoo' ? 'o.key' : 'l.key';
    const rest = affix.place === 'prefix' ? `substr(${longer}, ${[...affix.added].length + 1})` : `left(${longer}, -${[...affix.added].length})`;
    const has = `${affix.place === 'prefix' ? 'starts_with' : 'ends_with'}(${longer}, ${literal(affix.added)})`;
    const stripped = `CASE WHEN ${has} THEN ${rest} END`;
    await plane.run(
      pairsSql(
        { name: affix.place, side: affix.side, added: affix.added },
        affix.side === 'odoo' ? 'l.key' : stripped,
        affix.side === 'odoo' ? stripped : 'o.key',
      ),
    );
  }
  const last = forms[forms.length - 1] as (typeof forms)[number];
  await plane.run(pairsSql({ name: last.name, side: 'legacy', added: '' }, last.form('l.key'), last.form('o.key')));
  const groups = await plane.rows<PairGroup>(
    `SELECT name, side, added, system, count(*) AS rows, mode(length(o)) AS width, max(length(l)) AS longest, count(*) FILTER (length(l) < length(o)) AS shorter, bool_and(o = upper(o)) AS upper, bool_and(o = lower(o)) AS lower, bool_and(o = regexp_replace(o, '${BLANKS}', '', 'g')) AS blankless
FROM pattern_pairs GROUP BY ALL ORDER BY rows DESC, name, side, added, system`,
  );
  const patterns: Pattern[] = [];
  for (const group of groups)
    if (isConvincing({ chance: 0.02 }, group.rows, of.pairs)) patterns.push(await keyPattern(entity, group, of.breaks, options, plane));
  await plane.run('DROP TABLE pattern_pairs; DROP TABLE pattern_keys');
  return patterns;
}

/** Table `pattern_keys` (id, side, system, key); null where one of the sides has none. `pairs`: as many as there can be. */
async function stageKeys(plane: DataPlane): Promise<{ breaks: number; pairs: number } | null> {
  const [counts] = await plane.rows<{ legacy: number; other: number }>(
    "SELECT count(*) FILTER (class = 'only-legacy') AS legacy, count(*) FILTER (class IN ('only-odoo', 'missing-in-legacy')) AS other FROM pattern_breaks WHERE key IS NOT NULL AND field IS NULL",
  );
  if (counts === undefined || counts.legacy < 3 || counts.other < 3) return null;
  await plane.run(`CREATE OR REPLACE TABLE pattern_keys AS SELECT id, CASE class WHEN 'only-legacy' THEN 'legacy' ELSE 'odoo' END AS side, CASE class WHEN 'only-odoo' THEN NULL ELSE system END AS system, key
FROM pattern_breaks WHERE key IS NOT NULL AND key <> '' AND class IN ('only-legacy', 'only-odoo', 'missing-in-legacy');
CREATE OR REPLACE TABLE pattern_pairs (name VARCHAR, side VARCHAR, added VARCHAR, legacy_id VARCHAR, other_id VARCHAR, system VARCHAR, l VARCHAR, o VARCHAR)`);
  return { breaks: counts.legacy + counts.other, pairs: Math.min(counts.legacy, counts.other) };
}

/** Pairs that are the same in their forms, and whose forms nothing else has: of several it could not be told which it is. */
function pairsSql(how: { readonly name: string; readonly side: string; readonly added: string }, legacy: string, odoo: string): string {
  const rest = (side: string, alias: string, form: string, id: string) =>
    `SELECT id, system, key, ${form} AS form FROM (SELECT * FROM pattern_keys WHERE side = '${side}') AS ${alias} ANTI JOIN pattern_pairs AS p ON p.${id} = ${alias}.id WHERE form <> '' QUALIFY count(*) OVER (PARTITION BY ${side === 'legacy' ? 'system, ' : ''}form) = 1`;
  return `INSERT INTO pattern_pairs
WITH legacy AS (${rest('legacy', 'l', legacy, 'legacy_id')}), odoo AS (${rest('odoo', 'o', odoo, 'other_id')})
SELECT ${literal(how.name)}, ${literal(how.side)}, ${literal(how.added)}, l.id, o.id, l.system, l.key, o.key
FROM legacy AS l JOIN odoo AS o ON o.form = l.form AND (o.system IS NULL OR o.system = l.system) QUALIFY count(*) OVER (PARTITION BY o.id) = 1`;
}

/** What stands before or after the keys of one side, where it does for three pairs or more; digits, which every number begins and ends with, only where
 *  it does for most. */
async function affixes(plane: DataPlane): Promise<Affix[]> {
  const open = (side: string, id: string) => `SELECT * FROM pattern_keys AS k ANTI JOIN pattern_pairs AS p ON p.${id} = k.id WHERE k.side = '${side}'`;
  const selects = (['odoo', 'legacy'] as const).flatMap((side) =>
    (['prefix', 'suffix'] as const).map((place) => {
      const [longer, shorter] = side === 'odoo' ? ['o', 'l'] : ['l', 'o'];
      const rest = place === 'prefix' ? 'substr(key, n + 1)' : 'left(key, length(key) - n)';
      const added = place === 'prefix' ? 'left(key, n)' : 'right(key, n)';
      return `SELECT '${place}' AS place, '${side}' AS side, x.added, count(*) AS rows
FROM (SELECT ${rest} AS rest, ${added} AS added FROM ${longer}, range(1, ${LONGEST_AFFIX + 1}) AS r(n) WHERE length(key) > n) AS x JOIN ${shorter} AS y ON y.key = x.rest GROUP BY x.added HAVING count(*) >= 3`;
    }),
  );
  return await plane.rows<Affix>(
    `WITH l AS MATERIALIZED (${open('legacy', 'legacy_id')}), o AS MATERIALIZED (${open('odoo', 'other_id')}), found AS (${selects.join(' UNION ALL ')})
SELECT * FROM found WHERE NOT regexp_full_match(added, '[0-9]+') OR rows * 2 > (SELECT least((SELECT count(*) FROM l), (SELECT count(*) FROM o))) ORDER BY rows DESC, length(added) DESC, place, side, added LIMIT 5`,
  );
}

interface PairGroup {
  readonly [column: string]: string | number | boolean;
  readonly name: string;
  readonly side: 'legacy' | 'odoo';
  readonly added: string;
  readonly system: string;
  readonly rows: number;
  /** Usual length of the keys on the other side. */
  readonly width: number;
  readonly longest: number;
  readonly shorter: number;
  readonly upper: boolean;
  readonly lower: boolean;
  readonly blankless: boolean;
}

async function keyPattern(entity: EntityComparison, group: PairGroup, of: number, options: PatternOptions, plane: DataPlane): Promise<Pattern> {
  const { contract } = entity.definition;
  const isSecret = contract.key.some((name) => contract.fields[name]?.pii === true) && !options.clear;
  const { parameter, words, wrap } = meaningOf(group, isSecret);
  const [field = ''] = contract.key;
  const isSingle = contract.key.length === 1 && contract.fields[field]?.type !== 'ref';
  const touched = wrap === null || !isSingle ? null : await keysTouched(entity, group.system, wrap, plane);
  const breaks = { ...{ entity, field, contract: contract.fields[field], system: group.system, rows: group.rows, compared: 0, linkedShare: 0, isSecret } };
  const change =
    wrap === null || touched !== 0 || breaks.contract === undefined
      ? null
      : expressionChange({ ...options, breaks: { ...breaks, contract: breaks.contract } }, field, wrap);
  const samples = await plane.rows<{ id: string; system: string; l: string; o: string }>(
    `SELECT legacy_id AS id, system, l, o FROM pattern_pairs WHERE name = ${literal(group.name)} AND side = ${literal(group.side)} AND added = ${literal(group.added)} AND system = ${literal(group.system)} ORDER BY l, id LIMIT 5`,
  );
  const after =
    change !== null
      ? ''
      : touched === null || touched === 0
        ? '; as they are, they would be created a second time: link them (cutover match) or mend the keys'
        : `; a change of the mapping would give ${touched} linked records another key, so link these by decisions instead`;
  return {
    ...{ entity: entity.entity, field: contract.key.join(', '), transformation: `key-${group.name}`, parameter },
    sentence: `Records that are only on one side have the same keys ${words}${after}.`,
    ...{ explains: 2 * group.rows, of, systems: [group.system], change },
    samples: samples.map(({ id, system, l, o }) => ({
      id,
      system,
      key: isSecret ? null : l,
      legacy: isSecret ? null : l,
      odoo: isSecret ? null : o,
      masked: isSecret,
    })),
  };
}

/** Linked records whose key the change would alter as well. */
async function keysTouched(entity: EntityComparison, system: string, wrap: (text: string) => string, plane: DataPlane): Promise<number> {
  const [row] = await plane.rows<{ rows: number }>(
    `SELECT count(*) AS rows FROM read_parquet(${literal(entity.records)}) WHERE _class = 'linked' AND _system = ${literal(system)} AND ${wrap('_key')} IS DISTINCT FROM _key`,
  );
  return row?.rows ?? 0;
}

interface Meaning {
  readonly parameter: string | null;
  readonly words: string;
  readonly wrap: ((text: string) => string) | null;
}

function meaningOf({ name, side, added, rows, shorter, width, longest, upper, lower, blankless }: PairGroup, isSecret: boolean): Meaning {
  switch (name) {
    case 'leading-zeros': {
      const isLegacy = shorter * 2 > rows;
      return {
        parameter: isLegacy ? 'lost in legacy' : 'lost in Odoo',
        words: isLegacy ? 'without their leading zeros in the legacy system' : 'without their leading zeros in Odoo',
        wrap: isLegacy ? (text) => paddedSql(text, width, longest) : null,
      };
    }
    case 'whitespace':
      return { parameter: null, words: 'but for blanks', wrap: blankless ? (text) => `regexp_replace(${text}, '${BLANKS}', '', 'g')` : null };
    case 'case':
      return { parameter: null, words: 'but for upper and lower case', wrap: upper ? (text) => `upper(${text})` : lower ? (text) => `lower(${text})` : null };
    case 'punctuation':
      return { parameter: null, words: 'but for punctuation', wrap: null };
    default: {
      const size = [...added].length;
      const isPrefix = name === 'prefix';
      const strip = (text: string) =>
        `CASE WHEN ${isPrefix ? 'starts_with' : 'ends_with'}(${text}, ${literal(added)}) THEN ${isPrefix ? `substr(${text}, ${size + 1})` : `left(${text}, -${size})`} ELSE ${text} END`;
      const put = (text: string) => (isPrefix ? `${literal(added)} || ${text}` : `${text} || ${literal(added)}`);
      return {
        parameter: isSecret ? null : added,
        words: `but for ${isSecret ? `${size} characters` : quoted(added)} ${isPrefix ? 'before' : 'after'} those of ${side === 'odoo' ? 'Odoo' : 'the legacy system'}`,
        wrap: isSecret ? null : side === 'odoo' ? put : strip,
      };
    }
  }
}
