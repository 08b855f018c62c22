/** Classifying records and comparing fields. Keys come first: a duplicate or null key has its class before anything is joined, so no join
 *  multiplies rows. Sides are Parquet files by then: `legacy` (alias l) and `odoo` (alias o). */
import type { EntityContract } from '../../domain/contract.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { type FieldRule, fieldListSql } from '../sides/field-rules.ts';
import { entityTable } from '../sides/sides-sql.ts';

/** Table `<entity>:candidates`: unlinked legacy records and the unlinked Odoo records that have the same values in a set of `linkBy`.
 *  Pairs decided to be different are left out. What a record that follows another might be is asked of the one it follows. `legacy` and `odoo` are
 *  queries. */
export function candidatesTableSql(options: {
  readonly entity: string;
  readonly legacy: string;
  /** Null for an entity that is not bound to Odoo. */
  readonly odoo: string | null;
  readonly linkBy: readonly (readonly FieldRule[])[];
}): string {
  const { entity } = options;
  const sets = options.linkBy.map((rules) => {
    const same = rules.map((rule) => `${rule.legacyForm} = ${rule.odooForm}`).join(' AND ');
    return `SELECT l._system, l._key, o._odoo_id, coalesce(o._external_id, o._foreign_external_id) AS _external_id, o._in_scope, ${literal(rules.map((rule) => rule.field).join('+'))} AS _link_by
FROM l JOIN o ON ${same}`;
  });
  const none =
    'SELECT NULL::VARCHAR AS _system, NULL::VARCHAR AS _key, NULL::BIGINT AS _odoo_id, NULL::VARCHAR AS _external_id, NULL::BOOLEAN AS _in_scope, NULL::VARCHAR AS _link_by WHERE false';
  // nothing to link by: no candidates, at no cost
  if (options.odoo === null || sets.length === 0) return `CREATE OR REPLACE TABLE ${entityTable(entity, 'candidates')} AS ${none}`;
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'candidates')} AS
WITH l AS (SELECT * FROM (${options.legacy}) WHERE NOT _duplicate AND _origin IS NULL),
o AS (SELECT * FROM (${options.odoo}) AS c ANTI JOIN ${entityTable(entity, 'links')} AS k ON k.odoo_id = c._odoo_id),
found AS (${sets.join(' UNION ALL ')}),
open AS (
  SELECT coalesce(w.leader_system, f._system) AS _system, coalesce(w.leader_key, f._key) AS _key, f._odoo_id, f._external_id, f._in_scope, f._link_by
  FROM found AS f ANTI JOIN ${entityTable(entity, 'apart')} AS a ON a._system = f._system AND a._key = f._key AND a.odoo_id = f._odoo_id
  LEFT JOIN ${entityTable(entity, 'follows')} AS w ON w._system = f._system AND w._key = f._key
)
SELECT _system, _key, _odoo_id, min(_external_id) AS _external_id, bool_or(_in_scope) AS _in_scope, min(_link_by) AS _link_by
FROM open GROUP BY _system, _key, _odoo_id`;
}

/** The legacy side as it is written: rows of `linkedLegacySql` with their class. */
export function classedLegacySql(entity: string, legacy: string, odooIds: string): string {
  return `SELECT r.* EXCLUDE (_origin), CASE
  WHEN r._duplicate THEN 'duplicate-key'
  WHEN r._origin IS NOT NULL AND i.id IS NOT NULL THEN 'linked'
  WHEN r._origin IS NOT NULL THEN 'missing-in-odoo'
  WHEN c._key IS NOT NULL THEN 'exists-unlinked'
  ELSE 'only-legacy' END AS _class
