/** The namespace of the External IDs that loads make must be nobody else's. */
import { CutoverError } from '../../domain/errors.ts';
import { type OdooConnection, OdooError, type Progress } from '../../domain/ports.ts';

/** An update of an installed module deletes the External IDs of its namespace that it does not know, and the records with them. E_NAMESPACE. */
export async function checkNamespace(odoo: OdooConnection, namespace: string, progress: Progress): Promise<void> {
  try {
    const installed = await odoo.searchIds('ir.module.module', [
      ['name', '=', namespace],
      ['state', 'not in', ['uninstalled', 'uninstallable']],
    ]);
    if (installed.length === 0) return;
  } catch (error) {
    if (!(error instanceof OdooError && error.failure === 'access')) throw error;
    progress({ kind: 'warning', text: `whether the namespace ${namespace} is an Odoo module was not checked: this user may not read the list of modules` });
    return;
  }
  throw new CutoverError('E_NAMESPACE', `\`${namespace}\` is an installed Odoo module; updating it would delete what is loaded under its name`, {
    hint: 'choose another `namespace` in cutover.yaml, then: cutover plan',
  });
}
