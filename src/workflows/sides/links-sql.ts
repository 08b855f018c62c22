/** Which record of Odoo each legacy record is, and which legacy records are one thing. Reads the tables of `stageLinks`. */
import { identifier, literal, literalList } from '../../domain/sql.ts';
import { entityTable } from './sides-sql.ts';

export interface LinkSources {
  readonly entity: string;
  /** Snapshot of Odoo's records, and the names of its columns. */
  readonly snapshot: { readonly file: string; readonly columns: readonly string[] };
  /** Legacy systems in the order of the entity's sources. */
  readonly systems: readonly string[];
}

/** Tables of an entity:
 *
 *    apart    `_system`, `_key`, `odoo_id`: decided to be different, itself or another record of its group.
 *    links    `_system`, `_key`, `odoo_id`, `origin`, `provenance`, `evidence`, `since`: one row per legacy record that is a record of Odoo, from the
 *             first source that knows: `crosswalk`; `decision`; `joined` (another record of its group is that record); `match` (proposed). A link
 *             that was once proposed gives way to a decision against it. `odoo_id` is null where a decision names a record that the snapshot does
 *             not hold. `since`: the crosswalk's, ISO 8601.
 *    follows  `_system`, `_key`, `leader_system`, `leader_key`, `ahead` VARCHAR[]: of several legacy records that are one thing one leads, which is
 *             the one linked longest, else the first by system and key, in any case one that is there; every other has a row. `ahead`: systems of
 *             those before it, whose fields are theirs to say. */
export function linkTablesSql(sources: LinkSources, isSaid: boolean): readonly string[] {
  return [
    membersTableSql(sources),
    namedTableSql(sources),
    apartTableSql(sources),
    isSaid ? linksTableSql(sources) : walkedTableSql(sources),
    followsTableSql(sources),
  ];
}

/** `said`: how many decisions, groups and proposals there are of an entity. Without any, the crosswalk says it all. */
export function saidCountSql(entity: string): string {
  const count = (table: string) => `(SELECT count(*) FROM ${table} WHERE entity = ${literal(entity)})`;
  return `SELECT ${['decisions', 'joined', 'proposals'].map(count).join(' + ')} AS said`;
}

function walkedTableSql({ entity }: LinkSources): string {
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'links')} AS
SELECT system AS _system, key AS _key, CAST(odoo_id AS BIGINT) AS odoo_id, 'crosswalk' AS origin, provenance, CAST(NULL AS VARCHAR) AS evidence, valid_from AS since
FROM crosswalk WHERE entity = ${literal(entity)}`;
}

/** The same, empty, for an entity that is not bound to Odoo or was not pulled from it. */
export function unboundLinkTablesSql(entity: string): readonly string[] {
  const record = '_system VARCHAR, _key VARCHAR';
  return [
    `CREATE OR REPLACE TABLE ${entityTable(entity, 'links')} (${record}, odoo_id BIGINT, origin VARCHAR, provenance VARCHAR, evidence VARCHAR, since VARCHAR)`,
    `CREATE OR REPLACE TABLE ${entityTable(entity, 'apart')} (${record}, odoo_id BIGINT)`,
    `CREATE OR REPLACE TABLE ${entityTable(entity, 'follows')} (${record}, leader_system VARCHAR, leader_key VARCHAR, ahead VARCHAR[])`,
  ];
}

/** The External IDs that decisions name, with the record of Odoo: one look at the snapshot for all of them. */
function namedTableSql({ entity, snapshot }: LinkSources): string {
  const own = '[_external_id, _foreign_external_id]';
  const names = snapshot.columns.includes('_external_ids') ? `list_concat(coalesce(_external_ids, CAST([] AS VARCHAR[])), ${own})` : own;
  return `CREATE OR REPLACE TABLE ${named(entity)} AS
