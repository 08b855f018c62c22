/** Comparing the fields of linked records, and the breaks of what is not linked. The wide sides are read where they lie, once; what differs is few. */

import { keyIsPii } from '../../domain/canonical.ts';
import type { EntityContract } from '../../domain/contract.ts';
import { identifier, literal } from '../../domain/sql.ts';
import { type FieldRule, fieldListSql } from '../sides/field-rules.ts';
import { entityTable } from '../sides/sides-sql.ts';
import type { ComparedRows } from './compare-classes-sql.ts';

/** The sides as queries, and what is known of their rows beside the fields (compare-classes-sql.ts). */
export interface SideQueries {
  /** Canonical legacy rows, as they lie in their datasets. */
  readonly legacy: string;
  /** Relation of `legacyMarksSql`. */
  readonly marks: string;
  /** Canonical Odoo rows; null for an entity that is not bound to Odoo. */
  readonly odoo: string | null;
  /** File of `<entity>:classes`. */
  readonly classes: string;
}

/** Those of the records that are compared. */
export interface ComparedSides extends SideQueries {
  readonly rows: ComparedRows;
}

/** The legacy side: every row with its marks. */
export function legacySideSql({ legacy, marks }: SideQueries): string {
  return `(SELECT r.* EXCLUDE (_ordinal), m.* EXCLUDE (_system, _key, _ordinal, _plain)
FROM (${legacy}) AS r JOIN ${marks} AS m ON m._ordinal = r._ordinal AND m._system = r._system)`;
}

/** The Odoo side: every record with its class. */
export function odooSideSql({ odoo, classes }: SideQueries): string {
  const none =
    'SELECT NULL::BIGINT AS _odoo_id, NULL::VARCHAR AS _key, NULL::BOOLEAN AS _in_scope, NULL::BOOLEAN AS _duplicate, NULL::VARCHAR AS _class WHERE false';
  if (odoo === null) return `(${none})`;
  return `(SELECT o.*, coalesce(c._duplicate, false) AS _duplicate, coalesce(c._class, 'linked') AS _class
FROM (${odoo}) AS o LEFT JOIN read_parquet(${literal(classes)}) AS c ON c._odoo_id = o._odoo_id)`;
}

/** Over the values of a row (`l` or `o`) as Odoo has them: where the digests of both sides are the same, so are the values, but for a chance of 2⁻⁶⁴ that `--full` does without.
 *  What a row says by itself has a digest of its own, on the legacy side `_own`; `targets`: columns that joins bring. */
export function plainDigestSql(rules: readonly FieldRule[], targets: readonly string[], side: 'legacy' | 'odoo'): string {
  const own = side === 'legacy' ? 'l._own' : ownDigestSql(rules, targets, 'odoo');
  const joined = rules.filter((rule) => isJoined(rule, targets)).map((rule) => rule.plain[side]);
  return joined.length === 0 ? own : `hash(${[own, ...joined].join(', ')})`;
}

function ownDigestSql(rules: readonly FieldRule[], targets: readonly string[], side: 'legacy' | 'odoo'): string {
  const own = rules.filter((rule) => !isJoined(rule, targets)).map((rule) => rule.plain[side]);
  return own.length === 0 ? 'CAST(0 AS UBIGINT)' : `hash(${own.join(', ')})`;
}

function isJoined({ field }: FieldRule, targets: readonly string[]): boolean {
  return targets.includes(`_ref_${field}`) || targets.includes(`_lines_${field}`);
}

/** Legacy rows of a table with what joins need of them and `_own`, in parentheses: joins that do not fit into memory write down all that goes through them. */
export function narrowLegacySql(table: string, rules: readonly FieldRule[], targets: readonly string[]): string {
  const needed = new Set(targets.map((name) => name.replace(/^_[a-z]+_/, '')));
  const names = ['_system', '_key', '_ordinal', '_duplicate', ...needed].map((name) => `l.${identifier(name)}`);
  return `(SELECT ${names.join(', ')}, ${ownDigestSql(rules, targets, 'legacy')} AS _own FROM ${table} AS l)`;
}