FROM (${legacy}) AS r
LEFT JOIN (${odooIds}) AS i ON i.id = r._odoo_id
LEFT JOIN (SELECT DISTINCT _system, _key FROM ${entityTable(entity, 'candidates')}) AS c ON c._system = r._system AND c._key = r._key`;
}

/** Table `<entity>:classes`: for every Odoo record that takes part its class, and `_duplicate` (its own key fields stand in another record
 *  that takes part as well). A linked record whose legacy row is a duplicate or was rejected is in that class and not taken for one that
 *  legacy deleted. Made apart from the wide rows, so that a join never has to hold those. */
export function odooClassesTableSql(entity: string, odoo: string, keyRules: readonly FieldRule[] | null): string {
  const [links, rejects, legacy] = [entityTable(entity, 'links'), entityTable(entity, 'rejects'), entityTable(entity, 'legacy')];
  const keys = (keyRules ?? []).map((rule, index) => `${rule.odooForm} AS k${index}`);
  const names = keys.map((_, index) => `k${index}`);
  const isKeyed = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'classes')} AS
WITH keys AS (SELECT _system, _key, bool_or(_duplicate) AS is_duplicate FROM ${legacy} GROUP BY ALL),
gone AS (SELECT DISTINCT _system, _key FROM ${rejects} WHERE _key IS NOT NULL),
linked AS (
  SELECT k.odoo_id, substr(min(CASE WHEN NOT y.is_duplicate THEN '1 linked' WHEN y.is_duplicate THEN '2 duplicate-key' WHEN g._key IS NOT NULL THEN '3 rejected' ELSE '4 missing-in-legacy' END), 3) AS class,
    min(k._key) AS _key
  FROM ${links} AS k LEFT JOIN keys AS y ON y._system = k._system AND y._key = k._key LEFT JOIN gone AS g ON g._system = k._system AND g._key = k._key
  WHERE k.odoo_id IS NOT NULL GROUP BY k.odoo_id
),
found AS (SELECT DISTINCT _odoo_id FROM ${entityTable(entity, 'candidates')}),
narrow AS MATERIALIZED (
  SELECT o._odoo_id, o._in_scope, k.class, k._key AS link_key, f._odoo_id IS NOT NULL AS is_candidate${keys.map((key) => `, ${key}`).join('')}
  FROM (${odoo}) AS o LEFT JOIN linked AS k ON k.odoo_id = o._odoo_id LEFT JOIN found AS f ON f._odoo_id = o._odoo_id
  WHERE o._in_scope OR k.class IS NOT NULL OR f._odoo_id IS NOT NULL
),
repeated AS (${names.length === 0 ? 'SELECT 0 AS none WHERE false' : `SELECT ${names.join(', ')} FROM narrow WHERE ${isKeyed} GROUP BY ALL HAVING count(*) > 1`})
SELECT n._odoo_id, n.link_key, ${names.length === 0 ? 'false' : 'd.k0 IS NOT NULL'} AS _duplicate,
  CASE WHEN n.class IS NOT NULL THEN n.class WHEN n.is_candidate THEN 'exists-unlinked' WHEN ${names.length === 0 ? 'false' : 'd.k0 IS NOT NULL'} THEN 'duplicate-key' ELSE 'only-odoo' END AS _class
FROM narrow AS n ${names.length === 0 ? '' : `LEFT JOIN repeated AS d ON ${names.map((name) => `d.${name} = n.${name}`).join(' AND ')}`}`;
}

/** The Odoo side as it is written. */
export function classedOdooSql(entity: string, odoo: string): string {
  return `SELECT o.* EXCLUDE (_key), coalesce(c.link_key, o._key) AS _key, coalesce(c._duplicate, false) AS _duplicate, coalesce(c._class, 'outside-scope') AS _class
FROM (${odoo}) AS o LEFT JOIN ${entityTable(entity, 'classes')} AS c ON c._odoo_id = o._odoo_id`;
}

export interface SideFiles {
  readonly legacy: string;
  readonly odoo: string;
}

/** Table `<entity>:pairs`: one row per linked legacy record, `_fields` that differ and `_rounded` that are the same only as Odoo rounds. */
export function pairsTableSql(entity: string, rules: readonly FieldRule[], files: SideFiles): string {
  const rounded = rules.filter((rule) => rule.rounding !== null);
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'pairs')} AS
SELECT l._system, l._key, l._odoo_id, ${fieldListSql(rules, (rule) => `${rule.applies} AND ${rule.differs}`)} AS _fields,
  ${fieldListSql(rounded, (rule) => `${rule.applies} AND NOT ${rule.differs} AND l.${identifier(rule.field)} <> ${rule.odooForm}`)} AS _rounded
