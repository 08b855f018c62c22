/** The identifiers of all records of both sides and nights: what can be said of a text by itself is said once for every distinct one, as most of
 *  them stand in both systems and both nights. */
import type { EntityContract } from '../../domain/contract.ts';
import { canonicalSql, checkSql, isPlaceholderSql, isPlaceholderWordSql } from '../../domain/identifiers/registry.ts';
import { cleanSql, foldSql } from '../../domain/identifiers/text.ts';
import { identifier, literal, literalList } from '../../domain/sql.ts';
import type { ConflictInput, ConflictNight, ConflictStep, IdentifierField } from './conflicts-input.ts';
import { coreNameSql, foldNameSql } from './conflicts-names.ts';
import { writtenSql } from './conflicts-written.ts';

/** The same identifier on this many names is nobody's. */
const GENERIC_NAMES = 5;

const sql = (name: string, text: string): ConflictStep => ({ name, sql: text, by: 'sql' });

export function valueSteps(input: ConflictInput, fields: readonly IdentifierField[]): ConflictStep[] {
  const distinct = fields.filter(({ scheme }) => scheme.check.by === 'distinct-values');
  return [
    sql('conflict_records', recordsSql(input, fields)),
    sql('conflict_spelt', speltSql(fields)),
    { name: 'conflict_proven', sql: distinctSql(distinct), by: 'distinct-values' },
    sql('conflict_texts', textsSql(fields)),
    sql('conflict_values', valuesSql(fields)),
    sql('conflict_generic', genericSql(fields)),
  ];
}

/** Text fields that tell records apart when they are rare: by them and the name two records are the same thing. */
export function corroborators(contract: EntityContract): string[] {
  return Object.entries(contract.fields).flatMap(([name, field]) => (field.type === 'text' && name !== nameField(contract) ? [name] : []));
}

/** The field by which people call the record. */
export function nameField(contract: EntityContract): string | null {
  const texts = Object.entries(contract.fields).filter(([, field]) => field.type === 'text');
  const [named] = texts.find(([name]) => ['name', 'title', 'description'].includes(name)) ?? texts.find(([, field]) => field.required) ?? texts[0] ?? [null];
  return named;
}

/** One row per record: `rid`, `past`, `side`, `system`, `key`, `odoo_id` (of a legacy record: the one it is linked to), `doubted` (that link), `name` (normalised),
 *  `record` (as findings name it), `value_<i>` the raw identifiers, `other_<i>` the corroborators. Of rows with one key the first stands for all. */
function recordsSql(input: ConflictInput, fields: readonly IdentifierField[]): string {
  const nights = [...sidesSql(input, input.now, fields, false), ...(input.previous === null ? [] : sidesSql(input, input.previous, fields, true))];
  const words = coreNameSql('folded_label');
  return `SELECT row_number() OVER (ORDER BY past, side, system, key, odoo_id) AS rid, * EXCLUDE (label, folded_label), ${words} AS name,
  CASE side WHEN 'odoo' THEN struct_pack(system := NULL::VARCHAR, "key" := NULL::VARCHAR, odoo_id := odoo_id)
    ELSE struct_pack(system := system, "key" := key, odoo_id := NULL::BIGINT) END AS record
FROM (SELECT *, ${foldNameSql('label')} AS folded_label FROM (${nights.join('\nUNION ALL ')})) ORDER BY rid`;
}

function sidesSql(input: ConflictInput, night: ConflictNight, fields: readonly IdentifierField[], past: boolean): string[] {
  const { contract, odooFields } = input;
  const label = nameField(contract);
  const text = (name: string | null, known: boolean) => (name === null || !known ? 'NULL::VARCHAR' : `CAST(r.${identifier(name)} AS VARCHAR)`);
  const columns = (isKnown: (name: string) => boolean) =>
    [
      `${text(label, label !== null && isKnown(label))} AS label`,
      ...fields.map(({ name, index }) => `${text(name, isKnown(name))} AS value_${index}`),
      ...corroborators(contract).map((name, index) => `nullif(${foldNameSql(text(name, isKnown(name)))}, '') AS other_${index}`),
    ].join(', ');
  return [
    ...(night.legacy === null
      ? []
      : [
          `SELECT ${past} AS past, 'legacy' AS side, r._system AS system, r._key AS key, l.odoo_id, coalesce(l.doubted, false) AS doubted, ${columns(() => true)}
  FROM (SELECT * FROM ${night.legacy} QUALIFY row_number() OVER (PARTITION BY _system, _key ORDER BY _row) = 1) AS r
  LEFT JOIN (${linksSql(night, past ? null : input.previous)}) AS l ON l.system = r._system AND l.key = r._key`,
        ]),
    ...(night.odoo === null
      ? []
      : [
          `SELECT ${past} AS past, 'odoo' AS side, NULL::VARCHAR AS system, CAST(r._odoo_id AS VARCHAR) AS key, CAST(r._odoo_id AS BIGINT) AS odoo_id, false AS doubted, ${columns((name) => odooFields.includes(name))}
  FROM ${night.odoo} AS r`,
        ]),
  ];
}

