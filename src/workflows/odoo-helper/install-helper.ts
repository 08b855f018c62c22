/** The helper in Odoo: proposed, installed, removed. Each is one call of Odoo, so one transaction. */
import { CutoverError } from '../../domain/errors.ts';
import { helperExternalId, helperModel, helperName, helperText, helperVersion } from '../../domain/odoo-helper.ts';
import type { HelperInstallResult, HelperProposal, HelperRemoveResult } from '../../domain/odoo-helper-results.ts';
import { type OdooConnection, OdooError } from '../../domain/ports.ts';
import { groupFieldOf, helperState, installedHelper, judge } from './helper-state.ts';
import { lineDifference } from './line-difference.ts';

/** Whoever may use Odoo at all: the action gives no right that its caller has not. */
export const defaultGroup = 'base.group_user';

const may = [
  'It runs with the rights of whoever calls it: what they may not read or write, it refuses.',
  'It locks the records it is given, compares them with what is expected, and writes those that still hold it: in one transaction.',
  'It makes records with their External IDs, unless one of the External IDs names a record already: in one transaction.',
  'With the rights of the system it reads two things: which record an External ID names, and its own text.',
  'Of itself it calls nothing outside Odoo, sends no mail and deletes nothing; what Odoo does upon a write, it does here too. Started by hand it refuses.',
];

/** What installing would do; nothing is changed. */
export async function proposeHelper(odoo: OdooConnection, group: string): Promise<HelperProposal> {
  const seen = await asAdministrator('install-helper', async () => {
    // Only administrators may look at server actions; better told now than after the question.
    await odoo.searchIds('ir.actions.server', [['id', '=', 0]]);
    return installedHelper(odoo);
  });
  const proposal = { name: helperName(helperVersion, helperText), group, may };
  if (seen === null) return { ...proposal, action: 'install', text: helperText.trim(), isEdited: false };
  const state = judge(seen);
  const isSame = state === 'as-shipped' && seen.name === proposal.name && seen.groups.join() === group;
  return { ...proposal, action: isSame ? 'nothing' : 'replace', text: lineDifference(seen.text ?? '', helperText), isEdited: state === 'edited' };
}

/** E_ODOO_ACCESS without the right, E_HELPER_EDITED unless `replaceEdited`, E_ODOO_REFUSED for a group that is not there. */
export async function installHelper(odoo: OdooConnection, request: { readonly group: string; readonly replaceEdited: boolean }): Promise<HelperInstallResult> {
  const { action, name, isEdited } = await proposeHelper(odoo, request.group);
  if (isEdited && !request.replaceEdited) {
    throw new CutoverError('E_HELPER_EDITED', 'somebody edited the helper in Odoo; it was left as it is', {
      hint: 'cutover odoo install-helper --replace-edited',
    });
  }
  if (action !== 'nothing') {
    const fields = ['id', 'name', 'model_id/id', 'binding_model_id/id', 'binding_view_types', 'state', 'code', `${await groupFieldOf(odoo)}/id`];
    const model = `base.model_${helperModel.replaceAll('.', '_')}`;
    const row = [helperExternalId, name, model, model, 'list', 'code', helperText, request.group];
    const answer = await asAdministrator('install-helper', () => odoo.load('ir.actions.server', fields, [row], {}));
    if (answer.ids === null) {
      throw new CutoverError('E_ODOO_REFUSED', `Odoo did not take the helper: ${answer.messages.map(({ message }) => message).join('; ')}`, {
        hint: 'cutover odoo status',
      });
    }
  }
  return { ...(await helperState(odoo)), action: action === 'nothing' ? 'nothing' : action === 'install' ? 'installed' : 'replaced' };
}

/** Also what lost its External ID. The rest (its External ID, its history) Odoo deletes with it. */
export async function removeHelper(odoo: OdooConnection): Promise<HelperRemoveResult> {
  return asAdministrator('remove-helper', async () => {
    const seen = await installedHelper(odoo);
    const named = await odoo.searchIds('ir.actions.server', [
      ['name', '=like', 'cutover helper %'],
      ['state', '=', 'code'],
    ]);
    const ids = [...new Set([...(seen === null ? [] : [seen.id]), ...named])];
    const records = await odoo.read('ir.actions.server', ids, ['name']);
    await odoo.unlink('ir.actions.server', ids);
    return { removed: records.map((record) => String(record.name)) };
  });
}

async function asAdministrator<Result>(command: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OdooError && error.failure === 'access')) throw error;
    throw new CutoverError('E_ODOO_ACCESS', 'server actions are for administrators of Odoo', {
      hint: `cutover odoo ${command} --as-admin LOGIN --secret '\${ODOO_ADMIN_SECRET}'`,
      cause: error,
    });
  }
}