FROM read_parquet(${literal(files.legacy)}) AS l JOIN read_parquet(${literal(files.odoo)}) AS o ON o._odoo_id = l._odoo_id
WHERE l._class = 'linked'`;
}

/** Table `<entity>:differing`: the linked records with a difference, both sides and the baseline beside each other as structs. */
export function differingTableSql(entity: string, files: SideFiles): string {
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'differing')} AS
SELECT p._system, p._key, p._odoo_id, p._fields, l, o, b
FROM ${entityTable(entity, 'pairs')} AS p
JOIN read_parquet(${literal(files.legacy)}) AS l ON l._system = p._system AND l._key = p._key AND l._class = 'linked'
JOIN read_parquet(${literal(files.odoo)}) AS o ON o._odoo_id = p._odoo_id
LEFT JOIN ${entityTable(entity, 'baseline')} AS b ON b._system = p._system AND b._key = p._key
WHERE len(p._fields) > 0`;
}

export function breaksTableSql(entity: string): string {
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'breaks')} (id VARCHAR, entity VARCHAR, system VARCHAR, key VARCHAR, odoo_id BIGINT, class VARCHAR, field VARCHAR,
legacy VARCHAR, odoo VARCHAR, baseline VARCHAR, movement VARCHAR, owner VARCHAR, direction VARCHAR, pii BOOLEAN, key_pii BOOLEAN)`;
}

export interface BreakContext {
  readonly capability: string;
  readonly contract: EntityContract;
  readonly odooSystem: string;
  readonly files: SideFiles;
  /** Links of referred entities, to print a reference by its key: field → entity. */
  readonly refs: ReadonlyMap<string, string>;
}

/** Stable over nights and over classes. JSON keeps the parts apart, so that no two records share an id by how their keys are spelled. */
function breakIdSql(context: BreakContext, system: string, record: string, field: string): string {
  return `left(sha256(CAST(to_json([${literal(context.capability)}, ${literal(context.contract.entity)}, ${system}, ${record}, ${field}]) AS VARCHAR)), 16)`;
}

/** One break per linked record that differs in the field. */
export function fieldBreaksSql(context: BreakContext, rule: FieldRule): string {
  const { contract } = context;
  const field = identifier(rule.field);
  const [l, o] = [`l.${field}`, `o.${field}`];
  const unresolved = {
    ref: `WHEN ${l} IS NOT NULL AND l.${identifier(`_ref_${rule.field}`)} IS NULL THEN 'unresolved-reference'`,
    code: `WHEN ${l} IS NOT NULL AND l.${identifier(`_code_${rule.field}`)} IS NULL THEN 'unmapped-code'`,
  };
  const first = rule.contract.type === 'ref' ? unresolved.ref : rule.isLookup ? unresolved.code : '';
  const same = rule.sameForms;
  const movement = `CASE WHEN b.${field} IS NULL THEN 'never-agreed'
    WHEN ${same(rule.legacyForm, rule.baselineForm)} THEN 'odoo-changed' WHEN ${same(rule.odooForm, rule.baselineForm)} THEN 'legacy-changed' ELSE 'both-changed' END`;
  const owned = rule.computed ? 'decide' : rule.owner === 'legacy' ? 'update-odoo' : 'return-to-legacy';
  const target = context.refs.get(rule.field);
  const named = (id: string, text: string) =>
    target === undefined ? text : `coalesce((SELECT min(k._key) FROM ${entityTable(target, 'links')} AS k WHERE k.odoo_id = ${id}), ${text})`;
  return `INSERT INTO ${entityTable(contract.entity, 'breaks')}
SELECT ${breakIdSql(context, 'd._system', 'd._key', literal(rule.field))}, ${literal(contract.entity)}, d._system, d._key, d._odoo_id, d.class, ${literal(rule.field)},
  d.legacy, d.odoo, d.baseline, d.movement, ${literal(rule.owner)},
  CASE d.class WHEN 'unresolved-reference' THEN 'link' WHEN 'unmapped-code' THEN 'decide' ELSE ${literal(owned)} END,
  ${literal(rule.contract.pii)}, ${literal(keyIsPii(contract))}
