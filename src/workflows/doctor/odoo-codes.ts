/** Targets that a person wrote down: do they exist in this Odoo? Confirmed codes, and the records that link decisions name. */

import { codeCall } from '../../domain/code-call.ts';
import type { OdooConnection } from '../../domain/ports.ts';
import type { Capability, CodeMap, EntityDefinition, Workspace } from '../../domain/workspace.ts';
import { type ModelFields, type ResolvedField, resolveBinding } from '../pull/pull-odoo-binding.ts';
import { type Finding, listed, ok, problem } from './finding.ts';

export async function examineCodes(workspace: Workspace, models: ModelFields, connection: OdooConnection): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  let examined = 0;
  for (const capability of workspace.capabilities.values()) {
    for (const entity of capability.entities) {
      if (entity.contract.odoo === undefined || (models.get(entity.contract.odoo.model) ?? null) === null) continue;
      for (const field of resolveBinding(entity, models).binding.fields) {
        for (const codes of codeMapsOf(capability, entity, field)) {
          examined += 1;
          const missing = await missingTargets(codes, field, { entity, models, connection });
          if (missing.length === 0) continue;
          const what = field.by === 'external_id' ? 'External ID' : `${field.relation ?? field.odoo} by ${field.by ?? 'value'}`;
          findings.push(
            problem(
              'code maps',
              `${codes.file}: no ${what} in this Odoo for ${listed(missing)}`,
              `correct the targets in ${codes.file}, or make the records in Odoo`,
            ),
          );
        }
      }
    }
  }
  findings.push(...(await examineLinks(workspace, connection)));
  return findings.length > 0
    ? findings
    : [ok('code maps', `every confirmed target of ${examined} code maps and ${workspace.linkDecisions.length} link decisions exists`)];
}

/** The code maps that the sources of an entity really use for a field. */
function codeMapsOf(capability: Capability, entity: EntityDefinition, { field, contract }: ResolvedField): CodeMap[] {
  if (contract.type !== 'code') return [];
  const names = entity.sources.flatMap(({ mapping }) => {
    const text = mapping.fields[field];
    return text === undefined ? [] : [codeCall(text)?.codes ?? contract.codes];
  });
  return [...new Set(names)].flatMap((name) => capability.codes.get(name) ?? []);
}

async function missingTargets(
  codes: CodeMap,
  field: ResolvedField,
  { entity, models, connection }: { entity: EntityDefinition; models: ModelFields; connection: OdooConnection },
): Promise<string[]> {
  const targets = [...new Set(codes.rows.filter((row) => row.status === 'confirmed').map((row) => row.target))];
  if (targets.length === 0) return [];
  if (field.by === null || field.relation === null) {
    const selection = models.get(entity.contract.odoo?.model ?? '')?.get(field.odoo)?.selection ?? null;
    return selection === null ? [] : targets.filter((target) => !selection.includes(target));
  }
  if (field.by === 'external_id') {
    const found = await connection.resolveExternalIds(targets.filter((target) => target.includes('.')));
    return targets.filter((target) => found.get(target)?.model !== field.relation);
  }
  const ids = await connection.searchIds(field.relation, [[field.by, 'in', targets]]);
  const present = new Set((await connection.read(field.relation, ids, [field.by])).map((record) => String(record[field.by as string])));
  return targets.filter((target) => !present.has(target));
}

async function examineLinks({ linkDecisions }: Workspace, connection: OdooConnection): Promise<Finding[]> {
  const named = [...new Set(linkDecisions.filter((row) => row.decision === 'same' && !/^\d+$/.test(row.odoo)).map((row) => row.odoo))];
  if (named.length === 0) return [];
  const found = await connection.resolveExternalIds(named);
  const missing = named.filter((name) => !found.has(name));
  if (missing.length === 0) return [];
  return [problem('code maps', `decisions/links.csv: no External ID ${listed(missing)} in this Odoo`, 'correct the column odoo in decisions/links.csv')];
}