SELECT DISTINCT n.name, n.id FROM (SELECT unnest(${names}) AS name, id FROM read_parquet(${literal(snapshot.file)})) AS n
SEMI JOIN (SELECT odoo FROM decisions WHERE entity = ${literal(entity)} AND TRY_CAST(odoo AS BIGINT) IS NULL) AS d ON d.odoo = n.name`;
}

/** Rows of the decisions with the record of Odoo they name: `_system`, `_key`, `odoo_id`. */
function decidedSql(entity: string, decision: 'same' | 'different'): string {
  return `SELECT DISTINCT d.system AS _system, d.key AS _key, coalesce(TRY_CAST(d.odoo AS BIGINT), n.id) AS odoo_id
  FROM decisions AS d LEFT JOIN ${named(entity)} AS n ON n.name = d.odoo WHERE d.entity = ${literal(entity)} AND d.decision = ${literal(decision)}`;
}

/** Legacy records of groups that exist, with their group. */
function membersTableSql({ entity }: LinkSources): string {
  return `CREATE OR REPLACE TABLE ${members(entity)} AS
SELECT j.system AS _system, j.key AS _key, j.grp FROM joined AS j SEMI JOIN ${presentSql(entity)} AS p ON p._system = j.system AND p._key = j.key
WHERE j.entity = ${literal(entity)}`;
}

function apartTableSql({ entity }: LinkSources): string {
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'apart')} AS
WITH said AS (SELECT * FROM (${decidedSql(entity, 'different')}) WHERE odoo_id IS NOT NULL), m AS (FROM ${members(entity)})
FROM said UNION SELECT other._system, other._key, said.odoo_id
FROM said JOIN m AS one ON one._system = said._system AND one._key = said._key JOIN m AS other ON other.grp = one.grp`;
}

function linksTableSql(sources: LinkSources): string {
  const { entity } = sources;
  const [apart, on] = [entityTable(entity, 'apart'), (alias: string, other: string) => `${alias}._system = ${other}._system AND ${alias}._key = ${other}._key`];
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'links')} AS
WITH decided AS (
  SELECT d._system, d._key, min(d.odoo_id) AS odoo_id FROM (${decidedSql(entity, 'same')}) AS d
  ANTI JOIN ${apart} AS a ON ${on('a', 'd')} AND a.odoo_id = d.odoo_id
  SEMI JOIN (SELECT _system, _key FROM ${entityTable(entity, 'legacy')} UNION ALL SELECT _system, _key FROM ${entityTable(entity, 'rejects')}) AS p ON ${on('p', 'd')}
  GROUP BY d._system, d._key
),
walked AS (
  SELECT c.system AS _system, c.key AS _key, CAST(c.odoo_id AS BIGINT) AS odoo_id, c.provenance, c.valid_from
  FROM crosswalk AS c LEFT JOIN decided AS d ON d._system = c.system AND d._key = c.key
  LEFT JOIN ${apart} AS a ON a._system = c.system AND a._key = c.key AND a.odoo_id = CAST(c.odoo_id AS BIGINT)
  WHERE c.entity = ${literal(entity)} AND NOT (c.provenance IN ('key', 'identifier', 'score')
    AND (a._key IS NOT NULL OR (d._key IS NOT NULL AND d.odoo_id IS DISTINCT FROM CAST(c.odoo_id AS BIGINT))))
),
own AS (
  SELECT _system, _key, odoo_id, 'crosswalk' AS origin, provenance, CAST(NULL AS VARCHAR) AS evidence, valid_from AS since FROM walked
  UNION ALL SELECT d._system, d._key, d.odoo_id, 'decision', 'decision', NULL, NULL FROM decided AS d ANTI JOIN walked AS w ON ${on('w', 'd')}
),
proposed AS (${proposedSql(sources, on)}),
direct AS (FROM own UNION ALL FROM proposed),
led AS (
  SELECT m.grp, d.odoo_id FROM direct AS d JOIN ${members(entity)} AS m ON ${on('m', 'd')}
  QUALIFY row_number() OVER (PARTITION BY m.grp ORDER BY d.origin = 'crosswalk' DESC, d.origin = 'decision' DESC, d.since, ${orderSql('d', sources)}) = 1
)
FROM direct
UNION ALL SELECT m._system, m._key, l.odoo_id, 'joined', 'decision', NULL, NULL
FROM ${members(entity)} AS m JOIN led AS l ON l.grp = m.grp ANTI JOIN direct AS d ON ${on('d', 'm')}`;
}

/** What match proposes and nothing else says otherwise by now: both records are there and free, one to one. */
function proposedSql(sources: LinkSources, on: (alias: string, other: string) => string): string {
  const { entity, snapshot } = sources;
  const byStrength = `CASE p.provenance WHEN 'key' THEN 1 WHEN 'identifier' THEN 2 ELSE 3 END, p.weight DESC NULLS LAST, ${orderSql('p', sources)}, p.odoo_id`;
  return `
  SELECT p._system, p._key, p.odoo_id, 'match' AS origin, p.provenance, p.evidence, CAST(NULL AS VARCHAR) AS since
  FROM (SELECT * FROM proposals WHERE entity = ${literal(entity)}) AS p
  SEMI JOIN ${presentSql(entity)} AS l ON ${on('l', 'p')}
  SEMI JOIN read_parquet(${literal(snapshot.file)}) AS k ON k.id = p.odoo_id
  ANTI JOIN ${entityTable(entity, 'apart')} AS a ON ${on('a', 'p')} AND a.odoo_id = p.odoo_id
  ANTI JOIN own AS o ON o.odoo_id = p.odoo_id
  ANTI JOIN own AS s ON ${on('s', 'p')}
  LEFT JOIN ${members(entity)} AS m ON ${on('m', 'p')}
  WHERE m.grp IS NULL OR m.grp NOT IN (SELECT t.grp FROM own AS w JOIN ${members(entity)} AS t ON ${on('t', 'w')})
  QUALIFY row_number() OVER (PARTITION BY p.odoo_id ORDER BY ${byStrength}) = 1
    AND row_number() OVER (PARTITION BY coalesce(m.grp, CAST(to_json([p._system, p._key]) AS VARCHAR)) ORDER BY ${byStrength}) = 1`;
}

function followsTableSql(sources: LinkSources): string {
  const { entity } = sources;
  const links = entityTable(entity, 'links');
  return `CREATE OR REPLACE TABLE ${entityTable(entity, 'follows')} AS