/** Links with whether they are `doubted`: forked, led elsewhere the night before, or at odds with their External ID. Then they say nothing of what is one thing. */
function linksSql({ links, externalIds }: ConflictNight, previous: ConflictNight | null): string {
  if (links === null) return 'SELECT NULL::VARCHAR AS system, NULL::VARCHAR AS key, NULL::BIGINT AS odoo_id, false AS doubted WHERE false';
  const moved = previous === null || previous.links === null ? '' : `LEFT JOIN ${previous.links} AS b ON b.system = k.system AND b.key = k.key`;
  const named = externalIds === null ? '' : `LEFT JOIN ${externalIds} AS x ON x.external_id = k.external_id`;
  const doubts = [
    `(count(*) OVER (PARTITION BY k.system, k.odoo_id) > 1 AND NOT bool_and(k.provenance = 'decision') OVER (PARTITION BY k.system, k.odoo_id))`,
    ...(moved === '' ? [] : ['coalesce(CAST(b.odoo_id AS BIGINT) <> k.odoo_id, false)']),
    ...(named === '' ? [] : ['coalesce(x.odoo_id <> k.odoo_id, false)']),
  ];
  return `SELECT k.system, k.key, k.odoo_id, ${doubts.join(' OR ')} AS doubted
    FROM (SELECT system, key, CAST(odoo_id AS BIGINT) AS odoo_id, external_id, provenance FROM ${links}) AS k ${moved} ${named}`;
}

/** Distinct texts of every field: `text` (a number for it), `field`, `raw`, `folded`, `cleaned`, `canonical`, `mended` (the canonical form of what was probably written). */
function speltSql(fields: readonly IdentifierField[]): string {
  if (fields.length === 0)
    return `SELECT NULL::BIGINT AS text, NULL::VARCHAR AS field, NULL::VARCHAR AS raw, NULL::VARCHAR AS folded, NULL::VARCHAR AS cleaned, NULL::VARCHAR AS canonical, NULL::VARCHAR AS mended WHERE false`;
  const selects = fields.map(({ name, index, scheme }) => {
    const { digitsOnly } = scheme;
    const plain = foldSql('raw', digitsOnly);
    const head = letteredSql(scheme.name);
    const mended = head === null ? plain : `CASE WHEN raw = ${plain} THEN ${head} ELSE ${plain} END`;
    return `SELECT ${literal(name)} AS field, raw, folded, cleaned, canonical, CASE WHEN mended = raw THEN canonical ELSE ${canonicalSql(scheme, 'mended')} END AS mended
FROM (SELECT *, ${mended} AS mended, ${canonicalSql(scheme, 'raw')} AS canonical FROM (
  SELECT raw, ${foldSql('raw', false)} AS folded, ${cleanSql(scheme.cleaning, 'raw')} AS cleaned FROM (SELECT DISTINCT value_${index} AS raw FROM conflict_records WHERE value_${index} <> '')) WHERE folded <> '')`;
  });
  return `SELECT row_number() OVER () AS text, * FROM (${selects.join('\nUNION ALL ')})`;
}

/** The value read for digits where letters cannot stand: a country or class in letters comes first, in an IBAN perhaps a bank in letters after the check digits. */
function letteredSql(scheme: string): string | null {
  if (scheme === 'vat' || scheme === 'dea') return `left(cleaned, 2) || ${foldSql('substr(cleaned, 3)', true)}`;
  if (scheme !== 'iban') return null;
  return `left(cleaned, 2) || ${foldSql('substr(cleaned, 3, 2)', true)} || CASE WHEN regexp_full_match(substr(cleaned, 5, 4), '[A-Z]{4}')
    THEN substr(cleaned, 5, 4) || ${foldSql('substr(cleaned, 9)', true)} ELSE ${foldSql('substr(cleaned, 5)', true)} END`;
}

