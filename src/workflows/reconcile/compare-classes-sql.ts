/** What every record is, before any wide row is looked at: a duplicate or null key has its class before anything is joined, so no join multiplies
 *  rows. All of it on narrow tables. */
import { identifier, literal } from '../../domain/sql.ts';
import type { FieldRule } from '../sides/field-rules.ts';
import { entityTable } from '../sides/sides-sql.ts';

/** Tables of the legacy rows and rejects that are compared: all, or those that have to be looked at again. */
export type ComparedRows = { readonly legacy: 'legacy'; readonly rejects: 'rejects' } | { readonly legacy: 'compared'; readonly rejects: 'rejected' };

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

/** What is known of every legacy row beside its fields: its class, its record of Odoo and that of what it refers to. `columns`: those per field.
 *  `legacy`: rows of `linkedLegacySql`. `plain`: digest of its values as Odoo would have them, over `l`. */
export function legacyMarksSql(entity: string, legacy: string, columns: readonly string[], odooIds: string, plain: string): string {
  const own = ['_system', '_key', '_ordinal', '_odoo_id', '_leader_system', '_leader_key', '_ahead', ...columns];
  return `SELECT ${own.map((name) => `r.${identifier(name)}`).join(', ')}, CASE
  WHEN r._duplicate THEN 'duplicate-key'
  WHEN r._origin IS NOT NULL AND i.id IS NOT NULL THEN 'linked'
  WHEN r._origin IS NOT NULL THEN 'missing-in-odoo'
  WHEN c._key IS NOT NULL THEN 'exists-unlinked'
  ELSE 'only-legacy' END AS _class, r._plain
FROM (SELECT l.*, ${plain} AS _plain FROM (${legacy}) AS l) AS r
LEFT JOIN (${odooIds}) AS i ON i.id = r._odoo_id
LEFT JOIN (SELECT DISTINCT _system, _key FROM ${entityTable(entity, 'candidates')}) AS c ON c._system = r._system AND c._key = r._key`;
}

/** Table `<entity>:gone`: links without a legacy row, and whether that row was rejected. */
export function goneTableSql(entity: string, rows: ComparedRows): string {
  const only = rows.legacy === 'legacy' ? '' : ` SEMI JOIN ${entityTable(entity, 'again')} AS w ON w._system = k._system AND w._key = k._key`;
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'gone')} AS
SELECT k._system, k._key, k.odoo_id, CASE WHEN g._key IS NULL THEN 'missing-in-legacy' ELSE 'rejected' END AS class
FROM ${entityTable(entity, 'links')} AS k${only} ANTI JOIN ${entityTable(entity, rows.legacy)} AS y ON y._system = k._system AND y._key = k._key
LEFT JOIN (SELECT DISTINCT _system, _key FROM ${entityTable(entity, rows.rejects)} WHERE _key IS NOT NULL) AS g ON g._system = k._system AND g._key = k._key
WHERE k.odoo_id IS NOT NULL`;
}

/** Table `<entity>:classes`: every Odoo record that is not simply linked, with its class and `_duplicate` (its own key fields stand in another record that
 *  takes part as well). A linked record whose legacy row is a duplicate or was rejected is in that class and not taken for one that legacy deleted. */
export function odooClassesTableSql(entity: string, odoo: string, marks: string, keyRules: readonly FieldRule[] | null): string {
  const keys = (keyRules ?? []).map((rule, index) => `${rule.odooForm} AS k${index}`);
  const names = keys.map((_, index) => `k${index}`);
  const isKeyed = ['takes_part', ...names.map((name) => `${name} IS NOT NULL`)].join(' AND ');
  // a hash finds the few that may be repeated, the values themselves decide
  const suspects = `SELECT hash(${names.join(', ')}) AS suspect FROM narrow WHERE ${isKeyed} GROUP BY ALL HAVING count(*) > 1`;
  const repeated = `SELECT ${names.join(', ')} FROM narrow SEMI JOIN (${suspects}) AS s ON s.suspect = hash(${names.join(', ')}) WHERE ${isKeyed} GROUP BY ALL HAVING count(*) > 1`;
  const isRepeated = names.length === 0 ? 'false' : 'd.k0 IS NOT NULL';
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'classes')} AS
WITH held AS (SELECT _odoo_id, bool_and(_class = 'duplicate-key') AS is_duplicate FROM ${marks} WHERE _class IN ('linked', 'duplicate-key') AND _odoo_id IS NOT NULL GROUP BY ALL),
gone AS (SELECT odoo_id, max(class) AS class FROM ${entityTable(entity, 'gone')} GROUP BY ALL),
found AS (SELECT DISTINCT _odoo_id FROM ${entityTable(entity, 'candidates')}),
narrow AS MATERIALIZED (
  SELECT o._odoo_id, o._key, CASE WHEN NOT h.is_duplicate THEN 'linked' WHEN h.is_duplicate THEN 'duplicate-key' ELSE g.class END AS class, f._odoo_id IS NOT NULL AS is_candidate,
    coalesce(o._in_scope, false) OR h._odoo_id IS NOT NULL OR g.odoo_id IS NOT NULL OR f._odoo_id IS NOT NULL AS takes_part${keys.map((key) => `, ${key}`).join('')}
  FROM (${odoo}) AS o LEFT JOIN held AS h ON h._odoo_id = o._odoo_id LEFT JOIN gone AS g ON g.odoo_id = o._odoo_id LEFT JOIN found AS f ON f._odoo_id = o._odoo_id
)${
    names.length === 0
      ? ''
      : `,
repeated AS (${repeated})`
  }
SELECT * FROM (
  SELECT n._odoo_id, n._key, ${isRepeated} AND n.takes_part AS _duplicate,
    CASE WHEN NOT n.takes_part THEN 'outside-scope' WHEN n.class IS NOT NULL THEN n.class WHEN n.is_candidate THEN 'exists-unlinked' WHEN ${isRepeated} THEN 'duplicate-key' ELSE 'only-odoo' END AS _class
  FROM narrow AS n ${names.length === 0 ? '' : `LEFT JOIN repeated AS d ON ${names.map((name) => `d.${name} = n.${name}`).join(' AND ')}`}
) WHERE _class <> 'linked' OR _duplicate`;
}

/** The same, empty, for an entity that is not bound to Odoo. */
export function unboundClassesTableSql(entity: string): string {
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'classes')} (_odoo_id BIGINT, _key VARCHAR, _duplicate BOOLEAN, _class VARCHAR)`;
}
