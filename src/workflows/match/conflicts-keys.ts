/** Keys that more than one record has. */
import { literal } from '../../domain/sql.ts';
import type { ConflictInput } from './conflicts-input.ts';

export function keyFindings({ contract, now }: ConflictInput): string[] {
  const field = contract.key.length === 1 ? literal(contract.key[0] as string) : 'NULL::VARCHAR';
  const fields = Object.keys(contract.fields);
  const content = `[${fields.map((name) => `CAST("${name}" AS VARCHAR)`).join(', ')}]`;
  const columns = `'key-not-unique' AS class, ${field} AS field, NULL::VARCHAR AS other, NULL::VARCHAR AS proposal, NULL::VARCHAR AS reason`;
  return [
    ...(now.legacy === null
      ? []
      : [
          `SELECT ${columns}, 'within-legacy' AS place, [struct_pack(system := _system, "key" := _key, odoo_id := NULL::BIGINT)] AS records, _key AS value,
    count(*) || ' rows have it' || CASE WHEN count(DISTINCT ${content}) = 1 THEN ', all alike' ELSE ', ' || count(DISTINCT ${content}) || ' of them different' END AS evidence
  FROM ${now.legacy} SEMI JOIN (SELECT _system, _key FROM ${now.legacy} GROUP BY ALL HAVING count(*) > 1) AS often USING (_system, _key) GROUP BY _system, _key`,
        ]),
    ...(now.odoo === null
      ? []
      : [
          `SELECT ${columns}, 'within-odoo' AS place, list(struct_pack(system := NULL::VARCHAR, "key" := NULL::VARCHAR, odoo_id := CAST(_odoo_id AS BIGINT)) ORDER BY _odoo_id) AS records, _key AS value,
    count(*) || ' records of Odoo have it' AS evidence
  FROM ${now.odoo} SEMI JOIN (SELECT _key FROM ${now.odoo} WHERE _key IS NOT NULL GROUP BY _key HAVING count(*) > 1) AS often USING (_key) GROUP BY _key`,
        ]),
  ];
}