FROM (
  SELECT _system, _key, _odoo_id, ${rule.legacyText} AS legacy, ${named(o, rule.odooText)} AS odoo,
    ${named(`TRY_CAST(b.${field}.v AS BIGINT)`, rule.baselineText)} AS baseline, ${movement} AS movement,
    CASE ${first} WHEN ${l} IS NULL THEN 'extra-value' WHEN ${o} IS NULL THEN 'missing-value' ELSE 'value' END AS class
  FROM ${entityTable(contract.entity, 'differing')} WHERE list_contains(_fields, ${literal(rule.field)})
) AS d`;
}

/** Is any part of the record key marked `pii`? Then the key is not shown either. */
export function keyIsPii(contract: EntityContract): boolean {
  return contract.key.some((name) => contract.fields[name]?.pii === true);
}

/** Links of records that legacy no longer has; of several that were one thing only the first. */
function goneSql(entity: string, files: SideFiles): string {
  return `${entityTable(entity, 'links')} AS k JOIN read_parquet(${literal(files.odoo)}) AS o ON o._odoo_id = k.odoo_id AND o._class = 'missing-in-legacy'
ANTI JOIN ${entityTable(entity, 'follows')} AS w ON w._system = k._system AND w._key = k._key`;
}

/** One break per record that has no counterpart, or whose key does not identify it. */
export function recordBreaksSql(context: BreakContext): string {
  const { contract, odooSystem, files } = context;
  const { entity } = contract;
  const owner = literal(contract.owner.default);
  const byOwner = (legacy: string, odoo: string) => literal(contract.owner.default === 'legacy' ? legacy : odoo);
  const tail = `NULL, NULL, ${owner}`;
  const flags = `false, ${literal(keyIsPii(contract))}`;
  const head = (system: string, record: string, key: string) => `${breakIdSql(context, system, record, 'NULL')}, ${literal(entity)}, ${system}, ${key}`;
  // several rows may have one key or one name
  const nth = 'row_number() OVER (PARTITION BY _system, coalesce(_key, _ref) ORDER BY _row)';
  const rejectedRecord = `coalesce(_key, 'row ' || _ref) || CASE WHEN ${nth} > 1 THEN ' (' || ${nth} || ')' ELSE '' END`;
  const record = (id: string) => `'#' || CAST(${id} AS VARCHAR)`;
  return `INSERT INTO ${entityTable(entity, 'breaks')}
SELECT ${head('_system', '_key', '_key')}, min(_odoo_id), 'duplicate-key', NULL, CAST(count(*) AS VARCHAR) || ' rows', NULL, ${tail}, 'mend-legacy', ${flags}
FROM read_parquet(${literal(files.legacy)}) WHERE _class = 'duplicate-key' GROUP BY _system, _key
UNION ALL SELECT ${head('_system', '_key', '_key')}, _odoo_id, _class, NULL, NULL, NULL, ${tail},
  CASE WHEN _class <> 'only-legacy' THEN 'decide' WHEN _leader_key IS NOT NULL THEN 'link' ELSE ${byOwner('create-in-odoo', 'decide')} END, ${flags}
FROM read_parquet(${literal(files.legacy)}) WHERE _class IN ('only-legacy', 'missing-in-odoo')
UNION ALL SELECT ${head('_system', '_key', '_key')}, CASE WHEN count(*) = 1 THEN min(_odoo_id) END, 'exists-unlinked', NULL, NULL,
  CASE WHEN count(*) > 1 THEN string_agg('#' || CAST(_odoo_id AS VARCHAR), ', ' ORDER BY _odoo_id) END, ${tail}, 'link', ${flags}
