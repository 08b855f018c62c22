/** The identifiers of all records of both sides and nights, in one long table, with everything that can be said of each by itself. */
import type { EntityContract } from '../../domain/contract.ts';
import { canonicalSql, checkSql, isPlaceholderSql } from '../../domain/identifiers/registry.ts';
import { cleanSql, foldSql } from '../../domain/identifiers/text.ts';
import { identifier, literal, literalList } from '../../domain/sql.ts';
import type { ConflictInput, ConflictNight, ConflictStep, IdentifierField } from './conflicts-input.ts';
import { coreNameSql, foldNameSql } from './conflicts-names.ts';

/** The same identifier on this many names is nobody's. */
const GENERIC_NAMES = 5;

const sql = (name: string, text: string): ConflictStep => ({ name, sql: text, by: 'sql' });

export function valueSteps(input: ConflictInput, fields: readonly IdentifierField[]): ConflictStep[] {
  const distinct = fields.filter(({ scheme }) => scheme.check.by === 'distinct-values');
  return [
    sql('conflict_records', recordsSql(input, fields)),
    sql('conflict_values', valuesSql(fields)),
    { name: 'conflict_proven', sql: distinctSql(distinct), by: 'distinct-values' },
    sql('conflict_judged', judgedSql(fields)),
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

/** `rid`, `field`, `raw`, `folded`, `cleaned`, `canonical`, `mended` (the canonical form of what was probably written). */
function valuesSql(fields: readonly IdentifierField[]): string {
  if (fields.length === 0) return emptyValuesSql;
  const selects = fields.map(({ name, index, scheme }) => {
    const { digitsOnly } = scheme;
    // A country or class in letters, then digits: read for letters there is no O and no I.
    const isHeaded = ['iban', 'vat', 'dea'].includes(scheme.name);
    const plain = foldSql('raw', digitsOnly);
    const mended = isHeaded ? `CASE WHEN raw = ${plain} THEN left(cleaned, 2) || ${foldSql('substr(cleaned, 3)', true)} ELSE ${plain} END` : plain;
    return `SELECT rid, past, side, system, CASE WHEN NOT doubted THEN odoo_id END AS odoo_id, name, ${literal(name)} AS field, raw, folded, cleaned, ${canonicalSql(scheme, 'raw')} AS canonical, ${canonicalSql(scheme, 'mended')} AS mended
FROM (SELECT *, ${mended} AS mended FROM (
  SELECT rid, past, side, system, odoo_id, doubted, name, value_${index} AS raw, ${foldSql(`value_${index}`, false)} AS folded, ${cleanSql(scheme.cleaning, `value_${index}`)} AS cleaned FROM conflict_records))
WHERE cleaned <> ''`;
  });
  return selects.join('\nUNION ALL ');
}

const emptyValuesSql = `SELECT rid, past, side, system, CASE WHEN NOT doubted THEN odoo_id END AS odoo_id, name, NULL::VARCHAR AS field, NULL::VARCHAR AS raw, NULL::VARCHAR AS folded, NULL::VARCHAR AS cleaned,
  NULL::VARCHAR AS canonical, NULL::VARCHAR AS mended FROM conflict_records WHERE false`;

function distinctSql(fields: readonly IdentifierField[]): string {
  const nothing = 'SELECT NULL::VARCHAR AS scheme, NULL::VARCHAR AS canonical WHERE false';
  const selects = fields.map(({ name, scheme }) => {
    const one = (column: string) =>
      `SELECT ${literal(scheme.name)} AS scheme, ${column} AS canonical FROM conflict_values WHERE field = ${literal(name)} AND ${column} IS NOT NULL`;
    return `${one('canonical')} UNION ${one('mended')}`;
  });
  return `SELECT DISTINCT scheme, canonical FROM (${[nothing, ...selects].join(' UNION ALL ')}) ORDER BY scheme, canonical`;
}

/** Adds `valid`, `mended_valid`, `placeholder`, `shaped` (written as the scheme writes values) and `mended_shaped`. Placeholders are not judged any further. */
function judgedSql(fields: readonly IdentifierField[]): string {
  if (fields.length === 0)
    return `SELECT *, NULL::BOOLEAN AS valid, NULL::BOOLEAN AS mended_valid, false AS placeholder, true AS shaped, true AS mended_shaped FROM conflict_values`;
  return fields
    .map(({ name, scheme }) => {
      const isDistinct = scheme.check.by === 'distinct-values';
      const proven = (column: string) => (isDistinct ? `proven_${column}.valid` : checkSql(scheme, `v.${column}`));
      const join = (column: string) =>
        isDistinct
          ? `LEFT JOIN conflict_proven AS proven_${column} ON proven_${column}.scheme = ${literal(scheme.name)} AND proven_${column}.canonical = v.${column}`
          : '';
      const shaped = (column: string) => `regexp_full_match(v.${column}, ${literal(scheme.pattern)})`;
      return `SELECT v.*, ${proven('canonical')} AS valid, ${proven('mended')} AS mended_valid, ${isPlaceholderSql(scheme, 'v.canonical')} AS placeholder,
  ${shaped('canonical')} AS shaped, ${shaped('mended')} AS mended_shaped
FROM conflict_values AS v ${join('canonical')} ${join('mended')} WHERE v.field = ${literal(name)}`;
    })
    .join('\nUNION ALL ');
}

/** Values of one side that many names have: `field`, `canonical`, `side`, `names`. */
function genericSql(fields: readonly IdentifierField[]): string {
  const shared = fields.filter(({ scheme }) => scheme.scope === 'global').map(({ name }) => name);
  return `SELECT field, canonical, side, count(DISTINCT name) AS names FROM conflict_judged
  WHERE NOT past AND list_contains(${literalList(shared)}::VARCHAR[], field) GROUP BY ALL HAVING count(DISTINCT name) >= ${GENERIC_NAMES}`;
}
