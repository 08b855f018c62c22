/** SQL of a rebuild: what Odoo's External IDs say, beside what the crosswalk says. Staging tables hold texts. */

/** Columns of the staging tables. `odoo_names`: one row per External ID that is ours. `digested`: keys that were computed forward, for names
 *  that hold a digest only. `unknown_names`: External IDs that name nothing known. `links`: the open links. */
export const stagingColumns = {
  odoo_names: ['name', 'model', 'id', 'entity', 'system', 'key'],
  digested: ['name', 'key'],
  unknown_names: ['name', 'model', 'id', 'entity', 'reason'],
  links: ['capability', 'entity', 'system', 'key', 'model', 'odoo_id', 'external_id', 'provenance'],
} as const;
export type StagingTable = keyof typeof stagingColumns;

/** Table `verdicts`: one row per legacy record that either side knows, and per External ID that could not be read.
 *  A link that somebody decided or a match made is theirs, whatever an External ID of an earlier load says. */
export const verdictsSql = `CREATE OR REPLACE TABLE verdicts AS
WITH read AS (
  SELECT n.name, n.model, CAST(n.id AS BIGINT) AS id, n.entity, n.system, coalesce(n.key, d.key) AS key FROM odoo_names AS n LEFT JOIN digested AS d ON d.name = n.name
), paired AS (
  SELECT coalesce(n.entity, l.entity) AS entity, coalesce(n.system, l.system) AS system, coalesce(n.key, l.key) AS key,
    l.capability, coalesce(n.model, l.model) AS model, coalesce(n.name, l.external_id) AS external_id, CAST(l.odoo_id AS BIGINT) AS was, n.id AS "is", l.provenance,
    CASE WHEN n.name IS NULL THEN 'without-external-id'
      WHEN l.key IS NULL THEN 'added'
      WHEN CAST(l.odoo_id AS BIGINT) = n.id AND l.model = n.model THEN 'linked'
      WHEN l.external_id IS NULL AND l.provenance NOT IN ('load', 'external-id') THEN 'decided-otherwise'
      ELSE 'repointed' END AS found,
    CASE WHEN n.name IS NOT NULL THEN NULL WHEN l.external_id IS NULL THEN 'linked by ' || l.provenance ELSE 'its External ID is not in Odoo any more' END AS reason
  FROM (SELECT * FROM read WHERE key IS NOT NULL) AS n FULL JOIN links AS l ON l.entity = n.entity AND l.system = n.system AND l.key = n.key
)
SELECT * FROM paired
UNION ALL SELECT entity, system, NULL, NULL, model, name, NULL, id, NULL, 'unknown', 'its name holds a digest of the key, and no pulled legacy record has that digest' FROM read WHERE key IS NULL
UNION ALL SELECT entity, NULL, NULL, NULL, model, name, NULL, CAST(id AS BIGINT), NULL, 'unknown', reason FROM unknown_names`;

/** What the crosswalk has to be told. */
export const changesSql = `SELECT entity, system, key, capability, model, external_id, "is" FROM verdicts WHERE found IN ('added', 'repointed') ORDER BY entity, system, key`;

export const countsSql = 'SELECT entity, found, CAST(count(*) AS INTEGER) AS records FROM verdicts GROUP BY ALL ORDER BY ALL';

/** What matters most first. */
export const findingsSql = `SELECT found, entity, system, key, external_id, was, "is", reason FROM verdicts WHERE found <> 'linked'
ORDER BY list_position(['repointed', 'decided-otherwise', 'unknown', 'without-external-id', 'added'], found), entity, system, key, external_id`;
