/** Identifiers that cannot be right, told apart by what happened to them. A pipeline of steps that are SQL; `conflicts-run.ts` runs them.
 *
 *  Words: a *value* is one identifier field of one record; its *twin* is the same field of a record known to be the same thing (linked, or
 *  itself the night before); *mended* is what the value reads once look-alikes and invisible characters are undone; its *meant* value is the
 *  canonical one that was probably meant, null where nothing can be said. A *finding* is one row of `conflict_findings`:
 *
 *    id VARCHAR        16 hex digits of SHA-256 over class, entity, field and records: stays while the case stays, whatever its values become
 *    class, entity, place, field (null: the record as such), scheme
 *    records           STRUCT(system VARCHAR, "key" VARCHAR, odoo_id BIGINT)[], sorted; system and key are null for a record of Odoo
 *    value, other, proposal VARCHAR   cell contents: the value, the one it is held against, the proposed repair; masked on output where `pii`
 *    evidence, reason VARCHAR         sentences without cell contents; reason says why the repair is proposed
 *    pii, key_pii BOOLEAN */
import { crosswalkFindings } from './conflicts-crosswalk.ts';
import { diagnosisSteps } from './conflicts-damage.ts';
import { damageFindings } from './conflicts-damage-findings.ts';
import { entityFindings, entitySteps } from './conflicts-entities.ts';
import { type ConflictInput, type ConflictStep, type IdentifierField, identifierFields } from './conflicts-input.ts';
import { keyFindings } from './conflicts-keys.ts';
import { timeFindings } from './conflicts-time.ts';
import { valueSteps } from './conflicts-values.ts';

/** The steps in order; the last one makes `conflict_findings`. */
export function conflictSteps(input: ConflictInput): readonly ConflictStep[] {
  const fields = identifierFields(input.contract);
  return [
    ...valueSteps(input, fields),
    ...diagnosisSteps(fields),
    ...entitySteps(input, fields),
    { name: 'conflict_findings', sql: findingsSql(input, fields), by: 'sql' },
  ];
}

/** Every source of findings answers class, place, field, records, value, other, proposal, evidence, reason. */
function findingsSql(input: ConflictInput, fields: readonly IdentifierField[]): string {
  const { contract } = input;
  const sources = [...damageFindings(fields), ...entityFindings(), ...timeFindings(input), ...crosswalkFindings(input), ...keyFindings(input)];
  const list = (values: readonly string[]) => `[${values.map((value) => `'${value}'`).join(', ')}]::VARCHAR[]`;
  const scheme = fields.map(({ name, scheme }) => `WHEN '${name}' THEN '${scheme.name}'`).join(' ');
  const pii = Object.entries(contract.fields).flatMap(([name, field]) => (field.pii ? [name] : []));
  const keyPii = contract.key.some((name) => pii.includes(name));
  return `SELECT left(sha256(CAST(to_json([class, '${contract.entity}', coalesce(field, '')] || list_transform(records, lambda r: CAST(to_json(r) AS VARCHAR))) AS VARCHAR)), 16) AS id,
  class, '${contract.entity}' AS entity, place, field, ${scheme === '' ? 'NULL::VARCHAR' : `CASE field ${scheme} END`} AS scheme, records, value, other, proposal, evidence, reason,
  coalesce(list_contains(${list(pii)}, field), false) AS pii, ${keyPii} AS key_pii
FROM (${sources.map((sql) => `SELECT class, place, field, records, value, other, proposal, evidence, reason FROM (${sql})`).join('\nUNION ALL BY NAME ')})
ORDER BY class, place, field NULLS LAST, id`;
}
