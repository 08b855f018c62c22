/** Rights of the user, per bound model and operation. */
import { type OdooConnection, OdooError } from '../../domain/ports.ts';
import type { EntityDefinition } from '../../domain/workspace.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

type Operation = 'read' | 'create' | 'write' | 'unlink';

export async function examineRights(bound: readonly EntityDefinition[], connection: OdooConnection): Promise<readonly Finding[]> {
  const wanted = new Map<string, Set<Operation>>([['ir.model.data', new Set<Operation>(['read'])]]);
  for (const { contract } of bound) {
    const binding = contract.odoo;
    if (binding === undefined) continue;
    const operations = wanted.get(binding.model) ?? new Set<Operation>();
    for (const operation of ['read', 'create', 'write'] as const) operations.add(operation);
    if (binding.rollback === 'unlink') operations.add('unlink');
    wanted.set(binding.model, operations);
  }
  const findings: Finding[] = [];
  for (const model of await undeletable(bound, connection)) {
    findings.push(
      warning(
        'rights',
        `the user may not delete ${model}, which Odoo makes by itself: a rollback would leave it behind`,
        `give the user's group unlink on ${model}, or name it \`rollback: keep\` in the binding`,
      ),
    );
  }
  for (const [model, operations] of wanted) {
    const missing: Operation[] = [];
    for (const operation of operations) if (!(await hasAccess(connection, model, operation))) missing.push(operation);
    const needed = missing.filter((operation) => operation !== 'unlink');
    const fix = `give the user's group ${missing.join(', ')} on ${model}: Odoo, Settings, Users`;
    if (needed.length > 0) findings.push(problem('rights', `the user may not ${needed.join(', ')} ${model}`, fix));
    else if (missing.length > 0) findings.push(warning('rights', `the user may not delete ${model}: a rollback could not take back what was created`, fix));
  }
  return findings.length > 0 ? findings : [ok('rights', `read, create, write and delete on ${wanted.size - 1} models`)];
}

/** By-products that a rollback is to delete, and that this user may not; those of apps that are not installed are none. */
async function undeletable(bound: readonly EntityDefinition[], connection: OdooConnection): Promise<readonly string[]> {
  const models = new Set(
    bound.flatMap(({ contract }) => (contract.odoo?.byproducts ?? []).flatMap((rule) => (rule.rollback === 'unlink' ? [rule.model] : []))),
  );
  const found: string[] = [];
  for (const model of models) {
    try {
      if (!(await hasAccess(connection, model, 'unlink'))) found.push(model);
    } catch (error) {
      if (!(error instanceof OdooError && error.failure === 'missing-model')) throw error;
    }
  }
  return found;
}

/** `has_access` came with Odoo 18; before, there was `check_access_rights`. */
async function hasAccess(connection: OdooConnection, model: string, operation: Operation): Promise<boolean> {
  try {
    return (await connection.call<boolean>(model, 'has_access', { ids: [], operation })) === true;
  } catch (error) {
    if (!(error instanceof OdooError) || error.failure === 'access' || error.failure === 'unavailable' || error.failure === 'authentication') throw error;
    return (await connection.call<boolean>(model, 'check_access_rights', { operation, raise_exception: false })) === true;
  }
}
