import { boolean, string } from '@oclif/core/flags';
import { adminArguments, adminFlags, administrator } from '../../src/cli/admin-flags.ts';
import { CutoverCommand } from '../../src/cli/command.ts';
import type { Outcome } from '../../src/cli/outcome.ts';
import { renderHelperInstalled, renderProposal } from '../../src/cli/render/odoo-helper.ts';
import { styleOf } from '../../src/cli/style.ts';
import { withContext } from '../../src/context.ts';
import { requireMayWrite } from '../../src/domain/environment.ts';
import { ExitCode } from '../../src/domain/errors.ts';
import type { HelperInstallResult, HelperProposal } from '../../src/domain/odoo-helper-results.ts';

export default class OdooInstallHelper extends CutoverCommand {
  static override summary = 'Install the optional server action that makes the guards of a load atomic.';
  static override description =
    "Shows the whole text of the action and what it may do, and asks. With it a load locks each record, compares it with what the plan expects and writes it in one transaction, under the rights of the user who loads; and a record is made only where its External ID names none yet. Without it a load works as well, with a window of one round trip between the look and the write. Not covered either way: compared values that Odoo computes from other models' records. It needs an administrator of Odoo, by the key of the workspace or by --as-admin. It is one ir.actions.server under the External ID cutover.helper; a text that somebody edited is neither used nor replaced unless that is wanted.";
  static override examples = [
    { command: 'cutover odoo install-helper', description: "with the workspace's own Odoo user" },
    { command: "cutover odoo install-helper --as-admin admin --secret '${ODOO_ADMIN_SECRET}'", description: 'as somebody else, once' },
    { command: 'cutover odoo install-helper --group purchase.group_purchase_user --yes', description: 'in a script, for purchasers only' },
  ];
  static override flags = {
    ...adminFlags,
    group: string({ default: 'base.group_user', helpValue: 'EXTERNAL_ID', summary: 'Whose members may run it; everybody who may use Odoo by default.' }),
    'replace-edited': boolean({ summary: 'Replace a text that somebody edited in Odoo.' }),
    yes: boolean({ summary: 'Do not ask; the text is shown all the same.' }),
  };
  static override exitCodes = {
    [ExitCode.refused]: 'it was not agreed to, its text in Odoo was edited, or production was not named; nothing was changed',
    [ExitCode.connection]: 'Odoo was not reached, or the user is no administrator',
  };

  protected async execute(): Promise<Outcome<HelperInstallResult | HelperProposal>> {
    const { flags } = await this.parse(OdooInstallHelper);
    const invocation = this.invocation(flags);
    return withContext<HelperInstallResult | HelperProposal>(invocation, async (context) => {
      requireMayWrite(context.workspace, 'odoo install-helper');
      const { installHelper, proposeHelper } = await import('../../src/workflows/odoo-helper/install-helper.ts');
      const { helperState } = await import('../../src/workflows/odoo-helper/helper-state.ts');
      const odoo = await administrator(context, flags);
      const proposal = await proposeHelper(odoo, flags.group);
      if (proposal.action !== 'nothing') {
        const { confirmed, show } = await import('../../src/cli/confirm.ts');
        show(renderProposal(proposal, styleOf(process.stderr, { noColor: flags['no-color'] })));
        const isMeant = !proposal.isEdited || flags['replace-edited'];
        const command = this.next(flags, `odoo install-helper${adminArguments(flags)}`);
        if (isMeant && !(await confirmed('Install it?', { yes: flags.yes, command, signal: invocation.signal }))) {
          return { status: 'refused', data: proposal, text: () => 'Nothing was changed.' };
        }
      }
      const { action } = await installHelper(odoo, { group: flags.group, replaceEdited: flags['replace-edited'] });
      const data = { ...(await helperState(await context.ports.odoo())), action };
      return { status: 'ok', data, next: [this.next(flags, 'odoo status')], text: (style) => renderHelperInstalled(data, style) };
    });
  }
}