WITH shared AS (SELECT odoo_id FROM ${links} WHERE odoo_id IS NOT NULL GROUP BY odoo_id HAVING count(*) > 1),
things AS (
  SELECT 'record ' || k.odoo_id AS thing, k._system, k._key, k.since FROM ${links} AS k SEMI JOIN shared AS s ON s.odoo_id = k.odoo_id
  UNION ALL SELECT 'group ' || m.grp, m._system, m._key, NULL FROM ${members(entity)} AS m ANTI JOIN ${links} AS k ON k._system = m._system AND k._key = m._key
),
ranked AS (
  SELECT t.thing, t._system, t._key,
    row_number() OVER (PARTITION BY t.thing ORDER BY p._key IS NULL, t.since NULLS LAST, ${orderSql('t', sources)}) AS nth
  FROM things AS t LEFT JOIN ${presentSql(entity)} AS p ON p._system = t._system AND p._key = t._key
)
SELECT _system, _key, first_value(_system) OVER so_far AS leader_system, first_value(_key) OVER so_far AS leader_key, list(_system) OVER before AS ahead
FROM ranked
WINDOW so_far AS (PARTITION BY thing ORDER BY nth), before AS (PARTITION BY thing ORDER BY nth ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
QUALIFY nth > 1`;
}

function named(entity: string): string {
  return identifier(`${entity}:named`);
}

function members(entity: string): string {
  return identifier(`${entity}:members`);
}

/** Legacy records whose key identifies them: no join on them multiplies rows. */
function presentSql(entity: string): string {
  return `(SELECT _system, _key FROM ${entityTable(entity, 'legacy')} WHERE NOT _duplicate)`;
}

function orderSql(alias: string, { systems }: LinkSources): string {
  return `list_position(CAST(${literalList(systems)} AS VARCHAR[]), ${alias}._system), ${alias}._system, ${alias}._key`;
}