/** Table `<entity>:pairs`: every linked legacy record; `_same`: both sides are plainly the same. */
export function pairsTableSql(entity: string, { marks, odoo }: SideQueries, rules: readonly FieldRule[], targets: readonly string[]): string {
  const create = `CREATE OR REPLACE TABLE ${entityTable(entity, 'pairs')}`;
  if (odoo === null) return `${create} (_system VARCHAR, _key VARCHAR, _odoo_id BIGINT, _same BOOLEAN)`;
  return `${create} AS SELECT m._system, m._key, m._odoo_id, m._plain = o.plain AS _same
FROM (SELECT _system, _key, _odoo_id, _plain FROM ${marks} WHERE _class = 'linked') AS m
JOIN (SELECT _odoo_id, ${plainDigestSql(rules, targets, 'odoo')} AS plain FROM (${odoo}) AS o) AS o ON o._odoo_id = m._odoo_id`;
}

/** Linked records, both sides as `l` and `o` with the columns that the rules read. `which`: of the pairs. */
function linkedSql(entity: string, rules: readonly FieldRule[], sides: SideQueries, targets: readonly string[], which: string): string {
  const fields = rules.map((rule) => identifier(rule.field));
  const marks = ['_odoo_id', '_ahead', ...targets].map((name) => `m.${identifier(name)}`);
  return `(SELECT ${['r._system', 'r._key', ...fields.map((name) => `r.${name}`), ...marks].join(', ')}
  FROM (${sides.legacy}) AS r JOIN (
    SELECT m.* FROM ${sides.marks} AS m SEMI JOIN (SELECT p._system, p._key FROM ${entityTable(entity, 'pairs')} AS p WHERE ${which}) AS p
      ON p._system = m._system AND p._key = m._key WHERE m._class = 'linked'
  ) AS m ON m._ordinal = r._ordinal AND m._system = r._system) AS l
JOIN (SELECT ${['_odoo_id', ...fields].join(', ')} FROM (${sides.odoo})) AS o ON o._odoo_id = l._odoo_id`;
}

/** Table `<entity>:differing`: the linked records with a difference, `_fields` that differ, both sides beside each other as structs. `targets`: columns of the
 *  marks that rules read. `isExact`: digests are not trusted to say that two rows are the same. */
export function differingTableSql(entity: string, rules: readonly FieldRule[], sides: SideQueries, targets: readonly string[], isExact: boolean): string {
  const create = `CREATE OR REPLACE TABLE ${entityTable(entity, 'differing')}`;
  if (sides.odoo === null || rules.length === 0) return `${create} (_system VARCHAR, _key VARCHAR, _odoo_id BIGINT, _fields VARCHAR[])`;
  const differs = rules.map((rule) => (rule.applies === 'true' ? rule.differs : `(${rule.applies} AND ${rule.differs})`));
  return `${create} AS
SELECT l._system, l._key, l._odoo_id, ${fieldListSql(rules, (rule) => `${rule.applies} AND ${rule.differs}`)} AS _fields, l, o
FROM ${linkedSql(entity, rules, sides, targets, isExact ? 'true' : 'NOT p._same')}
WHERE ${differs.join('\n  OR ')}`;
}

/** Table `<entity>:rounded`: linked records with amounts that are the same only as Odoo rounds them, as `_rounded`. */
export function roundedTableSql(entity: string, rules: readonly FieldRule[], sides: SideQueries, targets: readonly string[]): string {
  const create = `CREATE OR REPLACE TABLE ${entityTable(entity, 'rounded')}`;
  const rounded = rules.filter((rule) => rule.rounding !== null);
  if (sides.odoo === null || rounded.length === 0) return `${create} (_system VARCHAR, _key VARCHAR, _rounded VARCHAR[])`;
  const condition = (rule: FieldRule): string => `${rule.applies} AND NOT ${rule.differs} AND l.${identifier(rule.field)} <> ${rule.odooForm}`;
  return `${create} AS
SELECT l._system, l._key, ${fieldListSql(rounded, condition)} AS _rounded FROM ${linkedSql(entity, rounded, sides, targets, 'true')}
WHERE ${rounded.map((rule) => `(${condition(rule)})`).join(' OR ')}`;
}

/** Field and number of differing records of each that has any. */
export function differingCountsSql(entity: string): string {
  return `SELECT field, count(*) AS records FROM (SELECT unnest(_fields) AS field FROM ${entityTable(entity, 'differing')}) GROUP BY ALL ORDER BY ALL`;
}