FROM ${entityTable(entity, 'candidates')} GROUP BY _system, _key
UNION ALL SELECT ${head('_system', rejectedRecord, '_key')}, NULL, CASE WHEN is_null_key THEN 'null-key' ELSE 'rejected' END, NULL, rules, NULL, ${tail}, 'mend-legacy', ${flags}
FROM ${entityTable(entity, 'rejects')}
UNION ALL SELECT ${head('k._system', 'k._key', 'k._key')}, k.odoo_id, 'missing-in-legacy', NULL, NULL, NULL, ${tail}, ${byOwner('archive-in-odoo', 'decide')}, ${flags}
FROM ${goneSql(entity, files)}
UNION ALL SELECT ${head(literal(odooSystem), record('_odoo_id'), '_key')}, _odoo_id, _class, NULL, NULL, NULL, ${tail}, 'decide', ${flags}
FROM read_parquet(${literal(files.odoo)}) WHERE _class = 'only-odoo' OR (_class = 'duplicate-key' AND _odoo_id NOT IN (SELECT odoo_id FROM ${entityTable(entity, 'links')} WHERE odoo_id IS NOT NULL))`;
}

/** One row per record of either side. A record of Odoo alone has Odoo's own system. */
export function recordsSql(context: BreakContext): string {
  const { contract, odooSystem, files } = context;
  const { entity } = contract;
  const none = 'CAST([] AS VARCHAR[])';
  return `SELECT r._system, r._key, r._odoo_id, r._class, r._fields, r._rounded, d.decision AS _decision,
  k.origin AS _origin, k.provenance AS _provenance, k.evidence AS _evidence, w.leader_system AS _leader_system, w.leader_key AS _leader_key FROM (
SELECT _system, _key, _odoo_id, 'linked' AS _class, _fields, _rounded FROM ${entityTable(entity, 'pairs')}
UNION ALL SELECT l._system, l._key, CASE WHEN l._class = 'exists-unlinked' THEN c.only_id ELSE min(l._odoo_id) END, l._class, ${none}, ${none}
FROM read_parquet(${literal(files.legacy)}) AS l
LEFT JOIN (SELECT _system, _key, CASE WHEN count(*) = 1 THEN min(_odoo_id) END AS only_id FROM ${entityTable(entity, 'candidates')} GROUP BY ALL) AS c ON c._system = l._system AND c._key = l._key
WHERE l._class <> 'linked' GROUP BY l._system, l._key, l._class, c.only_id
UNION ALL SELECT _system, _key, NULL, CASE WHEN is_null_key THEN 'null-key' ELSE 'rejected' END, ${none}, ${none} FROM ${entityTable(entity, 'rejects')}
UNION ALL SELECT k._system, k._key, k.odoo_id, 'missing-in-legacy', ${none}, ${none}
FROM ${goneSql(entity, files)}
UNION ALL SELECT ${literal(odooSystem)}, _key, _odoo_id, _class, ${none}, ${none}
FROM read_parquet(${literal(files.odoo)}) WHERE _class IN ('only-odoo', 'outside-scope') OR (_class = 'duplicate-key' AND _odoo_id NOT IN (SELECT odoo_id FROM ${entityTable(entity, 'links')} WHERE odoo_id IS NOT NULL))
) AS r
LEFT JOIN (SELECT system, key, CASE WHEN bool_or(decision = 'same') THEN 'same' ELSE 'different' END AS decision FROM decisions WHERE entity = ${literal(entity)} GROUP BY ALL) AS d ON d.system = r._system AND d.key = r._key
LEFT JOIN (SELECT * FROM ${entityTable(entity, 'links')} WHERE origin <> 'crosswalk') AS k ON k._system = r._system AND k._key = r._key
LEFT JOIN ${entityTable(entity, 'follows')} AS w ON w._system = r._system AND w._key = r._key
ORDER BY r._system, r._key, r._odoo_id, r._class`;
}

export function classCountsSql(records: string): string {
  return `SELECT _class AS class, count(*) AS records, count(*) FILTER (len(_fields) > 0) AS differing FROM read_parquet(${literal(records)}) GROUP BY ALL ORDER BY ALL`;
}

/** Writes a query as Parquet. */
export function toParquetSql(query: string, file: string): string {
  return `COPY (${query}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`;
}