function distinctSql(fields: readonly IdentifierField[]): string {
  const nothing = 'SELECT NULL::VARCHAR AS scheme, NULL::VARCHAR AS canonical WHERE false';
  const selects = fields.map(({ name, scheme }) => {
    const one = (column: string) =>
      `SELECT ${literal(scheme.name)} AS scheme, ${column} AS canonical FROM conflict_spelt WHERE field = ${literal(name)} AND ${column} IS NOT NULL`;
    return `${one('canonical')} UNION ${one('mended')}`;
  });
  return `SELECT DISTINCT scheme, canonical FROM (${[nothing, ...selects].join(' UNION ALL ')}) ORDER BY scheme, canonical`;
}

/** Adds `valid`, `mended_valid`, `placeholder`, `shaped` (written as the scheme writes values), `mended_shaped`, and how it is written. Placeholders are not judged any further. */
function textsSql(fields: readonly IdentifierField[]): string {
  if (fields.length === 0)
    return writtenSql(
      [],
      `SELECT *, NULL::BOOLEAN AS valid, NULL::BOOLEAN AS mended_valid, false AS placeholder, true AS shaped, true AS mended_shaped FROM conflict_spelt`,
    );
  const judged = fields.map(({ name, scheme }) => {
    const isDistinct = scheme.check.by === 'distinct-values';
    const proven = (column: string) => (isDistinct ? `proven_${column}.valid` : checkSql(scheme, `v.${column}`));
    const join = (column: string) =>
      isDistinct
        ? `LEFT JOIN conflict_proven AS proven_${column} ON proven_${column}.scheme = ${literal(scheme.name)} AND proven_${column}.canonical = v.${column}`
        : '';
    const shaped = (column: string) => `regexp_full_match(v.${column}, ${literal(scheme.pattern)})`;
    // what is written with nothing but signs says as little as a word for nothing
    return `SELECT *, CASE WHEN mended IS NOT DISTINCT FROM canonical THEN valid ELSE was_valid END AS mended_valid, CASE WHEN mended IS NOT DISTINCT FROM canonical THEN shaped ELSE was_shaped END AS mended_shaped
FROM (SELECT v.*, ${proven('canonical')} AS valid, CASE WHEN v.mended IS DISTINCT FROM v.canonical THEN ${proven('mended')} END AS was_valid,
  coalesce(${isPlaceholderSql(scheme, 'v.canonical')}, true) OR ${isPlaceholderWordSql('v.folded')} AS placeholder,
  ${shaped('canonical')} AS shaped, CASE WHEN v.mended IS DISTINCT FROM v.canonical THEN ${shaped('mended')} END AS was_shaped
FROM conflict_spelt AS v ${join('canonical')} ${join('mended')} WHERE v.field = ${literal(name)})`;
  });
  return writtenSql(fields, judged.join('\nUNION ALL '));
}

/** `rid`, `past`, `side`, `system`, `odoo_id` (where its link is not doubted), `field`, `text`. */
function valuesSql(fields: readonly IdentifierField[]): string {
  const selects = fields.map(
    ({ name, index }) => `SELECT r.rid, r.past, r.side, r.system, CASE WHEN NOT r.doubted THEN r.odoo_id END AS odoo_id, ${literal(name)} AS field, t.text
  FROM conflict_records AS r JOIN (SELECT text, raw FROM conflict_spelt WHERE field = ${literal(name)}) AS t ON t.raw = r.value_${index}`,
  );
  const none = `SELECT 0::BIGINT AS rid, false AS past, '' AS side, '' AS system, 0::BIGINT AS odoo_id, '' AS field, 0::BIGINT AS text WHERE false`;
  return [none, ...selects].join('\nUNION ALL ');
}

/** Values of one side that many names have: `field`, `canonical`, `side`, `names`. */
function genericSql(fields: readonly IdentifierField[]): string {
  const shared = fields.filter(({ scheme }) => scheme.scope === 'global').map(({ name }) => name);
  return `WITH held AS (SELECT v.field, t.canonical, v.side, v.rid FROM conflict_values AS v JOIN conflict_texts AS t ON t.text = v.text
  WHERE NOT v.past AND list_contains(${literalList(shared)}::VARCHAR[], v.field)),
often AS (SELECT field, canonical, side FROM held GROUP BY ALL HAVING count(*) >= ${GENERIC_NAMES})
SELECT field, canonical, side, count(DISTINCT r.name) AS names FROM held JOIN often USING (field, canonical, side) JOIN conflict_records AS r USING (rid, side)
  GROUP BY ALL HAVING count(DISTINCT r.name) >= ${GENERIC_NAMES}`;
}