export function breaksTableSql(entity: string): string {
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'breaks')} (id VARCHAR, entity VARCHAR, system VARCHAR, key VARCHAR, odoo_id BIGINT, class VARCHAR, field VARCHAR,
legacy VARCHAR, odoo VARCHAR, baseline VARCHAR, movement VARCHAR, owner VARCHAR, direction VARCHAR, pii BOOLEAN, key_pii BOOLEAN)`;
}

export interface BreakContext {
  readonly capability: string;
  readonly contract: EntityContract;
  readonly odooSystem: string;
  readonly sides: ComparedSides;
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
  // What Odoo computes nobody writes; where it is Odoo's to say, as what a payment leaves open, the legacy side follows.
  const owned = rule.owner === 'odoo' ? 'return-to-legacy' : rule.computed ? 'decide' : 'update-odoo';
  const target = context.refs.get(rule.field);
  const named = (id: string, text: string) =>
    target === undefined ? text : `coalesce((SELECT min(k._key) FROM ${entityTable(target, 'links')} AS k WHERE k.odoo_id = ${id}), ${text})`;
  return `INSERT INTO ${entityTable(contract.entity, 'breaks')}
SELECT ${breakIdSql(context, 'd._system', 'd._key', literal(rule.field))}, ${literal(contract.entity)}, d._system, d._key, d._odoo_id, d.class, ${literal(rule.field)},
  d.legacy, d.odoo, d.baseline, d.movement, ${literal(rule.owner)},
  CASE d.class WHEN 'unresolved-reference' THEN 'link' WHEN 'unmapped-code' THEN 'decide' ELSE ${literal(owned)} END,
  ${literal(rule.contract.pii)}, ${literal(keyIsPii(contract))}
FROM (
  SELECT p._system, p._key, p._odoo_id, ${rule.legacyText} AS legacy, ${named(o, rule.odooText)} AS odoo,
    ${named(`TRY_CAST(b.${field}.v AS BIGINT)`, rule.baselineText)} AS baseline, ${movement} AS movement,
    CASE ${first} WHEN ${l} IS NULL THEN 'extra-value' WHEN ${o} IS NULL THEN 'missing-value' ELSE 'value' END AS class
  FROM ${entityTable(contract.entity, 'differing')} AS p LEFT JOIN ${entityTable(contract.entity, 'baseline')} AS b ON b._system = p._system AND b._key = p._key
  WHERE list_contains(p._fields, ${literal(rule.field)})
) AS d`;
}

/** Links of records that legacy no longer has; of several that were one thing only the first. */
function goneSql(entity: string): string {
  return `${entityTable(entity, 'gone')} AS k JOIN ${entityTable(entity, 'classes')} AS o ON o._odoo_id = k.odoo_id AND o._class = 'missing-in-legacy'
ANTI JOIN ${entityTable(entity, 'follows')} AS w ON w._system = k._system AND w._key = k._key`;
}

/** Records of Odoo alone, whose class is one of these, and duplicates among them. */
function onlyOdooSql(entity: string, classes: readonly string[]): string {
  return `${entityTable(entity, 'classes')} WHERE _class IN (${classes.map(literal).join(', ')})
  OR (_class = 'duplicate-key' AND _odoo_id NOT IN (SELECT odoo_id FROM ${entityTable(entity, 'links')} WHERE odoo_id IS NOT NULL))`;
}

/** One break per record that has no counterpart, or whose key does not identify it. */
export function recordBreaksSql(context: BreakContext): string {
  const { contract, odooSystem } = context;
  const { entity } = contract;
  const { marks, rows } = context.sides;
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
FROM ${marks} WHERE _class = 'duplicate-key' GROUP BY _system, _key
UNION ALL SELECT ${head('_system', '_key', '_key')}, _odoo_id, _class, NULL, NULL, NULL, ${tail},
  CASE WHEN _class <> 'only-legacy' THEN 'decide' WHEN _leader_key IS NOT NULL THEN 'link' ELSE ${byOwner('create-in-odoo', 'decide')} END, ${flags}
FROM ${marks} WHERE _class IN ('only-legacy', 'missing-in-odoo')
UNION ALL SELECT ${head('_system', '_key', '_key')}, CASE WHEN count(*) = 1 THEN min(_odoo_id) END, 'exists-unlinked', NULL, NULL,
  CASE WHEN count(*) > 1 THEN string_agg('#' || CAST(_odoo_id AS VARCHAR), ', ' ORDER BY _odoo_id) END, ${tail}, 'link', ${flags}
FROM ${entityTable(entity, 'candidates')} GROUP BY _system, _key
UNION ALL SELECT ${head('_system', rejectedRecord, '_key')}, NULL, CASE WHEN is_null_key THEN 'null-key' ELSE 'rejected' END, NULL, rules, NULL, ${tail}, 'mend-legacy', ${flags}
FROM ${entityTable(entity, rows.rejects)}
UNION ALL SELECT ${head('k._system', 'k._key', 'k._key')}, k.odoo_id, 'missing-in-legacy', NULL, NULL, NULL, ${tail}, ${byOwner('archive-in-odoo', 'decide')}, ${flags}
FROM ${goneSql(entity)}
UNION ALL SELECT ${head(literal(odooSystem), record('_odoo_id'), '_key')}, _odoo_id, _class, NULL, NULL, NULL, ${tail}, 'decide', ${flags}
FROM ${onlyOdooSql(entity, ['only-odoo'])}`;
}

