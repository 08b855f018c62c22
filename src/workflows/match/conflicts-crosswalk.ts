/** Links that cannot be right: several keys on one record, records that are gone, and links that Odoo has moved. */
import type { ConflictInput } from './conflicts-input.ts';

const legacyRecord = 'struct_pack(system := l.system, "key" := l.key, odoo_id := NULL::BIGINT)';
const odooRecord = (id: string) => `struct_pack(system := NULL::VARCHAR, "key" := NULL::VARCHAR, odoo_id := ${id})`;

export function crosswalkFindings(input: ConflictInput): string[] {
  const { now, previous } = input;
  if (now.links === null) return [];
  const links = `(SELECT system, key, CAST(odoo_id AS BIGINT) AS odoo_id, external_id, provenance FROM ${now.links})`;
  const before = previous?.links ?? null;
  const named = now.externalIds ?? `(SELECT _external_id AS external_id, _odoo_id AS odoo_id FROM ${now.odoo} WHERE _external_id IS NOT NULL)`;
  return [
    forkSql(links),
    ...(now.odoo === null ? [] : [repointedSql(links, now.odoo, named, before), danglingSql(links, now.odoo, named)]),
    ...goneSql(input, links),
    ...(before === null ? [] : [movedSql(links, before)]),
  ];
}

/** Two records of one system that are one record in Odoo; rightly so only where somebody decided it. */
function forkSql(links: string): string {
  return `SELECT 'crosswalk-fork' AS class, 'crosswalk' AS place, NULL::VARCHAR AS field, list_sort(list(${legacyRecord})) || [${odooRecord('l.odoo_id')}] AS records,
    NULL::VARCHAR AS value, NULL::VARCHAR AS other, NULL::VARCHAR AS proposal, count(*) || ' records of one system are linked to the same record of Odoo' AS evidence, NULL::VARCHAR AS reason
  FROM ${links} AS l GROUP BY l.system, l.odoo_id HAVING count(DISTINCT l.key) > 1 AND NOT bool_and(l.provenance = 'decision')`;
}

/** Our External ID leads to another record than the link: Odoo's merge moves it to the record that stays. */
function repointedSql(links: string, odoo: string, externalIds: string, before: string | null): string {
  // a link that moved while its External ID stayed is told as a swap where it is one
  const swapped =
    before === null
      ? ''
      : ` WHERE NOT EXISTS (SELECT 1 FROM ${changedSql(links, before)} AS c JOIN ${changedSql(links, before)} AS d ON d.now = c.before AND d.before = c.now WHERE c.system = l.system AND c.key = l.key)`;
  return `SELECT 'crosswalk-repointed' AS class, 'crosswalk' AS place, NULL::VARCHAR AS field, [${legacyRecord}, ${odooRecord('l.odoo_id')}, ${odooRecord('o._odoo_id')}] AS records,
    CAST(l.odoo_id AS VARCHAR) AS value, CAST(o._odoo_id AS VARCHAR) AS other, CAST(o._odoo_id AS VARCHAR) AS proposal,
    'its External ID names another record of Odoo' || CASE WHEN was._odoo_id IS NULL THEN '; the linked one is gone, as after a merge' ELSE '' END AS evidence, 'where its External ID leads' AS reason
  FROM ${links} AS l JOIN ${externalIds} AS x ON x.external_id = l.external_id AND x.odoo_id <> l.odoo_id JOIN ${odoo} AS o ON o._odoo_id = x.odoo_id LEFT JOIN ${odoo} AS was ON was._odoo_id = l.odoo_id${swapped}`;
}

/** The record is not in Odoo any more. The one that has its identifiers, if there is one alone, is proposed. */
function danglingSql(links: string, odoo: string, externalIds: string): string {
  return `SELECT 'crosswalk-dangling' AS class, 'crosswalk' AS place, NULL::VARCHAR AS field, [${legacyRecord}, ${odooRecord('l.odoo_id')}] AS records,
    CAST(l.odoo_id AS VARCHAR) AS value, CAST(heir.odoo_id AS VARCHAR) AS other, CAST(heir.odoo_id AS VARCHAR) AS proposal, 'the record of Odoo is gone' AS evidence,
    CASE WHEN heir.odoo_id IS NOT NULL THEN 'the only record of Odoo with its name and identifier' END AS reason
  FROM ${links} AS l LEFT JOIN ${odoo} AS o ON o._odoo_id = l.odoo_id LEFT JOIN ${externalIds} AS named ON named.external_id = l.external_id
  LEFT JOIN (SELECT a_record.system AS system, a_record."key" AS key, min(b_record.odoo_id) AS odoo_id FROM conflict_shared
    WHERE alike AND place = 'across' GROUP BY ALL HAVING count(DISTINCT b_record.odoo_id) = 1) AS heir ON heir.system = l.system AND heir.key = l.key
  WHERE o._odoo_id IS NULL AND named.odoo_id IS NULL`;
}

/** The legacy record is not there any more, and was not rejected either. */
function goneSql({ now, rejected }: ConflictInput, links: string): string[] {
  if (now.legacy === null) return [];
  const known = rejected === null ? '' : `UNION ALL SELECT system, key FROM ${rejected}`;
  return [
    `SELECT 'crosswalk-dangling' AS class, 'crosswalk' AS place, NULL::VARCHAR AS field, [${legacyRecord}] AS records,
    NULL::VARCHAR AS value, CAST(l.odoo_id AS VARCHAR) AS other, NULL::VARCHAR AS proposal, 'the legacy record is gone' AS evidence, NULL::VARCHAR AS reason
  FROM ${links} AS l ANTI JOIN (SELECT _system AS system, _key AS key FROM ${now.legacy} ${known}) AS k ON k.system = l.system AND k.key = l.key`,
  ];
}

/** Two links that lead to each other's record of the night before. */
function movedSql(links: string, before: string): string {
  const changes = changedSql(links, before);
  const record = (alias: string) => `struct_pack(system := ${alias}.system, "key" := ${alias}.key, odoo_id := NULL::BIGINT)`;
  return `SELECT 'identifiers-swapped' AS class, 'crosswalk' AS place, NULL::VARCHAR AS field, [${record('x')}, ${record('y')}, ${odooRecord('least(x.now, x.before)')}, ${odooRecord('greatest(x.now, x.before)')}] AS records,
    CAST(x.now AS VARCHAR) AS value, CAST(x.before AS VARCHAR) AS other, CAST(x.before AS VARCHAR) AS proposal, 'each is linked to what the other was linked to the night before' AS evidence,
    'linked as the night before' AS reason
  FROM ${changes} AS x JOIN ${changes} AS y ON y.now = x.before AND y.before = x.now AND (x.system, x.key) < (y.system, y.key)`;
}

function changedSql(links: string, before: string): string {
  return `(SELECT l.system, l.key, l.odoo_id AS now, CAST(b.odoo_id AS BIGINT) AS before FROM ${links} AS l JOIN ${before} AS b ON b.system = l.system AND b.key = l.key AND CAST(b.odoo_id AS BIGINT) <> l.odoo_id)`;
}