/** One row per record of either side, in no order. A record of Odoo alone has Odoo's own system. */
export function recordsSql(context: BreakContext): string {
  const { contract, odooSystem } = context;
  const { entity } = contract;
  const { marks, rows } = context.sides;
  const none = 'CAST([] AS VARCHAR[])';
  return `SELECT r._system, r._key, r._odoo_id, r._class, r._fields, r._rounded, d.decision AS _decision,
  k.origin AS _origin, k.provenance AS _provenance, k.evidence AS _evidence, w.leader_system AS _leader_system, w.leader_key AS _leader_key FROM (
SELECT l._system, l._key, l._odoo_id, 'linked' AS _class, coalesce(p._fields, ${none}) AS _fields, coalesce(q._rounded, ${none}) AS _rounded
FROM ${entityTable(entity, 'pairs')} AS l LEFT JOIN ${entityTable(entity, 'differing')} AS p ON p._system = l._system AND p._key = l._key
LEFT JOIN ${entityTable(entity, 'rounded')} AS q ON q._system = l._system AND q._key = l._key
UNION ALL SELECT l._system, l._key, CASE WHEN l._class = 'exists-unlinked' THEN c.only_id ELSE min(l._odoo_id) END, l._class, ${none}, ${none}
FROM ${marks} AS l
LEFT JOIN (SELECT _system, _key, CASE WHEN count(*) = 1 THEN min(_odoo_id) END AS only_id FROM ${entityTable(entity, 'candidates')} GROUP BY ALL) AS c ON c._system = l._system AND c._key = l._key
WHERE l._class <> 'linked' GROUP BY l._system, l._key, l._class, c.only_id
UNION ALL SELECT _system, _key, NULL, CASE WHEN is_null_key THEN 'null-key' ELSE 'rejected' END, ${none}, ${none} FROM ${entityTable(entity, rows.rejects)}
UNION ALL SELECT k._system, k._key, k.odoo_id, 'missing-in-legacy', ${none}, ${none}
FROM ${goneSql(entity)}
UNION ALL SELECT ${literal(odooSystem)}, _key, _odoo_id, _class, ${none}, ${none}
FROM ${onlyOdooSql(entity, ['only-odoo', 'outside-scope'])}
) AS r
LEFT JOIN (SELECT system, key, CASE WHEN bool_or(decision = 'same') THEN 'same' ELSE 'different' END AS decision FROM decisions WHERE entity = ${literal(entity)} GROUP BY ALL) AS d ON d.system = r._system AND d.key = r._key
LEFT JOIN (SELECT * FROM ${entityTable(entity, 'links')} WHERE origin <> 'crosswalk') AS k ON k._system = r._system AND k._key = r._key
LEFT JOIN ${entityTable(entity, 'follows')} AS w ON w._system = r._system AND w._key = r._key`;
}

export function classCountsSql(records: string): string {
  return `SELECT _class AS class, count(*) AS records, count(*) FILTER (len(_fields) > 0) AS differing FROM read_parquet(${literal(records)}) GROUP BY ALL ORDER BY ALL`;
}
